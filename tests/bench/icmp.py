"""Row `icmp`: what one probe costs the prober, beside fping's and a bare C program's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench import rivals
from tests.bench.probing import Probed, probed
from tests.bench.probing_process import Asked
from tests.bench.rivals import GAP_S, Cost
from tests.bench.row import Figure, Row, Work
from tests.bench.wire import TunWire, wire

GOALS = {1_000: 0.75, 5_000: 0.45}
FLOOR_PER_S, FLOOR_GOAL = 50_000, 2.2
INTERVAL_S, PACKETS = 10.0, 5
FULL = 100_000  # lines of a run that counts; fewer make a rehearsal of all rates
WARM_S = 12.0

HOW = (
    "A TUN wire in a namespace, 20 ms, answered by a C program on the other core; the prober under test is pinned to "
    "the first one. Every target gets a packet of 56 bytes each 2 s, from slamon (10 s x 5) and its rivals alike; the "
    "rate makes the number of targets (fping's -i is 0.25 ms below the even spacing, which its own waits overrun; its "
    "-p keeps the pace). CPU is user and system of slamon's prober process alone (who reads its batches "
    "is not counted), of the whole fping, of a C program with sendto and recvmsg, kernel stamps and a 2 ms tick, over "
    "24 s after a warm-up; packets are those that the device counted in that time. The sums that each tool tells are "
    "those of its whole run, held against each other: what slamon sent was answered and received, likewise fping."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the cost of a probe at three rates."""
    measured_s = 24 if lines >= FULL else 6
    rates = {rate: max(100, rate * lines // FULL) for rate in (*GOALS, FLOOR_PER_S)}
    with wire(folder) as on:
        ours = {rate: _slamon(on, per_s, measured_s) for rate, per_s in rates.items()}
        theirs = {rate: rivals.fping(on, folder, rates[rate], measured_s) for rate in GOALS}
        bare = rivals.floor(on, folder, rates[FLOOR_PER_S], measured_s)
        far = on.live.end()
    figures = [figure for rate in GOALS for figure in _against(rate, ours[rate].cost, "fping", theirs[rate])]
    figures += _against(FLOOR_PER_S, ours[FLOOR_PER_S].cost, "C floor", bare)
    work = [one for rate, cost in theirs.items() for one in _paced(f"fping at {rate:,}/s", rates[rate], cost)]
    work += [one for rate, found in ours.items() for one in _paced(f"slamon at {rate:,}/s", rates[rate], found.cost)]
    work += _paced(f"C floor at {FLOOR_PER_S:,}/s", rates[FLOOR_PER_S], bare)
    work += [one for rate, found in ours.items() for one in _whole(f"slamon at {rate:,}/s", found)]
    work += [
        Work(f"fping at {rate:,}/s: received, whole run", cost.told.sent, cost.told.answered, slack=rate)
        for rate, cost in theirs.items()
    ]
    figures += [
        Figure("far end: answers left late, p50", far["late_p50_us"], "us"),
        Figure("far end: answers left late, p99", far["late_p99_us"], "us"),
    ]
    return Row("icmp", "CPU of the prober per ICMP probe", HOW, tuple(figures), tuple(work))


def _slamon(on: TunWire, per_s: int, measured_s: float) -> Probed:
    return probed(on, Asked(round(per_s * GAP_S), INTERVAL_S, PACKETS, WARM_S, measured_s))


def _against(rate: int, ours: Cost, name: str, theirs: Cost) -> Iterator[Figure]:
    goal = GOALS.get(rate, FLOOR_GOAL)
    yield Figure(f"at {rate:,}/s: slamon, CPU per probe", ours.us_per_probe, "us")
    yield Figure(f"at {rate:,}/s: {name}, CPU per probe", theirs.us_per_probe, "us")
    yield Figure(f"at {rate:,}/s: ratio to {name}", ours.us_per_probe / theirs.us_per_probe, "x", goal)


def _paced(who: str, per_s: int, cost: Cost) -> Iterator[Work]:
    """A pace within 2 % is the pace; and what was sent was answered, but for what was on its way at the ends."""
    wanted = round(per_s * cost.wall_s)
    yield Work(f"{who}: packets sent", wanted, cost.moved.sent, slack=wanted // 50 + 1)
    yield Work(f"{who}: packets answered", cost.moved.sent, cost.moved.answered, slack=per_s // 10 + 1)


def _whole(who: str, found: Probed) -> Iterator[Work]:
    sent, got = found.cost.told.sent, found.cost.told.answered
    yield Work(f"{who}: received, whole run", sent, got, slack=round(found.cost.per_s / 10) + 1)
    yield Work(f"{who}: socket drops", 0, int(found.health["socket_drops"]))
