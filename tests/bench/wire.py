"""The wire of the rows with packets: a namespace whose lines hang on a TUN device, answered on another core.

The far end is `tests/lab/tunfar.c`: it answers 20 ms later, in a process and on a core of its own. Counters of the
device tell what both sides of it really sent, whoever sent it. Nothing leaves the namespace.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.netns import NEAR_ADDRESS, Namespace

DELAY_US = 20_000
LINES_NET = "10.0.0.0/12"  # every address of `fleet.address`
LAB = Path(__file__).resolve().parents[1] / "lab"
CHECKOUT = LAB.parents[1]
DROP_IN = CHECKOUT / "systemd" / "60-slamon.conf"
NEAR_CORE, FAR_CORE = 0, (os.cpu_count() or 1) - 1
_QUEUE_PACKETS = "20000"  # the wire's own queue: what it drops would be the wire's doing
_BUFFERS = ("net.core.rmem_max", "net.core.wmem_max", "net.core.netdev_max_backlog")


class CannotMeasure(Exception):
    """Something that a row needs is not there; its text says what."""


@dataclass(frozen=True, slots=True)
class Count:
    """Packets over a device since it was made: `sent` to the far end, `answered` by it."""

    sent: int
    answered: int

    def since(self, before: Count) -> Count:
        return Count(self.sent - before.sent, self.answered - before.answered)


@dataclass(slots=True)
class Far:
    """A far end on a device of its own."""

    device: str
    process: subprocess.Popen[str]
    told: dict[str, int] = field(default_factory=dict)

    def end(self) -> dict[str, int]:
        """End it and return what it counted: seen, answered, late_p50_us, late_p99_us."""
        if not self.told:
            self.process.terminate()
            words = self.process.communicate(timeout=10)[0].split()
            self.told = {name: int(value) for name, value in zip(words[::2], words[1::2], strict=True)}
        return self.told


@dataclass(frozen=True, slots=True)
class TunWire:
    """A namespace with far ends; `live` has the route to all lines."""

    near: Namespace
    live: Far
    program: Path

    def count(self, device: str = "") -> Count:
        """Return the counters of a device, the live one's without a name."""
        with self.near.entered():
            return count_of(device or self.live.device)

    def command(self, *command: str, core: int | None = None, privileged: bool = True) -> list[str]:
        """Return the command line that runs something inside; `privileged` or without CAP_NET_ADMIN, as shipped."""
        pinned = [] if core is None else ["taskset", "-c", str(core)]
        dropped = [] if privileged else ["setpriv", "--bounding-set", "-net_admin"]
        return self.near.command(*dropped, *pinned, *command)

    @contextlib.contextmanager
    def far(self, device: str, loss_permille: int = 0) -> Iterator[Far]:
        """Put another far end on a device; lines come to it by routes of their own."""
        with _far(self.near, self.program, device, loss_permille) as far:
            yield far

    def route(self, addresses: Iterable[str], device: str) -> None:
        """Let these lines hang on a device from now on."""
        for address in addresses:
            self.near.run("ip", "route", "replace", f"{address}/32", "dev", device, "src", NEAR_ADDRESS)


def count_of(device: str) -> Count:
    """Return the counters of a device in the calling thread's namespace."""
    text = Path("/proc/thread-self/net/dev").read_text(encoding="ascii")
    fields = next(line for line in text.splitlines() if line.strip().startswith(f"{device}:")).split(":")[1].split()
    return Count(int(fields[9]), int(fields[1]))


@contextlib.contextmanager
def wire(folder: Path) -> Iterator[TunWire]:
    """Make the namespace and its far end; they are gone afterwards, come what may. Raises `CannotMeasure`."""
    need("ip", "cc", "taskset", "setpriv")
    if os.geteuid() != 0 or not Path("/dev/net/tun").exists():
        raise CannotMeasure("rows with packets need root and /dev/net/tun")
    program = compiled(LAB / "tunfar.c", folder)
    near = Namespace(f"slamon-bench-{secrets.token_hex(3)}")
    _host("ip", "netns", "add", near.name)
    try:
        near.run("ip", "link", "set", "lo", "up")
        # A late reply may come over a device that has no route to its line any more.
        near.run("sysctl", "-q", "-w", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                 "net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1")  # fmt: skip
        with _far(near, program, "live", 0) as live:
            near.run("ip", "addr", "add", f"{NEAR_ADDRESS}/32", "dev", live.device)
            near.run("ip", "route", "add", LINES_NET, "dev", live.device, "src", NEAR_ADDRESS)
            yield TunWire(near, live, program)
    finally:
        _host("ip", "netns", "del", near.name)


@contextlib.contextmanager
def _far(near: Namespace, program: Path, device: str, loss_permille: int) -> Iterator[Far]:
    command = near.command("taskset", "-c", str(FAR_CORE), str(program), device, str(DELAY_US), str(loss_permille))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "up\n":
            raise CannotMeasure(f"the far end on {device} did not come up")
        near.run("ip", "link", "set", device, "txqueuelen", _QUEUE_PACKETS, "up")
        far = Far(device, process)
        yield far
    finally:
        process.kill()
        process.wait()


def compiled(source: Path, folder: Path) -> Path:
    """Compile a C source into a folder."""
    program = folder / source.stem
    _host("cc", "-O2", "-Wall", "-o", str(program), str(source))
    return program


def need(*tools: str) -> None:
    """Raise `CannotMeasure` where a tool is not installed."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        raise CannotMeasure(f"not installed: {', '.join(missing)} (make bench installs what it can, as root on Debian)")


@contextlib.contextmanager
def shipped_buffers() -> Iterator[Mapping[str, str]]:
    """Set the socket buffers of the shipped sysctl drop-in, machine-wide as they are, and set them back afterwards."""
    lines = [line.partition("=") for line in DROP_IN.read_text(encoding="utf-8").splitlines()]
    wanted = {key.strip(): value.strip() for key, _, value in lines if key.strip() in _BUFFERS}
    files = {key: Path("/proc/sys", *key.split(".")) for key in wanted}
    before = {key: file.read_text(encoding="ascii") for key, file in files.items()}
    try:
        for key, file in files.items():
            file.write_text(wanted[key], encoding="ascii")
        yield wanted
    finally:
        for key, file in files.items():
            file.write_text(before[key], encoding="ascii")


def module(name: str, *arguments: object) -> list[str]:
    """Return the command that runs a module of the benchmarks."""
    return [sys.executable, "-m", f"tests.bench.{name}", *map(str, arguments)]


def _host(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise CannotMeasure(f"{' '.join(command)}: {done.stderr.strip()}")
