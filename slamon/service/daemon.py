"""`slamon run`: probes lines, judges what they show and keeps it in the ledger, until it is told to stop.

One loop owns the judging; everything that blocks happens in worker threads. People's entries, made by other
processes in the same ledger, are taken into account within a second.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from slamon.config.loaded import Loaded, load
from slamon.config.problems import InvalidInput
from slamon.core.inventory import Line
from slamon.core.reading import InterfaceStats
from slamon.probes.oneshot import traceroute
from slamon.probes.protocol import ProbeLine, Prober
from slamon.service import clock
from slamon.service.archive import archive
from slamon.service.companion import Companion, Seen, guarded, keep_running
from slamon.service.feeding import Feed
from slamon.service.judging import Judging
from slamon.service.keeping import Keeper
from slamon.service.notify import Notifier
from slamon.service.onset import Onsets, Traceroute
from slamon.service.replay import SUSPENSION_KINDS, watched_lines
from slamon.service.site import Site, site_of
from slamon.service.vitals import Vitals
from slamon.service.watching import Watched, probe_line, watched
from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.measured import OBSERVED

STARTED = "service.started"
STOPPED = "service.stopped"
RELOADED = "service.reloaded"
OWN_NEWS = "notification."  # alerting writes these beside the keeper, and logs them itself
LOOK_S = 0.5
DRAIN_S = 5.0  # how long the prober's last batches are waited for

log = structlog.get_logger()


class Daemon:
    """The running service of one site; made and run within one event loop."""

    def __init__(
        self,
        site: Site,
        prober: Prober,
        environ: Mapping[str, str],
        traceroute: Traceroute = traceroute,
        companions: Sequence[Companion] = (),
    ) -> None:
        self._site = site
        self._companions = companions
        self._environ = environ
        self._notifier = Notifier(environ)
        self._judging = Judging({})
        self._keeper = Keeper(site.ledger, self._judging)
        self._onsets = Onsets(self._keeper.add, self._probed, traceroute)
        self._feed = Feed(prober, self._judging, self._keeper, self._onsets, self._targets, self._show)
        self._vitals = Vitals(self._notifier, self._judging, clock.now)
        self._seen_seq = 0
        self._adopting = asyncio.Lock()
        self._stop = asyncio.Event()
        self._hang_up = asyncio.Event()

    def stop(self) -> None:
        """Ask for a clean stop."""
        self._stop.set()

    def note_port(self, line_id: str, port: InterfaceStats, at: datetime) -> bool:
        """Have a poll of a line's port judged with the packets of its window (`Judging.note_port`)."""
        return self._judging.note_port(line_id, port, at)

    async def run(self) -> None:
        """Run until `stop` or a signal; raises `ProbeError` and `LedgerError` where it cannot go on."""
        self._listen()
        await self._begin()
        taking = asyncio.create_task(self._feed.take())
        works = [self._feed.end_services(), self._look(), self._reload(), *map(keep_running, self._companions)]
        others = [*self._keeper.start(), *(asyncio.create_task(work) for work in works)]
        self._notifier.send("READY=1", f"STATUS={self._vitals.line(clock.now())}")
        log.info("running", lines=len(self._judging.lines), vantage=self._site.vantage)
        stopping = asyncio.create_task(self._stop.wait())
        done, _ = await asyncio.wait([stopping, taking, *others], return_when=asyncio.FIRST_COMPLETED)
        self._notifier.send("STOPPING=1")
        await self._end(taking, [stopping, *others])
        for task in done:
            task.result()  # a task that failed ends the daemon with its error

    def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._stop.set)
        loop.add_signal_handler(signal.SIGINT, self._stop.set)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up.set)

    async def _begin(self) -> None:
        lines = await asyncio.to_thread(watched_lines, self._site)
        self._judging.relist(lines)
        await asyncio.to_thread(self._judging.restore, self._site.ledger, self._site.vantage)
        self._judging.relist(lines)
        clean = await asyncio.to_thread(_ended_cleanly, self._site)
        self._judging.lose_sight(None, "slamon was stopped" if clean else "slamon was killed or crashed")
        self._seen_seq = await asyncio.to_thread(self._site.ledger.last_seq)
        for companion in self._companions:
            await guarded(companion, companion.begin(self._site, self._keeper.note), "begin")
        await self._feed.start()
        await asyncio.to_thread(self._judging.recall, self._site.ledger, self._site.vantage)  # batches wait meanwhile
        gc.collect()
        gc.freeze()  # what was loaded stays; the collector need not look at it again and again
        self._keeper.note(STARTED, {"lines": len(lines), "clean_stop_before": clean})

    async def _end(self, taking: asyncio.Task[None], others: Sequence[asyncio.Task[object]]) -> None:
        await self._feed.stop()
        await asyncio.wait([taking], timeout=DRAIN_S)
        self._onsets.stop()
        self._keeper.note(STOPPED, {"lines": len(self._judging.lines)})
        closing = asyncio.create_task(self._keeper.close())
        for task in (taking, *others):
            if task not in self._keeper.tasks:
                task.cancel()
        await asyncio.gather(taking, *others, return_exceptions=True)
        await closing
        for companion in self._companions:
            await guarded(companion, companion.end(), "end")
        log.info("stopped")

    def _show(self, seen: Seen) -> None:
        self._vitals.beat(seen.health)
        for companion in self._companions:
            try:
                companion.see(seen)
            except Exception:
                log.exception("companion_failed", companion=companion.name, doing="see")

    def _targets(self) -> tuple[list[ProbeLine], tuple[str, ...]]:
        """Return what is probed: lines whose service is not over, the most important tiers first."""
        found = (self._probed(line_id) for line_id in self._site.loaded.inventory.lines)
        return [line for line in found if line is not None], self._site.loaded.settings.reference

    def _probed(self, line_id: str) -> ProbeLine | None:
        now, line, seen = clock.now(), self._site.loaded.inventory.lines.get(line_id), self._judging.lines.get(line_id)
        if line is None or seen is None or not any(now < span.end for span in seen.service):
            return None
        tiers, tier = seen.terms.contract_at(now).tiers, line.current.tier
        rank = tiers.index(tier) if tier in tiers else len(tiers)
        return probe_line(line, seen.watches[-1].profile, rank)

    async def _look(self) -> None:
        """Take other processes' entries into account, for ever; what could not be read is looked for again."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                entries = await asyncio.to_thread(self._news)
                if entries:
                    async with self._adopting:
                        await self._take_into_account(entries)
            except LedgerError as error:
                log.error("ledger_not_read", reason=str(error))

    def _news(self) -> list[Entry]:
        if self._site.ledger.last_seq() <= self._seen_seq:
            return []
        return list(self._site.ledger.entries(after_seq=self._seen_seq))

    async def _take_into_account(self, entries: Sequence[Entry]) -> None:
        foreign = [entry for entry in entries if entry.seq not in self._keeper.own]
        suspended = [entry.line_id for entry in foreign if entry.kind in SUSPENSION_KINDS and entry.line_id]
        if suspended:
            found = await asyncio.to_thread(self._watched_again, suspended)
            self._judging.relist({**self._judging.lines, **found})
            self._keeper.happened()
        if any(entry.kind == OBSERVED for entry in foreign):
            ahead = await asyncio.to_thread(self._judging.adopt, self._site.ledger, self._site.vantage)
            log.info("lines_replayed_elsewhere", lines=len(ahead))
        self._seen_seq = entries[-1].seq
        self._keeper.own -= {entry.seq for entry in entries}
        for entry in foreign:
            if entry.kind.startswith(OWN_NEWS):
                continue
            log.info("entry_taken", seq=entry.seq, kind=entry.kind, line=entry.line_id, subject=entry.subject)

    def _watched_again(self, line_ids: Sequence[str]) -> dict[str, Watched]:
        lines: dict[str, Line] = {k: line for k in line_ids if (line := self._site.loaded.inventory.lines.get(k))}
        fleet = self._site.fleet()
        return {k: watched(line, self._site.loaded, self._site.book(k, fleet).filed) for k, line in lines.items()}

    async def _reload(self) -> None:
        """Load the configuration again at each SIGHUP, for ever; an invalid one is refused and the old one stays."""
        while True:
            await self._hang_up.wait()
            self._hang_up.clear()
            self._notifier.send("RELOADING=1", f"MONOTONIC_USEC={clock.monotonic_us()}")
            try:
                async with self._adopting:
                    await self._adopt(await asyncio.to_thread(load, self._site.loaded.settings.path, self._environ))
            except InvalidInput as refused:
                for problem in refused.problems:
                    log.error("config_refused", problem=str(problem))
            except LedgerError as error:
                log.error("config_not_taken", reason=str(error))
                await asyncio.sleep(LOOK_S)
                self._hang_up.set()
            self._notifier.send("READY=1")

    async def _adopt(self, loaded: Loaded) -> None:
        fixed = [n for n in ("vantage", "state_dir", "ledger_url") if self._differs(loaded, n)]
        if fixed:
            log.error("config_refused", problem=f"{', '.join(fixed)} cannot change while slamon runs; restart it")
            return
        await asyncio.to_thread(archive, self._site.ledger, loaded)
        site = await asyncio.to_thread(site_of, loaded, self._site.ledger)
        lines = await asyncio.to_thread(watched_lines, site)
        self._site = site
        self._judging.relist(lines)
        await self._feed.update()
        for companion in self._companions:
            await guarded(companion, companion.adopt(site), "adopt")
        self._keeper.note(RELOADED, {"lines": len(lines)})
        log.info("reloaded", lines=len(lines))

    def _differs(self, loaded: Loaded, name: str) -> bool:
        return bool(getattr(loaded.settings, name) != getattr(self._site.loaded.settings, name))


def _ended_cleanly(site: Site) -> bool:
    kinds = [entry.kind for entry in site.ledger.entries(kinds={STARTED, STOPPED})]
    return not kinds or kinds[-1] == STOPPED
