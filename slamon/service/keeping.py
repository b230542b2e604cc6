"""Getting what is judged onto the disk: soon when something happened, every few seconds anyway.

What cannot be written (disk full, a long lock) waits in memory, in order, and is tried again; judging goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime

import structlog

from slamon.service import clock
from slamon.service.judging import Judging
from slamon.service.pending import Pending
from slamon.service.recording import Recorder
from slamon.store.entry import Draft
from slamon.store.errors import LedgerError
from slamon.store.ledger import Ledger

GROUP_S = 0.1  # how long a transition may wait for others to share its commit
CHECKPOINT_S = 5.0
RETRY_S = 1.0
LAST_TRIES = 5

log = structlog.get_logger()


class Keeper:
    """Commits for one judging; all methods belong to the loop, the disk is a worker thread's."""

    def __init__(self, ledger: Ledger, judging: Judging) -> None:
        self._judging = judging
        self._recorder = Recorder(ledger)
        self._waiting = Pending()
        self._later: list[Draft] = []
        self._something = asyncio.Event()
        self._saving = asyncio.Lock()
        self.tasks: list[asyncio.Task[None]] = []
        self.own: set[int] = set()

    def note(self, kind: str, payload: Mapping[str, object], at: datetime | None = None) -> None:
        """Record something about the service or its vantage, with the next commit."""
        self._waiting.drafts.append(Draft(kind, at if at is not None else clock.now(), payload))
        self._something.set()

    def add(self, draft: Draft) -> None:
        """Record something about what was judged, with the next commit and after what that commit has of it."""
        self._later.append(draft)
        self._something.set()

    def start(self) -> list[asyncio.Task[None]]:
        """Begin to commit by itself; the tasks run until `close`."""
        self.tasks = [asyncio.create_task(self._commit_soon()), asyncio.create_task(self._checkpoint())]
        return self.tasks

    def happened(self) -> None:
        """Have what the judging holds committed soon."""
        self._something.set()

    async def _commit_soon(self) -> None:
        """Commit a moment after something happened, for ever: what comes meanwhile shares the commit."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GROUP_S)
            self._something.clear()
            if not await self._save(self._judging.drain(clock.now() if self._judging.stirred else None)):
                await asyncio.sleep(RETRY_S)
                self._something.set()
            elif self._judging.eventful:  # evidence of many lines is handed out bit by bit
                self._something.set()

    async def _checkpoint(self) -> None:
        """Keep the state of all lines every few seconds, for ever."""
        while True:
            await asyncio.sleep(CHECKPOINT_S)
            await self._save(self._judging.drain(clock.now()))

    async def close(self) -> None:
        """Commit everything there is, with a last checkpoint; raises `LedgerError` where it stays impossible."""
        async with self._saving:  # a commit that is under way ends first: a thread cannot be cancelled
            for task in self.tasks:
                task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        pending = self._judging.drain(clock.now(), stopping=True)
        for _ in range(LAST_TRIES - 1):
            if await self._save(pending):
                return
            pending = Pending()
            await asyncio.sleep(RETRY_S)
        await asyncio.to_thread(self._recorder.commit, self._waiting)

    async def _save(self, pending: Pending) -> bool:
        self._waiting = self._waiting.followed_by(pending).followed_by(Pending(drafts=self._later))
        self._later = []
        async with self._saving:
            work, self._waiting = self._waiting, Pending()
            try:
                self.own.update(await asyncio.to_thread(self._recorder.commit, work))
            except LedgerError as error:
                self._waiting = work.followed_by(self._waiting)
                log.error("ledger_not_written", reason=str(error), waiting=len(self._waiting.drafts))
                return False
        return True
