"""The statements of a month: one line, one customer, or all of them with both cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from slamon.core.calendar import BillingMonth
from slamon.core.rollup import HOUR_S, Rollup
from slamon.core.statement import LineStatement, line_statement
from slamon.core.timeline import Timeline, assemble
from slamon.service import clock
from slamon.service.neighbours import Neighbours
from slamon.service.site import Site
from slamon.store.book import Fleet, LineBook, read_chosen, read_fleet, read_line
from slamon.store.ledger import Ledger
from slamon.store.rollups import FILE, Rollups

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


def timeline_of(site: Site, line_id: str, fleet: Fleet | None = None) -> tuple[Timeline, LineBook]:
    """Return a line's incidents under the facts as they stand, and the record behind them."""
    book = read_line(site.ledger, fleet if fleet is not None else site.fleet(), line_id)
    return assemble(site.terms(line_id), book.measured, book.filed), book


@dataclass(frozen=True, slots=True)
class Survey:
    """A month as it stands: the lines that may stand in it, and what is on record of all lines, read once.

    `as_of` is how far the month is known: the latest instant any line was observed to, or its end.
    """

    site: Site
    month: BillingMonth
    fleet: Fleet
    line_ids: tuple[str, ...]
    as_of: datetime | None
    neighbours: Neighbours


def survey(site: Site, wanted: Wanted) -> Survey:
    """Look at a month; lines are ordered by customer and line."""
    fleet = read_fleet(site.ledger, site.vantage, wanted.line_id)
    known = fleet.as_of
    if known is not None:
        zones = {contract.zone for contract in site.contracts.versions}
        if len(zones) > 1:
            current = {line.current.contract for line in site.lines.values()}
            zones = {site.contracts.of(contract)[-1].zone for contract in current}
        known = min(known, max((wanted.month.span(zone).end for zone in zones), default=known))
    return Survey(site, wanted.month, fleet, tuple(_chosen(site, wanted)), known, Neighbours(site, site.ledger))


def _chosen(site: Site, wanted: Wanted) -> list[str]:
    day = wanted.month.last_day
    ids = site.lines if wanted.line_id is None else [wanted.line_id]
    found = ((site.lines[line_id].period_on(day).customer_id, line_id) for line_id in ids)
    return [line_id for customer, line_id in sorted(found) if wanted.customer_id in (None, customer)]


def statements(
    month: Survey, render: Callable[[LineStatement], T], progress: Callable[[int], None] = lambda _: None
) -> Iterator[T]:
    """Yield what `render` makes of each line's statement, ordered by customer and line.

    Many lines are worked out by several processes: `render` is then a function of a module, and what it returns
    travels between processes. `progress` is told how many lines were done since it was last called.
    """
    shards = [month.line_ids[low : low + SHARD] for low in range(0, len(month.line_ids), SHARD)]
    if len(month.line_ids) < SHARED_FROM:
        for shard in shards:
            yield from _worked_out(month, shard, render)
            progress(len(shard))
        return
    with _workers(month) as pool:
        tasks = ((shard, render) for shard in shards)
        for shard, rendered in zip(shards, pool.map(_shard, tasks), strict=True):
            yield from rendered
            progress(len(shard))


def folded(
    month: Survey, fold: Callable[[Sequence[LineStatement]], T], progress: Callable[[int], None] = lambda _: None
) -> Iterator[T]:
    """Yield what `fold` makes of every `SHARD` lines' statements, in order: for sums, of which no line has to travel.

    It is a function of a module, or a partial one, as for `statements`.
    """
    shards = [month.line_ids[low : low + SHARD] for low in range(0, len(month.line_ids), SHARD)]
    if len(month.line_ids) < SHARED_FROM:
        for shard in shards:
            yield fold(_worked_out(month, shard, _as_is))
            progress(len(shard))
        return
    with _workers(month) as pool:
        for shard, made in zip(shards, pool.map(_folded_shard, ((shard, fold) for shard in shards)), strict=True):
            yield made
            progress(len(shard))


def _as_is(line: LineStatement) -> LineStatement:
    return line


def _folded_shard(task: tuple[Sequence[str], Callable[[Sequence[LineStatement]], T]]) -> T:
    line_ids, fold = task
    return fold(_worked_out(_worker[0], line_ids, _as_is))


@contextmanager
def _workers(month: Survey) -> Iterator[ProcessPoolExecutor]:
    """Have processes that share the survey; frozen, the garbage collector does not copy it page by page."""
    month.neighbours.read()  # once for all: what is forked has it
    gc.freeze()
    with ProcessPoolExecutor(os.cpu_count() or 1, multiprocessing.get_context("fork"), _share, (month,)) as pool:
        yield pool
    gc.unfreeze()


def _worked_out(month: Survey, line_ids: Sequence[str], render: Callable[[LineStatement], T]) -> list[T]:
    site, fleet = month.site, month.fleet
    books = read_chosen(site.ledger, fleet, line_ids)
    found = []
    for line_id in line_ids:
        book = books[line_id]
        measured = month.neighbours.around(line_id, book.measured)
        statement = line_statement(site.terms(line_id), month.month, fleet.as_of, measured, book.filed)
        if statement is not None:
            found.append(render(statement))
    return found


# A worker process's own: the survey, on a connection to the ledger that no other process shares.
_worker: list[Survey] = []


def _share(month: Survey) -> None:
    gc.disable()  # statements are trees, and the process ends with the report: looking for cycles is 10 % of its time
    settings = month.site.loaded.settings
    ledger = Ledger.open(settings.ledger_url, writer=settings.vantage, stamp=clock.stamp, read_only=True)
    _worker[:] = [replace(month, site=replace(month.site, ledger=ledger))]


def _shard(task: tuple[Sequence[str], Callable[[LineStatement], T]]) -> list[T]:
    line_ids, render = task
    return _worked_out(_worker[0], line_ids, render)


def hours_of(survey: Survey, lines: Sequence[tuple[str, ZoneInfo]]) -> Mapping[str, Sequence[Rollup]] | None:
    """Return the month's hourly rollups of some lines, each with its zone; None where this site keeps no history."""
    state_dir = survey.site.loaded.settings.state_dir
    if not (state_dir / FILE).exists():
        return None
    found: dict[str, Sequence[Rollup]] = {}
    with Rollups.open(state_dir, read_only=True) as history:
        for zone in {zone for _, zone in lines}:
            ids = [line_id for line_id, own in lines if own is zone]
            found |= history.read(ids, survey.month.span(zone), HOUR_S)
    return found
