"""When each device is polled: spread over its interval, many at once, silent ones seldom and by themselves."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from slamon.probes.snmp.asking import AgentError, Asker, Peer, Trouble
from slamon.probes.snmp.device import Device, PortLine
from slamon.probes.snmp.news import AgentNews, News, PollHealth, PortNews

AT_ONCE = 64
SILENT_AT_ONCE = 16
SILENT_AFTER = 2  # polls in a row without an answer
SLOWEST_S = 600.0
AGAIN_S = 10.0  # after a first poll without an answer: it may just have got lost
CONFIRM_GAP_S = 5.0  # between polls of one device out of turn; what is asked for in between comes at its end
FIRST_LOOK_GAP_S = 0.05  # between the first polls of devices, which read whole tables of interfaces
_NOW_S = 0.001  # what is due within a millisecond is due
POLL_S = 150.0  # no poll takes longer, whatever its questions come to


@dataclass(slots=True)
class _Turn:
    """A device with its place in the schedule."""

    device: Device
    due_s: float
    failures: int = 0
    told_silent: bool = False
    told_missing: dict[str, Trouble] = field(default_factory=dict)
    busy: bool = False
    waiting: bool = False
    confirm_s: float | None = None
    confirmed_s: float = float("-inf")
    second_look: bool = False
    looked: bool = False
    gone: bool = False

    @property
    def next_s(self) -> float:
        return self.due_s if self.confirm_s is None else min(self.due_s, self.confirm_s)


class Poller:
    """Polls devices for ever; everything belongs to one event loop."""

    def __init__(
        self,
        asker: Asker,
        tell: Callable[[News], None],
        now: Callable[[], float],
        *,
        at_once: int = AT_ONCE,
        silent_at_once: int = SILENT_AT_ONCE,
        first_look_gap_s: float = FIRST_LOOK_GAP_S,
    ) -> None:
        self._asker, self._tell, self._now = asker, tell, now
        self._most = {False: at_once, True: silent_at_once}
        self._running = {False: 0, True: 0}
        self._ready: dict[bool, deque[_Turn]] = {False: deque(), True: deque()}
        self._turns: dict[str, _Turn] = {}
        self._of_line: dict[str, _Turn] = {}
        self._heap: list[tuple[float, int, _Turn]] = []
        self._serial = count()
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self.polls = self.failed = self.confirmed = 0
        self._lag_s = 0.0
        self._first_look_gap_s = first_look_gap_s

    def adopt(self, devices: Mapping[Peer, Sequence[PortLine]]) -> None:
        """Poll these devices from now on; those that stay keep their pace and what is known of them."""
        before, self._turns = self._turns, {}
        fresh = [peer for peer in devices if not _same(before.get(peer.name), peer)]
        places = {peer.name: number for number, peer in enumerate(fresh)}
        for peer, lines in devices.items():
            turn = before.get(peer.name)
            if turn is None or peer.name in places:
                turn = self._fresh(peer, lines, places[peer.name], len(fresh))
            else:
                turn.device.adopt(lines)
            self._turns[peer.name] = turn
        for name, turn in before.items():
            turn.gone = self._turns.get(name) is not turn
        self._of_line = {line_id: turn for turn in self._turns.values() for line_id in turn.device.lines}
        self._woken.set()

    def _fresh(self, peer: Peer, lines: Sequence[PortLine], number: int, count: int) -> _Turn:
        """Return a device with its turn: a first look soon, then evenly spread over its interval."""
        interval_s, now = float(peer.credential.interval_s), self._now()
        look_s = number * self._first_look_gap_s
        due_s = interval_s * number / count
        due_s += interval_s * (max(0.0, look_s - due_s) // interval_s + 1)
        turn = _Turn(Device(peer, lines, self._asker, self._now), now + due_s, confirm_s=now + look_s)
        self._push(turn)
        return turn

    @property
    def agents(self) -> Collection[Peer]:
        """Return the agents that are polled."""
        return [turn.device.peer for turn in self._turns.values()]

    def health(self) -> PollHealth:
        """Return how polling fares, and begin to measure its lag anew."""
        silent = sum(turn.told_silent for turn in self._turns.values())
        lag_s, self._lag_s = self._lag_s, 0.0
        return PollHealth(
            self._now(), len(self._turns), silent, self.polls, self.failed, self.confirmed, lag_max_s=lag_s
        )

    def confirm_lines(self, line_ids: Iterable[str]) -> None:
        """Poll the devices of lines out of turn: something else says that there is news."""
        for turn in {id(t): t for line_id in line_ids if (t := self._of_line.get(line_id)) is not None}.values():
            self._confirm(turn)

    def confirm_agent(self, name: str) -> None:
        """Poll a device out of turn, and once more a little later: its own tables may lag behind its trap."""
        turn = self._turns.get(name)
        if turn is not None:
            self._confirm(turn)
            turn.second_look = True

    def _confirm(self, turn: _Turn) -> None:
        if turn.confirm_s is None:
            turn.confirm_s = max(self._now(), turn.confirmed_s + CONFIRM_GAP_S)
            self._push(turn)
            self._woken.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                wait_s = self._start_due()
                self._woken.clear()
                try:
                    await asyncio.wait_for(self._woken.wait(), wait_s)
                except TimeoutError:
                    continue
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _push(self, turn: _Turn) -> None:
        heapq.heappush(self._heap, (turn.next_s, next(self._serial), turn))

    def _start_due(self) -> float:
        """Start what is due, as far as there is room; return how long nothing else will be."""
        now = self._now()
        while self._heap and self._heap[0][0] <= now + _NOW_S:
            due_s, _, turn = heapq.heappop(self._heap)
            if turn.gone or turn.busy or turn.waiting or due_s < turn.next_s:
                continue
            turn.waiting = True
            self._ready[turn.told_silent].append(turn)
        for silent, ready in self._ready.items():
            while ready and self._running[silent] < self._most[silent]:
                self._start(ready.popleft(), silent=silent)
        return min(1.0, self._heap[0][0] - now) if self._heap else 1.0

    def _start(self, turn: _Turn, *, silent: bool) -> None:
        turn.waiting, turn.busy = False, True
        self._lag_s = max(self._lag_s, self._now() - turn.next_s)
        self._running[silent] += 1
        task = asyncio.create_task(self._poll(turn, silent=silent))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _poll(self, turn: _Turn, *, silent: bool) -> None:
        confirming = turn.confirm_s is not None
        if confirming:
            self.confirmed += turn.looked
            turn.confirm_s, turn.confirmed_s = None, self._now() if turn.looked else turn.confirmed_s
        turn.looked = True
        try:
            await self._look(turn)
        finally:
            self._running[silent] -= 1
            turn.busy = False
        if not turn.gone:
            self._schedule(turn)
            if confirming and turn.second_look:
                turn.second_look = False
                self._confirm(turn)
        self._woken.set()

    async def _look(self, turn: _Turn) -> None:
        self.polls += 1
        try:
            polled = await asyncio.wait_for(turn.device.poll(), POLL_S)
        except AgentError as error:
            self._failed(turn, error)
        except TimeoutError:
            self._failed(turn, AgentError(Trouble.TIMEOUT, f"it was not read within {POLL_S:g} s"))
        except Exception as error:  # noqa: BLE001 - one device's strange answers must not end the polling of others
            self._failed(turn, AgentError(Trouble.AGENT, f"reading it failed ({type(error).__name__})"))
        else:
            self._answered(turn)
            if polled and not turn.gone:
                self._tell(tuple(polled))

    def _failed(self, turn: _Turn, error: AgentError) -> None:
        self.failed += 1
        turn.failures += 1
        self._asker.forget(turn.device.peer)
        if turn.failures >= SILENT_AFTER and not turn.told_silent and not turn.gone:
            turn.told_silent = True
            self._tell(self._news(turn, error))

    def _answered(self, turn: _Turn) -> None:
        turn.failures = 0
        if turn.told_silent:
            turn.told_silent = False
            self._tell(self._news(turn, None))
        for name, port in turn.device.ports.items():
            told = turn.told_missing.get(name)
            if port.trouble is not None and port.trouble.trouble is not told:
                turn.told_missing[name] = port.trouble.trouble
                self._tell(self._port_news(turn, name, port.trouble))
            elif port.trouble is None and told is not None:
                del turn.told_missing[name]
                self._tell(self._port_news(turn, name, None))

    def _news(self, turn: _Turn, error: AgentError | None) -> AgentNews:
        peer, lines = turn.device.peer, tuple(turn.device.lines)
        said = (error.trouble, str(error)) if error is not None else (None, "")
        return AgentNews(peer.name, peer.credential.name, self._now(), lines, *said)

    def _port_news(self, turn: _Turn, name: str, error: AgentError | None) -> PortNews:
        peer, lines = turn.device.peer, tuple(turn.device.ports[name].lines)
        said = (error.trouble, str(error)) if error is not None else (None, "")
        return PortNews(peer.name, peer.credential.name, self._now(), lines, name, *said)

    def _schedule(self, turn: _Turn) -> None:
        """Set the next turn: on the device's own grid, and seldom while it is silent."""
        interval_s = float(turn.device.peer.credential.interval_s)
        if turn.told_silent:
            doubled = 2 ** min(turn.failures - SILENT_AFTER + 1, 10)
            interval_s = max(interval_s, min(interval_s * doubled, SLOWEST_S))
        if turn.failures == 1 and turn.confirm_s is None:
            turn.confirm_s = self._now() + min(interval_s, AGAIN_S)
        behind = self._now() + _NOW_S - turn.due_s
        if behind >= 0:
            turn.due_s += interval_s * (behind // interval_s + 1)
        self._push(turn)


def _same(turn: _Turn | None, peer: Peer) -> bool:
    return turn is not None and turn.device.peer == peer
