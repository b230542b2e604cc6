"""The cases of the reliability page that live in the core, each with the mutant that it kills (F3: test_calendar)."""

from datetime import timedelta

import pytest

from slamon.core.judge import Judge, judge, lose_sight, unseen
from slamon.core.lifecycle import Change, Course, Happening
from tests.core.filings import complaint, correction, filed, measured_id
from tests.core.telling import told
from tests.core.timelines import Story, drawn, readings_of, statement
from tests.core.wallclock import LINE, local

STORY = Story()
SERVICE = STORY.terms.service(filed(()))


def seen_until(picture: str) -> tuple[Judge, list[Happening]]:
    """Judge a picture of minutes from ten o'clock on."""
    state, happenings = Judge(Course(LINE)), []
    for each in readings_of(drawn("10-05 10:00", picture)):
        happenings += judge(state, STORY.watch, SERVICE, each).happenings
    return state, happenings


def test_f2_a_reading_from_before_the_observed_end_is_refused():
    """F2: the wall clock stepped back, so a minute comes a second time: it must not count twice.

    Mutant: `judge` without its refusal -> one DOWN minute, seen twice, is two readings and opens an incident.
    """
    state, _ = seen_until("..x")
    (again,) = readings_of(drawn("10-05 10:02", "x"))
    assert not unseen(state, again)
    with pytest.raises(ValueError, match=r"GX-0001: a reading from .* comes after one until"):
        judge(state, STORY.watch, SERVICE, again)
    assert state.course.alarm is None


def test_f2_a_step_forward_is_blind_time_not_outage():
    """F2: the wall clock jumped an hour ahead between two good readings: nobody saw that hour.

    Mutant: `_cover` without its gap -> the hour is up time.
    """
    says = told(statement(Story((drawn("10-05 10:00", "..." + "?" * 60 + "..."),))))
    assert (says["blind"], says["interrupted"], says["incidents"]) == (3600, 0, 0)


def test_f4_a_stop_during_an_outage_is_blind_and_alarms_once():
    """F4: stopped ten minutes into an outage, back after ten more: one alarm, the first onset, the stop is blind.

    Mutants: `lose_sight` that books nothing -> nobody knows why the line was blind; one that begins a new course ->
    a second alarm with an onset of its own.
    """
    state, before = seen_until("x" * 10)
    lose_sight(state, "slamon was stopped")
    outcomes = [judge(state, STORY.watch, SERVICE, each) for each in readings_of(drawn("10-05 10:20", "xx."))]
    happenings = [*before, *(h for outcome in outcomes for h in outcome.happenings)]
    assert [h.change for h in happenings] == [Change.OPENED, Change.CLOSED]
    assert {h.episode.onset for h in happenings} == {local("10-05 10:00")}
    (blind,) = (b for outcome in outcomes for b in outcome.blind)
    assert (blind.start, blind.end, blind.reason) == (
        local("10-05 10:10"),
        local("10-05 10:20"),
        "slamon was stopped",
    )


def test_f4_a_stop_before_the_alarm_loses_no_onset():
    """F4: one DOWN reading, a stop, another: the run goes on over the stop, and its span includes it.

    Mutant: `lose_sight` forgetting the course (`state.course = Course(...)`) -> no alarm.
    """
    state, _ = seen_until("x")
    lose_sight(state, "slamon was stopped")
    (back,) = readings_of(drawn("10-05 10:05", "x"))
    (opened,) = judge(state, STORY.watch, SERVICE, back).happenings
    assert (opened.change, opened.episode.onset) == (Change.OPENED, local("10-05 10:00"))
    assert opened.at - opened.episode.onset == timedelta(minutes=6)


def test_f22_no_clock_starts_before_the_previous_incident_was_restored():
    """F22: an incident corrected to have lasted until noon; the next one's alarm was at 11:32, a call at 11:40.

    Its clock starts at noon: 12:00 to 14:00 is the limit of 7200 s itself, and no hour counts twice.
    Mutant: `_floored` returning its start -> 8880 s from 11:32, a breach, 130.00.
    """
    story = Story(
        (drawn("10-05 10:00", "x" * 60 + "." * 30 + "x" * 150),),
        (correction(measured_id("10-05 10:00"), restored="10-05 12:00"), complaint("10-05 11:40")),
    )
    says = told(statement(story))
    assert (says["1 onset"], says["1 alarm"]) == ("10-05 11:30", "10-05 11:32")
    assert (says["1 interruption from"], says["1 interruption restore_s"]) == ("10-05 12:00", 7200)
    assert says["1 applied"] == {}


def test_f22_a_complaint_inside_an_earlier_incident_stays_with_it():
    """F22: a call at 10:30, entered later, belongs to the incident of that hour and moves no clock of the next one.

    Mutant: `_open_at` that only knows incidents still open -> the call joins the next one and starts its clocks.
    """
    story = Story((drawn("10-05 10:00", "x" * 60 + "." * 30 + "x" * 150),), (complaint("10-05 10:30"),))
    says = told(statement(story))
    assert (says["0 complaint"], says["1 complaint"]) == ("10-05 10:30", None)
    assert (says["1 clocks"], says["1 interruption from"]) == (["interruption"], "10-05 11:32")


def test_f24_a_line_that_flaps_gets_one_limit():
    """F24: down 55 min, good for 2 min (just over close_after_s), five times over: one incident, one clock.

    10:02 to 14:43 is 16860 s; overrun 9660 -> 3 x 130 = 390.00.
    Mutant: `continues` returning False -> five incidents of 55 min, each within its limit, and nothing is paid.
    """
    says = told(statement(Story((drawn("10-05 10:00", ("x" * 55 + "." * 2) * 5),))))
    assert says["incidents"] == 1
    assert says["0 interruption restore_s"] == 16860
    assert says["credit"] == "390.00"
