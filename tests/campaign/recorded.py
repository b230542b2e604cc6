"""A record of `watch`, read again: what each line showed, in the words of the second judge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from slamon.probes.columns import ABSENT, HAS_CPE, HAS_DEMARC, ROW, Rows
from tests.oracle.nouns import Seen

MILLION = 1_000_000


@dataclass
class Recorded:
    """All rows of all lines, numbered by `ids`; health and events of the prober's lives."""

    ids: list[str] = field(default_factory=list)
    rows: dict[str, Rows] = field(default_factory=dict)
    healths: list[dict[str, Any]] = field(default_factory=list)
    events: list[tuple[str, float, str]] = field(default_factory=list)

    def seen(self, line_id: str) -> tuple[Seen, ...]:
        """What a line showed, window by window."""
        return tuple(map(_seen, self.rows[line_id]))

    def counted(self, name: str) -> int:
        """A counter of the prober, summed over its lives."""
        total = last = 0
        for health in self.healths:
            value = int(health[name])
            total, last = (total + last, value) if value < last else (total, value)
        return total + last

    def blind(self, line_id: str) -> list[tuple[float, float]]:
        """When a line was not seen between its first and last row: blind rows, and gaps between rows (wall, s)."""
        rows = self.rows[line_id]
        spans = [(int(row["start"]), int(row["end"])) for row in rows[rows["blind"] != 0]]
        ends, starts = rows["end"][:-1], rows["start"][1:]
        spans += [(int(a), int(b)) for a, b in zip(ends, starts, strict=True) if a < b]
        return [(a / MILLION, b / MILLION) for a, b in sorted(spans)]

    def overlaps(self, line_id: str) -> int:
        """How many rows of a line begin before the one before has ended."""
        rows = self.rows[line_id]
        return int((rows["start"][1:] < rows["end"][:-1]).sum())

    def lost(self, line_id: str) -> list[tuple[float, int]]:
        """Packets to the demarc of a line that were lost in windows that were seen: when (wall, s), how many."""
        rows = self.rows[line_id]
        short = rows[(rows["blind"] == 0) & (rows["demarc_received"] < rows["demarc_sent"])]
        return [(int(row["start"]) / MILLION, int(row["demarc_sent"] - row["demarc_received"])) for row in short]


def read(record: Path) -> Recorded:
    """Read a record."""
    found, roster, pieces = Recorded(), [], []
    numbers: dict[str, int] = {}
    for head, rows in _batches(record.read_bytes()):
        if head["roster"] is not None:
            roster = [numbers.setdefault(line_id, len(numbers)) for line_id in head["roster"]]
        copied = rows.copy()
        copied["line"] = np.array(roster, "<u4")[rows["line"]] if len(rows) else rows["line"]
        pieces.append(copied)
        found.healths.append(head["health"])
        found.events += [(kind, at, detail) for kind, at, detail in head["events"]]
    found.ids = list(numbers)
    whole = np.concatenate(pieces)
    whole = whole[np.lexsort((whole["start"], whole["line"]))]
    edges = np.searchsorted(whole["line"], np.arange(len(numbers) + 1))
    found.rows = {line_id: whole[edges[n] : edges[n + 1]] for line_id, n in numbers.items()}
    return found


def _batches(data: bytes) -> Iterator[tuple[dict[str, Any], Rows]]:
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        head = json.loads(data[at:end])
        at = end + 1 + head["bytes"]
        yield head, np.frombuffer(data[end + 1 : at], ROW)


def _seen(row: Any) -> Seen:
    targets = int(row["targets"])
    rtt, ipdv = int(row["demarc_rtt_mean"]), int(row["demarc_ipdv"])
    return Seen(
        int(row["start"]),
        int(row["end"]),
        (int(row["demarc_sent"]), int(row["demarc_received"])) if targets & HAS_DEMARC else None,
        (int(row["cpe_sent"]), int(row["cpe_received"])) if targets & HAS_CPE else None,
        None if rtt == ABSENT else Fraction(rtt, 1000),
        None if ipdv == ABSENT else Fraction(ipdv, 1000),
        blind=bool(row["blind"]),
    )
