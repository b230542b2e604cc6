"""The sockets under pysnmp: only who was asked is heard, and nothing that is heard can stop us (F10).

pysnmp 7.1 takes an answer from any address, and counts its timeouts by the wall clock.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from pysnmp.carrier.asyncio.dgram import udp, udp6
from pysnmp.carrier.asyncio.dispatch import AsyncioDispatcher

Address = tuple[str, int]


class Dispatcher(AsyncioDispatcher):  # type: ignore[misc] # pysnmp has no types
    """Counts timeouts by the monotonic clock: the wall clock may stand still or go back (F2)."""

    async def handle_timeout(self) -> None:
        while True:
            await asyncio.sleep(self.get_timer_resolution())
            self.handle_timer_tick(time.monotonic())


def _is_message(data: bytes) -> bool:
    """Tell whether bytes are one field of BER with fields in it, each of the length that it says."""
    return _fields(data, 8) == 1


def _fields(data: bytes, depth: int) -> int | None:
    """Return how many fields stand one after the other; None where their lengths do not fit."""
    at = count = 0
    while at < len(data):
        if at + 2 > len(data) or depth == 0:
            return None
        length, begins = data[at + 1], at + 2
        if length & 0x80:
            begins += length & 0x7F
            length = int.from_bytes(data[at + 2 : begins], "big")
        if begins + length > len(data) or (
            data[at] & 0x20 and _fields(data[begins : begins + length], depth - 1) is None
        ):
            return None
        at, count = begins + length, count + 1
    return count


class _Listening:
    """What the sockets of both families share: only who was asked is heard, and nothing heard can stop us (F10)."""

    expected: dict[Address, int]
    last_from: Address | None = None
    took = False
    strangers = 0
    broken = 0
    heard: set[Address]
    ADDRESS_TYPE: Any
    _callback_function: Any

    def datagram_received(self, datagram: bytes, address: tuple[Any, ...]) -> None:
        source = (address[0], address[1])
        if source not in self.expected:
            self.strangers += 1
            return
        self.last_from, self.took = source, False
        try:
            self._callback_function(self, self.ADDRESS_TYPE(source), datagram)
        except Exception:  # noqa: BLE001 - whatever a device sends: the library met what it did not expect
            self.took = False
        finally:
            self.last_from = None
        if not self.took and not _is_message(datagram):  # else an answer that came too late
            self.broken += 1
            self.heard.add(source)

    def error_received(self, exc: Exception) -> None:
        """Pass over ICMP errors: a port that is closed for a moment is a timeout like any other."""


class Udp4(_Listening, udp.UdpAsyncioTransport):  # type: ignore[misc] # pysnmp has no types
    """The socket for IPv4."""

    domain = udp.DOMAIN_NAME

    def __init__(self) -> None:
        super().__init__()
        self.expected, self.heard = {}, set()


class Udp6(_Listening, udp6.Udp6AsyncioTransport):  # type: ignore[misc] # pysnmp has no types
    """The socket for IPv6."""

    domain = udp6.DOMAIN_NAME

    def __init__(self) -> None:
        super().__init__()
        self.expected, self.heard = {}, set()
