"""Runs the real prober in a lab and waits for what it should say, never longer than a deadline."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from slamon.core.reading import Reading, TargetStats
from slamon.probes.icmp import IcmpProber
from slamon.probes.protocol import Health, ProbeEvent, ProbeLine
from tests.lab.netns import Wire

GAP_S = 0.5
TIMEOUT_MS = 300
DEADLINE_S = 20.0


def line(line_id: str, demarc: str | None, cpe: str | None = None, **changed: object) -> ProbeLine:
    """A line of two packets a second in windows of a second."""
    members: dict[str, object] = {"interval_s": 1.0, "packets": 2, "timeout_ms": TIMEOUT_MS, "open_after_s": 2.0}
    return ProbeLine(line_id, demarc, cpe, **{**members, **changed})  # type: ignore[arg-type]


@dataclass
class Watching:
    """What a prober has said so far."""

    prober: IcmpProber
    readings: dict[str, list[Reading]] = field(default_factory=dict)
    events: list[ProbeEvent] = field(default_factory=list)
    health: Health | None = None
    _said: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Take in batches until the prober stops."""
        async for batch in self.prober.batches():
            for reading in batch.readings:
                self.readings.setdefault(reading.line_id, []).append(reading)
            self.events.extend(batch.events)
            self.health = batch.health
            self._said.set()

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds of what was said; raises `TimeoutError` at the deadline."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                self._said.clear()
                await self._said.wait()

    def of(self, line_id: str) -> list[Reading]:
        return self.readings.get(line_id, [])

    def verdicts(self, line_id: str) -> str:
        """One character per reading: ``.`` all answered, ``~`` some, ``x`` none, ``?`` blind."""
        return "".join(verdict(reading) for reading in self.of(line_id))

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def counted(self) -> Health:
        assert self.health is not None
        return self.health


def deciding(reading: Reading) -> TargetStats | None:
    return reading.demarc if reading.demarc is not None else reading.cpe


def verdict(reading: Reading) -> str:
    stats = deciding(reading)
    if reading.blind is not None or stats is None:
        return "?"
    return "." if stats.received == stats.sent else "~" if stats.received else "x"


def ends(verdicts: str, tail: str) -> bool:
    """Tell whether the verdicts end as `tail` does, with its last one any number of times more."""
    before = tail.rstrip(tail[-1])
    return verdicts.rstrip(tail[-1]).endswith(before) and verdicts.endswith(tail[len(before) :])


@contextlib.asynccontextmanager
async def watching(lab: Wire, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> AsyncIterator[Watching]:
    """Start a prober inside the lab, read what it says, stop it at the end."""
    prober = IcmpProber()
    with lab.near.entered():
        await prober.start(lines, references)
    seen = Watching(prober)
    reader = asyncio.create_task(seen.read())
    try:
        yield seen
    finally:
        await prober.stop()
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.gather(reader, return_exceptions=True)


def wall() -> float:
    return time.clock_gettime(time.CLOCK_REALTIME)
