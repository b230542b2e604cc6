"""From what a line measured and what people filed to its incidents (domain, section 3).

Everything is derived anew from the facts, in the order in which things happened and not in the order in which
they were filed: a complaint entered a week late, or before the readings were replayed, gives the same incidents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .complaints import NO_AMENDMENT, Amendment, Desk, fold, join
from .contract import Contract, Contracts
from .facts import LineFacts, Responsibility
from .fusion import SOURCES, parted
from .incident import EndedBy, Episode, Incident, Notice, Segment
from .inventory import Line, Period, service_spans
from .location import ALONE, Vicinity, testimony
from .quality import Verdict
from .recut import recut
from .scene import Scene, Shown, Sights, scene_of
from .segments import between, cut, join_blind, merged, reshaped
from .timespan import Span, SpanSet

CARRIER_EVIDENCE = frozenset({"demarc", "interface"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What is on record of one line's measuring: episodes by onset, notices, `NO_DATA` time, and the horizon.

    `until` is how far any line has been observed; `numbers` maps incident ids to their short numbers; `vicinity` is
    what is on record around the line, for whoever asks where a fault lies.
    """

    episodes: tuple[Episode, ...]
    notices: tuple[Notice, ...]
    nodata: SpanSet[datetime]
    until: datetime
    numbers: Mapping[str, int]
    vicinity: Vicinity = ALONE


@dataclass(frozen=True, slots=True)
class Timeline:
    """A line's incidents by onset, its customer-side notices, and when it was in service."""

    incidents: tuple[Incident, ...]
    notices: tuple[Notice, ...]
    service: SpanSet[datetime]


@dataclass(frozen=True, slots=True)
class LineTerms:
    """A line with the contracts that it is judged by; days are natural days in `zone`."""

    line: Line
    contracts: Contracts

    @property
    def zone(self) -> ZoneInfo:
        return self.contracts.of(self.line.current.contract)[-1].zone

    def period_at(self, instant: datetime) -> Period:
        if len(self.line.periods) == 1:
            return self.line.periods[0]
        return self.line.period_on(instant.astimezone(self.zone).date())

    def contract_at(self, instant: datetime) -> Contract:
        return self.contracts.at(self.period_at(instant).contract, instant)

    def service(self, filed: LineFacts) -> SpanSet[datetime]:
        """Return when the line is in service: its periods less its suspensions."""
        plain = service_spans(self.line, self.zone, SpanSet())
        if not filed.suspensions or not plain:
            return plain
        last = plain.spans[-1].end
        stops = [(s.start, last if s.end is None else s.end) for s in filed.suspensions]
        return plain - SpanSet(Span(start, end) for start, end in stops if start < end)


def assemble(terms: LineTerms, measured: Measured, filed: LineFacts) -> Timeline:
    """Return the incidents of a line, complaints joined and corrections applied."""
    service = terms.service(filed)
    amendments = fold(filed.corrections)
    incidents: list[Incident] = []
    for group in _groups(terms, measured, service):
        floor = _floor(incidents[-1]) if incidents else None
        incidents.append(_measured_incident(terms, group, measured, amendments, floor))
    desk = Desk(terms.line.line_id, terms.contract_at, service, measured.until, amendments, measured.numbers)
    joined = join(desk, incidents, filed.complaints, list(_in_service(measured, service)))
    return Timeline(tuple(_with_floors(_with_filings(joined.incidents, filed))), joined.notices, service)


def _in_service(measured: Measured, service: SpanSet[datetime]) -> Iterator[Notice]:
    """Yield the parts of notices inside service time that lasted long enough; outside it nothing is judged."""
    for notice in measured.notices:
        seen_to = measured.until if notice.end is None else notice.end
        for span in service:
            start, over = max(notice.start, span.start), min(seen_to, span.end)
            silent_to = over if notice.silent_to is None else min(notice.silent_to, span.end)
            if start < over and (silent_to - start).total_seconds() >= notice.open_after_s:
                running = notice.end is None and seen_to < span.end
                yield replace(notice, start=start, end=None if running else over)


def continues(previous: Episode, onset: datetime, contract: Contract) -> bool:
    """Tell whether an episode that begins at `onset` continues the one before (a line that flaps, F24)."""
    if previous.restored is None or previous.ended_by is not EndedBy.UP:
        return False
    return onset - previous.restored <= timedelta(seconds=contract.reopen_within_s)


@dataclass(frozen=True, slots=True)
class _Piece:
    """An episode cut to service time, and the id under which it was recorded."""

    episode: Episode
    recorded_as: str


def _groups(terms: LineTerms, measured: Measured, service: SpanSet[datetime]) -> Iterator[list[_Piece]]:
    """Yield the pieces of each incident."""
    group: list[_Piece] = []
    for recorded in measured.episodes:
        for episode in recut(recorded, service, measured.until):
            if group and continues(group[-1].episode, episode.onset, terms.contract_at(group[0].episode.onset)):
                group.append(_Piece(episode, recorded.id))
                continue
            if group:
                yield group
            group = [_Piece(episode, recorded.id)]
    if group:
        yield group


def _measured_incident(
    terms: LineTerms,
    group: Sequence[_Piece],
    measured: Measured,
    amendments: Mapping[str, Amendment],
    floor: datetime | None,
) -> Incident:
    first, last = group[0].episode, group[-1].episode
    contract = terms.contract_at(first.onset)
    scene = _scene([piece.episode for piece in group])
    evidence = _evidence(group)
    if not CARRIER_EVIDENCE & set(evidence) and testimony(scene, first.onset, last.restored or last.runs[-1].end):
        evidence = tuple(source for source in SOURCES if source in {*evidence, "interface"})
    ids = tuple(dict.fromkeys([first.id, *(i for piece in group for i in (piece.episode.id, piece.recorded_as))]))
    incident = Incident(
        id=first.id,
        line_id=first.line_id,
        number=measured.numbers.get(first.id),
        onset=first.onset,
        alarm=first.alarm,
        restored=last.restored,
        restored_earliest=last.restored_earliest,
        segments=tuple(join_blind(_segments(group, measured), contract.blind_joins_s)),
        evidence=evidence,
        responsibility=Responsibility.CARRIER if CARRIER_EVIDENCE & set(evidence) else Responsibility.UNDECIDED,
        floor=floor,
        derived_from=ids,
        scene=scene,
    )
    return _amended(incident, amendments, measured.until)


def _segments(group: Sequence[_Piece], measured: Measured) -> list[Segment]:
    segments: list[Segment] = []
    for piece in group:
        if segments:
            segments.extend(between(segments[-1].end, piece.episode.onset, measured.nodata))
        segments.extend(cut(piece.episode, measured.until))
    return merged(segments)


def _scene(episodes: Sequence[Episode]) -> Scene:
    """Return what was seen in all episodes of an incident."""
    runs = frozenset([(run.verdict, run.source, run.letters) for episode in episodes for run in episode.runs])
    return _view(runs, tuple([episode.sights for episode in episodes]))


@lru_cache(maxsize=4096)  # most incidents of a month look like others
def _view(runs: frozenset[tuple[Verdict, str | None, str | None]], sights: tuple[Sights, ...]) -> Scene:
    return scene_of([Shown(*run) for run in runs], sights)


def _evidence(group: Sequence[_Piece]) -> tuple[str, ...]:
    """Return what the impaired readings rest on, the carrier's part first."""
    words = {run.source for piece in group for run in piece.episode.runs if run.verdict is not Verdict.UP}
    seen = frozenset[str]().union(*map(parted, words))
    return tuple(source for source in SOURCES if source in seen)


def _amended(incident: Incident, amendments: Mapping[str, Amendment], until: datetime) -> Incident:
    """Apply what people corrected; what was filed under an id that this incident absorbed holds for it too."""
    if not amendments:
        return incident
    own = amendments.get(incident.id, NO_AMENDMENT)
    inherited = [amendments[i] for i in incident.derived_from[1:] if i in amendments]
    responsibility = next((a.responsibility for a in [own, *inherited] if a.responsibility is not None), None)
    incident = replace(
        incident,
        responsibility=responsibility or incident.responsibility,
        decided=responsibility,
        false_alarm=own.false_alarm or any(a.false_alarm for a in inherited),
    )
    if own.onset is None and own.restored is None:
        return incident
    onset = own.onset if own.onset is not None else incident.onset
    restored = own.restored if own.restored is not None else incident.restored
    end = restored if restored is not None else max(until, incident.segments[-1].end)
    return replace(
        incident,
        onset=onset,
        alarm=None if incident.alarm is None else max(incident.alarm, onset),
        restored=restored,
        restored_earliest=restored if own.restored is not None else incident.restored_earliest,
        segments=reshaped(incident.segments, onset, end),
    )


def _with_filings(incidents: Sequence[Incident], filed: LineFacts) -> Iterator[Incident]:
    """Attach exclusions and hand-backs to the incident that their id names or was absorbed by."""
    for incident in incidents:
        if not filed.exclusions and not filed.handbacks:
            yield incident
            continue
        ids = frozenset(incident.derived_from)
        exclusions = tuple(e for e in filed.exclusions if e.incident_id in ids)
        handbacks = [h.at for h in filed.handbacks if h.incident_id in ids]
        yield replace(incident, exclusions=exclusions, handed_back=handbacks[-1] if handbacks else None)


def _with_floors(incidents: Iterator[Incident]) -> Iterator[Incident]:
    """Tell each incident when the ones before it were restored: no clock starts earlier (F22)."""
    before: Incident | None = None
    for incident in incidents:
        floor = _floor(before) if before is not None else None
        before = replace(incident, floor=floor) if floor != incident.floor else incident
        yield before


def _floor(incident: Incident) -> datetime | None:
    """Return the instant before which no clock of the next incident starts; a false alarm holds none back."""
    known = [incident.floor, None if incident.false_alarm else incident.restored]
    return max((instant for instant in known if instant is not None), default=None)
