"""A prober that plays a script: what tests and the demo put in place of real packets (`Prober`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence

from slamon.core.reading import Reading
from slamon.core.timespan import EPOCH
from slamon.probes.protocol import Batch, Health, OnsetEvidence, ProbeError, ProbeEvent, ProbeLine, batch_of_readings


class ScriptedProber:
    """Hands on the batches of a script, then what is fed to it; `lines` and `references` are what it was told last."""

    def __init__(self, script: Iterable[Batch] = ()) -> None:
        self.lines: tuple[ProbeLine, ...] = ()
        self.references: tuple[str, ...] = ()
        self.starts = 0
        self._queue: asyncio.Queue[Batch | ProbeError | None] = asyncio.Queue()
        for batch in script:
            self._queue.put_nowait(batch)

    async def start(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Begin; the script is handed on by `batches`."""
        self.starts += 1
        await self.update(lines, references)

    async def update(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Remember what would be probed from now on."""
        self.lines, self.references = tuple(lines), tuple(references)

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield the script and what was fed, until `finish`, `fail` or `stop`."""
        while (item := await self._queue.get()) is not None:
            if isinstance(item, ProbeError):
                raise item
            yield item

    async def stop(self) -> None:
        """End after what was fed so far."""
        self.finish()

    def feed(
        self,
        *readings: Reading,
        events: Sequence[ProbeEvent] = (),
        health: Health | None = None,
        evidence: Sequence[OnsetEvidence] = (),
    ) -> None:
        """Hand on a batch; its health says it came as far as its last reading unless given."""
        at = max((reading.end for reading in readings), default=EPOCH)
        told = health or Health(at=at, lines=len(self.lines))
        self._queue.put_nowait(batch_of_readings(readings, told, events, evidence))

    def fail(self, why: str) -> None:
        """Die after what was fed so far: `batches` raises `ProbeError`."""
        self._queue.put_nowait(ProbeError(why))

    def finish(self) -> None:
        """Let `batches` end after what was fed so far."""
        self._queue.put_nowait(None)
