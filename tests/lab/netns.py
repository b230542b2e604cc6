"""Network namespaces for tests with real packets: slamon probes here, a million addresses answer there.

`wire()` makes two namespaces joined by a veth pair. The far kernel answers pings to every address of `FAR_V4` and
`FAR_V6` (AnyIP: routes of type local); nftables in the far namespace cuts, restores and thins out single addresses.
Names are unique and always deleted. Nothing leaves the namespaces.

    with wire() as lab:
        lab.cut("10.64.0.5")
        lab.near.run("ping", "-c1", "10.64.0.6")       # a command inside
        with lab.near.entered():                       # this thread inside: sockets and children are made there
            ...
"""

from __future__ import annotations

import contextlib
import ctypes
import secrets
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FAR_V4 = "10.64.0.0/12"
FAR_V6 = "fd64::/32"
NEAR_ADDRESS = "10.99.0.1"
FAR_ADDRESS = "10.99.0.2"
SECOND_V4, SECOND_V6 = "10.99.0.5", "fd99::5"
BESIDE_V4, BESIDE_V6 = "10.65.0.0/16", "fd64:0:1::/48"
_CLONE_NEWNET = 0x40000000

_RULES = """
table inet lab {
  set cut4 { type ipv4_addr; }
  set cut6 { type ipv6_addr; }
  chain arriving {
    type filter hook input priority -300; policy accept;
    ip daddr @cut4 drop
    ip6 daddr @cut6 drop
    jump thin
    jump uplink
  }
  chain thin {
  }
  chain uplink {
  }
}
"""


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=20)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


@dataclass(frozen=True)
class Namespace:
    """A network namespace by its name."""

    name: str

    def run(self, *command: str) -> str:
        """Run a command inside and return what it printed; raises `RuntimeError` when it fails."""
        return _run(*self.command(*command))

    def command(self, *command: str) -> list[str]:
        """Return the command line that runs a command inside."""
        return ["ip", "netns", "exec", self.name, *command]

    def nft(self, rules: str) -> None:
        """Feed rules to nft inside."""
        _run(*self.command("nft", "-f", "-"), text=rules)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Put the calling thread inside: its new sockets and child processes live there."""
        with Path("/proc/thread-self/ns/net").open() as home, Path("/run/netns", self.name).open() as there:
            _set_namespace(there.fileno())
            try:
                yield
            finally:
                _set_namespace(home.fileno())


@dataclass
class Wire:
    """Two namespaces joined by a link, and what is wrong with it just now."""

    near: Namespace
    far: Namespace
    near_link: str
    thinned: dict[str, int] = field(default_factory=dict)

    def cut(self, *addresses: str) -> None:
        """Let nothing arrive at these far addresses any more, all at one instant."""
        self.far.nft("\n".join(_element("add", address) for address in addresses) + "\n")

    def restore(self, *addresses: str) -> None:
        """Undo `cut`, all at one instant."""
        self.far.nft("\n".join(_element("delete", address) for address in addresses) + "\n")

    def thin(self, address: str, loss_percent: int) -> None:
        """Lose a random share of the echo requests to an address; 0 ends it."""
        self.thinned[address] = loss_percent
        rules = [
            f"add rule inet lab thin {_match(target)} numgen random mod 100 < {share} drop"
            for target, share in self.thinned.items()
            if share
        ]
        self.far.nft("\n".join(["flush chain inet lab thin", *rules]) + "\n")

    def cut_uplink(self) -> None:
        """Lose every packet to the far end, whatever its address."""
        self.far.nft("add rule inet lab uplink drop\n")

    def restore_uplink(self) -> None:
        """Undo `cut_uplink`."""
        self.far.nft("flush chain inet lab uplink\n")

    def link_down(self) -> None:
        """Take the near interface down: sending fails."""
        self.near.run("ip", "link", "set", self.near_link, "down")

    def second_source(self) -> tuple[str, str]:
        """Give the near end a second address of each family on the same link; return them."""
        self.near.run("ip", "addr", "add", f"{SECOND_V4}/32", "dev", self.near_link)
        self.near.run("ip", "-6", "addr", "add", f"{SECOND_V6}/64", "dev", self.near_link, "nodad",
                      "preferred_lft", "0")  # fmt: skip  # never the kernel's own choice
        self.far.run("ip", "route", "add", SECOND_V4, "via", NEAR_ADDRESS)
        for source, target in ((SECOND_V4, FAR_ADDRESS), (SECOND_V6, "fd99::2"), ("fd99::1", "fd99::2")):
            self.near.run("ping", "-c", "1", "-W", "5", "-I", source, target)  # the neighbours know each other
        return SECOND_V4, SECOND_V6

    def cut_sources(self, *sources: str) -> None:
        """Lose every packet that comes from these addresses."""
        for source in sources:
            family = "ip6" if ":" in source else "ip"
            self.far.nft(f"add rule inet lab uplink {family} saddr {source} drop\n")

    def second_link(self) -> None:
        """Join the namespaces by another link, over which the near end reaches `BESIDE_V4` and `BESIDE_V6`."""
        near, far = self.beside_link
        _run("ip", "link", "add", near, "netns", self.near.name, "type", "veth",
             "peer", "name", far, "netns", self.far.name)  # fmt: skip
        self.near.run("ip", "addr", "add", "10.99.1.1/30", "dev", near)
        self.far.run("ip", "addr", "add", "10.99.1.2/30", "dev", far)
        self.near.run("ip", "-6", "addr", "add", "fd98::1/64", "dev", near, "nodad")
        self.far.run("ip", "-6", "addr", "add", "fd98::2/64", "dev", far, "nodad")
        for namespace, link in ((self.far, far), (self.near, near)):
            namespace.run("ip", "link", "set", link, "up")
        self.near.run("ip", "route", "add", BESIDE_V4, "via", "10.99.1.2")
        self.near.run("ip", "-6", "route", "add", BESIDE_V6, "via", "fd98::2")

    @property
    def beside_link(self) -> tuple[str, str]:
        """The near and far end of the second link."""
        return f"m{self.near_link[1:]}", f"g{self.near_link[1:]}"

    def pull_cable(self, *, out: bool) -> None:
        """Let the second link lose its carrier, or have it back."""
        self.far.run("ip", "link", "set", self.beside_link[1], "down" if out else "up")
        if not out:  # the far IPv6 address went with the link
            self.far.run("ip", "-6", "addr", "replace", "fd98::2/64", "dev", self.beside_link[1], "nodad")

    def link_up(self) -> None:
        """Bring the near interface and its routes back."""
        self.near.run("ip", "link", "set", self.near_link, "up")
        _near_routes(self.near, self.near_link)


@contextlib.contextmanager
def wire() -> Iterator[Wire]:
    """Make a near and a far namespace with a link between them; delete them afterwards, come what may."""
    token = secrets.token_hex(3)
    near, far = Namespace(f"slamon-near-{token}"), Namespace(f"slamon-far-{token}")
    near_link, far_link = f"n{token}", f"f{token}"
    try:
        for namespace in (near, far):
            _run("ip", "netns", "add", namespace.name)
            namespace.run("ip", "link", "set", "lo", "up")
        _run("ip", "link", "add", near_link, "netns", near.name, "type", "veth",
             "peer", "name", far_link, "netns", far.name)  # fmt: skip
        near.run("ip", "addr", "add", f"{NEAR_ADDRESS}/30", "dev", near_link)
        far.run("ip", "addr", "add", f"{FAR_ADDRESS}/30", "dev", far_link)
        far.run("ip", "-6", "addr", "add", "fd99::2/64", "dev", far_link, "nodad")
        far.run("ip", "link", "set", far_link, "up")
        near.run("ip", "link", "set", near_link, "up")
        _near_routes(near, near_link)
        far.run("ip", "route", "add", "local", FAR_V4, "dev", "lo")
        far.run("ip", "-6", "route", "add", "local", FAR_V6, "dev", "lo")
        # The kernel's own ICMP rate limits would look like loss.
        far.run("sysctl", "-q", "-w", "net.ipv4.icmp_ratelimit=0", "net.ipv4.icmp_msgs_per_sec=1000000",
                "net.ipv4.icmp_msgs_burst=100000", "net.ipv6.icmp.ratelimit=0")  # fmt: skip
        far.nft(_RULES)
        yield Wire(near, far, near_link)
    finally:
        for namespace in (near, far):
            if Path("/run/netns", namespace.name).exists():
                _run("ip", "netns", "del", namespace.name)


def _near_routes(near: Namespace, link: str) -> None:
    # The IPv6 address goes when the link goes down; the IPv4 one stays.
    near.run("ip", "-6", "addr", "replace", "fd99::1/64", "dev", link, "nodad")
    near.run("ip", "route", "replace", FAR_V4, "via", FAR_ADDRESS)
    near.run("ip", "-6", "route", "replace", FAR_V6, "via", "fd99::2")


def _element(verb: str, address: str) -> str:
    return f"{verb} element inet lab cut{6 if ':' in address else 4} {{ {address} }}"


def _match(address: str) -> str:
    if ":" in address:
        return f"ip6 daddr {address} icmpv6 type echo-request"
    return f"ip daddr {address} icmp type echo-request"


def _set_namespace(descriptor: int) -> None:
    # os.setns came with Python 3.12.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
