"""Who is on call: turns, patterns, dates and overrides, through the edges of summer time too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.alerting.people import Dates, Override, Person, Quiet, Rota, Shift, Stint, Turns
from slamon.core.alerting.rota import awake_at, instant_of, on_call, schedule

NANNING, NEW_YORK, BERLIN = (ZoneInfo(name) for name in ("Asia/Shanghai", "America/New_York", "Europe/Berlin"))
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # half an hour of summer time
WEEKDAYS = frozenset(range(5))

TURNS = Turns(("zhang", "li", "wang"), date(2026, 10, 5))  # a Monday
NOC = Rota("noc", NANNING, time(9), TURNS)


def at(text: str, zone: ZoneInfo = NANNING, fold: int = 0) -> datetime:
    """The instant of a wall-clock time that exists; `fold` 1 is the second of two."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("when", "person"),
    [
        pytest.param("2026-10-05 08:59:59", None, id="nobody is on call before the first hand-over"),
        pytest.param("2026-10-05 09:00", "zhang", id="the first turn begins with the hand-over of its day"),
        pytest.param("2026-10-12 08:59:59", "zhang", id="a turn lasts to the hand-over a week later"),
        pytest.param("2026-10-12 09:00", "li", id="the next one begins then"),
        pytest.param("2026-10-26 09:00", "zhang", id="after the last one the first is on again"),
        pytest.param("2027-10-11 09:00", "wang", id="turns go on through the years"),
    ],
)
def test_turns_are_counted_from_hand_over_to_hand_over(when: str, person: str | None) -> None:
    assert on_call(NOC, (), at(when)) == person


FULL = Rota(
    "noc",
    NANNING,
    time(9),
    TURNS,
    (Shift("zhao", frozenset({5, 6}), time(20), time(8)), Shift("sun", frozenset({6}), time(22), time(23))),
    (Dates("qian", date(2026, 10, 10), date(2026, 10, 10)),),
)
STAND_IN = Override("noc", "wu", at("2026-10-10 12:00"), at("2026-10-10 13:00"), seq=7)


@pytest.mark.parametrize(
    ("when", "person"),
    [
        pytest.param("2026-10-09 20:00", "zhang", id="a weekly pattern does not hold on other days"),
        pytest.param("2026-10-10 20:00", "qian", id="dates go before a weekly pattern"),
        pytest.param("2026-10-11 20:00", "zhao", id="a weekly pattern goes before turns"),
        pytest.param("2026-10-11 08:59", "qian", id="dates last to the hand-over after their last day"),
        pytest.param("2026-10-12 07:59", "zhao", id="a pattern over midnight goes on in the next morning"),
        pytest.param("2026-10-12 08:00", "zhang", id="and ends there, exclusively"),
        pytest.param("2026-10-11 22:30", "sun", id="of two patterns the one further down counts"),
        pytest.param("2026-10-10 12:30", "wu", id="an override goes before everything"),
        pytest.param("2026-10-10 13:00", "qian", id="and ends exclusively"),
    ],
)
def test_what_is_more_special_goes_first(when: str, person: str) -> None:
    assert on_call(FULL, (STAND_IN,), at(when)) == person


def test_a_later_override_takes_the_place_of_an_earlier_one_and_other_rotas_have_their_own() -> None:
    """Overrides are entries of the ledger: the one filed last counts, whatever the order they are given in."""
    later = Override("noc", "zheng", STAND_IN.start, STAND_IN.end, seq=8)
    other = Override("access", "feng", STAND_IN.start, STAND_IN.end, seq=9)
    assert on_call(FULL, (later, STAND_IN, other), at("2026-10-10 12:30")) == "zheng"


# --- summer time: Berlin skips 02:00-03:00 on 2026-03-29 and repeats 02:00-03:00 on 2026-10-25 ---

NIGHTS = Rota(
    "nights",
    BERLIN,
    time(2, 30),
    None,
    (
        Shift("early", frozenset(range(7)), time(2, 30), time(14)),
        Shift("late", frozenset(range(7)), time(14), time(2, 30)),
    ),
)


@pytest.mark.parametrize(
    ("instant", "person"),
    [
        pytest.param("2026-03-29T00:59:59", "late", id="a hand-over in the hour that is skipped: not before the jump"),
        pytest.param("2026-03-29T01:00:00", "early", id="but with it"),
        pytest.param(
            "2026-10-25T00:29:59", "late", id="a hand-over in the hour that happens twice: not before the first"
        ),
        pytest.param("2026-10-25T00:30:00", "early", id="but at the first of the two"),
        pytest.param("2026-10-25T01:30:00", "early", id="and not again at the second"),
    ],
)
def test_hand_overs_at_the_edges_of_summer_time(instant: str, person: str) -> None:
    assert on_call(NIGHTS, (), datetime.fromisoformat(instant).replace(tzinfo=UTC)) == person


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        pytest.param(BERLIN, "2026-03-29 02:30", "2026-03-29T01:00:00", id="a skipped time is the instant of the jump"),
        pytest.param(NEW_YORK, "2026-03-08 02:59", "2026-03-08T07:00:00", id="wherever in the skipped hour it lies"),
        pytest.param(
            LORD_HOWE, "2026-10-04 02:15", "2026-10-03T15:30:00", id="also where only half an hour is skipped"
        ),
        pytest.param(NEW_YORK, "2026-11-01 01:30", "2026-11-01T05:30:00", id="a repeated time is the first of the two"),
        pytest.param(
            NANNING, "2026-10-25 02:30", "2026-10-24T18:30:00", id="where there is no summer time it is itself"
        ),
    ],
)
def test_the_instant_of_a_recurring_time(zone: ZoneInfo, local: str, instant: str) -> None:
    wall = datetime.fromisoformat(local)
    assert instant_of(wall.date(), wall.time(), zone) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


INSTANTS = st.integers(0, 730 * 86_400).map(lambda second: at("2026-01-02 00:00") + timedelta(seconds=second))
ZONES = st.sampled_from([NANNING, NEW_YORK, BERLIN, LORD_HOWE, ZoneInfo("Africa/Casablanca"), ZoneInfo("UTC")])
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))


@given(ZONES, st.dates(date(2026, 1, 1), date(2027, 12, 31)), MINUTES, MINUTES)
def test_a_later_time_of_a_day_is_never_an_earlier_instant(zone: ZoneInfo, day: date, one: time, two: time) -> None:
    """So shifts that touch on paper touch in truth."""
    early, late = sorted((one, two))
    assert (
        instant_of(day, early, zone) <= instant_of(day, late, zone) <= instant_of(day + timedelta(days=1), early, zone)
    )


@given(
    ZONES,
    st.lists(MINUTES, min_size=2, max_size=4, unique=True),
    INSTANTS,
)
def test_shifts_that_touch_around_the_clock_leave_no_gap(zone: ZoneInfo, edges: list[time], instant: datetime) -> None:
    """Somebody is on call at every instant, and it is the one whose shift began last."""
    edges.sort()
    days = frozenset(range(7))
    shifts = tuple(
        Shift(str(i), days, a, b) for i, (a, b) in enumerate(zip(edges, [*edges[1:], edges[0]], strict=True))
    )
    person = on_call(Rota("r", zone, shifts=shifts), (), instant)
    assert person is not None
    today = instant.astimezone(zone).date()
    days_near = (today - timedelta(days=1), today)
    begun = {instant_of(day, edge, zone): str(i) for day in days_near for i, edge in enumerate(edges)}
    assert person == begun[max(start for start in begun if start <= instant)]


# --- the list ---


def test_the_schedule_names_every_stint_and_every_gap() -> None:
    """From a gap before the first turn, through an override, to the next turn."""
    override = Override("noc", "wu", at("2026-10-06 12:00"), at("2026-10-06 18:00"), seq=1)
    stints = schedule(NOC, (override,), at("2026-10-05 00:00"), at("2026-10-13 00:00"))
    assert stints == (
        Stint(at("2026-10-05 00:00"), at("2026-10-05 09:00"), None),
        Stint(at("2026-10-05 09:00"), at("2026-10-06 12:00"), "zhang", "turns"),
        Stint(at("2026-10-06 12:00"), at("2026-10-06 18:00"), "wu", "override"),
        Stint(at("2026-10-06 18:00"), at("2026-10-12 09:00"), "zhang", "turns"),
        Stint(at("2026-10-12 09:00"), at("2026-10-13 00:00"), "li", "turns"),
    )


ROTAS = st.sampled_from([NOC, FULL, NIGHTS, Rota("u", NEW_YORK, time(2, 30), Turns(("a", "b"), date(2026, 3, 1), 1))])


@given(ROTAS, INSTANTS, st.integers(1, 20), st.floats(0, 1))
def test_the_schedule_says_what_on_call_says(rota: Rota, start: datetime, days: int, share: float) -> None:
    """At every instant of the list, who stands there is who is on call; the stints touch and cover all of it."""
    end = start + timedelta(days=days)
    stints = schedule(rota, (STAND_IN,), start, end)
    assert (stints[0].start, stints[-1].end) == (start, end)
    assert all(one.end == two.start for one, two in pairwise(stints))
    when = start + (end - start) * share * 0.9999
    assert next(one.person for one in stints if one.start <= when < one.end) == on_call(rota, (STAND_IN,), when)


# --- quiet hours ---

SLEEPER = Person("zhang", ("screen",), BERLIN, quiet=(Quiet(time(22), time(7)),))


@pytest.mark.parametrize(
    ("when", "awake"),
    [
        pytest.param("2026-10-03 21:59", "2026-10-03 21:59", id="before quiet hours nothing waits"),
        pytest.param("2026-10-03 22:00", "2026-10-04 07:00", id="quiet hours hold until the morning"),
        pytest.param("2026-10-04 06:59", "2026-10-04 07:00", id="after midnight too"),
        pytest.param("2026-10-04 07:00", "2026-10-04 07:00", id="and end with their last minute"),
        pytest.param("2026-10-24 23:00", "2026-10-25 07:00", id="a night with an hour more ends at seven as well"),
    ],
)
def test_quiet_hours_hold_until_their_end(when: str, awake: str) -> None:
    assert awake_at(SLEEPER, at(when, BERLIN)) == at(awake, BERLIN)


def test_quiet_hours_that_touch_are_one_night_and_endless_ones_hold_nothing() -> None:
    """A lie-in after the night is waited for; whoever is always quiet would never hear anything, so nothing waits."""
    weekend = Person("li", ("screen",), BERLIN, quiet=(*SLEEPER.quiet, Quiet(time(7), time(9), frozenset({5, 6}))))
    assert awake_at(weekend, at("2026-10-03 03:00", BERLIN)) == at("2026-10-03 09:00", BERLIN)
    always = Person("wang", ("screen",), BERLIN, quiet=(Quiet(time(0), time(12)), Quiet(time(12), time(0))))
    assert awake_at(always, at("2026-10-03 03:00", BERLIN)) == at("2026-10-03 03:00", BERLIN)
