"""Cases of reliability.md through the real ledger: F3, F22, F24; F4, F15 and F23 stand with the daemon's tests."""

import json
import subprocess
from datetime import timedelta

import pytest

from slamon.core.facts import Category
from slamon.service.desk import instant
from slamon.service.desk_complaints import add_complaint
from slamon.service.desk_incidents import Change, correct, these
from slamon.service.replay import replay
from slamon.store.measured import OPENED
from tests.service.places import LINES, Place, statement
from tests.service.playing import BASE, pictured
from tests.service.runs import SLAMON

MINUTE = timedelta(minutes=1)


def clock_of(incident: dict[str, object], category: str) -> dict[str, object]:
    clocks = incident["clocks"]
    assert isinstance(clocks, list)
    return next(clock for clock in clocks if clock["category"] == category)


def test_f22_a_call_dated_into_an_earlier_outage_counts_no_hour_twice(somewhere: Place):
    """F22: an outage of 08:10 to 09:00, corrected to last until 10:30; the next begins at 10:10, a call at 10:15.

    The next one's clocks begin at 10:30, where the earlier one's end: no quarter of an hour counts for both.
    Mutant: without `floor` in slamon.core.timeline._with_floors the second interruption clock begins at 10:12.
    """
    picture = "." * 10 + "x" * 50 + "." * 70 + "x" * 60 + "." * 10
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], picture, window_s=60)))
        first, _ = statement(site, LINES[0])["incidents"]
        late = Change(restored=instant(BASE + 150 * MINUTE))
        correct(site, these([first["incident_id"]]), late, "seen on site", BASE + 210 * MINUTE)
        add_complaint(site, LINES[0], instant(BASE + 135 * MINUTE), ticket="T1", category=Category.INTERRUPTION)
        first, second = statement(site, LINES[0])["incidents"]
        assert first["restored"] == "2026-10-03T02:30:00Z"
        assert {str(clock["end"]) for clock in first["clocks"]} == {"2026-10-03T02:30:00Z"}
        assert {str(clock["start"]) for clock in second["clocks"]} == {"2026-10-03T02:30:00Z"}


def test_f22_a_reported_incident_starts_no_clock_before_the_one_before_was_over(somewhere: Place):
    """F22: a call about a fault that was not measured yet.

    The measured outage that comes while the reported one is open takes its complaint, and one clock runs, once.
    """
    with somewhere.open() as site:
        at = BASE + 5 * MINUTE
        add_complaint(site, LINES[0], instant(at), ticket="T1", category=Category.INTERRUPTION)
        picture = "." * 200 + "x" * 30 + "." * 10
        replay(site, somewhere.readings(pictured(LINES[0], picture, window_s=60)))
        (incident,) = statement(site, LINES[0])["incidents"]
        assert incident["complaint"] == "2026-10-03T00:05:00Z"
        assert clock_of(incident, "interruption")["start"] == "2026-10-03T00:05:00Z"
        assert len({clock["category"] for clock in incident["clocks"]}) == len(incident["clocks"])


@pytest.mark.parametrize(
    ("good_s", "incidents"), [(590, 1), (600, 1), (610, 2)], ids=["just below", "exactly", "just above"]
)
def test_f24_a_line_that_flaps_has_one_incident_and_one_limit(somewhere: Place, good_s: int, incidents: int):
    """F24: outages with good time of at most `reopen_within_s` between are one incident; its clock runs through.

    Each alarm is in the ledger all the same. Mutant: `continues` in slamon.core.timeline always False: two incidents,
    each within its limit of two hours.
    """
    outage = "x" * 420  # 70 min
    picture = "." * 6 + outage + "." * (good_s // 10) + outage + "." * 70
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], picture)))
        found = statement(site, LINES[0])["incidents"]
        assert len(found) == incidents
        assert len(list(site.ledger.entries(kinds={OPENED}))) == 2
        breached = [clock_of(incident, "interruption")["breached"] for incident in found]
        assert breached == ([True] if incidents == 1 else [False, False])
        assert found[0]["onset"] == "2026-10-03T00:01:00Z"


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ("2026-10-25T02:30:00", ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"]),
        ("2026-03-29T02:30:00", ["2026-03-29"]),
    ],
    ids=["a time that happens twice", "a time that never comes"],
)
def test_f3_a_local_time_that_is_none_or_two_is_refused(somewhere: Place, time: str, said: list[str]):
    """F3: under a contract of a zone with daylight saving, both readings are offered, and nothing is recorded.

    Mutant: without the comparison of folds in slamon.core.calendar.at_local the earlier one is taken silently.
    """
    with somewhere.open() as site:
        shipped = next(file.text for file in site.loaded.contract_files if 'id = "cmcc-internet-line"' in file.text)
    (somewhere.folder / "contracts").mkdir()
    own = shipped.replace('"cmcc-internet-line"', '"berlin-line"').replace("Asia/Shanghai", "Europe/Berlin")
    (somewhere.folder / "contracts" / "berlin.toml").write_text(own, encoding="utf-8")
    lines = somewhere.folder / "lines.csv"
    lines.write_text(lines.read_text().replace("cmcc-internet-line", "berlin-line"))
    with somewhere.open() as site:
        before = site.ledger.last_seq()
    command = [*SLAMON, "-c", str(somewhere.config), "complaint", "add", LINES[0], "--at", time]
    command += ["--ticket", "T1", "--category", "interruption"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 2, done.stderr
    assert all(part in done.stderr for part in said), done.stderr
    assert "Traceback" not in done.stderr
    with somewhere.open() as site:
        assert site.ledger.last_seq() == before


def test_what_the_report_prints_is_what_the_ledger_holds(somewhere: Place):
    """The command prints the statement that the ledger gives, number for number."""
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 6 + "x" * 30 + "." * 10)))
        expected = statement(site, LINES[0])
    command = [*SLAMON, "-c", str(somewhere.config), "report", "2026-10", "--format", "json", "-o", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    (customer,) = json.loads(done.stdout)["customers"]
    assert customer["lines"][0] == expected
