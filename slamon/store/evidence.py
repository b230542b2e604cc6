"""Readings with their verdicts as bytes: evidence of an incident, and the tail that a restart begins with.

The bytes are a zlib stream of a length, a JSON header and columns. Instants are microseconds, floats are kept
bit by bit. Every number column is split into its eight bytes' planes, which squeeze better.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate, pairwise
from typing import Any

from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats
from slamon.core.timespan import from_micros, micros
from slamon.store import rows
from slamon.store.errors import NotEvidence

_FORM = "slamon.readings/1"
_LEVEL = 4  # 9 saves 3 % and costs three times as much
_PORT = tuple(InterfaceStats.__slots__)
_LAST_CHANGE, _EXTRAS = _PORT.index("last_change"), _PORT.index("extras")

Judged = tuple[Reading, Verdict]


def pack_readings(readings: Sequence[Judged]) -> bytes:
    """Return readings of one line or many as bytes that `unpack_readings` gives back exactly."""
    flat = [reading for reading, _ in readings]
    columns: list[bytes] = []
    starts = [micros(reading.start) for reading in flat]
    columns.append(_whole([now - before for before, now in zip([0, *starts], starts, strict=False)]))
    columns.append(_whole([micros(reading.end) - start for reading, start in zip(flat, starts, strict=True)]))
    words = {
        "line_id": _words([reading.line_id for reading in flat], columns),
        "vantage": _words([reading.vantage for reading in flat], columns),
        "blind": _words([reading.blind for reading in flat], columns),
        "verdict": _words([str(verdict) for _, verdict in readings], columns),
    }
    _pack_targets([reading.demarc for reading in flat], columns)
    _pack_targets([reading.cpe for reading in flat], columns)
    ports = [
        [number, *port_row(reading.interface)] for number, reading in enumerate(flat) if reading.interface is not None
    ]
    said = {"form": _FORM, "n": len(flat), "sizes": [len(column) for column in columns], "words": words, "ports": ports}
    header = json.dumps(said, ensure_ascii=True, separators=(",", ":")).encode()
    return zlib.compress(b"".join((len(header).to_bytes(4, "little"), header, *columns)), _LEVEL)


def unpack_readings(packed: bytes) -> list[Judged]:
    """Return what `pack_readings` was given, or the readings of packed rows; raises `NotEvidence` for other bytes."""
    if packed.startswith(rows.MAGIC):
        return rows.unpack_judged(packed)
    try:
        return _unpacked(zlib.decompress(packed))
    except (zlib.error, ValueError, KeyError, IndexError, TypeError, StopIteration, OverflowError) as error:
        raise NotEvidence(f"these bytes are no packed readings: {error!r}") from None


def _unpacked(plain: bytes) -> list[Judged]:
    body = 4 + int.from_bytes(plain[:4], "little")
    said = json.loads(plain[4:body])
    if said["form"] != _FORM:
        raise ValueError(said["form"])
    count: int = said["n"]
    ends = list(accumulate(said["sizes"], initial=body))
    columns = iter([plain[low:high] for low, high in pairwise(ends)])
    starts = list(accumulate(_wholes(next(columns))))
    lengths = _wholes(next(columns))
    words = said["words"]
    line_ids, vantages, blinds, verdicts = (
        [words[name][index] for index in _wholes(next(columns))] for name in ("line_id", "vantage", "blind", "verdict")
    )
    demarcs, cpes = _targets(columns, count), _targets(columns, count)
    ports: list[InterfaceStats | None] = [None] * count
    for number, *values in said["ports"]:
        ports[number] = port_of(values)
    judged = {name: Verdict(name) for name in words["verdict"]}
    spans = _spans(starts, lengths)
    return [
        (Reading(line_id, start, end, demarc, cpe, port, blind, vantage), judged[verdict])
        for (start, end), line_id, demarc, cpe, port, blind, vantage, verdict in zip(
            spans, line_ids, demarcs, cpes, ports, blinds, vantages, verdicts, strict=True
        )
    ]


def port_row(port: InterfaceStats) -> list[object]:
    """Return the fields of a port in their order, as JSON can carry them."""
    row = [getattr(port, name) for name in _PORT]
    row[_LAST_CHANGE] = None if port.last_change is None else micros(port.last_change)
    row[_EXTRAS] = [[one.name, one.value, one.unit, one.above, one.below] for one in port.extras]
    return row


def port_of(row: list[Any]) -> InterfaceStats:
    """Return the port of a row; rows of earlier versions end sooner."""
    if len(row) > _LAST_CHANGE and row[_LAST_CHANGE] is not None:
        row[_LAST_CHANGE] = from_micros(row[_LAST_CHANGE])
    if len(row) > _EXTRAS:
        row[_EXTRAS] = tuple(NamedValue(*one) for one in row[_EXTRAS])
    return InterfaceStats(*row)


def _spans(starts: Iterable[int], lengths: Iterable[int]) -> Iterator[tuple[datetime, datetime]]:
    # Windows of many lines share their instants; each is made once.
    made: dict[int, datetime] = {}
    for start, length in zip(starts, lengths, strict=True):
        for instant in (start, start + length):
            if instant not in made:
                made[instant] = from_micros(instant)
        yield made[start], made[start + length]


def _words(values: Sequence[str | None], columns: list[bytes]) -> list[str | None]:
    """Add a column of indexes and return the words to which they point."""
    index: dict[str | None, int] = {}
    columns.append(_whole([index.setdefault(value, len(index)) for value in values]))
    return list(index)


def _pack_targets(targets: Sequence[TargetStats | None], columns: list[bytes]) -> None:
    present = [target for target in targets if target is not None]
    columns.append(bytes([target is not None for target in targets]))
    columns.append(_whole([target.sent for target in present]))
    columns.append(_whole([target.received for target in present]))
    for values in (
        [target.rtt_min_ms for target in present],
        [target.rtt_mean_ms for target in present],
        [target.rtt_max_ms for target in present],
        [target.ipdv_ms for target in present],
    ):
        columns.append(bytes([value is not None for value in values]))
        columns.append(_planes(array("d", [value for value in values if value is not None])))


def _targets(columns: Iterator[bytes], count: int) -> list[TargetStats | None]:
    present = next(columns)
    if len(present) != count:
        raise ValueError("a column is too short")
    sent, received = _wholes(next(columns)), _wholes(next(columns))
    floats = [_floats(next(columns), next(columns)) for _ in range(4)]
    made = iter([TargetStats(*row) for row in zip(sent, received, *floats, strict=True)])
    return [next(made) if here else None for here in present]


def _floats(present: bytes, column: bytes) -> Iterable[float | None]:
    values = iter(array("d", _joined(column)))
    return [next(values) if here else None for here in present]


def _whole(values: list[int]) -> bytes:
    return _planes(array("q", values))


def _wholes(column: bytes) -> array[int]:
    return array("q", _joined(column))


def _planes(values: array[int] | array[float]) -> bytes:
    if sys.byteorder == "big":
        values.byteswap()
    plain = values.tobytes()
    return b"".join([plain[plane::8] for plane in range(8)])


def _joined(column: bytes) -> bytes:
    count = len(column) // 8
    plain = bytearray(len(column))
    for plane in range(8):
        plain[plane::8] = column[plane * count : (plane + 1) * count]
    if sys.byteorder == "big":
        swapped = array("q", bytes(plain))
        swapped.byteswap()
        return swapped.tobytes()
    return bytes(plain)
