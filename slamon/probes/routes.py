"""By which link a packet leaves: the kernel's own word (rtnetlink), so that policy rules and sources are respected."""

from __future__ import annotations

import contextlib
import socket
import struct
from collections.abc import Sequence
from functools import lru_cache

# Of linux/netlink.h and linux/rtnetlink.h.
_NETLINK_ROUTE, _REQUEST, _GETROUTE, _NEWROUTE = 0, 1, 26, 24
_TO, _FROM, _OIF = 1, 2, 4
_HEADER = struct.Struct("=IHHII")
_ROUTE = struct.Struct("=BBBBBBBBI")
_ATTRIBUTE = struct.Struct("=HH")
_INDEX = struct.Struct("=I")
_RECEIVE_BYTES = 1 << 16
# Each answer takes most of a kilobyte of the socket's buffer.
BATCH = 64

Way = tuple[str, str | None]
"""A target's address, and the source address that packets to it leave from (None: as the machine chooses)."""


class Routes:
    """Asks the kernel; in the namespace in which it is first used."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None

    def links_of(self, ways: Sequence[Way]) -> list[str | None]:
        """Return the name of the link for each way, None where the kernel has no route or does not answer."""
        found: list[str | None] = []
        for start in range(0, len(ways), BATCH):
            found.extend(self._ask(ways[start : start + BATCH]))
        return found

    def _ask(self, ways: Sequence[Way]) -> list[str | None]:
        found: list[str | None] = [None] * len(ways)
        requests = [_request(number, *way) for number, way in enumerate(ways)]
        # Whatever goes wrong leaves links unknown: then nothing is called blind for them.
        with contextlib.suppress(OSError):
            sock = self._socket()
            sock.send(b"".join(requests))
            open_ = sum(map(bool, requests))
            while open_ > 0:
                for number, link in _answers(sock.recv(_RECEIVE_BYTES)):
                    open_ -= 1
                    if number < len(found):
                        found[number] = link
            return found
        self.close()  # answers that come too late must not be taken for those of the next questions
        return found

    def _socket(self) -> socket.socket:
        if self._sock is None:
            self._sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_ROUTE)
            self._sock.settimeout(0.1)
        return self._sock

    def close(self) -> None:
        """Close the socket; the next question opens another."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def _request(number: int, target: str, source: str | None) -> bytes:
    family = socket.AF_INET6 if ":" in target else socket.AF_INET
    try:
        to = socket.inet_pton(family, target.partition("%")[0])
        since = b"" if source is None else socket.inet_pton(family, source)
    except OSError:
        return b""
    body = _ROUTE.pack(family, 8 * len(to), 8 * len(since), 0, 0, 0, 0, 0, 0)
    for kind, value in ((_TO, to), (_FROM, since)):
        if value:
            body += _ATTRIBUTE.pack(_ATTRIBUTE.size + len(value), kind) + value
    return _HEADER.pack(_HEADER.size + len(body), _GETROUTE, _REQUEST, number, 0) + body


def _answers(data: bytes) -> list[tuple[int, str | None]]:
    found = []
    while len(data) >= _HEADER.size:
        length, kind, _, number, _ = _HEADER.unpack_from(data)
        found.append((number, _link(data[_HEADER.size + _ROUTE.size : length]) if kind == _NEWROUTE else None))
        data = data[(length + 3) & ~3 :] if length >= _HEADER.size else b""
    return found


def _link(attributes: bytes) -> str | None:
    while len(attributes) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(attributes)
        if kind == _OIF:
            return _name(_INDEX.unpack_from(attributes, _ATTRIBUTE.size)[0])
        attributes = attributes[(length + 3) & ~3 :] if length else b""
    return None


@lru_cache(maxsize=1024)
def _name(index: int) -> str | None:
    try:
        return socket.if_indextoname(index)
    except OSError:
        return None
