"""The statements of a month: one line, one customer, or all of them with both cores."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from slamon.core.calendar import BillingMonth
from slamon.core.statement import LineStatement, line_statement
from slamon.core.timeline import LineTerms, Timeline, assemble
from slamon.service import clock
from slamon.service.site import Site
from slamon.store.book import Fleet, LineBook, read_chosen, read_line
from slamon.store.ledger import Ledger

T = TypeVar("T")

SHARD = 500
# Below this many lines a second process costs more than it saves.
SHARED_FROM = 4 * SHARD


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which statements: of one month, of one customer or line where named."""

    month: BillingMonth
    customer_id: str | None = None
    line_id: str | None = None


def as_of(site: Site, month: BillingMonth) -> datetime | None:
    """Return how far the month is known: the latest instant any line was observed to, or the end of the month."""
    latest = site.fleet().as_of
    if latest is None:
        return None
    zones = {LineTerms(line, site.contracts).zone for line in site.lines.values()}
    return min(latest, max((month.span(zone).end for zone in zones), default=latest))


def timeline_of(site: Site, line_id: str, fleet: Fleet | None = None) -> tuple[Timeline, LineBook]:
    """Return a line's incidents under the facts as they stand, and the record behind them."""
    book = read_line(site.ledger, fleet if fleet is not None else site.fleet(), line_id)
    return assemble(site.terms(line_id), book.measured, book.filed), book


def chosen(site: Site, wanted: Wanted) -> list[str]:
    """Return the ids of the lines that may stand in the statements, by customer and line."""
    day = wanted.month.last_day
    found = []
    for line_id, line in site.lines.items():
        customer = line.period_on(day).customer_id
        if wanted.customer_id in (None, customer) and wanted.line_id in (None, line_id):
            found.append((customer, line_id))
    return [line_id for _, line_id in sorted(found)]


def statements(
    site: Site,
    wanted: Wanted,
    render: Callable[[LineStatement], T],
    progress: Callable[[int], None] = lambda _: None,
) -> Iterator[T]:
    """Yield what `render` makes of each line's statement, ordered by customer and line.

    Many lines are worked out by several processes: `render` is then a function of a module, and what it returns
    travels between processes. `progress` is told how many lines were done since it was last called.
    """
    line_ids = chosen(site, wanted)
    shards = [line_ids[low : low + SHARD] for low in range(0, len(line_ids), SHARD)]
    if len(line_ids) < SHARED_FROM:
        fleet = site.fleet()
        for shard in shards:
            yield from _worked_out(site, fleet, wanted.month, shard, render)
            progress(len(shard))
        return
    # Forked, the workers share what was loaded; each opens the ledger for itself.
    pool = ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("fork"), _share, (site,))
    with pool:
        tasks = ((wanted.month, shard, render) for shard in shards)
        for shard, rendered in zip(shards, pool.map(_shard, tasks), strict=True):
            yield from rendered
            progress(len(shard))


def _worked_out(
    site: Site, fleet: Fleet, month: BillingMonth, line_ids: Sequence[str], render: Callable[[LineStatement], T]
) -> list[T]:
    books = read_chosen(site.ledger, fleet, line_ids)
    found = []
    for line_id in line_ids:
        book = books[line_id]
        statement = line_statement(site.terms(line_id), month, fleet.as_of, book.measured, book.filed)
        if statement is not None:
            found.append(render(statement))
    return found


@dataclass(slots=True)
class _Shared:
    """What a worker process has: the site, on a connection of its own, and the fleet, read once."""

    site: Site
    fleet: Fleet


_worker: list[_Shared] = []


def _share(site: Site) -> None:
    settings = site.loaded.settings
    ledger = Ledger.open(settings.ledger_url, writer=settings.vantage, stamp=clock.stamp, read_only=True)
    own = replace(site, ledger=ledger)
    _worker[:] = [_Shared(own, own.fleet())]


def _shard(task: tuple[BillingMonth, Sequence[str], Callable[[LineStatement], T]]) -> list[T]:
    month, line_ids, render = task
    shared = _worker[0]
    return _worked_out(shared.site, shared.fleet, month, line_ids, render)
