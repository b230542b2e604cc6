"""Time that runs a hundred times as fast, for what waits by itself: an hour of retries in half a minute of nobody's."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from slamon.service.alerting_lanes import Means, rest

BASE = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Fast:
    """A clock that begins at `BASE`, and waits that are as much shorter."""

    def __init__(self, times: float = 100) -> None:
        self._times = times
        self._began = time.monotonic()

    def now(self) -> datetime:
        return BASE + timedelta(seconds=(time.monotonic() - self._began) * self._times)

    async def rest(self, bell: asyncio.Event, seconds: float) -> None:
        await rest(bell, seconds / self._times)

    def means(self) -> Means:
        return Means(self.now, lambda: 0.5, self.rest)
