"""`slamon doctor`: what keeps a site from watching truly, each finding with what to do about it.

Every examination takes facts and returns findings; reading the machine is at the end of the file.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import socket
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from slamon.config.loaded import Loaded, load
from slamon.config.problems import InvalidInput
from slamon.config.settings import find_config
from slamon.service import clock
from slamon.service.daemon_lock import daemon_pid
from slamon.service.site import open_site
from slamon.service.status import Status, status
from slamon.store.errors import LedgerError
from slamon.store.ledger import Verification

RMEM_MAX_BYTES = 32 << 20  # what systemd/60-slamon.conf sets, and why
WMEM_MAX_BYTES = 8 << 20
DEFAULT_RMEM_LINES = 1000  # up to here the kernel's own limits do
FREE_BYTES = 1 << 30
FREE_RATIO = 0.05
POLLED_WITHIN = timedelta(minutes=2)
CAP_NET_RAW = 13
_TIME_ERROR = 5  # adjtimex(2)


class Level(StrEnum):
    """How bad a finding is: `bad` means that slamon does not do its work, `warn` that it may fail to one day."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was examined, what was found, and what to do where it is not well."""

    about: str
    level: Level
    said: str
    do: str | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """What is read off the machine; None: it could not be read.

    `capable` tells whether the process that probes (else this one) may open raw sockets, `ping_groups` are the groups
    that may open ping sockets, `groups` those of that process. `clock_error` None: nobody could be asked.
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


def of_sockets(machine: Machine) -> Finding:
    """Tell whether ICMP sockets can be had."""
    about = "ICMP sockets"
    if machine.capable:
        return Finding(about, Level.OK, "raw sockets are permitted (CAP_NET_RAW)")
    low, high = machine.ping_groups or (1, 0)
    if any(low <= group <= high for group in machine.groups):
        return Finding(about, Level.OK, f"ping sockets are permitted (ping_group_range {low} {high})")
    hint = (
        'give the service CAP_NET_RAW (systemd/slamon.service does), or sysctl net.ipv4.ping_group_range="61184 65519"'
    )
    return Finding(about, Level.BAD, "neither raw nor ping sockets are permitted", hint)


def of_buffers(machine: Machine, lines: int) -> Finding:
    """Tell whether a socket holds the replies of a stall (reliability: nothing lost under 250 ms)."""
    about = "socket buffers"
    if machine.rmem_max is None or machine.wmem_max is None:
        return Finding(about, Level.WARN, "net.core.rmem_max cannot be read here")
    said = f"rmem_max {machine.rmem_max}, wmem_max {machine.wmem_max}"
    if machine.rmem_max >= RMEM_MAX_BYTES and machine.wmem_max >= WMEM_MAX_BYTES:
        return Finding(about, Level.OK, said)
    level = Level.WARN if lines > DEFAULT_RMEM_LINES else Level.OK
    hint = f"install systemd/60-slamon.conf (rmem_max {RMEM_MAX_BYTES}) and run sysctl --system"
    return Finding(about, level, f"{said}: enough for about {DEFAULT_RMEM_LINES} lines", hint)


def of_clock(machine: Machine) -> Finding:
    """Tell whether the kernel calls its clock synchronised: complaints and alarms are compared in seconds."""
    if machine.synchronised is None:
        return Finding("clock", Level.WARN, "the kernel does not say whether its clock is synchronised")
    if machine.synchronised:
        return Finding("clock", Level.OK, "synchronised")
    return Finding("clock", Level.BAD, "not synchronised", "run chrony or systemd-timesyncd; see timedatectl")


def of_disk(machine: Machine, state_dir: Path) -> Finding:
    """Tell whether the ledger has room to grow."""
    about = "disk"
    if machine.writable is False:
        hint = "run doctor as root or as the service's user; or mount it writable"
        return Finding(about, Level.BAD, f"{state_dir} cannot be written", hint)
    if machine.free_bytes is None or not machine.total_bytes:
        return Finding(
            about, Level.BAD, f"{state_dir} cannot be read", "make it, or name another in [monitor] state_dir"
        )
    free = f"{machine.free_bytes / 2**30:.1f} GiB free for {state_dir}"
    if machine.free_bytes < FREE_BYTES or machine.free_bytes < FREE_RATIO * machine.total_bytes:
        return Finding(about, Level.WARN, free, "make room: while the disk is full nothing is recorded")
    return Finding(about, Level.OK, free)


def of_zones(zones: Iterable[str]) -> Finding:
    """Tell whether the contracts' time zones are known here."""
    missing = []
    for name in sorted(set(zones)):
        try:
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            missing.append(name)
    if missing:
        return Finding("time zones", Level.BAD, f"no data for {', '.join(missing)}", "install tzdata")
    return Finding("time zones", Level.OK, "data for every contract's zone")


def of_references(answers: Mapping[str, bool | str]) -> Finding:
    """Tell whether the vantage could know that it is blind; an answer is whether one came, or why none could."""
    about = "reference targets"
    if not answers:
        hint = "name two hosts beyond your uplink in [monitor] reference"
        return Finding(about, Level.WARN, "none: a dead uplink would look like every line failing", hint)
    silent = [
        f"{name} ({said})" if isinstance(said, str) else name for name, said in answers.items() if said is not True
    ]
    if len(silent) == len(answers):
        hint = "this vantage is blind: look at its uplink first"
        return Finding(about, Level.BAD, f"none answers: {', '.join(silent)}", hint)
    if silent:
        return Finding(about, Level.WARN, f"no answer from {', '.join(silent)}", "replace what does not answer pings")
    if len(answers) == 1:
        return Finding(about, Level.WARN, "one only, and it answers", "name a second: one host may fail by itself")
    return Finding(about, Level.OK, f"all {len(answers)} answer")


def of_daemon(found: Status) -> Finding:
    """Tell whether the daemon runs and polls."""
    if found.daemon_pid is None:
        return Finding("daemon", Level.BAD, "does not run", "systemctl start slamon; journalctl -u slamon says why not")
    running = f"runs (process {found.daemon_pid})"
    if found.checkpoint_at is None:
        return Finding("daemon", Level.WARN, f"{running}, but has recorded nothing yet", "look again in a minute")
    age = found.at - found.checkpoint_at
    if age > POLLED_WITHIN:
        hint = "journalctl -u slamon; a full disk or a locked ledger holds it up"
        return Finding(
            "daemon", Level.BAD, f"{running}, but recorded nothing for {age // timedelta(seconds=1)} s", hint
        )
    return Finding("daemon", Level.OK, f"{running}, {found.lines} lines")


def of_blindness(found: Status) -> Finding:
    """Tell what the vantage cannot see."""
    if not found.blind:
        return Finding("sight", Level.OK, "no line is blind")
    first = found.blind[0]
    said = f"{len(found.blind)} of {found.lines} lines blind, such as {first.line_id}: {first.reason}"
    return Finding("sight", Level.WARN, said, "slamon status lists them")


def of_backlogs(found: Status) -> Finding:
    """Tell what waits to be delivered."""
    waiting = {name: count for name, count in found.backlogs.items() if count}
    if not waiting:
        return Finding("backlogs", Level.OK, "nothing waits to be delivered")
    said = ", ".join(f"{count} for {name}" for name, count in waiting.items())
    return Finding("backlogs", Level.WARN, said, "slamon check --online asks the servers")


def of_ledger(found: Verification) -> Finding:
    """Tell whether the ledger is whole."""
    if found.sound:
        return Finding("ledger", Level.OK, f"{found.entries} entries, chain unbroken")
    hint = "keep the file as it is, restore a backup beside it, and compare (slamon ledger verify)"
    return Finding("ledger", Level.BAD, "its chain is broken", hint)


def examine(config: str | None, environ: Mapping[str, str], ping: Callable[[str], bool | str]) -> list[Finding]:
    """Examine a site and its machine; `ping` asks one address whether it answers."""
    try:
        loaded = load(find_config(config, environ), environ)
    except InvalidInput as refused:
        said = str(refused.problems[0])
        more = f" (and {len(refused.problems) - 1} more)" if len(refused.problems) > 1 else ""
        return [Finding("configuration", Level.BAD, f"{said}{more}", "slamon check lists all of it")]
    found = [Finding("configuration", Level.OK, f"{loaded.settings.path}, {len(loaded.inventory.lines)} lines")]
    machine = read_machine(loaded.settings.state_dir)
    found += [
        of_sockets(machine),
        of_buffers(machine, len(loaded.inventory.lines)),
        of_clock(machine),
        of_disk(machine, loaded.settings.state_dir),
        of_zones(str(contract.zone) for contract in loaded.contracts.versions),
        of_references({address: ping(address) for address in loaded.settings.reference}),
    ]
    return found + _of_the_ledger(config, environ, loaded)


def _of_the_ledger(config: str | None, environ: Mapping[str, str], loaded: Loaded) -> list[Finding]:
    path = Path(loaded.settings.ledger_url.removeprefix("sqlite:///"))
    try:
        there = path.exists()
    except OSError as error:
        return [
            Finding("ledger", Level.BAD, f"{path}: {error.strerror}", "run doctor as root or as the service's user")
        ]
    if not there:
        return [Finding("ledger", Level.WARN, f"there is none at {path} yet", "slamon run makes it")]
    try:
        with open_site(config, environ, read_only=True) as site:
            now: datetime = clock.now()
            seen = status(site, now)
            return [of_daemon(seen), of_blindness(seen), of_backlogs(seen), of_ledger(site.ledger.verify())]
    except LedgerError as error:
        return [Finding("ledger", Level.BAD, str(error), "slamon ledger verify")]


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
