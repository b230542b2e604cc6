"""One shared ICMP socket per address family: icmplib's socket and requests to send, our own look at what comes back.

icmplib's parser is left out where it is not sound: it trusts a 20-byte IP header and looks at no payload.
"""

from __future__ import annotations

import contextlib
import ctypes
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from icmplib import ICMPRequest, ICMPv4Socket, ICMPv6Socket
from icmplib.exceptions import ICMPSocketError, SocketPermissionError

from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import ProbeError
from slamon.probes.resolve import Address

# Of asm-generic/socket.h and linux/icmpv6.h; the socket module does not name them.
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_RXQ_OVFL = 40
_SO_ATTACH_FILTER = 26
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")
_ICMP6_FILTER = 1
_RCVBUF_BYTES = 8 << 20
_ECHO_REPLY = {4: 0, 6: 129}
_ANCILLARY_BYTES = socket.CMSG_SPACE(16) + socket.CMSG_SPACE(4)
_STAMP = struct.Struct("qq")
_DROPS = struct.Struct("I")
_ECHO = struct.Struct("!BBHHH")

NO_SOCKET = (
    "no ICMP socket may be opened: {why}. Run as root, or give CAP_NET_RAW "
    "(systemd: AmbientCapabilities=CAP_NET_RAW), or allow ping sockets for the group "
    '(sysctl net.ipv4.ping_group_range="0 2147483647")'
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An echo reply as it came: who sent it, its numbers, its payload, the kernel's wall stamp (None: unstamped)."""

    host: str
    identifier: int
    sequence: int
    payload: bytes
    stamp_ns: int | None
    intact: bool


class SendError(Exception):
    """A packet that could not be sent; its text is the reason. Never a loss."""


class EchoSocket:
    """An ICMP socket for echo requests of one family, raw where allowed, else a ping socket."""

    def __init__(self, family: int, identifier: int) -> None:
        kind = ICMPv4Socket if family == 4 else ICMPv6Socket
        self.family = family
        self.drops = self._drops_told = 0
        try:
            self._icmp, self.is_raw = kind(privileged=True), True
        except SocketPermissionError:
            self._icmp, self.is_raw = _ping_socket(kind), False
        except ICMPSocketError as error:
            raise ProbeError(f"no ICMP socket for IPv{family}: {error}") from error
        self._socket: socket.socket = self._icmp.sock
        self._socket.settimeout(0)
        if self.is_raw:
            self.identifier = identifier
            (_filter_v4 if family == 4 else _filter_v6)(self._socket, identifier)
        else:
            # The kernel puts the port of a ping socket into the identifier, and filters by it.
            self._socket.bind(("" if family == 4 else "::", 0))
            self.identifier = self._socket.getsockname()[1]
        _prepare(self._socket)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self._icmp.close()

    def send(self, address: Address, sequence: int, payload: bytes, dscp: int) -> int:
        """Send an echo request; return the wall time at which it left, in ns. Raises `SendError`."""
        request = ICMPRequest(address.host, self.identifier, sequence, payload, traffic_class=dscp << 2)
        try:
            self._icmp.send(request)
        except ICMPSocketError as error:
            # icmplib reads EPERM as "broadcast address"; here it is a firewall of our own.
            cause = error.__context__
            raise SendError(cause.strerror or str(cause) if isinstance(cause, OSError) else str(error)) from error
        except (ValueError, OverflowError) as error:
            raise SendError(str(error)) from error
        return round(float(request.time) * SECOND_NS)

    def new_drops(self) -> int:
        """Return how many replies the full buffer has dropped since the last call."""
        with contextlib.suppress(OSError, struct.error):  # says at once what SO_RXQ_OVFL says with the next reply only
            told = _MEMINFO.unpack(self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))
            self.drops = max(self.drops, told[-1])
        fresh, self._drops_told = self.drops - self._drops_told, self.drops
        return fresh

    def drain(self, limit: int) -> Iterator[Arrival]:
        """Yield what has arrived, at most `limit` packets."""
        for _ in range(limit):
            try:
                data, ancillary, _, source = self._socket.recvmsg(65_536, _ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # a pending ICMP error of some destination; the next call reads on
            stamp_ns = None
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= _STAMP.size:
                    seconds, nanos = _STAMP.unpack_from(value)
                    stamp_ns = seconds * SECOND_NS + nanos
                elif level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                    self.drops = max(self.drops, _DROPS.unpack_from(value)[0])
            arrival = parse(data, source[0], stamp_ns, self.family, has_ip_header=self.is_raw and self.family == 4)
            if arrival is not None:
                yield arrival


def open_sockets() -> tuple[dict[int, EchoSocket], dict[int, str]]:
    """Return the sockets by family, and why a family has none; raises `ProbeError` where none can be opened."""
    identifier = 1 + secrets.randbelow(0xFFFF)
    sockets: dict[int, EchoSocket] = {}
    missing: dict[int, str] = {}
    for family in (4, 6):
        try:
            sockets[family] = EchoSocket(family, identifier)
        except ProbeError as error:
            missing[family] = str(error)
    if not sockets:
        raise ProbeError(missing[4])
    return sockets, missing


def parse(data: bytes, host: str, stamp_ns: int | None, family: int, *, has_ip_header: bool) -> Arrival | None:
    """Return the echo reply in a packet, or None where it holds none. The length of the IP header is respected.

    The kernel checks ICMPv6 and ping-socket checksums; a raw IPv4 socket sees broken packets too.
    """
    if has_ip_header:
        if not data:
            return None
        data = data[(data[0] & 0x0F) * 4 :]
    if len(data) < _ECHO.size:
        return None
    kind, code, _, identifier, sequence = _ECHO.unpack_from(data)
    if kind != _ECHO_REPLY[family] or code != 0:
        return None
    intact = not has_ip_header or internet_checksum(data) == 0
    return Arrival(host, identifier, sequence, data[_ECHO.size :], stamp_ns, intact)


def internet_checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071); over a packet that carries its own it is 0."""
    padded = data + b"\0" if len(data) % 2 else data
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def _ping_socket(kind: type[ICMPv4Socket | ICMPv6Socket]) -> ICMPv4Socket | ICMPv6Socket:
    try:
        return kind(privileged=False)
    except SocketPermissionError as error:
        raise ProbeError(NO_SOCKET.format(why="neither a raw nor a ping socket is permitted")) from error
    except ICMPSocketError as error:
        raise ProbeError(NO_SOCKET.format(why=error)) from error


def _prepare(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RCVBUF_BYTES)
    except PermissionError:  # needs CAP_NET_ADMIN; then up to net.core.rmem_max
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RCVBUF_BYTES)


def _filter_v4(sock: socket.socket, identifier: int) -> None:
    """Let echo replies with our identifier pass, whatever the length of the IP header."""
    program = [
        (0xB1, 0, 0, 0),  # ldx 4 * (ip[0] & 0xf)
        (0x50, 0, 0, 0),  # ld  byte [x + 0]: the type
        (0x15, 0, 3, _ECHO_REPLY[4]),
        (0x48, 0, 0, 4),  # ld  half [x + 4]: the identifier
        (0x15, 0, 1, identifier),
        (0x06, 0, 0, 0xFFFFFFFF),
        (0x06, 0, 0, 0),
    ]
    _attach(sock, program)


def _filter_v6(sock: socket.socket, identifier: int) -> None:
    """Let echo replies with our identifier pass; a raw ICMPv6 socket sees no IP header."""
    passes = [0xFFFFFFFF] * 8
    passes[_ECHO_REPLY[6] >> 5] &= ~(1 << (_ECHO_REPLY[6] & 31))
    sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("8I", *passes))
    _attach(sock, [(0x28, 0, 0, 4), (0x15, 0, 1, identifier), (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0)])


def _attach(sock: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filters = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    with contextlib.suppress(OSError):  # without it all is still matched by cookie, only dearer
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
