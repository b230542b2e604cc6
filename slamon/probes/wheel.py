"""Lines of one profile, walked by cursors in the order of their phases: no object, timer or task a line.

Packet `j` of interval `k` of a line is due at ``base + k * interval + offset + j * interval / packets``; for each `j`
a cursor ``(k, position)`` says which line is next. A position stays in its slot until the interval is closed: both its
last packet and the first one of the next interval have to be decided, or sent. Lines that are not quiet are away:
the wheel passes them over, and they walk by themselves (`LineTrack`) until they are quiet again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from slamon.probes.closing import Blindness, Closed, Slots, close
from slamon.probes.flights import GRACE_NS
from slamon.probes.icmp_socket import EchoSocket
from slamon.probes.lane import ABSENT, DEAD_PENDING, DOUBTFUL, LOST, PENDING, UNSENT, VOID, Ints, Lane
from slamon.probes.pace import MAX_LATE_NS, Pace
from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import ProbeLine
from slamon.probes.shape import Shape

ALIVE, DEAD, AWAY = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Profile:
    """What the lines of a wheel have in common; wheels of a lower rank are served first."""

    rank: int
    pace: Pace
    payload_bytes: int
    dscp: int
    source: str | None
    families: tuple[int, ...]
    targets: int


@dataclass(slots=True)
class Flying:
    """A slice of lines whose packet `j` of interval `k` left, between `first_ns` and `last_ns`."""

    j: int
    k: int
    start: int
    end: int
    first_ns: int
    last_ns: int


class Wheel:
    """The lines of a profile; `lines`, `offsets`, `start`, `mode` go by position."""

    def __init__(
        self,
        profile: Profile,
        sockets: dict[int, EchoSocket],
        shape_of: Callable[[int, int, int], Shape],
        reason: Callable[[str], int],
        started_ns: int,
    ) -> None:
        self.profile, self.pace = profile, profile.pace
        self._shape_of, self.reason = shape_of, reason
        self.packets = profile.pace.packets
        self.base_ns = started_ns - self.pace.interval_ns
        cycles = 2 + -((-self.pace.timeout_ns - MAX_LATE_NS - SECOND_NS) // self.pace.interval_ns)
        self.cycles, self.ring = cycles, cycles * self.packets
        self.sequences = 65_536 // self.ring * self.ring
        self.lines: list[ProbeLine] = []
        self.offsets: list[int] = []
        self.lanes = [Lane(self, target, sockets[family], self.ring) for target, family in enumerate(profile.families)]
        self.start: Ints = np.zeros(0, np.int64)
        self.mode = np.zeros(0, np.uint8)
        self.away = self.dead = 0
        self.flying: deque[Flying] = deque()
        self.skipped_ns = 0
        self.last: list[Flying | None] = [None] * self.packets
        self.gaps = [j * self.pace.interval_ns // self.packets for j in range(self.packets)]
        self.cursors, self.positions = [0] * self.packets, [0] * self.packets
        self.expired = self.closed = (0, 0)

    def shape(self, sock: EchoSocket) -> Shape:
        """Return the shape of this wheel's packets on a socket."""
        return self._shape_of(self.profile.payload_bytes, sock.identifier, sock.family)

    def aim(self, now_ns: int) -> None:
        """Set the cursors of a wheel that has not sent yet: on the first packets due from now on."""
        for j, gap in enumerate(self.gaps):
            k, rest = divmod(now_ns - self.base_ns - gap, self.pace.interval_ns)
            self.cursors[j], self.positions[j] = k, bisect_right(self.offsets, rest - 1)
            self.turn(j)
        self.expired = self.cursors[-1], self.positions[-1]
        self.closed = min((self.cursors[0] - 1, self.positions[0]), self.expired)

    def due_ns(self, j: int) -> int:
        """Return when the next packet `j` is due."""
        return (
            self.base_ns
            + self.cursors[j] * self.pace.interval_ns
            + self.gaps[j]
            + (self.offsets[self.positions[j]] if self.offsets else 0)
        )

    def serial(self, j: int, k: int) -> int:
        """Return the number of packet `j` of interval `k`, which its slot and its sequence number follow from."""
        return k * self.packets + j

    def move(self, j: int, k: int, end: int) -> None:
        """Set the cursor of packet `j` behind what was dealt with."""
        self.cursors[j], self.positions[j] = k, end
        self.turn(j)

    def turn(self, j: int) -> None:
        """Begin the next interval where a cursor stands at the end."""
        if self.positions[j] >= len(self.offsets):
            self.cursors[j], self.positions[j] = self.cursors[j] + 1, 0

    def expire(self, now_ns: int) -> list[int]:
        """Call lost what should have been answered by `now_ns`; return the positions of lines that lost a packet."""
        until_ns = now_ns - self.pace.timeout_ns - GRACE_NS
        found: list[int] = []
        while self.flying and self.flying[0].last_ns <= until_ns:
            one = self.flying.popleft()
            if self.last[one.j] is one:
                self.last[one.j] = None
            slot = (one.k * self.packets + one.j) % self.ring
            for lane in self.lanes:
                state = lane.rtts[slot, one.start : one.end]
                open_ = (state < NO_ANSWER_ABOVE) & (state > UNSENT) | (state == PENDING)
                if not open_.any():
                    continue
                state[state == DOUBTFUL] = VOID
                state[state == DEAD_PENDING] = LOST
                lost = np.flatnonzero(state == PENDING)
                state[lost] = LOST
                if lane is self.lanes[0]:
                    found.extend((lost + one.start).tolist())
            if one.j == self.packets - 1:
                self.expired = (one.k, one.end) if one.end < len(self.offsets) else (one.k + 1, 0)
        return found

    def close(self, blind: list[Blindness]) -> list[tuple[int, Closed]]:
        """Return what can be closed, each with the position at which its slice begins."""
        found = []
        while self.offsets:
            k, start = self.closed
            limit = min((self.cursors[0] - 1, self.positions[0]), self.expired)
            if limit <= (k, start):
                break
            end = len(self.offsets) if limit[0] > k else limit[1]
            found.append((start, self._close(k, start, end, blind)))
            self.closed = (k, end) if end < len(self.offsets) else (k + 1, 0)
        return found

    def _close(self, k: int, start: int, end: int, blind: list[Blindness]) -> Closed:
        first, after = k % self.cycles * self.packets, (k + 1) % self.cycles * self.packets
        here = np.flatnonzero(self.mode[start:end] != AWAY) if self.away else slice(None)
        slots = [
            Slots(
                lane.sents[first : first + self.packets, start:end][:, here],
                lane.rtts[first : first + self.packets, start:end][:, here],
            )
            for lane in self.lanes
        ]
        deciding = self.lanes[0]
        edge = deciding.sents[after, start:end][here]
        has_edge = deciding.rtts[after, start:end][here] != ABSENT
        # Where the next interval's first packet was left out, a blind span took it: one that began before it was late.
        nominal = np.array(self.offsets[start:end], np.int64)[here] + self.base_ns + (k + 1) * self.pace.interval_ns
        edge = np.where(has_edge, edge, nominal + MAX_LATE_NS)
        starts = self.start[start:end][here]
        since = int(starts.min()) if len(starts) else 0
        spans = [span for span in blind if span.end_ns > since]
        closed = close(slots, starts, edge, has_edge, spans, self.profile.targets)
        self.start[start:end][here] = closed.starts
        if self.away:
            there = np.flatnonzero(self.mode[start:end] != AWAY)
            return Closed(closed.rows, there[closed.lines], closed.starts)
        return closed

    def passed(self, j: int, k: int, position: int) -> bool:
        """Tell whether packet `j` of interval `k` of a line was dealt with."""
        return (self.cursors[j], self.positions[j]) > (k, position)

    def must_close(self) -> bool:
        """Tell whether the slots would be used again before they are closed."""
        return max(self.cursors) - self.closed[0] >= self.cycles - 1

    def count(self) -> None:
        """Count anew how many lines are away or dead."""
        self.away, self.dead = int((self.mode == AWAY).sum()), int((self.mode == DEAD).sum())

    def is_turning(self, position: int) -> bool:
        """Tell whether a line is not away."""
        return bool(self.mode[position] != AWAY)

    def set_mode(self, position: int, mode: int) -> None:
        """Let a line be alive, dead or away."""
        before = self.mode[position]
        self.away += (mode == AWAY) - int(before == AWAY)
        self.dead += (mode == DEAD) - int(before == DEAD)
        self.mode[position] = mode


# States above this one, other than PENDING, are decided.
NO_ANSWER_ABOVE = ABSENT
