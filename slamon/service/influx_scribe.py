"""From what the judging shows to the spool: copies in, frames out, in a thread of its own.

`see` copies and returns; whatever takes time (packing, the disk) happens on the other side of a queue that is bounded
in bytes. A disk that is slow or full makes the queue and the spool's memory fill up, and then lose the oldest, counted;
it never makes anybody wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from slamon.core.reading import InterfaceStats
from slamon.probes.protocol import Health
from slamon.service.companion import Seen
from slamon.service.influx_quiet import Loudness
from slamon.service.influx_series import own_of, pack_names
from slamon.service.site import Site
from slamon.sinks.line_protocol import Point, Value, line
from slamon.sinks.points import health_point, interface_point
from slamon.store.frames import loud_frame, rows_frame, text_frame
from slamon.store.rows import Rows
from slamon.store.spool import Spool

QUEUE_BYTES = 64 << 20
FRAME_ROWS = 20_000
HEALTH_S = 10.0


@dataclass(slots=True)
class _Taken:
    rows: Rows
    ids: Sequence[str]
    words: Sequence[str | None]


class Scribe:
    """Writes what was seen to the spool; `quiet` None: every window is sent as it is.

    `see` and `add` belong to the loop, `write` to the writing thread.
    """

    def __init__(self, site: Site, spool: Spool, quiet: Spool | None, loudness: Loudness) -> None:
        self._site = site
        self._spool = spool
        self._quiet = quiet
        self._loudness = loudness
        self._queue: deque[_Taken] = deque()
        self._queued_bytes = 0
        self._points: deque[Point] = deque()
        self._lock = threading.Lock()
        self._names: tuple[int, bytes] = (-1, b"")
        self._health: Health | None = None
        self._healths: deque[tuple[Health, Health | None, int]] = deque()
        self._quiet_until: int | None = None
        self.newest_us = 0
        self.lost_points = 0
        self.arrived = threading.Event()

    def adopt(self, site: Site) -> None:
        """Use the names of a configuration that was loaded anew."""
        with self._lock:
            self._site, self._names = site, (-1, b"")

    # --- in the loop ---

    def see(self, seen: Seen) -> None:
        """Copy what was judged; returns at once."""
        self._take_health(seen.health)
        if not seen.rows.size:
            return
        taken = _Taken(seen.rows.copy(), seen.ids, seen.words)
        with self._lock:
            self._queue.append(taken)
            self._queued_bytes += taken.rows.nbytes
            while self._queued_bytes > QUEUE_BYTES and len(self._queue) > 1:
                gone = self._queue.popleft()
                self._queued_bytes -= gone.rows.nbytes
                self.lost_points += gone.rows.size
        self.arrived.set()

    def add_port(self, line_id: str, stats: InterfaceStats, at: datetime) -> None:
        """Take note of a carrier's port as it was polled at an instant."""
        self._points.append(interface_point(line_id, self._site.vantage, stats, at))
        self.arrived.set()

    def _take_health(self, health: Health) -> None:
        before = self._health
        if before is not None and (health.at - before.at).total_seconds() < HEALTH_S:
            return
        self._health = health
        self._healths.append((health, before, sum(one.rows.size for one in self._queue)))

    # --- in the writing thread ---

    def write(self) -> int:
        """Write everything that waits to the spool, and return how many rows that were."""
        self.arrived.clear()
        with self._lock:
            taken, self._queue = list(self._queue), deque()
            self._queued_bytes = 0
        self._write_points()
        count = 0
        while taken:
            group = [taken.pop(0)]
            while taken and sum(one.rows.size for one in group) + taken[0].rows.size <= FRAME_ROWS:
                group.append(taken.pop(0))
            rows = np.concatenate([one.rows for one in group])
            self._write_rows(rows, list(group[-1].words), self._names_of(group[-1].ids))
            count += rows.size
        return count

    def _names_of(self, ids: Sequence[str]) -> bytes:
        with self._lock:
            site, known = self._site, self._names
        if known[0] != len(ids):
            fixed = list(ids)  # it grows elsewhere
            known = (len(fixed), pack_names(site.vantage, (own_of(site, line_id) for line_id in fixed)))
            with self._lock:
                if self._site is site:
                    self._names = known
        return known[1]

    def _write_rows(self, rows: Rows, words: list[str | None], names: bytes) -> None:
        self.newest_us = max(self.newest_us, int(rows["end"].max()))
        if self._quiet is None:
            self._spool.append(rows_frame(rows, words, names))
            return
        raw, waiting, turned = self._loudness.split(rows, names)
        if raw.size:
            self._spool.append(rows_frame(raw, words, names))
        if turned.size:
            self._quiet.append(loud_frame(turned, names))
        if waiting.size:
            self._begin_stretch(int(waiting["start"].min()))
            self._quiet.append(rows_frame(waiting, words, names))

    def _begin_stretch(self, start_us: int) -> None:
        """Begin a new file where a new stretch of the rollup begins: a file is what is rolled up together."""
        target = self._site.loaded.settings.influx
        span_us = (target.rollup_s if target is not None else 300) * 1_000_000
        stretch = start_us // span_us
        if self._quiet is not None and self._quiet_until is not None and stretch > self._quiet_until:
            self._quiet.roll()
        self._quiet_until = max(stretch, self._quiet_until or stretch)

    def _write_points(self) -> None:
        while self._healths:
            health, before, queue_rows = self._healths.popleft()
            fields = _health_fields(health, before)
            # The spool is asked here and not in the loop: it may be busy with the disk.
            fields |= {"queue_rows": queue_rows, "spool_points": self._spool.points}
            self._points.append(health_point(self._site.vantage, health.at, fields))
        while self._points:
            point = self._points.popleft()
            text = line(point)
            if text is not None:
                self._spool.append(text_frame(f"{text}\n".encode(), 1, point.at_ns // 1000))


def _health_fields(health: Health, before: Health | None) -> dict[str, Value]:
    """Return the prober's counters, and what they came to a second since the point before."""
    fields: dict[str, Value] = {
        "lines": health.lines,
        "loop_lag_max_ms": health.loop_lag_max_ms,
        "probes_sent": health.sent,
        "probes_received": health.received,
        "lost_sends": health.send_errors,
        "skipped_sends": health.skipped,
        "socket_drops": health.socket_drops,
        "late_replies": health.late,
        "duplicate_replies": health.duplicate,
        "corrupt_replies": health.corrupt,
        "forged_replies": health.forged,
        "confirm_capped": health.confirm_capped,
    }
    if before is not None and health.sent >= before.sent and health.at > before.at:
        fields["probes_per_s"] = (health.sent - before.sent) / (health.at - before.at).total_seconds()
    return fields
