"""The companion that copies to InfluxDB: two threads, one that writes what was seen down, one that delivers it.

It may fail, lag or stand still without anybody noticing but the operator: the log says so with stable names
(`influx_not_written`, `influx_recovered`, `influx_spool_full`, `influx_disk`, `influx_lost`), the ledger holds
`delivery.backlog` and `delivery.recovered`, `slamon status` and the metrics show `progress`.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from slamon.config.credentials import InfluxTarget
from slamon.core.reading import InterfaceStats
from slamon.core.timespan import from_micros
from slamon.service import clock
from slamon.service.companion import Note, Seen
from slamon.service.influx_courier import Courier, Lanes, Means
from slamon.service.influx_progress import SINK, Progress, folder_of, leave
from slamon.service.influx_quiet import AROUND_US, Loudness, stretches_of
from slamon.service.influx_scribe import Scribe
from slamon.service.influx_series import ids_of
from slamon.service.influx_telling import Telling
from slamon.service.site import Site
from slamon.sinks.delivering import Backoff, Quarantine
from slamon.sinks.influx import InfluxWriter, Writer
from slamon.store.frames import Kind
from slamon.store.spool import Spool

WRITE_S = 0.25
SYNC_S = 5.0
LOOK_S = 1.0
END_S = 1.5
SETTLE_SLACK_US = 60_000_000

log = structlog.get_logger()

MakeWriter = Callable[[InfluxTarget], Writer]


def connected(target: InfluxTarget) -> Writer:
    """Return a writer to the real server."""
    return InfluxWriter(target, clock.now)


class InfluxFeed:
    """Copies a site's measurements and events to InfluxDB (`slamon.service.companion.Companion`)."""

    def __init__(self, make_writer: MakeWriter = connected) -> None:
        self._make_writer = make_writer
        self._site: Site | None = None
        self._note: Note | None = None
        self._scribe: Scribe | None = None
        self._courier: Courier | None = None
        self._spools: list[Spool] = []
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._broken: BaseException | None = None
        self._telling = Telling()
        self._standing = Progress(clock.now())

    @property
    def name(self) -> str:
        return SINK

    async def begin(self, site: Site, note: Note) -> None:
        """Open the spool, so that nothing is missed from the first batch on."""
        self._site, self._note = site, note
        await asyncio.to_thread(self._open, site)

    def _open(self, site: Site) -> None:
        target = site.loaded.settings.influx
        if target is None:
            return
        folder = folder_of(site.loaded.settings.state_dir)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        spool, quiet, loudness = _spools(folder, target)
        self._spools = [one for one in (spool, quiet) if one is not None]
        splits = quiet if target.raw == "impaired" else None
        scribe = Scribe(site, spool, splits, loudness)
        longest_s = max(profile.interval_s for profile in site.loaded.settings.profiles.values())
        settle_us = AROUND_US + int(2_000_000 * longest_s) + SETTLE_SLACK_US
        lanes = Lanes(spool, quiet, loudness, lambda: scribe.newest_us, settle_us if splits is not None else 0)
        quarantine = Quarantine(folder / "quarantine.lp")
        means = Means(
            self._make_writer(target), Backoff(random.random), time.monotonic, quarantine.put, target.batch_points
        )
        self._courier = Courier(site, lanes, means)
        self._scribe = scribe

    async def adopt(self, site: Site) -> None:
        """Go on with a configuration that was loaded anew; a new token takes effect at once."""
        self._site = site
        target, courier = site.loaded.settings.influx, self._courier
        if target is None or courier is None or self._scribe is None:
            log.warning("influx_needs_restart", reason="[influxdb] came or went")
            return
        before = courier.site.loaded.settings.influx
        if before is not None and (before.raw, before.spool_bytes) != (target.raw, target.spool_bytes):
            log.warning("influx_needs_restart", reason="raw and spool_bytes change with a restart")
        self._scribe.adopt(site)
        courier.site = site
        courier.means = replace(courier.means, writer=self._make_writer(target), batch_points=target.batch_points)
        courier.ask_again()

    def see(self, seen: Seen) -> None:
        """Take note of a judged batch; returns at once."""
        if self._scribe is not None:
            self._scribe.see(seen)

    def add_port(self, line_id: str, stats: InterfaceStats, at: datetime) -> None:
        """Take note of a carrier's port as it was polled at an instant; returns at once."""
        if self._scribe is not None:
            self._scribe.add_port(line_id, stats, at)

    async def run(self) -> None:
        """Write and deliver, for ever; raises what ended one of the threads."""
        if self._scribe is None and self._site is not None:
            await asyncio.to_thread(self._open, self._site)
        if self._scribe is None or self._courier is None:
            await asyncio.Event().wait()
        self._broken = None
        self._threads = [self._started("influx-spool", self._write), self._started("influx-send", self._deliver)]
        while self._broken is None:
            await asyncio.sleep(LOOK_S)
            self._look(await asyncio.to_thread(self.progress))
        raise RuntimeError("a thread of the delivery to InfluxDB ended") from self._broken

    def _started(self, name: str, work: Callable[[], None]) -> threading.Thread:
        # A daemon thread: a server that does not answer must not hold up the end of the process.
        thread = threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
        thread.start()
        return thread

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - `run` raises it again, in the loop
            self._broken = error

    def _write(self) -> None:
        scribe, synced = self._scribe, time.monotonic()
        while scribe is not None and self._broken is None and not self._stop.wait(WRITE_S):
            scribe.arrived.wait(LOOK_S)
            scribe.write()
            if time.monotonic() - synced >= SYNC_S:
                synced = time.monotonic()
                for spool in self._spools:
                    spool.retry()
                    spool.sync()

    def _deliver(self) -> None:
        courier = self._courier
        while courier is not None and self._broken is None and not self._stop.is_set():
            wait_s = courier.step()
            if wait_s:
                self._stop.wait(min(wait_s, LOOK_S))

    async def end(self) -> None:
        """Have everything that was seen on disk; what is not sent yet is sent by the next run."""
        self._stop.set()
        if self._scribe is not None:
            self._scribe.arrived.set()
            await asyncio.wait_for(asyncio.to_thread(self._close, self._scribe), END_S)

    def _close(self, scribe: Scribe) -> None:
        for thread in self._threads[:1]:
            thread.join(END_S)
        scribe.write()
        for spool in self._spools:
            spool.sync()
            spool.close()
        if self._courier is not None:
            leave(self._folder, self.progress())

    # --- how it stands ---

    @property
    def _folder(self) -> Path:
        if self._site is None:
            raise ValueError("it has not begun")
        return folder_of(self._site.loaded.settings.state_dir)

    def standing(self) -> Progress:
        """Return how the delivery stood a second ago; returns at once, for the loop."""
        return self._standing

    def progress(self) -> Progress:
        """Return how the delivery stands; may wait for the disk."""
        courier, scribe, site, now = self._courier, self._scribe, self._site, clock.now()
        if courier is None or scribe is None or site is None:
            return Progress(now)
        spool, quiet, tally = courier.lanes.spool, courier.lanes.quiet, courier.tally
        losses = [one.losses for one in self._spools]
        oldest = min((us for one in self._spools if (us := one.oldest_us) is not None), default=None)
        target = site.loaded.settings.influx
        return Progress(
            at=now,
            state=courier.state,
            reason=courier.reason,
            since=self._telling.failing_since,
            waiting_points=spool.points,
            backlog_points=spool.backlog_points,
            held_back_points=0 if quiet is None else quiet.points,
            waiting_bytes=sum(one.waiting_bytes for one in self._spools),
            limit_bytes=0 if target is None else target.spool_bytes,
            oldest=None if oldest is None else from_micros(oldest),
            events_behind=0 if courier.seq is None else max(0, site.ledger.last_seq() - courier.seq),
            sent_points=tally.points,
            sent_bytes=tally.nbytes,
            requests=tally.requests,
            failures=tally.failures,
            aside_points=tally.aside,
            too_old_requests=tally.too_old,
            rolled_from_points=sum(one.rolled_from for one in losses),
            rolled_to_points=sum(one.rolled_to for one in losses),
            lost_points=sum(one.gone for one in losses) + scribe.lost_points,
            disk=next((one.disk_trouble for one in self._spools if one.disk_trouble), ""),
        )

    def _look(self, progress: Progress) -> None:
        """Leave how it stands for other processes, and tell people what they should know."""
        self._standing = progress
        leave(self._folder, progress)
        for kind, detail in self._telling.look(progress):
            if self._note is not None:
                self._note(kind, {"sink": SINK, "detail": detail}, None)


def _spools(folder: Path, target: InfluxTarget) -> tuple[Spool, Spool | None, Loudness]:
    """Open what waits; quiet windows of an earlier run are sent although today nothing is rolled up any more."""
    quiet_folder, loudness = folder / "quiet", Loudness(ids_of)
    splits = target.raw == "impaired"
    wanted = splits or (quiet_folder.exists() and any(quiet_folder.iterdir()))
    share = target.spool_bytes // 2 if wanted else target.spool_bytes
    spool = Spool(folder / "spool", share)
    if not wanted:
        return spool, None, loudness
    quiet = Spool(quiet_folder, share, file_bytes=share // 8)
    for names, stretches in stretches_of(quiet.frames(frozenset({Kind.LOUD}))):
        loudness.recall(names, stretches)
    return spool, quiet, loudness
