"""Incidents as alerting sees them: made anew for the lines where something happened, kept for the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from slamon.core.alerting.facts import AlertClock, AlertIncident, Mute
from slamon.core.exclusion import concerns
from slamon.core.facts import Maintenance, Responsibility
from slamon.core.incident import Incident, State
from slamon.core.inventory import Period
from slamon.core.slaclock import Clock
from slamon.core.statement import ticking
from slamon.core.timeline import LineTerms, assemble
from slamon.service.site import Site
from slamon.store.book import Fleet, LineBook, read_chosen

_MOMENT = timedelta(seconds=2)
# How long a restored incident is looked at: somebody may still have to be told, or to decide.
TOLD_FOR = timedelta(days=2)
DECIDED_WITHIN = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Names:
    """The ids under which planned work is known, by the number of the entry that announced it."""

    windows: Mapping[int, str]


def views(
    site: Site, fleet: Fleet, names: Names, line_ids: Sequence[str], at: datetime
) -> Iterator[tuple[str, tuple[AlertIncident, ...]]]:
    """Yield lines with their incidents as alerting sees them at an instant; unknown lines are passed over."""
    known = [line_id for line_id in line_ids if line_id in site.lines]
    for line_id, book in read_chosen(site.ledger, fleet, known).items():
        yield line_id, tuple(_of_line(site.terms(line_id), book, names, at))


def _of_line(terms: LineTerms, book: LineBook, names: Names, at: datetime) -> Iterator[AlertIncident]:
    measured = replace(book.measured, until=max(book.measured.until, at))
    for incident in assemble(terms, measured, book.filed).incidents:
        looked_at = TOLD_FOR if _awaited(incident) is None else DECIDED_WITHIN
        if incident.restored is None or incident.restored > at - looked_at:
            yield _view(terms, book, incident, names, at)


def _view(terms: LineTerms, book: LineBook, incident: Incident, names: Names, at: datetime) -> AlertIncident:
    period = terms.period_at(incident.onset)
    until = at if incident.restored is None else incident.restored
    windows = [w for w in book.filed.maintenance if concerns(w, terms.line.line_id, period)]
    edges = sorted(edge for w in windows for edge in (w.start, w.end) if edge > at)
    return AlertIncident(
        id=incident.id,
        line_id=incident.line_id,
        tier=period.tier,
        category=incident.category,
        state=incident.state,
        began=_began(incident),
        onset=incident.onset,
        number=incident.number,
        restored=incident.restored,
        clocks=tuple(_clocks(terms, book, incident, until, edges)),
        line_name=period.name,
        customer_id=period.customer_id,
        customer_name=period.customer_name,
        upstream=period.upstream,
        device=None if period.snmp_agent is None else period.snmp_agent.rpartition("@")[2],
        site=period.a_end,
        chain=period.oncall,
        responsibility=incident.responsibility,
        evidence=incident.evidence,
        awaited=_awaited(incident),
        mute=_mute(windows, incident, names, at),
        derived_from=incident.derived_from,
        fresh_until=edges[0] if edges and incident.restored is None else None,
    )


def _began(incident: Incident) -> datetime:
    return min((at for at in (incident.alarm, incident.complaint) if at is not None), default=incident.onset)


def _clocks(
    terms: LineTerms, book: LineBook, incident: Incident, until: datetime, edges: Sequence[datetime]
) -> Iterator[AlertClock]:
    is_open = incident.restored is None
    moment_later = {one.category: one for one in ticking(terms, book.filed, incident, until + _MOMENT)}
    ahead = [edge for edge in (*edges, *_exclusion_edges(incident, until)) if edge > until]
    for clock in ticking(terms, book.filed, incident, until):
        yield AlertClock(
            category=str(clock.category),
            used_s=clock.restore_s,
            limit_s=clock.limit_s,
            as_of=until,
            running=is_open and _passes(clock, moment_later.get(clock.category)),
            steady_until=min(ahead, default=None) if is_open else None,
        )


def _passes(clock: Clock, moment_later: Clock | None) -> bool:
    """Tell whether a clock's time passes: whatever holds it up, it shows a moment later."""
    return moment_later is not None and moment_later.restore_s > clock.restore_s


def _exclusion_edges(incident: Incident, until: datetime) -> Iterable[datetime]:
    for one in incident.exclusions:
        yield from (edge for edge in (one.start, one.end) if edge is not None and edge > until)


def _awaited(incident: Incident) -> str | None:
    waits = incident.state is State.RESTORED and incident.responsibility is Responsibility.UNDECIDED
    return "responsibility" if waits else None


def _mute(windows: Sequence[Maintenance], incident: Incident, names: Names, at: datetime) -> Mute | None:
    until = at if incident.restored is None else incident.restored
    covering = [w for w in windows if w.start <= until and incident.onset < w.end]
    if not covering:
        return None
    now = [w for w in covering if w.start <= at < w.end]
    chosen = max(now or covering, key=lambda w: (w.end, w.seq))
    return Mute(names.windows.get(chosen.seq, f"#{chosen.seq}"), chosen.start, chosen.end)


def hypothesis_of(onset: Mapping[str, Any], period: Period) -> str | None:
    """Return where a fault seems to be, from what was seen at its onset: the last hop that a traceroute reached."""
    hops = [hop for hop in onset.get("traceroute") or () if hop.get("address")]
    if not hops or hops[-1]["address"] in (period.demarc, period.cpe):
        return None
    return f"traceroute: {hops[-1]['address']} (hop {hops[-1]['hop']}), * * *"
