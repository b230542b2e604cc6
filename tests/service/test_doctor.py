"""`slamon doctor`: each finding from its facts, and the whole of it on a real site."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from slamon.service import doctor
from slamon.service.doctor import Finding, Level
from slamon.service.doctor_machine import Machine
from slamon.service.status import BlindLine, Status
from tests.service.places import Place, place
from tests.service.runs import SLAMON

AT = datetime(2026, 11, 20, 8, tzinfo=UTC)
WELL = Machine(
    capable=True,
    groups=frozenset({1000}),
    ping_groups=(1, 0),
    rmem_max=doctor.RMEM_MAX_BYTES,
    wmem_max=doctor.WMEM_MAX_BYTES,
    synchronised=True,
    free_bytes=50 << 30,
    total_bytes=100 << 30,
    writable=True,
)
RUNNING = Status("n", AT, 7, 2, AT, AT - timedelta(seconds=5), (), (), (), (), {})
STATE = Path("/var/lib/slamon")


@pytest.mark.parametrize(
    ("found", "level", "word"),
    [
        pytest.param(doctor.of_sockets(WELL), Level.OK, "raw", id="raw sockets are permitted"),
        pytest.param(
            doctor.of_sockets(replace(WELL, capable=False, ping_groups=(1000, 1000))), Level.OK, "ping",
            id="without the capability, a group in the range does",
        ),
        pytest.param(
            doctor.of_sockets(replace(WELL, capable=False, ping_groups=(1, 0))), Level.BAD, "neither",
            id="with neither nothing can be probed",
        ),
        pytest.param(doctor.of_buffers(WELL, 100_000), Level.OK, "rmem_max", id="the shipped buffers do"),
        pytest.param(
            doctor.of_buffers(replace(WELL, rmem_max=212_992), 100_000), Level.WARN, "212992",
            id="the kernel's default is too small for many lines",
        ),
        pytest.param(
            doctor.of_buffers(replace(WELL, rmem_max=212_992), 50), Level.OK, "212992",
            id="the kernel's default is enough for few lines",
        ),
        pytest.param(doctor.of_clock(WELL), Level.OK, "synch", id="a synchronised clock is well"),
        pytest.param(doctor.of_clock(replace(WELL, synchronised=False)), Level.BAD, "not", id="a free clock is not"),
        pytest.param(doctor.of_clock(replace(WELL, synchronised=None)), Level.WARN, "not say", id="nor one unknown"),
        pytest.param(doctor.of_disk(WELL, STATE), Level.OK, "50.0 GiB", id="there is room"),
        pytest.param(doctor.of_disk(replace(WELL, free_bytes=1 << 29), STATE), Level.WARN, "0.5 GiB", id="little room"),
        pytest.param(
            doctor.of_disk(replace(WELL, free_bytes=4 << 30), STATE), Level.WARN, "4.0 GiB",
            id="less than a twentieth of the disk is little room",
        ),
        pytest.param(
            doctor.of_disk(replace(WELL, writable=False), STATE), Level.BAD, "cannot be written",
            id="a state directory that cannot be written",
        ),
        pytest.param(
            doctor.of_disk(replace(WELL, free_bytes=None, total_bytes=None), STATE), Level.BAD, "cannot be read",
            id="no state directory",
        ),
        pytest.param(doctor.of_zones(["Asia/Shanghai"]), Level.OK, "every", id="the zone is known"),
        pytest.param(doctor.of_zones(["Asia/Shanghei"]), Level.BAD, "Asia/Shanghei", id="a zone without data"),
        pytest.param(doctor.of_references({}), Level.WARN, "dead uplink", id="no reference target"),
        pytest.param(doctor.of_references({"a": True}), Level.WARN, "one only", id="one reference target"),
        pytest.param(doctor.of_references({"a": True, "b": True}), Level.OK, "all 2", id="two that answer"),
        pytest.param(doctor.of_references({"a": True, "b": False}), Level.WARN, "from b", id="one of two is silent"),
        pytest.param(
            doctor.of_references({"a": False, "b": "no route"}), Level.BAD, "b (no route)", id="none answers"
        ),
        pytest.param(doctor.of_daemon(RUNNING), Level.OK, "process 7", id="the daemon runs"),
        pytest.param(doctor.of_daemon(replace(RUNNING, daemon_pid=None)), Level.BAD, "not run", id="it does not"),
        pytest.param(
            doctor.of_daemon(replace(RUNNING, checkpoint_at=AT - timedelta(hours=1))), Level.BAD, "3600 s",
            id="it runs and records nothing",
        ),
        pytest.param(
            doctor.of_daemon(replace(RUNNING, checkpoint_at=None)), Level.WARN, "nothing yet", id="it has just begun"
        ),
        pytest.param(doctor.of_blindness(RUNNING), Level.OK, "no line", id="nothing is blind"),
        pytest.param(
            doctor.of_blindness(replace(RUNNING, blind=(BlindLine("GX-1", AT, "no uplink"),))), Level.WARN,
            "GX-1: no uplink", id="a blind line is named with its reason",
        ),
        pytest.param(doctor.of_backlogs(RUNNING), Level.OK, "nothing", id="nothing waits"),
        pytest.param(
            doctor.of_backlogs(replace(RUNNING, backlogs={"influxdb": 9})), Level.WARN, "9 for influxdb", id="nine wait"
        ),
    ],
)  # fmt: skip
def test_a_finding_follows_from_its_facts(found: Finding, level: Level, word: str):
    """What is not well says what to do."""
    assert found.level is level
    assert word in found.said
    assert level is Level.OK or found.do or "not say" in found.said


@pytest.fixture
def site(tmp_path) -> Place:
    return place(tmp_path / "site")


def examined(site: Place) -> tuple[int, dict[str, dict[str, str]]]:
    command = [*SLAMON, "-c", str(site.config), "doctor", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, {f["about"]: f for f in json.loads(done.stdout)["findings"]}


def test_a_site_that_never_ran_is_examined(site: Place):
    """Nothing is made by the examination; what is missing is said."""
    _, found = examined(site)
    assert found["configuration"]["level"] == "ok"
    assert found["ledger"]["said"].startswith("there is none")
    assert not site.ledger_file.exists()


def test_a_stopped_daemon_and_a_broken_ledger_are_bad(site: Place):
    """Exit code 1: slamon cannot do its work; both are named at once."""
    with site.open() as opened:
        opened.ledger.append([])
    code, found = examined(site)
    assert (code, found["daemon"]["level"], found["ledger"]["level"]) == (1, "bad", "ok")
    site.ledger_file.write_bytes(b"no database at all, but long enough to look like one" * 100)
    code, found = examined(site)
    assert (code, found["ledger"]["level"]) == (1, "bad")


def test_an_invalid_config_ends_the_examination(site: Place):
    """Its first problem is told, and where to find the others."""
    site.configure("[monitor]\nvantag = 'x'\n")
    code, found = examined(site)
    assert (code, list(found)) == (1, ["configuration"])
    assert "vantag" in found["configuration"]["said"]
