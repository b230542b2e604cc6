"""Every export pays what the statement pays, to the cent."""

import csv
import dataclasses
import io
import json
import re
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from slamon.core.customers import customers
from slamon.core.incident import Episode
from slamon.core.quality import Verdict
from slamon.core.statement import LineStatement
from slamon.reports import json as statement_json
from slamon.reports.csv import write_csv
from slamon.reports.table import print_statement
from tests.reports.month import HEADER, ONSET, PERIOD, episode, statement

ZERO = Decimal("0.00")


@st.composite
def months(draw) -> list[LineStatement]:
    """Some lines with some faults, of one or two customers, at any rent."""
    lines = []
    for number in range(draw(st.integers(1, 4))):
        line_id = f"L{number}-{'x' * draw(st.sampled_from([0, 60]))}"
        period = dataclasses.replace(
            PERIOD,
            customer_id=draw(st.sampled_from(["C1", "C2"])),
            monthly_rent=Decimal(draw(st.integers(0, 2_000_000))) / 100,
            tier=draw(st.sampled_from(["AAA", "AA", "A", "standard"])),
        )
        faults = []
        at = ONSET
        for hours in draw(st.lists(st.integers(1, 100), max_size=3)):
            faults.append(_fault(draw, at, hours, line_id))
            at += timedelta(hours=hours + 5)
        lines.append(statement(*faults, line_id=line_id, period=period))
    return lines


def _fault(draw, at, hours, line_id) -> Episode:
    return episode(
        at,
        at + timedelta(hours=hours),
        verdict=draw(st.sampled_from([Verdict.DOWN, Verdict.DEGRADED])),
        source=draw(st.sampled_from(["demarc", "cpe"])),
        line_id=line_id,
    )


def rows(kind, found) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_csv(kind, stream, HEADER, found)
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


@settings(max_examples=50)
@given(months())
def test_every_export_pays_what_the_statement_pays(lines):
    """JSON by customer and by line, CSV by line and by item (before the cap): one sum."""
    found = customers(lines)
    due = sum((line.totals.credit for line in lines), ZERO)
    stream = io.StringIO()
    statement_json.write(stream, HEADER, found)
    document = json.loads(stream.getvalue())["customers"]
    assert sum(Decimal(customer["credit_total"]) for customer in document) == due
    assert sum(Decimal(line["credit"]) for customer in document for line in customer["lines"]) == due
    by_line = rows("lines", found)
    assert sum(Decimal(row["credit"]) for row in by_line) == due
    assert sum(Decimal(row["credit_net"]) + Decimal(row["credit_tax"]) for row in by_line) == due
    paid = [row for row in rows("compensation", found) if row["applied"] == "true" and row["pending"] == "false"]
    cut = sum(Decimal(row["credit_cut_by_cap"]) for row in by_line)
    assert sum((Decimal(row["amount"] or 0) for row in paid), ZERO) == due + cut


@settings(max_examples=50)
@given(months(), st.integers(30, 200))
def test_no_amount_is_cut_off_at_any_width(lines, width):
    """The terminal shows every line's rent and credit and every customer's total with all their digits.

    Mutant: when `_lines` always takes a table, the credit of a line loses its last digits on a narrow terminal.
    """
    console = Console(width=width, file=io.StringIO(), color_system=None)
    with console.capture() as captured:
        print_statement(console, HEADER, customers(lines))
    words = re.findall(r"[0-9]+\.[0-9]{2}(?![0-9])", captured.get())
    for line in lines:
        assert f"{line.rent:.2f}" in words
        assert f"{line.totals.credit:.2f}" in words
    assert [f"{customer.credit_total:.2f}" in words for customer in customers(lines)].count(False) == 0
