"""Which time leaves the clock: adjudicating recorded exclusions and planned work (domain, sections 1 and 4)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from .contract import Contract, NoticeTerms
from .facts import Exclusion, Maintenance
from .incident import Incident
from .inventory import FAR_FUTURE, Line, Period
from .phrase import Phrase
from .timespan import Span, SpanSet, whole_second

PLANNED = "planned_maintenance"
CUSTOMER_SIDE = "customer_side"


@dataclass(frozen=True, slots=True)
class Adjudged:
    """A recorded exclusion with the decision on it; `end` None is a stop-clock still running.

    `from_window` tells that it stands for a maintenance record, accepted or not.
    """

    kind: str
    start: datetime
    end: datetime | None
    accepted: bool
    why: str
    clause: str | None
    seq: int = 0
    from_window: bool = False

    def seconds(self, until: int) -> Span[int] | None:
        """Return its whole seconds, a running one up to `until`."""
        start = whole_second(self.start)
        end = until if self.end is None else min(whole_second(self.end), until)
        return Span(start, end) if start < end else None


def accepted_seconds(adjudged: Iterable[Adjudged], until: int, kind: str | None = None) -> SpanSet[int]:
    """Return the union of the accepted exclusions (of one kind)."""
    return SpanSet(a.seconds(until) for a in adjudged if a.accepted and (kind is None or a.kind == kind))


def concerning(windows: Iterable[Maintenance], line: Line) -> tuple[Maintenance, ...]:
    """Return the planned work that may concern a line: by its id, or by an upstream that it ever had."""
    upstreams = {period.upstream for period in line.periods if period.upstream is not None}
    return tuple(w for w in windows if w.upstream in upstreams or line.line_id in w.line_ids)


def concerns(window: Maintenance, line_id: str, period: Period) -> bool:
    """Tell whether planned work, not cancelled, concerns a line by its id or by its upstream at that time."""
    if window.cancelled:
        return False
    return line_id in window.line_ids or (window.upstream is not None and window.upstream == period.upstream)


def touches(window: Maintenance, incident: Incident, end: datetime) -> bool:
    """Tell whether planned work overlaps an incident, or a clock of it that a complaint started earlier."""
    start = incident.onset if incident.complaint is None else min(incident.onset, incident.complaint)
    return window.start < end and start < window.end


def adjudicate(
    incident: Incident, contract: Contract, windows: Sequence[Maintenance], horizon: datetime | None
) -> tuple[Adjudged, ...]:
    """Decide on everything recorded that could take time off the incident's clocks, in order of time.

    `windows` are those that touch it; what was entered by hand and begins after `horizon` has not happened yet (None:
    everything has).
    """
    found = [_planned(window, contract) for window in windows]
    found += [_by_hand(e, contract) for e in incident.exclusions if horizon is None or e.start < horizon]
    return tuple(sorted(found, key=lambda a: (a.start, a.kind, a.end or FAR_FUTURE, a.accepted, a.why, a.seq)))


def _planned(window: Maintenance, contract: Contract) -> Adjudged:
    terms = contract.exclusion(PLANNED)
    clause = terms.clause if terms is not None else None
    accepted, why = announced(window, contract) if terms is not None else (False, _not_listed(PLANNED))
    return Adjudged(PLANNED, window.start, window.end, accepted, why, clause, window.seq, from_window=True)


def announced(window: Maintenance, contract: Contract) -> tuple[bool, str]:
    """Tell whether planned work was announced as agreed: early enough and through an agreed channel (clause 3.3).

    One notice that meets both is enough, whatever the others lack.
    """
    terms = contract.maintenance
    if terms is None:
        return False, Phrase("the contract does not say what notice planned work needs")
    found = [_notice(window, at, channel, terms) for at, channel in _notices(window)]
    if not found:
        needed = f"{terms.notice_hours:g}"
        return False, Phrase("no notice on record; the contract requires {needed} h", needed=needed)
    return next((one for one in found if one[0]), found[0])


def _notices(window: Maintenance) -> list[tuple[datetime, str | None]]:
    entered = [] if window.notified_at is None else [(window.notified_at, window.channel)]
    return [*entered, *window.further]


def _notice(window: Maintenance, at: datetime, channel: str | None, terms: NoticeTerms) -> tuple[bool, Phrase]:
    needed, ahead = f"{terms.notice_hours:g}", window.start - at
    hours = f"{ahead / timedelta(hours=1):.4g}"
    if ahead < timedelta(0):
        return False, Phrase("notified after the start; the contract requires {needed} h", needed=needed)
    if ahead < timedelta(hours=terms.notice_hours):
        return False, Phrase("notified {hours} h ahead; the contract requires {needed} h", hours=hours, needed=needed)
    if channel not in terms.channels:
        return False, _wrong_channel(channel, ", ".join(terms.channels))
    return True, Phrase("notified {hours} h ahead by {channel}", hours=hours, channel=channel)


def _wrong_channel(channel: str | None, channels: str) -> Phrase:
    if not channel:
        return Phrase("notified by no channel on record; the contract requires one of {channels}", channels=channels)
    said = "notified by {channel}; the contract requires one of {channels}"
    return Phrase(said, channel=channel, channels=channels)


def _by_hand(exclusion: Exclusion, contract: Contract) -> Adjudged:
    terms = contract.exclusion(exclusion.kind)
    accepted, why = True, exclusion.reason
    if terms is None or exclusion.kind == PLANNED:
        accepted, why = False, _not_listed(exclusion.kind)
    elif terms.evidence and not exclusion.evidence:
        accepted, why = False, Phrase("no evidence on file; the contract requires it")
    elif terms.notify_within_days is not None:
        accepted, why = _told_in_time(exclusion, terms.notify_within_days)
    clause = terms.clause if terms is not None else None
    return Adjudged(exclusion.kind, exclusion.start, exclusion.end, accepted, why, clause, exclusion.seq)


def _told_in_time(exclusion: Exclusion, days: int) -> tuple[bool, str]:
    if exclusion.notified_at is None:
        return False, Phrase("no notice on record; the contract requires one within {needed} days", needed=days)
    if exclusion.notified_at - exclusion.start > timedelta(days=days):
        taken = f"{(exclusion.notified_at - exclusion.start) / timedelta(days=1):.3g}"
        said = "notified {days} days after it began; the contract requires {needed}"
        return False, Phrase(said, days=taken, needed=days)
    return True, exclusion.reason


def _not_listed(kind: str) -> Phrase:
    return Phrase("the contract does not list {kind} among its exclusions", kind=kind)
