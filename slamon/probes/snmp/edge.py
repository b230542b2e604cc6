"""pysnmp behind `Asker`: one engine, one socket per family, one exchange per question.

Questions go through the engine's own service interface (sendPdu of RFC 3412), below its tables of targets: nothing
has to be entered or looked up there per device. What pysnmp 7.1 does otherwise is settled here, in `sockets` and in
`identities`: it takes an answer from any address, counts its timeouts by the wall clock, knows a community by one name
only, enters a user anew at each change between two of its keys, and goes on resyncing.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.entity.engine import SnmpEngine
from pysnmp.entity.rfc3413 import ntfrcv
from pysnmp.error import PySnmpError
from pysnmp.proto.api import v2c
from pysnmp.proto.error import StatusInformation
from pysnmp.proto.rfc1902 import ObjectName

from slamon.probes.snmp.asking import AgentError, Oid, Peer, Trouble, Value
from slamon.probes.snmp.identities import Identities, Identity
from slamon.probes.snmp.sockets import Address, Dispatcher, Udp4, Udp6
from slamon.probes.snmp.troubles import agent_error, status_error
from slamon.probes.snmp.values import value_of

_NAMES_KEPT = 50_000
_SLACK_S = 1.0
_RESYNCS = frozenset({"NotInTimeWindow", "UnknownEngineID"})

_ELSEWHERE: Address = ("another socket", 0)


class PysnmpAsker:
    """Asks by pysnmp (`Asker`); made and used within one event loop."""

    def __init__(self) -> None:
        self._identities = Identities(self._new_engine)
        self._names: dict[Oid, ObjectName] = {}
        self._hosts: dict[str, str] = {}
        self._take: Callable[[Sequence[tuple[Oid, Value]]], None] | None = None
        self._transports: dict[tuple[int, tuple[int, ...]], Udp4 | Udp6] = {}

    async def get(self, peer: Peer, oids: Sequence[Oid]) -> list[Value]:
        """Return the values in the order of the objects; raises `AgentError`."""
        pdu = v2c.GetRequestPDU()
        v2c.apiPDU.set_defaults(pdu)
        v2c.apiPDU.set_varbinds(pdu, [(self._name(oid), v2c.null) for oid in oids])
        answer = await self._ask(peer, pdu)
        if len(answer) != len(oids) or any(tuple(name) != oid for (name, _), oid in zip(answer, oids, strict=True)):
            raise AgentError(Trouble.MALFORMED, "it answers other objects than it was asked for")
        return [value_of(value) for _, value in answer]

    async def following(self, peer: Peer, oids: Sequence[Oid], most: int) -> list[Mapping[Oid, Value]]:
        """Return up to `most` objects that follow each of `oids`; raises `AgentError`."""
        pdu = v2c.GetBulkRequestPDU()
        v2c.apiBulkPDU.set_defaults(pdu)
        v2c.apiBulkPDU.set_non_repeaters(pdu, 0)
        v2c.apiBulkPDU.set_max_repetitions(pdu, most)
        v2c.apiBulkPDU.set_varbinds(pdu, [(self._name(oid), v2c.null) for oid in oids])
        answer = await self._ask(peer, pdu)
        found: list[dict[Oid, Value]] = [{} for _ in oids]
        for place, (name, value) in enumerate(answer):
            found[place % len(oids)][tuple(name)] = value_of(value)
        return list(found)

    def forget(self, peer: Peer) -> None:
        """Let go of what is remembered of a peer: its address is looked up anew."""
        self._hosts.pop(peer.host, None)

    @property
    def strangers(self) -> int:
        """Return how many messages came from addresses that were not asked anything."""
        return sum(transport.strangers for transport in self._transports.values())

    def host_of(self, peer: Peer) -> str | None:
        """Return the address that a peer has, as far as it has been looked up."""
        return self._hosts.get(peer.host)

    def remember(self, peer: Peer, host: str) -> None:
        """Take an address as that of a peer, without looking it up."""
        self._hosts[peer.host] = host

    def on_notification(self, take: Callable[[Sequence[tuple[Oid, Value]]], None]) -> None:
        """Have SNMPv3 traps that `hear` authenticated handed on."""
        self._take = take
        for engine in self._identities.engines:
            self._receive(engine)

    def hear(self, datagram: bytes, source: Address) -> None:
        """Take an SNMPv3 message that came to another socket; raises whatever the library makes of it.

        It can only be a notification: an answer that comes this way counts as a stranger's.
        """
        for transport in self._transports.values():
            transport.last_from = _ELSEWHERE
        try:
            for engine in self._identities.engines:
                domain = udp6.DOMAIN_NAME if ":" in source[0] else udp.DOMAIN_NAME
                engine.message_dispatcher.receive_message(engine, domain, source, datagram)
        finally:
            for transport in self._transports.values():
                transport.last_from = None

    def _receive(self, engine: SnmpEngine) -> None:
        def came(*said: Any) -> None:  # noqa: ANN401 - processPdu's callback
            if self._take is not None:
                self._take([(tuple(name), value_of(value)) for name, value in said[4]])

        ntfrcv.NotificationReceiver(engine, came)

    async def close(self) -> None:
        """Close the sockets and end the engines' timers."""
        for engine in self._identities.engines:
            engine.close_dispatcher()
        await asyncio.sleep(0)

    def _name(self, oid: Oid) -> ObjectName:
        found = self._names.get(oid)
        if found is None:
            if len(self._names) >= _NAMES_KEPT:
                self._names.clear()
            found = self._names[oid] = ObjectName(oid)
        return found

    async def _ask(self, peer: Peer, pdu: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ANN401 - pysnmp has no types
        address = await self._address(peer)
        try:
            answer = await asyncio.wait_for(self._answer(peer, address, pdu), peer.deadline_s + _SLACK_S)
        except TimeoutError:
            raise agent_error("RequestTimedOut", peer) from None
        except PySnmpError as error:
            raise AgentError(Trouble.AGENT, f"the exchange failed ({type(error).__name__})") from None
        status = int(v2c.apiPDU.get_error_status(answer))
        if status:
            raise status_error(status, int(v2c.apiPDU.get_error_index(answer, muteErrors=True) or 0))
        binds: Sequence[tuple[Any, Any]] = v2c.apiPDU.get_varbinds(answer)
        return binds

    async def _answer(self, peer: Peer, address: Address, pdu: Any) -> Any:  # noqa: ANN401 - pysnmp has no types
        """Exchange messages until there is an answer; one resync of SNMPv3's clock, then its error (F13)."""
        identity = self._identities.of(peer.credential)
        transport = self._transport(identity, address)
        transport.expected[address] = transport.expected.get(address, 0) + 1
        tries, resynced = peer.credential.retries, set[str]()
        try:
            while True:
                indication, answer = await self._exchange(peer, identity, transport, address, pdu)
                if indication is None:
                    return answer
                name = type(indication).__name__
                if name in _RESYNCS and name not in resynced:
                    resynced.add(name)
                elif name == "RequestTimedOut" and tries > 0:
                    tries -= 1
                else:
                    raise agent_error(indication, peer, heard=address in transport.heard)
        finally:
            transport.expected[address] -= 1
            if not transport.expected[address]:
                del transport.expected[address]
                transport.heard.discard(address)

    async def _exchange(
        self,
        peer: Peer,
        identity: Identity,
        transport: Udp4 | Udp6,
        address: Address,
        pdu: Any,  # noqa: ANN401 - pysnmp has no types
    ) -> tuple[Any, Any]:
        future: asyncio.Future[tuple[Any, Any]] = asyncio.get_running_loop().create_future()
        transport.heard.discard(address)

        def came(*said: Any) -> None:  # noqa: ANN401 - processResponsePdu of RFC 3412, twelve arguments
            transport.took = transport.last_from is not None
            if future.done():
                return
            status = said[9]
            if transport.last_from not in (address, None if status else address):  # None: the timer speaks
                future.set_exception(AgentError(Trouble.STRANGER, "another device answered in its place"))
            elif status:
                future.set_result((status["errorIndication"], None))
            else:
                future.set_result((None, said[8]))

        engine = identity.engine
        ticks = peer.credential.timeout_ms / 1000 / engine.transport_dispatcher.get_timer_resolution()
        try:
            engine.message_dispatcher.send_pdu(
                engine,
                transport.domain,
                transport.ADDRESS_TYPE(address),
                identity.message_model,
                identity.security_model,
                identity.security_name,
                identity.level,
                None,
                identity.context,
                1,
                pdu,
                True,  # noqa: FBT003 - an answer is expected
                ticks,
                came,
                None,
            )
        except StatusInformation as status:
            return status["errorIndication"], None
        return await future

    def _new_engine(self) -> SnmpEngine:
        engine = SnmpEngine()
        engine.register_transport_dispatcher(Dispatcher(loop=asyncio.get_running_loop()))
        if self._take is not None:
            self._receive(engine)
        return engine

    def _transport(self, identity: Identity, address: Address) -> Udp4 | Udp6:
        domain = udp6.DOMAIN_NAME if ":" in address[0] else udp.DOMAIN_NAME
        found = self._transports.get((id(identity.engine), domain))
        if found is None:
            found = Udp6() if ":" in address[0] else Udp4()
            self._transports[id(identity.engine), domain] = found
            found.open_client_mode()
            identity.engine.transport_dispatcher.register_transport(domain, found)
        return found

    async def _address(self, peer: Peer) -> Address:
        host = self._hosts.get(peer.host)
        if host is None:
            try:
                looked_up = asyncio.get_running_loop().getaddrinfo(peer.host, peer.port, type=socket.SOCK_DGRAM)
                found = await asyncio.wait_for(looked_up, peer.deadline_s)
            except (OSError, TimeoutError):
                raise AgentError(Trouble.ADDRESS, f"there is no address for {peer.host} now") from None
            host = self._hosts[peer.host] = str(found[0][4][0])
        return host, peer.port
