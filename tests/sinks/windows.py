"""Windows as the judge hands them on, drawn at random or told one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.store.rows import KEPT, VERDICTS, Rows

T0_US = 1_790_000_000_000_000
_RTT = st.just(-1) | st.integers(0, 2_000_000) | st.sampled_from([0, 999, 1000, 9_999_999, 10_000_000, 2**31 - 1])


@st.composite
def window(draw: st.DrawFn, lines: int = 5) -> dict[str, Any]:
    """One row's columns by name."""
    start = T0_US + draw(st.integers(0, 300_000_000))
    found: dict[str, Any] = {"line": draw(st.integers(0, lines - 1)), "start": start}
    found["end"] = start + draw(st.integers(1, 60_000_000))
    found["targets"] = draw(st.integers(0, 3))
    found["verdict"] = draw(st.integers(0, 3))
    for target in ("demarc", "cpe"):
        found[f"{target}_sent"] = draw(st.integers(0, 12))
        found[f"{target}_received"] = draw(st.integers(0, 12))
        for name in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
            found[f"{target}_{name}"] = draw(_RTT)
    return found


def rows_of(windows: list[dict[str, Any]]) -> Rows:
    """Windows as rows."""
    rows = np.zeros(len(windows), KEPT)
    for row, one in zip(rows, windows, strict=True):
        for name in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
            row[f"demarc_{name}"] = row[f"cpe_{name}"] = -1
        for name, value in one.items():
            row[name] = value
    return rows


def told(
    line: int, second: float, *, verdict: Verdict = Verdict.UP, length_s: float = 10.0, **columns: int
) -> dict[str, Any]:
    """A window of a line with a demarc: five packets answered in a millisecond, unless columns say otherwise."""
    start = T0_US + round(second * 1_000_000)
    good = {"sent": 5, "received": 5, "rtt_min": 1000, "rtt_mean": 1000, "rtt_max": 1000, "ipdv": 10}
    if verdict is Verdict.DOWN:
        good = {"sent": 5, "received": 0}
    if verdict is Verdict.NO_DATA:
        good = {"sent": 0, "received": 0}
    found: dict[str, Any] = {"line": line, "start": start, "end": start + round(length_s * 1_000_000), "targets": 1}
    found |= {f"demarc_{name}": value for name, value in good.items()}
    return {**found, "verdict": VERDICTS.index(verdict), **columns}
