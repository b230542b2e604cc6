"""The machine's own links: which of them carry. Asked of the kernel, in the namespace of the process."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

# Of linux/sockios.h, linux/if.h and linux/ethtool.h.
_SIOCGIFFLAGS, _SIOCETHTOOL, _ETHTOOL_GLINK = 0x8913, 0x8946, 0x0A
_UP, _LOOPBACK, _RUNNING = 0x1, 0x8, 0x40
_FLAGS = struct.Struct("16sh22x")
_POINTER = struct.Struct("16sP16x")
_VALUE = struct.Struct("II")


class Carriers(Protocol):
    """Knows which links carry."""

    def carriers(self) -> Mapping[str, bool]:
        """Return for each link that is administratively up, loopback left out, whether it carries."""

    def carries(self, name: str) -> bool | None:
        """Tell whether a link carries, cheaply; None where that is not known, or the link was taken down."""

    def close(self) -> None:
        """Ask no more."""


class ScriptedCarriers:
    """Links as a test says."""

    def __init__(self, **links: bool) -> None:
        self.links = links

    def carriers(self) -> Mapping[str, bool]:
        """Return them all."""
        return dict(self.links)

    def carries(self, name: str) -> bool | None:
        """Tell of one."""
        return self.links.get(name)

    def close(self) -> None:
        """Nothing to close."""


class Kernel:
    """Asks by one socket of its own."""

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._buffer = ctypes.create_string_buffer(_VALUE.size)

    def carriers(self) -> dict[str, bool]:
        """Return for each link that is administratively up, loopback left out, whether it carries."""
        found: dict[str, bool] = {}
        for name in _names():
            flags = self._flags(name)
            if flags & _UP and not flags & _LOOPBACK:
                now = self.carries(name)
                found[name] = bool(flags & _RUNNING) if now is None else now
        return found

    def carries(self, name: str) -> bool | None:
        """Tell whether a link carries, as its driver knows at once; None where it does not tell, or was taken down.

        The flag `RUNNING` says the same up to a second later (the kernel's linkwatch).
        """
        _VALUE.pack_into(self._buffer, 0, _ETHTOOL_GLINK, 0)
        try:
            request = _POINTER.pack(name.encode(), ctypes.addressof(self._buffer))
            fcntl.ioctl(self._socket(), _SIOCETHTOOL, request)
        except OSError:
            return None
        carrier = bool(_VALUE.unpack_from(self._buffer)[1])
        return True if carrier else False if self._flags(name) & _UP else None

    def close(self) -> None:
        """Close the socket."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _flags(self, name: str) -> int:
        try:
            answer = fcntl.ioctl(self._socket(), _SIOCGIFFLAGS, _FLAGS.pack(name.encode(), 0))
        except OSError:
            return 0  # it went meanwhile
        flags: int = _FLAGS.unpack(answer)[1]
        return flags

    def _socket(self) -> socket.socket:
        if self._sock is None:
            self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        return self._sock


def _names() -> list[str]:
    """Return the names of all links; where netlink is not permitted (the service's unit), as sysfs lists them."""
    try:
        return [name for _, name in socket.if_nameindex()]
    except OSError:
        return [path.name for path in Path("/sys/class/net").iterdir()]


Change = tuple[str, bool]


@dataclass(slots=True)
class Links:
    """Links as of the last look. A link that never carried says nothing; one taken down fails at sending."""

    kernel: Carriers = field(default_factory=Kernel)
    _carried: dict[str, bool] = field(default_factory=dict)

    def look(self) -> list[Change]:
        """Return the links whose carrier changed since the last look, and whether each carries now."""
        try:
            now = self.kernel.carriers()
        except OSError:
            return []
        changed = [(name, carries) for name, carries in now.items() if self._carried.get(name, carries) != carries]
        for name, carries in now.items():
            if carries or name in self._carried:
                self._carried[name] = carries
        for name in set(self._carried) - set(now):
            del self._carried[name]
        return changed

    def glance(self) -> list[Change]:
        """Look at the links known already, cheaply enough for every tick."""
        changed = []
        for name, before in self._carried.items():
            now = self.kernel.carries(name)
            if now is not None and now != before:
                changed.append((name, now))
        self._carried.update(changed)
        return changed

    @property
    def down(self) -> frozenset[str]:
        """Return the links that carried before and have lost their carrier."""
        return frozenset(name for name, carries in self._carried.items() if not carries)

    @property
    def dead(self) -> bool:
        """Tell whether every link that carried before has lost its carrier: what is sent then goes nowhere."""
        return bool(self._carried) and not any(self._carried.values())
