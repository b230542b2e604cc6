"""Row `statement`: a month of 100,000 lines and 300,000 incidents to JSON, and of one line."""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from tests.bench import fleet, month, processes
from tests.bench.processes import Ran
from tests.bench.row import Figure, Row, Work

RUNS_OF_ONE_LINE = 20

HOW = (
    "`slamon report 2026-11 --format json -o DIR` as a whole process, inventory read from CSV, ledger on disk, all "
    "cores. Memory adds the peaks of all its processes (VmHWM, every 0.1 s); proportional sizes (PSS), which count "
    "shared pages once, stand beside it. One line: from the open ledger to its JSON text, median of 20; the process "
    "around it (`slamon report --line`) also starts Python and reads the whole inventory."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the statement of a month in an empty folder."""
    config = fleet.write_site(folder, lines)
    month.write_month(config, lines)
    out = folder / "reports"
    whole = _report(config, out)
    counted = _counted(out / f"statement-{month.MONTH}.json")
    line_id = fleet.line_id(lines // 2)
    single = _report(config, out, "--line", line_id)
    counted_single = _counted(out / f"statement-{month.MONTH}-{line_id}.json")
    one = _one_line(config, line_id)
    return Row(
        "statement",
        f"statement of {lines:,} lines and {month.incidents_of(lines):,} incidents to JSON",
        HOW,
        (
            Figure("wall clock", whole.wall_s, "s", 30),
            Figure("CPU, all processes", whole.cpu_s, "s"),
            Figure("memory, sum of peaks", whole.peak_sum_mib, "MiB", 1024),
            Figure("memory, shared pages once", whole.peak_pss_mib, "MiB"),
            Figure("one line, the computing", one * 1000, "ms", 50),
            Figure("one line, the whole command", single.wall_s, "s"),
        ),
        (
            Work("exit codes", 0, abs(whole.code) + abs(single.code)),
            Work("lines in the report", lines, counted["lines"]),
            Work("incidents in the report", month.incidents_of(lines), counted["incidents"]),
            Work("complaints in the report", month.complaints_of(lines), counted["complaints"]),
            Work("customers in the report", -(-lines // fleet.LINES_PER_CUSTOMER), counted["customers"]),
            Work("lines in the single report", 1, counted_single["lines"]),
        ),
    )


def _report(config: Path, out: Path, *arguments: str) -> Ran:
    command = [sys.executable, "-m", "slamon", "-c", str(config), "report", str(month.MONTH), *arguments]
    return processes.run([*command, "--format", "json", "-o", str(out)])


def _counted(file: Path) -> dict[str, int]:
    """Count what stands in a report; each line's statement is a line of the file."""
    found = {"lines": 0, "incidents": 0, "complaints": 0, "customers": 0}
    if not file.exists():
        return found
    with file.open(encoding="utf-8") as stream:
        for text in stream:
            if text.startswith('{"line_id":'):
                _count(found, json.JSONDecoder().raw_decode(text)[0])
            else:
                found["customers"] += text.startswith('{"customer_id":')
    return found


def _count(found: dict[str, int], line: dict[str, list[dict[str, list[object]]]]) -> None:
    incidents = line["incidents"]
    found["lines"] += 1
    found["incidents"] += len(incidents)
    found["complaints"] += sum(len(incident["complaints"]) for incident in incidents)


def _one_line(config: Path, line_id: str) -> float:
    command = [sys.executable, "-m", "tests.bench.one_line", str(config), line_id, str(RUNS_OF_ONE_LINE)]
    ran = processes.run(command)
    return statistics.median(json.loads(ran.out)) if ran.code == 0 else float("inf")
