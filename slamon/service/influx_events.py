"""What the ledger says as points: incidents as they stood at each event, issued credits, what happened to slamon.

An event is worked out from what the ledger held up to its entry and nothing later, so that sending it again, at any
time, writes the same point over itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from slamon.core.incident import Incident
from slamon.core.statement import ticking
from slamon.core.timeline import LineTerms, assemble
from slamon.core.timespan import MICROSECOND, SpanSet, whole_second
from slamon.service.influx_progress import EVENTS, HEALTH
from slamon.service.site import Site
from slamon.sinks.line_protocol import Point, line
from slamon.sinks.points import IncidentEvent, IssuedCredit, credit_point, health_event_point, incident_point
from slamon.store import filed, measured
from slamon.store.book import LINE_KINDS, Fleet, LineBook, book_of
from slamon.store.coverage import NO_COVERAGE
from slamon.store.entry import Entry
from slamon.store.issued import ISSUED, issued_lines
from slamon.store.reads import Reads

REOPENED = "reopened"
REPORTED = "reported"
RESTORED = "restored"
LINES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class EventPoints:
    """Points as lines, and how many."""

    block: bytes
    points: int


def event_lines(site: Site, ledger: Reads, entries: Sequence[Entry]) -> EventPoints:
    """Return some entries, in order, as lines of points."""
    found = [text for point in event_points(site, ledger, entries) if (text := line(point)) is not None]
    return EventPoints("".join(f"{text}\n" for text in found).encode(), len(found))


def event_points(site: Site, ledger: Reads, entries: Sequence[Entry]) -> Iterator[Point]:
    """Yield the points of some entries, in order."""
    past = Past(site, ledger, entries)
    for entry in entries:
        if entry.kind in EVENTS:
            for event in past.events(entry):
                yield incident_point(event)
        elif entry.kind == ISSUED:
            for one in issued_lines(entry):
                yield credit_point(
                    IssuedCredit(
                        one.line_id, one.month_end, one.month, one.revision, one.credit, one.extension_days, one.tier
                    )
                )
        elif entry.kind.startswith(HEALTH):
            detail = entry.payload.get("detail")
            name = entry.kind.removeprefix("vantage.")
            yield health_event_point(entry.writer, entry.at, entry.seq, name, None if detail is None else str(detail))


class Past:
    """The record of the lines that some entries are about, as of each of them; read once for all of them."""

    def __init__(self, site: Site, ledger: Reads, entries: Sequence[Entry]) -> None:
        self._site = site
        self._ledger = ledger
        self._line_ids = sorted({one.line_id for one in entries if one.kind in EVENTS and one.line_id is not None})

    @cached_property
    def _by_line(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {line_id: [] for line_id in self._line_ids}
        for low in range(0, len(self._line_ids), LINES_AT_ONCE):
            chosen = self._line_ids[low : low + LINES_AT_ONCE]
            for entry in self._ledger.entries(kinds=LINE_KINDS, by_line=True, line_ids=chosen):
                found[entry.line_id or ""].append(entry)
        return found

    @cached_property
    def _maintenance(self) -> list[Entry]:
        return list(self._ledger.entries(kinds=filed.MAINTENANCE_KINDS))

    def events(self, entry: Entry) -> Iterator[IncidentEvent]:
        """Yield what an entry says of incidents: mostly one event, none where it concerns none."""
        line_id = entry.line_id or ""
        if line_id not in self._site.lines:
            yield from _bare(entry)
            return
        terms = self._site.terms(line_id)
        book = self._book(line_id, entry)
        incidents = assemble(terms, book.measured, book.filed).incidents
        incident = _meant(entry, incidents)
        if incident is None:
            yield from _bare(entry)
            return
        yield _event(entry, _name(entry, incident), entry.at, incident, _At(terms, book))
        if entry.kind == filed.COMPLAINT_CLOSED and incident.reported is not None and incident.restored is not None:
            yield _event(entry, RESTORED, incident.restored, incident, _At(terms, book))

    def _book(self, line_id: str, entry: Entry) -> LineBook:
        """Return a line's record as of an entry; how far the line was observed then plays no part."""
        known = [one for one in self._by_line[line_id] if one.seq <= entry.seq]
        windows = filed.fold_maintenance(one for one in self._maintenance if one.seq <= entry.seq)
        until = max([entry.at, *(one.at for one in known)])
        book = book_of(line_id, known, Fleet({}, NO_COVERAGE, {}, windows, None))
        return replace(book, measured=replace(book.measured, nodata=SpanSet(), until=until))


@dataclass(frozen=True, slots=True)
class _At:
    terms: LineTerms
    book: LineBook


def _meant(entry: Entry, incidents: Sequence[Incident]) -> Incident | None:
    """Return the incident that an entry is about: by its id, or by the complaint's ticket."""
    if entry.kind in (filed.COMPLAINT, filed.COMPLAINT_CLOSED):
        return next((i for i in incidents if any(c.ticket == entry.subject for c in i.complaints)), None)
    return next((i for i in incidents if entry.subject in i.derived_from or entry.subject == i.id), None)


def _name(entry: Entry, incident: Incident) -> str:
    if entry.kind == measured.OPENED and entry.subject != incident.id:
        return REOPENED
    if entry.kind == filed.COMPLAINT and incident.reported is not None and incident.onset == entry.at:
        return REPORTED
    return EVENTS[entry.kind]


def _event(entry: Entry, name: str, at: datetime, incident: Incident, known: _At) -> IncidentEvent:
    """Return an event with the incident's clocks: up to it, or to the restored line where that came before."""
    stands = at if incident.restored is None else incident.restored
    running = ticking(known.terms, known.book.filed, incident, stands)
    if not running:  # a clock that starts at this very instant has all of its time left
        running = ticking(known.terms, known.book.filed, incident, stands + MICROSECOND)
    left = [clock.remaining_s for clock in running if clock.remaining_s is not None]
    ahead = [seconds for seconds in left if seconds >= 0]
    over = at if name in (measured.OPENED, REOPENED) else stands
    return IncidentEvent(
        line_id=incident.line_id,
        event=name,
        at=at,
        vantage=entry.writer,
        incident_id=incident.id,
        tier=known.terms.period_at(incident.onset).tier,
        category=str(incident.category),
        duration_s=max(0, whole_second(over) - whole_second(incident.onset)),
        remaining_s=min(ahead) if ahead else max(left, default=None),
        breached=any(clock.breached for clock in running),
    )


def _bare(entry: Entry) -> Iterator[IncidentEvent]:
    """Yield what an entry says by itself, where its line's terms or its incident are not known (any more)."""
    if entry.kind not in (measured.OPENED, measured.WORSENED, measured.CLOSED):
        return
    episode = measured.episode_of(entry.line_id or "", entry.payload, entry.subject)
    yield IncidentEvent(
        line_id=episode.line_id,
        event=EVENTS[entry.kind],
        at=entry.at,
        vantage=entry.writer,
        incident_id=episode.id,
        category="degradation" if episode.interruption_at is None else "interruption",
        duration_s=max(0, whole_second(entry.at) - whole_second(episode.onset)),
    )
