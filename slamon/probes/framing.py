"""Frames between the daemon and a prober process: two lengths (4 bytes each, big-endian), JSON of one message, bytes.

A message is ``[kind, body]``; instants travel as microseconds since the epoch. The bytes are the rows of a batch as
they lie in memory: both ends are one machine. Rows are numbered by the roster that the prober had taken last; its
number travels instead of a hundred thousand ids.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from slamon.core.timespan import from_micros, micros
from slamon.probes.columns import ROW
from slamon.probes.protocol import Batch, Health, OnsetEvidence, ProbeEvent, ProbeLine, QuotedError

LENGTHS = struct.Struct("!II")
MAX_FRAME_BYTES = 256 << 20

LINES = "lines"
CHANGES = "changes"
STOP = "stop"
READY = "ready"
BATCH = "batch"
ERROR = "error"


Message = tuple[str, Any, bytes]


def frame(kind: str, body: object = None, blob: bytes = b"") -> bytes:
    """Return a message as a frame."""
    data = json.dumps([kind, body], ensure_ascii=False, separators=(",", ":")).encode()
    return LENGTHS.pack(len(data), len(blob)) + data + blob


def message(data: bytes, text_bytes: int) -> Message:
    """Return the kind, the body and the bytes of a frame's content."""
    kind, body = json.loads(data[:text_bytes])
    return kind, body, data[text_bytes:]


def message_of(data: bytes) -> Message:
    """Return the message of one whole frame."""
    return message(data[LENGTHS.size :], LENGTHS.unpack_from(data)[0])


class FrameReader:
    """Cuts a stream of bytes into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """Return the messages that are complete now."""
        self._buffer += data
        found: list[Message] = []
        while len(self._buffer) >= LENGTHS.size:
            text_bytes, blob_bytes = LENGTHS.unpack_from(self._buffer)
            end = LENGTHS.size + text_bytes + blob_bytes
            if len(self._buffer) < end:
                break
            found.append(message(bytes(self._buffer[LENGTHS.size : end]), text_bytes))
            del self._buffer[:end]
        return found


def lines_frame(lines: Sequence[ProbeLine], references: Sequence[str]) -> bytes:
    """Return the frame that sets what is probed."""
    return frame(LINES, [[asdict(line) for line in lines], list(references)])


def lines_of(body: Any) -> tuple[list[ProbeLine], list[str]]:  # noqa: ANN401 - parsed JSON
    """Return what a `lines_frame` sets."""
    lines, references = body
    return [ProbeLine(**line) for line in lines], references


def changes_frame(before: Mapping[str, ProbeLine], lines: Mapping[str, ProbeLine], references: Sequence[str]) -> bytes:
    """Return the frame that changes what is probed from one set of lines to another: only what differs travels."""
    removed = [line_id for line_id in before if line_id not in lines]
    changed = [asdict(line) for line_id, line in lines.items() if before.get(line_id) != line]
    return frame(CHANGES, [removed, changed, list(references)])


def change(lines: dict[str, ProbeLine], body: Any) -> list[str]:  # noqa: ANN401 - parsed JSON
    """Change lines as a `changes_frame` says; return the references. What stays keeps its place, new ones come last."""
    removed, changed, references = body
    for line_id in removed:
        del lines[line_id]
    lines.update((line["line_id"], ProbeLine(**line)) for line in changed)
    return list(references)


def batch_frame(batch: Batch, roster_number: int = 0) -> bytes:
    """Return a batch as a frame; the other end knows the roster of that number."""
    health = asdict(batch.health) | {"at": micros(batch.health.at)}
    events = [[event.kind, micros(event.at), event.detail] for event in batch.events]
    evidence = [_evidence_row(one) for one in batch.evidence]
    body = [roster_number, list(batch.reasons), health, events, evidence]
    return frame(BATCH, body, batch.rows.tobytes())


def roster_number(body: Any) -> int:  # noqa: ANN401 - parsed JSON
    """Return the number of the roster that a batch's rows are numbered by."""
    return int(body[0])


def batch_of(body: Any, blob: bytes, roster: Sequence[str]) -> Batch:  # noqa: ANN401 - parsed JSON
    """Return the batch of a `batch_frame`."""
    _, reasons, health, events, evidence = body
    return Batch(
        rows=np.frombuffer(blob, ROW),
        roster=roster,
        reasons=reasons,
        health=Health(**{**health, "at": from_micros(health["at"])}),
        events=tuple(ProbeEvent(kind, from_micros(at), detail) for kind, at, detail in events),
        evidence=tuple(_evidence(*row) for row in evidence),
    )


def _evidence_row(one: OnsetEvidence) -> list[object]:
    last_good = micros(one.last_good) if one.last_good is not None else None
    errors = [[error.source, error.said, micros(error.at), error.count] for error in one.errors]
    return [one.line_id, micros(one.at), last_good, micros(one.first_bad), errors]


def _evidence(line_id: str, at: int, last_good: int | None, first_bad: int, errors: list[Any]) -> OnsetEvidence:
    return OnsetEvidence(
        line_id,
        from_micros(at),
        from_micros(last_good) if last_good is not None else None,
        from_micros(first_bad),
        tuple(QuotedError(source, said, from_micros(seen), count) for source, said, seen, count in errors),
    )
