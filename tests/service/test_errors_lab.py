"""Errors that routers send about lost packets, from the wire to `incident show`, in namespaces."""

import json
from pathlib import Path
from typing import Any

import pytest

from slamon.store.measured import ONSET, OPENED
from tests.lab.netns import FAR_ADDRESS, Wire
from tests.service.places import place, row
from tests.service.runs import running

pytestmark = pytest.mark.lab

CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "state"
reference = ["10.64.9.1", "fd64::9:1"]

[profiles.default]
interval_s = 1
packets = 2
timeout_ms = 500
open_after_s = 2
degraded = []
"""
FAR_V6 = "fd99::2"
UNREACHABLE = {"host unreachable", "no route"}
# line: its address, the route that the router has for it once it is no longer there, who says what about it then
LINES = {
    "gone4": ("10.98.2.1", ("10.98.2.0/24", "via", "10.99.0.1"), FAR_ADDRESS, UNREACHABLE),
    "gone6": ("fd96:2::1", ("unreachable", "fd96:2::/64"), FAR_V6, UNREACHABLE),
    "loop4": ("10.98.1.1", ("10.98.1.0/24", "via", "10.99.0.1"), FAR_ADDRESS, {"time exceeded in transit"}),
    "loop6": ("fd96:1::1", ("fd96:1::/64", "via", "fd99::1"), FAR_V6, {"time exceeded in transit"}),
}


def behind_a_router(lab: Wire) -> None:
    """Make the far end a router whose addresses of 10.98.* and fd96:* are its own for now; packets live for one hop."""
    lab.far.run("sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
    lab.near.run("sysctl", "-q", "-w", "net.ipv4.ip_default_ttl=1", f"net.ipv6.conf.{lab.near_link}.hop_limit=1")
    lab.near.run("ip", "route", "add", "10.98.0.0/16", "via", FAR_ADDRESS)
    lab.near.run("ip", "-6", "route", "add", "fd96::/16", "via", FAR_V6)
    for address, route, _, _ in LINES.values():
        lab.far.run("ip", *_family(address), "route", "add", *route)
        lab.far.run("ip", *_family(address), "route", "add", "local", address, "dev", "lo")


# An IPv4 route of type unreachable says so once a second at most, whatever the sysctls.
REJECTED = """
table inet lab {
  chain routing {
    type filter hook prerouting priority -300;
    ip daddr 10.98.2.1 reject with icmp type host-unreachable
  }
}
"""


def lose_them(lab: Wire) -> None:
    """From now on the router only forwards: to nowhere, or to a hop too many."""
    lab.far.nft(REJECTED)
    for address, *_ in LINES.values():
        lab.far.run("ip", *_family(address), "route", "del", "local", address, "dev", "lo")


def _family(address: str) -> list[str]:
    return ["-6"] if ":" in address else []


def test_what_routers_say_of_a_lost_line_stands_with_its_incident(lab: Wire, tmp_path: Path):
    """Unreachable and TTL exceeded, IPv4 and IPv6: source and words stand beside the last good packet and the path.

    Mutants: `filter_v4` and `filter_v6` without the errors: none is heard. `quoted` with the target's address for the
    source: the router is not named. `Onsets.tell` of the prober without errors.
    """
    behind_a_router(lab)
    where = place(tmp_path / "site", *(row(name, address, "") for name, (address, *_) in LINES.items()), config=CONFIG)
    with running(where, lab.near.command()) as runs:
        runs.await_entry("service.started")
        runs.await_observed(*LINES)
        lose_them(lab)
        for name in LINES:
            runs.await_entry(OPENED, name)
            runs.await_entry(ONSET, name, count=2)
        runs.stop()
        for name, (_, _, router, said) in LINES.items():
            incident = runs.entries(OPENED, name)[0].subject
            shown: dict[str, Any] = json.loads(runs.slamon("incident", "show", str(incident), "--json"))
            (onset,) = shown["onset_evidence"]
            assert onset["last_good"] < onset["first_bad"], name
            assert {error["source"] for error in onset["errors"]} == {router}, name
            assert {error["said"] for error in onset["errors"]} <= said, name
            assert all(error["count"] >= 1 for error in onset["errors"])
            assert onset["traceroute"], name
            assert f"{router} said" in runs.slamon("incident", "show", str(incident))
