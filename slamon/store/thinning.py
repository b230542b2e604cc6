"""Windows rolled up: fewer rows that tell the same sums, when raw ones are too many to keep or to send.

A rolled row is a row like any other, and stands at the start of the first window it holds, so that no two rows of a
line ever share an instant and every window is told exactly once, by itself or within one rolled row. Packets are
added; the RTT's least, mean (each window weighs by its replies) and greatest stay what they were, to the microsecond;
the verdict is the worst. Windows that nobody could see (`NO_DATA`) are rolled up apart from the others.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.quality import Verdict
from slamon.store.rows import VERDICTS, Rows

Ints = npt.NDArray[np.int64]

_TARGETS = ("demarc", "cpe")
_NO_DATA = VERDICTS.index(Verdict.NO_DATA)
_FAR = np.iinfo(np.int32).max
_MOST = np.iinfo(np.uint16).max


def rolled_up(rows: Rows, span_us: int | None) -> Rows:
    """Return one row for each line, stretch of `span_us` and kind of window; None: one for all the time there is."""
    if not rows.size:
        return rows
    stretch = np.zeros(rows.size, np.int64) if span_us is None else rows["start"] // span_us
    unseen = rows["verdict"] == _NO_DATA
    order = np.lexsort((rows["start"], unseen, stretch, rows["vantage"], rows["line"]))
    rows, stretch, unseen = rows[order], stretch[order], unseen[order]
    first = np.flatnonzero(_begins(rows["line"], rows["vantage"], stretch, unseen))
    found = rows[first]
    found["end"] = np.maximum.reduceat(rows["end"], first)
    found["targets"] = np.bitwise_or.reduceat(rows["targets"], first)
    # The worst is the greatest number: UP, DEGRADED, DOWN; NO_DATA, the last, is never among others.
    found["verdict"] = np.maximum.reduceat(rows["verdict"], first)
    for target in _TARGETS:
        _roll_target(rows, found, first, target)
    return found


def _begins(*columns: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell where any column differs from the row before."""
    found = np.ones(columns[0].size, np.bool_)
    found[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    return found


def _roll_target(rows: Rows, found: Rows, first: Ints, target: str) -> None:
    received = rows[f"{target}_received"].astype(np.int64)
    for name in ("sent", "received"):
        added = np.add.reduceat(rows[f"{target}_{name}"].astype(np.int64), first)
        found[f"{target}_{name}"] = np.minimum(added, _MOST)
    least = rows[f"{target}_rtt_min"]
    low = np.minimum.reduceat(np.where(least < 0, _FAR, least), first)
    found[f"{target}_rtt_min"] = np.where(low == _FAR, -1, low)
    found[f"{target}_rtt_max"] = np.maximum.reduceat(rows[f"{target}_rtt_max"], first)
    found[f"{target}_rtt_mean"] = _mean(rows[f"{target}_rtt_mean"], received, first)
    found[f"{target}_ipdv"] = _mean(rows[f"{target}_ipdv"], np.maximum(received - 1, 1), first)


def _mean(values: npt.NDArray[Any], weights: Ints, first: Ints) -> Ints:
    """Return the mean of each group, halves upwards; -1 where no value is known."""
    known = np.where(values < 0, 0, np.maximum(weights, 1))
    weight = np.add.reduceat(known, first)
    total = np.add.reduceat(np.where(values < 0, 0, values) * known, first)
    divisor = np.maximum(weight, 1)
    return np.where(weight > 0, (2 * total + divisor) // (2 * divisor), -1)
