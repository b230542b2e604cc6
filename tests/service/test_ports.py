"""Polls of carriers' ports join the readings in whose windows they ended; judged again, records give the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.config.profiles import SHIPPED
from slamon.core.contract import Contracts
from slamon.core.inventory import FAR_FUTURE, Line, Period
from slamon.core.lifecycle import Change, Happening
from slamon.core.quality import Profile, Watch
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats
from slamon.core.timeline import LineTerms
from slamon.core.timespan import Span, SpanSet
from slamon.probes.columns import rows_of
from slamon.service.judging import Judging
from slamon.service.watching import Watched
from tests.service import batches
from tests.service.batches import BASE, IDS, SHANGHAI, Told

LINE = "GX-0000"
GOOD, DEAD = TargetStats(3, 3, 1.0, 1.0, 1.0, 0.0), TargetStats(3, 0)
QUIET = InterfaceStats("up", "up", 1000, 0, 0, 100, 100, 1, 1, 0, 0, 60.0, BASE)
DOWN = InterfaceStats("up", "down", 1000, last_change=BASE)


def at(second: float) -> datetime:
    return BASE + timedelta(seconds=second)


def reading(number: int, target: TargetStats = GOOD) -> Reading:
    """The numbered window of 10 s."""
    return Reading(LINE, at(10 * number), at(10 * number + 10), target)


def judging(profile: Profile = SHIPPED) -> Judging:
    terms = LineTerms(
        Line(LINE, (Period(date(2026, 1, 1), None, "C1", "cmcc-internet-line", Decimal(3000)),)), Contracts(())
    )
    watch = Watch(has_demarc=True, has_cpe=False, bandwidth_mbps=100, profile=profile)
    return Judging({LINE: Watched(terms, SHANGHAI, (watch,), SpanSet([Span(at(-999), FAR_FUTURE)]))})


def take(made: Judging, *readings: Reading) -> list[Happening]:
    return made.take_rows(*rows_of(readings))


def judged(made: Judging) -> list[Reading]:
    """The readings of the last batch, as they are remembered."""
    rows, _, _ = made.judged()
    return [one for one, _ in made._at_hand.history.judged(rows)]  # noqa: SLF001 - what evidence is made of


def carried(made: Judging) -> list[InterfaceStats | None]:
    return [one.interface for one in judged(made)]


def test_a_poll_waits_for_the_reading_of_its_window():
    """It ended within the window's time; the window comes a moment later."""
    made = judging()
    assert made.note_port(LINE, QUIET, at(14))
    take(made, reading(0))
    assert carried(made) == [None]
    take(made, reading(1))
    assert carried(made) == [QUIET]


def test_a_poll_at_the_edge_of_two_windows_belongs_to_the_one_that_it_ends():
    """Windows hold polls as ``(start, end]``."""
    made = judging()
    made.note_port(LINE, QUIET, at(10))
    take(made, reading(0), reading(1))
    assert carried(made) == [QUIET, None]


def test_a_poll_that_comes_late_goes_into_the_next_reading():
    """Its window was judged already, and what was judged stays as it is."""
    made = judging()
    take(made, reading(0))
    made.note_port(LINE, QUIET, at(4))
    take(made, reading(1), reading(2))
    assert carried(made) == [QUIET, None]


def test_polls_of_one_window_become_one_whose_counters_are_added():
    """A confirm poll after a trap: the last state, and no delta lost."""
    made = judging()
    made.note_port(LINE, DOWN, at(3))
    made.note_port(LINE, QUIET, at(4))
    made.note_port(LINE, replace(QUIET, in_packets=11), at(5))
    take(made, reading(0))
    (found,) = carried(made)
    assert found == replace(QUIET, in_packets=111, out_packets=200, in_octets=2, out_octets=2, seconds=120.0)


def test_a_poll_of_a_line_that_nobody_judges_is_forgotten():
    made = judging()
    assert not made.note_port("GX-9999", QUIET, at(3))
    made.relist({})
    assert not made.note_port(LINE, QUIET, at(3))


def test_a_window_told_twice_takes_no_poll_away():
    """What lies before the observed end is not judged, so it carries nothing."""
    made = judging()
    take(made, reading(0))
    made.note_port(LINE, QUIET, at(15))
    take(made, reading(0))
    take(made, reading(1))
    assert carried(made) == [QUIET]


def test_a_line_with_a_quiet_port_stays_in_the_fast_filter():
    """No judge is made for it, poll after poll.

    Mutant: a port in force keeps its line seated, as it did; every line with a port costs a judge for each reading.
    """
    made = judging()
    for number in range(30):
        made.note_port(LINE, QUIET, at(10 * number + 5))
        take(made, reading(number))
        assert not made._at_hand.seats  # noqa: SLF001 - the cost is in them


def test_a_port_that_is_down_opens_an_incident_and_its_agents_silence_ends_it():
    """Down for two intervals of its word; nobody answers after that, and the demarc decides alone."""
    made = judging()
    take(made, reading(0))
    made.note_port(LINE, DOWN, at(15))
    found = [happening for number in range(1, 30) for happening in take(made, reading(number))]
    assert [(happening.change, happening.at) for happening in found] == [
        (Change.OPENED, at(30)),
        (Change.CLOSED, at(140)),  # the word of the window until 20 counts until 140
    ]
    assert {run.source for run in found[0].episode.runs} == {"interface"}


def test_errors_leave_the_window_as_they_came():
    """A degradation by the port's errors alone, over 300 s; the fast filter hands over and takes back."""
    made = judging(replace(SHIPPED, degraded_open_after_s=60))
    found: list[Happening] = []
    for number in range(120):
        if number % 6 == 0:
            errors = 5 if number in (36, 42) else 0
            made.note_port(LINE, replace(QUIET, in_errors=errors, in_packets=1000), at(10 * number + 5))
        found += take(made, reading(number))
    assert [happening.change for happening in found] == [Change.OPENED, Change.CLOSED]
    assert found[-1].at == at(720)  # the reading until 730 is the first whose window holds none with errors
    assert not made._at_hand.seats or made._at_hand.seats[LINE].collecting  # noqa: SLF001


def test_other_criteria_are_applied_to_the_word_that_stands():
    """A port that was fast enough is not, once more was contracted (a reload of the inventory)."""
    made = judging()
    made.note_port(LINE, QUIET, at(5))
    take(made, reading(0))
    before = made.lines[LINE]
    faster = tuple(replace(watch, bandwidth_mbps=10_000) for watch in before.watches)
    made.relist({LINE: Watched(before.terms, before.zone, faster, before.service)})
    take(made, reading(1))
    course = made.judge_of(LINE)
    assert course is not None
    assert course.course.phase == "suspect"


def test_a_port_without_a_row_of_its_line_holds_few_polls():
    """A prober that is away: polls pile up no further than half an hour of them."""
    made = judging()
    for minute in range(500):
        made.note_port(LINE, QUIET, at(60 * minute))
    take(made, Reading(LINE, at(0), at(60 * 500), GOOD))
    (found,) = carried(made)
    assert found is not None
    assert found.in_packets == 500 * 100
    extra = replace(QUIET, extras=(NamedValue("rx_power", -20.0, "dBm"),))
    made.note_port(LINE, extra, at(60 * 501))
    take(made, Reading(LINE, at(60 * 500), at(60 * 502), GOOD))
    assert carried(made) == [extra]


Arrival = tuple[datetime, Reading | None, InterfaceStats | None, datetime, str]


def arrivals(draw: Random, readings: Sequence[Reading]) -> list[Arrival]:
    """Readings and polls as they come in: a window two seconds after its end, a poll when it has ended, or late."""
    found: list[Arrival] = []
    for one in readings:
        found.append((one.end + timedelta(seconds=2), one, None, one.end, one.line_id))
        for _ in range(draw.choice((0, 0, 1, 2))):
            ended = one.start + timedelta(microseconds=draw.randrange(1, 12_000_000))
            late = timedelta(seconds=draw.choice((0.0, 0.5, 3.0, 30.0)))
            found.append((ended + late, None, batches.port(draw), ended, one.line_id))
    return sorted(found, key=lambda one: (one[0], one[4]))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_readings_that_were_recorded_live_give_the_same_when_they_are_judged_again(seed: int):
    """Whenever polls came: early, late, several in a window; rows in batches live, one by one in replay.

    Mutant: the poll's word told to the judge but not put into the history; the recorded reading carries none.
    """
    draw = Random(seed)
    lines = {line_id: batches.watched(draw, line_id) for line_id in IDS[:2]}
    readings = [one for line_id in lines for one in batches.windows(draw, line_id, 60)]
    readings = [replace(one, interface=None) for one in readings]
    live, again = Judging(lines), Judging(lines)
    one, other, recorded, waiting = Told(), Told(), [], []
    for _, row, port, ended, line_id in arrivals(draw, readings):
        if port is not None:
            live.note_port(line_id, port, ended)
        if row is not None:
            waiting.append(row)
        if len(waiting) == 7:
            one.happenings += live.take_rows(*rows_of(waiting))
            came = [(each.line_id, each.start) for each in waiting]
            recorded = sorted(judged(live), key=lambda each: came.index((each.line_id, each.start)))
            waiting = []
            one.pendings.append(live.drain(ended))
            for each in recorded:
                other.happenings += again.take(each) or []
            other.pendings.append(again.drain(ended))
    assert one.happenings == other.happenings
    assert one.drafts() == other.drafts()
    assert one.states() == other.states()
