"""The SNMP process against net-snmp's real agent: every kind of credential, traps by snmptrap, death and return."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from slamon.config.credentials import SnmpCredential, TrapPort
from slamon.config.secret import Secret
from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.asking import Peer, Trouble
from slamon.probes.snmp.device import Polled, PortLine
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.listing import interfaces
from slamon.probes.snmp.news import AgentNews, News, PollHealth, PortNews
from slamon.probes.snmp.objects import NAME, SYS_UPTIME
from slamon.probes.snmp.prober import SnmpProber
from slamon.probes.snmp.wire import Watch
from tests.lab.snmpd import AUTH_KEY, COMMUNITY, ENGINE_ID, PRIV_KEY, USER, Snmpd, free_port, snmpd

QUICK: dict[str, Any] = {"timeout_ms": 1000, "retries": 1}
AUTH, PRIV = Secret(AUTH_KEY), Secret(PRIV_KEY)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with snmpd(tmp_path_factory.mktemp("snmpd")) as running:
        yield running


def v2c(**keys: Any) -> SnmpCredential:
    return SnmpCredential("edge", "2c", community=Secret(COMMUNITY), **{**QUICK, **keys})


def v3(user: str = USER, auth: str | None = "sha256", priv: str | None = "aes256", **keys: Any) -> SnmpCredential:
    secrets = {"auth_key": AUTH if auth else None, "priv_key": PRIV if priv else None}
    return SnmpCredential("core", "3", user=user, auth=auth, priv=priv, **{**QUICK, **secrets, **keys})


KINDS = [
    ("v2c", v2c()),
    ("v3 noAuthNoPriv", v3("open", None, None)),
    ("v3 authNoPriv, SHA-384", v3("sha384", "sha384", None)),
    ("v3 authPriv, SHA and AES-128", v3("shaaes", "sha", "aes")),
    ("v3 authPriv, SHA-256 and AES-256", v3()),
    ("v3 authPriv, SHA-512 and AES-192", v3("sha512aes192", "sha512", "aes192")),
    ("v3 authPriv, MD5 and DES", v3("md5des", "md5", "des")),
]


@pytest.mark.parametrize("credential", [kind[1] for kind in KINDS], ids=[kind[0] for kind in KINDS])
def test_every_kind_of_credential_is_let_in(agent, credential):
    """A real agent answers to each of them."""

    async def scenario() -> None:
        asker = PysnmpAsker()
        try:
            uptime, name = await asker.get(Peer(agent.host, agent.port, credential), [SYS_UPTIME, (*NAME, 1)])
            assert isinstance(uptime, int)
            assert name == b"lo"
        finally:
            await asker.close()

    asyncio.run(scenario())


def test_a_devices_interfaces_are_listed(agent):
    """With number, name, speed and state."""

    async def scenario() -> None:
        asker = PysnmpAsker()
        try:
            found = await interfaces(asker, Peer(agent.host, agent.port, v2c()))
        finally:
            await asker.close()
        assert next((one.index, one.name, one.oper) for one in found) == (1, "lo", "up")

    asyncio.run(scenario())


class Heard:
    """A running SNMP process, and waiting for what it says."""

    def __init__(self, prober: SnmpProber) -> None:
        self.prober = prober
        self.news = prober.news()
        self.polls = 0

    async def until(self, holds: Callable[[News | str], bool], deadline_s: float = 20.0) -> Any:
        """Return the first news for which something holds."""

        async def search() -> Any:
            async for one in self.news:
                self.polls += isinstance(one, tuple)
                if holds(one):
                    return one
            raise AssertionError("it ended")

        return await asyncio.wait_for(search(), deadline_s)


@asynccontextmanager
async def polling(watch: Watch) -> AsyncIterator[Heard]:
    prober = SnmpProber()
    await prober.start(watch)
    try:
        yield Heard(prober)
    finally:
        await prober.stop()


def of(line_id: str) -> Callable[[News | str], bool]:
    return lambda news: isinstance(news, tuple) and any(one.line_id == line_id for one in news)


def test_ports_are_polled_and_what_cannot_be_read_is_told(agent):
    """Two credentials on one device, an interface and a device that are not there: one process says it all."""
    watch = Watch({
        Peer(agent.host, agent.port, v2c(interval_s=1)): [PortLine("L1", "lo"), PortLine("L2", "lo0")],
        Peer(agent.host, agent.port, v3(interval_s=1)): [PortLine("L3", "lo")],
        Peer(agent.host, free_port(), v2c(interval_s=1, timeout_ms=200, retries=0)): [PortLine("L4", "lo")],
    })  # fmt: skip

    async def scenario() -> None:
        async with polling(watch) as heard:
            missing = await heard.until(lambda news: isinstance(news, PortNews))
            assert (missing.trouble, missing.lines) == (Trouble.NO_INTERFACE, ("L2",))
            silent = await heard.until(lambda news: isinstance(news, AgentNews))
            assert (silent.trouble, silent.lines) == (Trouble.TIMEOUT, ("L4",))
            polled = await heard.until(of("L3"))
            assert isinstance(polled[0], Polled)
            assert (polled[0].stats.oper, polled[0].stats.speed_mbps) == ("up", 10)
            counted = await heard.until(
                lambda news: isinstance(news, tuple) and of("L1")(news) and news[0].stats.in_errors == 0
            )
            assert counted[0].stats.in_discards == 0

    asyncio.run(scenario())


def test_an_agent_that_restarts_is_read_on(tmp_path):
    """Its engine boots go up, its clock begins anew, no delta is made of it, and nobody is told that it was silent."""

    async def scenario() -> None:
        with snmpd(tmp_path / "agent") as agent:
            watch = Watch({Peer(agent.host, agent.port, v3(interval_s=1)): [PortLine("L1", "lo")]})
            async with polling(watch) as heard:
                await heard.until(of("L1"))
                await heard.until(of("L1"))
                agent.stop()
                await asyncio.to_thread(agent.start)
                found = await heard.until(lambda news: of("L1")(news) and news[0].stats.reseeded is not None)  # type: ignore[index, union-attr]
                assert found[0].stats.oper == "up"

    asyncio.run(scenario())


LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
INDEX = ("1.3.6.1.2.1.2.2.1.1.1", "i", "1")
V3_TRAP = ("-v3", "-l", "authPriv", "-u", USER, "-a", "SHA-256", "-A", AUTH_KEY, "-x", "AES-256", "-X", PRIV_KEY)
WRONG_V3_TRAP = ["authpass2" if part == AUTH_KEY else part for part in V3_TRAP]
TRAPS = [
    ("v1 linkDown", ["-v1", "-c", COMMUNITY, "{to}", "1.3.6.1.4.1.9", "127.0.0.1", "2", "0", "", *INDEX], True),
    ("v2c linkDown", ["-v2c", "-c", COMMUNITY, "{to}", "", LINK_DOWN, *INDEX], True),
    ("v2c linkUp", ["-v2c", "-c", COMMUNITY, "{to}", "", LINK_UP, *INDEX], True),
    ("v3 linkDown", [*V3_TRAP, "-e", f"0x{ENGINE_ID}", "{to}", "", LINK_DOWN, *INDEX], True),
    ("the community of another", ["-v2c", "-c", "publix", "{to}", "", LINK_DOWN, *INDEX], False),
    ("v3 with another's key", [*WRONG_V3_TRAP, "-e", f"0x{ENGINE_ID}", "{to}", "", LINK_DOWN, *INDEX], False),
]


@pytest.mark.parametrize(("arguments", "believed"), [trap[1:] for trap in TRAPS], ids=[trap[0] for trap in TRAPS])
def test_a_link_trap_of_a_configured_agent_is_looked_into_at_once(agent, arguments, believed):
    """By snmptrap, to the port of the config: a poll out of turn, and never more than that."""
    port = free_port()
    watch = Watch(
        {
            Peer(agent.host, agent.port, v2c(interval_s=3600)): [PortLine("L2", "lo")],
            Peer(agent.host, agent.port, v3(interval_s=3600)): [PortLine("L3", "lo")],
        },
        TrapPort(f"127.0.0.1:{port}"),
    )

    async def scenario() -> None:
        async with polling(watch) as heard:
            both: set[str] = set()
            while both != {"L2", "L3"}:
                both |= {one.line_id for one in await heard.until(lambda news: isinstance(news, tuple))}
            await asyncio.to_thread(agent.trap, *(part.format(to=f"127.0.0.1:{port}") for part in arguments))
            if believed:
                await heard.until(of("L3" if "-v3" in arguments else "L2"))
            else:
                health = await heard.until(lambda news: isinstance(news, PollHealth) and news.traps_unknown == 1)
                assert (health.traps, health.polls) == (0, 2)

    asyncio.run(scenario())


def test_a_storm_of_traps_is_bounded(agent):
    """Hundreds at once, of a known and of an unknown sender: a few polls, the rest is counted and dropped."""
    port = free_port()
    watch = Watch(
        {Peer(agent.host, agent.port, v2c(interval_s=3600)): [PortLine("L1", "lo")]}, TrapPort(f"[::]:{port}")
    )

    async def scenario() -> None:
        async with polling(watch) as heard:
            await heard.until(of("L1"))
            loop = asyncio.get_running_loop()
            sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("::1", port))
            for _ in range(300):
                sender.sendto(os.urandom(200))
            sender.close()
            health = await heard.until(lambda news: isinstance(news, PollHealth) and news.traps_unknown >= 200)
            assert health.polls <= 2

    asyncio.run(scenario())


def test_a_process_that_died_says_so_and_can_be_started_again(agent):
    """Whoever watches it gets an error at once, never silence; secrets are nowhere in it."""
    watch = Watch({Peer(agent.host, agent.port, v3(interval_s=1)): [PortLine("L1", "lo")]})

    async def scenario() -> None:
        async with polling(watch) as heard:
            await heard.until(of("L1"))
            assert heard.prober.pid is not None
            command = await asyncio.to_thread(commandline, heard.prober.pid)
            assert AUTH_KEY not in command
            os.kill(heard.prober.pid, signal.SIGKILL)
            with pytest.raises(ProbeError, match="ended by itself"):
                await heard.until(lambda _: False)
            await heard.prober.start(watch)
            heard.news = heard.prober.news()
            await heard.until(of("L1"))

    asyncio.run(scenario())


def commandline(pid: int) -> str:
    """What everybody on the machine can read of a process."""
    around = Path("/proc", str(pid))
    return (around / "cmdline").read_text("utf-8") + (around / "environ").read_text("utf-8")
