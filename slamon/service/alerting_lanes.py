"""A channel as delivery sees it: its slots, its tokens, its bell, and threads that nobody waits for at the end."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from slamon.alerting.channel import Answer, Channel
from slamon.alerting.pace import Bucket
from slamon.config import channels as config
from slamon.service import clock

AT_ONCE = 2


async def rest(bell: asyncio.Event, seconds: float) -> None:
    """Wait until a bell rings, at most so long."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await bell.wait()


@dataclass(frozen=True, slots=True)
class Means:
    """What delivery takes from the world: time, chance, waiting."""

    now: Callable[[], datetime] = clock.now
    draw: Callable[[], float] = random.random
    rest: Callable[[asyncio.Event, float], Awaitable[None]] = rest


class Lane:
    """One channel with its slots, tokens and bell."""

    def __init__(self, spec: config.Channel, channel: Channel, at: datetime) -> None:
        self.name = spec.name
        self.channel = channel
        self.spec = spec
        self.slots = asyncio.Semaphore(AT_ONCE)
        self.bell = asyncio.Event()
        self.not_before = at
        self._bucket = Bucket.full(spec.rate_per_minute, spec.burst, at)

    def pause_s(self, at: datetime) -> float:
        """Return how long nothing may be sent here: no token, or the service asked for a pause."""
        return max(self._bucket.take(at)[1], (self.not_before - at).total_seconds())

    def take(self, at: datetime) -> None:
        """Take a token."""
        self._bucket = self._bucket.take(at)[0]


def in_thread(name: str, work: Callable[[], Answer]) -> asyncio.Future[Answer]:
    """Do something that blocks in a thread of its own, which does not keep the process from ending."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Answer] = loop.create_future()

    def done(answer: Answer) -> None:
        if not found.done():
            found.set_result(answer)

    def run() -> None:
        answer = work()
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(done, answer)

    threading.Thread(target=run, name=name, daemon=True).start()
    return found
