"""Laying out a wheel anew: lines come, go and stay where they are, in the midst of what is under way."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from slamon.probes.protocol import ProbeLine
from slamon.probes.shape import numbers
from slamon.probes.wheel import ALIVE, Wheel


def reshape(
    wheel: Wheel,
    lines: list[tuple[int, str, ProbeLine]],
    clock: Callable[[], int],
    place: Callable[[Wheel, ProbeLine], list[tuple[int, str]]],
) -> list[int]:
    """Let these lines (offset, id, line; in order) be the wheel's; what stays keeps its pace and its slots.

    `place` gives a new line's index and host for each target. Return the positions of the new ones.
    """
    before = {line.line_id: (position, line) for position, line in enumerate(wheel.lines)}
    n, old_n, was_empty = len(lines), len(wheel.lines), not wheel.lines
    kept, added = [], []
    for position, (_, line_id, line) in enumerate(lines):
        was, known = before.get(line_id, (-1, None))
        if known is line or known == line:
            kept.append((was, position))
        else:
            added.append(position)  # a changed line, too: it may have another address
    old, new = (np.array([pair[side] for pair in kept], np.int64) for side in (0, 1))
    start, mode = np.zeros(n, np.int64), np.full(n, ALIVE, np.uint8)
    start[new], mode[new] = wheel.start[old], wheel.mode[old]
    wheel.start, wheel.mode = start, mode
    places = {position: place(wheel, lines[position][2]) for position in added}
    for number, lane in enumerate(wheel.lanes):
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
    wheel.lines, wheel.offsets = [line for _, _, line in lines], [offset for offset, _, _ in lines]
    wheel.count()
    now_ns = clock()
    wheel.start[added] = now_ns
    if was_empty:
        wheel.aim(now_ns)
    else:
        _shift(wheel, _boundaries(old_n, n, kept))
    return added


def _shift(wheel: Wheel, to: list[int]) -> None:
    """Move everything that speaks of positions."""
    for j in range(wheel.packets):
        wheel.positions[j] = to[wheel.positions[j]]
        wheel.turn(j)
    wheel.expired, wheel.closed = (
        (k, to[position]) if to[position] < len(wheel.offsets) else (k + 1, 0)
        for k, position in (wheel.expired, wheel.closed)
    )
    for one in wheel.flying:
        one.start, one.end = to[one.start], to[one.end]


def _boundaries(old_n: int, n: int, kept: list[tuple[int, int]]) -> list[int]:
    """Return, for each old position and the end, the new position of the first old line at or after it."""
    found = [n] * (old_n + 1)
    now = dict(kept)
    for position in range(old_n - 1, -1, -1):
        found[position] = now.get(position, found[position + 1])
    return found
