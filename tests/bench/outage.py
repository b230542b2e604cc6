"""Row `outage`: every line fails at once, and every outage is on disk."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from slamon.service import clock
from slamon.store.ledger import Ledger
from slamon.store.measured import OPENED, episode_of
from tests.bench import fleet, processes
from tests.bench.row import Figure, Row, Work

HOW = (
    "All lines are seen up, then two windows of every line are lost. Readings come in turn over the interval of 10 s, "
    "as a prober spreads them, and are judged and committed in 100 groups a window (the daemon commits every 0.1 s, "
    "SQLite WAL, synchronous=FULL), with a checkpoint of all lines every 5 s. CPU is our process's own (user and "
    "system, fsync's waiting is not in it), from the first lost window to the last commit; making the readings is the "
    "prober's. The process ends without closing anything; another one then counts the entries and checks the chain."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure a mass outage in an empty folder."""
    config = fleet.write_site(folder, lines)
    ran = processes.run([sys.executable, "-m", "tests.bench.outage_process", str(config), str(lines)])
    told = json.loads(ran.out) if ran.code == 0 else {}
    wanted, found, problems = _on_disk(folder, lines) if told else (0, 0, 1)
    cpu = {key: float(value) for key, value in told.get("cpu_s", {}).items()}
    return Row(
        "outage",
        f"{lines:,} simultaneous outages on disk",
        HOW,
        (
            Figure("CPU until the last outage is on disk", sum(cpu.values()) if told else float("inf"), "s", 5),
            *(Figure(f"of it {what}", seconds, "s") for what, seconds in cpu.items()),
            Figure("commits", told.get("commits", 0), "transactions"),
            Figure("wall clock of the same", told.get("wall_s", 0), "s"),
            Figure("memory, peak", ran.peak_sum_mib, "MiB"),
        ),
        (
            Work("exit code", 0, abs(ran.code)),
            Work("outages acknowledged", lines, told.get("acknowledged", 0)),
            Work("outages on disk", lines, found),
            Work("lines whose outage is on disk", lines, wanted),
            Work("problems of the chain", 0, problems),
        ),
    )


def _on_disk(folder: Path, lines: int) -> tuple[int, int, int]:
    """Return lines with an entry of their own outage, entries of outages, and problems of the ledger."""
    url = f"sqlite:///{folder / 'state' / 'ledger.db'}"
    with Ledger.open(url, writer=fleet.VANTAGE, stamp=clock.stamp, read_only=True) as ledger:
        entries = list(ledger.entries(kinds={OPENED}))
        own = {e.line_id for e in entries if e.subject == episode_of(e.line_id or "", e.payload).id}
        asked = {fleet.line_id(number) for number in range(lines)}
        return len(own & asked), len(entries), len(ledger.verify().problems)
