"""A process of its own: slamon's ICMP prober over a fleet, nobody judging; prints what it cost and what it saw.

The prober itself is a child of this process; what is measured is that child alone.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import asdict, dataclass, field

import numpy as np

from slamon.probes.columns import Rows
from slamon.probes.icmp import IcmpProber
from slamon.probes.protocol import Health, ProbeLine
from tests.bench import fleet, processes
from tests.bench.wire import NEAR_CORE, count_of

START_AT_MOST_S = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """What is probed and for how long: `warm_s` go by before `measured_s`; a stall falls into their middle."""

    lines: int
    interval_s: float
    packets: int
    warm_s: float
    measured_s: float
    device: str = "live"
    stall_ms: int = 0
    rows_file: str = ""


@dataclass(slots=True)
class Seen:
    """What the batches said so far."""

    health: Health | None = None
    sent: int = 0
    lost: int = 0
    blind_rows: int = 0
    blind_sent: int = 0
    lag_ms: float = 0.0
    events: dict[str, int] = field(default_factory=dict)
    rows: list[Rows] = field(default_factory=list)

    def take(self, rows: Rows) -> None:
        clear = rows["blind"] == 0
        sent, received = rows["demarc_sent"].astype(np.int64), rows["demarc_received"].astype(np.int64)
        self.sent += int(sent.sum())
        self.lost += int((sent - received)[clear].sum())
        self.blind_rows += int((~clear).sum())
        self.blind_sent += int(sent[~clear].sum())


async def probe(asked: Asked) -> dict[str, object]:
    prober, seen = IcmpProber(), Seen()
    began = time.monotonic()
    await prober.start(_lines(asked))
    pid = prober.pid or 0
    os.sched_setaffinity(pid, {NEAR_CORE})
    reading = asyncio.create_task(_read(prober, seen, keep=bool(asked.rows_file)))
    while seen.health is None or seen.health.lines != asked.lines:
        if time.monotonic() - began > START_AT_MOST_S:
            sys.exit("the prober did not take its lines")
        await asyncio.sleep(0.1)
    await asyncio.sleep(asked.warm_s)
    before = time.monotonic(), processes.cpu_s(pid), count_of(asked.device)
    seen.lag_ms = 0.0
    await _stall(pid, asked)
    after = time.monotonic(), processes.cpu_s(pid), count_of(asked.device)
    peak, _ = processes.memory_mib(pid)
    stopping = time.monotonic()
    await prober.stop()
    stop_s = time.monotonic() - stopping
    await reading
    if asked.rows_file:
        np.save(asked.rows_file, np.concatenate(seen.rows))
    moved = after[2].since(before[2])
    assert seen.health is not None
    return {
        "wall_s": after[0] - before[0],
        "cpu_s": after[1] - before[1],
        "sent": moved.sent,
        "answered": moved.answered,
        "peak_mib": peak,
        "lag_ms": seen.lag_ms,
        "stop_s": stop_s,
        "whole_run": {"sent": seen.sent, "lost": seen.lost, "blind_rows": seen.blind_rows, "blind": seen.blind_sent},
        "events": seen.events,
        "health": {key: value for key, value in asdict(seen.health).items() if key != "at"},
    }


def _lines(asked: Asked) -> list[ProbeLine]:
    return [
        ProbeLine(fleet.line_id(n), fleet.address(n), interval_s=asked.interval_s, packets=asked.packets)
        for n in range(asked.lines)
    ]


async def _stall(pid: int, asked: Asked) -> None:
    """Let the measured time pass, with the stall in its middle."""
    await asyncio.sleep(asked.measured_s / 2)
    if asked.stall_ms:
        os.kill(pid, signal.SIGSTOP)
        await asyncio.sleep(asked.stall_ms / 1000)
        os.kill(pid, signal.SIGCONT)
    await asyncio.sleep(asked.measured_s / 2)


async def _read(prober: IcmpProber, seen: Seen, *, keep: bool) -> None:
    async for batch in prober.batches():
        seen.health = batch.health
        seen.lag_ms = max(seen.lag_ms, batch.health.loop_lag_max_ms)
        seen.take(batch.rows)
        for event in batch.events:
            seen.events[event.kind] = seen.events.get(event.kind, 0) + 1
        if keep:
            seen.rows.append(batch.rows.copy())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(probe(Asked(**json.loads(sys.argv[1]))))))
