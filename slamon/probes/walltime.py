"""The one place of the prober that reads clocks, and the way from its steady clock to the time of day.

The steady clock is CLOCK_BOOTTIME: monotonic, and it goes on while the machine sleeps, so that a suspended machine
shows as a late tick (F21). The wall clock only stamps what is handed on, and the kernel's receive stamps are wall
time (F2).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import numpy as np
import numpy.typing as npt

from slamon.core.timespan import from_micros
from slamon.probes.packet import MS_NS, SECOND_NS

STEP_NS = SECOND_NS
# Below a step, the wall clock is followed this gently, so that windows keep their lengths.
_SLEW_NS_PER_S = 5 * MS_NS


@dataclass(frozen=True, slots=True)
class ClockReading:
    """All clocks at one instant, in ns."""

    steady_ns: int
    wall_ns: int
    awake_ns: int

    @property
    def offset_ns(self) -> int:
        """Return wall less steady: it moves only when the wall clock is set or slewed."""
        return self.wall_ns - self.steady_ns

    @property
    def asleep_ns(self) -> int:
        """Return how long the machine has slept since it booted."""
        return self.steady_ns - self.awake_ns


def read_clocks() -> ClockReading:
    """Return the clocks, read as closely together as can be: the closest of three tries."""
    best: tuple[int, ClockReading] | None = None
    for _ in range(3):
        before_ns = steady_ns()
        wall_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        awake_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        after_ns = steady_ns()
        if best is None or after_ns - before_ns < best[0]:
            best = after_ns - before_ns, ClockReading((before_ns + after_ns) // 2, wall_ns, awake_ns)
    assert best is not None  # noqa: S101 - three tries were made
    return best[1]


def steady_ns() -> int:
    """Return the steady clock."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)


class Clocks:
    """The clocks of this machine; a test lets others run."""

    def read(self) -> ClockReading:
        """Return all clocks."""
        return read_clocks()

    def steady_ns(self) -> int:
        """Return the steady clock alone."""
        return steady_ns()

    def stamper(self) -> Callable[[], int]:
        """Return the cheapest way to read the steady clock, for the stamp of each packet."""
        return partial(time.clock_gettime_ns, time.CLOCK_BOOTTIME) if type(self) is Clocks else self.steady_ns


@dataclass(frozen=True, slots=True)
class Step:
    """The wall clock was stepped by `by_ns` within ``(after_ns, at_ns]`` of the steady clock."""

    after_ns: int
    at_ns: int
    by_ns: int

    @property
    def detail(self) -> str:
        """Say it to people."""
        return f"the wall clock was set {'forward' if self.by_ns > 0 else 'back'} by {in_seconds(abs(self.by_ns))}"


class WallTime:
    """The time of day of steady instants, by the offset in force then.

    A step above one second begins a new offset: a step forward leaves a gap between the readings before and after.
    """

    def __init__(self, now: ClockReading) -> None:
        self._since: list[tuple[int, int]] = [(now.steady_ns, now.offset_ns)]
        self._checked_ns = now.steady_ns

    def check(self, now: ClockReading) -> Step | None:
        """Follow the wall clock; return the step that it made since the last check, if any."""
        offset_ns = self._since[-1][1]
        drift_ns = now.offset_ns - offset_ns
        after_ns, self._checked_ns = self._checked_ns, now.steady_ns
        if abs(drift_ns) > STEP_NS:
            self._since = [*self._since[-64:], (now.steady_ns, now.offset_ns)]
            return Step(after_ns, now.steady_ns, drift_ns)
        bound_ns = max(1, _SLEW_NS_PER_S * (now.steady_ns - after_ns) // SECOND_NS)
        self._since[-1] = self._since[-1][0], offset_ns + max(-bound_ns, min(bound_ns, drift_ns))
        return None

    def starting(self, steady: int) -> datetime:
        """Return the time of day at which a window that begins at this steady instant begins."""
        return _instant(steady, next((o for since, o in reversed(self._since) if since <= steady), self._since[0][1]))

    def ending(self, steady: int) -> datetime:
        """Return the time of day at which a window that ends here ends: a step at its end is not yet in force."""
        return _instant(steady, next((o for since, o in reversed(self._since) if since < steady), self._since[0][1]))

    def in_micros(self, steady: npt.NDArray[np.int64], *, starting: bool) -> npt.NDArray[np.int64]:
        """Return `starting` or `ending` of many instants, in microseconds since the epoch."""
        since = np.array([since for since, _ in self._since], np.int64)
        offsets = np.array([offset for _, offset in self._since], np.int64)
        chosen = np.searchsorted(since, steady, side="right" if starting else "left") - 1
        found: npt.NDArray[np.int64] = (steady + offsets[np.maximum(chosen, 0)]) // 1000
        return found


def in_seconds(span_ns: int) -> str:
    """Return a span for people, in seconds."""
    return f"{span_ns / SECOND_NS:.1f} s"


def _instant(steady: int, offset_ns: int) -> datetime:
    return from_micros((steady + offset_ns) // 1000)
