"""Which incident a complaint belongs to (domain, section 3, Complaints).

A complaint at t joins the incident open at t, else the next one whose alarm comes soon after, else one restored
shortly before (for the record only), else the customer-side notice it falls into; otherwise it opens a reported
incident. Order of filing plays no part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from .contract import Contract
from .facts import Category, Complaint, Correction, Responsibility
from .incident import Incident, Kind, Notice, Segment, incident_id
from .timespan import SpanSet


class Joined(NamedTuple):
    """Incidents by onset, reported ones among them; notices with their complaints."""

    incidents: list[Incident]
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class Amendment:
    """The corrections of one incident, folded: the last word on each member."""

    onset: datetime | None = None
    restored: datetime | None = None
    responsibility: Responsibility | None = None
    false_alarm: bool = False


NO_AMENDMENT = Amendment()


def fold(corrections: Sequence[Correction]) -> dict[str, Amendment]:
    """Return the last word on each corrected incident, by id."""
    folded: dict[str, Amendment] = {}
    for c in corrections:
        old = folded.get(c.incident_id, NO_AMENDMENT)
        folded[c.incident_id] = Amendment(
            onset=c.onset if c.onset is not None else old.onset,
            restored=c.restored if c.restored is not None else old.restored,
            responsibility=c.responsibility if c.responsibility is not None else old.responsibility,
            false_alarm=c.false_alarm if c.false_alarm is not None else old.false_alarm,
        )
    return folded


@dataclass(frozen=True, slots=True)
class Desk:
    """What is needed to place the complaints of one line; `until` is how far the lines have been observed."""

    line_id: str
    contract_at: Callable[[datetime], Contract]
    service: SpanSet[datetime]
    until: datetime
    amendments: Mapping[str, Amendment]
    numbers: Mapping[str, int]


@dataclass(slots=True)
class _Places:
    """Where complaints went so far; incidents are measured ones first, then reported ones as they are opened."""

    measured: Sequence[Incident]
    incidents: list[Incident]
    attached: dict[int, list[Complaint]]
    stood_for: dict[int, list[str]]
    aside: dict[int, list[Complaint]]


def join(
    desk: Desk, measured: Sequence[Incident], complaints: Sequence[Complaint], notices: Sequence[Notice]
) -> Joined:
    """Return all incidents of a line by onset with their complaints, and its notices with theirs."""
    places = _Places(measured, list(measured), {}, {}, {})
    waiting = sorted(complaints, key=_in_order)
    while waiting:
        complaint = waiting.pop(0)
        if complaint.at in desk.service:
            waiting = _place(desk, places, complaint, waiting, notices)
    incidents = [
        _with_complaints(desk, x, places.attached.get(i, []), places.stood_for.get(i, []))
        for i, x in enumerate(places.incidents)
    ]
    noted = tuple(replace(n, complaints=tuple(places.aside.get(i, ()))) for i, n in enumerate(notices))
    return Joined(sorted(incidents, key=lambda x: (x.onset, x.id)), noted)


def _place(
    desk: Desk, places: _Places, complaint: Complaint, waiting: list[Complaint], notices: Sequence[Notice]
) -> list[Complaint]:
    """Put one complaint where it belongs; return what still waits."""
    at = complaint.at
    place = _open_at(places.incidents, at)
    if place is None:
        place = _next_alarm(desk, places.measured, at)
    if place is None:
        place = _just_restored(desk, places, at)
    if place is not None:
        places.attached.setdefault(place, []).append(complaint)
        return waiting
    notice = next((i for i, n in enumerate(notices) if n.start <= at and (n.end is None or at < n.end)), None)
    if notice is not None:
        places.aside.setdefault(notice, []).append(complaint)
        return waiting
    group, end = _report(desk, places.measured, complaint, waiting)
    place = _first_alarm(desk, places.measured, at, end)
    if place is not None:
        places.stood_for.setdefault(place, []).append(incident_id(desk.line_id, at, reported=True))
    else:
        place = len(places.incidents)
        places.incidents.append(_reported(desk, complaint, end))
    places.attached.setdefault(place, []).extend(group)
    return [c for c in waiting if c not in group]


def _in_order(complaint: Complaint) -> tuple[datetime, bool, str]:
    """Order complaints by time; of two at the same instant the interruption comes first, whoever filed it first."""
    return complaint.at, complaint.category is not Category.INTERRUPTION, complaint.ticket


def _open_at(incidents: Sequence[Incident], at: datetime) -> int | None:
    return next((i for i, x in enumerate(incidents) if x.onset <= at and (x.restored is None or at < x.restored)), None)


def _next_alarm(desk: Desk, measured: Sequence[Incident], at: datetime) -> int | None:
    joins = timedelta(seconds=desk.contract_at(at).complaint_joins_s)
    soon = [
        (x.alarm, i)
        for i, x in enumerate(measured)
        if x.alarm is not None and at < x.alarm <= at + joins and _up_to_alarm(desk.service, at, x.alarm)
    ]
    return min(soon)[1] if soon else None


def _just_restored(desk: Desk, places: _Places, at: datetime) -> int | None:
    joins = timedelta(seconds=desk.contract_at(at).complaint_joins_s)
    lately = [
        (x.restored, i)
        for i, x in enumerate(places.incidents)
        if x.restored is not None and x.restored <= at < x.restored + joins
        if _same_service(desk.service, x.restored, at)
    ]
    return max(lately)[1] if lately else None


def _same_service(service: SpanSet[datetime], first: datetime, last: datetime) -> bool:
    """Tell whether no suspension lies between two instants (the end of service itself belongs to neither side)."""
    return any(span.start <= first and last < span.end for span in service)


def _up_to_alarm(service: SpanSet[datetime], at: datetime, alarm: datetime) -> bool:
    """Tell whether no suspension lies between an instant and an alarm, which may come with the last of the service."""
    return any(span.start <= at and alarm <= span.end for span in service)


def _first_alarm(desk: Desk, measured: Sequence[Incident], at: datetime, end: datetime | None) -> int | None:
    """Return the measured incident whose alarm comes while a reported one is open; it replaces that one."""
    during = [
        (x.alarm, i)
        for i, x in enumerate(measured)
        if x.alarm is not None and at < x.alarm and (end is None or x.alarm < end or _service_ends(desk, x.alarm, end))
    ]
    return min(during)[1] if during else None


def _service_ends(desk: Desk, alarm: datetime, end: datetime) -> bool:
    return alarm == end and any(span.end == end for span in desk.service)


def _report(
    desk: Desk, measured: Sequence[Incident], first: Complaint, waiting: Sequence[Complaint]
) -> tuple[list[Complaint], datetime | None]:
    """Return the complaints that share the reported incident that `first` opens, and when it is closed."""
    amended = desk.amendments.get(incident_id(desk.line_id, first.at, reported=True), NO_AMENDMENT)
    ends = [span.end for span in desk.service if first.at in span and span.end <= desk.until]
    end = _earliest([*ends, amended.restored if amended.restored is not None else first.closed_at])
    group = [first]
    for later in waiting:
        if end is not None and later.at >= end:
            break
        place = _first_alarm(desk, measured, first.at, end)
        alarm = None if place is None else measured[place].alarm
        if alarm is not None and (later.at >= alarm or _open_at(measured, later.at) is not None):
            break
        group.append(later)
        if amended.restored is None:
            end = _earliest([end, later.closed_at])
    return group, end


def _earliest(instants: Sequence[datetime | None]) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _reported(desk: Desk, first: Complaint, end: datetime | None) -> Incident:
    """Return the incident that a complaint opens; a person who gives both its instants confirms the span."""
    own_id = incident_id(desk.line_id, first.at, reported=True)
    amended = desk.amendments.get(own_id, NO_AMENDMENT)
    onset = amended.onset if amended.onset is not None else first.at
    confirmed = amended.onset is not None and amended.restored is not None and end is not None and onset < end
    return Incident(
        id=own_id,
        line_id=desk.line_id,
        number=desk.numbers.get(own_id),
        onset=onset,
        alarm=None,
        restored=end,
        restored_earliest=end,
        segments=(Segment(Kind(first.category.value), onset, end),) if confirmed and end is not None else (),
        evidence=("complaint",),
        responsibility=amended.responsibility or Responsibility.UNDECIDED,
        false_alarm=amended.false_alarm,
        reported=first.category,
        derived_from=(own_id,),
    )


def _with_complaints(desk: Desk, incident: Incident, complaints: list[Complaint], stood_for: list[str]) -> Incident:
    """Attach complaints; the first one made before `restored` is the complaint that counts.

    A responsibility that somebody decided for a reported incident holds for the measured one that replaced it, unless
    that one has a decision of its own.
    """
    if not complaints:
        return incident
    own = [desk.amendments[i].responsibility for i in incident.derived_from if i in desk.amendments]
    theirs = [desk.amendments[i].responsibility for i in stood_for if i in desk.amendments]
    decided = next((found for found in [*own, *theirs] if found is not None), None)
    ordered = tuple(sorted(complaints, key=_in_order))
    in_time = [c.at for c in ordered if incident.restored is None or c.at < incident.restored]
    return replace(
        incident,
        complaints=ordered,
        complaint=min(in_time, default=None),
        responsibility=decided or incident.responsibility,
        derived_from=(*incident.derived_from, *stood_for),
    )
