"""The companion that answers HTTP: a port that is taken, or a page that fails, is logged and holds up nobody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from slamon.config.settings import Settings
from slamon.config.settings_file import NO_WEB
from slamon.service.companion import Note, Seen
from slamon.service.influx_progress import Progress
from slamon.service.rollups_keeping import HistoryState
from slamon.service.site import Site
from slamon.service.web_incidents import OpenIncidents
from slamon.service.web_samples import Found, of_delivery, of_history, of_polling, of_site
from slamon.service.web_vitals import Vitals
from slamon.sinks.metrics import CONTENT_TYPE, exposition
from slamon.store.errors import LedgerError
from slamon.web.app import Pages, application
from slamon.web.server import bound, serve

LOOK_S = 2.0
AGAIN_S = 5.0
TICK_S = 0.25

log = structlog.get_logger()


class WebServing:
    """Serves /metrics, /healthz and /readyz on ``[web] listen`` (`slamon.service.companion.Companion`)."""

    name = "web"

    def __init__(
        self, history: Callable[[], HistoryState] | None = None, delivery: Callable[[], Progress] | None = None
    ) -> None:
        self._history = history
        self._delivery = delivery
        self._site: Site | None = None
        self._vitals = Vitals(0.0)
        self._incidents = OpenIncidents()
        self._pages = Pages(exposition(self.samples), CONTENT_TYPE, self.unready)
        self._changed = asyncio.Event()
        self._said = ""

    async def begin(self, site: Site, note: Note) -> None:  # noqa: ARG002 - the protocol's
        """Know the site; the port is bound in `run`."""
        await self.adopt(site)

    async def adopt(self, site: Site) -> None:
        """Go on with a configuration that was loaded anew; another address or token takes effect at once."""
        before, self._site = self._site, site
        profiles = site.loaded.settings.profiles.values()
        self._vitals.allowed_s = 5 + max(2 * one.interval_s + one.timeout_ms / 1000 for one in profiles)
        if before is not None and _asked(before.loaded.settings) != _asked(site.loaded.settings):
            self._changed.set()

    def see(self, seen: Seen) -> None:
        """Take note of a judged batch."""
        self._vitals.see(seen, time.monotonic())

    async def run(self) -> None:
        """Answer, for ever, and watch what is asked for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_loop())
            group.create_task(self._watch_ledger())
            group.create_task(self._answer())

    async def end(self) -> None:
        """Nothing is left to put away."""

    def unready(self) -> str | None:
        """Return why polling is not within its schedule, None where it is."""
        return self._vitals.unready(time.monotonic())

    def samples(self) -> Found:
        """Return everything that /metrics shows; it may block."""
        found = of_polling(self._vitals)
        found["slamon_incidents_open"] = {(category,): count for category, count in self._incidents.counts.items()}
        found["slamon_http_requests_total"] = {
            (page, str(code)): count for (page, code), count in list(self._pages.requests.items())
        }
        if self._site is not None:
            found |= of_site(self._site)
        if self._history is not None:
            found |= of_history(self._history())
        if self._delivery is not None:
            found |= of_delivery(self._delivery())
        return found

    async def _watch_loop(self) -> None:
        while True:
            before = time.monotonic()
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            self._vitals.loop_lag_s.note(max(0.0, now - before - TICK_S), now)

    async def _watch_ledger(self) -> None:
        while True:
            site = self._site
            if site is not None:
                try:
                    await asyncio.to_thread(self._incidents.look, site.ledger, site.vantage)
                except LedgerError as error:
                    log.warning("web_ledger_not_read", reason=str(error))
            await asyncio.sleep(LOOK_S)

    async def _answer(self) -> None:
        """Serve at the configured address; where that fails, say so once and try again."""
        while True:
            self._changed.clear()
            serving = asyncio.create_task(self._serve())
            changed = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait([serving, changed], return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (serving, changed):
                    task.cancel()
                await asyncio.gather(serving, changed, return_exceptions=True)

    async def _serve(self) -> None:
        while True:
            settings = None if self._site is None else self._site.loaded.settings
            if settings is None or settings.web_listen == NO_WEB:
                await asyncio.Event().wait()
                return
            try:
                await self._serve_at(settings)
            except Exception as error:  # noqa: BLE001 - whatever it is: the web is beside the judging
                if self._said != str(error):
                    self._said = str(error)
                    log.error("web_not_served", listen=settings.web_listen, reason=str(error) or repr(error))
            await asyncio.sleep(AGAIN_S)

    async def _serve_at(self, settings: Settings) -> None:
        host, _, port = settings.web_listen.rpartition(":")
        sock = await asyncio.to_thread(bound, host.strip("[]"), int(port))
        token = None if settings.web_token is None else settings.web_token.reveal()
        log.info("web_served", listen=settings.web_listen, token=token is not None)
        self._said = ""
        with suppress(OSError):
            await serve(application(self._pages, token, settings.web_hosts), sock)


def _asked(settings: Settings) -> tuple[object, ...]:
    return settings.web_listen, settings.web_token, settings.web_hosts
