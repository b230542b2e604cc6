"""What stands in the ledger, and the canonical form over which it is hashed.

An entry's hash is ``"sha256:"`` and the hex SHA-256 of its canonical form: a JSON array in UTF-8, without
spaces and with nothing escaped that JSON does not require, of

    "slamon.entry/1", seq, writer, writer_seq, kind, line_id, subject, at_us, recorded_at_us, mono_ns, boot_id,
    by_name, os_user, why, payload, prev_hash

where `payload` is a *string*: the canonical JSON text of the payload (keys sorted, no spaces, not escaped to
ASCII), and `prev_hash` is the hash of the same writer's previous entry, null for its first. `seq` counts all
entries from 1, `writer_seq` those of a writer from 1, both without gaps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from slamon.core.timespan import from_micros
from slamon.store.errors import NotRecordable

FORM = "slamon.entry/1"
HASH_PREFIX = "sha256:"

_values = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")).encode
_sorted = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something is recorded: wall clock, monotonic clock in ns, and the boot in which the latter counts."""

    wall: datetime
    mono_ns: int
    boot_id: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: the name that was given, and the operating system's identity."""

    name: str
    os_user: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be recorded.

    `at` is the instant it is about. `actor` None is the ledger's own (the daemon). `blobs` are stored beside the
    entry and listed in the payload as ``blobs`` (`blob_id`). `personal` texts are stored outside the chain; the
    payload gets their references as ``{"personal": {key: reference}}``.
    """

    kind: str
    at: datetime
    payload: Mapping[str, object]
    line_id: str | None = None
    subject: str | None = None
    why: str = ""
    actor: Actor | None = None
    blobs: tuple[bytes, ...] = ()
    personal: Mapping[str, str] | None = None


class Entry(NamedTuple):
    """What was recorded; members in the order of the table's columns (`*_us`: microseconds since the epoch).

    `at`, `recorded_at` and `payload` are worked out at each access: keep the value where it is needed twice.
    """

    seq: int
    writer: str
    writer_seq: int
    kind: str
    line_id: str | None
    subject: str | None
    at_us: int
    recorded_at_us: int
    mono_ns: int
    boot_id: str
    by_name: str
    os_user: str
    why: str
    payload_json: str
    prev_hash: str | None
    hash: str

    @property
    def at(self) -> datetime:
        """The instant that the entry is about."""
        return from_micros(self.at_us)

    @property
    def recorded_at(self) -> datetime:
        """The wall clock when it was recorded."""
        return from_micros(self.recorded_at_us)

    @property
    def payload(self) -> dict[str, object]:
        """What the entry says, as its kind defines it."""
        parsed: dict[str, object] = json.loads(self.payload_json)
        return parsed


class TailBatch(NamedTuple):
    """Recent readings of many lines in ``[start, end)``, packed (`slamon.store.rows` or `evidence`)."""

    start: datetime
    end: datetime
    data: bytes


def blob_id(data: bytes) -> str:
    """Return the id under which `data` is stored: its SHA-256 in hex."""
    return sha256(data).hexdigest()


def personal_ref(salt: bytes, text: str) -> str:
    """Return the reference of a personal text: the hex SHA-256 of salt and UTF-8 text."""
    return sha256(salt + text.encode()).hexdigest()


def canonical_json(kind: str, payload: Mapping[str, object]) -> str:
    """Return the payload's one and only text; raises `NotRecordable`."""
    try:
        text = _sorted(payload)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise NotRecordable(f"the payload of {kind!r} has no canonical form: {error}") from None
    return text


def chained_hash(columns: tuple[object, ...]) -> str:
    """Return the hash of an entry from all its columns but the last, in order.

    Raises `TypeError` or `ValueError` (as `UnicodeError`) where a column holds what it never may.
    """
    return HASH_PREFIX + sha256(_values((FORM, *columns)).encode()).hexdigest()
