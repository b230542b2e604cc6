"""`python -m tests.bench [ROW ...]`: measures against the goals; exit code 1 where the work differed."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from slamon.core.timespan import iso
from slamon.service import clock
from tests.bench import (
    alarm,
    daemon,
    daemon_fast,
    dead_server,
    history,
    icmp,
    influx,
    internal,
    loss,
    machine,
    outage,
    ports,
    printed,
    rtt,
    snmp,
    start,
    statement,
)
from tests.bench.document import page
from tests.bench.row import Row
from tests.bench.wire import CannotMeasure

CHECKOUT = Path(__file__).resolve().parents[2]
RAW = CHECKOUT / "bench-out"
PAGE = CHECKOUT / "docs" / "benchmarks.md"
LINES = 100_000

ROWS: dict[str, Callable[[Path, int], Row]] = {
    "statement": statement.measure,
    "printed": printed.measure,
    "internal": internal.measure,
    "outage": outage.measure,
    "start": start.measure,
    "history": history.measure,
    "icmp": icmp.measure,
    "influx": influx.measure,
    "daemon": daemon.measure,
    "daemon-fast": daemon_fast.measure,
    "dead_server": dead_server.measure,
    "loss": loss.measure,
    "rtt": rtt.measure,
    "alarm": alarm.measure,
    "ports": ports.measure,
    "snmp": snmp.measure,
    "snmp-long": snmp.measure_long,
}


def main() -> int:
    asked = _asked()
    lines: int = asked.lines
    sound = True
    RAW.mkdir(exist_ok=True)
    for name in asked.rows or ROWS:
        facts = machine.facts()
        # Beside the results, on a disk: a temporary folder may be memory, where fsync costs nothing.
        with tempfile.TemporaryDirectory(prefix="work-", dir=RAW) as folder:
            try:
                row = ROWS[name](Path(folder), lines)
            except CannotMeasure as reason:
                print(f"\n{name}: NOT MEASURED: {reason}", flush=True)
                sound = False
                continue
        _print(row)
        sound = sound and row.sound
        if lines == LINES:
            values = {**row.values(), "at": iso(clock.now()), "machine": facts}
            print(f"  raw: bench-out/{name}.json", flush=True)
            (RAW / f"{name}.json").write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    if lines == LINES:
        _write_page()
    return 0 if sound else 1


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure slamon against its goals.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"{', '.join(ROWS)}; all of them without any")
    parser.add_argument("--lines", type=int, default=LINES, help="another size than the goals': printed, not kept")
    asked = parser.parse_args()
    unknown = [name for name in asked.rows if name not in ROWS]
    if unknown:
        parser.error(f"no row {unknown[0]!r}; there are {', '.join(ROWS)}")
    return asked


def _print(row: Row) -> None:
    print(f"\n{row.title}")
    for figure in row.figures:
        print(f"  {figure.what:<55} {figure.shown:>16}  {figure.shown_goal:<20} {figure.verdict}")
    for work in row.work:
        if not work.same:
            print(f"  WORK DIFFERED: {work.what}: {work.found:,}, expected {work.expected:,}")
    print(f"  command: {row.command}", flush=True)


def _write_page() -> None:
    """Write the page from the newest results of every row, measured now or before."""
    kept = [RAW / f"{name}.json" for name in ROWS]
    rows = [json.loads(file.read_text(encoding="utf-8")) for file in kept if file.exists()]
    PAGE.write_text(page(rows, "bench-out"), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
