"""How a tally gets into the file: gaps since the last write, then each hour's cells laid upon what stands there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from slamon.core.rollup import DAY_S, HOUR_S
from slamon.store.cells import Cells, merge_into, no_cells
from slamon.store.coverage import NEVER
from slamon.store.rollup_days import day_around, make_day
from slamon.store.rollup_parts import CHUNK, Parts
from slamon.store.tally import Ints, Spans, Tally, spread


def add(parts: Parts, tally: Tally, numbers: Ints) -> None:
    """Add what was counted; `numbers` are those of the tally's lines in the file."""
    touched = np.flatnonzero(tally.until[: numbers.size] != NEVER)
    chunks = numbers[touched] // CHUNK
    writing = _Writing(parts, tally)
    for chunk in np.unique(chunks).tolist():
        mine = touched[chunks == chunk]
        writing.chunk(chunk, mine, numbers[mine] % CHUNK)


class _Writing:
    """One tally on its way into the file."""

    def __init__(self, parts: Parts, tally: Tally) -> None:
        self._parts = parts
        self._tally = tally
        self._pruned_us = parts.pruned(HOUR_S)
        self._closed: dict[str, int | None] = {}

    def chunk(self, chunk: int, mine: Ints, places: Ints) -> None:
        """Write the lines `mine` of the tally, which stand at `places` of a chunk."""
        tally = self._tally
        until, targets = self._parts.reach(chunk)
        before, since = until[places], tally.since[mine]
        gap = (before != NEVER) & (before < since)
        came = self._counted(mine, places)
        for spans in (Spans(places[gap], before[gap], since[gap]), *_moved(tally.blind, mine, places)):
            for hour, lines, lasted_ms in spread(spans):
                if hour not in came:
                    came[hour] = no_cells(CHUNK)
                np.add.at(came[hour]["blind_ms"], lines, lasted_ms[:, None])
        until[places] = np.maximum(before, tally.until[mine])
        targets[places] |= tally.targets[mine]
        self._parts.set_reach(chunk, until, targets)
        sides = np.stack([targets & 1, targets >> 1 & 1], axis=1)
        for hour in sorted(came):
            # A line whose hour was blind through and through had the targets that it has.
            came[hour]["probed"] |= sides * (came[hour]["blind_ms"] > 0)
            self._hour(chunk, hour, came[hour])

    def _counted(self, mine: Ints, places: Ints) -> dict[int, Cells]:
        found: dict[int, Cells] = {}
        for hour, cells in self._tally.hours.items():
            known = mine < cells.shape[0]
            own = cells[mine[known]]
            if own["probed"].any() or own["blind_ms"].any():
                found[hour] = no_cells(CHUNK)
                found[hour][places[known]] = own
        return found

    def _hour(self, chunk: int, hour: int, cells: Cells) -> None:
        zones = self._parts.zones_of(chunk)
        if hour < self._pruned_us:  # its day was made long ago, and its hours are gone
            for zone, places in zones.items():
                own = no_cells(CHUNK)
                own[places] = cells[places]
                self._merge(DAY_S, chunk, day_around(hour, zone)[0], own)
            return
        self._merge(HOUR_S, chunk, hour, cells)
        for zone in zones:
            if zone not in self._closed:
                self._closed[zone] = self._parts.closed(zone)
            closed_us = self._closed[zone]
            if closed_us is not None and hour < closed_us:
                make_day(self._parts, chunk, zone, *day_around(hour, zone))

    def _merge(self, seconds: int, chunk: int, start_us: int, cells: Cells) -> None:
        part = self._parts.get(seconds, chunk, start_us)
        merge_into(part, cells)
        self._parts.put(seconds, chunk, start_us, part)


def _moved(blind: Sequence[Spans], mine: Ints, places: Ints) -> Iterator[Spans]:
    """Yield the spans of some lines (in order), their lines named by the places."""
    for spans in blind:
        at = np.minimum(np.searchsorted(mine, spans.lines), mine.size - 1)
        own = mine[at] == spans.lines
        if own.any():
            yield Spans(places[at[own]], spans.starts[own], spans.ends[own])
