"""The machine's own links: whether any of them still carries. Asked of the kernel, in the namespace of the process."""

from __future__ import annotations

import fcntl
import socket
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Of linux/sockios.h and linux/if.h; RUNNING is what the driver says of its carrier.
_SIOCGIFFLAGS = 0x8913
_UP, _LOOPBACK, _RUNNING = 0x1, 0x8, 0x40
_REQUEST = struct.Struct("16sh22x")


def carriers() -> dict[str, bool]:
    """Return for each link that is administratively up, loopback left out, whether it carries."""
    found: dict[str, bool] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for name in _names():
            try:
                answer = fcntl.ioctl(sock, _SIOCGIFFLAGS, _REQUEST.pack(name.encode(), 0))
            except OSError:
                continue  # it went meanwhile
            flags = _REQUEST.unpack(answer)[1]
            if flags & _UP and not flags & _LOOPBACK:
                found[name] = bool(flags & _RUNNING)
    return found


def _names() -> list[str]:
    """Return the names of all links; where netlink is not permitted (the service's unit), as sysfs lists them."""
    try:
        return [name for _, name in socket.if_nameindex()]
    except OSError:
        return [path.name for path in Path("/sys/class/net").iterdir()]


@dataclass(slots=True)
class Links:
    """Links as of the last look. A link that never carried says nothing; one taken down fails at sending."""

    ask: Callable[[], Mapping[str, bool]] = carriers
    _carried: dict[str, bool] = field(default_factory=dict)

    def look(self) -> list[tuple[str, bool]]:
        """Return the links whose carrier changed since the last look, and whether each carries now."""
        try:
            now = self.ask()
        except OSError:
            return []
        changed = [(name, carries) for name, carries in now.items() if self._carried.get(name, carries) != carries]
        for name, carries in now.items():
            if carries or name in self._carried:
                self._carried[name] = carries
        for name in set(self._carried) - set(now):
            del self._carried[name]
        return changed

    @property
    def dead(self) -> bool:
        """Tell whether every link that carried before has lost its carrier: what is sent then goes nowhere."""
        return bool(self._carried) and not any(self._carried.values())
