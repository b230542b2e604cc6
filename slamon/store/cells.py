"""What rollups are made of: a cell per line and target, in columns, whose sums are whole numbers.

Cells of the same line and time merge by adding (least and greatest RTT aside), so that it does not matter how often,
in which order or by which process parts of an hour were written.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from slamon.core.rollup import Rollup

Cells = npt.NDArray[np.void]

TARGETS = ("demarc", "cpe")
MAGIC = b"slamon.cells/1\n"
NO_RTT = 2**32 - 1

# RTTs and IPDV in microseconds: sums are exact. `probed` is 1 where the line has that target.
_KINDS = {"rtt_sum": "<i8", "ipdv_sum": "<i8", "probed": "u1"}
_NAMES = ("sent", "received", "replies", "rtt_sum", "rtt_min", "rtt_max", "pairs", "ipdv_sum", "blind_ms", "probed")
CELL = np.dtype([(name, _KINDS.get(name, "<u4")) for name in _NAMES])
_ADDED = ("sent", "received", "replies", "rtt_sum", "pairs", "ipdv_sum", "blind_ms")


class NotCells(ValueError):
    """Bytes that should hold packed cells do not."""


def no_cells(lines: int) -> Cells:
    """Return cells of nothing: shape (lines, 2)."""
    made: Cells = np.zeros((lines, len(TARGETS)), CELL)
    made["rtt_min"] = NO_RTT
    return made


def merge_into(cells: Cells, more: Cells) -> None:
    """Add cells of the same shape."""
    for name in _ADDED:
        cells[name] += more[name]
    np.minimum(cells["rtt_min"], more["rtt_min"], out=cells["rtt_min"])
    np.maximum(cells["rtt_max"], more["rtt_max"], out=cells["rtt_max"])
    cells["probed"] |= more["probed"]


def pack_cells(cells: Cells) -> bytes:
    """Return cells as bytes: column by column, the bytes of a column by their place, so that they compress well."""
    count = cells.size
    planes = [
        np.ascontiguousarray(cells[name]).reshape(count).view(np.uint8).reshape(count, -1).T.tobytes()
        for name in _NAMES
    ]
    return MAGIC + zlib.compress(b"".join(planes), 1)


def unpack_cells(data: bytes) -> Cells:
    """Return what `pack_cells` was given; raises `NotCells` for other bytes."""
    if not data.startswith(MAGIC):
        raise NotCells("these bytes are no packed cells: they begin otherwise")
    try:
        raw = np.frombuffer(zlib.decompress(data[len(MAGIC) :]), np.uint8)
    except zlib.error as error:
        raise NotCells(f"these bytes are no packed cells: {error}") from None
    count, rest = divmod(raw.size, CELL.itemsize)
    if rest or count % len(TARGETS):
        raise NotCells(f"these bytes are no packed cells: {raw.size} bytes of columns")
    found: Cells = np.empty(count, CELL)
    at = 0
    for name in _NAMES:
        kind = CELL[name]
        planes = raw[at : at + count * kind.itemsize].reshape(kind.itemsize, count)
        found[name] = np.ascontiguousarray(planes.T).view(kind).reshape(count)
        at += planes.size
    return found.reshape(-1, len(TARGETS))


def rollups_of(cells: Cells, line_ids: Sequence[str], start: datetime, seconds: int) -> list[Rollup]:
    """Return the rollups of cells that hold anything, in order of line and target; `line_ids` name their rows."""
    found = []
    for row, side in zip(*(at.tolist() for at in np.nonzero(cells["probed"])), strict=True):
        one = dict(zip(_NAMES, cells[row, side].tolist(), strict=True))
        known = one["replies"] > 0
        found.append(
            Rollup(
                line_id=line_ids[row],
                target=TARGETS[side],
                start=start,
                seconds=seconds,
                sent=one["sent"],
                received=one["received"],
                rtt_min_ms=None if one["rtt_min"] == NO_RTT else one["rtt_min"] / 1000,
                rtt_mean_ms=one["rtt_sum"] / one["replies"] / 1000 if known else None,
                rtt_max_ms=None if one["rtt_min"] == NO_RTT else one["rtt_max"] / 1000,
                ipdv_ms=one["ipdv_sum"] / one["pairs"] / 1000 if one["pairs"] else None,
                blind_s=round(one["blind_ms"] / 1000),
                rtt_replies=one["replies"],
                ipdv_pairs=one["pairs"],
            )
        )
    return found
