"""Counting judged rows into cells, hour by hour, until they are written (`slamon.store.rollups`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from slamon.core.quality import Verdict
from slamon.store.cells import CELL, NO_RTT, TARGETS, Cells, no_cells
from slamon.store.coverage import NEVER
from slamon.store.rows import VERDICTS, Rows

Ints = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000
# A line that was away for longer was not unseen: it was gone. As long as hours are usually kept.
LONGEST_GAP_US = 35 * 24 * HOUR_US
# What may wait in memory while it cannot be written; beyond that the oldest hours go.
MOST_BYTES = 64 << 20
_NO_DATA = VERDICTS.index(Verdict.NO_DATA)


class Spans(NamedTuple):
    """Spans of time of lines, in microseconds; no two of a line overlap."""

    lines: Ints
    starts: Ints
    ends: Ints

    def at(self, chosen: npt.NDArray[np.bool_]) -> Spans:
        """Return some of them."""
        return Spans(self.lines[chosen], self.starts[chosen], self.ends[chosen])


def spread(spans: Spans) -> Iterator[tuple[int, Ints, npt.NDArray[np.uint32]]]:
    """Yield the hours that spans touch, with the lines and the milliseconds of each in that hour."""
    lines, ends = spans.lines, spans.ends
    starts = np.maximum(spans.starts, ends - LONGEST_GAP_US)
    while lines.size:
        hours = starts // HOUR_US * HOUR_US
        upto = np.minimum(ends, hours + HOUR_US)
        for hour in np.unique(hours).tolist():
            mine = hours == hour
            yield hour, lines[mine], ((upto - starts)[mine] // 1000).astype(np.uint32)
        left = upto < ends
        lines, starts, ends = lines[left], upto[left], ends[left]


class Tally:
    """What came since the last write, by line numbers of whoever counts; a row counts in the hour it begins in.

    `since` and `until` bound what was seen of each line (`NEVER`: nothing), `targets` has a bit for each target that
    it had. Blind time that reaches over an hour waits in `blind` until it is written: it may be weeks.
    """

    def __init__(self) -> None:
        self.hours: dict[int, Cells] = {}
        self.since, self.until = np.empty(0, np.int64), np.empty(0, np.int64)
        self.targets = np.empty(0, np.uint8)
        self.blind: list[Spans] = []
        self.rows = 0
        self.dropped = 0

    def add(self, rows: Rows) -> None:
        """Count judged rows (`slamon.store.rows.KEPT`), those of a line in order of time."""
        rows = rows[(rows["blind"] != 0) | (rows["targets"] != 0)]  # else it says nothing of any packet
        if not rows.size:
            return
        self.rows += rows.size
        rows = rows[np.argsort(rows["line"], kind="stable")]
        lines = rows["line"].astype(np.int64)
        self._grow(int(lines[-1]) + 1)
        self._note_unseen(rows, lines)
        seen = rows[rows["blind"] == 0]
        hours = seen["start"] // HOUR_US
        for hour in np.unique(hours).tolist():
            self._count(self._cells(hour * HOUR_US), seen[hours == hour])
        self._bound()

    def _grow(self, count: int) -> None:
        more = count - self.until.size
        if more > 0:
            more += count // 4
            self.since = np.append(self.since, np.full(more, NEVER))
            self.until = np.append(self.until, np.full(more, NEVER))
            self.targets = np.append(self.targets, np.zeros(more, np.uint8))

    def _cells(self, hour_us: int) -> Cells:
        cells = self.hours.get(hour_us)
        if cells is None or cells.shape[0] < self.until.size:
            grown = no_cells(self.until.size)
            if cells is not None:
                grown[: cells.shape[0]] = cells
            cells = self.hours[hour_us] = grown
        return cells

    def _note_unseen(self, rows: Rows, lines: Ints) -> None:
        """Book windows without a verdict, and the time between two windows that do not meet; move on what was seen."""
        starts, ends = rows["start"].astype(np.int64), rows["end"].astype(np.int64)
        first = np.append(True, lines[1:] != lines[:-1])
        last = np.append(first[1:], True)
        before = np.where(first, self.until[lines], np.append(NEVER, ends[:-1]))
        gap = (before != NEVER) & (before < starts)
        self._unseen(Spans(lines[gap], before[gap], starts[gap]))
        blind = rows["verdict"] == _NO_DATA
        self._unseen(Spans(lines[blind], starts[blind], ends[blind]))
        fresh = self.since[lines[first]]
        self.since[lines[first]] = np.where(fresh == NEVER, starts[first], fresh)
        self.until[lines[last]] = np.maximum(self.until[lines[last]], ends[last])
        np.bitwise_or.at(self.targets, lines, rows["targets"])

    def _unseen(self, spans: Spans) -> None:
        within = spans.starts // HOUR_US == (spans.ends - 1) // HOUR_US
        for hour, lines, lasted_ms in spread(spans.at(within)):
            np.add.at(self._cells(hour)["blind_ms"], lines, lasted_ms[:, None])
        if not within.all():
            self.blind.append(spans.at(~within))

    def _count(self, cells: Cells, rows: Rows) -> None:
        """Add rows of one hour, ordered by line, to its cells."""
        for side, own in enumerate(TARGETS):
            mine = rows[rows["targets"] & (1 << side) != 0]
            if not mine.size:
                continue
            begins = np.flatnonzero(np.concatenate(([True], mine["line"][1:] != mine["line"][:-1])))
            lines, came = mine["line"][begins], _cells_of(mine, own)
            for name in ("sent", "received", "replies", "rtt_sum", "pairs", "ipdv_sum"):
                cells[name][lines, side] += np.add.reduceat(came[name], begins)
            least, most = cells["rtt_min"], cells["rtt_max"]
            least[lines, side] = np.minimum(least[lines, side], np.minimum.reduceat(came["rtt_min"], begins))
            most[lines, side] = np.maximum(most[lines, side], np.maximum.reduceat(came["rtt_max"], begins))
            cells["probed"][lines, side] = 1

    def _bound(self) -> None:
        most = max(2, MOST_BYTES // (self.until.size * len(TARGETS) * CELL.itemsize))
        for hour in sorted(self.hours)[:-most]:
            del self.hours[hour]
            self.dropped += 1
        while sum(spans.lines.nbytes * 3 for spans in self.blind) > MOST_BYTES:
            del self.blind[0]
            self.dropped += 1


def _cells_of(rows: Rows, own: str) -> Cells:
    """Return one target of rows as cells; the weights are those of `slamon.core.quality`."""
    found: Cells = np.zeros(rows.size, CELL)
    received = rows[f"{own}_received"].astype(np.int64)
    found["sent"], found["received"] = rows[f"{own}_sent"], received
    mean, ipdv = rows[f"{own}_rtt_mean"].astype(np.int64), rows[f"{own}_ipdv"].astype(np.int64)
    found["replies"] = np.where(mean >= 0, received, 0)
    found["rtt_sum"] = np.where(mean >= 0, mean * received, 0)
    found["pairs"] = np.where(ipdv >= 0, np.maximum(1, received - 1), 0)
    found["ipdv_sum"] = np.where(ipdv >= 0, ipdv * np.maximum(1, received - 1), 0)
    least = rows[f"{own}_rtt_min"].astype(np.int64)
    found["rtt_min"] = np.where(least >= 0, least, NO_RTT)
    found["rtt_max"] = np.maximum(rows[f"{own}_rtt_max"], 0)
    return found
