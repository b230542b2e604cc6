"""The companion that keeps the own history: counts judged rows, and writes what it counted each minute.

A kill loses what was counted since the last write: a minute at most, which the history then shows as blind time.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import structlog

from slamon.service import clock
from slamon.service.companion import Note, Seen
from slamon.service.site import Site
from slamon.store.rollups import Rollups, RollupsError, Tally
from slamon.store.rows import Rows

COUNT_S = 5.0
WRITE_S = 60.0
SETTLE = timedelta(hours=1)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class HistoryState:
    """How the own history fares since the start: rows written, hours given up because nothing could be written."""

    rows: int = 0
    writes: int = 0
    failures: int = 0
    dropped: int = 0
    cpu_s: float = 0.0


def zones_of(site: Site) -> dict[str, str]:
    """Return the time zone of each line: that of its contract."""
    lines, contracts = site.loaded.inventory.lines, site.contracts
    keys = {name: contracts.of(name)[-1].zone.key for name in {line.current.contract for line in lines.values()}}
    return {line_id: keys[line.current.contract] for line_id, line in lines.items()}


class RollupKeeping:
    """Keeps hours and days of every line (`slamon.service.companion.Companion`)."""

    name = "history"

    def __init__(
        self, write_s: float = WRITE_S, count_s: float = COUNT_S, now: Callable[[], datetime] = clock.now
    ) -> None:
        self._count_s = count_s
        self._now = now
        self._write_s = write_s
        self._site: Site | None = None
        self._zones: dict[str, str] = {}
        self._file: Rollups | None = None
        self._rows: list[Rows] = []
        self._ids: Sequence[str] = ()
        self._tally = Tally()
        self._settled: datetime | None = None
        self._turn = threading.Lock()  # a cancelled thread goes on to its end; the next one waits for it
        self.state = HistoryState()

    async def begin(self, site: Site, note: Note) -> None:  # noqa: ARG002 - the protocol's
        """Know the lines, before anything is in a hurry; a file that cannot be opened now is tried with each write."""
        await self.adopt(site)
        try:
            await asyncio.to_thread(self._open(site).enlist, self._zones)
        except RollupsError as error:
            log.error("history_not_written", reason=str(error))

    async def adopt(self, site: Site) -> None:
        """Go on with a configuration that was loaded anew."""
        self._site = site
        self._zones = await asyncio.to_thread(zones_of, site)

    def see(self, seen: Seen) -> None:
        """Copy the rows; they are counted later, many at once."""
        if seen.rows.size:
            self._rows.append(seen.rows.copy())
            self._ids = seen.ids

    async def run(self) -> None:
        """Count and write, for ever."""
        written = time.monotonic()
        while True:
            await asyncio.sleep(self._count_s)
            await asyncio.to_thread(self._count)
            if time.monotonic() - written >= self._write_s:
                written = time.monotonic()
                await asyncio.to_thread(self._write)

    async def end(self) -> None:
        """Write what was counted."""
        await asyncio.to_thread(self._write)
        if self._file is not None:
            self._file.close()

    def _count(self) -> None:
        with self._turn:
            rows, self._rows = self._rows, []
            if rows:
                self._tally.add(np.concatenate(rows))

    def _write(self) -> None:
        self._count()
        with self._turn:
            try:
                if self._site is not None:
                    self._put(self._site)
            except RollupsError as error:
                tally = self._tally
                log.error("history_not_written", reason=str(error), rows=tally.rows, dropped=tally.dropped)
                self.state = replace(self.state, failures=self.state.failures + 1)

    def _open(self, site: Site) -> Rollups:
        if self._file is None:
            self._file = Rollups.open(site.loaded.settings.state_dir)
        return self._file

    def _put(self, site: Site) -> None:
        settings, now, began = site.loaded.settings, self._now(), time.thread_time()
        file = self._open(site)
        if self._tally.rows:
            file.write(self._tally, self._ids, self._zones)
            was, tally, self._tally = self.state, self._tally, Tally()
            cpu_s = was.cpu_s + time.thread_time() - began
            self.state = HistoryState(
                was.rows + tally.rows, was.writes + 1, was.failures, was.dropped + tally.dropped, cpu_s
            )
        if self._settled is None or now - self._settled >= SETTLE:
            file.settle(now, settings.hourly_days, settings.daily_days)
            self._settled = now
