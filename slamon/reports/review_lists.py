"""The lists of the internal review: limits and targets missed, corrections, what awaits a decision."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from slamon.core.facts import Correction
from slamon.core.review import Breach
from slamon.core.review_groups import Group
from slamon.core.review_sums import Review

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


def single(review: Review) -> Group | None:
    """Return the sums of all lines where there is one currency: amounts of two are not added."""
    return next(iter(review.totals.values())) if len(review.totals) == 1 else None


def _named(number: int | None, incident_id: str) -> str:
    return incident_id if number is None else f"#{number}"


def breaches(review: Review, language: Language, zone: ZoneInfo) -> Table:
    """Return every limit that was missed."""
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


def kept(review: Review, language: Language) -> Table:
    """Return how often each target of the complaint service was kept."""
    word = language.word
    columns = [Column(word("target")), *(Column(word(key), "count") for key in ("met", "missed", "not_due"))]
    found = sorted(review.kept.values(), key=lambda one: one.target)
    rows: list[list[Value]] = [[_target(x.target, language), x.met, x.missed, x.running] for x in found]
    return Table(word("promises"), columns, rows)


def _target(name: str, language: Language) -> str:
    return language.name("target", name)


def late(review: Review, language: Language, zone: ZoneInfo) -> Table:
    """Return each target that was missed."""
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


def corrections(review: Review, language: Language, zone: ZoneInfo) -> Table:
    """Return what people corrected, and why."""
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


def awaiting(review: Review, language: Language, zone: ZoneInfo) -> Table:
    """Return what awaits a decision, with the amount at stake."""
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
    whole = single(review)
    totals = [] if whole is None else [Total(7, whole.awaiting), Total(8, whole.awaiting_days)]
    return Table(word("awaiting_list"), columns, rows, totals)
