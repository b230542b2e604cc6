"""From the prober to the judge: batches in, and a prober that died or fell silent is started again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import structlog

from slamon.core.lifecycle import Change, Happening
from slamon.core.timespan import iso
from slamon.probes.protocol import Batch, ProbeError, ProbeEvent, ProbeLine, Prober
from slamon.service import clock
from slamon.service.companion import Seen
from slamon.service.judging import Judging
from slamon.service.keeping import Keeper
from slamon.service.onset import Onsets

SILENCE_S = 10.0
RETRY_S = 1.0
SERVICE_S = 10.0
TOLD_AT_ONCE = 20

log = structlog.get_logger()

INCIDENT_EVENTS = {
    Change.OPENED: "incident_opened",
    Change.WORSENED: "incident_worsened",
    Change.CLOSED: "incident_restored",
}


class Feed:
    """Takes a prober's batches into a judging; what is to be probed is asked for anew at each start."""

    def __init__(
        self,
        prober: Prober,
        judging: Judging,
        keeper: Keeper,
        onsets: Onsets,
        targets: Callable[[], tuple[Sequence[ProbeLine], Sequence[str]]],
        show: Callable[[Seen], None],
    ) -> None:
        self._prober = prober
        self._judging = judging
        self._keeper = keeper
        self._onsets = onsets
        self._targets = targets
        self._show = show
        self._ending = False

    async def start(self) -> None:
        """Start the prober; raises `ProbeError` where probing is not possible at all."""
        await self._prober.start(*self._targets())

    async def update(self) -> None:
        """Hand changed lines to the prober; one that is not there now gets them when it is started again."""
        try:
            await self._prober.update(*self._targets())
        except ProbeError as error:
            log.warning("prober_not_updated", reason=str(error))

    async def stop(self) -> None:
        """Let the prober hand on what it knows and end; `take` ends then."""
        self._ending = True
        await self._prober.stop()

    async def take(self) -> None:
        """Take batches until `stop`; over a dead or silent prober all lines are blind."""
        while True:
            try:
                await self._take_batches()
            except (ProbeError, TimeoutError) as error:
                if self._ending:
                    return
                reason = str(error) or f"it said nothing for {SILENCE_S:g} s"
                log.error("prober_lost", reason=reason)
                self._judging.lose_sight(None, "the prober was restarted")
                self._keeper.note("vantage.prober_lost", {"detail": reason})
                await self._start_again()
            else:
                return

    async def _take_batches(self) -> None:
        batches = self._prober.batches()
        while True:
            try:
                batch = await asyncio.wait_for(anext(batches), SILENCE_S)
            except StopAsyncIteration:
                return
            self._judge(batch)

    async def _start_again(self) -> None:
        while not self._ending:
            try:
                await self.start()
            except ProbeError as error:
                log.error("prober_not_started", reason=str(error))
                await asyncio.sleep(RETRY_S)
            else:
                log.info("prober_restarted")
                return

    def _judge(self, batch: Batch) -> None:
        self._onsets.hear(batch.evidence)
        happenings = self._judging.take_rows(batch.rows, batch.roster, batch.reasons)
        for event in batch.events:
            self._hear(event)
        _tell(happenings)
        self._onsets.follow(happenings)
        self._show(Seen(*self._judging.judged(), batch.health, batch.events))
        if self._judging.eventful:
            self._keeper.happened()

    async def end_services(self) -> None:
        """Restore what is open where service ended and readings stopped, for ever."""
        while True:
            await asyncio.sleep(SERVICE_S)
            happenings = self._judging.end_service(clock.now())
            _tell(happenings)
            if happenings:
                self._keeper.happened()

    def _hear(self, event: ProbeEvent) -> None:
        log.warning(event.kind, detail=event.detail, at=iso(event.at))
        self._keeper.note(f"vantage.{event.kind}", {"detail": event.detail}, event.at)


def _tell(happenings: Sequence[Happening]) -> None:
    """Log what happened, each by itself, but in a storm the first ones and how many more there were."""
    for happening in happenings[:TOLD_AT_ONCE]:
        episode = happening.episode
        kind = "degradation" if episode.interruption_at is None else "interruption"
        log.info(
            INCIDENT_EVENTS[happening.change],
            line=episode.line_id,
            incident=episode.id,
            category=kind,
            at=iso(happening.at),
        )
    if len(happenings) > TOLD_AT_ONCE:
        log.warning("incidents_in_a_storm", more=len(happenings) - TOLD_AT_ONCE)
