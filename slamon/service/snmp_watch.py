"""The carrier's ports beside the judging: SNMP polls go to the judge, silent agents into the ledger.

An agent that does not answer says nothing about a line: it is a notice about the agent, and the port's last state
expires by itself. Over a dead SNMP process the same holds for all of them; it is started again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from slamon.config.addresses import agent
from slamon.config.problems import printable
from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats
from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.asking import Peer, Trouble
from slamon.probes.snmp.device import Polled, PortLine
from slamon.probes.snmp.news import AgentNews, News, PollHealth, PortNews
from slamon.probes.snmp.prober import PortProber
from slamon.probes.snmp.wire import Watch
from slamon.service import clock
from slamon.service.companion import Note, Seen
from slamon.service.quiet_rows import VERDICT_AT
from slamon.service.site import Site

AGENT_SILENT = "agent.silent"
AGENT_ANSWERING = "agent.answering"
PORT_MISSING = "agent.port_missing"
PORT_FOUND = "agent.port_found"
PROBER_LOST = "vantage.snmp_lost"

SILENCE_S = 60.0
RETRY_S = 2.0
SETTLE_S = 10.0  # by then this vantage knows whether its own uplink is what agents are silent behind
LINES_NAMED = 50
_SAME_CHANGE = timedelta(seconds=3)  # an agent's clock and a poll's length never agree to the last tick

# Takes what the port of a line showed at an instant.
TakePort = Callable[[str, InterfaceStats, datetime], object]

log = structlog.get_logger()


def watch_of(site: Site, now: datetime) -> Watch:
    """Return what is to be polled for a site: the agents of lines whose service is not over."""
    settings = site.loaded.settings
    devices: dict[Peer, list[PortLine]] = {}
    for line in site.loaded.inventory.lines.values():
        period = line.current
        over = period.last_day is not None and period.last_day < (now - timedelta(days=1)).date()
        if period.snmp_agent is None or period.snmp_interface is None or over:
            continue
        credential, host, port = agent(period.snmp_agent)
        peer = Peer(host, port, settings.snmp[credential])
        devices.setdefault(peer, []).append(PortLine(line.line_id, period.snmp_interface))
    return Watch(devices, settings.traps)


class SnmpWatch:
    """Polls the ports of a site (`Companion`); `connect` says who takes what they show."""

    name = "snmp"

    def __init__(self, prober: PortProber, settle_s: float = SETTLE_S) -> None:
        self._prober = prober
        self._settle_s = settle_s
        self._held: dict[str, AgentNews] = {}
        self._saw_again_s = -settle_s
        self._take: TakePort | None = None
        self._note: Note | None = None
        self._watch = Watch({})
        self._lines: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self._down: set[str] = set()
        self._blind = False
        self._wanted: set[str] = set()
        self._want = asyncio.Event()
        self._last_change: dict[str, datetime] = {}
        self._running = False
        self.health: PollHealth | None = None

    def connect(self, take: TakePort) -> None:
        """Have what ports show handed to `take`."""
        self._take = take

    async def begin(self, site: Site, note: Note) -> None:
        """Get ready."""
        self._note = note
        self._adopt(site)

    async def adopt(self, site: Site) -> None:
        """Poll what a configuration that was loaded anew names."""
        self._adopt(site)
        if self._running:
            try:
                await self._prober.update(self._watch)
            except ProbeError as error:  # it is started again with the new devices
                log.warning("snmp_not_updated", reason=str(error))

    def _adopt(self, site: Site) -> None:
        self._watch = watch_of(site, clock.now())
        self._lines = frozenset(line.line_id for lines in self._watch.devices.values() for line in lines)
        self._changed.set()

    def see(self, seen: Seen) -> None:
        """Ask for the port of a line that went down, at once: it tells what a dead line died of.

        And for all of them when this vantage sees again: agents that it could not reach are asked seldom by then.
        """
        if not self._lines or not seen.rows.size:
            return
        blind = bool((seen.rows["blind"] != 0).all())
        if self._blind and not blind:
            self._wanted |= self._lines
            self._want.set()
            self._saw_again_s = time.monotonic()
        self._blind = blind
        self._tell_held()
        verdicts, lines = seen.rows["verdict"], seen.rows["line"]
        down = {seen.ids[number] for number in lines[verdicts == VERDICT_AT[Verdict.DOWN]].tolist()} & self._lines
        if self._down - down:
            up = {seen.ids[number] for number in lines[verdicts == VERDICT_AT[Verdict.UP]].tolist()}
            self._down -= up - down
        if down - self._down:
            self._wanted |= down - self._down
            self._down |= down
            self._want.set()

    async def run(self) -> None:
        """Poll for ever, and start the process again when it died."""
        while True:
            self._changed.clear()
            if not self._watch.devices:
                await self._changed.wait()
                continue
            try:
                await self._poll()
            except (ProbeError, TimeoutError) as error:
                reason = str(error) or f"it said nothing for {SILENCE_S:g} s"
                log.error("snmp_lost", reason=reason)
                self._record(PROBER_LOST, {"detail": reason}, None)
            await asyncio.sleep(RETRY_S)

    async def end(self) -> None:
        """End the process."""
        await self._prober.stop()

    async def _poll(self) -> None:
        await self._prober.start(self._watch)
        self._running = True
        confirming = asyncio.create_task(self._confirm())
        news = self._prober.news()
        try:
            while True:
                try:
                    one = await asyncio.wait_for(anext(news), SILENCE_S)
                except StopAsyncIteration:
                    return
                self._hear(one)
        finally:
            self._running = False
            confirming.cancel()
            await asyncio.gather(confirming, return_exceptions=True)

    async def _confirm(self) -> None:
        while True:
            await self._want.wait()
            self._want.clear()
            wanted, self._wanted = self._wanted, set()
            try:
                await self._prober.confirm(sorted(wanted))
            except ProbeError:
                return

    def _hear(self, news: News | str) -> None:
        if isinstance(news, str):
            log.error("snmp_complains", reason=printable(news))
        elif isinstance(news, PollHealth):
            self.health = news
        elif isinstance(news, AgentNews):
            self._hear_agent(news)
        elif isinstance(news, PortNews):
            self._hear_port(news)
        else:
            for polled in news:
                self._hear_polled(polled)

    def _hear_polled(self, polled: Polled) -> None:
        at = _instant(polled.at_s)
        stats = replace(polled.stats, last_change=self._changed_at(polled, at))
        if self._take is not None:
            self._take(polled.line_id, stats, at)

    def _changed_at(self, polled: Polled, at: datetime) -> datetime | None:
        if polled.changed_s is None:
            return None
        found = (at - timedelta(seconds=polled.changed_s)).replace(microsecond=0)
        before = self._last_change.get(polled.line_id)
        if before is not None and abs(found - before) <= _SAME_CHANGE:
            return before
        self._last_change[polled.line_id] = found
        return found

    def _hear_agent(self, news: AgentNews) -> None:
        """Tell of an agent; one that does not answer may be silent behind our own uplink, and waits for that word."""
        if news.trouble is Trouble.TIMEOUT:
            self._held[news.agent] = news
            self._tell_held()
        elif self._held.pop(news.agent, None) is None or news.trouble is not None:
            self._tell_agent(news)

    def _tell_held(self) -> None:
        """Tell of agents that were silent for a while during which this vantage could see."""
        if self._blind or not self._held:
            return
        before_s = time.monotonic() - self._settle_s
        for name in [name for name, news in self._held.items() if max(news.at_s, self._saw_again_s) <= before_s]:
            self._tell_agent(self._held.pop(name))

    def _tell_agent(self, news: AgentNews) -> None:
        kind = AGENT_ANSWERING if news.trouble is None else AGENT_SILENT
        log.warning(kind.replace(".", "_"), agent=news.agent, reason=printable(news.reason), lines=len(news.lines))
        self._record(kind, _payload(news), _instant(news.at_s))

    def _hear_port(self, news: PortNews) -> None:
        kind = PORT_FOUND if news.trouble is None else PORT_MISSING
        log.warning(kind.replace(".", "_"), agent=news.agent, reason=printable(news.reason), lines=len(news.lines))
        self._record(kind, {**_payload(news), "interface": printable(news.interface)}, _instant(news.at_s))

    def _record(self, kind: str, payload: Mapping[str, object], at: datetime | None) -> None:
        if self._note is not None:
            self._note(kind, payload, at)


def _instant(at_s: float) -> datetime:
    """Return the time of day of an instant of the monotonic clock."""
    return clock.now() - timedelta(seconds=time.monotonic() - at_s)


def _payload(news: AgentNews | PortNews) -> dict[str, object]:
    said = {"reason": str(news.trouble), "detail": printable(news.reason)} if news.trouble is not None else {}
    return {
        "agent": news.agent.partition("@")[2],
        "credential": news.credential,
        "lines": list(news.lines[:LINES_NAMED]),
        "line_count": len(news.lines),
        **said,
    }
