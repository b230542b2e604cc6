"""Traps by themselves: who is heard, how often, and that nothing that is sent can do more than ask for a poll."""

import asyncio
import random
from collections.abc import Callable, Iterable, Sequence

from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import encoder
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c

from slamon.config.secret import Secret
from slamon.probes.snmp.asking import Oid, Peer, Value
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.trapping import LINK_DOWN, LINK_UP, TrapEar
from tests.probes.snmp.devices import peer
from tests.probes.snmp.test_edge import fuzzed

HOST = "192.0.2.1"


def trap(kind: Oid = LINK_DOWN, community: str = "c") -> bytes:
    """A v2c trap as agents send it."""
    message, pdu = v2c.Message(), v2c.TrapPDU()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiTrapPDU.set_defaults(pdu)
    binds = [
        ((1, 3, 6, 1, 2, 1, 1, 3, 0), rfc1902.TimeTicks(5)),
        ((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0), rfc1902.ObjectIdentifier(kind)),
        ((1, 3, 6, 1, 2, 1, 2, 2, 1, 1, 7), rfc1902.Integer32(7)),
    ]
    v2c.apiTrapPDU.set_varbinds(pdu, binds)
    v2c.apiMessage.set_pdu(message, pdu)
    raw: bytes = encoder.encode(message)
    return raw


class Nobody:
    """Knows every address, and no SNMPv3."""

    def on_notification(self, take: Callable[[Sequence[tuple[Oid, Value]]], None]) -> None:
        pass

    def hear(self, datagram: bytes, source: tuple[str, int]) -> None:  # noqa: ARG002 - the protocol's
        raise ValueError("no SNMPv3 here")

    def host_of(self, peer: Peer) -> str:
        return peer.host


class Heard:
    """An ear, a clock that is set by hand, and the agents that were to be polled."""

    def __init__(self, agents: Iterable[Peer] = (peer(HOST),), community: Secret | None = None) -> None:
        self.now_s = 0.0
        self.asked: list[str] = []
        self.ear = TrapEar(Nobody(), lambda: agents, self.asked.append, lambda: self.now_s, community)

    def hear(self, data: bytes, host: str = HOST) -> None:
        self.ear.datagram_received(data, (host, "162"))


def test_link_traps_of_configured_agents_are_looked_into():
    """linkDown and linkUp; other traps are counted, strangers and other communities dropped."""
    heard = Heard()
    heard.hear(trap(LINK_DOWN))
    heard.hear(trap(LINK_UP))
    assert heard.asked == ["edge@192.0.2.1:161"] * 2
    heard.hear(trap((1, 3, 6, 1, 6, 3, 1, 1, 5, 1)))
    heard.hear(trap(), "192.0.2.2")
    heard.hear(trap(community="public"))
    counts = heard.ear.counts
    assert (counts.links, counts.others, counts.unknown, counts.dropped) == (2, 1, 2, 0)
    assert len(heard.asked) == 2


def test_a_community_for_traps_is_taken_beside_each_agents_own():
    """Many networks have one of their own."""
    heard = Heard(community=Secret("traps"))
    heard.hear(trap(community="traps"))
    heard.hear(trap(community="c"))
    assert len(heard.asked) == 2


def test_an_ipv4_agent_is_known_at_a_socket_for_both_families():
    """Its address comes as ::ffff:192.0.2.1 there."""
    heard = Heard()
    heard.hear(trap(), "::ffff:192.0.2.1")
    assert len(heard.asked) == 1


def test_a_storm_is_bounded_for_each_host_and_for_all():
    """Ten at once and one a second of each host; two hundred at once and fifty a second of all."""
    heard = Heard(tuple(peer(f"10.0.{n // 250}.{n % 250}") for n in range(500)))
    for _ in range(100):
        heard.hear(trap(), "10.0.0.7")
    assert len(heard.asked) == 10
    heard.now_s = 5.0
    for _ in range(100):
        heard.hear(trap(), "10.0.0.7")
    assert len(heard.asked) == 15
    for number in range(500):
        heard.hear(trap(), f"10.0.{number // 250}.{number % 250}")
    assert len(heard.asked) <= 15 + 200
    assert heard.ear.counts.dropped == 700 - len(heard.asked)


@given(st.binary(max_size=200) | st.integers(0, 2**32).map(lambda seed: fuzzed(trap(), random.Random(seed))))
def test_whatever_is_sent_is_counted_and_asks_for_one_poll_at_most(data):
    """Noise, and traps with broken bytes."""
    heard = Heard()
    heard.hear(data)
    counts = heard.ear.counts
    assert counts.links + counts.others + counts.unknown == 1
    assert len(heard.asked) == counts.links


def test_broken_v3_messages_are_counted():
    """The engine's own parser is hardened by ours: nothing gets out of it."""

    async def scenario() -> None:
        asker, rng = PysnmpAsker(), random.Random(4)
        known = peer(HOST)
        asker.remember(known, HOST)
        asked: list[str] = []
        ear = TrapEar(asker, lambda: [known], asked.append, lambda: float(rng.randrange(10**6)))
        raw = bytes.fromhex("303e020103300f02024a69020300ffe30401040201030410300e0400020100020100040004000400")
        for _ in range(100):
            ear.datagram_received(fuzzed(raw, rng), (HOST, "162"))
        assert not asked
        await asker.close()

    asyncio.run(scenario())
