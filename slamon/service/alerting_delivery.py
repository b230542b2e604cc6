"""Delivery: letters of the outbox go out by their channels, each channel on its own time, until somebody took them.

A channel is a lane: at most two sends at once, in threads of its own; its own bucket of tokens; its own bell. The
outbox belongs to one thread, so that a locked ledger never takes the threads that others need.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from slamon.alerting.channel import Answer, Channel, Outcome, attempt, later, never
from slamon.alerting.pace import Next, Step, Way, step
from slamon.config import channels as config
from slamon.service.alerting_attempts import LOW, Addresses, attempt_draft, month_of, parcel_of
from slamon.service.alerting_lanes import Lane, Means, in_thread
from slamon.store import outbox
from slamon.store.entry import Draft
from slamon.store.errors import LedgerError
from slamon.store.ledger import Ledger, Transaction
from slamon.store.outbox import Letter, Spent

LEASE = timedelta(minutes=10)
OVERDUE_S = 60.0  # how long a send is waited for that does not keep to its timeout
LONGEST_NAP_S = 30.0
RETRY_S = 1.0

log = structlog.get_logger()

T = TypeVar("T")


class Delivery:
    """Carries letters for one site; `run` within an event loop, everything that blocks in threads."""

    def __init__(self, ledger: Ledger, give_up: timedelta, addresses: Addresses, means: Means | None = None) -> None:
        self._ledger = ledger
        self._give_up = give_up
        self._addresses = addresses
        self._means = means or Means()
        self._clerk = ThreadPoolExecutor(1, thread_name_prefix="alert-outbox")
        self._lanes: dict[str, Lane] = {}
        self._serving: dict[str, asyncio.Task[None]] = {}
        self._carrying: set[asyncio.Task[None]] = set()
        self._in_hand: set[str] = set()
        self._unrecorded: list[Draft] = []

    async def open(
        self,
        channels: Iterable[tuple[config.Channel, Channel]],
        addresses: Addresses | None = None,
        give_up: timedelta | None = None,
    ) -> None:
        """Go on with these channels; letters on the way to others go by the next way they know."""
        self._addresses = addresses or self._addresses
        self._give_up = give_up or self._give_up
        for task in self._serving.values():
            task.cancel()
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        at = self._means.now()
        self._lanes = {spec.name: Lane(spec, channel, at) for spec, channel in channels}
        await self.clerk(self._reroute)
        self._serving = {name: asyncio.create_task(self._serve(lane)) for name, lane in self._lanes.items()}

    async def begin(self) -> None:
        """Take up what an earlier life of this service had in hand when it ended."""
        await self.clerk(self._release)

    def ring(self) -> None:
        """Say that there may be something to send."""
        for lane in self._lanes.values():
            lane.bell.set()

    async def run(self) -> None:
        """Keep all lanes going, for ever; a lane that failed ends it, and is taken up again by the next run."""
        for name, task in self._serving.items():
            if task.done():
                self._serving[name] = asyncio.create_task(self._serve(self._lanes[name]))
        while True:
            tasks = list(self._serving.values())
            if not tasks:
                await asyncio.sleep(RETRY_S)
                continue
            done, _ = await asyncio.wait(tasks, timeout=RETRY_S, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                if not task.cancelled():
                    task.result()

    async def send_unwritten(self, letter: Letter) -> None:
        """Send a letter past the outbox, by one channel after the other: for when the ledger cannot be written."""
        for leg, name in enumerate(letter.route):
            lane = self._lanes.get(name)
            if lane is None:
                continue
            here = replace(letter, leg=leg, tries=1)
            await lane.slots.acquire()
            answer = await self._sent(lane, here)
            at = self._means.now()
            done = answer.outcome is Outcome.SENT
            last = leg == len(letter.route) - 1
            what = Next.DONE if done else Next.DEAD if last else Next.OTHER
            self._unrecorded.append(attempt_draft(here, answer, Step(what, leg, at), at))
            log.warning("notification_past_the_outbox", channel=name, key=letter.key, answer=answer.said)
            if done:
                return

    async def end(self, patience_s: float) -> None:
        """Send nothing more; what is being sent is waited for a little."""
        for task in self._serving.values():
            task.cancel()
        if self._carrying:
            await asyncio.wait(self._carrying, timeout=patience_s)
        for task in self._carrying:
            task.cancel()
        await asyncio.gather(*self._serving.values(), *self._carrying, return_exceptions=True)
        self._clerk.shutdown(wait=False)

    async def clerk(self, work: Callable[[], T]) -> T:
        """Do something with the outbox, in its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._clerk, work)

    def _release(self) -> None:
        with self._ledger.transaction() as held:
            at = self._means.now()
            outbox.forget(held, at)
            outbox.release(held, at)

    def _reroute(self) -> None:
        with self._ledger.transaction() as held:
            # A lane may have been ended while it claimed: nobody has that letter in hand.
            outbox.release(held, self._means.now(), but=self._in_hand)
            lost = outbox.reroute(held, list(self._lanes), self._means.now())
            for letter in lost:
                nowhere = replace(letter, refused=frozenset(letter.route))
                self._settle_in(held, nowhere, never("its channels are configured no more"))

    async def _serve(self, lane: Lane) -> None:
        while True:
            await lane.slots.acquire()
            try:
                letter = await self._next(lane)
            except BaseException:
                lane.slots.release()
                raise
            task = asyncio.create_task(self._carry(lane, letter))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)

    async def _next(self, lane: Lane) -> Letter:
        """Wait for a letter that may go out on a lane, and claim it."""
        while True:
            lane.bell.clear()
            pause_s = lane.pause_s(self._means.now())
            if pause_s <= 0:
                try:
                    letter, due = await self.clerk(lambda: self._claim(lane.name))
                except LedgerError as error:
                    log.error("outbox_not_read", channel=lane.name, reason=str(error))
                    pause_s = RETRY_S
                else:
                    if letter is not None:
                        lane.take(self._means.now())
                        return letter
                    ahead_s = LONGEST_NAP_S if due is None else (due - self._means.now()).total_seconds()
                    pause_s = min(max(ahead_s, 0.05), LONGEST_NAP_S)
            await self._means.rest(lane.bell, pause_s)

    def _claim(self, channel: str) -> tuple[Letter | None, datetime | None]:
        at = self._means.now()
        due = outbox.next_due(self._ledger, channel)
        if due is None or due > at:
            return None, due
        with self._ledger.transaction() as held:
            letter = outbox.claim(held, channel, at, LEASE)
        if letter is not None and letter.key in self._in_hand:
            return None, at + LEASE  # it was sent, and how that went is being written down
        return letter, at + timedelta(seconds=RETRY_S)

    async def _carry(self, lane: Lane, letter: Letter) -> None:
        self._in_hand.add(letter.key)
        try:
            answer = await self._sent(lane, letter)
            if answer.retry_after_s is not None:
                lane.not_before = self._means.now() + timedelta(seconds=answer.retry_after_s)
            await self._written_down(letter, answer)
        finally:
            self._in_hand.discard(letter.key)
        self.ring()  # its successor may go by any channel

    async def _sent(self, lane: Lane, letter: Letter) -> Answer:
        address = self._addresses(str(letter.head.get("person", "")), lane.name)
        if address is None:
            lane.slots.release()
            return never("the receiver is not reached by this channel any more")
        sending = in_thread(f"alert-{lane.name}", lambda: attempt(lane.channel, parcel_of(letter, address)))
        sending.add_done_callback(lambda _: lane.slots.release())
        try:
            async with asyncio.timeout(lane.spec.timeout_s + OVERDUE_S):
                return await asyncio.shield(sending)
        except TimeoutError:
            return later("no answer in time")

    async def _written_down(self, letter: Letter, answer: Answer) -> None:
        """Put the answer on record; a ledger that cannot be written now is tried again until it can."""
        while True:
            try:
                settled = await self.clerk(lambda: self._settle(letter, answer))
            except LedgerError as error:
                log.error("outbox_not_written", channel=letter.channel, reason=str(error))
                await self._means.rest(asyncio.Event(), RETRY_S)
                continue
            known = {"channel": letter.channel, "key": letter.key, "reason": letter.head.get("reason")}
            level = log.info if settled.what is Next.DONE else log.warning
            level("notification", **known, answer=answer.said, next=settled.what.value)
            return

    def _settle(self, letter: Letter, answer: Answer) -> Step:
        with self._ledger.transaction() as held:
            return self._settle_in(held, letter, answer)

    def _settle_in(self, held: Transaction, letter: Letter, answer: Answer) -> Step:
        at = self._means.now()
        way = Way(letter.route, letter.leg, letter.tries, letter.refused, letter.queued_at or at)
        found = step(way, answer, at, self._give_up, self._means.draw)
        drafts = [attempt_draft(letter, answer, found, at)]
        if found.what in (Next.DONE, Next.DEAD):
            outbox.finish(held, letter, sent=found.what is Next.DONE)
        else:
            refused = letter.refused | ({letter.channel} if answer.outcome is Outcome.NEVER else set())
            tries = letter.tries if found.what is Next.AGAIN else 0
            outbox.put_back(held, replace(letter, leg=found.leg, tries=tries, refused=refused), found.due)
        if answer.segments:
            outbox.spend(held, letter.channel, month_of(at), Spent(1, answer.segments, answer.cost))
        if answer.low is not None:
            payload = {"channel": letter.channel, "balance": str(answer.low)}
            drafts.append(Draft(LOW, at, payload, subject=letter.channel))
        held.append([*self._unrecorded, *drafts])
        self._unrecorded = []
        return found
