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
from slamon.probes.icmp_socket import EchoSocket, from_source, why
from slamon.probes.lane import (
    ABSENT,
    DEAD_PENDING,
    DOUBTFUL,
    LOST,
    PENDING,
    UNSENT,
    VOID,
    Ints,
    Lane,
)
from slamon.probes.pace import MAX_LATE_NS, MIN_GAP_NS, Pace
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import ProbeLine
from slamon.probes.shape import Shape, numbers

# Replies are read between slices of sends, or they would fill the socket.
SLICE = 400
_POLITE_NS = MIN_GAP_NS * 9 // 10
_TOGETHER_NS = 30 * MS_NS

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
        self._shape_of, self._reason = shape_of, reason
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
        self._skipped_ns = 0
        self._last: list[Flying | None] = [None] * self.packets
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
            self._turn(j)
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

    def serve(
        self, now_ns: int, clock: Callable[[], int], stood_until_ns: int, late: int
    ) -> tuple[int, int, int] | None:
        """Send the next slice that is due; return packets sent, send errors, skipped; None when nothing is due.

        `late` is the number of the reason for what could not leave in time.
        """
        if not self.offsets:
            return None
        j = min(range(self.packets), key=self.due_ns)
        k, position = self.cursors[j], self.positions[j]
        rest = now_ns - self.base_ns - k * self.pace.interval_ns - self.gaps[j]
        if rest < self.offsets[position]:
            return None
        if rest - self.offsets[position] > MAX_LATE_NS:
            end = max(bisect_right(self.offsets, rest - MAX_LATE_NS - 1, position), position + 1)
            stood = bisect_right(self.offsets, rest - (now_ns - stood_until_ns), position, end)
            if position < stood:
                self._skip(j, k, position, stood, ABSENT, now_ns)
            if stood < end:
                self._skip(j, k, stood, end, UNSENT - late, now_ns)
            return 0, 0, (end - stood) * len(self.lanes)
        end = min(bisect_right(self.offsets, rest, position), position + SLICE)
        if self._skipped_ns >= self.due_ns(j):
            begin, end = self._passed_over(j, k, position, end)
            if begin > position:
                stood = self.due_ns(j) <= stood_until_ns
                self._skip(j, k, position, begin, ABSENT if stood else UNSENT - late, now_ns)
                return 0, 0, 0 if stood else (begin - position) * len(self.lanes)
        end = self._polite(j, k, position, end, now_ns)
        if end == position:
            return None
        return self._send(j, k, position, end, clock)

    def _passed_over(self, j: int, k: int, position: int, end: int) -> tuple[int, int]:
        """Return where the lines end that were passed over when this packet was due already, and where others begin.

        A backlog is left out as a whole: its last packet would leave just before the next slot.
        """
        slot, lane = (k * self.packets + j - 1) % self.ring, self.lanes[0]
        due = np.array(self.offsets[position:end], np.int64) + self.base_ns + k * self.pace.interval_ns + self.gaps[j]
        sent, state = lane.sents[slot, position:end], lane.rtts[slot, position:end]
        over = (sent >= due) & ((state == ABSENT) | (state <= UNSENT))
        if over[0]:
            return position + (int(np.argmin(over)) if not over.all() else len(over)), end
        return position, position + int(np.argmax(over)) if over.any() else end

    def _polite(self, j: int, k: int, position: int, end: int, now_ns: int) -> int:
        """Return the end of the slice whose packets before this one left long enough ago."""
        slot, lane = (k * self.packets + j - 1) % self.ring, self.lanes[0]
        if lane.sent[slot * lane.n + end - 1] <= now_ns - _POLITE_NS:
            return end
        sent, state = lane.sents[slot, position:end], lane.rtts[slot, position:end]
        recent = np.flatnonzero((sent > now_ns - _POLITE_NS) & (state > UNSENT) & (state != ABSENT))
        return position + int(recent[0]) if len(recent) else end

    def _send(self, j: int, k: int, start: int, end: int, clock: Callable[[], int]) -> tuple[int, int, int]:
        serial = k * self.packets + j
        sequence, slot = serial % self.sequences, serial % self.ring
        n, errors = len(self.offsets), 0
        mode = self.mode[start:end]
        chosen: range | list[int] = range(start, end)
        if self.away:
            chosen = (np.flatnonzero(mode != AWAY) + start).tolist()
        source = self.profile.source
        for lane in self.lanes:
            lane.begin(slot, start, end, sequence)
            if self.away:
                lane.rtts[slot, start:end][mode == AWAY] = ABSENT
            if self.dead and lane is self.lanes[0]:
                lane.rtts[slot, start:end][mode == DEAD] = DEAD_PENDING
            lane.sock.mark(self.profile.dscp)
            head, bodies, dests, sent = lane.head(sequence), lane.bodies, lane.dests, lane.sent
            send = lane.sock.socket.sendto if source is None else _sender(lane.sock, source)
            base, todo = slot * n, iter(chosen)
            while True:
                i = -1
                try:
                    for i in todo:
                        sent[base + i] = clock()
                        send(head + bodies[i], dests[i])
                    break
                except (OSError, ValueError) as error:
                    errors += 1
                    said = why(error) if isinstance(error, OSError) else str(error)
                    lane.rtt[base + i] = UNSENT - self._reason(f"not sent: {said}")
        self._move(j, k, end)
        self._fly(j, k, start, end, clock())
        return len(chosen) * len(self.lanes) - errors, errors, 0

    def _skip(self, j: int, k: int, start: int, end: int, state: int, now_ns: int) -> None:
        slot = (k * self.packets + j) % self.ring
        self._skipped_ns = now_ns
        for lane in self.lanes:
            lane.rtts[slot, start:end] = np.where(self.mode[start:end] == AWAY, ABSENT, state)
            lane.sents[slot, start:end] = now_ns
        self._move(j, k, end)
        self._fly(j, k, start, end, 0)

    def _fly(self, j: int, k: int, start: int, end: int, last_ns: int) -> None:
        """Note what is on its way, together with what left just before: many small slices cost more than a wait."""
        before = self._last[j]
        if before is not None and before.k == k and before.end == start and last_ns - before.first_ns < _TOGETHER_NS:
            before.end, before.last_ns = end, max(before.last_ns, last_ns)
            return
        self._last[j] = one = Flying(j, k, start, end, last_ns, last_ns)
        self.flying.append(one)

    def _move(self, j: int, k: int, end: int) -> None:
        self.cursors[j], self.positions[j] = k, end
        self._turn(j)

    def _turn(self, j: int) -> None:
        if self.positions[j] >= len(self.offsets):
            self.cursors[j], self.positions[j] = self.cursors[j] + 1, 0

    def expire(self, now_ns: int) -> list[int]:
        """Call lost what should have been answered by `now_ns`; return the positions of lines that lost a packet."""
        until_ns = now_ns - self.pace.timeout_ns - GRACE_NS
        found: list[int] = []
        while self.flying and self.flying[0].last_ns <= until_ns:
            one = self.flying.popleft()
            if self._last[one.j] is one:
                self._last[one.j] = None
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

    def reshape(
        self,
        lines: list[tuple[int, str, ProbeLine]],
        clock: Callable[[], int],
        place: Callable[[Wheel, ProbeLine], list[tuple[int, str]]],
    ) -> list[int]:
        """Let these lines (offset, id, line; in order) be the wheel's; what stays keeps its pace and its slots.

        `place` gives a new line's index and host for each target. Return the positions of the new ones.
        """
        before = {line.line_id: position for position, line in enumerate(self.lines)}
        old_n, was_empty = len(self.lines), not self.lines
        kept = [(before[line_id], position) for position, (_, line_id, _) in enumerate(lines) if line_id in before]
        old, new = (np.array([pair[side] for pair in kept], np.int64) for side in (0, 1))
        n = len(lines)
        added = [position for position, (_, line_id, _) in enumerate(lines) if line_id not in before]
        start, mode = np.zeros(n, np.int64), np.full(n, ALIVE, np.uint8)
        start[new], mode[new] = self.start[old], self.mode[old]
        self.start, self.mode = start, mode
        places = {position: place(self, lines[position][2]) for position in added}
        for number, lane in enumerate(self.lanes):
            lane.reshape(n, old, new)
            dests, bodies, hosts, index = lane.dests, lane.bodies, lane.hosts, lane.index
            lane.dests, lane.bodies, lane.hosts, lane.index = [("", 0)] * n, [b""] * n, [""] * n, [0] * n
            for was, now in kept:
                lane.dests[now], lane.bodies[now] = dests[was], bodies[was]
                lane.hosts[now], lane.index[now] = hosts[was], index[was]
            for position, targets in places.items():
                lane.index[position], host = targets[number]
                lane.hosts[position], lane.dests[position] = host, (host, 0)
                lane.bodies[position] = numbers(lane.index[position]) + lane.tail
        self.lines, self.offsets = [line for _, _, line in lines], [offset for offset, _, _ in lines]
        self.count()
        now_ns = clock()
        self.start[added] = now_ns
        if was_empty:
            self.aim(now_ns)
        else:
            self._shift(_boundaries(old_n, n, kept))
        return added

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

    def _shift(self, to: list[int]) -> None:
        """Move everything that speaks of positions."""
        for j in range(self.packets):
            self.positions[j] = to[self.positions[j]]
            self._turn(j)
        self.expired, self.closed = (
            (k, to[position]) if to[position] < len(self.offsets) else (k + 1, 0)
            for k, position in (self.expired, self.closed)
        )
        for one in self.flying:
            one.start, one.end = to[one.start], to[one.end]


# States above this one, other than PENDING, are decided.
NO_ANSWER_ABOVE = ABSENT


def _boundaries(old_n: int, n: int, kept: list[tuple[int, int]]) -> list[int]:
    """Return, for each old position and the end, the new position of the first old line at or after it."""
    found = [n] * (old_n + 1)
    now = dict(kept)
    for position in range(old_n - 1, -1, -1):
        found[position] = now.get(position, found[position + 1])
    return found


def _sender(sock: EchoSocket, source: str) -> Callable[[bytes, tuple[str, int]], object]:
    control = [from_source(source, sock.family)]
    return lambda packet, dest: sock.socket.sendmsg([packet], control, 0, dest)
