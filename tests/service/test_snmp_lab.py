"""From the port to the incident to the report: real veth ports in a namespace, watched by a real snmpd.

One run: a port that fails with its line, one that is switched off while packets still pass, a line that dies beyond
a good port, a line that nothing happens to, and an agent that is not there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from slamon.service.snmp_watch import AGENT_SILENT
from slamon.store.measured import CLOSED, OPENED
from tests.lab.netns import FAR_ADDRESS, NEAR_ADDRESS, Wire
from tests.lab.snmpd import AUTH_KEY, COMMUNITY, PRIV_KEY, USER, Snmpd, snmpd
from tests.service.places import HEADER, Place, row
from tests.service.runs import Runs, running, until

pytestmark = pytest.mark.lab

PORT, NOBODY, TRAPS = 16161, 16999, 16162
CONFIG = f"""
[monitor]
vantage = "nanning-1"
state_dir = "state"
reference = ["10.64.9.1"]

[profiles.default]
interval_s = 2
packets = 4
timeout_ms = 500
open_after_s = 4
degraded_open_after_s = 8
close_after_s = 6

[snmp.edge]
version = "2c"
community_file = "community"
interval_s = 1
slow_interval_s = 5
timeout_ms = 1000

[snmp.core]
version = "3"
user = "{USER}"
auth = "sha256"
auth_key_file = "auth"
priv = "aes256"
priv_key_file = "priv"
interval_s = 60
timeout_ms = 2000

[snmp_traps]
listen = "{NEAR_ADDRESS}:{TRAPS}"
"""
LINES = {
    "both": ("10.64.0.1", f"edge@{FAR_ADDRESS}:{PORT}", "p1"),
    "switched": ("10.64.0.3", f"core@{FAR_ADDRESS}:{PORT}", "p2"),
    "beyond": ("10.64.0.5", f"edge@{FAR_ADDRESS}:{PORT}", "p3"),
    "calm": ("10.64.0.7", f"edge@{FAR_ADDRESS}:{PORT}", "p4"),
    "unasked": ("10.64.0.9", f"edge@{FAR_ADDRESS}:{NOBODY}", "p1"),
}


def site(folder: Path) -> Place:
    folder.mkdir()
    place = Place(folder)
    place.configure(CONFIG)
    for name, secret in (("community", COMMUNITY), ("auth", AUTH_KEY), ("priv", PRIV_KEY)):
        (folder / name).write_text(secret, encoding="ascii")
        (folder / name).chmod(0o600)
    rows = [f"{row(line, demarc, '')},{agent},{port}" for line, (demarc, agent, port) in LINES.items()]
    text = "\n".join([f"{HEADER},snmp_agent,snmp_interface", *rows])
    (folder / "lines.csv").write_text(f"{text}\n", encoding="utf-8")
    return place


@contextmanager
def ports(lab: Wire, folder: Path) -> Iterator[Snmpd]:
    """Four veth pairs at the far end, and the agent that watches them."""
    for number in range(1, 5):
        lab.far.run("ip", "link", "add", f"p{number}", "type", "veth", "peer", "name", f"x{number}")
        for name in (f"p{number}", f"x{number}"):
            lab.far.run("ip", "link", "set", name, "up")
    with snmpd(folder, FAR_ADDRESS, PORT, lab.far.command()) as agent:
        agent.quick()
        yield agent
    for number in range(1, 5):
        lab.far.run("ip", "link", "del", f"p{number}")


def trap(agent: Snmpd, generic: int) -> bool:
    """Have the agent's machine say linkDown (3) or linkUp (4), as its user; nothing follows from that by itself."""
    secure = ("-v3", "-l", "authPriv", "-u", USER, "-a", "SHA-256", "-A", AUTH_KEY, "-x", "AES-256", "-X", PRIV_KEY)
    agent.trap(*secure, "-e", "0x8000000001020304", f"{NEAR_ADDRESS}:{TRAPS}", "", f"1.3.6.1.6.3.1.1.5.{generic}")
    return False


def play(lab: Wire, agent: Snmpd, runs: Runs) -> None:
    """Let ports and lines fail and come back."""
    runs.await_entry("service.started")
    runs.await_observed(*LINES)
    runs.await_entry(AGENT_SILENT)
    lab.far.run("ip", "link", "set", "x1", "down")
    lab.far.run("ip", "link", "set", "p2", "down")
    lab.cut("10.64.0.1", "10.64.0.5")
    # A trap may get lost, or come before its sender is known: the agent repeats itself.
    until(lambda: runs.entries(OPENED, "switched") or trap(agent, 3), "the switched port is an incident")
    for line_id in ("both", "beyond"):
        runs.await_entry(OPENED, line_id)
    lab.far.run("ip", "link", "set", "x1", "up")
    lab.far.run("ip", "link", "set", "p2", "up")
    lab.restore("10.64.0.1", "10.64.0.5")
    until(lambda: runs.entries(CLOSED, "switched") or trap(agent, 4), "the switched port is back")
    for line_id in ("both", "beyond"):
        runs.await_entry(CLOSED, line_id)


def test_from_port_to_incident_to_report(lab: Wire, tmp_path: Path):
    """Each incident says which evidence decided; a good port beside a dead line takes nothing away; silence is none."""
    place = site(tmp_path / "site")
    with ports(lab, tmp_path / "agent") as agent, running(place, lab.near.command()) as runs:
        play(lab, agent, runs)
        status = json.loads(runs.slamon("status", "--json"))
        runs.stop()
        lines = runs.report()
        shown = {
            line: runs.slamon("incident", "show", only(lines, line)["incident_id"]) for line in ("both", "switched")
        }
        said = runs.said()
    assert only(lines, "both")["evidence"] == ["demarc", "interface"]
    assert only(lines, "switched")["evidence"] == ["interface"]
    assert only(lines, "beyond")["evidence"] == ["demarc"]
    for line_id in ("both", "switched", "beyond"):
        assert only(lines, line_id)["category"] == "interruption"
        assert only(lines, line_id)["responsibility"] == "carrier"
    for line_id in ("calm", "unasked"):
        assert (lines[line_id]["incidents"], lines[line_id]["pending"]) == ([], [])
    (silent,) = status["silent_agents"]
    assert (silent["agent"], silent["credential"], silent["lines"]) == (f"{FAR_ADDRESS}:{NOBODY}", "edge", ["unasked"])
    assert silent["reason"] == "timeout"
    assert "administratively down" in shown["switched"]
    everything = json.dumps([lines, status, shown]) + said + ledger_text(place)
    for secret in (AUTH_KEY, PRIV_KEY, f'"{COMMUNITY}"'):
        assert secret not in everything


def only(lines: dict[str, dict[str, Any]], line_id: str) -> dict[str, Any]:
    (incident,) = lines[line_id]["incidents"]
    return dict(incident)


def ledger_text(place: Place) -> str:
    """The ledger's bytes, as text."""
    return place.ledger_file.read_bytes().decode("latin-1")
