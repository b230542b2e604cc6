"""Everything that is SQLite's own: connections, locking, error codes, files, backup.

Another database would get a file like this one, and `engine_for` would choose by the URL.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects.sqlite import Insert, insert
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from slamon.store.errors import LedgerBusy, LedgerDamaged, LedgerDiskFull, LedgerError, NotALedger, ReadOnly

BUSY_TIMEOUT_S = 10.0

_PRIMARY = 0xFF  # the low byte of an extended result code is the primary one
_FULL = {sqlite3.SQLITE_FULL}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM}


def located(url: str, state_dir: Path) -> str:
    """Return a ledger URL with its file made absolute below `state_dir`; raises `NotALedger` for other URLs."""
    return "sqlite:///" + str(state_dir / file_of(url))


def file_of(url: str) -> Path:
    """Return the file that a ledger URL names; raises `NotALedger`."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise NotALedger(f"{url!r} is not a ledger URL; write sqlite:///ledger.db") from None
    if parsed.get_backend_name() != "sqlite":
        raise NotALedger(
            f"a ledger in {parsed.get_backend_name()} is not supported; write sqlite:///ledger.db, "
            "or sqlite:////var/lib/slamon/ledger.db with an absolute path"
        )
    if not parsed.database or parsed.database == ":memory:" or parsed.query:
        raise NotALedger(f"{url!r} does not name a file; write sqlite:///ledger.db")
    return Path(parsed.database)


def engine_for(path: Path, *, read_only: bool, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return an engine on an existing file, whose every connection is set up the same way."""
    mode = "ro" if read_only else "rw"
    uri = f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if read_only and _frozen(path) else ''}"

    def connected() -> sqlite3.Connection:
        # Autocommit: the driver's own idea of when a transaction begins is never right for a ledger.
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            _set_up(connection, read_only=read_only)
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connected, poolclass=QueuePool, pool_size=4, max_overflow=12)
    event.listen(engine, "begin", _begin)
    return engine


def _frozen(path: Path) -> bool:
    """Tell whether a database lies complete on a file system that nobody can write to: it needs no shared memory then.

    With a log beside it what was committed last stands there, and to leave that out would be a wrong answer.
    """
    try:
        read_only = bool(os.statvfs(path.parent).f_flag & os.ST_RDONLY)
        return read_only and not path.with_name(f"{path.name}-wal").exists()
    except OSError:
        return False


def _set_up(connection: sqlite3.Connection, *, read_only: bool) -> None:
    pragmas = ["foreign_keys = ON", "trusted_schema = OFF"]
    if read_only:
        pragmas.append("query_only = ON")
    else:
        # A mass outage lets the log grow; the limit gives the space back after the next checkpoint.
        pragmas += ["journal_mode = WAL", "synchronous = FULL", f"journal_size_limit = {64 << 20}"]
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A deferred transaction that turns into a writer fails at once when another has written meanwhile, in spite
    # of busy_timeout; whoever will write says so at the start, and waits in line.
    writes = connection.get_execution_options().get("slamon_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def writing(connection: Connection) -> Connection:
    """Return the connection, its next transaction a writer's from its beginning."""
    return connection.execution_options(slamon_writes=True)


def insert_new(table: Table) -> Insert:
    """Return an INSERT that passes over rows whose key is there already."""
    return insert(table).on_conflict_do_nothing()


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert whole rows, members in the order of the columns; a dictionary for each would cost as much again."""
    places = ", ".join("?" * len(table.columns))
    connection.exec_driver_sql(f"INSERT INTO {table.name} VALUES ({places})", list(rows))  # noqa: S608 - our own name


def upsert_rows(connection: Connection, table: Table, rows: Sequence[tuple[object, ...]]) -> None:
    """Overwrite whole rows of the same key, members in the order of the table's columns."""
    places = ", ".join("?" * len(table.columns))
    connection.exec_driver_sql(f"INSERT OR REPLACE INTO {table.name} VALUES ({places})", list(rows))  # noqa: S608


def upsert(table: Table) -> Insert:
    """Return an INSERT that overwrites the row of the same key."""
    statement = insert(table)
    values = {column.name: statement.excluded[column.name] for column in table.columns if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=list(table.primary_key.columns), set_=values)


@contextmanager
def made_ready(path: Path) -> Iterator[None]:
    """Make the file (0600) and its folder (0700) where they are missing, and keep other makers out meanwhile."""
    with operator_errors(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        with operator_errors(path):
            if not path.exists():
                # The log and its index inherit these permissions.
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
                os.fsync(folder)
        yield
    finally:
        os.close(folder)


def soundness(connection: Connection) -> str | None:
    """Return what SQLite finds wrong with the file first, an index that hides rows included; None when sound."""
    found = connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar()
    return None if found == "ok" else str(found)


@contextmanager
def overwriting(connection: Connection) -> Iterator[None]:
    """Have what is deleted meanwhile overwritten with zeros, instead of left in pages that nothing refers to."""
    connection.exec_driver_sql("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        connection.exec_driver_sql("PRAGMA secure_delete = OFF")


def empty_log(connection: Connection) -> None:
    """Move the write-ahead log into the file and cut it to nothing, unless a reader still needs it."""
    raw: Any = connection.connection.driver_connection
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def copy(source: Engine, target: Path) -> None:
    """Copy the database, as of one moment and while others write, into a file of its own."""
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    with source.connect() as connection, closing(sqlite3.connect(target, isolation_level=None)) as made:
        held: Any = connection.connection.driver_connection
        held.backup(made)
        # One file that can be read from a read-only place: a log could not be opened there.
        made.execute("PRAGMA journal_mode = DELETE")
    handle = os.open(target, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def operator_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite, SQLAlchemy and the file system raise into our errors; the only place that does."""
    try:
        yield
    except DBAPIError as error:
        raise _told(error.orig, path) from error
    except PoolTimeout as error:
        raise LedgerBusy(f"{path}: too many readers of the ledger at once in this process") from error
    except (sqlite3.Error, OSError) as error:
        raise _told(error, path) from error
    except UnicodeDecodeError as error:
        raise LedgerDamaged(_damaged(path, error)) from error
    except SQLAlchemyError as error:
        raise LedgerError(f"{path}: {error}") from error


def _told(error: BaseException | None, path: Path) -> LedgerError:
    if isinstance(error, OSError):
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return LedgerDiskFull(_full(path)) if full else LedgerError(f"{path}: {error.strerror}")
    code = getattr(error, "sqlite_errorcode", 0)
    primary = code & _PRIMARY
    if primary in _FULL or (primary == sqlite3.SQLITE_IOERR and _no_room(path)):
        return LedgerDiskFull(_full(path))
    if primary in _BUSY:
        return LedgerBusy(f"{path} is locked by another process for over {BUSY_TIMEOUT_S:g} s; try again")
    if primary in _READ_ONLY:
        return ReadOnly(f"{path} may only be read here ({error}); check the owner of the file and of its folder")
    if primary == sqlite3.SQLITE_NOTADB:
        return NotALedger(f"{path} is not a ledger: {error}")
    if primary == sqlite3.SQLITE_CANTOPEN:
        return NotALedger(f"{path} cannot be opened; check that it and its folder exist and may be read and written")
    if primary == sqlite3.SQLITE_CORRUPT or "decode to UTF-8" in str(error):
        return LedgerDamaged(_damaged(path, error))
    return LedgerError(f"{path}: {error}")


def _damaged(path: Path, error: BaseException | None) -> str:
    return f"{path} is damaged ({error}); run `slamon ledger verify`, restore a backup if need be"


def _full(path: Path) -> str:
    return f"the disk that holds {path} is full; make room, nothing acknowledged is lost"


def _no_room(path: Path) -> bool:
    try:
        room = os.statvfs(path.parent)
    except OSError:
        return False
    return room.f_bavail * room.f_frsize < 64 << 10
