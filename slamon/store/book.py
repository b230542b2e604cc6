"""The ledger read line by line: what was measured and what was filed, as core values.

Entries are the truth; the judge's state of lines with something going on (an open episode's latest readings, how
far each line was observed) stands beside the chain and is laid over it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from slamon.core.facts import LineFacts, Maintenance
from slamon.core.incident import Episode, Notice, incident_id
from slamon.core.judge import Coverage, Judge, open_notice, unobserved
from slamon.core.location import ALONE, Path, Vicinity
from slamon.core.timeline import Measured
from slamon.core.timespan import EPOCH, Span, SpanSet, from_micros
from slamon.store import filed, measured
from slamon.store.coverage import NO_COVERAGE, CoverageTable, unpack_coverage
from slamon.store.entry import Entry
from slamon.store.reads import Reads

EPISODE_KINDS = frozenset({measured.OPENED, measured.WORSENED, measured.CLOSED})
LINE_KINDS = EPISODE_KINDS | {measured.FOUND, measured.BLIND, measured.NOTICE, measured.ONSET} | filed.LINE_KINDS


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is on record of all lines together: read once, used for every line; a line's own is made when asked for."""

    states: Mapping[str, str]
    table: CoverageTable
    blind: Mapping[str, list[Span[datetime]]]
    maintenance: tuple[Maintenance, ...]
    as_of: datetime | None

    def judge(self, line_id: str) -> Judge | None:
        """Return the judge of a line that is not quiet, None for one that is."""
        text = self.states.get(line_id)
        return None if text is None else measured.judge_of(line_id, text)

    def coverage(self, line_id: str) -> Coverage:
        """Return how far a line was observed: as its state or the checkpoint says, whichever is further."""
        stored = self.table.get(line_id, NEVER_SEEN)
        text = self.states.get(line_id)
        if text is None:
            return stored
        own = measured.coverage_in(text)
        return stored if _us(own) < _us(stored) else own

    def windows(self, line_id: str) -> tuple[Maintenance, ...]:
        """Return the planned work that may concern a line: what names it, and all that names an upstream."""
        return tuple(w for w in self.maintenance if w.upstream is not None or line_id in w.line_ids)


NEVER_SEEN = Coverage()


def _us(coverage: Coverage) -> datetime:
    return coverage.until if coverage.until is not None else EPOCH


@dataclass(slots=True)
class LineBook:
    """One line's record."""

    line_id: str
    measured: Measured
    filed: LineFacts


@dataclass(slots=True)
class _Gathered:
    episodes: dict[str, Entry] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)
    blind: list[Span[datetime]] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    paths: dict[str, Path] = field(default_factory=dict)
    filed: list[Entry] = field(default_factory=list)


def read_fleet(ledger: Reads, vantage: str, line_id: str | None = None) -> Fleet:
    """Return what is on record of all lines together; with `line_id`, blind time of that line alone."""
    stored = ledger.checkpoint(vantage)
    table = unpack_coverage(stored[1]) if stored is not None else NO_COVERAGE
    states = ledger.states()
    ends = [until for text in states.values() if (until := measured.coverage_in(text).until) is not None]
    if table.latest_us is not None:
        ends.append(from_micros(table.latest_us))
    maintenance = filed.fold_maintenance(ledger.entries(kinds=filed.MAINTENANCE_KINDS))
    return Fleet(states, table, _blind_together(ledger, line_id), maintenance, max(ends, default=None))


def _blind_together(ledger: Reads, line_id: str | None) -> dict[str, list[Span[datetime]]]:
    blind: dict[str, list[Span[datetime]]] = {}
    for entry in ledger.entries(kinds={measured.MANY_BLIND}):
        if line_id is None or f'"{line_id}"' in entry.payload_json:
            for one in measured.blindness_of(entry, line_id):
                blind.setdefault(one.line_id, []).append(Span(one.start, one.end))
    return blind


def read_line(ledger: Reads, fleet: Fleet, line_id: str) -> LineBook:
    """Return one line's record."""
    return book_of(line_id, ledger.entries(kinds=LINE_KINDS, line_id=line_id), fleet)


def read_chosen(ledger: Reads, fleet: Fleet, line_ids: Sequence[str]) -> dict[str, LineBook]:
    """Return the records of some lines (at most some thousands), those without entries included."""
    entries = ledger.entries(kinds=LINE_KINDS, by_line=True, line_ids=line_ids)
    books = {line_id: book_of(line_id, found, fleet) for line_id, found in groupby(entries, key=_line_id)}
    return {line_id: books.get(line_id) or book_of(line_id, (), fleet) for line_id in line_ids}


def _line_id(entry: Entry) -> str:
    return entry.line_id or ""


def book_of(line_id: str, entries: Iterable[Entry], fleet: Fleet) -> LineBook:
    """Return the record that a line's entries make, in the order in which they were recorded."""
    gathered = _Gathered()
    for entry in entries:
        _gather(gathered, entry, line_id)
    episodes = {key: measured.episode_of(line_id, entry.payload, key) for key, entry in gathered.episodes.items()}
    _overlay(gathered.notices, episodes, fleet.judge(line_id))
    coverage = fleet.coverage(line_id)
    until = fleet.as_of if fleet.as_of is not None else EPOCH
    never: SpanSet[datetime] = SpanSet()
    unseen = unobserved(coverage, Span(EPOCH, until), until) if until > EPOCH else never
    return LineBook(
        line_id,
        Measured(
            episodes=tuple(sorted(episodes.values(), key=lambda episode: episode.onset)),
            notices=tuple(gathered.notices),
            nodata=SpanSet([*gathered.blind, *fleet.blind.get(line_id, ())]) | unseen,
            until=until,
            numbers=gathered.numbers,
            vicinity=Vicinity(paths=gathered.paths) if gathered.paths else ALONE,
        ),
        filed.fold_filed(gathered.filed, fleet.windows(line_id)),
    )


def _gather(gathered: _Gathered, entry: Entry, line_id: str) -> None:
    kind, subject = entry.kind, entry.subject or ""
    if kind in EPISODE_KINDS:
        gathered.numbers.setdefault(subject, entry.seq)
        gathered.episodes[subject] = entry  # the latest word on it
    elif kind == measured.FOUND:
        gathered.numbers.setdefault(subject, entry.seq)
    elif kind == measured.BLIND:
        gathered.blind.extend(Span(one.start, one.end) for one in measured.blindness_of(entry))
    elif kind == measured.ONSET:
        path = measured.path_of(entry)
        if path is not None:
            gathered.paths[subject] = path
    elif kind == measured.NOTICE:
        gathered.notices.append(measured.notice_of(entry))
    else:
        if kind == filed.COMPLAINT:
            gathered.numbers.setdefault(incident_id(line_id, entry.at, reported=True), entry.seq)
        gathered.filed.append(entry)


def _overlay(notices: list[Notice], episodes: dict[str, Episode], judge: Judge | None) -> None:
    """Lay the judge's state over the entries: the latest readings of an open episode, a notice not over yet."""
    if judge is None:
        return
    episode = judge.course.episode()
    if episode is not None:
        episodes[episode.id] = episode
    notice = open_notice(judge.course.line_id, judge.aside)
    if notice is not None:
        notices.append(notice)
