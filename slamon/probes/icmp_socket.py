"""One shared ICMP socket per address family, raw where allowed, else a ping socket."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import secrets
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass

from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import ProbeError
from slamon.probes.resolve import Address
from slamon.probes.shape import internet_checksum

# Of asm-generic/socket.h and linux/icmpv6.h; the socket module does not name them.
_SO_SNDBUFFORCE = 32
_SO_RCVBUFFORCE = 33
SO_TIMESTAMPNS = 35
_SO_RXQ_OVFL = 40
_SO_ATTACH_FILTER = 26
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")
_ICMP6_FILTER = 1
# 0.5 s of replies at 50,000 a second; what the kernel books for a small packet is some 800 bytes.
_RCVBUF_BYTES = 32 << 20
_SNDBUF_BYTES = 8 << 20
_ECHO_REPLY = {4: 0, 6: 129}
ANCILLARY_BYTES = socket.CMSG_SPACE(16) + socket.CMSG_SPACE(4)
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
        self.family = family
        self.drops = self._drops_told = 0
        self.socket, self.is_raw = _open(family)
        self.socket.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self._level, self._option = (
            (socket.IPPROTO_IP, socket.IP_TOS) if family == 4 else (socket.IPPROTO_IPV6, socket.IPV6_TCLASS)
        )
        self._dscp = 0
        if self.is_raw:
            self.identifier = identifier
            (filter_v4 if family == 4 else filter_v6)(self.socket, identifier)
        else:
            # The kernel puts the port of a ping socket into the identifier, and filters by it.
            self.socket.bind(("" if family == 4 else "::", 0))
            self.identifier = self.socket.getsockname()[1]
        _prepare(self.socket)

    @property
    def has_ip_header(self) -> bool:
        """Tell whether what is received begins with an IP header."""
        return self.is_raw and self.family == 4

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self.socket.fileno()

    def close(self) -> None:
        """Close the socket."""
        self.socket.close()

    def mark(self, dscp: int) -> None:
        """Let what is sent from now on carry a DSCP."""
        if dscp != self._dscp:
            self.socket.setsockopt(self._level, self._option, dscp << 2)
            self._dscp = dscp

    def send(self, address: Address, sequence: int, payload: bytes, dscp: int = 0, source: str | None = None) -> int:
        """Send an echo request; return the wall time at which it left, in ns. Raises `SendError`."""
        kind = 8 if self.family == 4 else 128
        body = struct.pack("!HH", self.identifier, sequence) + payload
        checksum = internet_checksum(bytes((kind, 0, 0, 0)) + body)
        wall_ns = time.clock_gettime_ns(time.CLOCK_REALTIME)
        self.dispatch(struct.pack("!BBH", kind, 0, checksum) + body, address.host, dscp, source)
        return wall_ns

    def dispatch(self, packet: bytes, host: str, dscp: int, source: str | None = None) -> None:
        """Send a whole packet; raises `SendError`."""
        try:
            self.mark(dscp)
            if source is None:
                self.socket.sendto(packet, (host, 0))
            else:
                self.socket.sendmsg([packet], [from_source(source, self.family)], 0, (host, 0))
        except OSError as error:
            raise SendError(why(error, source)) from error
        except (ValueError, OverflowError) as error:
            raise SendError(str(error)) from error

    def new_drops(self) -> int:
        """Return how many replies the full buffer has dropped since the last call."""
        with contextlib.suppress(OSError, struct.error):  # says at once what SO_RXQ_OVFL says with the next reply only
            told = _MEMINFO.unpack(self.socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size))
            self.drops = max(self.drops, told[-1])
        fresh, self._drops_told = self.drops - self._drops_told, self.drops
        return fresh

    def drain(self, limit: int) -> Iterator[Arrival]:
        """Yield what has arrived, at most `limit` packets."""
        for _ in range(limit):
            try:
                data, ancillary, _, source = self.socket.recvmsg(65_536, ANCILLARY_BYTES)
            except BlockingIOError:
                return
            except OSError:
                continue  # a pending ICMP error of some destination; the next call reads on
            stamp_ns = self.stamp(ancillary)
            arrival = parse(data, source[0], stamp_ns, self.family, has_ip_header=self.has_ip_header)
            if arrival is not None:
                yield arrival

    def stamp(self, ancillary: list[tuple[int, int, bytes]]) -> int | None:
        """Return the kernel's stamp among what came with a packet, and note the drops that are told there."""
        stamp_ns = None
        for level, kind, value in ancillary:
            if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS and len(value) >= _STAMP.size:
                seconds, nanos = _STAMP.unpack_from(value)
                stamp_ns = seconds * SECOND_NS + nanos
            elif level == socket.SOL_SOCKET and kind == _SO_RXQ_OVFL:
                self.drops = max(self.drops, _DROPS.unpack_from(value)[0])
        return stamp_ns


def why(error: OSError, source: str | None = None) -> str:
    """Return what a packet that could not be sent met with, in the kernel's words."""
    said = error.strerror or str(error)
    if source is None:
        return said
    # All that the kernel says of a source that is not its own: the one of IPv4, the other of IPv6.
    doubt = " (is it an address of this machine?)" if error.errno in (errno.ENETUNREACH, errno.EINVAL) else ""
    return f"{said} from {source}{doubt}"


def from_source(source: str, family: int) -> tuple[int, int, bytes]:
    """Return the control message that sends a packet from an address of this machine."""
    if family == 4:
        # IP_PKTINFO = 8, of linux/in.h; the socket module does not name it everywhere.
        return socket.IPPROTO_IP, 8, struct.pack("i4s4s", 0, socket.inet_aton(source), bytes(4))
    return socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, struct.pack("16si", socket.inet_pton(socket.AF_INET6, source), 0)


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


def _open(family: int) -> tuple[socket.socket, bool]:
    domain, protocol = (
        (socket.AF_INET, socket.IPPROTO_ICMP) if family == 4 else (socket.AF_INET6, socket.IPPROTO_ICMPV6)
    )
    try:
        return socket.socket(domain, socket.SOCK_RAW, protocol), True
    except PermissionError:
        pass
    except OSError as error:
        raise ProbeError(f"no ICMP socket for IPv{family}: {error}") from error
    try:
        return socket.socket(domain, socket.SOCK_DGRAM, protocol), False
    except PermissionError as error:
        raise ProbeError(NO_SOCKET.format(why="neither a raw nor a ping socket is permitted")) from error
    except OSError as error:
        raise ProbeError(NO_SOCKET.format(why=error)) from error


def _prepare(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
    for force, plain, size in (
        (_SO_RCVBUFFORCE, socket.SO_RCVBUF, _RCVBUF_BYTES),
        (_SO_SNDBUFFORCE, socket.SO_SNDBUF, _SNDBUF_BYTES),
    ):
        try:
            sock.setsockopt(socket.SOL_SOCKET, force, size)
        except PermissionError:  # needs CAP_NET_ADMIN; then up to net.core.rmem_max, wmem_max
            sock.setsockopt(socket.SOL_SOCKET, plain, size)


def filter_v4(sock: socket.socket, identifier: int) -> None:
    """Let echo replies with our identifier pass, and errors that quote our requests, however long the IP headers."""
    passes, refuse = (0x06, 0, 0, 0xFFFFFFFF), (0x06, 0, 0, 0)
    program = [
        (0xB1, 0, 0, 0),  # ldx 4 * (ip[0] & 0xf)
        (0x50, 0, 0, 0),  # ld  byte [x + 0]: the type
        (0x15, 0, 2, _ECHO_REPLY[4]),
        (0x48, 0, 0, 4),  # ld  half [x + 4]: the identifier
        (0x15, 10, 11, identifier),
        (0x15, 1, 0, 3),  # unreachable
        (0x15, 0, 9, 11),  # time exceeded
        (0x50, 0, 0, 8),  # ld  byte [x + 8]: the quoted IP header
        (0x54, 0, 0, 0x0F),
        (0x64, 0, 0, 2),
        (0x0C, 0, 0, 0),  # add x
        (0x07, 0, 0, 0),  # tax: the quoted ICMP header stands at x + 8
        (0x48, 0, 0, 12),
        (0x15, 1, 2, identifier),
        passes,
        passes,
        refuse,
    ]
    _attach(sock, program)


def filter_v6(sock: socket.socket, identifier: int) -> None:
    """Let echo replies with our identifier pass, and errors that quote our requests; there is no IP header."""
    passes = [0xFFFFFFFF] * 8
    for kind in (_ECHO_REPLY[6], 1, 3):
        passes[kind >> 5] &= ~(1 << (kind & 31))
    sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("8I", *passes))
    program = [
        (0x30, 0, 0, 0),  # ld byte [0]: the type
        (0x15, 0, 2, _ECHO_REPLY[6]),
        (0x28, 0, 0, 4),
        (0x15, 2, 3, identifier),
        (0x28, 0, 0, 52),  # the identifier of the quoted request
        (0x15, 0, 1, identifier),
        (0x06, 0, 0, 0xFFFFFFFF),
        (0x06, 0, 0, 0),
    ]
    _attach(sock, program)


def _attach(sock: socket.socket, program: list[tuple[int, int, int, int]]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    filters = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(code))
    with contextlib.suppress(OSError):  # without it all is still matched by cookie, only dearer
        sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, filters)
