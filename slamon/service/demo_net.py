"""The demo's own piece of network: two namespaces and a wire between them, real packets and real faults.

slamon runs in `near`; the kernel of `far` answers for every address of the demo's lines (a route of type local), and
nftables there cuts a line or loses a share of its packets. The namespaces have no names: each lives as long as a
process that waits on a pipe from this one, so whatever ends the demo, kill -9 included, takes them away too.

As root plain namespaces will do; without, a user namespace owns them, where the kernel allows that.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

FAR_LINES = "10.64.0.0/24"
REFERENCE = "10.99.0.2"
LOSS_PERCENT = 30
_TOOLS = {"ip": "iproute2", "nft": "nftables", "unshare": "util-linux", "nsenter": "util-linux", "cat": "coreutils"}
_SBIN = "/usr/sbin:/sbin"
_AT_MOST_S = 10

Say = Callable[[str], None]

_SET_UP = (
    ("near", "ip link set lo up"),
    ("near", "ip link add near0 type veth peer name far0 netns {far}"),
    ("near", "ip addr add 10.99.0.1/30 dev near0"),
    ("near", "ip link set near0 up"),
    ("far", "ip link set lo up"),
    ("far", f"ip addr add {REFERENCE}/30 dev far0"),
    ("far", "ip link set far0 up"),
    ("far", f"ip route add local {FAR_LINES} dev lo"),
    ("near", f"ip route add {FAR_LINES} via {REFERENCE}"),
    ("far", "nft add table inet demo"),
    ("far", "nft add set inet demo cut '{ type ipv4_addr; }'"),
    ("far", "nft add set inet demo lossy '{ type ipv4_addr; }'"),
    ("far", "nft add chain inet demo arriving '{ type filter hook input priority -300; policy accept; }'"),
    ("far", "nft add rule inet demo arriving ip daddr @cut drop"),
    ("far", f"nft add rule inet demo arriving ip daddr @lossy numgen random mod 100 '<' {LOSS_PERCENT} drop"),
)


class NoNetwork(Exception):
    """Namespaces or their faults cannot be had here; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace by the process that keeps it; `enter` is the command that goes inside."""

    name: str
    pid: int
    enter: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoNet:
    """Both namespaces, and what may be done to the lines between them; each command is said before it is run."""

    near: Namespace
    far: Namespace
    rootless: bool
    tools: Mapping[str, str]
    say: Say

    @property
    def dying_with_us(self) -> tuple[str, ...]:
        """The beginning of a command that is to end when this process does, whatever ends it; empty where unknown."""
        setpriv = self.tools.get("setpriv")
        return () if setpriv is None else (setpriv, "--pdeathsig", "TERM")

    def inside(self, namespace: Namespace, command: Sequence[str]) -> list[str]:
        """Return the command line that runs a command inside; it becomes the process, nothing stands between."""
        return [*namespace.enter, *command]

    def run(self, namespace: Namespace, text: str) -> None:
        """Say a command and run it inside; raises `NoNetwork` with what it said where it fails."""
        self.say(f"{namespace.name}# {text}")
        name, *arguments = shlex.split(text)
        command = self.inside(namespace, [self.tools[name], *arguments])
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_AT_MOST_S)
        except subprocess.TimeoutExpired:
            raise NoNetwork(f"`{text}` took longer than {_AT_MOST_S} s") from None
        if done.returncode != 0:
            reason = " ".join(done.stderr.split()) or f"exit code {done.returncode}"
            raise NoNetwork(f"`{text}` failed: {reason}")

    def cut(self, address: str) -> None:
        """Let nothing arrive at an address any more."""
        self.run(self.far, f"nft add element inet demo cut '{{ {address} }}'")

    def mend(self, address: str) -> None:
        """Undo `cut`."""
        self.run(self.far, f"nft delete element inet demo cut '{{ {address} }}'")

    def thin_out(self, address: str) -> None:
        """Lose a random share of the packets to an address."""
        self.run(self.far, f"nft add element inet demo lossy '{{ {address} }}'")

    def thicken(self, address: str) -> None:
        """Undo `thin_out`."""
        self.run(self.far, f"nft delete element inet demo lossy '{{ {address} }}'")


@contextmanager
def demo_net(environ: Mapping[str, str], say: Say) -> Iterator[DemoNet]:
    """Make the namespaces and the wire; they are gone when the block is left. Raises `NoNetwork`."""
    tools = _tools(environ)
    with ExitStack() as kept:
        near, far, rootless = _namespaces(kept, tools, say)
        net = DemoNet(near, far, rootless, tools, say)
        places = {"near": near, "far": far}
        for place, text in _SET_UP:
            net.run(places[place], text.replace("{far}", str(far.pid)))
        yield net


def _tools(environ: Mapping[str, str]) -> dict[str, str]:
    # A login without a login shell does not look into sbin; an empty PATH is somebody's wish that nothing be found.
    path = environ.get("PATH", os.defpath)
    path = f"{path}:{_SBIN}" if path else ""
    found = {
        tool: place
        for tool in (*_TOOLS, "setpriv")
        if (place := shutil.which(tool, path=path or "/nowhere")) is not None
    }
    missing = [tool for tool in _TOOLS if tool not in found]
    if missing:
        packages = " ".join(sorted({_TOOLS[tool] for tool in missing}))
        are = "is" if len(missing) == 1 else "are"
        raise NoNetwork(
            f"{', '.join(missing)} {are} not installed or not in $PATH (Debian: apt-get install {packages})"
        )
    return found


def _namespaces(kept: ExitStack, tools: Mapping[str, str], say: Say) -> tuple[Namespace, Namespace, bool]:
    """Return both namespaces: as root, else owned by a user namespace."""
    reasons = []
    for rootless in (False, True) if os.geteuid() == 0 else (True,):
        with ExitStack() as tried:
            try:
                near, far = _pair(tried, tools, say, rootless=rootless)
            except NoNetwork as refused:
                reasons.append(str(refused))
                continue
            kept.enter_context(tried.pop_all())
            return near, far, rootless
    hint = "" if os.geteuid() == 0 else "; as root (sudo slamon demo) it would work"
    raise NoNetwork(f"the kernel grants no network namespace: {'; '.join(reasons)}{hint}")


def _pair(kept: ExitStack, tools: Mapping[str, str], say: Say, *, rootless: bool) -> tuple[Namespace, Namespace]:
    unshare, nsenter, cat = tools["unshare"], tools["nsenter"], tools["cat"]
    own = ("--user", "--map-root-user") if rootless else ()
    near_pid = _keep(kept, [unshare, *own, "--net", cat], say)
    # The second namespace belongs to the same user namespace, or the wire could not be drawn into it.
    share = (nsenter, "-t", str(near_pid), "-U", "--preserve-credentials") if rootless else ()
    far_pid = _keep(kept, [*share, unshare, "--net", cat], say)
    user = ("-U", "--preserve-credentials") if rootless else ()
    near, far = (
        Namespace(name, pid, (nsenter, "-t", str(pid), *user, "-n"))
        for name, pid in (("near", near_pid), ("far", far_pid))
    )
    return near, far


def _keep(kept: ExitStack, command: Sequence[str], say: Say) -> int:
    """Start the process that keeps a namespace; it echoes a line once it is inside, and ends with our pipe."""
    shown = " ".join(part.rpartition("/")[2] if part.startswith("/") else part for part in command)
    say(f"$ {shown}")
    keeper = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    kept.callback(_release, keeper)
    assert keeper.stdin is not None and keeper.stdout is not None and keeper.stderr is not None  # noqa: S101, PT018
    try:
        keeper.stdin.write("\n")
        keeper.stdin.flush()
    except BrokenPipeError:
        pass
    if keeper.stdout.readline() != "\n":
        reason = " ".join(keeper.stderr.read().split())
        raise NoNetwork(reason or f"{shown} failed")
    return keeper.pid


def _release(keeper: subprocess.Popen[str]) -> None:
    keeper.kill()
    keeper.communicate()
