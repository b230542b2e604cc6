"""Readings as columns: what a prober hands on at once, without an object a line.

A batch is one structured array; a row is one line's window. Lines are numbered by the roster that was handed to the
prober last. Times are microseconds since the epoch (UTC), RTTs and IPDV whole microseconds: both the fast and the
slow path see the same rounded values. Absent is -1, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.reading import Reading, TargetStats
from slamon.core.timespan import from_micros, micros

ABSENT = -1

_TARGET = [("sent", "<u2"), ("received", "<u2"), ("rtt_min", "<i4"), ("rtt_mean", "<i4"), ("rtt_max", "<i4")]
_TARGET += [("ipdv", "<i4")]

ROW = np.dtype(
    [("line", "<u4"), ("start", "<i8"), ("end", "<i8"), ("blind", "<u2"), ("targets", "u1")]
    + [(f"demarc_{name}", kind) for name, kind in _TARGET]
    + [(f"cpe_{name}", kind) for name, kind in _TARGET]
)

HAS_DEMARC = 1
HAS_CPE = 2

Rows = npt.NDArray[np.void]


def reading_of(  # one row of ROW, which numpy types as Any
    row: Any,  # noqa: ANN401
    roster: Sequence[str],
    reasons: Sequence[str],
    vantage: str | None = None,
) -> Reading:
    """Return the reading of one row; `blind` is an index into `reasons`, 0 for a window that was seen."""
    targets = int(row["targets"])
    return Reading(
        line_id=roster[int(row["line"])],
        start=from_micros(int(row["start"])),
        end=from_micros(int(row["end"])),
        demarc=_target(row, "demarc") if targets & HAS_DEMARC else None,
        cpe=_target(row, "cpe") if targets & HAS_CPE else None,
        blind=reasons[int(row["blind"])] if row["blind"] else None,
        vantage=vantage,
    )


def _target(row: Any, name: str) -> TargetStats:  # noqa: ANN401 - a row of ROW
    def ms(key: str) -> float | None:
        value = int(row[f"{name}_{key}"])
        return None if value == ABSENT else value / 1000

    return TargetStats(
        sent=int(row[f"{name}_sent"]),
        received=int(row[f"{name}_received"]),
        rtt_min_ms=ms("rtt_min"),
        rtt_mean_ms=ms("rtt_mean"),
        rtt_max_ms=ms("rtt_max"),
        ipdv_ms=ms("ipdv"),
    )


def put(row: Any, reading: Reading, line: int, blind: int) -> None:  # noqa: ANN401 - a row of ROW
    """Write a reading into a row; its RTTs are whole microseconds already."""
    row["line"], row["start"], row["end"], row["blind"] = line, micros(reading.start), micros(reading.end), blind
    row["targets"] = (HAS_DEMARC if reading.demarc else 0) | (HAS_CPE if reading.cpe else 0)
    for name, stats in (("demarc", reading.demarc), ("cpe", reading.cpe)):
        if stats is None:
            continue
        row[f"{name}_sent"], row[f"{name}_received"] = stats.sent, stats.received
        for key, value in (
            ("rtt_min", stats.rtt_min_ms),
            ("rtt_mean", stats.rtt_mean_ms),
            ("rtt_max", stats.rtt_max_ms),
            ("ipdv", stats.ipdv_ms),
        ):
            row[f"{name}_{key}"] = ABSENT if value is None else round(value * 1000)


def no_rows(count: int = 0) -> Rows:
    """Return rows of nothing."""
    return np.zeros(count, ROW)


def rows_of(readings: Iterable[Reading]) -> tuple[Rows, list[str], list[str]]:
    """Return readings as rows, with the roster and the reasons that they are numbered by."""
    chosen = list(readings)
    roster = list(dict.fromkeys(reading.line_id for reading in chosen))
    reasons = ["", *dict.fromkeys(reading.blind for reading in chosen if reading.blind)]
    lines, blinds = ({text: number for number, text in enumerate(texts)} for texts in (roster, reasons))
    rows = no_rows(len(chosen))
    for row, reading in zip(rows, chosen, strict=True):
        put(row, reading, lines[reading.line_id], blinds[reading.blind or ""])
    return rows, roster, reasons


def readings_of(rows: Rows, roster: Sequence[str], reasons: Sequence[str]) -> list[Reading]:
    """Return rows as readings."""
    return [reading_of(row, roster, reasons) for row in rows]
