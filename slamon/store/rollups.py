"""The own history: rollups of every line, in a file of its own beside the ledger, with or without InfluxDB.

Parts of an hour are added as they come, each write one transaction; days are merged from their hours once they are
over, so that a day can always be made again. Nothing of a statement's money rests on this file: it may be removed.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from slamon.core.rollup import DAY_S, HOUR_S, Rollup
from slamon.core.timespan import Span, from_micros, micros
from slamon.store import sqlite
from slamon.store.cells import TARGETS, Cells, NotCells, rollups_of
from slamon.store.coverage import NEVER
from slamon.store.errors import LedgerError
from slamon.store.rollup_days import close_days, day_around, merged_cells
from slamon.store.rollup_parts import CHUNK, Known, Parts, RollupsError, make_tables
from slamon.store.rollup_writing import add
from slamon.store.tally import HOUR_US, Tally

__all__ = ["FILE", "Rollups", "RollupsError", "Tally"]

FILE = "history.db"
HOURLY_DAYS = 35
DAILY_DAYS = 400
BUSY_TIMEOUT_S = 2.0
_DAY_US, _LONGEST_DAY_US = 24 * HOUR_US, 25 * HOUR_US


class Rollups:
    """The file, open; several processes may write to it and read it at once. Errors are `RollupsError`s."""

    def __init__(self, path: Path, engine: Engine | None) -> None:
        self.path = path
        self._engine = engine
        self._known: dict[str, Known] = {}

    @classmethod
    def open(cls, state_dir: Path, *, read_only: bool = False) -> Self:
        """Open the history in a state directory, made first where that is needed.

        One that is opened for reading need not exist: nothing is known then.
        """
        path = state_dir / FILE
        if read_only and not path.exists():
            return cls(path, None)
        engine = sqlite.engine_for(path, read_only=read_only, busy_timeout_s=BUSY_TIMEOUT_S)
        try:
            with _told(path):
                if read_only:
                    with engine.connect() as connection:
                        make_tables(connection, path, read_only=True)
                else:
                    with sqlite.made_ready(path), sqlite.writing(engine.connect()) as connection, connection.begin():
                        make_tables(connection, path)
        except BaseException:
            engine.dispose()
            raise
        return cls(path, engine)

    def close(self) -> None:
        """Give the file back."""
        if self._engine is not None:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _parts(self, engine: Engine, *, write: bool = False) -> Iterator[Parts]:
        with _told(self.path), engine.connect() as connection:
            made = sqlite.writing(connection) if write else connection
            with made.begin():
                yield Parts(made)

    def read(self, line_ids: Sequence[str], span: Span[datetime], seconds: int) -> dict[str, tuple[Rollup, ...]]:
        """Return the rollups of lines that begin in a span, in order of time, the demarc's before the CPE's.

        `seconds` is 3600 for hours (UTC) or 86400 for natural days in the zone of a line's contract. Every line asked
        for has its member, an empty one where nothing is known.
        """
        if seconds not in (HOUR_S, DAY_S):
            raise ValueError(f"rollups last {HOUR_S} or {DAY_S} seconds, not {seconds}")
        found: dict[str, list[Rollup]] = {line_id: [] for line_id in line_ids}
        if self._engine is not None:
            with self._parts(self._engine) as parts:
                for line_ids_at, start_us, cells in _asked(parts, list(found), span, seconds):
                    for rollup in rollups_of(cells, line_ids_at, from_micros(start_us), seconds):
                        found[rollup.line_id].append(rollup)
        return {line_id: tuple(sorted(some, key=_in_order)) for line_id, some in found.items()}

    def enlist(self, zones: Mapping[str, str]) -> None:
        """Get to know lines by their time zones; `write` does so by itself, but for many lines it takes a while."""
        news = {line_id: zone for line_id, zone in zones.items() if self._zone(line_id) != zone}
        if news:
            with self._parts(self._writable(), write=True) as parts:
                found = parts.enlist(news)
            self._known.update(found)

    def _zone(self, line_id: str) -> str | None:
        known = self._known.get(line_id)
        return None if known is None else known.zone

    def write(self, tally: Tally, ids: Sequence[str], zones: Mapping[str, str]) -> None:
        """Add what was counted, in one transaction; `ids` name the tally's lines, `zones` the lines' time zones."""
        own = ids[: tally.until.size]
        self.enlist({line_id: zones.get(line_id, "UTC") for line_id in own})
        numbers = np.array([self._known[line_id].number for line_id in own], np.int64)
        with self._parts(self._writable(), write=True) as parts:
            add(parts, tally, numbers)

    def settle(self, now: datetime, hourly_days: int = HOURLY_DAYS, daily_days: int = DAILY_DAYS) -> None:
        """Make days that are over, an hour after their end; then forget what is older than it is kept."""
        at_us = micros(now)
        with self._parts(self._writable(), write=True) as parts:
            close_days(parts, now)
            parts.prune(HOUR_S, (at_us - hourly_days * _DAY_US) // HOUR_US * HOUR_US)
            parts.prune(DAY_S, at_us - daily_days * _DAY_US)

    def _writable(self) -> Engine:
        if self._engine is None:
            raise RollupsError(f"there is no history at {self.path}")
        return self._engine


def _in_order(one: Rollup) -> tuple[datetime, bool]:
    return one.start, one.target != TARGETS[0]


_Made = Iterator[tuple[Sequence[str], int, Cells]]


def _asked(parts: Parts, line_ids: Sequence[str], span: Span[datetime], seconds: int) -> _Made:
    """Yield line ids with their cells of an hour or a day."""
    by_chunk: dict[int, dict[str, Known]] = defaultdict(dict)
    for line_id, known in parts.lines(line_ids).items():
        by_chunk[known.number // CHUNK][line_id] = known
    for chunk, lines in by_chunk.items():
        ids, places = list(lines), np.array([known.number % CHUNK for known in lines.values()])
        for start_us, cells in parts.between(seconds, chunk, micros(span.start), micros(span.end)):
            yield ids, start_us, cells[places]
        if seconds == DAY_S:
            yield from _days_under_way(parts, chunk, lines, span)


def _days_under_way(parts: Parts, chunk: int, lines: Mapping[str, Known], span: Span[datetime]) -> _Made:
    """Yield days that are not made yet, merged from the hours there are."""
    for zone in sorted({known.zone for known in lines.values()}):
        ids = [line_id for line_id, known in lines.items() if known.zone == zone]
        places = np.array([lines[line_id].number % CHUNK for line_id in ids])
        since_us = max(micros(span.start), parts.closed(zone) or NEVER)
        days: dict[int, list[Cells]] = defaultdict(list)
        for hour_us, cells in parts.between(HOUR_S, chunk, since_us, micros(span.end) + _LONGEST_DAY_US):
            days[day_around(hour_us, zone)[0]].append(cells[places])
        for start_us, hours in days.items():
            if since_us <= start_us < micros(span.end):
                yield ids, start_us, merged_cells(hours)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with the file into our error."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        told = error.orig if isinstance(error, DBAPIError) else error
        raise RollupsError(f"{path}: {told}") from error
    except (SQLAlchemyError, LedgerError, OSError, NotCells) as error:
        raise RollupsError(f"{path}: {error}") from error
