"""`slamon influx`, `check --online` and the delivery in `slamon status`, against a real server and a stand-in."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from slamon.service.influx_progress import Progress, folder_of, leave
from slamon.store.entry import Draft
from slamon.store.issued import ISSUED
from tests.cli.office import Office
from tests.lab.influx import Influx1, free_port, influx1
from tests.lab.influx2 import StandIn, influx2

SECRET = "very-" + "secret"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Influx1]:
    with influx1(tmp_path_factory.mktemp("influx1")) as running:
        yield running


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with influx2() as running:
        yield running


def connect(office: Office, url: str, bucket: str = "slamon/autogen", token: str = SECRET) -> None:
    """Give an office an InfluxDB."""
    file = office.folder / "token"
    file.write_text(token)
    file.chmod(0o600)
    section = f'\n[influxdb]\nurl = "{url}"\norg = "noc"\nbucket = "{bucket}"\ntoken_file = "token"\ntimeout_s = 2\n'
    config = Path(office.config)
    config.write_text(config.read_text(encoding="utf-8") + section, encoding="utf-8")


def test_check_online_says_that_url_token_and_bucket_are_right(office: Office, server: Influx1):
    """And leaves nothing behind in the database."""
    connect(office, server.url)
    found = office.json("check", "--online", "--json")
    said = "InfluxDB 1.6.7~rc0; the token may write to bucket 'slamon/autogen'"
    assert found["influxdb"] == [{"address": server.url, "answered": True, "said": said, "version": "1.6.7~rc0"}]
    assert server.query("SHOW MEASUREMENTS") == []


@pytest.mark.parametrize(
    ("token", "bucket", "said"),
    [
        ("wrong", "slamon", "answered 401 (unauthorized access); the token is wrong or has expired: put a valid one"),
        ("right", "nowhere", "there is no bucket 'nowhere': make it (`slamon influx setup`) or correct bucket"),
    ],
    ids=["a wrong token", "a bucket that is not there"],
)
def test_check_online_tells_apart_what_is_wrong(office: Office, stand_in: StandIn, token, bucket, said):
    """Exit code 1, with what to fix."""
    connect(office, stand_in.url, bucket, token)
    found = office.run("check", "--online")
    assert found.code == 1
    assert said in found.err


def test_check_online_of_nobody(office: Office):
    """A server that is not there is said to be so; without --online nobody asks."""
    connect(office, f"http://127.0.0.1:{free_port()}")
    found = office.run("check", "--online")
    assert found.code == 1
    assert "Connection refused" in found.err
    assert SECRET not in found.err + found.out
    assert office.run("check").code == 0


def test_setup_makes_bucket_and_retention_on_an_influxdb_2(office: Office, stand_in: StandIn):
    """Once; a bucket that is there stays as it is."""
    connect(office, stand_in.url, "slamon", "right")
    assert "bucket 'slamon' of organization 'noc' is made; it keeps data 90 days" in office.done(
        "influx", "setup", "--keep-days", "90"
    )
    (made,) = stand_in.buckets
    assert (made["name"], made["orgID"]) == ("slamon", "0000000000000001")
    assert made["retentionRules"] == [{"type": "expire", "everySeconds": 90 * 86_400}]
    assert "is there already and was left as it is (keeps data for 90 days)" in office.done("influx", "setup")
    assert len(stand_in.buckets) == 1
    assert office.json("check", "--online", "--json")["influxdb"][0]["answered"]


def test_setup_with_a_wrong_token_says_so(office: Office, stand_in: StandIn):
    """No traceback, no bucket."""
    connect(office, stand_in.url, "slamon", "wrong")
    found = office.run("influx", "setup")
    assert (found.code, stand_in.buckets) == (1, [])
    assert "put a valid one into token_file" in found.err


@pytest.mark.parametrize(
    ("version", "commands"),
    [
        ("1.8.10", ['CREATE DATABASE "slamon"', 'ALTER RETENTION POLICY "autogen" ON "slamon" DURATION 400d']),
        ("3.2.1", ["influxdb3 create database --retention-period 400d slamon/autogen"]),
    ],
    ids=["1.x", "3"],
)
def test_setup_prints_the_commands_for_other_servers(office: Office, version, commands):
    """What cannot be made over this API is said, to copy."""
    with influx2(version) as other:
        connect(office, other.url)
        assert office.json("influx", "setup", "--json")["commands"] == commands


def test_the_commands_for_1_x_are_understood_by_it(office: Office, server: Influx1):
    """They are run on the real one."""
    connect(office, server.url, "fresh/short")
    for command in office.json("influx", "setup", "--keep-days", "30", "--json")["commands"]:
        server.query(command, "")
    kept = {row[0]: row[1] for row in server.query('SHOW RETENTION POLICIES ON "fresh"', "")[0]["values"]}
    assert kept["short"] == "720h0m0s"


def everything(server: Influx1) -> dict[str, list[dict[str, Any]]]:
    return {name: server.rows(name) for name in ("line_incident", "line_quality", "line_credit", "slamon_health")}


def test_resend_restores_what_the_ledger_has_and_doubles_nothing(office: Office, server: Influx1):
    """Incidents, credits and the readings around them, after the database was lost; twice is the same as once.

    Mutant: `reading.start in span` left out: readings before --from come, too.
    """
    connect(office, server.url)
    server.query("DROP DATABASE slamon", "")
    server.query("CREATE DATABASE slamon", "")
    line = {"line_id": "GX-0001", "tier": "AAA", "credit": "1.00", "extension_days": "0"}
    payload = {"month": "2026-10", "revision": 1, "month_end": "2026-10-31T16:00:00Z", "lines": [line]}
    with office.open() as site:
        site.ledger.append([Draft(ISSUED, datetime(2026, 11, 2, tzinfo=UTC), payload, subject="C1")])
    whole = ("influx", "resend", "--from", "2026-10-01", "--to", "2026-11-01T00:00:01")
    first = office.json(*whole, "--json")
    found = everything(server)
    assert [row["event"] for row in found["line_incident"] if row["line"] == "GX-0001"] == ["opened", "restored"]
    assert len(found["line_credit"]) == 1
    assert first["measurements"] == len(found["line_quality"]) > 240
    assert first["put_aside"] == 0
    assert office.json(*whole, "--json") == first
    assert everything(server) == found
    server.query("DROP DATABASE slamon", "")
    server.query("CREATE DATABASE slamon", "")
    part = ("influx", "resend", "--from", "2026-10-03T08:00", "--to", "2026-10-03T08:05")
    assert "5 measurements" in office.done(*part)
    assert [row["verdict"] for row in server.rows("line_quality")] == ["DOWN"] * 5


def test_resend_needs_an_influxdb_and_a_span(office: Office):
    """What is missing is said."""
    times = ("--from", "2026-10-03", "--to", "2026-10-04")
    found = office.run("influx", "resend", *times)
    assert (found.code, "there is no [influxdb]" in found.err) == (3, True)
    connect(office, "http://127.0.0.1:9")
    backwards = office.run("influx", "resend", "--from", "2026-10-04", "--to", "2026-10-03")
    assert (backwards.code, "--from lies before --to" in backwards.err) == (2, True)


def test_status_shows_how_the_delivery_stands(office: Office):
    """What the daemon left, in words and as JSON; the ledger's part as it is now."""
    connect(office, "http://127.0.0.1:9")
    at = datetime(2026, 10, 3, 6, 20, tzinfo=UTC)
    state_dir = office.folder / "state"
    folder_of(state_dir).mkdir()
    stands = Progress(
        at,
        "replaying",
        waiting_points=5000,
        backlog_points=4000,
        waiting_bytes=10,
        limit_bytes=100,
        oldest=at,
        sent_points=7,
    )
    leave(folder_of(state_dir), stands)
    found = office.json("status", "--json")
    assert found["delivery"]["state"] == "replaying"
    assert found["backlogs"] == {"InfluxDB: measurements": 5000, "InfluxDB: events": 3}
    text = office.done("status")
    assert "5000 points wait on disk (10 % of the spool), the oldest of 2026-10-03 14:20:00" in text
    assert "4000 of them are replayed beside live data" in text
    leave(folder_of(state_dir), replace(stands, state="refused", reason="the server answered 401; put a valid one"))
    assert "InfluxDB: refused at" in office.done("status")
    (folder_of(state_dir) / "progress.json").write_text("{")
    assert json.loads(office.done("status", "--json"))["delivery"] is None
