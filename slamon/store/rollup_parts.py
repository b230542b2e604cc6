"""The tables of the own history, within one transaction: parts of some hundred lines and one hour or day each.

Lines are numbered once and for ever; a part holds the cells of `CHUNK` numbers in a row, so that a single line is
found without a look at the others and a whole fleet in few rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, delete, func, select

from slamon.store import sqlite
from slamon.store.cells import Cells, no_cells, pack_cells, unpack_cells
from slamon.store.coverage import NEVER
from slamon.store.tally import Ints

VERSION = 1
CHUNK = 512
_AT_ONCE = 500  # ids in one query

_metadata = MetaData()
_line = Table(
    "line",
    _metadata,
    Column("number", Integer, primary_key=True),
    Column("line_id", Text, nullable=False, unique=True),
    Column("zone", Text, nullable=False),
)
_part = Table(
    "part",
    _metadata,
    Column("seconds", Integer, primary_key=True),
    Column("chunk", Integer, primary_key=True),
    Column("start_us", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
_reach = Table(
    "reach",
    _metadata,
    Column("chunk", Integer, primary_key=True),
    Column("until_us", LargeBinary, nullable=False),
    Column("targets", LargeBinary, nullable=False),
)
_mark = Table("mark", _metadata, Column("name", Text, primary_key=True), Column("at_us", Integer, nullable=False))


class RollupsError(Exception):
    """The own history could not be read or written; statements do not need it."""


@dataclass(frozen=True, slots=True)
class Known:
    """A line as the history knows it."""

    number: int
    zone: str


def make_tables(connection: Connection, path: Path, *, read_only: bool = False) -> None:
    """Make what is missing; raises `RollupsError` where another version or something else wrote the file."""
    version = connection.exec_driver_sql("PRAGMA user_version").scalar()
    if version == VERSION:
        return
    tables = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    if version != 0 or tables or read_only:
        raise RollupsError(
            f"{path} is no history of this slamon (version {version}, not {VERSION}); move it away, a new one is begun"
        )
    _metadata.create_all(connection)
    connection.exec_driver_sql(f"PRAGMA user_version = {VERSION}")


class Parts:
    """What is in the file, for the length of a transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._zones: dict[int, dict[str, Ints]] = {}

    # --- lines ---

    def lines(self, line_ids: Sequence[str]) -> dict[str, Known]:
        """Return those of some lines that are known."""
        wanted = select(_line.c.line_id, _line.c.number, _line.c.zone)
        found: dict[str, Known] = {}
        for low in range(0, len(line_ids), _AT_ONCE):
            some = wanted.where(_line.c.line_id.in_(line_ids[low : low + _AT_ONCE]))
            found.update((line_id, Known(number, zone)) for line_id, number, zone in self._connection.execute(some))
        return found

    def enlist(self, zones: Mapping[str, str]) -> dict[str, Known]:
        """Return lines by id, numbered where they are new, with these time zones from now on."""
        known = self.lines(list(zones))
        missing = [(line_id, zone) for line_id, zone in zones.items() if line_id not in known]
        if missing:
            self._connection.exec_driver_sql("INSERT OR IGNORE INTO line (line_id, zone) VALUES (?, ?)", missing)
            known |= self.lines([line_id for line_id, _ in missing])
        moved = [{"of": k, "to": zones[k]} for k, one in known.items() if one.zone != zones[k]]
        if moved:
            text = "UPDATE line SET zone = ? WHERE line_id = ?"
            self._connection.exec_driver_sql(text, [(one["to"], one["of"]) for one in moved])
        # Under the ids of whoever asks: those of the database would be as many texts again.
        return {line_id: Known(known[line_id].number, zone) for line_id, zone in zones.items()}

    def zones_of(self, chunk: int) -> dict[str, Ints]:
        """Return the places of a chunk's lines by their zone."""
        if chunk not in self._zones:
            first = chunk * CHUNK
            own = select(_line.c.zone, _line.c.number).where(_line.c.number.between(first, first + CHUNK - 1))
            places: dict[str, list[int]] = {}
            for zone, number in self._connection.execute(own):
                places.setdefault(zone, []).append(number % CHUNK)
            self._zones[chunk] = {zone: np.array(some, np.int64) for zone, some in places.items()}
        return self._zones[chunk]

    def zones(self) -> list[str]:
        """Return the zones of all lines."""
        return list(self._connection.execute(select(_line.c.zone).distinct()).scalars())

    # --- parts ---

    def get(self, seconds: int, chunk: int, start_us: int) -> Cells:
        """Return a part, cells of nothing where there is none."""
        own = (_part.c.seconds == seconds) & (_part.c.chunk == chunk) & (_part.c.start_us == start_us)
        data = self._connection.execute(select(_part.c.data).where(own)).scalar()
        return no_cells(CHUNK) if data is None else unpack_cells(data)

    def put(self, seconds: int, chunk: int, start_us: int, cells: Cells) -> None:
        """Overwrite a part."""
        sqlite.upsert_rows(self._connection, _part, [(seconds, chunk, start_us, pack_cells(cells))])

    def between(self, seconds: int, chunk: int, low_us: int, high_us: int) -> Iterator[tuple[int, Cells]]:
        """Yield the parts of a chunk that begin in a time, in order."""
        own = (_part.c.seconds == seconds) & (_part.c.chunk == chunk)
        own &= (_part.c.start_us >= low_us) & (_part.c.start_us < high_us)
        found = select(_part.c.start_us, _part.c.data).where(own).order_by(_part.c.start_us)
        for start_us, data in self._connection.execute(found):
            yield start_us, unpack_cells(data)

    def chunks_between(self, seconds: int, low_us: int, high_us: int) -> list[int]:
        """Return the chunks that have parts in a time."""
        own = (_part.c.seconds == seconds) & (_part.c.start_us >= low_us) & (_part.c.start_us < high_us)
        return list(self._connection.execute(select(_part.c.chunk).where(own).distinct()).scalars())

    def first(self, seconds: int) -> int | None:
        """Return when the earliest part begins."""
        found: int | None = self._connection.execute(
            select(func.min(_part.c.start_us)).where(_part.c.seconds == seconds)
        ).scalar()
        return found

    # --- marks ---

    def _marked(self, name: str) -> int | None:
        found: int | None = self._connection.execute(select(_mark.c.at_us).where(_mark.c.name == name)).scalar()
        return found

    def _mark(self, name: str, at_us: int) -> None:
        sqlite.upsert_rows(self._connection, _mark, [(name, at_us)])

    def closed(self, zone: str) -> int | None:
        """Return the instant to which the days of a zone are made."""
        return self._marked(f"closed/{zone}")

    def set_closed(self, zone: str, at_us: int) -> None:
        """Remember to which instant the days of a zone are made."""
        self._mark(f"closed/{zone}", at_us)

    def pruned(self, seconds: int) -> int:
        """Return the instant before which parts are forgotten, `NEVER` where none are."""
        found = self._marked(f"pruned/{seconds}")
        return NEVER if found is None else found

    def prune(self, seconds: int, before_us: int) -> None:
        """Forget parts that begin before an instant, and remember that they are gone."""
        if before_us <= self.pruned(seconds):
            return
        self._connection.execute(delete(_part).where((_part.c.seconds == seconds) & (_part.c.start_us < before_us)))
        self._mark(f"pruned/{seconds}", before_us)

    # --- reach ---

    def reach(self, chunk: int) -> tuple[Ints, npt.NDArray[np.uint8]]:
        """Return how far each line of a chunk was seen, and which targets it has had."""
        found = self._connection.execute(select(_reach).where(_reach.c.chunk == chunk)).first()
        if found is None:
            return np.full(CHUNK, NEVER), np.zeros(CHUNK, np.uint8)
        return np.frombuffer(found.until_us, "<i8").copy(), np.frombuffer(found.targets, np.uint8).copy()

    def set_reach(self, chunk: int, until_us: Ints, targets: npt.NDArray[np.uint8]) -> None:
        """Write down how far each line of a chunk was seen."""
        row = (chunk, until_us.astype("<i8").tobytes(), targets.tobytes())
        sqlite.upsert_rows(self._connection, _reach, [row])
