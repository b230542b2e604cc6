"""The internal review of a month: one workbook, and one page with the head of every table."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO
from zoneinfo import ZoneInfo

from slamon.core.review_sums import Review

from .language import ABSENT, Language
from .model import Header
from .printed import environment, style_sheet
from .review_lists import Table
from .review_tables import tables
from .workbook import Value, wall, workbook, write_facts, write_table

ROWS_ON_PAGE = 15


def write_internal(stream: BinaryIO, header: Header, review: Review, language: Language, zone: ZoneInfo) -> None:
    """Write the workbook: an overview, then a sheet a table."""
    made = workbook(stream, f"{language.word('internal')} {header.month}", header.generated_at)
    write_facts(made, language.word("overview"), _overview(header, review, language, zone))
    for table in tables(review, language, zone):
        write_table(made, table.name, table.columns, table.rows, table.totals)
    made.close()


def internal_page(header: Header, review: Review, language: Language, zone: ZoneInfo) -> str:
    """Return the page: the overview, and of every table as many rows as a page bears."""
    template = environment().get_template("internal.html.j2", globals={"L": language})
    return template.render(
        header=header,
        heads=sorted(header.ledger_heads.items()),
        status=language.word("closed" if header.closed else "draft"),
        css=style_sheet(),
        zone=zone,
        facts=[_fact(one, language) for one in _money(review, language)],
        totals=list(review.totals.values()),
        review=review,
        tables=[_paged(table, language) for table in tables(review, language, zone)],
        absent=ABSENT,
    )


Fact = tuple[str, Value, str, str]


def _overview(header: Header, review: Review, language: Language, zone: ZoneInfo) -> Iterator[Fact]:
    word = language.word
    revision = word("revision_text", revision=header.revision)
    yield word("internal"), language.month(header.month), "text", ""
    yield word("revision"), f"{revision}{language.dot}{word('closed' if header.closed else 'draft')}", "text", ""
    yield word("timezone"), zone.key, "text", ""
    yield word("as_of"), wall(header.as_of, zone), "time", ""
    yield word("generated"), wall(header.generated_at, zone), "time", ""
    for writer, head in sorted(header.ledger_heads.items()):
        yield f"{word('ledger_heads')} {writer}", head, "text", ""
    yield from _money(review, language)


def _money(review: Review, language: Language) -> Iterator[Fact]:
    word = language.word
    for whole in review.totals.values():
        yield language.currency(whole.currency), None, "text", ""
        yield word("lines"), whole.lines, "count", ""
        yield word("incidents"), whole.incidents, "count", ""
        yield word("breaches"), whole.breaches, "count", ""
        yield word("charge"), whole.charge, "money", ""
        yield word("credit_total"), whole.credit, "money", ""
        yield word("cut_by_cap"), whole.cut_by_cap, "money", ""
        yield word("extension_days"), whole.days, "days", ""
        yield word("awaiting"), whole.awaiting, "money", ""
        yield word("awaiting_days"), whole.awaiting_days, "days", ""
        yield word("accrued"), whole.accrued, "money", ""
    yield word("time_accounting"), None, "text", ""
    yield word("service_time"), review.service_s, "duration", ""
    yield word("course.interrupted"), review.interrupted_s, "duration", ""
    yield word("course.blind"), review.blind_s, "duration", ""
    yield word("blind_share"), review.blind_ratio, "ratio", ""
    yield word("complaints"), review.complaints, "count", ""


def _fact(fact: Fact, language: Language) -> tuple[str, str | None]:
    """Return a label with its value as people read it, None for a heading."""
    label, value, kind, _ = fact
    return label, None if value is None and kind == "text" else shown(value, kind, language)


def _paged(table: Table, language: Language) -> dict[str, object]:
    rows = [
        [shown(value, column.kind, language) for column, value in zip(table.columns, row, strict=True)]
        for row in table.rows[:ROWS_ON_PAGE]
    ]
    return {
        "name": table.name,
        "note": table.note,
        "columns": table.columns,
        "rows": rows,
        "totals": {one.column: shown(one.value, table.columns[one.column].kind, language) for one in table.totals},
        "further": max(0, len(table.rows) - ROWS_ON_PAGE),
    }


def shown(value: Value, kind: str, language: Language) -> str:
    """Return a cell's value as people read it."""
    if value is None:
        return ABSENT
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, date):
        return language.day(value)
    if isinstance(value, Decimal):
        return language.money(value) if kind == "money" else language.number(value)
    if isinstance(value, int):
        return language.duration(value) if kind == "duration" else language.number(value)
    return language.percent(value) if kind == "ratio" else value
