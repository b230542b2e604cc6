"""Where the fault lies, from a file of readings to what people and scripts read: `incident show`, JSON, CSV, table."""

import csv
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.office import CONFIG, HEADER, Office

ONSET = datetime(2026, 10, 3, 2, tzinfo=UTC)
GOOD, DEAD = {"sent": 5, "received": 5}, {"sent": 5, "received": 0}
TERMS = "C1,某银行,A-1,internet_line,intra_city,AAA,3000.00,cmcc-internet-line,2026-01-01"
LINES = f"""{HEADER},snmp_agent,snmp_interface
PORT-1,{TERMS},192.0.2.1,192.0.2.2,,edge@192.0.2.9:161,ge-0/0/1
CPE-1,{TERMS},,192.0.2.3,,edge@192.0.2.10:161,ge-0/0/2
CPE-2,{TERMS},,192.0.2.4,,edge@192.0.2.11:161,ge-0/0/3
RING-1,{TERMS},192.0.2.5,,OLT-1,,
RING-2,{TERMS},192.0.2.6,,OLT-1,,
RING-3,{TERMS},192.0.2.7,,OLT-1,,
"""
SNMP = '[snmp.edge]\nversion = "2c"\ncommunity_file = "community"\n'


def readings(
    line: str, port: dict[str, Any] | None, after: dict[str, Any] | None = None, dead: int = 10
) -> Iterator[str]:
    """Windows of a minute, ten good ones, some dead, forty good; a poll in each third of the dead, and one after."""
    cpe_only = line.startswith("CPE")
    for number in range(50 + dead):
        start = ONSET + timedelta(minutes=number - 10)
        target = DEAD if 10 <= number < 10 + dead else GOOD
        seen: dict[str, Any] = {"line": line, "start": start.isoformat(), "end": _end(start)}
        seen["cpe" if cpe_only else "demarc"] = target
        if port is not None and 10 <= number < 10 + dead and number % 3 == 1:
            seen["interface"] = port
        if number in (8, 10 + dead):
            seen["interface"] = after or {"admin": "up", "oper": "up"}
        yield json.dumps(seen)


def _end(start: datetime) -> str:
    return (start + timedelta(minutes=1)).isoformat()


SINCE = (ONSET + timedelta(seconds=3)).isoformat()
SHOWN = {
    "PORT-1": readings("PORT-1", {"admin": "up", "oper": "down", "last_change": SINCE}),
    "CPE-1": readings("CPE-1", {"admin": "up", "oper": "up"}),
    "CPE-2": readings("CPE-2", None, {"admin": "up", "oper": "up", "last_change": SINCE}),
    **{f"RING-{n}": readings(f"RING-{n}", None, dead=150) for n in (1, 2, 3)},
}


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "contracts").mkdir()
        (folder / "community").write_text("secret-community")
        (folder / "community").chmod(0o600)
        (folder / "slamon.toml").write_text(CONFIG + SNMP, encoding="utf-8")
        (folder / "lines.csv").write_text(LINES, encoding="utf-8")
        (folder / "readings.jsonl").write_text("".join(f"{one}\n" for each in SHOWN.values() for one in each))
        found = Office(folder)
        found.done("replay", str(folder / "readings.jsonl"))
        yield found


CASES = [
    (
        "PORT-1",
        "carrier_access",
        "carrier",
        ["demarc", "interface"],
        "the carrier's port is down; a cut line and a far",
    ),
    ("CPE-1", "customer_side", "undecided", ["cpe"], "the carrier's port stayed up and has not changed"),
    ("CPE-2", "carrier_access", "carrier", ["interface", "cpe"], "the carrier's port dropped and came back"),
    ("RING-2", "carrier_core", "carrier", ["demarc"], "3 of 3 lines of upstream OLT-1 fell within a minute"),
]


@pytest.mark.parametrize(
    ("line", "cause", "responsibility", "evidence", "reason"), CASES, ids=[case[0] for case in CASES]
)
def test_report_and_show_say_the_same(office: Office, line, cause, responsibility, evidence, reason):
    """One line's report, everybody's report, and `incident show`, for scripts and for people."""
    (reported,) = office.line(line)["incidents"]
    whole = office.json("report", "2026-10", "--format", "json", "-o", "-")
    (among_all,) = next(one for one in whole["customers"][0]["lines"] if one["line_id"] == line)["incidents"]
    shown = office.json("incident", "show", f"#{reported['number']}", "--json")
    assert reported["hypothesis"] == among_all["hypothesis"] == shown["hypothesis"]
    assert reported["hypothesis"]["cause"] == cause
    assert reported["hypothesis"]["reasons"][0].startswith(reason)
    assert (reported["responsibility"], reported["evidence"]) == (responsibility, evidence)
    text = " ".join(office.done("incident", "show", f"#{reported['number']}").split())
    assert "Where the fault seems to lie" in text
    assert reported["hypothesis"]["reasons"][0] in text


def test_the_csv_has_cause_and_reasons(office: Office, tmp_path: Path):
    """Two columns behind the others, of the table of incidents."""
    office.done("report", "2026-10", "--format", "csv", "-o", str(tmp_path))
    (file,) = tmp_path.glob("*incidents*.csv")
    rows = {row["line_id"]: row for row in csv.DictReader(file.read_text("utf-8-sig").splitlines())}
    assert rows["PORT-1"]["hypothesis_cause"] == "carrier_access"
    assert rows["PORT-1"]["hypothesis_reasons"].endswith("demarc silent; port down")


def test_the_table_says_what_it_seems(office: Office):
    """In a few words, where a cause is seen."""
    assert "the carrier's core or upstream: 3 of 3 lines" in " ".join(office.done("report", "2026-10").split())


def test_a_persons_decision_is_the_last_word(office: Office):
    """What was seen stays; whose fault it is says the person."""
    (before,) = office.line("CPE-1")["incidents"]
    number = f"#{before['number']}"
    office.done(
        "incident", "correct", number, "--responsibility", "customer", "--reason", "switched off", "--by", "liu"
    )
    after = office.json("incident", "show", number, "--json")
    assert after["responsibility"] == "customer"
    assert after["hypothesis"]["cause"] == "customer_side"
    assert after["hypothesis"]["reasons"][-1] == "a person decided: customer"


def test_the_secret_is_in_none_of_it(office: Office):
    """Neither printed nor in the ledger."""
    assert "secret-community" not in office.done("report", "2026-10", "--format", "json", "-o", "-")
    assert b"secret-community" not in (office.folder / "state" / "ledger.db").read_bytes()
