"""What people file: checked against the facts under the lock, recorded whole or not at all."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.calendar import LocalTimeError
from slamon.core.facts import Category, Responsibility
from slamon.core.incident import State, incident_id
from slamon.core.timespan import iso
from slamon.service import desk_find, desk_lists
from slamon.service.desk import DeskError, Filed, free_text, instant, looking, when, word
from slamon.service.desk_complaints import STEPS, add_complaint, step_complaint
from slamon.service.desk_exclusions import Claim, Evidence, add_exclusion, stop_exclusion
from slamon.service.desk_incidents import Cause, Change, acknowledge, caused_by, correct, hand_back, note, these
from slamon.service.desk_lines import Ground, resume, suspend
from slamon.service.desk_maintenance import Window, add_maintenance, cancel_maintenance
from slamon.service.site import Site
from slamon.store import filed
from slamon.store.measured import FOUND
from tests.cli.office import Office, china, copied, furnish

NOW = china("20 12:00")
DOWN = china("03 08:00")


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> Office:
    made = furnish(tmp_path_factory.mktemp("template") / "office")
    made.done("replay", str(made.folder / "r.jsonl"))
    return made


@pytest.fixture
def site(measured, tmp_path):
    with copied(measured, tmp_path / "office").open() as opened:
        yield opened


def complain(site: Site, line_id: str, at: str, ticket: str, category: Category = Category.INTERRUPTION) -> Filed:
    return add_complaint(site, line_id, when(at), ticket=ticket, category=category)


def step(site: Site, word_: str, ticket: str, at: str) -> Filed:
    return step_complaint(site, ticket, STEPS[word_], when(at))


def incidents(site: Site, line_id: str):
    return looking(site).line_file(line_id).timeline.incidents


def number(site: Site, line_id: str) -> str:
    return f"#{incidents(site, line_id)[0].number}"


def claim(kind: str = "customer_side", start: str = "2026-10-03T09:00", end: str | None = "2026-10-03T10:00", **more):
    return Claim(kind, when(start), None if end is None else when(end), "because", **more)


@pytest.fixture
def refused(site):
    """Check that something is refused with these words, and that nothing was recorded."""

    def check(words: str, call, *args, **more) -> None:
        before = site.ledger.last_seq()
        with pytest.raises(DeskError) as caught:
            call(*args, **more)
        assert words in str(caught.value)
        assert site.ledger.last_seq() == before

    return check


class TestComplaints:
    def test_one_during_an_incident_joins_it_and_starts_its_clock_at_the_complaint(self, site):
        """What it joins is said, and the incident then knows it."""
        done = complain(site, "GX-0002", "2026-10-03T13:00:30", "T-1")
        found = incidents(site, "GX-0002")[0]
        joined = f"incident #{found.number} (interruption since 2026-10-03 13:00:00)"
        assert done.said == (f"complaint T-1 on GX-0002 joins {joined}",)
        assert found.complaint == china("03 13:00:30")

    def test_one_that_nothing_measured_explains_opens_a_reported_incident_with_the_number_of_its_entry(self, site):
        """Its number is that of the complaint, and it is found by it."""
        done = complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        assert done.said[0].startswith(f"complaint T-1 on GX-0003 opens incident #{done.entries[0]}: reported")
        assert desk_find.incident(looking(site), f"#{done.entries[0]}").incident.state is State.REPORTED

    def test_one_after_the_restore_is_noted_without_a_clock(self, site):
        """It stands with the incident, which has no complaint that counts."""
        done = complain(site, "GX-0001", "2026-10-03T12:30", "T-1")
        assert "restored before it: no clock moves" in done.said[0]
        assert incidents(site, "GX-0001")[0].complaint is None

    def test_one_outside_of_service_joins_nothing(self, site):
        """It is recorded, and it says so."""
        assert "joins nothing" in complain(site, "GX-0001", "2025-10-03T12:30", "T-1").said[0]

    def test_an_earlier_complaint_that_takes_the_place_of_a_reported_incident_says_so(self, site):
        """Filed second, made first: the reported incident of the later one is not there any more."""
        later = complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        earlier = complain(site, "GX-0003", "2026-10-03T11:00", "T-2")
        assert earlier.warnings == (f"incident #{later.entries[0]} is now part of another one",)

    def test_a_ticket_stands_once_a_line(self, site, refused):
        """A second complaint under the same number on the same line is refused; on another line it is the same case."""
        complain(site, "GX-0001", "2026-10-03T08:10", "T-1")
        refused("T-1 is on record already", complain, site, "GX-0001", "2026-10-03T08:20", "T-1")
        complain(site, "GX-0002", "2026-10-03T13:10", "T-1")

    def test_a_ticket_of_several_lines_is_closed_on_all_of_them(self, site, refused):
        """Closing goes to each line where it is still open, and is refused once all are closed."""
        complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        complain(site, "BE-0001", "2026-10-03T12:00", "T-1")
        done = step(site, "close", "T-1", "2026-10-03T15:00+02:00")
        assert len(done.entries) == 2
        for line_id in ("GX-0003", "BE-0001"):
            assert incidents(site, line_id)[0].restored == china("03 21:00")
        refused("was closed already, at 2026-10-03 21:00:00", step, site, "close", "T-1", "2026-10-03T22:00")

    @pytest.mark.parametrize("word_", ["answer", "settle", "close"])
    def test_nothing_happens_to_a_ticket_before_its_complaint(self, site, refused, word_):
        """Mutant: `if at < complaint.at` taken out of `_step_draft`: all three are recorded."""
        complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        refused("the complaint was made at 2026-10-03 12:00:00", step, site, word_, "T-1", "2026-10-03T11:59:59")

    def test_answered_and_settled_are_kept_with_the_complaint(self, site):
        """Both instants are in the record that statements are made of."""
        complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        step(site, "answer", "T-1", "2026-10-03T12:30")
        step(site, "settle", "T-1", "2026-10-03T13:30")
        (found,) = looking(site).line_file("GX-0003").book.filed.complaints
        assert (found.answered_at, found.settled_at) == (china("03 12:30"), china("03 13:30"))

    def test_unknown_lines_and_tickets_offer_what_may_have_been_meant(self, site, refused):
        """The one letter that is wrong is found."""
        refused("Did you mean 'GX-0001'?", complain, site, "GX-001", "2026-10-03T12:00", "T-1")
        complain(site, "GX-0003", "2026-10-03T12:00", "TK-1001")
        refused("Did you mean 'TK-1001'?", step, site, "close", "TK-101", "2026-10-03T12:30")

    def test_the_caller_stands_outside_of_the_chain(self, site):
        """The entry only refers to the text, which can be erased."""
        seq = add_complaint(
            site, "GX-0003", when("2026-10-03T12:00"), ticket="T-1", category=Category.DEGRADATION, caller="王女士"
        ).entries[0]
        (entry,) = site.ledger.entries(after_seq=seq - 1)
        assert "王女士" not in entry.payload_json
        assert site.ledger.personal(entry.payload["personal"]["caller"]) == "王女士"


class TestFindingIncidents:
    def test_number_id_and_beginning_of_the_id_name_the_same(self, site):
        """With and without #, in capitals, with blanks around."""
        found = incidents(site, "GX-0001")[0]
        names = [f"#{found.number}", str(found.number), found.id, found.id[:8], found.id.upper(), f" {found.id} "]
        assert {desk_find.incident(looking(site), name).incident.id for name in names} == {found.id}

    @pytest.mark.parametrize("text", ["#999", "0", "#0", "1", "12345678", "abcdef12", "abc", "", "#", "１", "x" * 5000])
    def test_what_names_no_incident_is_refused(self, refused, site, text):
        """Entry 1 is a contract, not an incident; short beginnings and other digits are no names."""
        refused("", desk_find.incident, looking(site), text)

    def test_a_beginning_that_fits_two_is_refused(self, site, refused):
        """Two ids that begin alike (found by trying) are told, not guessed; one more character decides."""
        complain(site, "GX-0003", "2026-10-05T01:11:50", "T-1")
        step(site, "close", "T-1", "2026-10-05T02:00")
        complain(site, "GX-0003", "2026-10-05T20:34:03", "T-2")
        first, second = incidents(site, "GX-0003")
        assert first.id[:8] == second.id[:8] == "e75e64bb"
        refused("2 incidents begin with e75e64bb; give more of it", desk_find.incident, looking(site), "e75e64bb")
        assert desk_find.incident(looking(site), second.id[:10]).incident == second

    def test_an_id_that_another_incident_absorbed_names_that_one(self, site):
        """A reported incident that a measured one replaced is found under both ids."""
        at = china("03 10:00")
        complain(site, "GX-0002", iso(at), "T-1")
        reported = incident_id("GX-0002", at, reported=True)
        measured = incidents(site, "GX-0002")[0]
        assert reported in measured.derived_from
        assert desk_find.incident(looking(site), reported).incident.id == measured.id

    def test_the_number_of_a_complaint_says_of_which_incident_it_is(self, site, refused):
        """It is no incident's number, but close to one."""
        seq = complain(site, "GX-0001", "2026-10-03T08:10", "T-1").entries[0]
        refused(f"is complaint T-1 of incident {number(site, 'GX-0001')}", desk_find.incident, looking(site), f"#{seq}")


class TestPlannedWork:
    def window(self, **changes) -> Window:
        given = {
            "line_ids": ("GX-0001",),
            "upstream": None,
            "start": when("2026-10-10T00:00"),
            "end": when("2026-10-10T04:00"),
            "reason": "cut-over",
            "notified_at": when("2026-10-09T00:00"),
            "channel": "email",
        }
        return Window(**(given | changes))

    def test_exactly_24_hours_ahead_is_in_time(self, site):
        """No warning, and ids count up."""
        assert add_maintenance(site, self.window()) == Filed(
            (site.ledger.last_seq(),),
            ("M-1",),
            ("planned work M-1: 1 line, 2026-10-10 00:00:00 to 2026-10-10 04:00:00",),
        )
        assert add_maintenance(site, self.window(line_ids=("GX-0002",))).subjects == ("M-2",)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"notified_at": when("2026-10-09T00:00:01")}, "given 24 h ahead"),
            ({"notified_at": when("2026-10-10T01:00")}, "given after the start"),
            ({"notified_at": None}, "none is on record"),
            ({"channel": "fax"}, "by website, email, sms, not fax"),
            ({"channel": None}, "none is on record"),
        ],
        ids=["a second late", "after the start", "no notice", "another channel", "no channel"],
    )
    def test_work_that_will_count_is_recorded_with_a_warning(self, site, changes, words):
        """The customer's clock goes on, and whoever enters it hears so at once."""
        (warning,) = add_maintenance(site, self.window(**changes)).warnings
        assert warning.startswith("the time of this work will count: cmcc-internet-line requires")
        assert words in warning

    def test_work_below_an_upstream_concerns_all_of_its_lines(self, site):
        """The lines are counted, and the window is theirs."""
        assert "2 lines below OLT-1" in add_maintenance(site, self.window(line_ids=(), upstream="OLT-1")).said[0]
        assert looking(site).fleet.maintenance[0].upstream == "OLT-1"

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"line_ids": ()}, "concerns no line"),
            ({"line_ids": ("GX-0009",)}, "Did you mean 'GX-000"),
            ({"line_ids": (), "upstream": "OLT1"}, "Did you mean 'OLT-1'?"),
            ({"end": when("2026-10-10T00:00")}, "ends after it begins"),
            ({"reason": " "}, "the reason is empty"),
            ({"line_ids": ("GX-0001", "BE-0001")}, "Asia/Shanghai, Europe/Berlin"),
        ],
        ids=["no line", "unknown line", "unknown upstream", "empty window", "no reason", "two zones, no offset"],
    )
    def test_what_cannot_be_planned_work_is_refused(self, site, refused, changes, words):
        """Nothing is recorded, whatever is wrong."""
        refused(words, add_maintenance, site, self.window(**changes))

    def test_lines_of_two_zones_are_fine_with_offsets(self, site):
        """An offset leaves nothing open."""
        times = {
            "start": when("2026-10-10T00:00Z"),
            "end": when("2026-10-10T01:00Z"),
            "notified_at": when("2026-10-01T00:00Z"),
        }
        assert add_maintenance(site, self.window(line_ids=("GX-0001", "BE-0001"), **times)).warnings == ()

    def test_the_same_work_is_entered_once_and_can_be_taken_back_and_entered_again(self, site, refused):
        """Twice is a slip; after a cancellation it is a new window with a new id."""
        add_maintenance(site, self.window())
        refused("is on record already: M-1", add_maintenance, site, self.window())
        cancel_maintenance(site, "M-1", china("09 12:00"))
        assert looking(site).fleet.maintenance[0].cancelled
        refused("cancelled already", cancel_maintenance, site, "M-1", china("09 12:00"))
        refused("Did you mean 'M-1'?", cancel_maintenance, site, "m-1", china("09 12:00"))
        assert add_maintenance(site, self.window()).subjects == ("M-2",)


class TestExclusions:
    def test_one_for_several_incidents_is_recorded_for_all(self, site):
        """Each has it, with the evidence that is kept once."""
        names = [number(site, "GX-0001"), number(site, "GX-0002")]
        proof = Evidence("bulletin.txt", b"flood")
        done = add_exclusion(
            site, names, claim("force_majeure", "2026-10-03T13:10", "2026-10-03T13:20", evidence=proof)
        )
        assert len(done.entries) == 2
        assert done.warnings == (f"it does not overlap incident {names[0]}: it takes nothing off its clocks",)
        (found,) = incidents(site, "GX-0002")[0].exclusions
        assert site.ledger.blob(found.evidence or "") == b"flood"

    def test_one_incident_that_does_not_fit_leaves_all_without(self, site, refused):
        """All or nothing."""
        names = [number(site, "GX-0001"), "#999"]
        refused("no incident #999", add_exclusion, site, names, claim())

    @pytest.mark.parametrize(
        ("given_", "words"),
        [
            (claim("customerside"), "Did you mean 'customer_side'? its kinds are force_majeure, customer"),
            (claim("planned_maintenance"), "`slamon maintenance add`"),
            (claim(end="2026-10-03T09:00"), "ends after it begins"),
            (Claim("customer_side", when("2026-10-03T09:00"), when("2026-10-03T10:00"), ""), "the reason is empty"),
        ],
        ids=["kind of no contract", "planned work by hand", "empty", "no reason"],
    )
    def test_what_the_contract_does_not_know_is_refused(self, site, refused, given_, words):
        """Nothing is recorded, and what would be right is offered."""
        refused(words, add_exclusion, site, [number(site, "GX-0001")], given_)

    def test_force_majeure_without_evidence_is_recorded_and_warned_of(self, site):
        """It will not be accepted; entered again with evidence it will."""
        name = number(site, "GX-0001")
        (warning,) = add_exclusion(site, [name], claim("force_majeure")).warnings
        assert "not accepted without evidence" in warning
        add_exclusion(site, [name], claim("force_majeure", evidence=Evidence("b.txt", b"x")))
        decisions = [adjudged.accepted for _, adjudged in desk_lists.exclusions(looking(site))]
        assert decisions == [False, True]

    def test_the_same_exclusion_twice_is_refused(self, site, refused):
        """A slip, not a second reason."""
        name = number(site, "GX-0001")
        add_exclusion(site, [name], claim())
        refused("on record already", add_exclusion, site, [name], claim())

    def test_a_stop_clock_runs_once_and_stops_after_it_began(self, site, refused):
        """One of a kind at a time; it can run again afterwards."""
        name = number(site, "GX-0002")
        start = claim("awaiting_customer", "2026-10-03T13:30", None)
        add_exclusion(site, [name], start)
        refused("runs already", add_exclusion, site, [name], start)
        refused("this one began at 2026-10-03 13:30:00", stop_exclusion, site, name, None, when("2026-10-03T13:30"))
        stop_exclusion(site, name, None, when("2026-10-03T13:45"))
        refused("no stop-clock runs", stop_exclusion, site, name, None, when("2026-10-03T13:50"))
        add_exclusion(site, [name], claim("awaiting_customer", "2026-10-03T13:50", None))
        first, second = incidents(site, "GX-0002")[0].exclusions
        assert (first.end, second.end) == (china("03 13:45"), None)

    def test_of_two_stop_clocks_one_must_be_named(self, site, refused):
        """Which one is not guessed."""
        name = number(site, "GX-0002")
        for kind in ("awaiting_customer", "customer_side"):
            add_exclusion(site, [name], claim(kind, "2026-10-03T13:30", None))
        refused("say which: --kind", stop_exclusion, site, name, None, when("2026-10-03T14:00"))
        stop_exclusion(site, name, "customer_side", when("2026-10-03T14:00"))


class TestCorrections:
    def test_instants_and_responsibility_are_corrected_in_one_entry(self, site):
        """The incident is what the person said, and the entry says only what changed."""
        name = number(site, "GX-0001")
        change = Change(onset=when("2026-10-03T07:30"), responsibility=Responsibility.CUSTOMER)
        done = correct(site, these([name]), change, "log of the exchange", NOW)
        found = incidents(site, "GX-0001")[0]
        assert (found.onset, found.responsibility) == (china("03 07:30"), Responsibility.CUSTOMER)
        (entry,) = site.ledger.entries(after_seq=done.entries[0] - 1)
        assert entry.payload == {"onset": iso(china("03 07:30")), "responsibility": "customer"}
        assert (entry.why, entry.by_name) == ("log of the exchange", "tester")

    def test_an_open_incident_can_be_restored_by_hand(self, site):
        """It is over then."""
        correct(site, these([number(site, "GX-0002")]), Change(restored=when("2026-10-03T14:00")), "seen", NOW)
        assert incidents(site, "GX-0002")[0].state is State.RESTORED

    def test_a_reported_incident_says_that_one_instant_is_not_enough(self, site):
        """Only both confirm its span as outage time."""
        complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
        name = number(site, "GX-0003")
        half = correct(site, these([name]), Change(restored=when("2026-10-03T13:00")), "seen", NOW)
        assert "once both --onset and --restored are given" in half.warnings[0]
        whole = correct(site, these([name]), Change(onset=when("2026-10-03T12:00")), "seen", NOW)
        assert whole.warnings == ()
        assert incidents(site, "GX-0003")[0].segments != ()

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (Change(), "a correction changes something"),
            (Change(onset=when("2026-10-03T12:00")), "onset lies before restored"),
            (Change(restored=when("2026-10-03T07:59")), "onset lies before restored"),
            (Change(onset=when("2026-10-03T10:00"), restored=when("2026-10-03T10:00")), "onset lies before restored"),
        ],
        ids=["nothing", "onset at the restore", "restored before the onset", "both the same"],
    )
    def test_a_correction_that_cannot_be_is_refused(self, site, refused, change, words):
        """Mutant: the comparison of onset and restored taken out of `_correction`: all but the first are filed."""
        refused(words, correct, site, these([number(site, "GX-0001")]), change, "why", NOW)

    def test_one_that_does_not_fit_leaves_all_as_they_were(self, site, refused):
        """GX-0002 began at 13:00: what fits GX-0001 does not fit it."""
        names = [number(site, "GX-0001"), number(site, "GX-0002")]
        refused("before its onset", correct, site, these(names), Change(restored=when("2026-10-03T12:30")), "why", NOW)

    def test_one_cause_corrects_the_open_incidents_below_it_or_those_of_a_window(self, site, refused):
        """Open ones by default; a window takes in those that are over."""
        blame = Change(responsibility=Responsibility.THIRD_PARTY)
        done = correct(site, caused_by(Cause("OLT-1")), blame, "digger", NOW)
        assert done.subjects == (incidents(site, "GX-0002")[0].id,)
        window = Cause("OLT-1", when("2026-10-03T11:00"), when("2026-10-03T12:00"))
        assert correct(site, caused_by(window), blame, "digger", NOW).subjects == (incidents(site, "GX-0001")[0].id,)
        refused("no incident below OLT-2 is open", correct, site, caused_by(Cause("OLT-2")), blame, "digger", NOW)
        refused("Did you mean 'OLT-", correct, site, caused_by(Cause("OLT-9")), blame, "digger", NOW)

    def test_an_overlap_with_the_next_incident_is_pointed_out(self, site):
        """It is recorded: the statement counts no second twice."""
        suspend(site, "GX-0001", when("2026-10-03T09:00"), when("2026-10-03T10:00"), Ground.REQUEST)
        late = Change(restored=when("2026-10-03T10:30"))
        (warning,) = correct(site, these([number(site, "GX-0001")]), late, "why", NOW).warnings
        assert "now overlaps incident" in warning

    def test_a_struck_out_incident_can_be_taken_back(self, site):
        """The last word counts."""
        name = number(site, "GX-0001")
        correct(site, these([name]), Change(false_alarm=True), "test signal", NOW)
        assert incidents(site, "GX-0001")[0].state is State.FALSE_ALARM
        correct(site, these([name]), Change(false_alarm=False), "it was not", NOW)
        assert incidents(site, "GX-0001")[0].state is State.RESTORED

    def test_a_line_is_handed_back_after_its_onset(self, site, refused):
        """Before the restore it is recorded with a doubt."""
        name = number(site, "GX-0001")
        refused("a line is handed back after that", hand_back, site, name, instant(DOWN))
        (doubt,) = hand_back(site, name, when("2026-10-03T11:00")).warnings
        assert "was restored later" in doubt
        assert hand_back(site, name, when("2026-10-03T13:00")).warnings == ()
        assert incidents(site, "GX-0001")[0].handed_back == china("03 13:00")

    def test_acknowledgements_and_notes_stand_in_the_history(self, site):
        """A note is personal: the chain only refers to it."""
        name = number(site, "GX-0001")
        acknowledge(site, [name], NOW)
        note(site, [name], "Ms Li waits\nat the gate", NOW)
        facts = looking(site)
        remarks = desk_lists.history(facts, desk_find.incident(facts, name))
        assert [(r.what, r.text) for r in remarks] == [("acknowledged", ""), ("noted", "Ms Li waits\nat the gate")]
        assert "Ms Li" not in remarks[1].entry.payload_json


class TestSuspensions:
    def test_a_suspension_filed_late_cuts_an_incident_in_two_and_numbers_the_second(self, site):
        """Down from 8 to 12, suspended from 9 to 10: what begins at 10 gets a number of its own."""
        done = suspend(site, "GX-0001", when("2026-10-03T09:00"), when("2026-10-03T10:00"), Ground.ARREARS)
        first, second = incidents(site, "GX-0001")
        assert (first.restored, second.onset) == (china("03 09:00"), china("03 10:00"))
        found = list(site.ledger.entries(kinds={FOUND}))
        assert [entry.subject for entry in found] == [second.id]
        assert second.number == found[0].seq == done.entries[1]
        assert any(f"incident #{second.number} is new" in sentence for sentence in done.said)

    def test_one_that_swallows_an_incident_says_so(self, site):
        """And its number then names nothing."""
        name = number(site, "GX-0001")
        done = suspend(site, "GX-0001", when("2026-10-03T07:00"), when("2026-10-03T14:00"), Ground.POLICY)
        assert f"incident {name} lies outside of service now" in done.said
        with pytest.raises(DeskError, match="lies outside of the line's service"):
            desk_find.incident(looking(site), name)

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("2026-10-09T00:00", "2026-10-11T00:00"),
            ("2026-10-10T12:00", "2026-10-10T13:00"),
            ("2026-10-09T00:00", None),
        ],
        ids=["overlapping the beginning", "inside", "without an end"],
    )
    def test_suspensions_of_a_line_do_not_overlap(self, site, refused, start, end):
        """One that touches another is fine."""
        until = None if end is None else when(end)
        suspend(site, "GX-0003", when("2026-10-10T00:00"), when("2026-10-12T00:00"), Ground.REQUEST)
        refused("is suspended already from 2026-10-10", suspend, site, "GX-0003", when(start), until, Ground.POLICY)
        suspend(site, "GX-0003", when("2026-10-12T00:00"), when("2026-10-13T00:00"), Ground.POLICY)

    def test_a_line_resumes_while_it_is_suspended_only(self, site, refused):
        """Resumed at its very beginning, a suspension is taken back, and the time is free again."""
        refused("no suspension of it is on record", resume, site, "GX-0003", when("2026-10-10T00:00"))
        suspend(site, "GX-0003", when("2026-10-10T00:00"), None, Ground.ARREARS)
        refused("not suspended at 2026-10-09", resume, site, "GX-0003", when("2026-10-09T23:59"))
        resume(site, "GX-0003", when("2026-10-10T00:00"))
        suspend(site, "GX-0003", when("2026-10-09T00:00"), None, Ground.ARREARS)
        resume(site, "GX-0003", when("2026-10-20T00:00"))
        found = looking(site).line_file("GX-0003").book.filed.suspensions
        assert [(s.start, s.end) for s in found if s.start != s.end] == [(china("09 00:00"), china("20 00:00"))]

    def test_one_outside_of_service_is_pointed_out(self, site):
        """Nothing comes of it."""
        done = suspend(site, "GX-0003", when("2025-01-01T00:00"), when("2025-02-01T00:00"), Ground.POLICY)
        assert done.warnings == ("GX-0003 has no service in that time anyway",)

    def test_it_ends_after_it_begins(self, site, refused):
        """Nothing is recorded otherwise."""
        same = when("2026-10-10T00:00")
        refused("ends after it begins", suspend, site, "GX-0003", same, same, Ground.POLICY)


class TestTimes:
    def test_a_time_that_happens_twice_is_refused_with_both_readings(self, site):
        """F3: the night the clocks go back.

        Mutant: `at_local` that always returns its first reading (`if first == second` taken out): an hour early.
        """
        before = site.ledger.last_seq()
        with pytest.raises(LocalTimeError, match=r"02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00"):
            complain(site, "BE-0001", "2026-10-25T02:30", "T-1")
        assert site.ledger.last_seq() == before
        complain(site, "BE-0001", "2026-10-25T02:30+01:00", "T-1")

    def test_a_time_that_never_is_is_refused(self, site):
        """F3: the night the clocks go forward. Mutant: as above."""
        with pytest.raises(LocalTimeError, match="does not exist in Europe/Berlin"):
            complain(site, "BE-0001", "2027-03-28T02:30", "T-1")

    @pytest.mark.parametrize(
        "text", ["0001-01-01T00:00+08:00", "9999-12-31T23:59-08:00", "1969-12-31T23:59Z", "3000-01-02"]
    )
    def test_years_that_nobody_means_are_refused(self, site, text):
        """No overflow, no entry."""
        with pytest.raises(LocalTimeError, match="out of range"):
            complain(site, "BE-0001", text, "T-1")

    def test_the_wall_clock_plays_no_part(self, site):
        """Replayed readings may lie in the future, and so may what is said about them."""
        complain(site, "BE-0001", "2099-01-01T00:00", "T-1")


class TestTexts:
    @given(st.text())
    def test_a_text_is_kept_as_it_is_or_refused(self, text):
        """What is kept has no control characters but line breaks and tabs, and is UTF-8."""
        try:
            found = free_text(text, "the text")
        except DeskError:
            return
        found.encode()
        assert all(c in "\n\t" or ord(c) >= 0x20 for c in found)

    @pytest.mark.parametrize(
        "text", ["", " ", "\n", "a\x1b[31m", "a\x00", "\udcff", "a\u0085b", "x" * 65, "a\nb", "a\tb"]
    )
    def test_a_word_is_short_and_stands_in_one_line(self, text):
        """Tickets and channels are printed in tables."""
        with pytest.raises(DeskError):
            word(text, "the ticket number")


def test_two_who_file_the_same_at_once_file_it_once(site):
    """The look and the entry are one transaction: of twelve threads with the same ticket one is first.

    Mutant: the look moved in front of `with filing(site)`: several of them record the ticket.
    """
    outcomes: list[str] = []
    ready = threading.Barrier(12)

    def file_it() -> None:
        ready.wait()
        try:
            complain(site, "GX-0003", "2026-10-03T12:00", "T-1")
            outcomes.append("filed")
        except DeskError:
            outcomes.append("refused")

    threads = [threading.Thread(target=file_it) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["filed"] + ["refused"] * 11
    assert len(list(site.ledger.entries(kinds={filed.COMPLAINT}))) == 1
