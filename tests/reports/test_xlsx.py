"""The workbook of a statement, read back: values, formulas, and what was worked out for them."""

import io
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings

from slamon.core.customers import CustomerStatement, customers
from slamon.reports.language import LANGUAGES
from slamon.reports.xlsx import write_xlsx
from tests.reports.gallery import CREDIT, FULL_HEADER, customer
from tests.reports.month import episode, of_customer, statement
from tests.reports.test_printed import HOSTILE
from tests.reports.test_sums import months

SHEETS = {
    "zh": ["汇总", "专线", "故障", "补偿", "定义"],
    "en": ["Summary", "Lines", "Incidents", "Compensation", "Definitions"],
}


def made(owner: CustomerStatement, code: str = "en") -> bytes:
    stream = io.BytesIO()
    write_xlsx(stream, FULL_HEADER, owner, LANGUAGES[code])
    return stream.getvalue()


def book(content: bytes, *, values: bool = True) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content), data_only=values)


def cents(number: float) -> Decimal:
    return Decimal(number).quantize(Decimal("0.01"))


def column(sheet: Any, title: str) -> list[Any]:
    """The cells below a title, whichever row the titles are in."""
    for row in (1, 2):
        for cell in sheet[row]:
            if cell.value == title:
                return [below.value for below in sheet[cell.column_letter][row:]]
    raise AssertionError(f"{title} is no column of {sheet.title}")


def evaluated(formula: str, workbook: Any, sheet: Any) -> float:
    """What a spreadsheet makes of the two kinds of formulas that we write."""
    found = re.fullmatch(r"=(?:SUBTOTAL\(109,|SUM\()(?:'([^']+)'!)?([A-Z]+\d+:[A-Z]+\d+)\)", formula)
    assert found, formula
    place = workbook[found[1]] if found[1] else sheet
    cells = [cell.value for row in place[found[2]] for cell in row if cell.value is not None]
    return sum(cell.total_seconds() / 86_400 if isinstance(cell, timedelta) else cell for cell in cells)


def agree(content: bytes) -> int:
    """Count the formulas; each one's stored value is what its cells give."""
    formulas, values = book(content, values=False), book(content)
    count = 0
    for sheet in formulas:
        for row in sheet.iter_rows():
            for cell in row:
                if cell.data_type == "f":
                    stored = values[sheet.title][cell.coordinate].value
                    stored = stored.total_seconds() / 86_400 if isinstance(stored, timedelta) else stored
                    assert abs(stored - evaluated(cell.value, values, values[sheet.title])) < 1e-6, (sheet.title, cell)
                    count += 1
    return count


@pytest.mark.parametrize("code", ["zh", "en"])
def test_the_sheets_are_there_with_filters_and_frozen_titles(code):
    """In this order, named in the language."""
    found = book(made(customer(), code))
    assert found.sheetnames == SHEETS[code]
    for name in SHEETS[code][1:4]:
        assert found[name].freeze_panes is not None
        assert found[name].auto_filter.ref is not None


@pytest.mark.parametrize("code", ["zh", "en"])
def test_formulas_hold_what_they_give(code):
    """Every sum carries its value: who opens the file without a spreadsheet's engine sees it too."""
    assert agree(made(customer(), code)) > 40


def test_the_numbers_are_numbers():
    """Worked out by hand in the gallery: credits, an onset on China's clock, a restore time of 100790 s."""
    found = book(made(customer()))
    assert [cents(amount) for amount in column(found["Lines"], "Credit, tax included")] == [
        Decimal(amount) for amount in ("3380.00", "4.58", "0.00", "0.00", "0.00")
    ]
    assert column(found["Incidents"], "Onset")[0] == datetime(2026, 10, 3, 8)  # noqa: DTZ001 -- a wall's clock
    assert column(found["Incidents"], "Interruption clock: Restore time")[0] == timedelta(seconds=100_790)
    assert column(found["Incidents"], "Interruption clock: Limit")[0] == timedelta(hours=2)
    assert cents(found["Compensation"]["G1"].value) == CREDIT


def test_what_does_not_exist_is_an_empty_cell():
    """A dead line has no hand-back, a credit that is not paid no amount."""
    found = book(made(customer()))
    assert column(found["Incidents"], "Handed back")[0] is None
    assert column(found["Compensation"], "Credited, before the cap").count(None) == 3


@settings(max_examples=20)
@given(months())
def test_the_workbook_pays_what_the_statement_pays(found):
    """To the cent: by line, by item before the cap, in the summary."""
    for owner in customers(found):
        content = made(owner)
        agree(content)
        shown = book(content)
        due = owner.credit_total
        assert sum(cents(amount) for amount in column(shown["Lines"], "Credit, tax included")) == due
        cut = sum((cents(amount) for amount in column(shown["Lines"], "Cut off by the cap")), Decimal(0))
        paid = [
            cents(amount) for amount in column(shown["Compensation"], "Credited, before the cap") if amount is not None
        ]
        assert sum(paid, Decimal(0)) == due + cut
        labels = {row[0].value: row[1].value for row in shown["Summary"].iter_rows()}
        assert cents(labels["Credit, tax included"]) == due


def _named(name: str) -> CustomerStatement:
    line = statement(episode(), period=of_customer("C1", name=name, customer_name=name, account=name))
    (owner,) = customers([line])
    return owner


@pytest.mark.parametrize("name", [pytest.param(text, id=kind) for kind, text in HOSTILE.items()])
def test_no_text_becomes_a_formula(name):
    """Nor a link, nor a number: it is a text cell, whatever it begins with.

    Mutant: with `write` in the place of `write_string` the name ``=cmd|...`` is a formula.
    """
    content, harmless = (made(_named(text)) for text in (name, "n"))
    assert agree(content) == agree(harmless)
    cell = book(content, values=False)["Lines"]["B3"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)


def test_equal_statements_give_equal_workbooks():
    """Byte for byte: the only date in it is that of the report."""
    assert made(customer(), "zh") == made(customer(), "zh")
