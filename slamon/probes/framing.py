"""Frames between the daemon and a prober process: a length (4 bytes, big-endian), then JSON of one message.

Instants travel as microseconds since the epoch. A message is ``[kind, body]``.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any

from slamon.core.reading import Reading, TargetStats
from slamon.core.timespan import from_micros, micros
from slamon.probes.protocol import Batch, Health, ProbeEvent, ProbeLine

LENGTH = struct.Struct("!I")
MAX_FRAME_BYTES = 256 << 20

LINES = "lines"
STOP = "stop"
READY = "ready"
BATCH = "batch"
ERROR = "error"


def frame(kind: str, body: object = None) -> bytes:
    """Return a message as a frame."""
    data = json.dumps([kind, body], ensure_ascii=False, separators=(",", ":")).encode()
    return LENGTH.pack(len(data)) + data


def message(data: bytes) -> tuple[str, Any]:
    """Return the kind and the body of a frame's content."""
    kind, body = json.loads(data)
    return kind, body


class FrameReader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[str, Any]]:
        """Return the messages that are complete now."""
        self._buffer += data
        found: list[tuple[str, Any]] = []
        while len(self._buffer) >= LENGTH.size:
            end = LENGTH.size + LENGTH.unpack_from(self._buffer)[0]
            if len(self._buffer) < end:
                break
            found.append(message(bytes(self._buffer[LENGTH.size : end])))
            del self._buffer[:end]
        return found


def lines_frame(lines: Sequence[ProbeLine], references: Sequence[str]) -> bytes:
    """Return the frame that sets what is probed."""
    return frame(LINES, [[asdict(line) for line in lines], list(references)])


def lines_of(body: Any) -> tuple[list[ProbeLine], list[str]]:  # noqa: ANN401 - parsed JSON
    """Return what a `lines_frame` sets."""
    lines, references = body
    return [ProbeLine(**line) for line in lines], references


def batch_frame(batch: Batch) -> bytes:
    """Return a batch as a frame."""
    health = asdict(batch.health) | {"at": micros(batch.health.at)}
    events = [[event.kind, micros(event.at), event.detail] for event in batch.events]
    return frame(BATCH, [[_reading_row(reading) for reading in batch.readings], health, events])


def batch_of(body: Any) -> Batch:  # noqa: ANN401 - parsed JSON
    """Return the batch of a `batch_frame`."""
    rows, health, events = body
    return Batch(
        readings=tuple(_reading(*row) for row in rows),
        health=Health(**{**health, "at": from_micros(health["at"])}),
        events=tuple(ProbeEvent(kind, from_micros(at), detail) for kind, at, detail in events),
    )


def _reading_row(reading: Reading) -> list[object]:
    stats = [astuple(target) if target is not None else None for target in (reading.demarc, reading.cpe)]
    return [reading.line_id, micros(reading.start), micros(reading.end), *stats, reading.blind]


def _reading(
    line_id: str, start: int, end: int, demarc: list[Any] | None, cpe: list[Any] | None, blind: str | None
) -> Reading:
    return Reading(
        line_id,
        from_micros(start),
        from_micros(end),
        TargetStats(*demarc) if demarc is not None else None,
        TargetStats(*cpe) if cpe is not None else None,
        blind=blind,
    )
