"""Suspending a line and resuming it (clauses 4.10 to 4.12)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum

from slamon.core.facts import Suspension
from slamon.core.incident import Incident
from slamon.core.inventory import FAR_FUTURE, service_spans
from slamon.core.timespan import Span, SpanSet
from slamon.reports.texts import local
from slamon.reports.wording import named
from slamon.service.archive import found_drafts
from slamon.service.desk import DeskError, Filed, Filing, LineFile, When, filing, line_of
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.entry import Draft


class Ground(StrEnum):
    """Why a line is suspended."""

    ARREARS = "arrears"
    POLICY = "policy"
    REQUEST = "request"


def suspend(site: Site, line_id: str, start: When, end: When | None, ground: Ground) -> Filed:
    """Suspend a line's service; without an end until it is resumed."""
    line_of(site, line_id)
    with filing(site) as desk:
        before = desk.line_file(line_id)
        zone = before.zone
        first, last = start(zone), None if end is None else end(zone)
        if last is not None and not first < last:
            raise DeskError(f"a suspension ends after it begins: {local(first, zone)} to {local(last, zone)}")
        _refuse_overlap(before, first, last)
        payload = {"end": filed.moment(last), "reason": ground.value}
        entries = desk.append([Draft(filed.SUSPENDED, first, payload, line_id=line_id)])
        entries += _numbered(desk, before)
        after = desk.line_file(line_id)
    until = "until it is resumed" if last is None else f"to {local(last, zone)}"
    said = [f"{line_id} is suspended from {local(first, zone)} {until} ({ground})", *_moved(before, after)]
    return Filed(entries, (line_id,), tuple(said), tuple(_idle(before, first, last)))


def _refuse_overlap(file: LineFile, first: datetime, last: datetime | None) -> None:
    wanted = Span(first, FAR_FUTURE if last is None else last)
    for known in file.book.filed.suspensions:
        span = _span(known)
        if span is not None and span.overlaps(wanted):
            until = "until it is resumed" if known.end is None else f"to {local(known.end, file.zone)}"
            there = f"{local(known.start, file.zone)} {until} ({known.reason})"
            hint = "choose other times, or end that one: `slamon line resume`"
            raise DeskError(f"{file.line.line_id} is suspended already from {there}", hint)


def _span(known: Suspension) -> Span[datetime] | None:
    end = FAR_FUTURE if known.end is None else known.end
    return Span(known.start, end) if known.start < end else None


def _idle(file: LineFile, first: datetime, last: datetime | None) -> Iterator[str]:
    serving: SpanSet[datetime] = service_spans(file.line, file.zone, SpanSet())
    if not serving.within(Span(first, FAR_FUTURE if last is None else last)):
        yield f"{file.line.line_id} has no service in that time anyway"


def _numbered(desk: Filing, before: LineFile) -> tuple[int, ...]:
    """Give numbers to incidents that only the new service time brought forth."""
    return desk.append(found_drafts(desk.reads, desk.fleet, before.terms))


def _moved(before: LineFile, after: LineFile) -> Iterator[str]:
    """Yield what the new service time did to the line's incidents."""
    was = {x.id: x for x in before.timeline.incidents}
    for incident in after.timeline.incidents:
        old = was.pop(incident.id, None)
        if old is None:
            yield f"incident {named(incident)} is new: {_lasting(incident, after)}"
        elif (old.onset, old.restored) != (incident.onset, incident.restored):
            yield f"incident {named(incident)} is now {_lasting(incident, after)}"
    for gone in was.values():
        yield f"incident {named(gone)} lies outside of service now"


def _lasting(incident: Incident, file: LineFile) -> str:
    end = "open" if incident.restored is None else f"to {local(incident.restored, file.zone)}"
    return f"from {local(incident.onset, file.zone)} {end}"


def resume(site: Site, line_id: str, at: When) -> Filed:
    """End the suspension that is in force at an instant; at its very beginning that takes it back."""
    line_of(site, line_id)
    with filing(site) as desk:
        before = desk.line_file(line_id)
        instant = at(before.zone)
        in_force = [
            known
            for known in before.book.filed.suspensions
            if known.start <= instant and (known.end is None or instant < known.end)
        ]
        if not in_force:
            raise DeskError(f"{line_id} is not suspended at {local(instant, before.zone)}", _known(before))
        entries = desk.append([Draft(filed.RESUMED, instant, {}, line_id=line_id)])
        entries += _numbered(desk, before)
        after = desk.line_file(line_id)
    said = [f"{line_id} is in service again from {local(instant, before.zone)}", *_moved(before, after)]
    return Filed(entries, (line_id,), tuple(said))


def _known(file: LineFile) -> str:
    found = [known for known in file.book.filed.suspensions if _span(known) is not None]
    if not found:
        return "no suspension of it is on record"
    last = found[-1]
    until = "on" if last.end is None else f"to {local(last.end, file.zone)}"
    return f"its last suspension is from {local(last.start, file.zone)} {until}"
