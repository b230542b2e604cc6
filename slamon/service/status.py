"""What an operator wants to know first: open incidents by nearest deadline, what is unseen, how fresh it all is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from slamon.core.incident import Incident, State
from slamon.core.lifecycle import Phase
from slamon.core.slaclock import Clock
from slamon.core.statement import ticking
from slamon.core.timeline import assemble
from slamon.service.daemon_lock import daemon_pid
from slamon.service.influx_progress import Progress, events_behind, read_progress
from slamon.service.site import Site
from slamon.service.snmp_status import SilentAgent, silent_agents
from slamon.store import outbox
from slamon.store.book import Fleet, read_chosen
from slamon.store.filed import COMPLAINT


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An incident that is not over, with its clocks as they stand."""

    incident: Incident
    name: str
    customer_name: str
    tier: str | None
    clocks: tuple[Clock, ...]
    departed: bool

    @property
    def remaining_s(self) -> int | None:
        """Seconds to the nearest limit that is not missed yet; to the last missed one where all are."""
        left = [clock.remaining_s for clock in self.clocks if clock.remaining_s is not None]
        ahead = [seconds for seconds in left if seconds >= 0]
        return min(ahead) if ahead else max(left, default=None)


@dataclass(frozen=True, slots=True)
class BlindLine:
    """A line that cannot be seen since an instant."""

    line_id: str
    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """How a site stands at an instant; `last_poll` is the latest instant to which any line was observed."""

    vantage: str
    at: datetime
    daemon_pid: int | None
    lines: int
    last_poll: datetime | None
    checkpoint_at: datetime | None
    open: tuple[OpenIncident, ...]
    blind: tuple[BlindLine, ...]
    customer_side: tuple[str, ...]
    suspect: tuple[str, ...]
    backlogs: dict[str, int]
    silent_agents: tuple[SilentAgent, ...] = ()
    delivery: Progress | None = None


def status(site: Site, at: datetime) -> Status:
    """Return how a site stands; clocks run up to `at`."""
    fleet = site.fleet()
    stored = site.ledger.checkpoint(site.vantage)
    complained = {entry.line_id or "" for entry in site.ledger.entries(kinds={COMPLAINT})}
    judges = {line_id: judge for line_id in fleet.states if (judge := fleet.judge(line_id)) is not None}
    going_on = {line_id for line_id, judge in judges.items() if judge.course.episode() is not None}
    delivery = _delivery(site)
    return Status(
        vantage=site.vantage,
        at=at,
        daemon_pid=daemon_pid(site.loaded.settings.state_dir),
        lines=len(site.loaded.inventory.lines),
        last_poll=fleet.as_of,
        checkpoint_at=stored[0] if stored is not None else None,
        open=tuple(_open(site, fleet, sorted((going_on | complained) & site.lines.keys()), at)),
        blind=tuple(_blind(site, fleet)),
        customer_side=tuple(sorted(k for k, judge in judges.items() if judge.aside.start is not None)),
        suspect=tuple(sorted(k for k, judge in judges.items() if judge.course.phase is Phase.SUSPECT)),
        backlogs=_backlogs(site, delivery, at),
        silent_agents=silent_agents(site),
        delivery=delivery,
    )


def _delivery(site: Site) -> Progress | None:
    """Return how the copy to InfluxDB stood when the daemon last said so, the ledger's part as it is now."""
    settings = site.loaded.settings
    found = None if settings.influx is None else read_progress(settings.state_dir)
    return None if found is None else replace(found, events_behind=events_behind(site.ledger))


def _backlogs(site: Site, delivery: Progress | None, at: datetime) -> dict[str, int]:
    """Return what waits to leave this machine, by what it is, and the alerts that were given up within the last day."""
    alerts = outbox.backlog(site.ledger, at - timedelta(days=1))
    found = {f"alerts by {channel}": count for channel, count in sorted(alerts.waiting.items())}
    if alerts.dead:
        found["alerts given up within a day"] = alerts.dead
    if delivery is not None:
        found["InfluxDB: measurements"] = delivery.waiting_points + delivery.held_back_points
        found["InfluxDB: events"] = delivery.events_behind
    return found


def _open(site: Site, fleet: Fleet, line_ids: list[str], at: datetime) -> Iterable[OpenIncident]:
    """Yield open incidents, the nearest deadline first, those without a limit last."""
    found = []
    for line_id, book in read_chosen(site.ledger, fleet, line_ids).items():
        terms = site.terms(line_id)
        measured = replace(book.measured, until=max(book.measured.until, at))
        for incident in assemble(terms, measured, book.filed).incidents:
            if incident.state in (State.OPEN, State.REPORTED):
                period = terms.period_at(incident.onset)
                clocks = ticking(terms, book.filed, incident, at)
                found.append(
                    OpenIncident(incident, period.name, period.customer_name, period.tier, clocks, terms.line.departed)
                )
    return sorted(found, key=lambda one: (one.remaining_s is None, one.remaining_s or 0, one.incident.onset))


def _blind(site: Site, fleet: Fleet) -> Iterable[BlindLine]:
    for line_id in sorted(site.loaded.inventory.lines):
        coverage = fleet.coverage(line_id)
        if coverage.blind_from is not None:
            yield BlindLine(line_id, coverage.blind_from, coverage.blind_reason)
