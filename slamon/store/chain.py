"""Appending: drafts become entries, each hashed over all of itself and its writer's entry before."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from slamon.core.timespan import micros, utc
from slamon.store import sqlite
from slamon.store.entry import Actor, Draft, Stamp, blob_id, canonical_json, chained_hash, personal_ref
from slamon.store.errors import LedgerDamaged, NotRecordable
from slamon.store.personal import Seal, closed
from slamon.store.schema import blob, entry, personal

_COLUMNS = tuple(column.name for column in entry.columns)
_SALT_BYTES = 16
_RESERVED = ("blobs", "personal")


@dataclass(frozen=True, slots=True)
class Pen:
    """Who writes: the chain's name, whom an entry without an actor is by, and what personal texts are sealed with."""

    writer: str
    own: Actor
    seal: Seal | None = None


def append(connection: Connection, pen: Pen, stamp: Stamp, drafts: Sequence[Draft]) -> list[int]:
    """Append entries in the writing transaction that the connection is in; return their numbers.

    Raises `NotRecordable` before anything is written.
    """
    if not drafts:
        return []
    private: list[dict[str, object]] = []
    payloads = [_payload(draft, private, pen.seal) for draft in drafts]
    seq = connection.execute(select(func.coalesce(func.max(entry.c.seq), 0))).scalar_one()
    writer_seq, prev_hash = _head(connection, pen.writer)
    wall_us = micros(utc(stamp.wall))
    rows = []
    for draft, payload in zip(drafts, payloads, strict=True):
        seq, writer_seq = seq + 1, writer_seq + 1
        actor = draft.actor or pen.own
        columns = (
            seq, pen.writer, writer_seq, draft.kind, draft.line_id, draft.subject, micros(utc(draft.at)), wall_us,
            stamp.mono_ns, stamp.boot_id, actor.name, actor.os_user, draft.why, payload, prev_hash,
        )  # fmt: skip
        prev_hash = _hash(columns)
        rows.append((*columns, prev_hash))
    _store_blobs(connection, (data for draft in drafts for data in draft.blobs))
    if private:
        connection.execute(insert(personal), private)
    sqlite.insert_rows(connection, entry, rows)
    return list(range(seq - len(rows) + 1, seq + 1))


def _hash(columns: tuple[object, ...]) -> str:
    try:
        return chained_hash(columns)
    except (TypeError, ValueError) as error:
        raise NotRecordable(f"an entry of kind {columns[3]!r} has no canonical form: {error}") from None


def _head(connection: Connection, writer: str) -> tuple[int, str | None]:
    found = connection.execute(
        select(entry.c.writer_seq, entry.c.hash)
        .where(entry.c.writer == writer)
        .order_by(entry.c.writer_seq.desc())
        .limit(1)
    ).first()
    return (found[0], found[1]) if found is not None else (0, None)


def _payload(draft: Draft, private: list[dict[str, object]], seal: Seal | None) -> str:
    """Return the payload's canonical text, references to blobs and personal texts added."""
    payload = draft.payload
    if draft.blobs or draft.personal or not payload.keys().isdisjoint(_RESERVED):
        payload = dict(payload)
        said = {key: payload.pop(key) for key in _RESERVED if key in payload}
        if draft.blobs:
            payload["blobs"] = [blob_id(data) for data in draft.blobs]
        if draft.personal:
            payload["personal"] = {key: _set_apart(text, private, seal) for key, text in draft.personal.items()}
        for key, value in said.items():
            # A payload may name its blobs itself; anything else under these names would mislead the reader.
            if key != "blobs" or value != payload.get(key):
                raise NotRecordable(f"the payload of {draft.kind!r} has a key {key!r} of its own; the ledger sets it")
    return canonical_json(draft.kind, payload)


def _set_apart(text: str, private: list[dict[str, object]], seal: Seal | None) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    try:
        ref = personal_ref(salt, text)
    except UnicodeError:
        raise NotRecordable("a personal text is not Unicode") from None
    data, coding = closed(seal, ref, text)
    private.append({"ref": ref, "salt": salt, "data": data, "coding": coding})
    return ref


def _store_blobs(connection: Connection, blobs: Iterable[bytes]) -> None:
    offered = {blob_id(data): data for data in blobs}
    ids = list(offered)
    known: set[str] = set()
    for low in range(0, len(ids), 500):
        found = connection.execute(select(blob.c.sha256).where(blob.c.sha256.in_(ids[low : low + 500])))
        known.update(found.scalars())
    rows = [_coded(key, data) for key, data in offered.items() if key not in known]
    if rows:
        connection.execute(sqlite.insert_new(blob), rows)


def _coded(key: str, data: bytes) -> dict[str, object]:
    # Packed readings are a zlib stream already (its header is divisible by 31); to squeeze them again is in vain.
    if data[:1] == b"\x78" and int.from_bytes(data[:2], "big") % 31 == 0:
        return {"sha256": key, "coding": "raw", "data": data}
    return {"sha256": key, "coding": "zlib", "data": zlib.compress(data)}


def decoded(coding: object, data: object) -> bytes:
    """Return a blob's content from how it is stored; raises `LedgerDamaged`."""
    if not isinstance(data, bytes):
        raise LedgerDamaged("a blob does not hold bytes")
    if coding == "raw":
        return data
    try:
        return zlib.decompress(data)
    except zlib.error as error:
        raise LedgerDamaged(f"a blob cannot be unpacked: {error}") from None
