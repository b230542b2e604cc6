"""The statement as tables for spreadsheets."""

import csv
import io
import re
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.customers import customers
from slamon.core.facts import Category, Complaint, LineFacts
from slamon.core.statement import LineStatement
from slamon.reports.csv import KINDS, cell, write_csv
from tests.reports.month import HEADER, ONSET, episode, of_customer, statement


def raw(kind: str, *lines: LineStatement) -> str:
    stream = io.StringIO(newline="")
    write_csv(kind, stream, HEADER, customers(lines))
    return stream.getvalue()


def table(kind: str, *lines: LineStatement) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(raw(kind, *lines), newline="")))


def test_a_line_is_a_row_with_the_numbers_of_the_statement():
    """The documented example: 30 h of an AAA line at 3000.00."""
    (row,) = table("lines", statement(episode()))
    shown = {key: row[key] for key in ("month", "customer_id", "line_id", "rent", "availability_contract", "credit")}
    assert list(shown.values()) == ["2026-10", "C1", "GX-0001", "3000.00", "0.959677", "3640.00"]
    assert (row["interrupted_seconds"], row["policy_credit"], row["incidents"], row["pending"]) == (
        "108000",
        "3640.00",
        "1",
        "0",
    )


def test_an_incident_is_a_row_with_its_clocks():
    """Each clock has columns of its own; a clock that the incident does not have leaves them empty."""
    filed = LineFacts(complaints=(Complaint(1, "GX-0001", ONSET, Category.INTERRUPTION, "T-1"),))
    (row,) = table("incidents", statement(episode(), filed=filed))
    assert (row["interruption_restore_seconds"], row["interruption_breached"]) == ("108000", "true")
    assert (row["statutory_limit_seconds"], row["statutory_breached"]) == ("172800", "false")
    assert (row["degradation_limit_seconds"], row["complaints"], row["pending"]) == ("", "T-1", "false")


def test_pending_incidents_stand_in_the_table_and_say_so():
    """An open incident has no restore; its clock says what is left."""
    (row,) = table("incidents", statement(episode(restored=None)))
    assert (row["pending"], row["state"], row["restored"]) == ("true", "open", "")
    assert row["interruption_remaining_seconds"].startswith("-")


def test_every_item_of_compensation_is_a_row():
    """What was paid and what was not, each with its derivation and why not."""
    rows = table("compensation", statement(episode()))
    assert [(r["rule"], r["applied"], r["amount"], r["days"], r["why"]) for r in rows] == [
        ("service_extension", "false", "", "2", "restore_overrun is worth more"),
        ("restore_overrun", "true", "3640.00", "", ""),
    ]


def test_lines_end_as_rfc_4180_says():
    """CRLF after every record, the last one too."""
    text = raw("lines", statement())
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n") == 2


def test_an_unknown_table_is_refused():
    """The error names what there is."""
    with pytest.raises(ValueError, match="there are lines, incidents, compensation"):
        raw("line", statement())


@pytest.mark.parametrize("kind", KINDS)
def test_a_month_without_lines_is_a_header_row(kind):
    """An empty table still says what its columns are."""
    assert raw(kind).count("\r\n") == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param('=cmd|"/C calc"!A0', '\'=cmd|"/C calc"!A0', id="a formula gets an apostrophe"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="so does Lotus's at sign"),
        pytest.param("+1+cmd", "'+1+cmd", id="and a plus"),
        pytest.param("-2+3", "'-2+3", id="and a minus that is no number"),
        pytest.param("-60", "-60", id="a negative number stays a number"),
        pytest.param("+86 771 1234", "'+86 771 1234", id="a telephone number is kept as text"),
        pytest.param("\t=1+1", "'=1+1", id="a tab does not hide a formula"),
        pytest.param("\r=1+1", "'=1+1", id="nor does a carriage return"),
        pytest.param("  =1+1", "'  =1+1", id="nor do spaces"),
        pytest.param("\u200b=1+1", "'=1+1", id="nor does an invisible character"),
        pytest.param("＝1+1", "'＝1+1", id="full-width signs count"),
        pytest.param("[bold]\x1b[31m", "[bold][31m", id="control characters are removed"),
        pytest.param("a\nb", "a b", id="a name is one line"),
        pytest.param("某银行", "某银行", id="a plain name stays as it is"),
    ],
)
def test_cells_cannot_become_formulas(text, shown):
    """Mutant: without the check of the first sign, the name ``=cmd|...`` stands bare in its cell."""
    assert cell(text) == shown


@given(st.text())
def test_no_text_becomes_a_formula(text):
    """Whatever somebody entered: the first sign is harmless or the whole is a number, and nothing is a control sign."""
    shown = cell(text)
    harmless = not shown.lstrip().startswith(tuple("=+-@\t\r")) or re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", shown)
    assert harmless
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs"}


@pytest.mark.parametrize("name", ['=cmd|"/C calc"!A0', "\x1b[31mred", "\u202eevil", 'a,b\n"c"', "x" * 200], ids=ascii)
def test_a_hostile_name_moves_no_column(name):
    """The row still has its numbers where the header says."""
    (row,) = table("lines", statement(episode(), period=of_customer("C1", name=name, customer_name=name)))
    assert Decimal(row["credit"]) == Decimal("3640.00")
    assert None not in row
