"""Whether there is a reason to speak, by tables: one for each reason, with what comes before it and after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from slamon.core.alerting.decision import decide, next_at
from slamon.core.alerting.facts import AlertIncident, Reason
from slamon.core.alerting.policy import Chain, Choice, Policy, Step
from slamon.core.alerting.telling import Ack, History, Told
from slamon.core.facts import Category
from slamon.core.incident import State

from .scenes import DAY, DEGRADATION, HOUR, MIN, POLICY, clock, history, incident, restored, s, told, work

R = Reason
OPENED = told(R.OPENED, 0)
DEGRADED = told(R.OPENED, 0, degraded=("i-1",))
STEP_1 = told(R.ESCALATED, 10 * MIN, step=1, persons=("bo",))
STEP_2 = told(R.ESCALATED, 25 * MIN, step=2, persons=("mia",))
FREE = replace(incident(), clocks=())  # no limit, so that nothing but people matters
HELD = work(-HOUR, HOUR)
LAW = clock(category="statutory", limit_s=48 * HOUR)
PAST_HALF = told(R.LIMIT_USED, HOUR, marks=(("i-1", "interruption:0.5"),))


def down(used_s: int, **more: Any) -> AlertIncident:
    """An open incident whose clock has used so much at T0 and stands (so that only the share matters)."""
    return incident(clocks=(clock(used_s, running=False),), **more)


CASES: dict[str, tuple[AlertIncident, History, float, Reason | None]] = {
    # opened
    "an incident that nobody was told of is opened": (FREE, history(), 0, R.OPENED),
    "an incident is opened once": (FREE, history(OPENED), 1, None),
    "a reported incident is opened as well": (replace(FREE, state=State.REPORTED), history(), 0, R.OPENED),
    "an incident that was over before anybody heard of it is not spoken of": (restored(FREE, 60), history(), 61, None),
    "what was told of a reported incident was told of the measured one that replaced it": (
        replace(FREE, id="i-2", derived_from=("i-2", "i-1")),
        history(OPENED),
        1,
        None,
    ),
    # worsened
    "a degradation that becomes an interruption is told": (FREE, history(DEGRADED), 60, R.WORSENED),
    "a worsening is told once": (FREE, history(DEGRADED, told(R.WORSENED, 60)), 61, None),
    "a worsening is told though the degradation was acknowledged": (FREE, history(DEGRADED, acks=[5]), 60, R.WORSENED),
    "an interruption that becomes a degradation is no news": (
        replace(FREE, category=DEGRADATION),
        history(OPENED),
        60,
        None,
    ),
    # limit used
    "less than half of the limit is no news": (down(3599), history(OPENED), 0, None),
    "half of the limit used is told": (down(3600), history(OPENED), 0, R.LIMIT_USED),
    "half of the limit used is told once": (down(3600), history(OPENED, PAST_HALF), 0, None),
    "four fifths of the limit used is told after a half": (down(5760), history(OPENED, PAST_HALF), 0, R.LIMIT_USED),
    "a limit used to the second is told, though it is met": (down(7200), history(OPENED, PAST_HALF), 0, R.LIMIT_USED),
    "an acknowledgement does not hide the clock": (down(3600), history(OPENED, acks=[0]), 0, R.LIMIT_USED),
    "an incident is opened before its clock is spoken of": (down(7200), history(), 0, R.OPENED),
    "a clock without a limit is no news": (incident(clocks=(clock(99_999, None),)), history(OPENED), 0, None),
    "a clock that runs crosses by itself": (incident(), history(OPENED, acks=[0]), 3600, R.LIMIT_USED),
    "a clock that stands does not cross": (down(3599), history(OPENED, acks=[0]), 3600, None),
    "nobody guesses beyond the next edge of an exclusion": (
        incident(clocks=(clock(steady_until=s(1800)),)),
        history(OPENED, acks=[0]),
        3600,
        None,
    ),
    # the law's limit
    "four fifths of the law's limit are told": (
        incident(clocks=(replace(LAW, used_s=int(38.4 * HOUR)),)),
        history(OPENED),
        0,
        R.LIMIT_USED,
    ),
    "the law's limit used to the second is met": (
        incident(clocks=(replace(LAW, used_s=48 * HOUR, running=False),)),
        history(OPENED, told(R.LIMIT_USED, 0, marks=(("i-1", "statutory:0.8"),))),
        0,
        None,
    ),
    "the law's limit missed is told": (
        incident(clocks=(replace(LAW, used_s=48 * HOUR + 1),)),
        history(OPENED, acks=[0]),
        0,
        R.STATUTORY_MISSED,
    ),
    "the law's limit missed is told once": (
        incident(clocks=(replace(LAW, used_s=48 * HOUR + 1),)),
        history(OPENED, told(R.STATUTORY_MISSED, 0, marks=(("i-1", "statutory:missed"), ("i-1", "statutory:0.8")))),
        0,
        None,
    ),
    # escalated
    "a step waits for its time": (FREE, history(OPENED), 10 * MIN - 1, None),
    "nobody answers, and the next step is called": (FREE, history(OPENED), 10 * MIN, R.ESCALATED),
    "the second step has a wait of its own": (FREE, history(OPENED, STEP_1), 25 * MIN - 1, None),
    "the second step is followed by the third": (FREE, history(OPENED, STEP_1), 25 * MIN, R.ESCALATED),
    "an acknowledgement stops the escalation": (FREE, history(OPENED, acks=[5 * MIN]), 10 * MIN, None),
    "an acknowledgement holds until it expires": (FREE, history(OPENED, acks=[5 * MIN]), 4 * HOUR + 5 * MIN - 1, None),
    "who hears later has the time of the step from then on": (
        FREE,
        history(told(R.OPENED, 0, effective=s(HOUR))),
        HOUR + 10 * MIN - 1,
        None,
    ),
    "a restored incident calls nobody": (
        restored(FREE, 60),
        history(OPENED, told(R.RESTORED, 61)),
        10 * MIN,
        None,
    ),
    # reminder
    "an expired acknowledgement is told": (FREE, history(OPENED, acks=[0]), 4 * HOUR, R.REMINDER),
    "after an expired acknowledgement the next step is called in its time": (
        FREE,
        history(OPENED, told(R.REMINDER, 4 * HOUR), acks=[0]),
        4 * HOUR + 10 * MIN,
        R.ESCALATED,
    ),
    "a chain that is used up is followed by reminders": (FREE, history(OPENED, STEP_1, STEP_2), 55 * MIN, R.REMINDER),
    "a reminder waits for its time": (FREE, history(OPENED, STEP_1, STEP_2), 55 * MIN - 1, None),
    "reminders go on": (
        FREE,
        history(OPENED, STEP_1, STEP_2, told(R.REMINDER, 55 * MIN)),
        85 * MIN,
        R.REMINDER,
    ),
    "an acknowledgement stops the reminders": (FREE, history(OPENED, STEP_1, STEP_2, acks=[50 * MIN]), 55 * MIN, None),
    "a worsening voids the acknowledgement of the degradation": (
        FREE,
        history(DEGRADED, told(R.WORSENED, 60), acks=[30]),
        60 + 10 * MIN,
        R.ESCALATED,
    ),
    "a second worsening voids what was acknowledged after the first": (
        FREE,
        history(
            DEGRADED,
            told(R.WORSENED, 60),
            told(R.RESTORED, 100),
            told(R.REOPENED, 200, degraded=("i-1",)),
            told(R.WORSENED, 300),
            acks=[250],
        ),
        300 + 10 * MIN,
        R.ESCALATED,
    ),
    # restored
    "a restored line is told at once": (restored(FREE, 60), history(OPENED), 60, R.RESTORED),
    "a restored line is told once": (restored(FREE, 60), history(OPENED, told(R.RESTORED, 60)), 61, None),
    "a line that never was called down is not called restored": (restored(FREE, 60), history(), 60, None),
    # reopened
    "a line that fails again is told": (FREE, history(OPENED, told(R.RESTORED, 60)), 120, R.REOPENED),
    "a line that failed again and is up is not called restored before it settled": (
        restored(FREE, 180),
        history(OPENED, told(R.RESTORED, 60), told(R.REOPENED, 120)),
        180 + 599,
        None,
    ),
    "a line that failed again is restored once it settled": (
        restored(FREE, 180),
        history(OPENED, told(R.RESTORED, 60), told(R.REOPENED, 120)),
        180 + 600,
        R.RESTORED,
    ),
    "a line that flaps while it is called down is no news": (
        FREE,
        history(OPENED, told(R.RESTORED, 60), told(R.REOPENED, 120)),
        300,
        None,
    ),
    # withdrawn
    "a false alarm is withdrawn": (replace(FREE, state=State.FALSE_ALARM), history(OPENED), 60, R.WITHDRAWN),
    "a false alarm is withdrawn once": (
        replace(FREE, state=State.FALSE_ALARM),
        history(OPENED, told(R.WITHDRAWN, 60)),
        61,
        None,
    ),
    "a false alarm that nobody was told of is not withdrawn": (
        replace(FREE, state=State.FALSE_ALARM),
        history(),
        60,
        None,
    ),
    "a false alarm that was taken back is reopened": (FREE, history(OPENED, told(R.WITHDRAWN, 60)), 120, R.REOPENED),
    # decision awaited
    "a decision has a day's time": (
        restored(FREE, 0, awaited="responsibility"),
        history(OPENED, told(R.RESTORED, 0)),
        DAY - 1,
        None,
    ),
    "a decision that nobody took in a day is asked for": (
        restored(FREE, 0, awaited="responsibility"),
        history(OPENED, told(R.RESTORED, 0)),
        DAY,
        R.DECISION_AWAITED,
    ),
    "a decision is asked for again in a week": (
        restored(FREE, 0, awaited="responsibility"),
        history(OPENED, told(R.RESTORED, 0), told(R.DECISION_AWAITED, DAY)),
        8 * DAY,
        R.DECISION_AWAITED,
    ),
    "a decision that was taken is not asked for": (restored(FREE, 0), history(OPENED, told(R.RESTORED, 0)), DAY, None),
    "a decision is asked for though nobody was told of the incident": (
        restored(FREE, 0, awaited="responsibility"),
        history(),
        DAY,
        R.DECISION_AWAITED,
    ),
    # planned work
    "planned work mutes an incident that begins in it": (replace(FREE, mute=HELD), history(), 0, None),
    "planned work mutes the escalation of one that began before it": (
        replace(FREE, mute=work(5 * MIN, HOUR)),
        history(OPENED),
        10 * MIN,
        None,
    ),
    "the escalation goes on when the work is over": (
        replace(FREE, mute=work(5 * MIN, HOUR)),
        history(OPENED, told(R.MAINTENANCE_ENDING, 50 * MIN, window="M-1")),
        HOUR,
        R.ESCALATED,
    ),
    "a line that is down shortly before the end of the work is told": (
        replace(FREE, mute=HELD),
        history(),
        30 * MIN,
        R.MAINTENANCE_ENDING,
    ),
    "the end of the work is told once": (
        replace(FREE, mute=HELD),
        history(told(R.MAINTENANCE_ENDING, 30 * MIN, window="M-1")),
        31 * MIN,
        None,
    ),
    "a short work is told a quarter of it before its end": (
        replace(FREE, mute=work(0, 20 * MIN)),
        history(),
        15 * MIN - 1,
        None,
    ),
    "a line that is down when the work is over overruns it": (
        replace(FREE, mute=HELD),
        history(told(R.MAINTENANCE_ENDING, 30 * MIN, window="M-1")),
        HOUR,
        R.MAINTENANCE_OVERRUNNING,
    ),
    "overrunning opens the chain as an opening does": (
        replace(FREE, mute=HELD),
        history(told(R.MAINTENANCE_ENDING, 30 * MIN, window="M-1"), told(R.MAINTENANCE_OVERRUNNING, HOUR)),
        HOUR + 10 * MIN,
        R.ESCALATED,
    ),
    "an incident that begins after the work does not overrun it": (
        replace(FREE, began=s(61 * MIN), mute=HELD),
        history(),
        61 * MIN,
        R.OPENED,
    ),
    "a clock that runs through planned work is told, for the work does not stop it": (
        down(3600, mute=HELD),
        history(),
        0,
        R.LIMIT_USED,
    ),
    "a line that came back in planned work was never called down": (
        restored(replace(FREE, mute=HELD), 60),
        history(),
        60,
        None,
    ),
    "a line that came back after the warning of the work's end is called restored": (
        restored(replace(FREE, mute=HELD), 40 * MIN),
        history(told(R.MAINTENANCE_ENDING, 30 * MIN, window="M-1")),
        40 * MIN,
        R.RESTORED,
    ),
}


@pytest.mark.parametrize(("one", "past", "at_s", "reason"), CASES.values(), ids=CASES)
def test_there_is_a_reason_or_none(one: AlertIncident, past: History, at_s: float, reason: Reason | None) -> None:
    due = decide(one, past, POLICY, s(at_s))
    assert (None if due is None else due.reason) == reason


def test_every_reason_of_an_incident_stands_in_the_table() -> None:
    """No reason is left untested; those of the monitor and of work ahead have a table of their own."""
    elsewhere = {R.BLIND_VANTAGE, R.AGENT_SILENT, R.DELIVERY_BACKLOG, R.MAINTENANCE_STARTING}
    assert {reason for _, _, _, reason in CASES.values()} == {*Reason, None} - elsewhere


@pytest.mark.parametrize(("one", "past", "at_s", "reason"), CASES.values(), ids=CASES)
def test_nothing_is_said_earlier_than_announced(
    one: AlertIncident, past: History, at_s: float, reason: Reason | None
) -> None:
    """`next_at` of the instant before lies no later than the case itself, where the case says something new."""
    before = s(at_s - 0.5)
    if reason is None or decide(one, past, POLICY, before) is not None:
        return
    then = next_at(one, past, POLICY, before)
    assert then is not None
    assert then <= s(at_s)


def test_thresholds_are_those_of_the_policy() -> None:
    """Somebody who wants to know at a quarter is told at a quarter, and the message carries the share."""
    policy = replace(POLICY, limit_shares=(0.25, 1.0))
    due = decide(down(1800), history(OPENED), policy, s(0))
    assert due is not None
    assert (due.reason, due.share, due.marks) == (R.LIMIT_USED, 0.25, ("interruption:0.25",))
    assert (
        decide(down(3600), history(OPENED, told(R.LIMIT_USED, 0, marks=(("i-1", "interruption:0.25"),))), policy, s(0))
        is None
    )


def test_a_late_look_tells_the_highest_threshold_and_not_the_lower_ones_after_it() -> None:
    """After a stop at 90 % only 80 % is told, and 50 % counts as told with it."""
    due = decide(down(6480), history(OPENED), POLICY, s(0))
    assert due is not None
    assert (due.share, due.marks) == (0.8, ("interruption:0.5", "interruption:0.8"))


def test_an_opening_shows_the_clock_so_passed_thresholds_are_not_told_after_it() -> None:
    """An incident seen first at 60 % is opened; only its limit itself would still be said beside it."""
    due = decide(down(4320), history(), POLICY, s(0))
    assert due is not None
    assert due.marks == ("interruption:0.5",)
    opened = told(R.OPENED, 0, marks=tuple(("i-1", mark) for mark in due.marks))
    assert decide(down(4320), history(opened), POLICY, s(0)) is None


def test_a_worsening_shows_the_clock_too() -> None:
    """An interruption found at 60 % of its own limit: the worsening says so, and half of it is not told after it."""
    due = decide(down(4320), history(DEGRADED), POLICY, s(0))
    assert due is not None
    assert (due.reason, due.marks) == (R.WORSENED, ("interruption:0.5",))


def test_the_clock_nearer_to_its_end_speaks_first() -> None:
    """Two clocks cross at once: the higher share is told, whichever category comes first."""
    both = incident(clocks=(clock(3600, category="degradation", limit_s=7200), clock(5760, running=False)))
    due = decide(both, history(OPENED), POLICY, s(0))
    assert due is not None
    assert (due.clock, due.share) == ("interruption", 0.8)


def test_the_step_of_a_worsening_belongs_to_the_chain_of_the_interruption() -> None:
    """Where interruptions have a chain of their own, a worsening begins it at its first step."""
    loud = Chain("loud", (Step(("person:mia",), 60), Step(("person:bo",), 60)))
    policy = Policy(
        chains=dict(POLICY.chains) | {"loud": loud}, choices=(Choice("loud", category=Category.INTERRUPTION),)
    )
    past = history(DEGRADED, told(R.ESCALATED, 60, step=1))
    due = decide(FREE, past, policy, s(120))
    assert due is not None
    assert (due.reason, due.chain, due.step) == (R.WORSENED, "loud", 0)
    after = history(*past.told, told(R.WORSENED, 120, chain="loud"))
    due = decide(FREE, after, policy, s(180))
    assert due is not None
    assert (due.reason, due.chain, due.step) == (R.ESCALATED, "loud", 1)


def test_a_chain_that_was_changed_meanwhile_is_called_from_its_first_step() -> None:
    """After a reload with other chains nobody of the new one knows yet: its first step is called at once."""
    other = Chain("other", (Step(("person:bo",), 60),))
    policy = replace(POLICY, chains={**POLICY.chains, "other": other})
    due = decide(replace(FREE, chain="other"), history(OPENED), policy, s(1))
    assert due is not None
    assert (due.reason, due.chain, due.step) == (R.ESCALATED, "other", 0)


def test_an_acknowledgement_may_say_itself_how_long_it_holds() -> None:
    """One with an end of its own expires then, not when the policy says."""
    past = History((OPENED,), (Ack("i-1", s(0), until=s(HOUR)),))
    assert decide(FREE, past, POLICY, s(HOUR - 1)) is None
    due = decide(FREE, past, POLICY, s(HOUR))
    assert due is not None
    assert (due.reason, due.ack_expired) == (R.REMINDER, True)


def test_a_look_at_the_announced_instant_is_soon_enough() -> None:
    """Going from instant to instant as announced, an unacknowledged incident is told at 50, 80 and 100 %."""
    at: datetime | None = s(0)
    past: tuple[Told, ...] = ()
    shares = []
    while at is not None and at <= s(2 * HOUR):
        due = decide(incident(), History(past), POLICY, at)
        if due is None:
            at = next_at(incident(), History(past), POLICY, at)
            continue
        if due.share is not None:
            shares.append((due.share, (at - s(0)).total_seconds()))
        marks = tuple(("i-1", mark) for mark in due.marks)
        past += (told(due.reason, (at - s(0)).total_seconds(), step=due.step, marks=marks),)
    assert shares == [(0.5, 3600), (0.8, 5760), (1.0, 7200)]
