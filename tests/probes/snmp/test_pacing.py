"""When devices are polled: evenly, many at once, silent ones seldom, and out of turn only so often."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise

from slamon.core.reading import InterfaceStats
from slamon.probes.snmp.asking import Trouble
from slamon.probes.snmp.device import Polled, PortLine
from slamon.probes.snmp.news import AgentNews, News, PortNews
from slamon.probes.snmp.pacing import AGAIN_S, CONFIRM_GAP_S, SLOWEST_S, Poller
from slamon.probes.snmp.scripted import ScriptedAgent, ScriptedAsker
from tests.lab.virtual_loop import run_virtually
from tests.probes.snmp.devices import peer


@dataclass
class Round:
    """A poller of some scripted devices, and what it told: the seconds since the start of each poll, and the news."""

    hosts: tuple[str, ...]
    keys: dict[str, int] = field(default_factory=dict)
    bounds: dict[str, int] = field(default_factory=dict)
    polls: dict[str, list[float]] = field(default_factory=dict)
    news: list[tuple[float, AgentNews | PortNews]] = field(default_factory=list)
    last: dict[str, InterfaceStats] = field(default_factory=dict)
    asked: float = 0.0

    def run(self, play: Callable[["Round"], Awaitable[None]]) -> "Round":
        """Play a scene, in virtual time."""
        run_virtually(self._run(play))
        return self

    async def _run(self, play: Callable[["Round"], Awaitable[None]]) -> None:
        loop = asyncio.get_running_loop()
        self.start_s = loop.time()
        self.agents = {f"{host}:161": ScriptedAgent() for host in self.hosts}
        for agent in self.agents.values():
            agent.port(1, "ge1")
        self.asker = ScriptedAsker(self.agents)
        self.poller = Poller(self.asker, self.hear, loop.time, **self.bounds)
        self.adopt(self.hosts)
        running = asyncio.create_task(self.poller.run())
        clock = asyncio.create_task(self.keep_clocks())
        await play(self)
        for task in (running, clock):
            task.cancel()
        await asyncio.gather(running, clock, return_exceptions=True)
        assert len(asyncio.all_tasks()) == 1

    async def keep_clocks(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            for agent in self.agents.values():
                agent.later(0.5)

    def adopt(self, hosts: tuple[str, ...]) -> None:
        self.poller.adopt({peer(host, **self.keys): [PortLine(f"L-{host}", "ge1")] for host in hosts})

    def hear(self, news: News) -> None:
        passed_s = asyncio.get_running_loop().time() - self.start_s
        if isinstance(news, (AgentNews, PortNews)):
            self.news.append((passed_s, news))
        elif isinstance(news, tuple):
            for one in news:
                assert isinstance(one, Polled)
                self.polls.setdefault(one.line_id, []).append(passed_s)
                self.last[one.line_id] = one.stats


def sleeping(seconds: float) -> Callable[[Round], Awaitable[None]]:
    async def play(_: Round) -> None:
        await asyncio.sleep(seconds)

    return play


def test_devices_are_spread_over_their_interval():
    """Sixty devices each minute: all are seen soon, then one a second, and each keeps its own second."""
    hosts = tuple(f"192.0.2.{number}" for number in range(60))
    found = Round(hosts).run(sleeping(241))
    assert max(times[0] for times in found.polls.values()) < 3.1
    assert sorted(round(times[1]) for times in found.polls.values()) == list(range(60, 120))
    for times in found.polls.values():
        gaps = [later - earlier for earlier, later in pairwise(times[1:])]
        assert len(times) >= 4
        assert all(abs(gap - 60) < 0.5 for gap in gaps)


def test_no_more_than_the_bound_are_asked_at_once():
    """Slow devices wait for one another, all of them get their turn."""
    hosts = tuple(f"192.0.2.{number}" for number in range(40))
    found = Round(hosts, keys={"interval_s": 10}, bounds={"at_once": 4})

    async def play(at: Round) -> None:
        for agent in at.agents.values():
            agent.delay_s = 0.9
        await asyncio.sleep(60)

    found.run(play)
    assert found.asker.most_at_once == 4
    assert all(len(times) >= 3 for times in found.polls.values())


def test_silent_devices_are_slowed_down_and_disturb_nobody():
    """A hundred dead ones beside ten: the living keep their pace, the dead are asked ever more seldom."""
    alive = tuple(f"192.0.2.{number}" for number in range(10))
    dead = tuple(f"198.51.100.{number}" for number in range(100))
    found = Round(alive, keys={"interval_s": 10, "timeout_ms": 2000}, bounds={"at_once": 8, "silent_at_once": 2})

    async def play(at: Round) -> None:
        at.adopt(alive + dead)
        await asyncio.sleep(120)
        await asyncio.sleep(3600)

    found.run(play)
    for times in found.polls.values():
        late = [time for time in times if time > 120]
        gaps = [later - earlier for earlier, later in pairwise(late)]
        assert max(gaps) < 12
    silent = {news.agent for _, news in found.news if news.trouble is Trouble.TIMEOUT}
    assert len(silent) == 100
    tries_of_dead = found.poller.failed
    assert tries_of_dead < 100 * (3 + 6 + 3600 / SLOWEST_S + 1)


def test_an_agent_is_told_silent_once_and_answering_once():
    """After two polls in a row without an answer, with the reason, its credential's name and its lines."""
    found = Round(("192.0.2.1",), keys={"interval_s": 10})

    async def play(at: Round) -> None:
        await asyncio.sleep(15)
        at.agents["192.0.2.1:161"].trouble = Trouble.AUTH_KEY
        await asyncio.sleep(100)
        at.agents["192.0.2.1:161"].trouble = None
        await asyncio.sleep(100)

    found.run(play)
    (_, silent), (_, back) = found.news
    assert isinstance(silent, AgentNews)
    assert (silent.agent, silent.credential) == ("edge@192.0.2.1:161", "edge")
    assert (silent.trouble, silent.lines) == (Trouble.AUTH_KEY, ("L-192.0.2.1",))
    assert isinstance(back, AgentNews)
    assert back.trouble is None
    assert found.last["L-192.0.2.1"].oper == "up"


def test_one_answer_that_got_lost_is_no_news():
    """A single failed poll is tried again at the next turn."""
    found = Round(("192.0.2.1",), keys={"interval_s": 10})

    async def play(at: Round) -> None:
        await asyncio.sleep(15)
        at.agents["192.0.2.1:161"].trouble = Trouble.TIMEOUT
        await asyncio.sleep(8)
        at.agents["192.0.2.1:161"].trouble = None
        await asyncio.sleep(20)

    assert not found.run(play).news


def test_after_a_lost_answer_the_next_poll_comes_soon():
    """Not a whole interval later: a port is known again, or its agent is told silent, within seconds."""
    found = Round(("192.0.2.1",), keys={"interval_s": 300})

    async def play(at: Round) -> None:
        at.agents["192.0.2.1:161"].trouble = Trouble.USER
        await asyncio.sleep(5)
        at.agents["192.0.2.1:161"].trouble = None
        await asyncio.sleep(20)

    assert [round(time) for time in found.run(play).polls["L-192.0.2.1"]] == [AGAIN_S]


def test_an_interface_that_is_missing_is_told_once_and_once_when_it_is_back():
    """The agent answers: that is another notice than silence."""
    found = Round(("192.0.2.1",), keys={"interval_s": 10, "slow_interval_s": 30})

    async def play(at: Round) -> None:
        await asyncio.sleep(15)
        at.agents["192.0.2.1:161"].remove(1)
        await asyncio.sleep(100)
        at.agents["192.0.2.1:161"].port(4, "ge1")
        await asyncio.sleep(60)

    found.run(play)
    (_, missing), (_, back) = found.news
    assert isinstance(missing, PortNews)
    assert (missing.trouble, missing.interface, missing.lines) == (Trouble.NO_INTERFACE, "ge1", ("L-192.0.2.1",))
    assert isinstance(back, PortNews)
    assert back.trouble is None


def test_a_word_out_of_turn_polls_at_once_and_a_storm_only_so_often():
    """The first word is followed at once; of a thousand in a minute each device is polled every few seconds."""
    found = Round(("192.0.2.1", "192.0.2.2"))

    async def play(at: Round) -> None:
        await asyncio.sleep(90.2)
        at.asked = asyncio.get_running_loop().time() - at.start_s
        for _ in range(1000):
            at.poller.confirm_agent("edge@192.0.2.1:161")
            await asyncio.sleep(0.06)

    found.run(play)
    out_of_turn = [time for time in found.polls["L-192.0.2.1"] if time >= found.asked]
    assert out_of_turn[0] - found.asked < 0.1
    assert len(out_of_turn) <= 60 / CONFIRM_GAP_S + 3
    assert len(found.polls["L-192.0.2.2"]) == 3


def test_a_trap_is_looked_into_twice():
    """An agent's tables may lag behind its trap."""
    found = Round(("192.0.2.1",))

    async def play(at: Round) -> None:
        await asyncio.sleep(10)
        at.poller.confirm_agent("edge@192.0.2.1:161")
        await asyncio.sleep(40)

    assert [round(time) for time in found.run(play).polls["L-192.0.2.1"]] == [0, 10, 15]


def test_devices_that_stay_keep_their_pace_and_those_that_go_are_polled_no_more():
    """A reload is no storm, and no counter begins anew."""
    found = Round(("192.0.2.1", "192.0.2.2"), keys={"interval_s": 10})

    async def play(at: Round) -> None:
        await asyncio.sleep(25)
        at.adopt(("192.0.2.1",))
        await asyncio.sleep(60)

    found.run(play)
    gaps = [later - earlier for earlier, later in pairwise(found.polls["L-192.0.2.1"])]
    assert len(gaps) == 8
    assert all(abs(gap - 10) < 0.5 for gap in gaps)
    assert max(found.polls["L-192.0.2.2"]) < 26
    assert found.last["L-192.0.2.1"].in_errors == 0
