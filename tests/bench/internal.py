"""Row `internal`: the internal workbook of a month of 100,000 lines and 300,000 incidents."""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl

from tests.bench import fleet, month, processes
from tests.bench.row import Figure, Row, Work

HOW = (
    "`slamon report 2026-11 --internal --format xlsx -o DIR` as a whole process, inventory read from CSV, ledger on "
    "disk, all cores: every line's statement is worked out, then added up, then written. Memory adds the peaks of all "
    "its processes (VmHWM, every 0.1 s); proportional sizes (PSS), which count shared pages once, stand beside it."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the review of a month in an empty folder."""
    config = fleet.write_site(folder, lines)
    month.write_month(config, lines)
    out = folder / "reports"
    command = [sys.executable, "-m", "slamon", "-c", str(config), "report", str(month.MONTH), "--internal"]
    ran = processes.run([*command, "--format", "xlsx", "-o", str(out)])
    found = _counted(out / f"internal-{month.MONTH}.xlsx")
    return Row(
        "internal",
        f"internal workbook of {lines:,} lines and {month.incidents_of(lines):,} incidents",
        HOW,
        (
            Figure("wall clock", ran.wall_s, "s", 60),
            Figure("CPU, all processes", ran.cpu_s, "s"),
            Figure("memory, sum of peaks", ran.peak_sum_mib, "MiB", 1024),
            Figure("memory, shared pages once", ran.peak_pss_mib, "MiB"),
            Figure("limits missed, each a row", found["Limits missed"], "rows"),
        ),
        (
            Work("exit code", 0, ran.code),
            Work("lines in the overview", lines, found["Lines"]),
            Work("incidents in the overview", month.incidents_of(lines), found["Incidents"]),
            Work("complaints in the overview", month.complaints_of(lines), found["Complaints"]),
            Work("customers in their sheet", -(-lines // fleet.LINES_PER_CUSTOMER), found["By customer"]),
        ),
    )


def _counted(file: Path) -> dict[str, int]:
    """Count what stands in the workbook: figures of the overview, rows of two sheets."""
    names = ("Lines", "Incidents", "Complaints", "By customer", "Limits missed")
    found = dict.fromkeys(names, 0)
    if file.exists():
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        for label, value, *_ in book["Overview"].iter_rows(values_only=True):
            if label in found:
                found[label] = int(value)
        found["By customer"] = book["By customer"].max_row - 2
        found["Limits missed"] = book["Limits missed"].max_row - 1
    return found
