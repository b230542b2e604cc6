"""What can be read from the ledger: entries, the judge's state, blobs and personal texts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from slamon.core.timespan import from_micros
from slamon.store import chain, query
from slamon.store.entry import Entry, TailBatch, blob_id
from slamon.store.errors import LedgerDamaged
from slamon.store.personal import Seal, opened
from slamon.store.query import Wanted
from slamon.store.schema import blob, checkpoint, delivery, entry, line_state, personal, tail


class Reads:
    """What can be read, from the ledger as it is or within a transaction."""

    # What personal texts are sealed with; without it those that are cannot be read.
    _seal: Seal | None = None

    @abstractmethod
    def _fetch(self, statement: Select[Any]) -> Sequence[Any]:
        """Return all rows of a query, errors told in our words."""

    @property
    def seal(self) -> Seal | None:
        """What personal texts are sealed with."""
        return self._seal

    def fetch(self, statement: Select[Any]) -> Sequence[Any]:
        """Return all rows of a query on a table that is no part of the chain; for modules of this room."""
        return self._fetch(statement)

    def last_seq(self) -> int:
        """Return the newest entry's number, 0 for an empty ledger."""
        return query.last_seq(self._fetch)

    def entries(
        self,
        *,
        kinds: Collection[str] | None = None,
        line_id: str | None = None,
        subject: str | None = None,
        after_seq: int = 0,
        by_line: bool = False,
        line_ids: Collection[str] | None = None,
    ) -> Iterator[Entry]:
        """Yield the entries that meet every condition, up to the newest there is now.

        They come as recorded, or `by_line`: ordered by line id (as Unicode code points) and then as recorded, those
        without a line left out. `line_ids` are at most some thousands: they travel in the query.
        """
        wanted = Wanted(kinds, line_id, subject, line_ids)
        upto = self.last_seq()
        reading = query.by_line if by_line else query.in_order
        return reading(self._fetch, wanted, after_seq, upto)

    def times(self, kind: str, line_ids: Collection[str] | None = None) -> list[tuple[datetime, str]]:
        """Return what entries of a kind are about, instant and line id, in order of time; nothing else is read.

        `line_ids` are at most some thousands: they travel in the query.
        """
        chosen = select(entry.c.at_us, entry.c.line_id).where(entry.c.kind == kind)
        if line_ids is not None:
            chosen = chosen.where(entry.c.line_id.in_(sorted(line_ids)))
        return [(from_micros(at_us), line_id or "") for at_us, line_id in sorted(map(tuple, self._fetch(chosen)))]

    def heads(self) -> dict[str, str]:
        """Return each writer's newest hash, as ``sha256:...``."""
        newest = select(func.max(entry.c.seq)).group_by(entry.c.writer).scalar_subquery()
        found = self._fetch(select(entry.c.writer, entry.c.hash).where(entry.c.seq.in_(newest)))
        return {row[0]: row[1] for row in found}

    def states(self) -> dict[str, str]:
        """Return the judge's state of every line that is not quiet, by line id."""
        return {row[0]: row[1] for row in self._fetch(select(line_state))}

    def checkpoint(self, vantage: str) -> tuple[datetime, bytes] | None:
        """Return a vantage's last checkpoint and its instant, None where there never was one."""
        found = self._fetch(select(checkpoint.c.at_us, checkpoint.c.data).where(checkpoint.c.vantage == vantage))
        return (from_micros(found[0][0]), found[0][1]) if found else None

    def delivered(self, sink: str) -> int:
        """Return the number of the last entry that a sink has confirmed, 0 where it has confirmed none."""
        found = self._fetch(select(delivery.c.seq).where(delivery.c.sink == sink))
        return int(found[0][0]) if found else 0

    def checkpoint_at(self, vantage: str) -> datetime | None:
        """Return the instant of a vantage's last checkpoint, without what it holds."""
        found = self._fetch(select(checkpoint.c.at_us).where(checkpoint.c.vantage == vantage))
        return from_micros(found[0][0]) if found else None

    def tail(self, vantage: str) -> list[TailBatch]:
        """Return a vantage's batches of recent readings, oldest first."""
        columns = (tail.c.start_us, tail.c.end_us, tail.c.data)
        found = self._fetch(select(*columns).where(tail.c.vantage == vantage).order_by(tail.c.id))
        return [TailBatch(from_micros(row[0]), from_micros(row[1]), row[2]) for row in found]

    def blob(self, key: str) -> bytes:
        """Return the bytes of a blob, checked; raises `LedgerDamaged` where they are missing or changed."""
        found = self._fetch(select(blob.c.coding, blob.c.data).where(blob.c.sha256 == key))
        data = chain.decoded(found[0][0], found[0][1]) if found else None
        if data is None or blob_id(data) != key:
            raise LedgerDamaged(f"blob {key} of the ledger is {'missing' if data is None else 'changed'}")
        return data

    def personal(self, ref: str) -> str | None:
        """Return a personal text, None where it was erased; raises `NotReadable` without its key."""
        found = self._fetch(select(personal.c.data, personal.c.coding).where(personal.c.ref == ref))
        return opened(self._seal, ref, *found[0]) if found else None
