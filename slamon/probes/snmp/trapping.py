"""Traps: a word from a configured agent that a link changed. It is never believed, only looked into.

linkDown and linkUp (RFC 1215, RFC 3418) of v1, v2c and v3 ask for a poll of their device out of turn. Whoever is not
an agent of ours, or does not know its community or key, is counted and dropped; so is what comes too fast.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pyasn1.codec.ber import decoder
from pysnmp.proto import api
from pysnmp.proto.api import verdec

from slamon.config.secret import Secret
from slamon.probes.snmp.asking import Oid, Peer, Value
from slamon.probes.snmp.values import value_of

LINK_DOWN: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5, 3)
LINK_UP: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 5, 4)
_TRAP_OID: Oid = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_GENERIC_LINK = (2, 3)  # linkDown and linkUp of SNMPv1
_KNOWN_FOR_S = 10.0

_HOST_BURST, _HOST_PER_S = 10.0, 1.0
_ALL_BURST, _ALL_PER_S = 200.0, 50.0


class V3Ear(Protocol):
    """Whatever can tell an SNMPv3 trap from a forged one."""

    def on_notification(self, take: Callable[[Sequence[tuple[Oid, Value]]], None]) -> None:
        """Have authenticated notifications handed on."""

    def hear(self, datagram: bytes, source: tuple[str, int]) -> None:
        """Take a message; raises anything for what it does not understand."""

    def host_of(self, peer: Peer) -> str | None:
        """Return a peer's address, where it is known."""


@dataclass(slots=True)
class _Bucket:
    level: float
    at_s: float

    def takes(self, now_s: float, burst: float, per_s: float) -> bool:
        """Tell whether one more is allowed now."""
        self.level = min(burst, self.level + (now_s - self.at_s) * per_s)
        self.at_s = now_s
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(slots=True)
class TrapCounts:
    """What came since the start: link traps that were looked into, and what was not."""

    links: int = 0
    others: int = 0
    unknown: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Known:
    at_s: float = float("-inf")
    hosts: dict[str, list[Peer]] = field(default_factory=dict)


class TrapEar(asyncio.DatagramProtocol):
    """The socket that traps come to."""

    def __init__(
        self,
        ear: V3Ear,
        agents: Callable[[], Iterable[Peer]],
        confirm: Callable[[str], None],
        now: Callable[[], float],
        community: Secret | None = None,
    ) -> None:
        self._ear, self._agents, self._confirm, self._now, self._community = ear, agents, confirm, now, community
        self._known = _Known()
        self._buckets: dict[str, _Bucket] = {}
        self._all = _Bucket(_ALL_BURST, now())
        self._from: Sequence[Peer] = ()
        self.counts = TrapCounts()
        ear.on_notification(self._authenticated)

    def datagram_received(self, data: bytes, addr: tuple[str | bytes, ...]) -> None:
        """Look into a trap; whatever it holds, it cannot do more than ask for a poll."""
        host = str(addr[0])
        if "." in host:  # an IPv4 sender at a socket for both families
            host = host.removeprefix("::ffff:")
        peers = self._hosts().get(host)
        if not peers:
            self.counts.unknown += 1
            return
        now = self._now()
        bucket = self._buckets.setdefault(host, _Bucket(_HOST_BURST, now))
        if not bucket.takes(now, _HOST_BURST, _HOST_PER_S) or not self._all.takes(now, _ALL_BURST, _ALL_PER_S):
            self.counts.dropped += 1
            return
        try:
            self._look_into(data, host, int(addr[1]), peers)
        except Exception:  # noqa: BLE001 - whatever was sent, and whatever the library makes of it
            self.counts.unknown += 1

    def error_received(self, exc: Exception) -> None:
        """Pass over errors of the network."""

    def _hosts(self) -> dict[str, list[Peer]]:
        """Return the agents by their addresses, as they are known by now."""
        now = self._now()
        if now - self._known.at_s >= _KNOWN_FOR_S:
            hosts: dict[str, list[Peer]] = {}
            for peer in self._agents():
                host = self._ear.host_of(peer)
                if host is not None:
                    hosts.setdefault(host, []).append(peer)
            self._known = _Known(now, hosts)
            self._buckets = {host: bucket for host, bucket in self._buckets.items() if host in hosts}
        return self._known.hosts

    def _look_into(self, data: bytes, host: str, port: int, peers: Sequence[Peer]) -> None:
        version = int(verdec.decode_message_version(data))
        if version == 3:
            before = self.counts.links + self.counts.others
            self._from = [peer for peer in peers if peer.credential.version == "3"]
            self._ear.hear(data, (host, port))
            self.counts.unknown += before == self.counts.links + self.counts.others
            return
        module = api.PROTOCOL_MODULES[version]
        message, _ = decoder.decode(data, asn1Spec=module.Message())
        said = bytes(module.apiMessage.get_community(message))
        ours = [peer for peer in peers if self._admitted(peer, said)]
        if not ours:
            self.counts.unknown += 1
            return
        pdu = module.apiMessage.get_pdu(message)
        if version == 0:
            link = (
                pdu.isSameTypeWith(module.TrapPDU()) and int(module.apiTrapPDU.get_generic_trap(pdu)) in _GENERIC_LINK
            )
            self._told(ours, link=bool(link))
        elif pdu.isSameTypeWith(module.SNMPv2TrapPDU()):
            binds = [(tuple(name), value_of(value)) for name, value in module.apiPDU.get_varbinds(pdu)]
            self._told(ours, link=_is_link(binds))
        else:
            self.counts.unknown += 1

    def _admitted(self, peer: Peer, said: bytes) -> bool:
        allowed = [secret for secret in (self._community, peer.credential.community) if secret is not None]
        return any(hmac.compare_digest(said, secret.reveal().encode()) for secret in allowed)

    def _authenticated(self, binds: Sequence[tuple[Oid, Value]]) -> None:
        self._told(self._from, link=_is_link(binds))

    def _told(self, peers: Sequence[Peer], *, link: bool) -> None:
        if not link:
            self.counts.others += 1
            return
        self.counts.links += 1
        for peer in peers:
            self._confirm(peer.name)


def _is_link(binds: Iterable[tuple[Oid, Value]]) -> bool:
    return any(name == _TRAP_OID and value in (LINK_DOWN, LINK_UP) for name, value in binds)
