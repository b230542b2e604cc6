"""Reading entries, page by page.

The ledger only grows, so pages below a fixed last entry show the same as one long read would; and no reader,
however slow its consumer, holds a transaction open that keeps the log from being checkpointed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from typing import Any

from sqlalchemy import Select, func, select, tuple_

from slamon.store.entry import Entry
from slamon.store.errors import LedgerDamaged
from slamon.store.schema import entry

PAGE = 4096

Fetch = Callable[[Select[Any]], Sequence[Any]]

_at = entry.c


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries: of these kinds, of this line or these lines, about this subject."""

    kinds: Collection[str] | None = None
    line_id: str | None = None
    subject: str | None = None
    line_ids: Collection[str] | None = None

    def narrowed(self, *, through_lines: bool = False) -> Select[Any]:
        """Return the SELECT of all columns of these entries, for the planner to find by line where that is said."""
        chosen = select(entry)
        if self.kinds is not None:
            # As an expression the kind cannot lead the planner to its index, and from there to a sort of everything.
            kind = _at.kind.concat("") if through_lines else _at.kind
            chosen = chosen.where(kind.in_(sorted(self.kinds)))
        if self.line_id is not None:
            chosen = chosen.where(_at.line_id == self.line_id)
        if self.subject is not None:
            chosen = chosen.where(_at.subject == self.subject)
        if self.line_ids is not None:
            chosen = chosen.where(_at.line_id.in_(sorted(self.line_ids)))
        return chosen


def last_seq(fetch: Fetch) -> int:
    """Return the newest entry's number, 0 for an empty ledger."""
    newest = fetch(select(func.max(_at.seq)))[0][0]
    if newest is not None and not isinstance(newest, int):
        raise LedgerDamaged(f"the newest entry's number is {newest!r}; run `slamon ledger verify`")
    return newest or 0


def in_order(fetch: Fetch, wanted: Wanted, after_seq: int, upto: int) -> Iterator[Entry]:
    """Yield entries in the order in which they were recorded, ``after_seq < seq <= upto``."""
    if wanted.line_id is not None or wanted.subject is not None:
        yield from _paged(fetch, wanted, after_seq, upto)
    elif wanted.kinds is not None:
        # One index range per kind, merged: a seldom kind costs what it holds, not what the ledger holds.
        kinds = sorted(set(wanted.kinds))
        yield from merge(*(_paged(fetch, replace(wanted, kinds=(kind,)), after_seq, upto) for kind in kinds))
    else:
        yield from _by_window(fetch, wanted, after_seq, upto)


def by_line(fetch: Fetch, wanted: Wanted, after_seq: int, upto: int) -> Iterator[Entry]:
    """Yield the entries that have a line, ordered by line and then as recorded."""
    query = (
        wanted.narrowed(through_lines=True)
        .where(_at.line_id.is_not(None), _at.seq <= upto)
        .order_by(_at.line_id, _at.seq)
        .limit(PAGE)
    )
    if after_seq:
        query = query.where(_at.seq > after_seq)
    page = query
    while rows := fetch(page):
        yield from map(Entry._make, rows)
        if len(rows) < PAGE:
            return
        last = Entry._make(rows[-1])
        page = query.where(tuple_(_at.line_id, _at.seq) > tuple_(last.line_id, last.seq))


def _by_window(fetch: Fetch, wanted: Wanted, after_seq: int, upto: int) -> Iterator[Entry]:
    while after_seq < upto:
        until = min(after_seq + PAGE, upto)
        query = wanted.narrowed().where(_at.seq > after_seq, _at.seq <= until).order_by(_at.seq)
        yield from map(Entry._make, fetch(query))
        after_seq = until


def _paged(fetch: Fetch, wanted: Wanted, after_seq: int, upto: int) -> Iterator[Entry]:
    query = wanted.narrowed().where(_at.seq <= upto).order_by(_at.seq).limit(PAGE)
    while rows := fetch(query.where(_at.seq > after_seq)):
        yield from map(Entry._make, rows)
        after_seq = rows[-1][0]
        if len(rows) < PAGE:
            return
