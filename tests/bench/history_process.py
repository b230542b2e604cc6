"""A process of its own: feeds the own history as the daemon does; prints what it took."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from slamon.core.rollup import DAY_S, HOUR_S
from slamon.core.timespan import Span, micros
from slamon.probes.protocol import Health
from slamon.service import clock
from slamon.service.companion import Seen
from slamon.service.rollups_keeping import RollupKeeping
from slamon.service.site import open_site
from slamon.store.rollups import FILE, Rollups, Tally
from slamon.store.rows import KEPT, Rows
from tests.bench import fleet

BEGIN = datetime(2026, 10, 3, 16, 0, tzinfo=UTC)  # midnight in Shanghai
MINUTES, BATCHES = 3, 100
SIZED_LINES, SIZED_HOURS = 10_000, 48
SECOND_US = 1_000_000
LOOP_S, TICK_S = 24.0, 0.005


def windows(draw: np.random.Generator, lines: np.ndarray, start_us: int, lasts_s: int, packets: int) -> Rows:
    """One judged window of some lines: a base RTT for each, some jitter, a loss now and then."""
    rows: Rows = np.zeros(lines.size, KEPT)
    rows["line"], rows["start"], rows["end"] = lines, start_us, start_us + lasts_s * SECOND_US
    rows["targets"], rows["demarc_sent"] = 1, packets
    rows["demarc_received"] = packets - (draw.random(lines.size) < 0.02)
    least = 800 + (lines * 7919 % 30_000) + draw.integers(0, 60, lines.size)
    rows["demarc_rtt_min"] = least
    rows["demarc_rtt_mean"] = least + draw.gamma(2, 150, lines.size)
    rows["demarc_rtt_max"] = least + draw.gamma(2, 900, lines.size)
    rows["demarc_ipdv"] = draw.gamma(2, 90, lines.size)
    return rows


def beside(folder: Path, lines: int) -> dict[str, float]:
    """Feed some minutes of all lines; return CPU by what it was spent on, and the packets."""
    draw, ids = np.random.default_rng(1), [f"GX-{number:06}" for number in range(lines)]
    zones = dict.fromkeys(ids, "Asia/Shanghai")
    parts = np.array_split(np.arange(lines), BATCHES)
    copy_s = count_s = write_s = 0.0
    sent = 0
    with Rollups.open(folder) as kept:
        tally = Tally()
        kept.settle(BEGIN)
        for nth in range(MINUTES * 6):
            start_us = micros(BEGIN) + nth * 10 * SECOND_US
            for half in (parts[: BATCHES // 2], parts[BATCHES // 2 :]):
                made = [windows(draw, part, start_us, 10, 3) for part in half]
                sent += sum(3 * one.size for one in made)
                began = time.process_time()
                copied = [one.copy() for one in made]
                copy_s += time.process_time() - began
                began = time.process_time()
                tally.add(np.concatenate(copied))
                count_s += time.process_time() - began
            if nth % 6 == 5:
                began = time.process_time()
                kept.write(tally, ids, zones)
                write_s += time.process_time() - began
                tally = Tally()
        found = kept.read(ids, Span(BEGIN, BEGIN + timedelta(days=1)), HOUR_S)
    rows = MINUTES * 6 * lines
    return {
        "count_us": (copy_s + count_s) / rows * 1e6,
        "copy_us": copy_s / rows * 1e6,
        "write_s": write_s / MINUTES,
        "share": (copy_s + count_s + write_s) / (MINUTES * 60),
        "sent": sent,
        "kept": sum(one.sent for some in found.values() for one in some),
    }


async def lateness(config: Path, lines: int, *, beside: bool) -> list[float]:
    """Return how late a loop's ticks of 5 ms come, sorted, while batches are shown to the companion, or to nobody."""
    draw, ids, late = np.random.default_rng(3), [fleet.line_id(number) for number in range(lines)], []
    parts = np.array_split(np.arange(lines), BATCHES)
    with open_site(str(config), {}) as site:
        keeping = RollupKeeping(write_s=LOOP_S / 2 - 1)
        await keeping.begin(site, lambda *_: None)
        gc.collect()
        gc.freeze()  # as the daemon does when it has begun
        running = asyncio.create_task(keeping.run())
        began = time.monotonic()
        start_us = micros(clock.now())
        for nth in range(int(LOOP_S * 10)):
            rows = windows(draw, parts[nth % BATCHES], start_us + nth // BATCHES * 10 * SECOND_US, 10, 3)
            if beside:
                keeping.see(Seen(rows, ids, [None], Health(clock.now(), lines)))
            while time.monotonic() < began + nth / 10:
                asked = time.monotonic()
                await asyncio.sleep(TICK_S)
                late.append((time.monotonic() - asked - TICK_S) * 1000)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await keeping.end()
    return sorted(late)


def loop_beside(folder: Path, lines: int) -> dict[str, float]:
    """Return the lateness of a loop with and without the own history, in milliseconds."""
    config = fleet.write_site(folder, lines)
    found: dict[str, float] = {}
    for name, beside in (("alone", False), ("beside", True)):
        late = asyncio.run(lateness(config, lines, beside=beside))
        found |= {f"late_p99_{name}_ms": late[int(len(late) * 0.99)], f"late_max_{name}_ms": late[-1]}
    return found


def sized(folder: Path) -> dict[str, float]:
    """Return what an hour and a day of a target take on disk."""
    draw, ids = np.random.default_rng(2), [f"GX-{number:06}" for number in range(SIZED_LINES)]
    zones, lines = dict.fromkeys(ids, "Asia/Shanghai"), np.arange(SIZED_LINES)
    with Rollups.open(folder) as kept:
        for hour in range(SIZED_HOURS):
            tally = Tally()
            for nth in range(3):
                start = BEGIN + timedelta(hours=hour, minutes=20 * nth)
                tally.add(windows(draw, lines, micros(start), 1200, 600))
            kept.write(tally, ids, zones)
    hours = (folder / FILE).stat().st_size
    with Rollups.open(folder) as kept:
        kept.settle(BEGIN + timedelta(days=3))
    days = (folder / FILE).stat().st_size - hours
    with Rollups.open(folder, read_only=True) as kept:
        began = time.process_time()
        kept.read(ids[:1000], Span(BEGIN, BEGIN + timedelta(days=31)), DAY_S)
        read_s = time.process_time() - began
    hour_bytes, day_bytes = hours / SIZED_LINES / SIZED_HOURS, days / SIZED_LINES / (SIZED_HOURS / 24)
    line_bytes = hour_bytes * 24 * 35 + day_bytes * 400
    return {"hour_bytes": hour_bytes, "day_bytes": day_bytes, "line_bytes": line_bytes, "read_s": read_s}


def main(folder: str, lines: str) -> None:
    made = [Path(folder) / name for name in ("beside", "sized", "loop")]
    for one in made:
        one.mkdir()
    found = {**beside(made[0], int(lines)), **sized(made[1]), **loop_beside(made[2], int(lines))}
    print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
