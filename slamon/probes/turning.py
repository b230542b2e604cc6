"""Sending what is due on a wheel, a slice at a time; what cannot leave in time is left out, never sent in a burst."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from slamon.probes.icmp_socket import EchoSocket, from_source, why
from slamon.probes.lane import ABSENT, DEAD_PENDING, DOUBTED, DOUBTFUL, UNSENT, Lane
from slamon.probes.pace import MAX_LATE_NS, MIN_GAP_NS
from slamon.probes.packet import MS_NS
from slamon.probes.wheel import AWAY, DEAD, Flying, Wheel

# Replies are read between slices of sends, or they would fill the socket.
SLICE = 400
_POLITE_NS = MIN_GAP_NS * 9 // 10
_TOGETHER_NS = 30 * MS_NS


class Slice(NamedTuple):
    """Packet `j` of interval `k` of the lines at ``[start, end)``."""

    j: int
    k: int
    start: int
    end: int


def serve(
    wheel: Wheel, now_ns: int, clock: Callable[[], int], stood_until_ns: int, late: int
) -> tuple[int, int, int] | None:
    """Send the next slice that is due; return packets sent, send errors, skipped; None when nothing is due.

    `late` is the number of the reason for what could not leave in time.
    """
    if not wheel.offsets:
        return None
    j = min(range(wheel.packets), key=wheel.due_ns)
    k, position = wheel.cursors[j], wheel.positions[j]
    rest = now_ns - wheel.base_ns - k * wheel.pace.interval_ns - wheel.gaps[j]
    if rest < wheel.offsets[position]:
        return None
    if rest - wheel.offsets[position] > MAX_LATE_NS:
        end = max(bisect_right(wheel.offsets, rest - MAX_LATE_NS - 1, position), position + 1)
        stood = bisect_right(wheel.offsets, rest - (now_ns - stood_until_ns), position, end)
        if position < stood:
            _skip(wheel, Slice(j, k, position, stood), ABSENT, now_ns)
        if stood < end:
            _skip(wheel, Slice(j, k, stood, end), UNSENT - late, now_ns)
        return 0, 0, (end - stood) * len(wheel.lanes)
    end = min(bisect_right(wheel.offsets, rest, position), position + SLICE)
    if wheel.skipped_ns >= wheel.due_ns(j):
        begin, end = _passed_over(wheel, j, k, position, end)
        if begin > position:
            stood = wheel.due_ns(j) <= stood_until_ns
            _skip(wheel, Slice(j, k, position, begin), ABSENT if stood else UNSENT - late, now_ns)
            return 0, 0, 0 if stood else (begin - position) * len(wheel.lanes)
    end = _polite(wheel, j, k, position, end, now_ns)
    if end == position:
        return None
    return _send(wheel, Slice(j, k, position, end), clock)


def is_overdue(wheel: Wheel, now_ns: int) -> bool:
    """Tell whether the next packet is so late that it would be left out: that takes no time worth speaking of."""
    return bool(wheel.offsets) and now_ns - min(map(wheel.due_ns, range(wheel.packets))) > MAX_LATE_NS


def _passed_over(wheel: Wheel, j: int, k: int, position: int, end: int) -> tuple[int, int]:
    """Return where the lines end that were passed over when this packet was due already, and where others begin.

    A backlog is left out as a whole: its last packet would leave just before the next slot.
    """
    slot, lane = (k * wheel.packets + j - 1) % wheel.ring, wheel.lanes[0]
    due = np.array(wheel.offsets[position:end], np.int64) + wheel.base_ns + k * wheel.pace.interval_ns + wheel.gaps[j]
    sent, state = lane.sents[slot, position:end], lane.rtts[slot, position:end]
    over = (sent >= due) & ((state == ABSENT) | (state <= UNSENT))
    if over[0]:
        return position + (int(np.argmin(over)) if not over.all() else len(over)), end
    return position, position + int(np.argmax(over)) if over.any() else end


def _polite(wheel: Wheel, j: int, k: int, position: int, end: int, now_ns: int) -> int:
    """Return the end of the slice whose packets before this one left long enough ago."""
    slot, lane = (k * wheel.packets + j - 1) % wheel.ring, wheel.lanes[0]
    if lane.sent[slot * lane.n + end - 1] <= now_ns - _POLITE_NS:
        return end
    sent, state = lane.sents[slot, position:end], lane.rtts[slot, position:end]
    recent = np.flatnonzero((sent > now_ns - _POLITE_NS) & (state > UNSENT) & (state != ABSENT))
    return position + int(recent[0]) if len(recent) else end


def _send(wheel: Wheel, one: Slice, clock: Callable[[], int]) -> tuple[int, int, int]:
    tried = errors = 0
    for lane in wheel.lanes:
        chosen = _begin(wheel, lane, one, clock)
        lane.sock.mark(wheel.profile.dscp)
        tried += len(chosen)
        errors += _send_on(wheel, lane, one, chosen, clock)
    wheel.move(one.j, one.k, one.end)
    _fly(wheel, one, clock())
    return tried - errors, errors, 0


def _begin(wheel: Wheel, lane: Lane, one: Slice, clock: Callable[[], int]) -> Sequence[int]:
    """Open a slot of some lines; return the positions of those to which a packet leaves."""
    start, end, serial = one.start, one.end, wheel.serial(one.j, one.k)
    slot = serial % wheel.ring
    lane.begin(slot, start, end, serial % wheel.sequences)
    if not wheel.away and not wheel.dead and lane.sight is None:
        return range(start, end)
    mode, states = wheel.mode[start:end], lane.rtts[slot, start:end]
    if lane is wheel.lanes[0]:
        states[mode == DEAD] = DEAD_PENDING
    if lane.sight is not None:
        sight = lane.sight[start:end]
        states[sight == DOUBTED] = DOUBTFUL
        barred = sight <= UNSENT
        states[barred] = sight[barred]
        lane.sents[slot, start:end][barred] = clock()
    states[mode == AWAY] = ABSENT
    chosen: list[int] = (np.flatnonzero((states > UNSENT) & (states != ABSENT)) + start).tolist()
    return chosen


def _send_on(wheel: Wheel, lane: Lane, one: Slice, chosen: Sequence[int], clock: Callable[[], int]) -> int:
    """Send a packet to each of these positions; return how many could not be sent."""
    serial = wheel.serial(one.j, one.k)
    sequence = serial % wheel.sequences
    head, bodies, dests, sent = lane.head(sequence), lane.bodies, lane.dests, lane.sent
    source, errors = wheel.profile.source, 0
    send = lane.sock.socket.sendto if source is None else _sender(lane.sock, source)
    base, todo = serial % wheel.ring * lane.n, iter(chosen)
    while True:
        i = -1
        try:
            for i in todo:
                sent[base + i] = clock()
                send(head + bodies[i], dests[i])
            break
        except (OSError, ValueError) as error:
            errors += 1
            said = why(error, source) if isinstance(error, OSError) else str(error)
            lane.rtt[base + i] = UNSENT - wheel.reason(f"not sent: {said}")
    return errors


def _skip(wheel: Wheel, one: Slice, state: int, now_ns: int) -> None:
    slot = wheel.serial(one.j, one.k) % wheel.ring
    wheel.skipped_ns = now_ns
    for lane in wheel.lanes:
        lane.rtts[slot, one.start : one.end] = np.where(wheel.mode[one.start : one.end] == AWAY, ABSENT, state)
        lane.sents[slot, one.start : one.end] = now_ns
    wheel.move(one.j, one.k, one.end)
    _fly(wheel, one, 0)


def _fly(wheel: Wheel, one: Slice, last_ns: int) -> None:
    """Note what is on its way, together with what left just before: many small slices cost more than a wait."""
    j, k, start, end = one
    before = wheel.last[j]
    if before is not None and before.k == k and before.end == start and last_ns - before.first_ns < _TOGETHER_NS:
        before.end, before.last_ns = end, max(before.last_ns, last_ns)
        return
    wheel.last[j] = flying = Flying(j, k, start, end, last_ns, last_ns)
    wheel.flying.append(flying)


def _sender(sock: EchoSocket, source: str) -> Callable[[bytes, tuple[str, int]], object]:
    control = [from_source(source, sock.family)]
    return lambda packet, dest: sock.socket.sendmsg([packet], control, 0, dest)
