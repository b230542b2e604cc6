"""The SLA clock: how long a restore took, and how much of the limit is left (domain, section 4).

Instants are rounded to whole seconds first and subtracted then; a breach is more than the limit, never equal to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .contract import Contract
from .exclusion import CUSTOMER_SIDE, Adjudged, accepted_seconds
from .facts import Category
from .incident import Incident, Kind
from .inventory import Period
from .timespan import SpanSet, seconds_in, whole_second, whole_seconds

STATUTORY = "statutory"


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of an incident; seconds are whole, `limit_s` None where nothing sets a limit."""

    category: str
    start: datetime
    end: datetime
    excluded_s: int
    restore_s: int
    limit_s: int | None
    running: bool = False

    @property
    def breached(self) -> bool:
        return self.limit_s is not None and self.restore_s > self.limit_s

    @property
    def overrun_s(self) -> int | None:
        return None if self.limit_s is None else max(0, self.restore_s - self.limit_s)

    @property
    def remaining_s(self) -> int | None:
        """Seconds left until the limit, negative once it is missed."""
        return None if self.limit_s is None else self.limit_s - self.restore_s


def clocks(
    incident: Incident, contract: Contract, period: Period, adjudged: Sequence[Adjudged], until: datetime
) -> tuple[Clock, ...]:
    """Return the clocks of an incident as they stand at `until`: one a category it contains, and the law's.

    A false alarm has none. A clock whose start is not before its end is left out.
    """
    if incident.false_alarm:
        return ()
    running = incident.restored is None
    excluded = accepted_seconds(adjudged, whole_second(until))
    found = []
    for category, start, end in _spans(incident, contract, until):
        limit_s = contract.limit_s(category, period.tier, period.span)
        found.append(_clock(category, _floored(incident, start), end, excluded, limit_s, running=running))
    if incident.complaint is not None and incident.complaint < until:
        limit_s = int(contract.statutory_hours(period.area) * 3600)
        customer = accepted_seconds(adjudged, whole_second(until), CUSTOMER_SIDE)
        start, end = _floored(incident, incident.complaint), clock_end(incident, contract, until)
        found.append(_clock(STATUTORY, start, end, customer, limit_s, running=running))
    return tuple(clock for clock in found if clock is not None)


def clock_end(incident: Incident, contract: Contract, until: datetime) -> datetime:
    """Return where clocks end: restored (or handed back, or the early bound, as the contract says), or `until`."""
    if incident.restored is None:
        return until
    if contract.clock_end == "handed_back" and incident.handed_back is not None:
        return min(incident.handed_back, until)
    early = contract.uncertain_end == "early" and incident.restored_earliest is not None
    end = incident.restored_earliest if early else incident.restored
    return min(end if end is not None else incident.restored, until)


def _spans(incident: Incident, contract: Contract, until: datetime) -> list[tuple[Category, datetime, datetime]]:
    """Return start and end of the contract's clocks, floors not yet applied."""
    end = clock_end(incident, contract, until)
    if incident.reported is not None:
        return [] if incident.complaint is None else [(incident.reported, incident.complaint, end)]
    found = []
    interruptions = [s for s in incident.segments if s.kind is Kind.INTERRUPTION and s.start < until]
    if interruptions:
        usable = contract.interruption_ends == "usable"
        stop = min(interruptions[-1].end, until) if usable else end
        found.append((Category.INTERRUPTION, _interruption_start(incident), stop))
    degraded = any(s.kind is Kind.DEGRADATION and s.start < until for s in incident.segments)
    starts = [at for at in (incident.alarm, incident.complaint) if at is not None]
    if degraded and starts:
        found.append((Category.DEGRADATION, min(starts), end))
    return found


def _interruption_start(incident: Incident) -> datetime:
    """Return the earlier of rule (a)'s confirmation and the first complaint of an interruption."""
    interruptions = [s for s in incident.segments if s.kind is Kind.INTERRUPTION]
    confirmed = min(s.confirmed or s.start for s in interruptions)
    starts = [max(confirmed, incident.onset)]
    for complaint in incident.complaints:
        if incident.restored is not None and complaint.at >= incident.restored:
            continue
        inside = any(s.start <= complaint.at < s.end for s in interruptions)
        if complaint.category is Category.INTERRUPTION or inside:
            starts.append(complaint.at)
    return min(starts)


def _floored(incident: Incident, start: datetime) -> datetime:
    """No clock starts before the previous incident of the line was restored, so that no hour counts twice (F22)."""
    return start if incident.floor is None else max(start, incident.floor)


def _clock(
    category: str, start: datetime, end: datetime, excluded: SpanSet[int], limit_s: int | None, *, running: bool
) -> Clock | None:
    if not start < end:
        return None
    whole = whole_seconds(start, end)
    taken_s = seconds_in(excluded.within(whole))
    length_s = whole.end - whole.start if whole is not None else 0
    return Clock(category, start, end, taken_s, length_s - taken_s, limit_s, running)
