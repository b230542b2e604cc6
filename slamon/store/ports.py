"""What the carrier's ports said in the last minutes, by the readings that carry it, as bytes.

A reading's row is columns (`slamon.store.rows`); a port says many things, seldom, so its words stand beside the rows:
line and start name the reading, the words are a short JSON list each (`evidence.port_row`), made and read one by one.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from slamon.core.reading import InterfaceStats
from slamon.store.errors import NotEvidence
from slamon.store.evidence import port_of, port_row

MAGIC = b"slamon.ports/1\n"

Ints = npt.NDArray[np.int64]
Lines = npt.NDArray[np.uint32]

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, ensure_ascii=True).encode
_ARRAYS = (("lines", "<u4"), ("starts", "<i8"), ("ends", "<i8"), ("bad", "u1"), ("sizes", "<u4"))


def text_of(port: InterfaceStats) -> bytes:
    """Return what a port said as bytes."""
    return _encode(port_row(port)).encode()


@dataclass(frozen=True, slots=True)
class PortSegment:
    """Words of ports, ordered by line and then by time; `bad` ones count errors or discards."""

    lines: Lines
    starts: Ints
    ends: Ints
    bad: npt.NDArray[np.uint8]
    bounds: Ints
    texts: bytes

    @classmethod
    def of(cls, said: Iterable[tuple[int, int, int, int, bytes]]) -> PortSegment:
        """Return rows of line, start, end, bad and text as a segment."""
        rows = sorted(said, key=lambda one: one[:2])
        lines, starts, ends, bad, texts = zip(*rows, strict=True) if rows else ((), (), (), (), ())
        return cls(
            np.array(lines, np.uint32),
            np.array(starts, np.int64),
            np.array(ends, np.int64),
            np.array(bad, np.uint8),
            np.array(list(accumulate(map(len, texts), initial=0)), np.int64),
            b"".join(texts),
        )

    @property
    def nbytes(self) -> int:
        """The memory of the segment."""
        arrays = (self.lines, self.starts, self.ends, self.bad, self.bounds)
        return sum(one.nbytes for one in arrays) + len(self.texts)

    @property
    def first(self) -> int:
        return int(self.starts.min(initial=2**63 - 1))

    @property
    def last(self) -> int:
        return int(self.ends.max(initial=-(2**63)))

    def port(self, place: int) -> InterfaceStats:
        """Return what was said at a place."""
        return port_of(json.loads(self.texts[int(self.bounds[place]) : int(self.bounds[place + 1])]))

    def places(self, lines: Lines) -> Ints:
        """Return where words of some lines stand."""
        return np.flatnonzero(np.isin(self.lines, lines)) if self.lines.size else np.empty(0, np.int64)

    def rows(self, places: Ints) -> list[tuple[int, int, int, int, bytes]]:
        """Return the rows of some places, as `of` takes them."""
        numbers = zip(*(one[places].tolist() for one in (self.lines, self.starts, self.ends, self.bad)), strict=True)
        low, high = self.bounds[places].tolist(), self.bounds[places + 1].tolist()
        return [(*one, self.texts[a:b]) for one, a, b in zip(numbers, low, high, strict=True)]


def pack_ports(segment: PortSegment, ids: Sequence[str]) -> bytes:
    """Return a segment as bytes; its lines are numbers into `ids`."""
    own = np.unique(segment.lines)
    lines = np.searchsorted(own, segment.lines).astype("<u4")
    sizes = np.diff(segment.bounds).astype("<u4")
    arrays = (lines, segment.starts.astype("<i8"), segment.ends.astype("<i8"), segment.bad, sizes)
    head = _encode({"ids": [ids[line] for line in own.tolist()], "count": int(lines.size)}).encode()
    body = b"".join((len(head).to_bytes(4, "little"), head, *(one.tobytes() for one in arrays), segment.texts))
    return MAGIC + zlib.compress(body, 1)


def unpack_ports(data: bytes) -> tuple[PortSegment, list[str]]:
    """Return what `pack_ports` was given, with the ids that its lines number; raises `NotEvidence` for other bytes."""
    if not data.startswith(MAGIC):
        raise NotEvidence("these bytes are no packed ports: they begin otherwise")
    try:
        return _unpacked(zlib.decompress(data[len(MAGIC) :]))
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise NotEvidence(f"these bytes are no packed ports: {error!r}") from None


def _unpacked(plain: bytes) -> tuple[PortSegment, list[str]]:
    at = 4 + int.from_bytes(plain[:4], "little")
    head = json.loads(plain[4:at])
    ids, count = head["ids"], head["count"]
    found = {}
    for name, kind in _ARRAYS:
        found[name] = np.frombuffer(plain, kind, count, at)
        at += found[name].nbytes
    bounds = np.concatenate((np.zeros(1, np.int64), np.cumsum(found["sizes"], dtype=np.int64)))
    if int(bounds[-1]) != len(plain) - at or (count and int(found["lines"].max()) >= len(ids)):
        raise ValueError(f"{len(plain) - at} bytes of words instead of {int(bounds[-1])}")
    segment = PortSegment(
        found["lines"].astype(np.uint32),
        found["starts"].astype(np.int64),
        found["ends"].astype(np.int64),
        found["bad"],
        bounds,
        plain[at:],
    )
    return segment, ids
