"""Closed windows on their way out: the references' word, the time of day, the line's number."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from slamon.probes.closing import Closed
from slamon.probes.columns import Rows
from slamon.probes.fleet import Fleet
from slamon.probes.lane import Ints, Marks
from slamon.probes.outgoing import Outgoing
from slamon.probes.vantage import Vantage
from slamon.probes.walltime import STEP_NS, WallTime
from slamon.probes.wheel import Wheel

_SAME_TIME_US = STEP_NS // 1000


@dataclass(frozen=True, slots=True)
class _Waiting:
    rows: Rows
    places: Ints


class Handing:
    """Rows of wheels, in order; those that show a loss wait until the references have spoken, and all behind them."""

    def __init__(self, fleet: Fleet, vantage: Vantage, wall: WallTime, outgoing: Outgoing) -> None:
        self._fleet, self.vantage, self._wall, self._outgoing = fleet, vantage, wall, outgoing
        self._waiting: deque[_Waiting] = deque()
        self.taken = self.given = 0

    @property
    def waits(self) -> bool:
        """Tell whether rows wait for the references' word."""
        return bool(self._waiting)

    def take(self, wheel: Wheel, closed: Iterable[tuple[int, Closed]]) -> None:
        """Take what a wheel closed."""
        for start, one in closed:
            if len(one.rows):
                index = np.array(wheel.lanes[0].index[start : start + int(one.lines.max()) + 1], np.int64)
                self._waiting.append(_Waiting(one.rows, index[one.lines]))
                self.taken += 1

    def give(self, *, at_once: bool = False) -> None:
        """Hand on what may be handed on: an impaired window only with the references' word, unless `at_once`."""
        while self._waiting:
            one = self._waiting[0]
            blind, unknown = self.vantage.words(one.rows["start"], one.rows["end"])
            held = unknown & _impaired(one.rows)
            if held.any() and not at_once:
                return
            self._waiting.popleft()
            self.given += 1
            if at_once:
                blind |= held
            if blind.any():
                one.rows["blind"][blind] = self._fleet.reasons.number(self.vantage.reason)
            self._stamp(one)

    def _stamp(self, one: _Waiting) -> None:
        """Put rows at their time of day; leave out those that the wall clock went back over."""
        starts = self._wall.in_micros(one.rows["start"], starting=True)
        ends = self._wall.in_micros(one.rows["end"], starting=False)
        ended = np.frombuffer(self._fleet.ended_us, np.int64)
        roster = np.frombuffer(self._fleet.roster, np.int64)
        single = len(np.unique(one.places)) == len(one.places)
        if single:
            before = ended[one.places]
            starts = np.where((before > 0) & (starts < before + _SAME_TIME_US), before, starts)
            kept = ends > starts
            ended[one.places[kept]] = ends[kept]
        else:
            kept = np.zeros(len(starts), bool)
            for number, place in enumerate(one.places.tolist()):
                before_us = int(ended[place])
                if before_us and starts[number] < before_us + _SAME_TIME_US:
                    starts[number] = before_us
                if ends[number] > starts[number]:
                    ended[place], kept[number] = ends[number], True
        one.rows["start"], one.rows["end"], one.rows["line"] = starts, ends, roster[one.places]
        known = kept & (one.rows["line"] < np.uint32(GONE))
        self._outgoing.add_rows(one.rows[known])


# The number of a line that no roster names any more.
GONE = 0xFFFF_FFFF


def _impaired(rows: Rows) -> Marks:
    lost = (rows["demarc_received"] < rows["demarc_sent"]) | (rows["cpe_received"] < rows["cpe_sent"])
    found: Marks = lost & (rows["blind"] == 0)
    return found
