"""The facts that `doctor` looks at, read off the machine without changing any."""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from slamon.service.daemon_lock import daemon_pid

CAP_NET_RAW = 13
_TIME_ERROR = 5  # adjtimex(2)


@dataclass(frozen=True, slots=True)
class Machine:
    """What is read off the machine; None: it could not be read.

    `capable` tells whether the process that probes (else this one) may open raw sockets, `ping_groups` are the groups
    that may open ping sockets, `groups` those of that process.
    """

    capable: bool | None
    groups: frozenset[int]
    ping_groups: tuple[int, int] | None
    rmem_max: int | None
    wmem_max: int | None
    synchronised: bool | None
    free_bytes: int | None
    total_bytes: int | None
    writable: bool | None


def read_machine(state_dir: Path) -> Machine:
    """Read the facts off this machine, without changing any."""
    usage = _usage(state_dir)
    prober = daemon_pid(state_dir)
    groups, capable = _rights(prober)
    return Machine(
        capable=capable,
        groups=groups,
        ping_groups=_pair(_read("/proc/sys/net/ipv4/ping_group_range")),
        rmem_max=_number(_read("/proc/sys/net/core/rmem_max")),
        wmem_max=_number(_read("/proc/sys/net/core/wmem_max")),
        synchronised=_synchronised(),
        free_bytes=usage[0],
        total_bytes=usage[1],
        writable=os.access(state_dir, os.W_OK) if usage[1] is not None else None,
    )


def _rights(pid: int | None) -> tuple[frozenset[int], bool | None]:
    """Return the groups of a process and whether it may open raw sockets; without a process, ours."""
    text = _read(f"/proc/{pid or 'self'}/status")
    if text is None:
        return frozenset(), None
    fields = {key: value.split() for key, _, value in (line.partition(":") for line in text.splitlines())}
    capable = bool(int(fields["CapEff"][0], 16) >> CAP_NET_RAW & 1)
    groups = frozenset(map(int, [*fields["Gid"][1:2], *fields["Groups"]]))
    if pid is None and not capable:
        capable = _raw_socket_opens()
    return groups, capable


def _raw_socket_opens() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
    except OSError:
        return False
    return True


def _usage(path: Path) -> tuple[int, int] | tuple[None, None]:
    there = next((folder for folder in (path, *path.parents) if folder.exists()), None)
    if there is None:
        return None, None
    found = shutil.disk_usage(there)
    return found.free, found.total


def _synchronised() -> bool | None:
    """Ask the kernel whether anything keeps its clock (adjtimex(2)); None where that is not to be had."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        state: int = libc.adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def _read(path: str) -> str | None:
    try:
        return Path(path).read_text(encoding="ascii")
    except OSError:
        return None


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _pair(text: str | None) -> tuple[int, int] | None:
    parts: Sequence[str] = [] if text is None else text.split()
    return (int(parts[0]), int(parts[1])) if len(parts) == 2 else None
