"""Whatever people file, in whatever order: it is recorded or refused, and the month can always be told."""

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.calendar import BillingMonth
from slamon.core.facts import Category, Responsibility
from slamon.service.desk import DeskError, instant, looking
from slamon.service.desk_complaints import STEPS, add_complaint, step_complaint
from slamon.service.desk_exclusions import Claim, Evidence, add_exclusion, stop_exclusion
from slamon.service.desk_incidents import Change, correct, hand_back, these
from slamon.service.desk_lines import Ground, resume, suspend
from slamon.service.desk_lists import as_it_stands, complaints, exclusions, history, incidents, planned_work
from slamon.service.desk_maintenance import Window, add_maintenance, cancel_maintenance
from slamon.service.site import Site
from slamon.service.statements import Wanted, statements, survey
from tests.cli.office import Office, china, copied, furnish

NOW = china("20 12:00")

# Around what was measured (8 to 12 and 13 to 14:20), on the edges of it more often than not.
times = st.one_of(
    st.sampled_from([china(t) for t in ("03 07:59", "03 08:00", "03 12:00", "03 13:00", "03 14:20", "01 00:00")]),
    st.integers(0, 60).map(lambda tens: china("03 06:00") + timedelta(minutes=10 * tens)),
)
lines = st.sampled_from(["GX-0001", "GX-0002", "GX-0003"])
tickets = st.sampled_from(["T-1", "T-2", "T-3"])
# Which incident of the list, as a number; one more than there usually are.
places = st.integers(0, 3)

acts = st.one_of(
    st.tuples(st.just("complain"), lines, times, tickets, st.sampled_from(Category)),
    st.tuples(st.just("step"), st.sampled_from(sorted(STEPS)), times, tickets),
    st.tuples(st.just("work"), lines, times, times, st.none() | times),
    st.tuples(st.just("cancel"), st.sampled_from(["M-1", "M-2"])),
    st.tuples(st.just("exclude"), places, times, st.none() | times, st.booleans()),
    st.tuples(st.just("stop"), places, times),
    st.tuples(st.just("correct"), places, st.none() | times, st.none() | times, st.none() | st.booleans(),
              st.none() | st.sampled_from(Responsibility)),
    st.tuples(st.just("hand back"), places, times),
    st.tuples(st.just("suspend"), lines, times, st.none() | times),
    st.tuples(st.just("resume"), lines, times),
)  # fmt: skip


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Office:
    made = furnish(tmp_path_factory.mktemp("template") / "office")
    made.done("replay", str(made.folder / "r.jsonl"))
    return made


def name(site: Site, place: int) -> str:
    found = [one.incident.id for one in incidents(looking(site))]
    return found[place] if place < len(found) else "#9999"


def at(time: datetime | None):
    return None if time is None else instant(time)


def file_it(site: Site, act) -> None:  # noqa: C901 - one case an act
    """File one act through the desk."""
    kind, *rest = act
    match kind, rest:
        case "complain", [line_id, time, ticket, category]:
            add_complaint(site, line_id, instant(time), ticket=ticket, category=category)
        case "step", [step, time, ticket]:
            step_complaint(site, ticket, STEPS[step], instant(time))
        case "work", [line_id, start, end, notified_at]:
            add_maintenance(site, Window((line_id,), None, instant(start), instant(end), "r", at(notified_at), "sms"))
        case "cancel", [key]:
            cancel_maintenance(site, key, NOW)
        case "exclude", [place, start, end, proven]:
            proof = Evidence("b.txt", b"x") if proven else None
            claim = Claim("force_majeure" if proven else "customer_side", instant(start), at(end), "r", proof)
            add_exclusion(site, [name(site, place)], claim)
        case "stop", [place, time]:
            stop_exclusion(site, name(site, place), None, instant(time))
        case "correct", [place, onset, restored, false_alarm, responsibility]:
            change = Change(at(onset), at(restored), responsibility, false_alarm)
            correct(site, these([name(site, place)]), change, "r", NOW)
        case "hand back", [place, time]:
            hand_back(site, name(site, place), instant(time))
        case "suspend", [line_id, start, end]:
            suspend(site, line_id, instant(start), at(end), Ground.POLICY)
        case "resume", [line_id, time]:
            resume(site, line_id, instant(time))


@settings(max_examples=60)
@given(filed=st.lists(acts, max_size=10))
def test_what_is_refused_changes_nothing_and_the_rest_can_always_be_told(measured, filed):
    """Every statement adds up (it refuses to be made otherwise), every incident can be shown, the chain is sound."""
    with tempfile.TemporaryDirectory() as folder, copied(measured, Path(folder) / "office").open() as site:
        for act in filed:
            before = site.ledger.last_seq()
            try:
                file_it(site, act)
            except DeskError:
                assert site.ledger.last_seq() == before
            else:
                assert site.ledger.last_seq() > before
        facts = looking(site)
        for line in statements(survey(site, Wanted(BillingMonth(2026, 10))), lambda found: found):
            parts = line.seconds
            told = parts.excluded + parts.interrupted + parts.degraded + parts.blind + parts.up
            assert told == parts.service
        for one in incidents(facts):
            assert one.incident.number is not None
            assert as_it_stands(one, NOW).incident.id == one.incident.id
            history(facts, one)
        for listed in (complaints(facts), exclusions(facts), planned_work(facts)):
            list(listed)
        assert site.ledger.verify().sound
