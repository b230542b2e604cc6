"""Row `printed`: one customer's PDF of 50 lines."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path

import pypdf

from tests.bench import fleet, month, processes
from tests.bench.row import Figure, Row, Work

LINES = 50

HOW = (
    "`slamon report 2026-11 --format html,pdf --lang zh -o DIR` as a whole process: Python's start, statements, one "
    "page of HTML and its PDF (WeasyPrint) with the bar of each line's month and the timeline of each incident. No "
    "charts: the ledger of this row keeps no rollups. The work is counted in the PDF's own text."
)


def measure(folder: Path, _: int) -> Row:
    """Measure the PDF of a customer in an empty folder."""
    config = fleet.write_site(folder, LINES)
    month.write_month(config, LINES)
    out = folder / "reports"
    command = [sys.executable, "-m", "slamon", "-c", str(config), "report", str(month.MONTH)]
    ran = processes.run([*command, "--format", "html,pdf", "--lang", "zh", "-o", str(out)])
    pages = _pages(out)
    text = "".join(pages)
    return Row(
        "printed",
        f"PDF of a customer with {LINES} lines and {month.incidents_of(LINES)} incidents",
        HOW,
        (
            Figure("wall clock", ran.wall_s, "s", 10),
            Figure("CPU", ran.cpu_s, "s"),
            Figure("memory, peak", ran.peak_sum_mib, "MiB"),
            Figure("pages", len(pages), "pages"),
        ),
        (
            Work("exit code", 0, ran.code),
            Work("lines in the PDF", LINES, len({n for n in range(LINES) if fleet.line_id(n) in text})),
            Work("incidents in the PDF", month.incidents_of(LINES), len(set(re.findall(r"#\d+", text)))),
        ),
    )


def _pages(out: Path) -> list[str]:
    files = sorted(out.glob("*.pdf"))
    return [page.extract_text() for file in files for page in pypdf.PdfReader(io.BytesIO(file.read_bytes())).pages]
