"""`line_quality` for many windows at once: columns in, one block of line protocol out, no object a point.

Every part of a line is a column of bytes of its own width: digits come out of tables, what is absent is empty. The
columns stand side by side in one array, and one pass over its bytes leaves out the filling.

A window stands at its start, in the series of its line and target. What holds for its fields:

* `sent` and `received` are those of the window, `verdict` is the line's;
* `loss_ratio` is there when packets were sent and the window counts, so total loss is 1 and never a gap; a window that
  the monitor could not see (`NO_DATA`) has none, for nothing is known of the line;
* RTT and IPDV are absent where nothing came back, never 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.quality import Verdict
from slamon.sinks.line_protocol import head

Rows = npt.NDArray[np.void]
Texts = npt.NDArray[np.bytes_]
Ints = npt.NDArray[Any]

MEASUREMENT = "line_quality"
TARGETS = {"demarc": 1, "cpe": 2}  # which bit of `targets` says that a window has one
VERDICTS = tuple(Verdict)
_NO_DATA = VERDICTS.index(Verdict.NO_DATA)
_RTTS = {"rtt_min": "rtt_min_ms", "rtt_mean": "rtt_mean_ms", "rtt_max": "rtt_max_ms", "ipdv": "ipdv_ms"}
_WHOLE_MS = 10_000  # longer round trips are written one by one
_VERDICT_TEXTS = np.array([f',verdict="{verdict}" '.encode() for verdict in VERDICTS])
_END = b"000\n"  # microseconds become nanoseconds


def series_heads(lines: Iterable[tuple[str, str | None]], target: str, vantage: str) -> Texts:
    """Return what each series begins with, for lines as ``(line id, tier)`` in the order of their numbers."""
    tags = ({"line": line_id, "target": target, "tier": tier, "vantage": vantage} for line_id, tier in lines)
    return np.array([f"{head(MEASUREMENT, one)} ".encode() for one in tags])


def quality_lines(rows: Rows, heads: Texts, target: str) -> bytes:
    """Return one target's windows as lines, each with its end.

    `rows` have the columns of `slamon.store.rows.KEPT`; `heads` stands beside them, one for each.
    """
    if not rows.size:
        return b""
    parts = [heads, _counts(rows, target)]
    for column, field in _RTTS.items():
        parts += _milliseconds(rows[f"{target}_{column}"], field)
    parts.append(_VERDICT_TEXTS[rows["verdict"]])
    parts += _instant(rows["start"])
    widths = [(f"f{number}", part.dtype) for number, part in enumerate(parts)]
    block = np.empty(rows.size, [*widths, ("end", f"S{len(_END)}")])
    for (name, _), part in zip(widths, parts, strict=True):
        block[name] = part
    block["end"] = _END
    return block.tobytes().translate(None, b"\0")


def _counts(rows: Rows, target: str) -> Texts:
    """Return sent, received and, where the window counts, the loss ratio; few combinations occur."""
    sent, received = rows[f"{target}_sent"].astype(np.int64), rows[f"{target}_received"].astype(np.int64)
    counts = rows["verdict"] != _NO_DATA
    found, which = np.unique((sent << 17) | (received << 1) | counts, return_inverse=True)
    return np.array([_count_text(one >> 17, (one >> 1) & 0xFFFF, counts=bool(one & 1)) for one in found.tolist()])[
        which
    ]


def _count_text(sent: int, received: int, *, counts: bool) -> bytes:
    text = f"sent={sent}i,received={received}i"
    if counts and sent:
        text += f",loss_ratio={(sent - min(received, sent)) / sent!r}"
    return text.encode()


def _milliseconds(micros: Ints, field: str) -> list[Texts]:
    """Return microseconds as a field in milliseconds, in two columns; nothing where they are negative."""
    whole, fraction = np.divmod(micros, 1000)
    beyond = np.flatnonzero(whole >= _WHOLE_MS)
    absent = micros < 0
    whole = np.where(absent, _WHOLE_MS, np.minimum(whole, _WHOLE_MS - 1))
    fraction = np.where(absent, 1000, fraction)
    found = [_wholes(field)[whole], _fractions()[fraction]]
    if beyond.size:
        found[0] = found[0].astype(f"S{found[0].dtype.itemsize + 8}")
        found[0][beyond] = [f",{field}={ms}".encode() for ms in (micros[beyond] // 1000).tolist()]
    return found


@cache
def _wholes(field: str) -> Texts:
    return np.array([*(f",{field}={ms}".encode() for ms in range(_WHOLE_MS)), b""])


@cache
def _fractions() -> Texts:
    return np.array([*(f".{part:03}".encode() for part in range(1000)), b""])


@cache
def _fours() -> Texts:
    return np.array([f"{part:04}".encode() for part in range(10_000)])


def _instant(micros: Ints) -> list[Texts]:
    """Return instants (16 digits from 2001 to 2286, zeros before them earlier) in four columns."""
    left = micros.astype(np.int64)
    if left.min() < 0 or left.max() >= 10**16:
        raise ValueError("a window lies before 1970 or after 2286")
    found = []
    for _ in range(4):
        left, part = np.divmod(left, 10_000)
        found.append(_fours()[part])
    return found[::-1]
