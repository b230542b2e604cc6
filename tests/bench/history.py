"""Row `history`: what the own history costs beside the judging, and how large it grows."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.bench import processes
from tests.bench.row import Figure, Row, Work

HOW = (
    "Judged windows of all lines, spread over the interval of 10 s in batches of a tenth of a second, are copied, "
    "counted every 5 s and written once a minute (SQLite WAL, synchronous=FULL), as the daemon does; CPU is user and "
    "system of everything after the rows were made. The size is that of the file after two days of 10,000 lines with "
    "one target, three windows of 600 packets an hour, RTTs spread as on a real network; hours and days are weighed by "
    "themselves. "
    "The lateness is that of ticks of 5 ms in an asyncio loop of 24 s that shows 1,000 windows each 0.1 s to the "
    "daemon's own companion (its thread counts and writes twice meanwhile), and of one that shows them to nobody."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the own history in an empty folder."""
    ran = processes.run([sys.executable, "-m", "tests.bench.history_process", str(folder), str(lines)])
    told = json.loads(ran.out) if ran.code == 0 else {}
    dead = float("inf")
    return Row(
        "history",
        f"Own history of {lines:,} lines",
        HOW,
        (
            Figure("CPU per window: copied and counted", told.get("count_us", dead), "us"),
            Figure("of it in the loop: the copy", told.get("copy_us", dead), "us"),
            Figure("CPU of a write, once a minute", told.get("write_s", dead), "s"),
            Figure("share of a core at 10 s", 100 * told.get("share", dead), "%"),
            Figure("lateness of a loop beside it, 99 of 100 ticks", told.get("late_p99_beside_ms", dead), "ms"),
            Figure("the same without it", told.get("late_p99_alone_ms", dead), "ms"),
            Figure("longest lateness of a loop beside it", told.get("late_max_beside_ms", dead), "ms"),
            Figure("the same without it", told.get("late_max_alone_ms", dead), "ms"),
            Figure("bytes of an hour of a target, on disk", told.get("hour_bytes", dead), "B"),
            Figure("bytes of a day of a target, on disk", told.get("day_bytes", dead), "B"),
            Figure("a target with 35 days of hours and 400 days", told.get("line_bytes", dead) / 1000, "kB"),
            Figure("two days of 1,000 lines read", told.get("read_s", dead), "s"),
        ),
        (
            Work("exit code", 0, abs(ran.code)),
            Work("packets in the hours", told.get("sent", 0) or 1, told.get("kept", 0)),
        ),
    )
