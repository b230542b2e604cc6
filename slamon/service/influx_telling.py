"""What people are told of a delivery, and when: once when it begins, once when it is over, and of every loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from slamon.service.influx_progress import Progress

TELL_AFTER = timedelta(seconds=60)  # how long nothing may be confirmed before people are told
BACKLOG = "delivery.backlog"
RECOVERED = "delivery.recovered"
WELL = frozenset({"starting", "delivering", "replaying"})

log = structlog.get_logger()


@dataclass(slots=True)
class Telling:
    """What was told already; `look` is asked every second or so."""

    failing_since: datetime | None = None
    _told: bool = False
    _lost: int = 0
    _rolled: int = 0
    _disk: str = ""

    def look(self, progress: Progress) -> Iterator[tuple[str, str]]:
        """Yield what belongs into the ledger, as kind and detail."""
        failing = progress.state not in WELL
        if not failing:
            self.failing_since = None
        elif self.failing_since is None:
            self.failing_since = progress.at
        if self.failing_since is not None and not self._told and progress.at - self.failing_since >= TELL_AFTER:
            yield self._backlog(f"nothing was delivered for a minute: {progress.reason}")
        yield from self._room(progress)
        if self._told and not failing and not progress.backlog_points and not progress.disk:
            self._told = False
            yield RECOVERED, "everything that waited is delivered"

    def _room(self, progress: Progress) -> Iterator[tuple[str, str]]:
        if progress.disk and progress.disk != self._disk:
            log.error("influx_disk", reason=progress.disk)
            yield self._backlog(f"the spool cannot be written: {progress.disk}")
        self._disk = progress.disk
        if progress.rolled_from_points and not self._rolled:
            log.error("influx_spool_full", rolled_up_points=progress.rolled_from_points, bytes=progress.limit_bytes)
            yield self._backlog("the spool is full: the oldest windows are rolled up to minutes")
        self._rolled = progress.rolled_from_points
        if progress.lost_points > self._lost:
            log.error("influx_lost", points=progress.lost_points - self._lost, in_all=progress.lost_points)
            if not self._lost:
                yield self._backlog("measurements are lost: see lost_points in `slamon status --json`")
            self._lost = progress.lost_points

    def _backlog(self, detail: str) -> tuple[str, str]:
        self._told = True
        return BACKLOG, detail
