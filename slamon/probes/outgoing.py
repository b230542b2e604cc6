"""What waits to be handed on: readings and events of the next batch, and the prober's own counters."""

from __future__ import annotations

from datetime import datetime

from slamon.core.reading import Reading
from slamon.probes.flights import Counters
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import Batch, Health, ProbeEvent

_BATCH_NS = 100 * MS_NS
_HEARTBEAT_NS = SECOND_NS
_OVERLOAD_SAID_EVERY_NS = 10 * SECOND_NS


class Outgoing:
    """The next batch: at most every 100 ms when there is something to say, at least each second."""

    def __init__(self, now_ns: int) -> None:
        self.readings: list[Reading] = []
        self.events: list[ProbeEvent] = []
        self.send_errors = self.skipped = self.confirm_capped = 0
        self._lag_ns = self._skipped_said = 0
        self._batch_ns = now_ns
        self._overload_said_ns = now_ns - _OVERLOAD_SAID_EVERY_NS

    def lagged(self, late_ns: int) -> None:
        """Note how late a tick was."""
        self._lag_ns = max(self._lag_ns, late_ns)

    def is_due(self, now_ns: int) -> bool:
        """Tell whether a batch is due."""
        return now_ns - self._batch_ns >= (_BATCH_NS if self.readings or self.events else _HEARTBEAT_NS)

    def take(self, now_ns: int, at: datetime, lines: int, socket_drops: int, counters: Counters) -> Batch:
        """Return the batch and begin the next one."""
        self._say_overload(now_ns, at)
        health = Health(
            at=at,
            lines=lines,
            sent=counters.sent,
            received=counters.received,
            late=counters.late,
            duplicate=counters.duplicate,
            corrupt=counters.corrupt,
            forged=counters.forged,
            send_errors=self.send_errors,
            socket_drops=socket_drops,
            skipped=self.skipped,
            confirm_capped=self.confirm_capped,
            loop_lag_max_ms=self._lag_ns / MS_NS,
        )
        batch = Batch(tuple(self.readings), health, tuple(self.events))
        self.readings, self.events = [], []
        self._lag_ns, self._batch_ns = 0, now_ns
        return batch

    def _say_overload(self, now_ns: int, at: datetime) -> None:
        if self.skipped > self._skipped_said and now_ns - self._overload_said_ns >= _OVERLOAD_SAID_EVERY_NS:
            detail = f"{self.skipped - self._skipped_said} packets were due and could not leave in time"
            self.events.append(ProbeEvent("overload", at, detail))
            self._skipped_said, self._overload_said_ns = self.skipped, now_ns
