"""Judged windows of many lines as columns: what the judge remembers of the last minutes, and its tail on disk.

A segment holds the rows of a few seconds, ordered by line and then by time. Each column is as narrow as its values
allow, counted from its least one; one that is the same in all rows takes no room at all. Instants are microseconds
since the epoch, RTTs and IPDV whole microseconds, -1 where there is none.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, Reading, TargetStats
from slamon.core.timespan import from_micros
from slamon.store.errors import NotEvidence

Ints = npt.NDArray[np.int64]
Rows = npt.NDArray[np.void]
Judged = tuple[Reading, Verdict]

MAGIC = b"slamon.rows/1\n"
VERDICTS = tuple(Verdict)

_TARGET = [("sent", "<u2"), ("received", "<u2"), ("rtt_min", "<i4"), ("rtt_mean", "<i4"), ("rtt_max", "<i4")]
_TARGET += [("ipdv", "<i4")]
_OWN = {"demarc": 1, "cpe": 2}  # which bit of `targets` says that there is one
HAS_PORT = 4  # the bit that says that the reading carries a word of the carrier's port (`slamon.store.ports`)

# `line` is a number of the judge's own; `blind` and `vantage` are indexes into its words, 0 for none.
KEPT = np.dtype(
    [("line", "<u4"), ("start", "<i8"), ("end", "<i8"), ("blind", "<u4"), ("vantage", "<u2"), ("targets", "u1")]
    + [("verdict", "u1")]
    + [(f"{own}_{name}", kind) for own in _OWN for name, kind in _TARGET]
)
# The length varies little where the end does not.
_NARROWED = ("start", "length", *(name for name in KEPT.names or () if name not in ("line", "start", "end")))
_NONE: Mapping[tuple[int, int], InterfaceStats] = {}
_RARE = 32  # a column is made narrower for all when less than one in so many would not fit


@dataclass(frozen=True, slots=True)
class _Column:
    """Whole numbers from `base` up; `data` None: all are `base`. The highest value in `data` points to `wide`."""

    base: int
    data: npt.NDArray[Any] | None = None
    wide_at: Ints | None = None
    wide: Ints | None = None

    def at(self, places: Ints | slice, count: int) -> Ints | int:
        """Return the values of some rows; a bare number stands for as many as there are."""
        if self.data is None:
            return self.base
        found = self.data[places].astype(np.int64)
        if self.wide_at is not None and self.wide is not None:
            far = np.flatnonzero(found == np.iinfo(self.data.dtype).max)
            if far.size:
                asked = np.arange(count)[places][far] if isinstance(places, slice) else places[far]
                found[far] = self.wide[np.searchsorted(self.wide_at, asked)]
        found += self.base
        return found


def _narrow(values: Ints) -> _Column:
    base = int(values.min())
    above = int(values.max()) - base
    if above == 0:
        return _Column(base)
    offsets = values - base
    kind: type[np.unsignedinteger[Any]] = np.uint64
    for narrower in (np.uint8, np.uint16, np.uint32):
        if above <= np.iinfo(narrower).max:
            kind = narrower
            break
    if kind in (np.uint32, np.uint64):
        wide_at = np.flatnonzero(offsets >= np.iinfo(np.uint16).max)
        if wide_at.size * _RARE < values.size:
            data = np.minimum(offsets, np.iinfo(np.uint16).max).astype(np.uint16)
            return _Column(base, data, wide_at, offsets[wide_at])
    return _Column(base, offsets.astype(kind))


@dataclass(frozen=True, slots=True)
class Segment:
    """Rows of many lines, ordered by line and time; `first` and `last` bound their time."""

    lines: npt.NDArray[np.uint32]
    columns: dict[str, _Column]
    first: int
    last: int

    @classmethod
    def of(cls, rows: Rows) -> Segment:
        """Return rows (at least one) that are in order already."""
        starts, ends = rows["start"].astype(np.int64), rows["end"].astype(np.int64)
        made = {"start": starts, "length": ends - starts}
        columns = {n: _narrow(made[n] if n in made else rows[n].astype(np.int64)) for n in _NARROWED}
        return cls(np.ascontiguousarray(rows["line"]), columns, int(starts.min()), int(ends.max()))

    @property
    def nbytes(self) -> int:
        """The memory of the columns."""
        arrays = [a for c in self.columns.values() for a in (c.data, c.wide_at, c.wide) if a is not None]
        return self.lines.nbytes + sum(array.nbytes for array in arrays)

    def ends(self) -> Ints:
        """Return when each row ends."""
        whole, count = slice(None), self.lines.size
        found = np.empty(count, np.int64)
        found[:] = self.columns["start"].at(whole, count)
        found += self.columns["length"].at(whole, count)
        return found

    def rows(self, places: Ints | None = None) -> Rows:
        """Return the rows at some places, or all of them."""
        chosen = slice(None) if places is None else places
        lines = self.lines[chosen]
        found = np.empty(lines.size, KEPT)
        found["line"] = lines
        for name, column in self.columns.items():
            if name != "length":
                found[name] = column.at(chosen, self.lines.size)
        found["end"] = found["start"] + self.columns["length"].at(chosen, self.lines.size)
        return found

    def places(self, lines: npt.NDArray[np.uint32]) -> Ints:
        """Return where the rows of some lines stand."""
        low = np.searchsorted(self.lines, lines)
        count = np.searchsorted(self.lines, lines, side="right") - low
        total = int(count.sum())
        if total == 0:
            return np.empty(0, np.int64)
        ahead = np.cumsum(count) - count
        return np.repeat(low - ahead, count) + np.arange(total)


class _Instants(dict[int, datetime]):
    """Instants by their microseconds; windows that touch share one."""

    def __missing__(self, micros: int) -> datetime:
        made = self[micros] = from_micros(micros)
        return made


def judged_of(
    rows: Rows, ids: Sequence[str], words: Sequence[str | None], ports: Mapping[tuple[int, int], InterfaceStats] = _NONE
) -> list[Judged]:
    """Return rows as readings with their verdicts; `ids` are named by the rows' lines.

    `ports` are the words of ports that some of them carry, by line and start in microseconds.
    """
    at = _Instants()
    demarcs, cpes = _targets(rows, "demarc"), _targets(rows, "cpe")
    plain = zip(*(rows[n].tolist() for n in ("line", "start", "end", "blind", "vantage", "verdict")), strict=True)
    return [
        (
            Reading(ids[n], at[start], at[end], demarc, cpe, ports.get((n, start)), words[blind], words[vantage]),
            VERDICTS[verdict],
        )
        for (n, start, end, blind, vantage, verdict), demarc, cpe in zip(plain, demarcs, cpes, strict=True)
    ]


def _targets(rows: Rows, own: str) -> list[TargetStats | None]:
    here = rows["targets"] & _OWN[own] != 0
    if not here.any():
        return [None] * rows.size
    whole = (rows[f"{own}_{name}"].tolist() for name in ("sent", "received"))
    micros = (_milliseconds(rows[f"{own}_{name}"]) for name in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"))
    made = map(TargetStats, *whole, *micros)
    return (
        list(made)
        if here.all()
        else [one if present else None for one, present in zip(made, here.tolist(), strict=True)]
    )


def _milliseconds(column: npt.NDArray[Any]) -> list[Any]:
    found: list[Any] = (column / 1000).tolist()
    return found if column.min() >= 0 else [None if one < 0 else one for one in found]


def pack_ids(ids: Iterable[str]) -> bytes:
    """Return line ids as `pack_segment` takes them; for many lines they are worth keeping."""
    return zlib.compress(json.dumps(list(ids)).encode(), 1)


def pack_segment(segment: Segment, ids: bytes, words: Sequence[str | None]) -> bytes:
    """Return a segment as bytes; its lines count in `ids` (`pack_ids`)."""
    arrays: list[npt.NDArray[Any]] = [segment.lines]
    said = {}
    for name, column in segment.columns.items():
        own = [a for a in (column.data, column.wide_at, column.wide) if a is not None]
        said[name] = [column.base, len(own)]
        arrays += own
    kinds = [[one.dtype.str, one.nbytes] for one in arrays]
    head = {"columns": said, "arrays": kinds, "first": segment.first, "last": segment.last, "words": list(words)}
    text = json.dumps(head, separators=(",", ":")).encode()
    sizes = len(ids).to_bytes(4, "little") + len(text).to_bytes(4, "little")
    return b"".join((MAGIC, sizes, ids, text, *(one.tobytes() for one in arrays)))


def unpack_segment(data: bytes) -> tuple[Segment, bytes, list[str | None]]:
    """Return what `pack_segment` was given, the ids packed as they were; raises `NotEvidence` for other bytes."""
    if not data.startswith(MAGIC):
        raise NotEvidence("these bytes are no packed rows: they begin otherwise")
    try:
        at = len(MAGIC) + 8
        ids_size, head_size = (int.from_bytes(data[low : low + 4], "little") for low in (at - 8, at - 4))
        ids, head = data[at : at + ids_size], json.loads(data[at + ids_size : at + ids_size + head_size])
        return _segment(head, data[at + ids_size + head_size :]), ids, head["words"]
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise NotEvidence(f"these bytes are no packed rows: {error!r}") from None


def _segment(head: dict[str, Any], body: bytes) -> Segment:
    ends = list(accumulate((size for _, size in head["arrays"]), initial=0))
    if ends[-1] != len(body):
        raise ValueError(f"{len(body)} bytes of columns instead of {ends[-1]}")
    arrays = (
        np.frombuffer(body[low:high], dtype)
        for (low, high), (dtype, _) in zip(pairwise(ends), head["arrays"], strict=True)
    )
    lines = next(arrays)
    said = head["columns"].items()
    columns = {name: _Column(base, *(next(arrays) for _ in range(own))) for name, (base, own) in said}
    if set(columns) != set(_NARROWED):
        raise ValueError(f"columns {sorted(columns)}")
    return Segment(lines, columns, head["first"], head["last"])


def unpack_ids(packed: bytes) -> list[str]:
    """Return what `pack_ids` was given; raises `NotEvidence` for other bytes."""
    try:
        ids: list[str] = json.loads(zlib.decompress(packed))
    except (zlib.error, ValueError) as error:
        raise NotEvidence(f"these bytes are no line ids: {error!r}") from None
    return ids


def unpack_judged(data: bytes) -> list[Judged]:
    """Return the readings of a packed segment; raises `NotEvidence` for other bytes."""
    segment, ids, words = unpack_segment(data)
    return judged_of(segment.rows(), unpack_ids(ids), words)
