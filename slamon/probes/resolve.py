"""Addresses of targets, resolved in a thread so that nothing waits for a name server (F14)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from slamon.probes.packet import SECOND_NS

_RETRY_NS = 10 * SECOND_NS
_FRESH_NS = 300 * SECOND_NS
_DOMAINS = {None: socket.AF_UNSPEC, 4: socket.AF_INET, 6: socket.AF_INET6}


@dataclass(frozen=True, slots=True)
class Address:
    """A numeric address as the kernel prints it, and its family: 4 or 6."""

    host: str
    family: int


def literal(text: str) -> Address | None:
    """Return the address that a text spells, or None where it is a host name."""
    with contextlib.suppress(OSError, ValueError):  # the quick way for what most targets are
        socket.inet_pton(socket.AF_INET, text)
        return Address(text, 4)
    try:
        parsed = ipaddress.ip_address(text.strip())
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    except ValueError:
        return None
    return Address(str(parsed), parsed.version)


def family_of(address: str) -> int:
    """Return the family of a numeric address."""
    return 6 if ":" in address else 4


def look_up(name: str, family: int | None = None) -> Address | None:
    """Return the first address of a host name, IPv4 before IPv6, or None where it has none now. It blocks."""
    try:
        found = socket.getaddrinfo(name, None, _DOMAINS[family], socket.SOCK_DGRAM)
    except (OSError, UnicodeError):
        return None
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    return literal(str(found[0][4][0])) if found else None


@dataclass(slots=True)
class _Name:
    address: Address | None = None
    again_ns: int = 0
    running: Future[Address | None] | None = None


class Resolver:
    """Answers at once with what is known; asks again every 5 min, after a failure every 10 s."""

    def __init__(self, ask: Callable[[str, int | None], Address | None] = look_up) -> None:
        self._ask = ask
        self._pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="resolve")
        self._names: dict[tuple[str, int | None], _Name] = {}
        self._literals: dict[str, Address] = {}

    def address(self, target: str, now_ns: int, family: int | None = None) -> Address | None:
        """Return the address of a target, or None while it is not known. A known one outlives a dead name server.

        A name is asked for an address of the family, where one is given.
        """
        if target in self._literals:
            return self._literals[target]
        spelled = literal(target)
        if spelled is not None:
            self._literals[target] = spelled
            return spelled
        name = self._names.setdefault((target, family), _Name())
        if name.running is not None and name.running.done():
            found, name.running = name.running.result(), None
            name.address = found or name.address
            name.again_ns = now_ns + (_FRESH_NS if found else _RETRY_NS)
        if name.running is None and now_ns >= name.again_ns:
            name.running = self._pool.submit(self._ask, target, family)
        return name.address

    def close(self) -> None:
        """Give up what is still being asked."""
        self._pool.shutdown(wait=False, cancel_futures=True)
