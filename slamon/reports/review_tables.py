"""The tables of the internal review, once for the workbook and the page: titles, kinds, rows, sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from slamon.core.facts import Correction
from slamon.core.review import Breach
from slamon.core.review_sums import BY, Group, LineRank, Review

from .language import Language
from .workbook import Column, Total, Value, wall


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its name, its columns, its rows, and the sums of some columns, worked out in the core."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]
    totals: Sequence[Total] = ()
    note: str = ""


def tables(review: Review, language: Language, zone: ZoneInfo) -> Iterator[Table]:
    """Yield every table of a review; times are the zone's."""
    for by in BY:
        yield _by_lines(review, by, language)
    for by in ("rule", "basis"):
        yield _by_items(review, by, language)
    yield _times(review, language)
    yield _ranks("worst_lines", review.worst, language)
    yield _breaches(review, language, zone)
    yield _kept(review, language)
    yield _late(review, language, zone)
    yield _ranks("blind_lines", review.blindest, language)
    yield _corrections(review, language, zone)
    yield _awaiting(review, language, zone)
    note = language.word("chronic_text", n=review.chronic_from)
    yield _ranks("chronic", review.chronic, language, note)


def _single(review: Review) -> Group | None:
    """Return the sums of all lines where there is one currency: amounts of two are not added."""
    return next(iter(review.totals.values())) if len(review.totals) == 1 else None


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
    whole = _single(review)
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
    whole = _single(review)
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


def _named(number: int | None, incident_id: str) -> str:
    return incident_id if number is None else f"#{number}"


def _breaches(review: Review, language: Language, zone: ZoneInfo) -> Table:
    word = language.word
    columns = [
        Column(word("line")),
        Column(word("incident"), width=10),
        Column(word("clock")),
        Column(word("tier"), width=10),
        Column(word("onset"), "time"),
        Column(word("restored"), "time"),
        Column(word("restore_time"), "duration"),
        Column(word("limit"), "duration"),
        Column(word("overrun"), "duration"),
        Column(word("responsibility")),
    ]
    return Table(word("breach_list"), columns, [_breach(one, language, zone) for one in review.breaches])


def _breach(one: Breach, language: Language, zone: ZoneInfo) -> list[Value]:
    return [
        one.line_id,
        _named(one.number, one.incident_id),
        language.name("category", one.category),
        language.name("tier", one.tier),
        wall(one.onset, zone),
        wall(one.restored, zone),
        *(one.restore_s, one.limit_s, one.overrun_s),
        language.name("responsibility", one.responsibility),
    ]


def _kept(review: Review, language: Language) -> Table:
    word = language.word
    columns = [Column(word("target")), *(Column(word(key), "count") for key in ("met", "missed", "not_due"))]
    found = sorted(review.kept.values(), key=lambda one: one.target)
    rows: list[list[Value]] = [[_target(x.target, language), x.met, x.missed, x.running] for x in found]
    return Table(word("promises"), columns, rows)


def _target(name: str, language: Language) -> str:
    return language.name("target", name)


def _late(review: Review, language: Language, zone: ZoneInfo) -> Table:
    word = language.word
    columns = [
        Column(word("line")),
        Column(word("ticket")),
        Column(word("complaint"), "time"),
        Column(word("target")),
        Column(word("due"), "time"),
        Column(word("done"), "time"),
    ]
    rows: list[list[Value]] = [
        [x.line_id, x.ticket, wall(x.at, zone), _target(x.target, language), wall(x.due, zone), wall(x.done, zone)]
        for x in review.late
    ]
    return Table(word("late_list"), columns, rows)


def _corrections(review: Review, language: Language, zone: ZoneInfo) -> Table:
    word = language.word
    columns = [
        Column(word("entry"), "count"),
        Column(word("line")),
        Column(word("incident"), width=10),
        Column(word("by_whom")),
        Column(word("what"), width=60),
        Column(word("reason"), width=50),
    ]
    rows: list[list[Value]] = [
        [
            x.correction.seq,
            x.line_id,
            _named(x.number, x.incident_id),
            x.correction.by or None,
            language.also(_changes(x.correction, language, zone)),
            x.correction.reason or None,
        ]
        for x in review.corrected
    ]
    return Table(word("corrections"), columns, rows)


def _changes(change: Correction, language: Language, zone: ZoneInfo) -> Iterator[str]:
    for key, instant in (("onset", change.onset), ("restored", change.restored)):
        if instant is not None:
            yield f"{language.word(key)} {language.instant(instant, zone)}"
    if change.responsibility is not None:
        yield f"{language.word('responsibility')} {language.name('responsibility', change.responsibility)}"
    if change.false_alarm is not None:
        yield language.word("struck" if change.false_alarm else "not_struck")


def _awaiting(review: Review, language: Language, zone: ZoneInfo) -> Table:
    word = language.word
    columns = [
        Column(word("line")),
        Column(word("incident"), width=10),
        Column(word("customer")),
        Column(word("onset"), "time"),
        Column(word("restored"), "time"),
        Column(word("rule"), width=26),
        Column(word("currency"), width=9),
        Column(word("amount"), "money"),
        Column(word("extension_days"), "days"),
        Column(word("derivation"), width=60),
    ]
    rows: list[list[Value]] = [
        [
            *(x.line_id, _named(x.number, x.incident_id), x.customer_id, wall(x.onset, zone), wall(x.restored, zone)),
            *(language.name("rule", x.rule), x.currency, x.amount, x.days, language.say(x.derivation)),
        ]
        for x in review.awaited
    ]
    whole = _single(review)
    totals = [] if whole is None else [Total(7, whole.awaiting), Total(8, whole.awaiting_days)]
    return Table(word("awaiting_list"), columns, rows, totals)
