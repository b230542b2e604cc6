"""An SNMP agent on loopback that answers from a dictionary, or misbehaves as it is told to.

It speaks SNMPv2c byte by byte (`V2Agent`); SNMPv3 is pysnmp's own agent side (`V3Agent`), whose engine clock can be
made to run wild. Both live in the event loop of the test.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.hlapi.v3arch.asyncio import auth
from pysnmp.proto import rfc1902
from pysnmp.proto.api import v2c
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance

from slamon.probes.snmp.asking import Oid

TOO_BIG = 1


@dataclass
class V2Agent(asyncio.DatagramProtocol):
    """Answers GET and GETBULK of anybody who knows the community.

    `objects` are library values by number; `most` is what fits into an answer; `garble` changes an answer's bytes
    (None: nothing is sent); `voice` answers in its place; `sizes` says how many objects each question named.
    """

    objects: dict[Oid, Any] = field(default_factory=dict)
    community: str = "public"
    most: int | None = None
    silent: bool = False
    delay_s: float = 0.0
    garble: Callable[[bytes], bytes | None] | None = None
    sizes: list[int] = field(default_factory=list)
    voice: V2Agent | None = None
    transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    @property
    def port(self) -> int:
        return int(self.transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: Any) -> None:
        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        if bytes(v2c.apiMessage.get_community(message)).decode() != self.community or self.silent:
            return
        answer = encoder.encode(self._answer(message))
        raw = answer if self.garble is None else self.garble(answer)
        if raw is not None:
            asyncio.get_running_loop().call_later(self.delay_s, self._send, raw, addr)

    def _send(self, raw: bytes, addr: Any) -> None:
        transport = (self.voice or self).transport
        if not transport.is_closing():
            transport.sendto(raw, addr)

    def _answer(self, message: Any) -> Any:
        pdu = v2c.apiMessage.get_pdu(message)
        asked = [tuple(name) for name, _ in v2c.apiPDU.get_varbinds(pdu)]
        self.sizes.append(len(asked))
        response = v2c.apiPDU.get_response(pdu)
        if self.most is not None and len(asked) > self.most:
            v2c.apiPDU.set_error_status(response, TOO_BIG)
            v2c.apiPDU.set_varbinds(response, [])
        elif pdu.isSameTypeWith(v2c.GetBulkRequestPDU()):
            v2c.apiPDU.set_varbinds(response, self._following(asked, int(v2c.apiBulkPDU.get_max_repetitions(pdu))))
        else:
            v2c.apiPDU.set_varbinds(response, [(oid, self.objects.get(oid, noSuchInstance)) for oid in asked])
        v2c.apiMessage.set_pdu(message, response)
        return message

    def _following(self, asked: list[Oid], most: int) -> list[tuple[Oid, Any]]:
        names = sorted(self.objects)
        rows = []
        for step in range(most):
            for oid in asked:
                at = bisect_right(names, oid) + step
                rows.append((names[at], self.objects[names[at]]) if at < len(names) else (oid, endOfMibView))
        return rows


@asynccontextmanager
async def v2_agent(host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[V2Agent]:
    """An agent on a free port."""
    loop = asyncio.get_running_loop()
    transport, agent = await loop.create_datagram_endpoint(V2Agent, local_addr=(host, port))
    try:
        yield agent
    finally:
        transport.close()


def port_objects(index: int, name: str, alias: str = "", **values: int) -> dict[Oid, Any]:
    """The objects of a port, as an agent holds them."""
    entry, extended = (1, 3, 6, 1, 2, 1, 2, 2, 1), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1)
    get = values.get
    return {
        (*entry, 2, index): rfc1902.OctetString(name),
        (*entry, 7, index): rfc1902.Integer32(get("admin", 1)),
        (*entry, 8, index): rfc1902.Integer32(get("oper", 1)),
        (*entry, 9, index): rfc1902.TimeTicks(get("last_change", 0)),
        (*entry, 13, index): rfc1902.Counter32(get("in_discards", 0)),
        (*entry, 14, index): rfc1902.Counter32(get("in_errors", 0)),
        (*entry, 19, index): rfc1902.Counter32(get("out_discards", 0)),
        (*entry, 20, index): rfc1902.Counter32(get("out_errors", 0)),
        (*extended, 1, index): rfc1902.OctetString(name),
        (*extended, 6, index): rfc1902.Counter64(get("in_octets", 0)),
        (*extended, 7, index): rfc1902.Counter64(get("in_packets", 0)),
        (*extended, 10, index): rfc1902.Counter64(get("out_octets", 0)),
        (*extended, 11, index): rfc1902.Counter64(get("out_packets", 0)),
        (*extended, 15, index): rfc1902.Gauge32(get("speed", 1000)),
        (*extended, 18, index): rfc1902.OctetString(alias),
        (*extended, 19, index): rfc1902.TimeTicks(0),
    }


def uptime(ticks: int) -> dict[Oid, Any]:
    """How long the agent says that it has been up."""
    return {(1, 3, 6, 1, 2, 1, 1, 3, 0): rfc1902.TimeTicks(ticks)}


class V3Agent:
    """pysnmp's agent side with one user (sha, aes); `reboot` raises its boots, a `wild` one does so at each message."""

    def __init__(self, port: int = 0) -> None:
        self.engine = SnmpEngine()
        self.wild = False
        self.messages = 0
        self._transport = udp.UdpTransport()
        config.add_transport(self.engine, udp.DOMAIN_NAME, self._transport.open_server_mode(("127.0.0.1", port)))
        config.add_v3_user(
            self.engine, "mon", auth.USM_AUTH_HMAC96_SHA, "authpass1", auth.USM_PRIV_CFB128_AES, "privpass1"
        )
        config.add_vacm_user(self.engine, 3, "mon", "authPriv", (1, 3, 6), (1, 3, 6))
        self._context = context.SnmpContext(self.engine)
        cmdrsp.GetCommandResponder(self.engine, self._context)
        received = self._transport.datagram_received

        def counted(datagram: bytes, address: Any) -> None:
            self.messages += 1
            if self.wild:
                self.reboot()
            received(datagram, address)

        self._transport.datagram_received = counted

    async def ready(self) -> int:
        """Return the port, as soon as there is one."""
        await self._transport._lport  # noqa: SLF001 - the library has no other word for "bound by now"
        return int(self._transport.transport.get_extra_info("sockname")[1])

    def reboot(self) -> None:
        """Let the engine begin another life."""
        (boots,) = self.engine.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots")
        boots.syntax = boots.syntax.clone(int(boots.syntax) + 1)

    def close(self) -> None:
        self.engine.close_dispatcher()


@asynccontextmanager
async def v3_agent() -> AsyncIterator[tuple[V3Agent, int]]:
    """An SNMPv3 agent and its port."""
    agent = V3Agent()
    try:
        yield agent, await agent.ready()
    finally:
        agent.close()
        await asyncio.sleep(0)
