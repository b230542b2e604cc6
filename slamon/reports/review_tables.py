"""The tables of the internal review, once for the workbook and the page: titles, kinds, rows, sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from slamon.core.review_groups import Group, LineRank
from slamon.core.review_sums import BY, Review

from .language import Language
from .review_lists import Table, awaiting, breaches, corrections, kept, late, single
from .workbook import Column, Total, Value


def tables(review: Review, language: Language, zone: ZoneInfo) -> Iterator[Table]:
    """Yield every table of a review; times are the zone's."""
    for by in BY:
        yield _by_lines(review, by, language)
    for by in ("rule", "basis"):
        yield _by_items(review, by, language)
    yield _times(review, language)
    yield _ranks("worst_lines", review.worst, language)
    yield breaches(review, language, zone)
    yield kept(review, language)
    yield late(review, language, zone)
    yield _ranks("blind_lines", review.blindest, language)
    yield corrections(review, language, zone)
    yield awaiting(review, language, zone)
    note = language.word("chronic_text", n=review.chronic_from)
    yield _ranks("chronic", review.chronic, language, note)


def _by_lines(review: Review, by: str, language: Language) -> Table:
    word = language.word
    columns = [
        Column(word(by), width=24),
        *([Column(word("name"), width=30)] if by == "customer" else []),
        Column(word("currency"), width=9),
        *(Column(word(key), "count") for key in ("lines", "incidents", "breaches")),
        *(Column(word(key), "money") for key in ("charge", "credit_total", "cut_by_cap")),
        Column(word("extension_days"), "days"),
        Column(word("awaiting"), "money"),
        Column(word("awaiting_days"), "days"),
        Column(word("accrued"), "money"),
    ]
    rows: list[list[Value]] = []
    for one in review.by(by):
        name = [one.name or None] if by == "customer" else []
        rows.append([_key(by, one, language), *name, one.currency, *_sums(one)])
    whole = single(review)
    first = len(columns) - len(_SUMMED)
    totals = [] if whole is None else [Total(number, value) for number, value in enumerate(_sums(whole), first)]
    return Table(word(f"by.{by}"), columns, rows, totals)


_SUMMED = (
    *("lines", "incidents", "breaches", "charge", "credit_total", "cut_by_cap", "extension_days"),
    *("awaiting", "awaiting_days", "accrued"),
)


def _sums(group: Group) -> list[Decimal | int]:
    return [
        *(group.lines, group.incidents, group.breaches),
        *(group.charge, group.credit, group.cut_by_cap, group.days),
        *(group.awaiting, group.awaiting_days, group.accrued),
    ]


def _key(by: str, group: Group, language: Language) -> str:
    return language.name(by, group.key) if by in {"tier", "span", "rule", "basis"} else group.key or "–"


def _by_items(review: Review, by: str, language: Language) -> Table:
    word = language.word
    columns = [
        Column(word(by), width=34),
        Column(word("currency"), width=9),
        Column(word("items"), "count"),
        Column(word("credit_total"), "money"),
        Column(word("extension_days"), "days"),
    ]
    rows: list[list[Value]] = [
        [_key(by, one, language), one.currency, one.items, one.credit, one.days] for one in review.by(by)
    ]
    whole = single(review)
    totals = [] if whole is None else [Total(2, whole.items), Total(3, whole.credit), Total(4, whole.days)]
    return Table(word(f"by.{by}"), columns, rows, totals)


def _times(review: Review, language: Language) -> Table:
    word = language.word
    columns = [
        Column(word("category")),
        Column(word("tier")),
        Column(word("count"), "count"),
        Column(word("mean_restore"), "duration"),
        Column(word("longest_restore"), "duration"),
    ]
    found = sorted(review.times.values(), key=lambda one: (one.category, one.tier or ""))
    rows: list[list[Value]] = [
        [language.name("category", x.category), language.name("tier", x.tier), x.count, x.mean_s, x.longest_s]
        for x in found
    ]
    return Table(word("restore_times"), columns, rows)


def _ranks(name: str, found: Sequence[LineRank], language: Language, note: str = "") -> Table:
    word = language.word
    columns = [
        Column(word("line")),
        Column(word("name"), width=34),
        Column(word("customer")),
        Column(word("tier"), width=10),
        Column(word("availability"), "ratio"),
        Column(word("course.interrupted"), "duration"),
        Column(word("course.blind"), "duration"),
        Column(word("incidents"), "count"),
        Column(word("recent"), "count"),
    ]
    rows: list[list[Value]] = [
        [
            *(x.line_id, x.name or None, x.customer_id, language.name("tier", x.tier), x.availability),
            *(x.interrupted_s, x.blind_s, x.incidents, x.recent),
        ]
        for x in found
    ]
    return Table(word(name), columns, rows, note=note)
