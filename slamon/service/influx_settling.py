"""A stretch of quiet windows, now that it is certain what came after it: raw around impairments, else rolled up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slamon.service.influx_quiet import Loudness
from slamon.store.frames import Frame, Kind, joined, rows_frame
from slamon.store.thinning import rolled_up

LINES_AT_ONCE = 200_000  # rows that are made at the same time


def settled(frames: Sequence[Frame], loudness: Loudness) -> Iterator[list[Frame]]:
    """Yield frames to send: windows around an impairment as they are, one row a line for all others."""
    mine = [frame for frame in frames if frame.kind is Kind.ROWS]
    if not mine:
        return
    first_us, last_us = min(frame.first_us for frame in mine), max(frame.last_us for frame in mine)
    parts = 1 + sum(frame.points for frame in mine) // LINES_AT_ONCE
    for names in dict.fromkeys(frame.names for frame in mine):
        chosen = [frame for frame in mine if frame.names == names]
        for part in range(parts):
            rows, words = joined(chosen, part, parts)
            if not rows.size:
                continue
            near = loudness.near(rows, names, first_us, last_us)
            found = [one for one in (rows[near], rolled_up(rows[~near], None)) if one.size]
            yield [rows_frame(one, words, names) for one in found]
