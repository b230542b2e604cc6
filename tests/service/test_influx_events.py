"""What the ledger says as points: each event as it stood then, whenever it is sent."""

from datetime import UTC, datetime, timedelta
from typing import Any

from slamon.core.facts import Category, Responsibility
from slamon.core.timespan import iso
from slamon.service.desk import instant
from slamon.service.desk_complaints import add_complaint
from slamon.service.desk_incidents import Change, correct, these
from slamon.service.influx_events import event_lines, event_points
from slamon.service.influx_progress import concerns
from slamon.service.replay import replay
from slamon.service.site import Site
from slamon.store.entry import Draft
from slamon.store.issued import ISSUED
from tests.service.places import LINES, Place, statement
from tests.service.playing import BASE, pictured
from tests.sinks.reading_lines import Line, read_line

MINUTE = timedelta(minutes=1)


def all_events(site: Site) -> list[Line]:
    """Every event of the ledger as a server reads it."""
    entries = [entry for entry in site.ledger.entries() if concerns(entry)]
    return [read_line(text) for text in event_lines(site, site.ledger, entries).block.decode().splitlines()]


def incidents(site: Site) -> list[tuple[str, dict[str, Any]]]:
    return [(one.tags["event"], dict(one.fields)) for one in all_events(site) if one.measurement == "line_incident"]


def at_of(point: Line) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=point.at_ns // 1000)


def test_an_incident_is_told_from_its_opening_to_its_end(somewhere: Place):
    """Opened at the alarm with the whole limit ahead, restored with what the statement says: 3 h of 2 h allowed."""
    picture = "." * 10 + "x" * 180 + "." * 10
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], picture, window_s=60)))
        opened, restored = (one for one in all_events(site) if one.measurement == "line_incident")
        (stated,) = statement(site, LINES[0])["incidents"]
    assert opened.tags == {
        "line": LINES[0], "tier": "AAA", "category": "interruption", "event": "opened", "vantage": "nanning-1"
    }  # fmt: skip
    assert opened.fields == {
        "incident_id": stated["incident_id"], "duration_s": 120, "remaining_s": 7200, "breached": False
    }  # fmt: skip
    assert iso(at_of(opened)) == stated["alarm"]
    (clock,) = stated["clocks"]
    assert restored.fields == {
        "incident_id": stated["incident_id"],
        "duration_s": 180 * 60,
        "remaining_s": clock["limit_seconds"] - clock["restore_seconds"],
        "breached": clock["breached"],
    }
    assert iso(at_of(restored)) == stated["restored"]


def test_a_degradation_that_becomes_an_interruption_changes_its_category(somewhere: Place):
    """The event stands in the series of the new category, at the instant of the change."""
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 10 + "~" * 10 + "x" * 10 + "." * 10)))
        found = [(one.tags["event"], one.tags["category"]) for one in all_events(site) if "event" in one.tags]
    assert found == [("opened", "degradation"), ("category_changed", "interruption"), ("restored", "interruption")]


def test_a_line_that_flaps_reopens_the_incident_it_has(somewhere: Place):
    """The second alarm within `reopen_within_s` is told under the first one's id.

    Mutant: `_name` without REOPENED: dashboards count two outages.
    """
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 10 + "x" * 10 + "." * 20 + "x" * 10 + "." * 10)))
        told = incidents(site)
    assert [event for event, _ in told] == ["opened", "restored", "reopened", "restored"]
    assert len({fields["incident_id"] for _, fields in told}) == 1


def test_a_later_entry_changes_no_point_that_was_sent(somewhere: Place):
    """Correction, complaint and a further outage add points; those before stay as they were, to the byte.

    Mutant: `_book` with all entries of the line: the opening point of yesterday knows of today's correction.
    """
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 10 + "x" * 30 + "." * 10, window_s=60)))
        before = all_events(site)
        late = Change(restored=instant(BASE + 100 * MINUTE), responsibility=Responsibility.CUSTOMER)
        correct(site, these([str(before[0].fields["incident_id"])]), late, "seen on site", BASE + 200 * MINUTE)
        add_complaint(site, LINES[0], instant(BASE + 20 * MINUTE), ticket="T1", category=Category.INTERRUPTION)
        after = all_events(site)
    assert after[: len(before)] == before
    assert [one.tags["event"] for one in after[len(before) :]] == ["corrected", "complaint"]
    assert after[len(before)].fields["duration_s"] == 90 * 60
    assert [one.tags["event"] for one in before] == ["opened", "restored"]


def test_a_call_that_nothing_measured_explains_is_reported(somewhere: Place):
    """It is an incident, too: of the category that the caller states."""
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 30, window_s=60)))
        add_complaint(site, LINES[0], instant(BASE + 5 * MINUTE), ticket="T1", category=Category.DEGRADATION)
        (told,) = (one for one in all_events(site) if one.measurement == "line_incident")
    assert (told.tags["event"], told.tags["category"]) == ("reported", "degradation")
    assert told.fields["duration_s"] == 0


def test_an_issued_statement_becomes_a_credit_a_line_at_the_end_of_its_month(somewhere: Place):
    """Amounts as floats, the month and the revision as fields; a later revision stands over the earlier one."""
    end = "2026-10-31T16:00:00Z"

    def issued(revision: int, credit: str) -> Draft:
        line = {"line_id": LINES[0], "tier": "AAA", "credit": credit, "extension_days": "2"}
        payload = {"month": "2026-10", "revision": revision, "month_end": end, "lines": [line]}
        return Draft(ISSUED, BASE, payload, subject="C1")

    with somewhere.open() as site:
        site.ledger.append([issued(1, "3640.00"), issued(2, "3640.05")])
        first, second = all_events(site)
    assert first.measurement == "line_credit"
    assert first.tags == second.tags == {"line": LINES[0], "tier": "AAA"}
    assert first.at_ns == second.at_ns
    assert iso(at_of(first)) == end
    assert second.fields == {"amount": 3640.05, "extension_days": 2.0, "month": "2026-10", "revision": 2}


def test_what_happened_to_slamon_is_told_with_its_reason_and_no_name_of_a_person(somewhere: Place):
    """Events of one instant stand beside each other; who did something stays in the ledger."""
    with somewhere.open() as site:
        drafts = [Draft(f"vantage.{kind}", BASE, {"detail": "eth0"}) for kind in ("link_down", "reference_lost")]
        site.ledger.append([*drafts, Draft("service.stopped", BASE, {"lines": 2})])
        found = all_events(site)
    assert {one.measurement for one in found} == {"slamon_health"}
    assert [one.fields.get("event") for one in found] == ["link_down", "reference_lost", "service.stopped"]
    assert len({one.at_ns for one in found}) == 3
    assert {one.at_ns // 1000 for one in found} == {found[0].at_ns // 1000}


def test_a_line_whose_contract_nobody_knows_any_more_is_told_all_the_same(somewhere: Place):
    """Nothing is left out: without terms there is no tier and no remaining time."""
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "." * 10 + "x" * 10 + "." * 10)))
        entries = [entry for entry in site.ledger.entries() if concerns(entry)]
        bare = Site(site.loaded, site.ledger, {}, site.contracts)
        points = list(event_points(bare, site.ledger, entries))
    assert [point.tags["event"] for point in points] == ["opened", "restored"]
    assert points[1].fields["duration_s"] == 100
    assert points[1].fields["remaining_s"] is None
