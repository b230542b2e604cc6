"""Row `start`: from the CSV to the hand-over to the prober, with a new ledger and with one that has lived."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.bench import fleet, processes
from tests.bench.row import Figure, Row, Work

GOAL_S = 10
TAIL_WINDOWS = 90  # 15 minutes, as much as slamon keeps
OPEN_EVERY = 100

HOW = (
    "The daemon itself with a prober that only notes when it gets its lines: from the start of the process (Python and "
    "imports included) to that instant. First with no ledger; then with one that lived: killed with an incident open "
    "on every hundredth line, a checkpoint of all lines, and the rows of its last 15 minutes, a window in 10 s. "
    "Readings are judged once those have been taken up again; what the prober hands on meanwhile waits."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure two starts of the daemon in an empty folder."""
    config = fleet.write_site(folder, lines)
    fresh = _start(config)
    processes.run([sys.executable, "-m", "tests.bench.lived_process", str(config), str(lines), str(TAIL_WINDOWS)])
    lived = _start(config)
    return Row(
        "start",
        f"start with {lines:,} lines up to the prober",
        HOW,
        (*_figures("new ledger", fresh), *_figures("second start", lived)),
        (
            Work("lines handed over, new ledger", lines, int(fresh.get("lines", 0))),
            Work("lines handed over, second start", lines, int(lived.get("lines", 0))),
            Work("lines restored, second start", lines, int(lived.get("restored", 0))),
            Work("incidents still open, second start", -(-lines // OPEN_EVERY), int(lived.get("open", 0))),
        ),
    )


def _start(config: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.start_process", str(config), str(time.monotonic_ns())]
    ran = processes.run(command)
    told: dict[str, float] = json.loads(ran.out) if ran.code == 0 else {"handed_over_s": float("inf")}
    return {**told, "memory_mib": ran.peak_sum_mib}


def _figures(which: str, told: dict[str, float]) -> list[Figure]:
    return [
        Figure(f"{which}: wall clock to the hand-over", told["handed_over_s"], "s", GOAL_S),
        Figure(f"{which}: CPU of it", told.get("cpu_s", 0), "s"),
        Figure(f"{which}: of it config, inventory and ledger opened", told.get("opened_s", 0), "s"),
        Figure(f"{which}: wall clock until readings are judged", told.get("judging_s", 0), "s"),
        Figure(f"{which}: memory, peak", told["memory_mib"], "MiB"),
    ]
