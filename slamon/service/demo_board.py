"""The demo's board, filled from what any other process can read: the ledger of a site whose daemon runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slamon.core.incident import Incident, State
from slamon.core.inventory import Line
from slamon.core.quality import Verdict
from slamon.core.reading import Reading, TargetStats
from slamon.core.slaclock import Clock
from slamon.reports.board import BoardIncident, BoardLine, Countdown
from slamon.reports.wording import named
from slamon.service.site import Site
from slamon.service.statements import timeline_of
from slamon.service.status import OpenIncident, Status, status
from slamon.store.book import EPISODE_KINDS
from slamon.store.evidence import unpack_readings

LOSS_OVER = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class Glance:
    """A site at an instant: what is open, what was restored, and each line's readings of the last minutes."""

    status: Status
    restored: tuple[Incident, ...]
    recent: dict[str, list[tuple[Reading, Verdict]]]

    def open_on(self, line_id: str) -> OpenIncident | None:
        """Return a line's open incident."""
        return next((one for one in self.status.open if one.incident.line_id == line_id), None)

    def restored_on(self, line_id: str) -> Incident | None:
        """Return a line's restored incident."""
        return next((one for one in self.restored if one.line_id == line_id), None)


def glance(site: Site, at: datetime) -> Glance:
    """Look at a site; raises `LedgerError`."""
    recent: dict[str, list[tuple[Reading, Verdict]]] = {}
    for batch in site.ledger.tail(site.vantage):
        for judged in unpack_readings(batch.data):
            recent.setdefault(judged[0].line_id, []).append(judged)
    return Glance(status(site, at), tuple(incidents(site, {State.RESTORED})), recent)


def incidents(site: Site, states: Collection[State] = frozenset(State)) -> Iterator[Incident]:
    """Yield the measured incidents of all lines that are in one of these states."""
    for line_id in sorted({entry.line_id or "" for entry in site.ledger.entries(kinds=EPISODE_KINDS)}):
        timeline, _ = timeline_of(site, line_id)
        yield from (one for one in timeline.incidents if one.state in states)


def board_lines(site: Site, seen: Glance) -> list[BoardLine]:
    """Return the rows of lines."""
    return [_line(line, seen.recent.get(line_id, [])) for line_id, line in site.loaded.inventory.lines.items()]


def _line(line: Line, recent: Sequence[tuple[Reading, Verdict]]) -> BoardLine:
    """Return the last verdict and RTT, and the loss of the last few seconds: one window has too few packets for it."""
    period = line.current
    row = (line.line_id, period.name, period.tier or "")
    if not recent:
        return BoardLine(*row)
    last, verdict = recent[-1]
    windows = [one for one, _ in recent if one.end > last.end - LOSS_OVER]
    targets = [target for one in windows if (target := _target(one)) is not None]
    sent = sum(target.sent for target in targets)
    loss = 1 - sum(target.received for target in targets) / sent if sent else None
    shown = _target(last)
    return BoardLine(*row, verdict, loss, None if shown is None else shown.rtt_mean_ms)


def _target(reading: Reading) -> TargetStats | None:
    return reading.cpe if reading.demarc is None else reading.demarc


def board_incidents(site: Site, seen: Glance) -> list[BoardIncident]:
    """Return the rows of incidents: open ones first, the nearest deadline on top."""
    running = [_open(site, one) for one in seen.status.open]
    return [*running, *(_restored(site, one) for one in seen.restored)]


def _open(site: Site, one: OpenIncident) -> BoardIncident:
    tickets = ", ".join(complaint.ticket for complaint in one.incident.complaints)
    note = f"ticket {tickets}" if tickets else "open"
    return _incident(site, one.incident, note, one.clocks, restored=False)


def _restored(site: Site, one: Incident) -> BoardIncident:
    zone = site.terms(one.line_id).zone
    at = _clock_time(one.restored, zone) if one.restored is not None else ""
    return _incident(site, one, f"restored {at}", (), restored=True)


def _incident(site: Site, one: Incident, note: str, clocks: tuple[Clock, ...], *, restored: bool) -> BoardIncident:
    terms = site.terms(one.line_id)
    return BoardIncident(
        name=named(one),
        line_id=one.line_id,
        tier=terms.period_at(one.onset).tier or "",
        category=one.category,
        onset=_clock_time(one.onset, terms.zone),
        note=note,
        countdowns=tuple(Countdown(clock.category, clock.remaining_s, clock.limit_s) for clock in clocks),
        restored=restored,
    )


def _clock_time(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%H:%M:%S}"
