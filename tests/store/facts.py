"""Facts to record, and the hands of somebody who tampers with what was recorded."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slamon.store.ledger import Actor, Draft, Stamp

BASE = datetime(2026, 11, 1, tzinfo=UTC)


def stamp() -> Stamp:
    """A clock that stands still."""
    return Stamp(BASE + timedelta(hours=1), 3_600_000_000_000, "0f5b1c1e-5b1f-4a55-9f6a-3d5b6f6f7a10")


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def draft(
    number: int, *, kind: str = "incident.opened", line_id: str | None = None, subject: str | None = None
) -> Draft:
    return Draft(
        kind,
        BASE + timedelta(seconds=number),
        {"number": number, "说明": "线路中断"},
        line_id=line_id,
        subject=subject,
        why="值班",
        actor=Actor("wang", "uid:1000") if number % 2 else None,
    )


def tamper(path: Path, *statements: str, parameters: tuple[object, ...] = ()) -> None:
    """Run SQL past the triggers, as somebody with the file and a shell would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            connection.execute(statement, parameters if "?" in statement else ())
