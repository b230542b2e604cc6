"""The internal review as a workbook and a page."""

import io
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from slamon.core.review_sums import Review
from slamon.reports.internal import internal_page, write_internal
from slamon.reports.language import LANGUAGES
from tests.core.test_review import of
from tests.reports.gallery import CREDIT, FULL_HEADER, lines
from tests.reports.month import episode, of_customer, statement
from tests.reports.test_printed import HOSTILE, Page
from tests.reports.test_xlsx import agree, book, cents, column

CHINA = ZoneInfo("Asia/Shanghai")


def made(review: Review, code: str = "en") -> bytes:
    stream = io.BytesIO()
    write_internal(stream, FULL_HEADER, review, LANGUAGES[code], CHINA)
    return stream.getvalue()


@pytest.mark.parametrize("code", ["zh", "en"])
def test_every_question_has_its_sheet(code):
    """Credits by six things, restore times, worst lines, breaches, complaints, blind time, and what people did."""
    word = LANGUAGES[code].word
    names = ["overview", *(f"by.{by}" for by in ("customer", "account", "tier", "span", "rule", "basis"))]
    names += ["restore_times", "worst_lines", "breach_list", "promises", "late_list", "blind_lines", "corrections"]
    names += ["awaiting_list", "chronic"]
    assert book(made(of(lines()), code)).sheetnames == [word(name) for name in names]


def test_every_sum_is_a_formula_that_holds_its_value():
    """And every sheet of credits pays what the statements pay."""
    content = made(of(lines()))
    assert agree(content) > 40
    found = book(content)
    for name in ("By customer", "By account", "By tier", "By span", "By rule", "By basis"):
        assert sum(cents(amount) for amount in column(found[name], "Credit, tax included")) == CREDIT
    assert sum(cents(amount) for amount in column(found["Awaiting a decision"], "Amount")) == Decimal("100.00")


@pytest.mark.parametrize("code", ["zh", "en"])
def test_the_page_has_every_table(code):
    """With its head, or that there is nothing; it says that it is not for customers."""
    language = LANGUAGES[code]
    shown = internal_page(FULL_HEADER, of(lines()), language, CHINA)
    text = Page(shown).text
    for name in ("by.customer", "by.rule", "restore_times", "breach_list", "corrections", "awaiting_list", "chronic"):
        assert language.word(name) in text
    assert language.word("internal_note") in text
    assert "3,384.58" in text
    assert "zhang" in text


def test_an_empty_month_has_a_review():
    """No lines, no currency, nothing to divide by."""
    found = of([])
    assert "None." in internal_page(FULL_HEADER, found, LANGUAGES["en"], CHINA)
    assert book(made(found)).sheetnames


@pytest.mark.parametrize("name", [pytest.param(text, id=kind) for kind, text in HOSTILE.items()])
def test_a_hostile_name_is_a_text(name):
    """On the page and in the workbook."""
    parts = [
        of([statement(episode(), period=of_customer("C1", name=text, customer_name=text, account=text))])
        for text in (name, "n")
    ]
    pages = [Page(internal_page(FULL_HEADER, part, LANGUAGES["en"], CHINA)).tags for part in parts]
    assert pages[0] == pages[1]
    assert agree(made(parts[0])) == agree(made(parts[1]))


def test_equal_reviews_give_equal_bytes():
    """Workbook and page."""
    assert made(of(lines())) == made(of(lines()))
    pages = [internal_page(FULL_HEADER, of(lines()), LANGUAGES["zh"], CHINA) for _ in range(2)]
    assert pages[0] == pages[1]
