"""What is said as time goes by: to whom, in which order, grouped by cause, and never twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from slamon.core.alerting.facts import AlertIncident, Condition, Reason, Severity, Window
from slamon.core.alerting.people import Quiet
from slamon.core.alerting.planning import plan
from slamon.core.alerting.policy import Chain, Choice, Policy, Step
from slamon.core.alerting.telling import Ack, Past, Scene
from slamon.core.incident import State

from .scenes import (
    DAY,
    DEFAULT,
    DEGRADATION,
    HOUR,
    MIN,
    POLICY,
    ZONE,
    briefs,
    clock,
    crew,
    incident,
    oncall,
    play,
    restored,
    s,
    work,
)

R = Reason
FREE = replace(incident(), clocks=())


def scene(*incidents: AlertIncident, **more: tuple[Condition, ...] | tuple[Window, ...]) -> Scene:
    return Scene(incidents, **more)  # type: ignore[arg-type]


def line(number: int, began_s: float = 0, **more: object) -> AlertIncident:
    """One of several lines below the same OLT, without limits."""
    known = {"upstream": "OLT-3", "clocks": (), "id": f"i-{number}", "line_id": f"L{number}", "number": number}
    return incident(**(known | {"began": s(began_s), "onset": s(began_s)} | more))


# --- one incident ---


def test_nobody_answers_and_everybody_is_called_in_turn_until_the_line_is_back() -> None:
    """Opened, two escalations, reminders to all three; then all three hear that it is over."""
    said = play([(0, scene(FREE)), (70 * MIN, scene(restored(FREE, 70 * MIN)))], 3 * HOUR)
    assert briefs(said) == [
        (0, "opened", "ana"),
        (10 * MIN, "escalated", "bo"),
        (25 * MIN, "escalated", "mia"),
        *((55 * MIN, "reminder", who) for who in ("ana", "bo", "mia")),
        *((70 * MIN, "restored", who) for who in ("ana", "bo", "mia")),
    ]


def test_an_acknowledgement_stops_the_calling_until_it_expires() -> None:
    """Acknowledged after five minutes: four hours of silence, then a reminder, then the next step."""
    said = play([(0, scene(FREE))], 4 * HOUR + 20 * MIN, acks=[Ack("i-1", s(5 * MIN))])
    assert briefs(said) == [
        (0, "opened", "ana"),
        (4 * HOUR + 5 * MIN, "reminder", "ana"),
        (4 * HOUR + 15 * MIN, "escalated", "bo"),
    ]
    assert said[1].message.points[0].due.ack_expired


def test_the_clock_is_told_to_who_was_called_and_the_limit_itself_to_the_whole_chain() -> None:
    """50 % and 80 % go to whoever was called so far; that the limit is used up, to everybody."""
    said = play([(0, scene(incident()))], 2 * HOUR, acks=[Ack("i-1", s(MIN))])
    assert briefs(said) == [
        (0, "opened", "ana"),
        (HOUR, "limit_used", "ana"),
        (96 * MIN, "limit_used", "ana"),
        *((2 * HOUR, "limit_used", who) for who in ("ana", "bo", "mia")),
    ]


def test_an_incident_that_is_found_late_is_opened_and_its_used_up_limit_told_at_once() -> None:
    """After a stop of the monitor: one message that opens it, one that says what it costs."""
    late = incident(clocks=(clock(7300, running=False),))
    said = play([(0, scene(late))], MIN)
    assert briefs(said) == [(0, "opened", "ana"), *((0, "limit_used", who) for who in ("ana", "bo", "mia"))]


def test_a_flapping_line_is_told_three_times_and_its_clock_all_the_same() -> None:
    """A line that comes and goes every two minutes for an hour: down, up, down again, half its limit, over."""
    down, changes = incident(), []
    for minute in range(0, 64, 4):
        changes.append((minute * MIN, scene(down)))
        changes.append(((minute + 2) * MIN, scene(restored(down, (minute + 2) * MIN))))
    said = play(changes, 2 * HOUR, acks=[Ack("i-1", s(1))])
    assert briefs(said) == [
        (0, "opened", "ana"),
        (2 * MIN, "restored", "ana"),
        (4 * MIN, "reopened", "ana"),
        (60 * MIN, "limit_used", "ana"),
        (72 * MIN, "restored", "ana"),
    ]


def test_a_false_alarm_is_withdrawn_from_everybody_who_was_told() -> None:
    """Struck out after an escalation: both who were called hear it, and nothing follows."""
    struck = replace(FREE, state=State.FALSE_ALARM)
    said = play([(0, scene(FREE)), (12 * MIN, scene(struck))], 2 * HOUR)
    assert briefs(said)[2:] == [(12 * MIN, "withdrawn", "ana"), (12 * MIN, "withdrawn", "bo")]


def test_a_worsening_reaches_who_believes_it_a_degradation_and_begins_its_own_chain() -> None:
    """Interruptions call mia; ana, who acknowledged the degradation, hears that it is worse."""
    policy = replace(
        POLICY,
        chains={**POLICY.chains, "loud": Chain("loud", (Step(("person:mia",), 5 * MIN), Step(("person:bo",), HOUR)))},
        choices=(Choice("loud", category=FREE.category),),
    )
    weak = replace(FREE, category=DEGRADATION)
    said = play([(0, scene(weak)), (8 * MIN, scene(FREE))], 14 * MIN, oncall(policy), [Ack("i-1", s(60))])
    assert briefs(said) == [
        (0, "opened", "ana"),
        (8 * MIN, "worsened", "mia"),
        (8 * MIN, "worsened", "ana"),
        (13 * MIN, "escalated", "bo"),
    ]


# --- quiet hours: 03:00 to 09:00 in Nanning is 19:00 to 01:00 UTC; T0 is 08:00 there ---

SLEEPY = crew("ana", "bo", "mia", quiet=(Quiet(time(3), time(9)),))


def test_quiet_hours_hold_a_degradation_and_its_escalation_counts_from_the_morning() -> None:
    """Opened at eight, heard at nine: the next step is called ten minutes after that, not before."""
    weak = replace(FREE, category=DEGRADATION, tier="A")
    said = play([(0, scene(weak))], HOUR + 12 * MIN, oncall(people=SLEEPY))
    assert briefs(said) == [(0, "opened", "ana"), (HOUR + 10 * MIN, "escalated", "bo")]
    assert [one.message.not_before for one in said] == [s(HOUR), None]


@pytest.mark.parametrize(
    "one",
    [
        pytest.param(FREE, id="an interruption"),
        pytest.param(replace(FREE, category=DEGRADATION), id="any fault of an AAA line"),
        pytest.param(
            replace(incident(tier="A", category=DEGRADATION), clocks=(clock(7200, running=False),)),
            id="a degradation whose limit is used up",
        ),
    ],
)
def test_quiet_hours_never_hold_what_is_critical(one: AlertIncident) -> None:
    """Nothing that wakes waits: neither the alarm itself nor its escalation."""
    said = play([(0, scene(one))], 12 * MIN, oncall(people=SLEEPY))
    critical = [each for each in said if each.message.severity is Severity.CRITICAL]
    assert critical
    assert all(each.message.not_before is None for each in critical)


def test_a_worsening_at_night_does_not_wait_for_what_was_held_until_the_morning() -> None:
    """A degradation is held until nine; the interruption it becomes wakes at once and escalates ten minutes later."""
    weak = replace(FREE, category=DEGRADATION, tier="A")
    worse = replace(FREE, tier="A")
    said = play([(0, scene(weak)), (5 * MIN, scene(worse))], 20 * MIN, oncall(people=SLEEPY))
    assert [(*one.brief, one.message.not_before) for one in said] == [
        (0, "opened", "ana", s(HOUR)),
        (5 * MIN, "worsened", "ana", None),
        (15 * MIN, "escalated", "bo", None),
    ]


# --- causes ---


def test_the_first_line_of_a_cause_is_told_at_once_and_the_others_in_an_update_and_digests() -> None:
    """Five lines of one OLT within three minutes: the first, an update after a minute, the rest in a digest."""
    lines = [line(1, 0), line(2, 20), line(3, 40), line(4, 100), line(5, 170)]
    changes = [(each, scene(*(one for one in lines if one.began <= s(each)))) for each in (0, 20, 40, 100, 170)]
    said = play(changes, 30 * MIN, acks=[Ack("i-1", s(10)), Ack("i-1", s(61)), Ack("i-1", s(700))])
    assert [(one.at_s, one.reason, one.lines, one.message.first) for one in said if one.to == "ana"] == [
        (0, R.OPENED, ("L1",), True),
        (60, R.OPENED, ("L2", "L3"), False),
        (660, R.OPENED, ("L4", "L5"), False),
    ]
    assert said[-1].message.open_count == 5


def test_a_greater_line_does_not_wait_for_a_digest() -> None:
    """Standard lines fall, then an AAA line of the same OLT: it goes out within a minute of the update."""
    small = [line(1, 0, tier="standard"), line(2, 30, tier="standard"), line(3, 65, tier="standard")]
    great = line(4, 90, tier="AAA")
    said = play(
        [(0, scene(small[0])), (30, scene(*small[:2])), (65, scene(*small)), (90, scene(*small, great))], 5 * MIN
    )
    assert [(one.at_s, one.lines) for one in said] == [(0, ("L1",)), (60, ("L2",)), (120, ("L4", "L3"))]


def test_lines_are_listed_by_tier_and_then_by_the_nearest_deadline() -> None:
    """AAA before AA, whatever is left; within a tier, the one with the least time left; without a limit last."""
    lines = [
        line(1, tier="AA", clocks=(clock(7000, running=False),)),
        line(2, tier="AAA"),
        line(3, tier="AAA", clocks=(clock(600, running=False),)),
        line(4, tier="AAA", clocks=(clock(900, running=False),)),
        line(5, tier=None, clocks=(clock(10, running=False),)),
    ]
    said = play([(0, scene(*lines))], 0)
    assert said[0].lines == ("L4", "L3", "L2", "L1", "L5")


@pytest.mark.parametrize(
    ("second", "joins"),
    [
        pytest.param({"upstream": "OLT-3"}, True, id="the same upstream joins"),
        pytest.param({"upstream": None, "device": "10.0.0.1"}, True, id="the same device joins"),
        pytest.param({"upstream": None, "site": "NN-01"}, True, id="the same site joins"),
        pytest.param({"upstream": "OLT-4"}, False, id="another upstream is another cause"),
        pytest.param({"upstream": None}, False, id="nothing in common is another cause"),
        pytest.param({"upstream": "OLT-3", "began": s(301)}, False, id="after the window it is another cause"),
        pytest.param({"upstream": "OLT-3", "began": s(300)}, True, id="at the end of the window it joins"),
    ],
)
def test_what_joins_a_cause(second: dict[str, object], joins: bool) -> None:
    first = line(1, device="10.0.0.1", site="NN-01")
    other = line(2, 100, **second)
    began_s = (other.began - s(0)).total_seconds()
    said = play([(0, scene(first)), (began_s, scene(first, other))], began_s + 5 * MIN, acks=[Ack("i-1", s(1))])
    cause = next(one.message.cause.id for one in said if "L2" in one.lines)
    assert (cause == "i-1") is joins


def test_a_line_joins_only_what_all_lines_of_a_cause_share() -> None:
    """L1 and L2 share the OLT but not the site: L3 of L1's site is no part of what the two have in common."""
    one, two = line(1, 0, site="NN-01"), line(2, 5, site="NN-02")
    three = line(3, 10, upstream="OLT-9", site="NN-01")
    said = play([(0, scene(one)), (5, scene(one, two)), (60, scene(one, two)), (61, scene(one, two, three))], 2 * MIN)
    assert [(each.lines, each.message.cause.keys) for each in said] == [
        (("L1",), frozenset({"upstream:OLT-3", "site:NN-01"})),
        (("L2",), frozenset({"upstream:OLT-3"})),
        (("L3",), frozenset({"upstream:OLT-9", "site:NN-01"})),
    ]


def test_a_cause_ends_growing_after_an_hour_however_steadily_lines_join() -> None:
    """A line every four minutes: those of the first hour are one cause, the next begins another."""
    lines = [line(n, n * 240) for n in range(20)]
    changes = [(n * 240, scene(*lines[: n + 1])) for n in range(20)]
    said = play(changes, 20 * 240)
    causes = {one.message.cause.id for one in said}
    assert causes == {"i-0", "i-16"}


def test_an_acknowledgement_speaks_for_the_lines_told_by_then_and_not_for_those_that_join_later() -> None:
    """Two lines told and acknowledged by one number; the third escalates by itself, in its own time."""
    lines = [line(1, 0), line(2, 10), line(3, 100)]
    changes = [(0, scene(*lines[:1])), (10, scene(*lines[:2])), (100, scene(*lines))]
    said = play(changes, HOUR, acks=[Ack("i-1", s(70))])
    assert [(one.at_s, one.reason, one.lines) for one in said if one.reason in (R.ESCALATED, R.OPENED)] == [
        (0, R.OPENED, ("L1",)),
        (60, R.OPENED, ("L2",)),
        (660, R.OPENED, ("L3",)),
        (1260, R.ESCALATED, ("L3",)),
        (2160, R.ESCALATED, ("L3",)),
    ]


def test_a_cause_takes_each_step_once_for_all_its_lines() -> None:
    """Lines told a minute apart are escalated together, and the ones that join later hear from every step called."""
    lines = [line(1, 0), line(2, 10), line(3, 640)]
    early, late = lines[:2], replace(lines[2], began=s(300))
    said = play([(0, scene(lines[0])), (10, scene(*early)), (610, scene(*early, late))], 30 * MIN)
    steps = [(one.at_s, one.reason, one.to, one.lines) for one in said]
    assert steps == [
        (0, R.OPENED, "ana", ("L1",)),
        (60, R.OPENED, "ana", ("L2",)),
        (600, R.ESCALATED, "bo", ("L1", "L2")),
        (660, R.OPENED, "ana", ("L3",)),
        (660, R.OPENED, "bo", ("L3",)),
        (1500, R.ESCALATED, "mia", ("L1", "L2", "L3")),
    ]


def test_lines_of_a_cause_that_come_back_together_are_told_together() -> None:
    """Two of three are back: that is told after a minute; the last one at once, for with it all are."""
    lines = [line(1), line(2), line(3)]
    part = [restored(lines[0], 100), restored(lines[1], 110), lines[2]]
    said = play([(0, scene(*lines)), (100, scene(*part)), (400, scene(*part[:2], restored(lines[2], 400)))], HOUR)
    assert [(one.at_s, one.reason, one.lines) for one in said] == [
        (0, R.OPENED, ("L1", "L2", "L3")),
        (160, R.RESTORED, ("L1", "L2")),
        (400, R.RESTORED, ("L3",)),
    ]


def test_lines_that_come_to_a_threshold_in_a_moment_are_told_with_the_first() -> None:
    """Two lines that fell two minutes apart: one warning at half of the first one's limit."""
    one, two = line(1, clocks=(clock(),)), line(2, 120, clocks=(clock(at_s=120),))
    said = play([(0, scene(one)), (120, scene(one, two))], 75 * MIN, acks=[Ack("i-1", s(300))])
    assert [(each.at_s, each.lines) for each in said if each.reason is R.LIMIT_USED] == [(3600, ("L1", "L2"))]


def test_a_line_that_waits_for_a_digest_does_not_wait_with_its_limit() -> None:
    """A line found late in a cause's digest interval has used up its limit: that goes out at once."""
    small = [line(1, 0), line(2, 10)]
    late = line(3, 100, tier="standard", clocks=(clock(7200, at_s=100, running=False),))
    said = play([(0, scene(small[0])), (10, scene(*small)), (100, scene(*small, late))], 150)
    assert (100, "limit_used", "ana") in briefs(said)
    assert not any(one.reason is R.OPENED and "L3" in one.lines for one in said)


def test_two_chains_of_one_cause_are_two_calls_and_one_message_for_who_is_in_both() -> None:
    """AAA lines call mia and ana, the others ana: ana hears of both in one message, mia of the AAA line alone."""
    gold = Chain("gold", (Step(("person:mia", "person:ana"), 10 * MIN), Step(("person:bo",), HOUR)))
    policy = replace(POLICY, chains={**POLICY.chains, "gold": gold}, choices=(Choice("gold", tier="AAA"),))
    said = play([(0, scene(line(1), line(2, tier="A")))], 0, oncall(policy))
    assert sorted((one.to, one.lines) for one in said) == [("ana", ("L1", "L2")), ("mia", ("L1",))]


def test_a_step_that_reaches_nobody_is_passed_over() -> None:
    """Nobody is on call at the first step: the second is called at once, and the third after its wait."""
    hollow = Chain("default", (Step(("rota:none",), 10 * MIN), *DEFAULT.steps[1:]))
    said = play([(0, scene(FREE))], 20 * MIN, oncall(replace(POLICY, chains={"default": hollow})))
    assert briefs(said) == [(0, "opened", "bo"), (15 * MIN, "escalated", "mia")]


def test_a_step_of_people_who_were_called_already_is_passed_over() -> None:
    """Ana is on call at the first two steps: who did not answer is not called again before the third is."""
    doubled = Chain("default", (DEFAULT.steps[0], Step(("person:ana",), 15 * MIN), *DEFAULT.steps[2:]))
    said = play([(0, scene(FREE))], 20 * MIN, oncall(replace(POLICY, chains={"default": doubled})))
    assert briefs(said) == [(0, "opened", "ana"), (10 * MIN, "escalated", "mia")]
    alone = Chain("default", DEFAULT.steps[:1] * 3)
    said = play([(0, scene(FREE))], 22 * MIN, oncall(replace(POLICY, chains={"default": alone})))
    assert briefs(said) == [
        (at_s * MIN, why, "ana") for at_s, why in ((0, "opened"), (10, "escalated"), (20, "escalated"))
    ]


def test_incidents_that_wait_for_a_decision_make_one_list() -> None:
    """Three incidents of different causes, over for a day: one message, and the next in a week."""
    waiting = [restored(line(n, upstream=f"OLT-{n}"), n * HOUR, awaited="responsibility") for n in range(3)]
    said = play([(0, scene(*waiting))], 9 * DAY)
    assert [(one.at_s, one.reason, one.lines) for one in said] == [
        (DAY, R.DECISION_AWAITED, ("L0", "L1", "L2")),
        (8 * DAY, R.DECISION_AWAITED, ("L0", "L1", "L2")),
    ]


def test_a_line_in_planned_work_is_not_called_with_the_others_of_its_cause() -> None:
    """Two lines of an OLT fell; work begins on one of them: the escalation speaks of the other alone."""
    both = [line(1), line(2)]
    worked = [both[0], replace(both[1], mute=work(5 * MIN, HOUR))]
    said = play([(0, scene(*both)), (5 * MIN, scene(*worked))], 12 * MIN)
    assert [(one.at_s, one.reason, one.lines) for one in said] == [
        (0, R.OPENED, ("L1", "L2")),
        (10 * MIN, R.ESCALATED, ("L1",)),
    ]


def test_reminders_of_two_chains_of_a_cause_are_one_message_and_never_share_a_key() -> None:
    """Two lines of one cause with chains of their own, both used up: each person gets one reminder, with a new key."""
    gold = Chain("gold", (Step(("person:ana",), 7 * MIN), Step(("person:bo",), MIN)))
    policy = replace(POLICY, chains={"default": Chain("default", DEFAULT.steps[:2]), "gold": gold})
    said = play([(0, scene(line(1), line(2, chain="gold")))], 4 * HOUR, oncall(policy))
    reminders = [one for one in said if one.reason is R.REMINDER]
    assert len(reminders) > 6
    assert len({one.message.key for one in said}) == len(said)
    assert len({(one.at_s, one.to) for one in reminders}) == len(reminders)


# --- the monitor itself ---

BLIND = Condition(R.BLIND_VANTAGE, "nanning-1", s(0))


def test_a_blind_vantage_is_told_once_it_lasts_and_again_ever_more_rarely_and_when_it_is_over() -> None:
    """After a minute, half an hour later to the next step, an hour after that to the third; its end to all of them."""
    over = replace(BLIND, until=s(3 * HOUR))
    said = play([(0, scene(conditions=(BLIND,))), (3 * HOUR, scene(conditions=(over,)))], DAY)
    assert [(one.at_s, one.reason, one.to, one.message.over) for one in said] == [
        (60, R.BLIND_VANTAGE, "ana", False),
        *((31 * MIN, R.BLIND_VANTAGE, who, False) for who in ("ana", "bo")),
        *((91 * MIN, R.BLIND_VANTAGE, who, False) for who in ("ana", "bo", "mia")),
        *((3 * HOUR, R.BLIND_VANTAGE, who, True) for who in ("ana", "bo", "mia")),
    ]


def test_a_vantage_that_was_blind_for_a_moment_is_not_told() -> None:
    """Less than a minute is no trouble, and so has no end either."""
    said = play([(0, scene(conditions=(BLIND,))), (59, scene(conditions=(replace(BLIND, until=s(59)),)))], DAY)
    assert said == []


def test_agents_that_fall_silent_together_share_a_message() -> None:
    """A hundred agents: the first message lists those known by then, the next all of them."""
    silent = tuple(Condition(R.AGENT_SILENT, f"10.0.0.{n}", s(n / 10)) for n in range(100))
    said = play([(0, scene(conditions=silent))], 10 * MIN)
    assert [(one.at_s, one.to, len(one.message.conditions)) for one in said] == [(60, "ana", 100)]


def test_trouble_with_delivery_is_critical_and_a_silent_agent_waits_for_the_morning() -> None:
    """Messages that do not arrive wake people; an agent without answers does not."""
    team = oncall(people=SLEEPY)
    both = (Condition(R.DELIVERY_BACKLOG, "sms", s(0), number=3), Condition(R.AGENT_SILENT, "10.0.0.1", s(0)))
    said = play([(0, scene(conditions=both))], 2 * MIN, team)
    assert {one.reason: one.message.not_before for one in said} == {R.AGENT_SILENT: s(HOUR), R.DELIVERY_BACKLOG: None}


def test_the_monitor_has_a_chain_of_its_own_where_it_is_named() -> None:
    """`monitor` names the chain; without it the default one is called."""
    own = Chain("self", (Step(("person:bo",), HOUR),))
    policy = replace(POLICY, chains={**POLICY.chains, "self": own}, monitor_chain="self")
    assert briefs(play([(0, scene(conditions=(BLIND,)))], 2 * MIN, oncall(policy))) == [(60, "blind_vantage", "bo")]


# --- planned work ---

AHEAD = Window("M-1", s(2 * HOUR), s(4 * HOUR), ("L1", "L2"), upstream="OLT-3")


@pytest.mark.parametrize(
    ("window", "at_s"),
    [
        pytest.param(AHEAD, 90 * MIN, id="planned work is announced half an hour ahead"),
        pytest.param(replace(AHEAD, start=s(20 * MIN)), 0, id="what is filed late is announced at once"),
        pytest.param(replace(AHEAD, start=s(0)), None, id="what has begun is not announced"),
        pytest.param(replace(AHEAD, cancelled=True), None, id="what was cancelled is not announced"),
    ],
)
def test_planned_work_is_announced_once(window: Window, at_s: float | None) -> None:
    said = play([(0, scene(windows=(window,)))], DAY)
    assert briefs(said) == ([] if at_s is None else [(at_s, "maintenance_starting", "ana")])


def test_lines_that_overrun_planned_work_are_one_message() -> None:
    """Forty lines below an OLT are still down at the end: a warning before it, then one opening, one escalation."""
    lines = [line(n, 30 * MIN + n, mute=work(0, 2 * HOUR)) for n in range(40)]
    said = play([(0, scene()), (HOUR, scene(*lines))], 2 * HOUR + 12 * MIN)
    assert [(one.at_s, one.reason, one.to, len(one.lines)) for one in said] == [
        (90 * MIN, R.MAINTENANCE_ENDING, "ana", 40),
        (2 * HOUR, R.MAINTENANCE_OVERRUNNING, "ana", 40),
        (2 * HOUR + 10 * MIN, R.ESCALATED, "bo", 40),
    ]


# --- keys ---


def test_a_plan_made_again_has_the_same_keys_and_no_two_messages_share_one() -> None:
    """What was lost in a crash is planned again word for word; keys tell apart whatever is not the same."""
    team, now = oncall(), scene(line(1), line(2, upstream="OLT-9"), conditions=(BLIND,))
    assert plan(team, now, Past(), s(60)) == plan(team, now, Past(), s(60))
    said = play([(0, now), (70 * MIN, scene(restored(line(1), 70 * MIN), restored(line(2), 70 * MIN)))], 2 * HOUR)
    keys = [one.message.key for one in said]
    assert len(keys) == len(set(keys)) > 10


def test_the_order_of_what_is_given_changes_nothing() -> None:
    """Incidents and records come in any order: causes, messages and keys are the same."""
    lines = [line(n, n) for n in range(6)]
    team = oncall()
    first = plan(team, scene(*lines), Past(), s(10))
    assert plan(team, scene(*reversed(lines)), Past(), s(10)).messages == first.messages
    told = first.told + plan(team, scene(*lines), Past(first.told), s(600)).told
    one = plan(team, scene(*lines), Past(told), s(1500))
    two = plan(team, scene(*reversed(lines)), Past(tuple(reversed(told))), s(1500))
    assert one.messages == two.messages != ()


def test_without_people_and_chains_nothing_fails() -> None:
    """An empty on-call file cannot be loaded, but must not stop anything either: nothing is said, time goes on."""
    made = plan(oncall(Policy(), people={}), scene(FREE), Past(), s(0))
    assert made.messages == ()
    assert ZONE.key == "Asia/Shanghai"
