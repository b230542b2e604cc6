"""How far each line was observed, for all lines at once: a checkpoint's columns.

A hundred thousand lines are a few columns of integers; a line's own coverage is made only where it is asked for.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from collections.abc import Iterator, Mapping
from functools import cached_property

from slamon.core.judge import Coverage
from slamon.core.timespan import from_micros, micros
from slamon.store.errors import NotEvidence

_FORM = "slamon.coverage/1"
_NEVER = -(2**63)


class CoverageTable(Mapping[str, Coverage]):
    """The coverage of many lines, by line id."""

    def __init__(self, ids: list[str], columns: list[array[int]], reasons: list[str]) -> None:
        self._ids = ids
        self._since, self._until, self._blind_from, self._reason = columns
        self._reasons = reasons

    @cached_property
    def _places(self) -> dict[str, int]:
        return {line_id: place for place, line_id in enumerate(self._ids)}

    def __getitem__(self, line_id: str) -> Coverage:
        place = self._places[line_id]
        times = (self._since[place], self._until[place], self._blind_from[place])
        since, until, blind_from = (None if value == _NEVER else from_micros(value) for value in times)
        return Coverage(since, until, blind_from, self._reasons[self._reason[place]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def latest_us(self) -> int | None:
        """The latest instant to which any line was observed, in microseconds since the epoch."""
        latest = max(self._until, default=_NEVER)
        return None if latest == _NEVER else latest


NO_COVERAGE = CoverageTable([], [array("q") for _ in range(4)], [""])


def pack_coverage(coverage: Mapping[str, Coverage]) -> bytes:
    """Return how far each line was observed, for a checkpoint."""
    reasons: dict[str, int] = {"": 0}
    columns = [array("q") for _ in range(4)]
    for one in coverage.values():
        for column, instant in zip(columns, (one.since, one.until, one.blind_from), strict=False):
            column.append(_NEVER if instant is None else micros(instant))
        columns[3].append(reasons.setdefault(one.blind_reason, len(reasons)))
    head = json.dumps({"form": _FORM, "ids": list(coverage), "reasons": list(reasons)}).encode()
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return zlib.compress(b"".join((len(head).to_bytes(4, "little"), head, *(c.tobytes() for c in columns))), 1)


def unpack_coverage(data: bytes) -> CoverageTable:
    """Return what `pack_coverage` was given; raises `NotEvidence` for other bytes."""
    try:
        return _table(zlib.decompress(data))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise NotEvidence(f"these bytes are no coverage: {error!r}") from None


def _table(plain: bytes) -> CoverageTable:
    body = 4 + int.from_bytes(plain[:4], "little")
    head = json.loads(plain[4:body])
    if head["form"] != _FORM:
        raise ValueError(head["form"])
    size = 8 * len(head["ids"])
    columns = [array("q", plain[body + size * n : body + size * (n + 1)]) for n in range(4)]
    if sys.byteorder == "big":
        for column in columns:
            column.byteswap()
    return CoverageTable(head["ids"], columns, head["reasons"])
