"""pysnmp against agents that answer well, badly, late, or in somebody else's place."""

import asyncio
import gc
import logging
import os
import random
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pysnmp.proto import rfc1902

from slamon.config.credentials import SnmpCredential
from slamon.config.secret import Secret
from slamon.probes.snmp.asking import AgentError, Oid, Peer, TooBig, Trouble
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.objects import NAME, SYS_UPTIME
from tests.lab.snmp_agent import port_objects, uptime, v2_agent, v3_agent

DESCRIPTION: Oid = (1, 3, 6, 1, 2, 1, 1, 1, 0)
MISSING: Oid = (1, 3, 6, 1, 2, 1, 1, 99, 0)


def peer(port: int, community: str = "public", **keys: Any) -> Peer:
    given = {"timeout_ms": 300, "retries": 0, **keys}
    return Peer("127.0.0.1", port, SnmpCredential("edge", "2c", community=Secret(community), **given))


def v3(port: int, **keys: Any) -> Peer:
    given: dict[str, Any] = {
        "user": "mon",
        "auth": "sha",
        "auth_key": Secret("authpass1"),
        "priv": "aes",
        "priv_key": Secret("privpass1"),
        "timeout_ms": 400,
        "retries": 0,
        **keys,
    }
    return Peer("127.0.0.1", port, SnmpCredential("core", "3", **given))


@asynccontextmanager
async def asking() -> AsyncIterator[PysnmpAsker]:
    asker = PysnmpAsker()
    try:
        yield asker
    finally:
        await asker.close()


async def trouble_of(question: Coroutine[Any, Any, Any]) -> Trouble:
    with pytest.raises(AgentError) as caught:
        await question
    return caught.value.trouble


def test_values_come_as_plain_ones_in_the_order_asked():
    """Numbers, texts, object numbers; None for what an agent lacks."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects |= {**uptime(4711), DESCRIPTION: rfc1902.OctetString("box"), **port_objects(3, "ge-0/0/3")}
            agent.objects[1, 3, 6, 1, 2, 1, 1, 2, 0] = rfc1902.ObjectName((1, 3, 6, 1, 4, 1, 9))
            oids = [DESCRIPTION, MISSING, SYS_UPTIME, (1, 3, 6, 1, 2, 1, 1, 2, 0), (*NAME, 3)]
            assert await asker.get(peer(agent.port), oids) == [b"box", None, 4711, (1, 3, 6, 1, 4, 1, 9), b"ge-0/0/3"]

    asyncio.run(scenario())


def test_an_agent_that_says_too_big_is_asked_for_less():
    """error-status 1 is not an error of the agent but an answer to our greed."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects |= uptime(1)
            agent.most = 1
            with pytest.raises(TooBig):
                await asker.get(peer(agent.port), [SYS_UPTIME, DESCRIPTION])

    asyncio.run(scenario())


def test_a_silent_agent_is_a_timeout_within_its_credentials_patience():
    """Tries times timeout, and no longer; late answers are nobody's."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects |= uptime(1)
            agent.delay_s = 0.5
            began = asyncio.get_running_loop().time()
            assert await trouble_of(asker.get(peer(agent.port, retries=1), [SYS_UPTIME])) is Trouble.TIMEOUT
            assert 0.5 < asyncio.get_running_loop().time() - began < 1.5
            assert len(agent.sizes) == 2
            agent.delay_s = 0.0
            assert await asker.get(peer(agent.port), [SYS_UPTIME]) == [1]

    asyncio.run(scenario())


def cut(raw: bytes) -> bytes:
    return raw[: len(raw) // 2]


def other_objects(raw: bytes) -> bytes:
    return raw.replace(b"\x2b\x06\x01\x02\x01\x01\x03\x00", b"\x2b\x06\x01\x02\x01\x01\x07\x00")


BROKEN = [
    ("half an answer", cut, Trouble.MALFORMED),
    ("noise", lambda _: b"\x00\xff" * 700, Trouble.MALFORMED),
    ("as many brackets as fit", lambda _: b"\x30\x80" * 30_000, Trouble.MALFORMED),
    ("a length beyond all messages", lambda raw: b"\x30\x84\xff\xff\xff\xff" + raw[2:], Trouble.MALFORMED),
    ("answers to another question", other_objects, Trouble.MALFORMED),
    ("the longest datagram there is", lambda raw: raw + b"\x00" * (65_000 - len(raw)), Trouble.MALFORMED),
]


@pytest.mark.parametrize(("garble", "trouble"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_a_broken_answer_is_trouble_of_the_agent(garble, trouble):
    """Typed, within the time that a question may take; the next good answer is taken."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects |= uptime(7)
            agent.garble = garble
            assert await trouble_of(asker.get(peer(agent.port), [SYS_UPTIME])) is trouble
            agent.garble = None
            assert await asker.get(peer(agent.port), [SYS_UPTIME]) == [7]

    asyncio.run(scenario())


def test_an_oversized_answer_is_taken():
    """A description of sixty thousand bytes, in forty fragments, is a description."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects[DESCRIPTION] = rfc1902.OctetString(b"x" * 60_000)
            assert await asker.get(peer(agent.port), [DESCRIPTION]) == [b"x" * 60_000]

    asyncio.run(scenario())


def test_nobody_answers_in_an_agents_place():
    """An answer from an address that was not asked is dropped; from another agent of ours it is refused (F10).

    Mutants tried: without the look at `expected` a stranger ends the question (refused only as another agent's would
    be); without the comparison of `last_from` the other agent's answer is taken.
    """

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent, v2_agent() as other:
            agent.objects |= uptime(8)
            agent.voice = other
            assert await trouble_of(asker.get(peer(agent.port), [SYS_UPTIME])) is Trouble.TIMEOUT
            assert asker.strangers == 1
            other.silent = True
            first = asyncio.create_task(trouble_of(asker.get(peer(agent.port), [SYS_UPTIME])))
            second = asyncio.create_task(trouble_of(asker.get(peer(other.port), [SYS_UPTIME])))
            assert (await first, await second) == (Trouble.STRANGER, Trouble.TIMEOUT)

    asyncio.run(scenario())


def test_credentials_with_one_community_or_one_user_do_not_disturb_one_another():
    """Two names for a community, two sets of keys for a user: each question goes out with its own."""

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent, v3_agent() as (_, port):
            agent.objects |= uptime(1)
            twin = Peer("127.0.0.1", agent.port, SnmpCredential("twin", "2c", community=Secret("public")))
            wrong = v3(port, auth_key=Secret("authpass2"))
            for _ in range(2):
                assert await asker.get(peer(agent.port), [SYS_UPTIME]) == [1]
                assert await asker.get(twin, [SYS_UPTIME]) == [1]
                assert await asker.get(v3(port), [SYS_UPTIME]) != [None]
                assert await trouble_of(asker.get(wrong, [SYS_UPTIME])) is Trouble.AUTH_KEY

    asyncio.run(scenario())


def test_f13_a_restarted_engine_costs_one_resync_and_a_wild_one_is_a_typed_error():
    """F13: boots that went up are taken over within the question; a clock that never holds still is a typed error.

    Mutants tried: without the resync even the first question fails ("it does not know the engine id"); with as many
    resyncs as are asked for the wild engine is asked until the deadline, and ends as a timeout.
    """

    async def scenario() -> None:
        async with asking() as asker, v3_agent() as (agent, port):
            first = await asker.get(v3(port), [SYS_UPTIME])
            assert isinstance(first[0], int)
            before = agent.messages
            agent.reboot()
            assert isinstance((await asker.get(v3(port), [SYS_UPTIME]))[0], int)
            assert agent.messages - before == 2
            agent.wild = True
            before = agent.messages
            assert await trouble_of(asker.get(v3(port), [SYS_UPTIME])) is Trouble.TIME_WINDOW
            assert agent.messages - before == 2
            agent.wild = False
            assert isinstance((await asker.get(v3(port), [SYS_UPTIME]))[0], int)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("keys", "trouble"),
    [
        ({"auth_key": Secret("authpass2")}, Trouble.AUTH_KEY),
        ({"priv_key": Secret("privpass2")}, None),
        ({"user": "nobody"}, Trouble.USER),
        ({"priv": None, "priv_key": None}, Trouble.LEVEL),
    ],
    ids=["a wrong authentication key", "a wrong privacy key", "an unknown user", "a level that is not let in"],
)
def test_refusals_are_told_apart_and_never_hold_a_secret(keys, trouble, caplog):
    """Each refusal names the section of the config to look at; no key stands in it, nor in any log."""
    caplog.set_level(logging.DEBUG)

    async def scenario() -> AgentError:
        async with asking() as asker, v3_agent() as (_, port):
            with pytest.raises(AgentError) as caught:
                await asker.get(v3(port, **keys), [SYS_UPTIME])
            return caught.value

    error = asyncio.run(scenario())
    assert trouble in (None, error.trouble)
    for secret in ("authpass", "privpass"):
        assert secret not in f"{error} {error!r} {caplog.text}"


def fuzzed(raw: bytes, rng: random.Random) -> bytes:
    """An answer with some bytes changed, cut, doubled or inserted."""
    data = bytearray(raw)
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data)) if data else 0
        match rng.randrange(4):
            case 0 if data:
                data[at] = rng.randrange(256)
            case 1:
                del data[at : at + rng.randint(1, 8)]
            case 2:
                data[at:at] = rng.randbytes(rng.randint(1, 8))
            case _:
                data[at:at] = data[at : at + rng.randint(1, 20)]
    return bytes(data)


def test_fuzzed_answers_end_as_values_or_as_trouble():
    """Three hundred answers with broken bytes: a value, or a typed error, in time; then the agent is read as before."""
    rng = random.Random(20261120)

    async def one(asker: PysnmpAsker, port: int) -> None:
        try:
            values = await asker.get(peer(port, timeout_ms=200), [SYS_UPTIME, (*NAME, 1), MISSING])
        except AgentError:
            return
        assert len(values) == 3
        assert all(value is None or isinstance(value, (int, bytes, tuple)) for value in values)

    async def scenario() -> None:
        async with asking() as asker, v2_agent() as agent:
            agent.objects |= {**uptime(7), **port_objects(1, "ge1")}
            agent.garble = lambda raw: fuzzed(raw, rng)
            for _ in range(6):
                await asyncio.gather(*(one(asker, agent.port) for _ in range(50)))
            agent.garble = None
            assert await asker.get(peer(agent.port), [SYS_UPTIME]) == [7]

    asyncio.run(scenario())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def soak(polls: int, at_once: int = 20) -> tuple[list[int], list[int], list[int]]:
    """Ask many times over; return memory in kB, descriptors and tasks as they stood after each tenth."""
    memory: list[int] = []
    descriptors: list[int] = []
    tasks: list[int] = []
    async with asking() as asker, v2_agent() as agent:
        agent.objects |= {**uptime(7), **port_objects(1, "ge1")}
        where = peer(agent.port, timeout_ms=5000)
        for _ in range(10):
            for _ in range(polls // 10 // at_once):
                await asyncio.gather(*(asker.get(where, [SYS_UPTIME, (*NAME, 1)]) for _ in range(at_once)))
            gc.collect()
            memory.append(resident_kb())
            descriptors.append(open_files())
            tasks.append(len(asyncio.all_tasks()))
    return memory, descriptors, tasks


def test_thousands_of_polls_leave_nothing_behind():
    """A thousand questions: descriptors and tasks as at the start, memory flat; 50,000 of them are a row of
    `make bench`.
    """
    memory, descriptors, tasks = asyncio.run(soak(1000))
    assert len(set(descriptors)) == 1
    assert len(set(tasks)) == 1
    assert memory[-1] - memory[2] < 2000
