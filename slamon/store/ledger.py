"""The ledger: append-only, hash-chained, the only truth about incidents and money.

Whoever appends takes the write lock first and keeps it until the entries are on disk; readers never wait and
never make others wait. Several processes may have the same ledger open.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Self

from sqlalchemy import Connection, CursorResult, Engine, Executable, Select, delete, insert, select

from slamon.core.timespan import micros, utc
from slamon.store import chain, migrate, sqlite
from slamon.store.chain import Pen
from slamon.store.entry import Actor, Draft, Entry, Stamp, TailBatch, blob_id
from slamon.store.errors import LedgerBusy, LedgerDamaged, LedgerError, NotALedger, OlderSchema
from slamon.store.personal import PLAIN, Seal, closed
from slamon.store.reads import Reads
from slamon.store.schema import VERSION, checkpoint, delivery, line_state, personal, tail
from slamon.store.verify import Broken, Verification, verify

__all__ = [
    "Actor",
    "Broken",
    "Draft",
    "Entry",
    "Ledger",
    "Stamp",
    "TailBatch",
    "Transaction",
    "Verification",
    "blob_id",
]

DAEMON = Actor("slamon", "")


class Transaction(Reads):
    """The ledger under the write lock: nobody else appends until it ends, and all of it is recorded or nothing."""

    def __init__(self, connection: Connection, path: Path, pen: Pen, stamp: Callable[[], Stamp]) -> None:
        self._connection = connection
        self._path = path
        self._pen = pen
        self._seal = pen.seal
        self._writer = pen.writer
        self._stamp = stamp

    def _fetch(self, statement: Select[Any]) -> Sequence[Any]:
        with sqlite.operator_errors(self._path):
            return self._connection.execute(statement).all()

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """Append entries and return their numbers; they are durable when the transaction has ended."""
        with sqlite.operator_errors(self._path):
            return chain.append(self._connection, self._pen, self._stamp(), drafts)

    @property
    def connection(self) -> Connection:
        """The connection that holds the lock; for modules of this room."""
        return self._connection

    def execute(self, statement: Executable) -> CursorResult[Any]:
        """Run a statement on a table that is no part of the chain (`slamon.store.outbox`)."""
        with sqlite.operator_errors(self._path):
            return self._connection.execute(statement)

    def erase(self, refs: Sequence[str]) -> int:
        """Erase personal texts, their bytes in the file too; return how many there were."""
        with sqlite.operator_errors(self._path), sqlite.overwriting(self._connection):
            return self._connection.execute(delete(personal).where(personal.c.ref.in_(refs))).rowcount

    def seal_plain(self) -> int:
        """Seal personal texts that still stand there as they were said; return how many."""
        if self._seal is None:
            return 0
        rows = self._fetch(select(personal).where(personal.c.coding == PLAIN))
        self.erase([row.ref for row in rows])
        for ref, salt, text, _ in rows:
            data, coding = closed(self._seal, ref, text)
            self.execute(insert(personal).values(ref=ref, salt=salt, data=data, coding=coding))
        return len(rows)

    def keep_states(self, states: Mapping[str, str | None]) -> None:
        """Overwrite the judge's states of these lines; None forgets one."""
        kept = [(key, text) for key, text in states.items() if text is not None]
        gone = [key for key, text in states.items() if text is None]
        with sqlite.operator_errors(self._path):
            if kept:
                sqlite.upsert_rows(self._connection, line_state, kept)
            for low in range(0, len(gone), 500):
                self._connection.execute(delete(line_state).where(line_state.c.line_id.in_(gone[low : low + 500])))

    def keep_checkpoint(self, at: datetime, data: bytes) -> None:
        """Overwrite the writer's checkpoint."""
        row = {"vantage": self._writer, "at_us": micros(utc(at)), "data": data}
        with sqlite.operator_errors(self._path):
            self._connection.execute(sqlite.upsert(checkpoint), row)

    def keep_delivered(self, sink: str, seq: int) -> None:
        """Overwrite the number of the last entry that a sink has confirmed."""
        with sqlite.operator_errors(self._path):
            self._connection.execute(sqlite.upsert(delivery), {"sink": sink, "seq": seq})

    def keep_tail(self, batches: Sequence[TailBatch], prune_before: datetime | None) -> None:
        """Forget the writer's batches of readings that end at `prune_before` or earlier; then add these."""
        rows = [
            {
                "vantage": self._writer,
                "start_us": micros(utc(one.start)),
                "end_us": micros(utc(one.end)),
                "data": one.data,
            }
            for one in batches
        ]
        with sqlite.operator_errors(self._path):
            if prune_before is not None:
                old = (tail.c.vantage == self._writer) & (tail.c.end_us <= micros(utc(prune_before)))
                self._connection.execute(delete(tail).where(old))
            if rows:
                self._connection.execute(insert(tail), rows)


@dataclass(slots=True)
class Commits:
    """How the transactions of this process fared; `seconds` is what they took, waiting for the lock included."""

    done: int = 0
    failed: int = 0
    seconds: float = 0.0


class Ledger(Reads):
    """An open ledger; safe to use from several threads. Close it, or use it as a context manager."""

    def __init__(self, engine: Engine, path: Path, pen: Pen, stamp: Callable[[], Stamp]) -> None:
        self._engine = engine
        self._stamp = stamp
        self._pen = pen
        self._seal = pen.seal
        self.path = path
        self.writer = pen.writer
        self.commits = Commits()

    @classmethod
    def open(  # noqa: PLR0913 - what a ledger is opened with, by name
        cls,
        url: str,
        *,
        writer: str,
        stamp: Callable[[], Stamp],
        create: bool = True,
        read_only: bool = False,
        actor: Actor = DAEMON,
        seal: Seal | None = None,
    ) -> Self:
        """Open the ledger that a ``sqlite:///`` URL names, made and migrated first where that is needed.

        `writer` names the hash chain to append to, `stamp` reads the clock, `actor` stands in entries whose draft
        names none, `seal` closes and opens personal texts (None: they are stored as they are). Raises `NotALedger`,
        `NewerSchema`, `OlderSchema` (needs a migration, but is `read_only`) and other `LedgerError`s.
        """
        path = sqlite.file_of(url)
        with sqlite.operator_errors(path):
            if (read_only or not create) and not path.exists():
                raise NotALedger(f"there is no ledger at {path}")
        engine = sqlite.engine_for(path, read_only=read_only)
        try:
            _prepare(engine, path, read_only=read_only)
        except BaseException:
            engine.dispose()
            raise
        ledger = cls(engine, path, Pen(writer, actor, seal), stamp)
        if seal is not None and not read_only:
            ledger._seal_plain()
        return ledger

    def _seal_plain(self) -> None:
        if self._fetch(select(personal.c.ref).where(personal.c.coding == PLAIN).limit(1)):
            with self.transaction() as held:
                held.seal_plain()
            self.forget()

    def erase(self, refs: Sequence[str], draft: Draft) -> int:
        """Erase personal texts, with an entry that says so; return how many there were."""
        with self.transaction() as held:
            held.append([draft])
            count = held.erase(refs)
        self.forget()
        return count

    def forget(self) -> None:
        """Empty SQLite's log, which still holds what was erased; where readers prevent it, they do so later."""
        with sqlite.operator_errors(self.path), self._engine.connect() as connection:
            sqlite.empty_log(connection)

    def close(self) -> None:
        """Give the file back."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(self, statement: Select[Any]) -> Sequence[Any]:
        with sqlite.operator_errors(self.path), self._engine.connect() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Hold the write lock for a look and what depends on it; durable when the block has ended without an error.

        Raises `LedgerBusy` and `LedgerDiskFull`, both worth another try, and `ReadOnly`; nothing is recorded then.
        """
        began = time.monotonic()
        try:
            with self._held() as held:
                yield held
        except BaseException:
            self.commits.failed += 1
            raise
        self.commits.done += 1
        self.commits.seconds += time.monotonic() - began

    @contextmanager
    def _held(self) -> Iterator[Transaction]:
        with sqlite.operator_errors(self.path):
            connection = sqlite.writing(self._engine.connect())
        try:
            with sqlite.operator_errors(self.path):
                transaction = connection.begin()
            try:
                yield Transaction(connection, self.path, self._pen, self._stamp)
                with sqlite.operator_errors(self.path):
                    transaction.commit()
            except BaseException:
                with sqlite.operator_errors(self.path):
                    transaction.rollback()
                raise
        finally:
            connection.close()

    def append(self, drafts: Sequence[Draft]) -> list[int]:
        """Append entries in one transaction and return their numbers; they are on disk then."""
        return self.commit(drafts)

    def commit(
        self,
        drafts: Sequence[Draft],
        *,
        states: Mapping[str, str | None] | None = None,
        checkpoint: bytes | None = None,
        at: datetime | None = None,
        tail: Sequence[TailBatch] = (),
        prune_before: datetime | None = None,
    ) -> list[int]:
        """Append entries and keep the judge's state with them, in one transaction; return the entries' numbers.

        `checkpoint` and `tail` are those of the vantage that is this ledger's writer; a checkpoint needs its `at`.
        A state of None forgets the line's; batches of readings that end at `prune_before` or earlier are forgotten.
        """
        if checkpoint is not None and at is None:
            raise ValueError("a checkpoint needs the instant at which it was taken")
        if not (drafts or states or tail) and checkpoint is None and prune_before is None:
            return []
        with self.transaction() as held:
            numbers = held.append(drafts)
            if states:
                held.keep_states(states)
            if checkpoint is not None and at is not None:
                held.keep_checkpoint(at, checkpoint)
            if tail or prune_before is not None:
                held.keep_tail(tail, prune_before)
        return numbers

    def verify(self, known_heads: Mapping[str, str] | None = None) -> Verification:
        """Check every entry, blob and personal text, and that known heads (writer -> hash) are still in the chain."""
        return verify(self._fetch, self._soundness, known_heads or {}, self._seal)

    def _soundness(self) -> str | None:
        with sqlite.operator_errors(self.path), self._engine.connect() as connection:
            return sqlite.soundness(connection)

    def export(self, stream: IO[str]) -> int:
        """Write all entries as JSON Lines, with their hashes, and return how many.

        Each line is an object of the columns of `slamon.store.entry`; `payload` stands there as an object. To check a
        hash, write it as its canonical text again. Blobs and personal texts are not exported.
        """
        count = 0
        for one in self.entries():
            columns = one._asdict()
            del columns["payload_json"]
            try:
                columns["payload"] = one.payload
            except ValueError:
                raise LedgerDamaged(f"the payload of entry {one.seq} is not JSON; run `slamon ledger verify`") from None
            stream.write(json.dumps(columns, ensure_ascii=False, separators=(",", ":")) + "\n")
            count += 1
        return count

    def backup(self, path: Path) -> Verification:
        """Copy the ledger to a new file while others go on writing; return what a check of the copy found."""
        part = path.with_name(path.name + ".part")
        with sqlite.operator_errors(path):
            if path.exists():
                raise LedgerError(f"{path} exists already; name a file that does not")
            part.unlink(missing_ok=True)
            try:
                sqlite.copy(self._engine, part)
                copy = f"sqlite:///{part}"
                with Ledger.open(
                    copy, writer=self.writer, stamp=self._stamp, read_only=True, seal=self._seal
                ) as copied:
                    found = copied.verify()
                part.rename(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
        return found


def _prepare(engine: Engine, path: Path, *, read_only: bool) -> None:
    """Bring the schema up to date; the usual case is one look."""
    with sqlite.operator_errors(path):
        made = path.exists() and path.stat().st_size > 0
    version = _version(engine, path) if made else None
    if version == VERSION:
        return
    if read_only and version is None:
        raise LedgerBusy(f"{path} is being made by another process; try again in a moment")
    if read_only:
        raise OlderSchema(
            f"{path} was written by an earlier slamon; open it once for writing (`slamon run`) to migrate it"
        )
    if version is not None:
        _put_aside(engine, path, version)
    with (
        sqlite.made_ready(path),
        sqlite.operator_errors(path),
        sqlite.writing(engine.connect()) as connection,
        connection.begin(),
    ):
        # Another process may have done it while this one waited for the lock.
        if migrate.current_version(connection, str(path)) != VERSION:
            migrate.upgrade(connection)


def _put_aside(engine: Engine, path: Path, version: str) -> None:
    """Copy a ledger before it is migrated: the way back, should the upgrade be regretted, is to put it in place."""
    aside = path.with_name(f"{path.name}.schema-{version}")
    part = aside.with_name(aside.name + ".part")
    with sqlite.operator_errors(aside):
        if aside.exists():
            return
        part.unlink(missing_ok=True)
        try:
            sqlite.copy(engine, part)
            part.rename(aside)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def _version(engine: Engine, path: Path) -> str | None:
    with sqlite.operator_errors(path), engine.connect() as connection:
        return migrate.current_version(connection, str(path))
