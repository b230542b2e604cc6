"""`slamon snmp`, `slamon probe` and `slamon check --online` against net-snmp's real agent."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from slamon.config.readings import parse_reading
from slamon.probes.snmp.counting import IMPOSSIBLE
from slamon.service.site import open_site
from slamon.service.snmp_watch import AGENT_SILENT
from slamon.store.entry import Draft
from tests.cli.office import Office
from tests.lab.snmpd import AUTH_KEY, COMMUNITY, PRIV_KEY, USER, Snmpd, free_port, snmpd

CONFIG = f"""
[monitor]
vantage = "office"
state_dir = "state"
[profiles.default]
packets = 2
timeout_ms = 500
[snmp.edge]
version = "2c"
community_file = "community"
timeout_ms = 300
retries = 0
[[snmp.edge.extra]]
name = "mtu"
oid = "1.3.6.1.2.1.2.2.1.4"
scale = "0.001"
unit = "kB"
above = 1
[snmp.core]
version = "3"
user = "{USER}"
auth = "sha256"
auth_key_file = "auth"
priv = "aes256"
priv_key_file = "priv"
timeout_ms = 1000
"""
HEADER = "line_id,customer_id,product,span,tier,monthly_rent,contract,in_service_from,demarc,snmp_agent,snmp_interface"


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Snmpd]:
    with snmpd(tmp_path_factory.mktemp("agent")) as running:
        yield running


@pytest.fixture
def silent() -> int:
    return free_port()


@pytest.fixture
def office(tmp_path: Path, agent: Snmpd, silent: int) -> Office:
    (tmp_path / "slamon.toml").write_text(CONFIG, encoding="utf-8")
    for name, secret in (("community", COMMUNITY), ("auth", AUTH_KEY), ("priv", PRIV_KEY)):
        (tmp_path / name).write_text(secret, encoding="ascii")
        (tmp_path / name).chmod(0o600)
    base = "C1,internet_line,intra_city,AAA,3000.00,cmcc-internet-line,2026-01-01,127.0.0.1"
    rows = [
        f"GX-0001,{base},core@127.0.0.1:{agent.port},lo",
        f"GX-0002,{base},edge@127.0.0.1:{agent.port},lo0",
        f"GX-0003,{base},edge@127.0.0.1:{silent},lo",
    ]
    (tmp_path / "lines.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return Office(tmp_path)


class TestInterfaces:
    def test_a_device_is_listed_for_people(self, office, agent):
        """Number, name, alias, description, speed and state of each interface."""
        found = office.run("snmp", "interfaces", f"core@127.0.0.1:{agent.port}")
        assert found.code == 0
        assert [line.split()[:2] for line in found.out.splitlines() if " lo " in line] == [["1", "lo"]]

    def test_a_device_is_listed_as_json(self, office, agent):
        """Unknown is null."""
        found = office.run("snmp", "interfaces", f"edge@127.0.0.1:{agent.port}", "--json")
        said = json.loads(found.out)
        assert said["agent"] == f"edge@127.0.0.1:{agent.port}"
        expected = {
            "index": 1,
            "name": "lo",
            "alias": None,
            "descr": "lo",
            "speed_mbps": 10,
            "admin": "up",
            "oper": "up",
        }
        assert said["interfaces"][0] == expected

    def test_a_device_is_listed_as_inventory_rows(self, office, agent):
        """The inventory's own columns, with what the device knows filled in; the rest is for people."""
        found = office.run("snmp", "interfaces", f"edge@127.0.0.1:{agent.port}", "--csv")
        first = next(csv.DictReader(io.StringIO(found.out)))
        assert (first["snmp_agent"], first["snmp_interface"]) == (f"edge@127.0.0.1:{agent.port}", "lo")
        assert (first["bandwidth_mbps"], first["line_id"]) == ("10", "")

    def test_an_agent_that_does_not_answer_is_an_error_with_what_to_look_at(self, office, silent):
        """Exit code 1; neither a traceback nor the community."""
        found = office.run("snmp", "interfaces", f"edge@127.0.0.1:{silent}")
        assert found.code == 1
        assert "timeout: it does not answer: see to its address and port, the community of [snmp.edge]" in found.err
        assert "Traceback" not in found.err

    def test_a_credential_that_is_not_there_is_told_with_the_nearest(self, office):
        """As everywhere."""
        found = office.run("snmp", "interfaces", "egde@127.0.0.1")
        assert found.code == 1
        assert "Did you mean 'edge'?" in found.err


# The agent calls loopback a port of 10 Mbit/s; beside other tests it carries more, and then there are no counters.
OVERFULL = IMPOSSIBLE


class TestProbe:
    def test_a_lines_port_is_shown_with_its_counters(self, office):
        """State, speed, what was counted during the pings."""
        found = office.run("probe", "GX-0001", "--no-trace")
        assert "port lo at core@127.0.0.1:" in found.out
        assert "up, administratively up, 10 Mbit/s" in found.out
        assert "in_errors 0, out_errors 0" in found.out or OVERFULL in found.out

    def test_the_reading_holds_the_port(self, office):
        """As `slamon replay` takes it."""
        reading = parse_reading(office.run("probe", "GX-0001", "--json").out)
        port = reading.interface
        assert port is not None
        assert (port.oper, port.speed_mbps) == ("up", 10)
        assert port.in_errors == 0 or OVERFULL in (port.reseeded or "")

    @pytest.mark.parametrize("line", ["GX-0002", "GX-0003"], ids=["no such interface", "no such agent"])
    def test_a_port_that_cannot_be_asked_says_nothing_about_the_line(self, office, line):
        """A warning, and the verdict that the packets give."""
        found = office.run("probe", line, "--no-trace")
        assert "that says nothing about the line" in found.err
        assert "verdict UP" in found.out
        assert "interface" not in json.loads(office.run("probe", line, "--json").out)


class TestCheckOnline:
    def test_each_agent_is_tried_once(self, office, agent, silent):
        """Those that do not answer are named with their reason, and the exit code says so."""
        found = office.run("check", "--online", "--json")
        answers = {one["address"]: one["answered"] for one in json.loads(found.out)["agents"]}
        assert answers == {
            f"core@127.0.0.1:{agent.port}": True,
            f"edge@127.0.0.1:{agent.port}": True,
            f"edge@127.0.0.1:{silent}": False,
        }
        assert found.code == 1


def test_status_names_silent_agents_with_their_reason_and_lines(office, agent):
    """For people in a sentence, as JSON in members."""
    with open_site(office.config, {}, by="test") as site:
        said = {"agent": f"127.0.0.1:{agent.port}", "credential": "core", "lines": ["GX-0001"], "line_count": 1}
        at = datetime(2026, 11, 1, tzinfo=UTC)
        site.ledger.append([Draft(AGENT_SILENT, at, {**said, "reason": "timeout", "detail": "it does not answer"})])
    printed = office.run("status").out
    assert f"agent core@127.0.0.1:{agent.port}: timeout since 2026-11-01 08:00:00: it does not answer" in printed
    assert "(no port for 1 line: GX-0001)" in printed
    (silent,) = json.loads(office.run("status", "--json").out)["silent_agents"]
    assert (silent["reason"], silent["lines"], silent["since"]) == ("timeout", ["GX-0001"], "2026-11-01T00:00:00Z")
