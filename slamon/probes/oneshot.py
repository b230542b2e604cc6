"""One look at one address now, for people: ping and traceroute, bounded in count and time. Both block."""

from __future__ import annotations

import secrets
import select
from collections.abc import Callable
from dataclasses import dataclass

from icmplib import ICMPReply, ICMPRequest, ICMPv4Socket, ICMPv6Socket
from icmplib.exceptions import ICMPSocketError, SocketPermissionError, TimeoutExceeded

from slamon.core.reading import TargetStats
from slamon.probes.flights import Flight, Flights
from slamon.probes.icmp_socket import NO_SOCKET, EchoSocket, SendError
from slamon.probes.packet import MS_NS, Outcome, Packet, stats_of
from slamon.probes.protocol import MIN_GAP_MS, ProbeError
from slamon.probes.resolve import Address, family_of, literal, look_up
from slamon.probes.walltime import read_clocks, steady_ns

MAX_PACKETS = 100
MAX_HOPS = 30
# A path that is silent for so many hops in a row is not asked further.
_SILENT_HOPS = 5
_REACHED = {4: (0, 3), 6: (129, 1)}


@dataclass(frozen=True, slots=True)
class Ping:
    """One packet of a ping: `rtt_ms` is None where it was lost, `error` says why it could not be sent."""

    sequence: int
    answered: bool
    rtt_ms: float | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class PingResult:
    """What a ping showed; `stats` is None where no packet could be sent."""

    address: str
    stats: TargetStats | None
    pings: tuple[Ping, ...]


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of a traceroute; `address` and `rtt_ms` are None where nobody answered."""

    distance: int
    address: str | None
    rtt_ms: float | None
    reached: bool = False


def ping(
    target: str,
    packets: int = 5,
    timeout_ms: int = 1000,
    payload_bytes: int = 56,
    *,
    source: str | None = None,
    on_ping: Callable[[Ping], None] | None = None,
) -> PingResult:
    """Ping an address or host name: at most 100 packets, at most two per second; raises `ProbeError`.

    `source` is an address of this machine; `on_ping` is told of every packet as soon as it is decided, in order.
    """
    address = _address(target, source)
    packets = max(1, min(packets, MAX_PACKETS))
    sock = EchoSocket(address.family, 1 + secrets.randbelow(0xFFFF))
    try:
        flights: Flights[None] = Flights()
        launched: list[Packet] = []
        told = 0
        due_ns = steady_ns()
        while told < packets:
            if len(launched) < packets and steady_ns() >= due_ns:
                launched.append(_send(sock, flights, (address, source), timeout_ms * MS_NS, payload_bytes))
                due_ns += MIN_GAP_MS * MS_NS
            _land(sock, flights, max(0, min(due_ns - steady_ns(), 20 * MS_NS)))
            while told < len(launched) and launched[told].outcome is not Outcome.PENDING:
                told += 1
                if on_ping is not None:
                    on_ping(_shown(told, launched[told - 1]))
        pings = tuple(_shown(number, packet) for number, packet in enumerate(launched, start=1))
        return PingResult(address.host, stats_of(launched), pings)
    finally:
        sock.close()


def traceroute(
    target: str, source: str | None = None, *, max_hops: int = MAX_HOPS, timeout_ms: int = 1000
) -> tuple[Hop, ...]:
    """Return the path to an address or host name, one packet per hop, from `source`; raises `ProbeError`.

    Each hop has a sequence number of its own, so that a late answer is not taken for the next hop's. It takes at
    most `max_hops` timeouts and gives up after five silent hops in a row.
    """
    address = _address(target, source)
    identifier = 1 + secrets.randbelow(0xFFFF)
    hops: list[Hop] = []
    try:
        with (ICMPv4Socket if address.family == 4 else ICMPv6Socket)(source, privileged=True) as sock:
            for distance in range(1, min(max_hops, MAX_HOPS) + 1):
                request = ICMPRequest(address.host, identifier, distance, ttl=distance)
                hops.append(_hop(sock, request, timeout_ms, address.family))
                silent = sum(hop.address is None for hop in hops[-_SILENT_HOPS:])
                if hops[-1].reached or silent >= _SILENT_HOPS:
                    break
    except SocketPermissionError as error:
        raise ProbeError(NO_SOCKET.format(why="traceroute needs a raw socket, which is not permitted")) from error
    except ICMPSocketError as error:
        raise ProbeError(f"traceroute to {address.host} failed: {error}") from error
    return tuple(hops)


def _hop(sock: ICMPv4Socket | ICMPv6Socket, request: ICMPRequest, timeout_ms: int, family: int) -> Hop:
    sock.send(request)
    try:
        reply: ICMPReply = sock.receive(request, timeout_ms / 1000)
    except TimeoutExceeded:
        return Hop(request.sequence, None, None)
    rtt_ms = max(0.0, (reply.time - request.time) * 1000)
    return Hop(request.sequence, reply.source, rtt_ms, reached=reply.type in _REACHED[family])


def _send(
    sock: EchoSocket, flights: Flights[None], way: tuple[Address, str | None], timeout_ns: int, payload_bytes: int
) -> Packet:
    address, source = way
    clocks = read_clocks()
    packet = Packet(clocks.steady_ns)
    flight = Flight(None, packet, address.host, payload_bytes, timeout_ns, offset_ns=clocks.offset_ns)
    number = flights.number()
    try:
        flight.wall_ns = sock.send(address, number & 0xFFFF, flights.payload(number, payload_bytes), source=source)
    except SendError as error:
        packet.outcome, packet.reason = Outcome.UNSENT, f"not sent: {error}"
        return packet
    flights.launch(number, flight)
    return packet


def _land(sock: EchoSocket, flights: Flights[None], wait_ns: int) -> None:
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    poller.poll(wait_ns / MS_NS)
    clocks = read_clocks()
    for arrival in sock.drain(1000):
        flights.land(arrival, sock.identifier, clocks)
    flights.expire(clocks.steady_ns)


def _shown(number: int, packet: Packet) -> Ping:
    rtt_ms = packet.rtt_ns / MS_NS if packet.rtt_ns is not None else None
    return Ping(number, packet.outcome is Outcome.ANSWERED, rtt_ms, packet.reason)


def _address(target: str, source: str | None) -> Address:
    family = None if source is None else family_of(source)
    address = literal(target) or look_up(target, family)
    if address is not None and family not in (None, address.family):
        raise ProbeError(f"{target} is IPv{address.family}, and {source} is not")
    if address is None:
        raise ProbeError(f"{target!r} has no address: no such host name, or no name server answers now")
    return address
