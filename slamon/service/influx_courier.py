"""From spool and ledger to the server: what goes next, and what a failure means. One step at a time, one thread.

A step sends some of what is live, then what the ledger has new, then a part of the backlog: replay of days runs beside
live data and delays it by one request at most. Nothing is forgotten, and the ledger's cursor does not move, before the
server has confirmed. Neither clock nor chance is read here: both are handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import structlog

from slamon.service.influx_events import event_lines
from slamon.service.influx_progress import SINK, concerns
from slamon.service.influx_quiet import Loudness
from slamon.service.influx_series import Library
from slamon.service.influx_settling import settled
from slamon.service.site import Site
from slamon.sinks.delivering import Backoff, PutAside, deliver
from slamon.sinks.delivery_errors import NotDelivered
from slamon.sinks.influx import Writer
from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.frames import Kind
from slamon.store.spool import Spool
from slamon.store.spool_parts import Parcel

IDLE_S = 0.25
PAGE = 500
LEDGER_S = 0.5
LEDGER_AGAIN_S = 5.0
PASSED_OVER = 1000  # entries that are no events may be looked at again after a restart
GROW_AFTER = 200  # requests
LONG_AGO_POINTS = 2  # batches of live data that must wait before a recovery makes them backlog

log = structlog.get_logger()


@dataclass(slots=True)
class Tally:
    """What was delivered and what was not, since the start."""

    points: int = 0
    nbytes: int = 0
    requests: int = 0
    failures: int = 0
    aside: int = 0
    too_old: int = 0


@dataclass(slots=True)
class Lanes:
    """Where measurements wait: what is sent as it is, and, with ``raw = "impaired"``, what is not certain yet."""

    spool: Spool
    quiet: Spool | None
    loudness: Loudness
    newest_us: Callable[[], int]
    settle_us: int


@dataclass(slots=True)
class Means:
    """What a courier works with: the server, time, and where bad lines go."""

    writer: Writer
    backoff: Backoff
    monotonic: Callable[[], float]
    put_aside: PutAside
    batch_points: int


@dataclass(slots=True)
class Courier:
    """Delivers for one site; all methods belong to one thread, `state`, `seq` and `tally` may be read anywhere."""

    site: Site
    lanes: Lanes
    means: Means
    library: Library = field(default_factory=Library)
    tally: Tally = field(default_factory=Tally)
    state: str = "starting"
    reason: str = ""
    seq: int | None = None
    _kept_seq: int = 0
    _settling: tuple[Parcel, Iterator[bytes]] | None = None
    _not_before: float = 0.0
    _ledger_at: float = 0.0
    _most: int = 0
    _fitted: int = 0

    def ask_again(self) -> None:
        """Try at once: something was changed."""
        self._not_before = 0.0

    def step(self) -> float:
        """Deliver some of everything that waits; return how long to wait before the next step."""
        left = self._not_before - self.means.monotonic()
        if left > 0:
            return left
        try:
            busy = self._live() | self._events() | self._backlog() | self._settled()
        except NotDelivered as error:
            return self._failed(error)
        return 0.0 if busy else IDLE_S

    # --- what goes ---

    def _live(self) -> bool:
        return self._parcel(self.lanes.spool, self.lanes.spool.live(self._batch))

    def _backlog(self) -> bool:
        return self._parcel(self.lanes.spool, self.lanes.spool.backlog(self._batch))

    def _parcel(self, spool: Spool, parcel: Parcel | None) -> bool:
        if parcel is None:
            return False
        self._send(self.library.blocks(parcel.frames, self._batch))
        spool.delivered(parcel)
        return True

    def _settled(self) -> bool:
        """Send one more block of the oldest stretch that is certain; the stretch goes when all of it is confirmed."""
        quiet = self.lanes.quiet
        if quiet is None:
            return False
        if self._settling is None:
            self._settling = self._next_stretch(quiet)
        if self._settling is None:
            return False
        parcel, blocks = self._settling
        try:
            block = next(blocks, None)
            if block is not None:
                self._send([block])
                return True
        except NotDelivered:
            self._settling = None  # from its beginning next time: points are idempotent
            raise
        self._settling = None
        quiet.delivered(parcel)
        self.lanes.loudness.forget(min(frame.first_us for frame in parcel.frames))
        return True

    def _next_stretch(self, quiet: Spool) -> tuple[Parcel, Iterator[bytes]] | None:
        parcel = quiet.oldest_closed()
        if parcel is None:
            return None
        rows = (frame.last_us + self.lanes.settle_us for frame in parcel.frames if frame.kind is Kind.ROWS)
        loud = (frame.last_us for frame in parcel.frames if frame.kind is Kind.LOUD)
        if self.lanes.newest_us() < max([*rows, *loud], default=0):
            return None
        stretches = settled(parcel.frames, self.lanes.loudness)
        return parcel, (block for frames in stretches for block in self.library.blocks(frames, self._batch))

    def _events(self) -> bool:
        now = self.means.monotonic()
        if now < self._ledger_at:
            return False
        try:
            return self._new_events(now)
        except LedgerError as error:  # windows go out all the same
            log.warning("influx_ledger_not_read", reason=str(error))
            self._ledger_at = now + LEDGER_AGAIN_S
            return False

    def _new_events(self, now: float) -> bool:
        ledger = self.site.ledger
        if self.seq is None:
            self.seq = self._kept_seq = ledger.delivered(SINK)
        entries = list(islice(ledger.entries(after_seq=self.seq), PAGE))
        if not entries:
            self._ledger_at = now + LEDGER_S
            return False
        chosen = [entry for entry in entries if concerns(entry)]
        self._send_entries(chosen)
        self.seq = entries[-1].seq
        if chosen or self.seq >= self._kept_seq + PASSED_OVER:
            with ledger.transaction() as held:
                held.keep_delivered(SINK, self.seq)
            self._kept_seq = self.seq
        after = self.means.monotonic()
        self._ledger_at = after + (after - now)  # a mass outage has the judge to itself half of the time
        return True

    def _send_entries(self, entries: Sequence[Entry]) -> None:
        if entries:
            found = event_lines(self.site, self.site.ledger, entries)
            if found.points:
                self._send([found.block])

    # --- how it goes ---

    @property
    def _batch(self) -> int:
        return self._most or self.means.batch_points

    def _send(self, blocks: Iterable[bytes]) -> None:
        plain = f"slamon_health,vantage={self.site.vantage} delivery_check=true".encode()
        for block in blocks:
            outcome = deliver(self.means.writer, block, self.means.put_aside, plain)
            self.tally.requests += outcome.requests
            self.tally.aside += outcome.aside
            self.tally.too_old += outcome.too_old
            self.tally.points += block.count(b"\n") - outcome.aside
            self.tally.nbytes += len(block)
            self._fit(outcome.largest)
            self._succeeded()

    def _fit(self, largest: int | None) -> None:
        """Send smaller requests where one was too large, and after many of those try larger ones again."""
        if largest is not None:
            self._most, self._fitted = max(1, min(self._batch, largest)), 0
        elif self._most:
            self._fitted += 1
            if self._fitted >= GROW_AFTER:
                grown = 2 * self._most
                self._most, self._fitted = (grown if grown < self.means.batch_points else 0), 0

    def _succeeded(self) -> None:
        failed, self.means.backoff.failures = self.means.backoff.failures, 0
        if failed:
            log.info("influx_recovered", after=self.state)
            if self.lanes.spool.points > LONG_AGO_POINTS * self.means.batch_points:
                self.lanes.spool.recovered()
        self.state = "replaying" if self.lanes.spool.backlog_points else "delivering"
        self.reason = ""

    def _failed(self, error: NotDelivered) -> float:
        self.tally.failures += 1
        wait_s = self.means.backoff.failed(error)
        if self.state != error.state or self.reason != str(error):
            log.warning("influx_not_written", state=error.state, reason=error.reason, advice=error.advice)
        self.state, self.reason = error.state, str(error)
        self._not_before = self.means.monotonic() + wait_s
        return wait_s
