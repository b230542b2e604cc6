"""What waits to be handed on: rows, events and evidence of the next batch, and the prober's own counters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from slamon.core.reading import Reading
from slamon.probes.columns import ROW, Rows, put
from slamon.probes.flights import Counters
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import Batch, Health, OnsetEvidence, ProbeEvent

_BATCH_NS = 100 * MS_NS
_HEARTBEAT_NS = SECOND_NS
_OVERLOAD_SAID_EVERY_NS = 10 * SECOND_NS
_REASONS_KEPT = 10_000


class Reasons:
    """Why something could not be seen, by number; 0 is: it was seen."""

    def __init__(self) -> None:
        self.texts: list[str] = ["", "no packet was sent"]  # the second one is `closing.NO_PACKET`
        self._numbers: dict[str, int] = {text: number for number, text in enumerate(self.texts)}

    def number(self, text: str) -> int:
        """Return the number of a reason."""
        found = self._numbers.get(text)
        if found is None:
            if len(self.texts) > _REASONS_KEPT:
                return self.number("more reasons than can be told apart")
            found = self._numbers[text] = len(self.texts)
            self.texts.append(text)
        return found


class Outgoing:
    """The next batch: at most every 100 ms when there is something to say, at least each second."""

    def __init__(self, now_ns: int) -> None:
        self.reasons = Reasons()
        self._rows: list[Rows] = []
        self._single: list[tuple[int, Reading]] = []
        self.events: list[ProbeEvent] = []
        self.evidence: list[OnsetEvidence] = []
        self.send_errors = self.skipped = self.confirm_capped = 0
        self._lag_ns = self._skipped_said = 0
        self._batch_ns = now_ns
        self._overload_said_ns = now_ns - _OVERLOAD_SAID_EVERY_NS

    def add(self, line: int, reading: Reading) -> None:
        """Take the reading of a line, by its number in the roster."""
        self._single.append((line, reading))

    def add_rows(self, rows: Rows) -> None:
        """Take rows as they are."""
        self._settle()
        self._rows.append(rows)

    def _settle(self) -> None:
        """Turn single readings into rows, so that all stay in order."""
        if not self._single:
            return
        rows = np.zeros(len(self._single), ROW)
        for row, (line, reading) in zip(rows, self._single, strict=True):
            put(row, reading, line, self.reasons.number(reading.blind or ""))
        self._single = []
        self._rows.append(rows)

    def lagged(self, late_ns: int) -> None:
        """Note how late a tick was."""
        self._lag_ns = max(self._lag_ns, late_ns)

    def is_due(self, now_ns: int) -> bool:
        """Tell whether a batch is due."""
        something = self._single or self._rows or self.events or self.evidence
        return now_ns - self._batch_ns >= (_BATCH_NS if something else _HEARTBEAT_NS)

    def take(self, now_ns: int, health: Health, roster: Sequence[str]) -> Batch:
        """Return the batch and begin the next one."""
        self._say_overload(now_ns, health.at)
        self._settle()
        rows = np.concatenate(self._rows) if self._rows else np.zeros(0, ROW)
        # A list of its own: the reasons grow while the batch travels.
        batch = Batch(rows, roster, list(self.reasons.texts), health, tuple(self.events), tuple(self.evidence))
        self._rows, self.events, self.evidence = [], [], []
        self._lag_ns, self._batch_ns = 0, now_ns
        return batch

    def health(self, at: datetime, lines: int, socket_drops: int, counters: Counters) -> Health:
        """Return how the prober fares."""
        return Health(
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

    def _say_overload(self, now_ns: int, at: datetime) -> None:
        if self.skipped > self._skipped_said and now_ns - self._overload_said_ns >= _OVERLOAD_SAID_EVERY_NS:
            detail = f"{self.skipped - self._skipped_said} packets were due and could not leave in time"
            self.events.append(ProbeEvent("overload", at, detail))
            self._skipped_said, self._overload_said_ns = self.skipped, now_ns
