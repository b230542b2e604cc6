"""The credit memo export, as billing reads it."""

import csv
import io
import json
from decimal import Decimal

import jsonschema
import pytest
from hypothesis import given, settings

from slamon.core.customers import customers
from slamon.core.memo import Memo, memos
from slamon.core.statement import LineStatement
from slamon.reports.memos import write_memos_csv, write_memos_json
from slamon.reports.schema import MEMOS
from tests.reports.gallery import CREDIT, FULL_HEADER, lines
from tests.reports.month import OCTOBER, episode, of_customer, statement
from tests.reports.test_printed import HOSTILE
from tests.reports.test_schema import strict
from tests.reports.test_sums import months


def items(found: list[LineStatement]) -> list[Memo]:
    return [memo for line in found for memo in memos(line, OCTOBER)]


def as_json(found: list[LineStatement]) -> dict[str, object]:
    stream = io.StringIO()
    write_memos_json(stream, FULL_HEADER, items(found))
    document: dict[str, object] = json.loads(stream.getvalue())
    return document


def as_rows(found: list[LineStatement]) -> list[dict[str, str]]:
    stream = io.StringIO(newline="")
    write_memos_csv(stream, FULL_HEADER, items(found))
    return list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))


def test_an_item_says_everything_that_billing_needs():
    """Account, line, period, amount, net, tax, days, and where it stands in the statement: worked out by hand."""
    (row, _) = as_rows(lines())
    assert row["number"].startswith("202610-")
    shown = ("account", "line_id", "from", "to", "currency", "amount", "net", "tax", "vat_rate", "extension_days")
    assert [row[key] for key in shown] == [
        *("A-77", "GX-0001", "2026-10-01", "2026-10-31", "CNY", "3380.00", "3100.92", "279.08", "0.09", "0"),
    ]
    assert (row["incident_id"], row["incident_number"], row["revision"]) == (episode().id, "17", "0")


def test_json_and_csv_say_the_same():
    """Row by row."""
    document = as_json(lines())
    found = document["memos"]
    assert isinstance(found, list)
    assert [{key: str(value) for key, value in one.items() if value is not None} for one in found] == [
        {key: value for key, value in row.items() if value and key not in {"month", "revision", "closed"}}
        for row in as_rows(lines())
    ]
    assert sum(Decimal(one["amount"]) for one in found) == CREDIT


def test_the_document_is_valid():
    """By the schema that ships, nothing undescribed."""
    strict(MEMOS).validate(as_json(lines()))
    strict(MEMOS).validate(as_json([]))


def test_an_amount_as_a_number_is_refused():
    """The schema can fail."""
    document = as_json(lines())
    document["memos"][0]["amount"] = 3380  # type: ignore[index]
    with pytest.raises(jsonschema.ValidationError):
        strict(MEMOS).validate(document)


@settings(max_examples=30)
@given(months())
def test_the_export_pays_what_the_statement_pays(found):
    """To the cent, gross, net and tax; no number twice."""
    rows = as_rows(found)
    owners = customers(found)
    assert sum((Decimal(row["amount"]) for row in rows), Decimal(0)) == sum(owner.credit_total for owner in owners)
    for part, name in (("net", "credit_net"), ("tax", "credit_tax"), ("cut_by_cap", "cut_by_cap")):
        assert sum((Decimal(row[part]) for row in rows), Decimal(0)) == sum(getattr(x.totals, name) for x in found)
    assert len({row["number"] for row in rows}) == len(rows)


@pytest.mark.parametrize("name", [pytest.param(text, id=kind) for kind, text in HOSTILE.items()])
def test_a_hostile_account_moves_no_column(name):
    """And begins no formula."""
    (row,) = as_rows([statement(episode(), period=of_customer("C1", account=name))])
    assert row["amount"] == "3640.00"
    assert None not in row
    assert not row["account"].startswith(("=", "+", "-", "@"))
