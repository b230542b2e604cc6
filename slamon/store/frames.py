"""What the spool's files are made of: frames, each with its length, its checksum and the time it tells about.

A file is a run of frames and nothing else. A kill in the middle of a write leaves a last frame that is too short or
has another checksum: it ends the file, and what it held is counted as torn. Numbers are little-endian:

    magic "SLf1" | kind u8, 3 bytes of zero | payload size u32 | CRC-32 u32 of all the rest | points u32
    | first instant i64 | last instant i64 (microseconds since the epoch) | payload
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from slamon.store.rows import KEPT, MAGIC, Rows, Segment, pack_segment, unpack_segment

_HEAD = Struct("<4sB3xIIIqq")
_MAGIC = b"SLf1"
_CRC_AT = 12
HEAD_BYTES = _HEAD.size
FEW = 64  # rows from which on columns are smaller than the rows themselves

LOUD = np.dtype([("line", "<u4"), ("since", "<i8"), ("until", "<i8")])


class Kind(IntEnum):
    """What a frame holds: who the lines are that rows number, rows, lines to send as they are, or loud stretches."""

    NAMES = 1
    ROWS = 2
    TEXT = 3
    LOUD = 4


_KINDS = frozenset(Kind)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `names` are the payload of the `NAMES` frame by which its rows are numbered."""

    kind: Kind
    payload: bytes
    points: int
    first_us: int
    last_us: int
    names: bytes = b""

    @property
    def size(self) -> int:
        return HEAD_BYTES + len(self.payload)

    def packed(self) -> bytes:
        """Return the frame as it stands in a file."""
        rest = (self.points, self.first_us, self.last_us)
        plain = _HEAD.pack(_MAGIC, self.kind, len(self.payload), 0, *rest)
        crc = _checksum(plain, self.payload)
        return _HEAD.pack(_MAGIC, self.kind, len(self.payload), crc, *rest) + self.payload


class Head(NamedTuple):
    """What a frame's first bytes say."""

    kind: int
    size: int
    crc: int
    points: int
    first_us: int
    last_us: int


def head_of(data: bytes) -> Head | None:
    """Return what the first bytes of a frame say, None where they are no frame's."""
    if len(data) < HEAD_BYTES:
        return None
    magic, *rest = _HEAD.unpack(data[:HEAD_BYTES])
    return Head(*rest) if magic == _MAGIC and rest[0] in _KINDS else None


def intact(head: bytes, payload: bytes) -> bool:
    """Tell whether a frame is what was written."""
    said = head_of(head)
    if said is None or said.size != len(payload):
        return False
    return said.crc == _checksum(head, payload)


def _checksum(head: bytes, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(head[:_CRC_AT] + head[_CRC_AT + 4 :]))


def rows_frame(rows: Rows, words: Sequence[str | None], names: bytes) -> Frame:
    """Return rows (at least one) as a frame; `words` are what their `vantage` and `blind` number."""
    text = json.dumps(list(words), separators=(",", ":")).encode()
    if rows.size < FEW:
        payload = len(text).to_bytes(4, "little") + text + rows.tobytes()
    else:
        payload = pack_segment(Segment.of(rows), b"", words)
    return Frame(Kind.ROWS, payload, _points(rows), int(rows["start"].min()), int(rows["end"].max()), names)


def _points(rows: Rows) -> int:
    """Return how many points the rows become: one a target, and at least one each."""
    both = int(np.count_nonzero(rows["targets"] == 3))
    return rows.size + both


def rows_of(frame: Frame) -> tuple[Rows, list[str | None]]:
    """Return the rows of a frame and their words; raises `NotEvidence` and `ValueError` for other bytes."""
    payload = frame.payload
    if payload.startswith(MAGIC):
        segment, _, words = unpack_segment(payload)
        return segment.rows(), words
    start = 4 + int.from_bytes(payload[:4], "little")
    return np.frombuffer(payload[start:], KEPT).copy(), json.loads(payload[4:start])


def joined(frames: Sequence[Frame], part: int = 0, parts: int = 1) -> tuple[Rows, list[str | None]]:
    """Return the rows of every so-many-th line from frames of one run, whose words only grow."""
    found: list[Rows] = []
    words: list[str | None] = []
    for frame in frames:
        rows, words = rows_of(frame)
        found.append(rows[rows["line"] % parts == part])
    return np.concatenate(found), words


def text_frame(lines: bytes, points: int, at_us: int) -> Frame:
    """Return lines that are sent as they are, each with its end."""
    return Frame(Kind.TEXT, lines, points, at_us, at_us)


def loud_frame(stretches: npt.NDArray[np.void], names: bytes) -> Frame:
    """Return stretches of lines (`LOUD`) that are to be told raw."""
    return Frame(Kind.LOUD, stretches.tobytes(), 0, int(stretches["since"].min()), int(stretches["until"].max()), names)


def loud_of(frame: Frame) -> npt.NDArray[np.void]:
    """Return the stretches of a frame."""
    return np.frombuffer(frame.payload, LOUD)
