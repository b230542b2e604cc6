"""`slamon doctor`: what keeps a site from watching truly, each finding with what to do about it.

Every examination takes facts and returns findings; `doctor_machine` reads the facts.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from slamon.config.loaded import Loaded, load
from slamon.config.problems import InvalidInput
from slamon.config.settings import find_config
from slamon.service import clock
from slamon.service.doctor_machine import Machine, read_machine
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
