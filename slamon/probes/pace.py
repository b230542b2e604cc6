"""When the packets of a line are due: evenly over its interval, with a phase of its own, never too close.

Slot ``n`` lies at ``phase + n * interval / packets``, window edges at
``phase + k * interval``. A confirm run sends every 500 ms
beside the slots.
"""

from __future__ import annotations

from dataclasses import dataclass
from zlib import crc32

from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import MIN_GAP_MS, ProbeLine

MIN_GAP_NS = MIN_GAP_MS * MS_NS
# Packets leave up to a tick late; without this slack a gap of exactly 500 ms would drift.
_JITTER_NS = 50 * MS_NS
# A packet that could not leave within this time of its slot is skipped: sending the backlog at once would be a burst.
MAX_LATE_NS = 500 * MS_NS
# The confirm run outlasts `open_after_s`, so that the alarm is never left to the usual gap.
_CONFIRM_BEYOND_NS = 5 * SECOND_NS
_CONFIRM_AT_LEAST_NS = 2 * SECOND_NS
# A reference answers within this after it was hurried: half a second to the next packet, its RTT, a batch.
_WORD_NS = 700 * MS_NS


@dataclass(frozen=True, slots=True)
class Pace:
    """How a line is probed, in ns: interval, gap between packets, timeout, time to an alarm."""

    interval_ns: int
    gap_ns: int
    timeout_ns: int
    open_after_ns: int

    @property
    def packets(self) -> int:
        """Return the packets of an interval."""
        return self.interval_ns // self.gap_ns

    def slot_after(self, phase_ns: int, at_ns: int) -> int:
        """Return the first slot after `at_ns`; slots and window edges never drift apart."""
        number = (at_ns - phase_ns) * self.packets // self.interval_ns
        while (slot_ns := phase_ns + number * self.interval_ns // self.packets) <= at_ns:
            number += 1
        return slot_ns

    @property
    def is_slow(self) -> bool:
        """Tell whether three packets at the usual gap, and the references' word, would outlast the time to an alarm."""
        return self.gap_ns + _WORD_NS > self.open_after_ns

    def confirm_until_ns(self, first_lost_ns: int, third_lost_ns: int) -> int:
        """Return when a confirm run ends: past the alarm, and some packets after it began."""
        begun_ns = third_lost_ns + self.timeout_ns
        return max(first_lost_ns + self.open_after_ns + _CONFIRM_BEYOND_NS, begun_ns + _CONFIRM_AT_LEAST_NS)

    @classmethod
    def of(cls, line: ProbeLine) -> Pace:
        """Return the pace of a line, at most two packets per second (F7)."""
        interval_ns = round(line.interval_s * SECOND_NS)
        packets = max(1, min(line.packets, interval_ns // MIN_GAP_NS))
        open_after_ns = round(line.open_after_s * SECOND_NS)
        return cls(interval_ns, interval_ns // packets, line.timeout_ms * MS_NS, open_after_ns)


def phase_of(line_id: str, interval_ns: int, start_ns: int) -> int:
    """Return the instant at or before `start_ns` on which the line's slots and edges stand.

    It depends on the id alone, so that thousands of lines started at once are spread, and stay so.
    """
    return start_ns - interval_ns + crc32(line_id.encode()) * interval_ns // 2**32


class Schedule:
    """The next packet of one line."""

    __slots__ = ("_held_ns", "_last_ns", "_pace", "_phase_ns", "due_ns", "slot_ns")

    def __init__(self, pace: Pace, phase_ns: int, start_ns: int) -> None:
        self._pace, self._phase_ns = pace, phase_ns
        self._last_ns: int | None = None
        self._held_ns = 0
        self.slot_ns = pace.slot_after(phase_ns, start_ns - 1)
        self.due_ns = self.slot_ns

    @property
    def is_extra(self) -> bool:
        """Tell whether the packet now due is a confirm packet beside the usual slots."""
        return self.due_ns < self.slot_ns

    def launched(self, at_ns: int, *, hurried: bool) -> None:
        """Note that a packet left (or was tried) at `at_ns` and set the next one."""
        self._last_ns = at_ns
        self._pass_slots(at_ns)
        self.due_ns = max(self.slot_ns, at_ns + MIN_GAP_NS - _JITTER_NS)
        if hurried:
            self.due_ns = min(self.due_ns, at_ns + MIN_GAP_NS)

    def resume(self, last_ns: int) -> None:
        """Go on after a packet that left at `last_ns`."""
        self._last_ns = last_ns
        self.slot_ns = self._pace.slot_after(self._phase_ns, last_ns)
        self.due_ns = self._polite(self.slot_ns)

    def skip(self, now_ns: int) -> None:
        """Leave out what is overdue; the next packet leaves at the next slot."""
        self._pass_slots(now_ns)
        self.due_ns = self._polite(self.slot_ns)

    def hurry(self, now_ns: int) -> None:
        """Begin to hurry: send as soon as politeness allows."""
        # Who waits for another line's packet keeps its turn: hurrying would put it behind all others, for ever.
        soonest = max(now_ns, self._held_ns, 0 if self._last_ns is None else self._last_ns + MIN_GAP_NS)
        self.due_ns = min(self.due_ns, soonest)

    def postpone(self) -> None:
        """Leave out the confirm packets up to the next usual slot: the vantage's cap is reached."""
        self.due_ns = self._polite(self.slot_ns)

    def hold(self, until_ns: int) -> None:
        """Wait until `until_ns`: another line has just probed the same address."""
        self._held_ns, self.due_ns = until_ns, max(self.due_ns, until_ns)

    def _polite(self, at_ns: int) -> int:
        return at_ns if self._last_ns is None else max(at_ns, self._last_ns + MIN_GAP_NS - _JITTER_NS)

    def _pass_slots(self, at_ns: int) -> None:
        if self.slot_ns <= at_ns:
            self.slot_ns = self._pace.slot_after(self._phase_ns, at_ns)
