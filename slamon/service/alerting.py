"""Alerting as a companion of the daemon: looks what happened, decides, delivers, and proves to others that it does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from slamon.alerting.channel import Channel
from slamon.alerting.opening import opened
from slamon.config import channels as config
from slamon.config.channels import Alerts
from slamon.core.alerting.facts import Reason
from slamon.service.alerting_delivery import Delivery
from slamon.service.alerting_heartbeat import Pulse, beat, doubt
from slamon.service.alerting_lanes import Means
from slamon.service.alerting_letters import addresses
from slamon.service.alerting_watch import Turn, Watch
from slamon.service.alerting_words import writing
from slamon.service.companion import Note, Seen
from slamon.service.site import Site
from slamon.store import outbox
from slamon.store.errors import LedgerError

LOOK_S = 1.0
HEALTH_S = 10.0
PATIENCE_S = 1.5
UNWRITTEN_AFTER = timedelta(seconds=60)
NO_ALERTS = Alerts()

log = structlog.get_logger()

T = TypeVar("T")

# Makes a channel of what the config says of it.
Opening = Callable[[config.Channel, Callable[[], datetime]], Channel]


class Alerting:
    """Tells people what they must know; silent where the config has no ``[alerts]``."""

    def __init__(self, means: Means | None = None, opening: Opening = opened) -> None:
        self._means = means or Means()
        self._opening = opening
        self._bell = asyncio.Event()
        self._looker = ThreadPoolExecutor(1, thread_name_prefix="alert-watch")
        self._site: Site | None = None
        self._alerts = NO_ALERTS
        self._delivery: Delivery | None = None
        self._watch: Watch | None = None
        self._began: datetime | None = None
        self._pulse = Pulse()

    @property
    def name(self) -> str:
        """What it is called in the log."""
        return "alerting"

    async def begin(self, site: Site, note: Note) -> None:  # noqa: ARG002 - its entries have transactions of their own
        """Take up what an earlier life left in the outbox, and what it told."""
        self._began = self._means.now()
        alerts = site.loaded.settings.alerts or NO_ALERTS
        give_up = timedelta(seconds=alerts.give_up_s)
        self._delivery = Delivery(site.ledger, give_up, addresses(alerts, site.loaded.oncall), self._means)
        await self._delivery.begin()
        await self.adopt(site)

    async def adopt(self, site: Site) -> None:
        """Go on with a configuration that was loaded anew."""
        alerts, oncall = site.loaded.settings.alerts or NO_ALERTS, site.loaded.oncall
        channels = await asyncio.to_thread(
            lambda: [(spec, self._opening(spec, self._means.now)) for spec in alerts.channels.values()]
        )
        if self._delivery is not None:
            await self._delivery.open(channels, addresses(alerts, oncall), timedelta(seconds=alerts.give_up_s))
        self._site, self._alerts = site, alerts
        if oncall is None:
            self._watch = None
        elif self._watch is None:
            self._watch = Watch(site, oncall.oncall, writing(site, alerts))
        else:
            adopted = self._watch
            await self._look(lambda: adopted.adopt(site, oncall.oncall, writing(site, alerts)))
        self._bell.set()

    def see(self, seen: Seen) -> None:  # noqa: ARG002 - that it comes is what matters
        """Take note that polling works."""
        self._pulse = replace(self._pulse, polled_at=self._means.now())

    async def run(self) -> None:
        """Look, decide, deliver and beat, for ever."""
        if self._delivery is None:
            raise RuntimeError("alerting was not begun")
        async with asyncio.TaskGroup() as works:
            works.create_task(self._delivery.run())
            works.create_task(self._decide(works, self._delivery))
            works.create_task(self._check(self._delivery))
            works.create_task(self._beat())

    async def end(self) -> None:
        """Let what is being sent come to its end, for a moment."""
        if self._delivery is not None:
            await self._delivery.end(PATIENCE_S)
        self._looker.shutdown(wait=False)

    async def _look(self, work: Callable[[], T]) -> T:
        """Do something with what is at hand, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._looker, work)

    async def _decide(self, works: asyncio.TaskGroup, delivery: Delivery) -> None:
        while True:
            turn = await self._turn()
            if turn.queued:
                delivery.ring()
            for letter in turn.unwritten:
                works.create_task(delivery.send_unwritten(letter))
            self._bell.clear()
            await self._means.rest(self._bell, LOOK_S)

    async def _turn(self) -> Turn:
        watch = self._watch
        if watch is None:
            return Turn()
        try:
            turn = await self._look(lambda: watch.turn(self._means.now()))
        except LedgerError as error:
            log.error("alerting_cannot_look", reason=str(error))
            return Turn()
        self._pulse = replace(self._pulse, looked_at=self._means.now())
        return turn

    async def _check(self, delivery: Delivery) -> None:
        """Look now and then whether messages wait too long, and whether the ledger is written at all."""
        while True:
            await self._means.rest(asyncio.Event(), HEALTH_S)
            if self._site is not None and self._watch is not None:
                await self._examine(delivery, self._site, self._watch, self._means.now())

    async def _examine(self, delivery: Delivery, site: Site, watch: Watch, at: datetime) -> None:
        try:
            waiting = await delivery.clerk(lambda: outbox.backlog(site.ledger, at))
            written_at = await delivery.clerk(lambda: site.ledger.checkpoint_at(site.vantage))
        except LedgerError as error:
            log.error("alerting_cannot_look", reason=str(error))
            return
        self._pulse = replace(self._pulse, oldest=waiting.oldest)
        late = waiting.oldest is not None and at - waiting.oldest > timedelta(seconds=self._alerts.late_after_s)
        trouble = {"alerts": waiting.oldest if late else None, "ledger": self._unwritten_since(written_at, at)}
        await self._look(lambda: watch.standing(Reason.DELIVERY_BACKLOG, trouble, at))

    def _unwritten_since(self, written_at: datetime | None, at: datetime) -> datetime | None:
        """Return since when the ledger gets no checkpoint although batches come; None where it does."""
        polled, began = self._pulse.polled_at, self._began or at
        if polled is None or at - polled > UNWRITTEN_AFTER:
            return None
        last = began if written_at is None else max(began, written_at)
        return last if at - last > UNWRITTEN_AFTER else None

    async def _beat(self) -> None:
        while True:
            alerts = self._alerts
            if alerts.heartbeat is not None:
                why = doubt(self._pulse, timedelta(seconds=alerts.late_after_s), self._means.now())
                if why is not None:
                    log.warning("heartbeat_withheld", reason=why)
                else:
                    await asyncio.to_thread(beat, alerts.heartbeat)
            await self._means.rest(asyncio.Event(), alerts.heartbeat_interval_s)
