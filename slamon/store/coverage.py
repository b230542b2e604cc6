"""How far each line was observed, for all lines at once: a checkpoint's columns.

A hundred thousand lines are a few columns of integers; a line's own coverage is made only where it is asked for.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.judge import Coverage
from slamon.core.timespan import from_micros, micros
from slamon.store.errors import NotEvidence
from slamon.store.rows import pack_ids, unpack_ids

_FORM = "slamon.coverage/2"
NEVER = -(2**63)

Ints = npt.NDArray[np.int64]


class CoverageTable(Mapping[str, Coverage]):
    """The coverage of many lines, by line id.

    `columns` are since, until and blind from, in microseconds since the epoch (`NEVER`: not), and an index into
    `reasons`.
    """

    def __init__(self, ids: Sequence[str], columns: Sequence[Ints], reasons: Sequence[str]) -> None:
        self.ids = ids
        self.columns = columns
        self.reasons = reasons

    @cached_property
    def _places(self) -> dict[str, int]:
        return {line_id: place for place, line_id in enumerate(self.ids)}

    def __getitem__(self, line_id: str) -> Coverage:
        place = self._places[line_id]
        times = (int(column[place]) for column in self.columns[:3])
        since, until, blind_from = (None if value == NEVER else from_micros(value) for value in times)
        return Coverage(since, until, blind_from, self.reasons[int(self.columns[3][place])])

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def latest_us(self) -> int | None:
        """The latest instant to which any line was observed, in microseconds since the epoch."""
        latest = int(self.columns[1].max(initial=NEVER))
        return None if latest == NEVER else latest


NO_COVERAGE = CoverageTable([], [np.empty(0, np.int64) for _ in range(4)], [""])


def table_of(coverage: Mapping[str, Coverage]) -> CoverageTable:
    """Return a mapping of coverage as a table."""
    reasons: dict[str, int] = {"": 0}
    columns = [np.empty(len(coverage), np.int64) for _ in range(4)]
    for place, one in enumerate(coverage.values()):
        for column, instant in zip(columns, (one.since, one.until, one.blind_from), strict=False):
            column[place] = NEVER if instant is None else micros(instant)
        columns[3][place] = reasons.setdefault(one.blind_reason, len(reasons))
    return CoverageTable(list(coverage), columns, list(reasons))


def pack_coverage(coverage: Mapping[str, Coverage], ids: bytes | None = None) -> bytes:
    """Return how far each line was observed, for a checkpoint; `ids` are its lines where they are packed already."""
    table = coverage if isinstance(coverage, CoverageTable) else table_of(coverage)
    named = pack_ids(table.ids) if ids is None else ids
    columns = [_narrowed(column) for column in table.columns]
    head = {
        "form": _FORM,
        "n": len(table),
        "ids": len(named),
        "reasons": list(table.reasons),
        "columns": [[base, "" if data is None else data.dtype.str] for base, data in columns],
    }
    text = json.dumps(head).encode()
    bodies = (data.tobytes() for _, data in columns if data is not None)
    return b"".join((len(text).to_bytes(4, "little"), text, named, *bodies))


def _narrowed(column: Ints) -> tuple[int, npt.NDArray[Any] | None]:
    """Return a column as a base and what is above it: the same everywhere, or in four bytes where that is enough."""
    base = int(column.min(initial=0)) if column.size == 0 else int(column.min())
    above = int(column.max(initial=base)) - base
    if above == 0:
        return base, None
    return (base, (column - base).astype("<u4")) if above < 2**32 else (0, column.astype("<i8"))


def unpack_coverage(data: bytes) -> CoverageTable:
    """Return what `pack_coverage` was given; raises `NotEvidence` for other bytes."""
    try:
        return _table(data)
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise NotEvidence(f"these bytes are no coverage: {error!r}") from None


def _table(data: bytes) -> CoverageTable:
    body = 4 + int.from_bytes(data[:4], "little")
    head = json.loads(data[4:body])
    if head["form"] != _FORM:
        raise ValueError(head["form"])
    count, body = head["n"], body + head["ids"]
    ids = unpack_ids(data[body - head["ids"] : body])
    kinds = [None if not kind else np.dtype(kind) for _, kind in head["columns"]]
    ends = list(accumulate((0 if kind is None else kind.itemsize * count for kind in kinds), initial=body))
    if len(ids) != count or len(kinds) != 4 or len(data) != ends[-1]:
        raise ValueError(f"{len(data)} bytes, {len(ids)} ids of {count}")
    columns = [
        np.full(count, base, np.int64)
        if kind is None
        else np.frombuffer(data[low:high], kind).astype(np.int64) + np.int64(base)
        for (base, _), kind, (low, high) in zip(head["columns"], kinds, pairwise(ends), strict=True)
    ]
    return CoverageTable(ids, columns, head["reasons"])
