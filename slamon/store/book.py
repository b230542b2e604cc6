"""The ledger read line by line: what was measured and what was filed, as core values.

Entries are the truth; the judge's state of lines with something going on (an open episode's latest readings, how
far each line was observed) stands beside the chain and is laid over it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from slamon.core.facts import LineFacts, Maintenance
from slamon.core.incident import Episode, Notice, incident_id
from slamon.core.judge import Coverage, Judge, open_notice, unobserved
from slamon.core.timeline import Measured
from slamon.core.timespan import EPOCH, Span, SpanSet
from slamon.store import filed, measured
from slamon.store.entry import Entry
from slamon.store.reads import Reads

EPISODE_KINDS = frozenset({measured.OPENED, measured.WORSENED, measured.CLOSED})
LINE_KINDS = EPISODE_KINDS | {measured.FOUND, measured.BLIND, measured.NOTICE} | filed.LINE_KINDS


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is on record of all lines together: read once, used for every line."""

    judges: Mapping[str, Judge]
    coverage: Mapping[str, Coverage]
    blind: Mapping[str, list[Span[datetime]]]
    maintenance: tuple[Maintenance, ...]
    as_of: datetime | None


@dataclass(slots=True)
class LineBook:
    """One line's record."""

    line_id: str
    measured: Measured
    filed: LineFacts


@dataclass(slots=True)
class _Gathered:
    episodes: dict[str, Episode] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    blind: list[Span[datetime]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    filed: list[Entry] = field(default_factory=list)


def pack_coverage(coverage: Mapping[str, Coverage]) -> bytes:
    """Return how far each line was observed, for a checkpoint."""
    values = {line_id: measured.coverage_values(one) for line_id, one in coverage.items()}
    return zlib.compress(json.dumps(values, separators=(",", ":")).encode(), 1)


def unpack_coverage(data: bytes) -> dict[str, Coverage]:
    """Return what `pack_coverage` was given."""
    return {line_id: measured.coverage_of(one) for line_id, one in json.loads(zlib.decompress(data)).items()}


def read_fleet(ledger: Reads, vantage: str, ends_after: datetime = EPOCH) -> Fleet:
    """Return what is on record of all lines together; blind time that ended before `ends_after` is left out."""
    stored = ledger.checkpoint(vantage)
    coverage = unpack_coverage(stored[1]) if stored is not None else {}
    judges = {line_id: measured.judge_of(line_id, text) for line_id, text in ledger.states().items()}
    for line_id, judge in judges.items():
        known = coverage.get(line_id)
        if known is None or known.until is None or (judge.coverage.until or EPOCH) >= known.until:
            coverage[line_id] = judge.coverage
    blind: dict[str, list[Span[datetime]]] = {}
    for entry in ledger.entries(kinds={measured.MANY_BLIND}):
        if entry.at > ends_after:
            for one in measured.blindness_of(entry):
                blind.setdefault(one.line_id, []).append(Span(one.start, one.end))
    maintenance = filed.fold_maintenance(ledger.entries(kinds=filed.MAINTENANCE_KINDS))
    as_of = max((one.until for one in coverage.values() if one.until is not None), default=None)
    return Fleet(judges, coverage, blind, maintenance, as_of)


def read_line(ledger: Reads, fleet: Fleet, line_id: str) -> LineBook:
    """Return one line's record."""
    return _book(line_id, ledger.entries(kinds=LINE_KINDS, line_id=line_id), fleet)


def read_chosen(ledger: Reads, fleet: Fleet, line_ids: Sequence[str]) -> dict[str, LineBook]:
    """Return the records of some lines (at most some thousands), those without entries included."""
    entries = ledger.entries(kinds=LINE_KINDS, by_line=True, line_ids=line_ids)
    books = {line_id: _book(line_id, found, fleet) for line_id, found in groupby(entries, key=_line_id)}
    return {line_id: books.get(line_id) or _book(line_id, (), fleet) for line_id in line_ids}


def _line_id(entry: Entry) -> str:
    return entry.line_id or ""


def _book(line_id: str, entries: Iterable[Entry], fleet: Fleet) -> LineBook:
    gathered = _Gathered()
    for entry in entries:
        _gather(gathered, entry, line_id)
    judge = fleet.judges.get(line_id)
    _overlay(gathered, judge)
    coverage = fleet.coverage.get(line_id, Coverage())
    until = fleet.as_of if fleet.as_of is not None else EPOCH
    never: SpanSet[datetime] = SpanSet()
    unseen = unobserved(coverage, Span(EPOCH, until), until) if until > EPOCH else never
    return LineBook(
        line_id,
        Measured(
            episodes=tuple(sorted(gathered.episodes.values(), key=lambda episode: episode.onset)),
            notices=tuple(gathered.notices),
            nodata=SpanSet([*gathered.blind, *fleet.blind.get(line_id, ())]) | unseen,
            until=until,
            numbers=gathered.numbers,
        ),
        filed.fold_filed(gathered.filed, fleet.maintenance),
    )


def _gather(gathered: _Gathered, entry: Entry, line_id: str) -> None:
    kind, subject = entry.kind, entry.subject or ""
    if kind in EPISODE_KINDS:
        seq = gathered.numbers.setdefault(subject, entry.seq)
        gathered.episodes[subject] = measured.episode_of(line_id, entry.payload, seq)
    elif kind == measured.FOUND:
        gathered.numbers.setdefault(subject, entry.seq)
    elif kind == measured.BLIND:
        gathered.blind.extend(Span(one.start, one.end) for one in measured.blindness_of(entry))
    elif kind == measured.NOTICE:
        gathered.notices.append(measured.notice_of(entry))
    else:
        if kind == filed.COMPLAINT:
            gathered.numbers.setdefault(incident_id(line_id, entry.at, reported=True), entry.seq)
        gathered.filed.append(entry)


def _overlay(gathered: _Gathered, judge: Judge | None) -> None:
    """Lay the judge's state over the entries: the latest readings of an open episode, a notice not over yet."""
    if judge is None:
        return
    episode = judge.course.episode()
    if episode is not None:
        gathered.episodes[episode.id] = episode
    notice = open_notice(judge.course.line_id, judge.aside)
    if notice is not None:
        gathered.notices.append(notice)
