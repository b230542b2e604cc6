"""The named cases of alerting (docs: reliability): each says which line, taken out, makes it fail, and how."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from slamon.core.alerting.decision import decide
from slamon.core.alerting.facts import AlertIncident, Mute, Reason
from slamon.core.alerting.people import OnCall
from slamon.core.alerting.policy import Chain, Policy, Step
from slamon.core.alerting.telling import Scene
from tests.core.filings import maintenance
from tests.core.timelines import Story, drawn, measured, timeline

from .scenes import HOUR, MIN, POLICY, Said, crew, history, incident, play, s, told

TIERS = ("AAA", "AA", "A", "standard")
CREW = [f"p{number}" for number in range(10)]
ALL_TEN = OnCall(
    crew(*CREW),
    {},
    Policy(chains={"default": Chain("default", (Step(tuple(f"person:{name}" for name in CREW), HOUR),))}),
)


def storm(upstream: bool) -> list[AlertIncident]:
    """A thousand lines that fall within two minutes, all below one OLT or without anything in common."""
    return [
        incident(
            id=f"i-{n:04}",
            line_id=f"L{n:04}",
            number=n,
            tier=TIERS[(n + 3) % 4],
            began=s(n * 0.12),
            onset=s(n * 0.12),
            clocks=(),
            upstream="OLT-3" if upstream else None,
        )
        for n in range(1000)
    ]


def said_of(lines: list[AlertIncident], until_s: float) -> list[Said]:
    changes = [(at_s, Scene(tuple(one for one in lines if one.began <= s(at_s)))) for at_s in range(0, 130, 5)]
    return play(changes, until_s, ALL_TEN)


def test_f17_a_storm_of_one_cause_is_a_handful_of_messages_a_person() -> None:
    """F17: a thousand lines of one OLT, ten people at once: first message at once, three in all for everybody.

    All lines are in them, the first message within the same look, listed by tier.
    Mutant: `grouping._joined` returning None -> each line begins a cause of its own until the storm rule steps in,
    and p0 gets eight messages, six of them at once. With `_begun` without its storm as well -> 1,000 each.
    """
    lines = storm(upstream=True)
    said = said_of(lines, 29 * MIN)
    assert Counter(one.to for one in said) == dict.fromkeys(CREW, 3)
    mine = [one for one in said if one.to == "p0"]
    assert [(one.at_s, one.message.first) for one in mine] == [(0, True), (60, False), (660, False)]
    assert {name for one in mine for name in one.lines} == {one.line_id for one in lines}
    tiers = [point.incident.tier for point in mine[-1].message.points]
    assert tiers == sorted(tiers, key=lambda tier: TIERS.index(tier or ""))


def test_f17_a_storm_without_a_common_cause_is_a_handful_too() -> None:
    """F17: a thousand lines that share nothing (an inventory without upstreams): five messages, then one cause.

    Mutant: `keys = traits(incident)` without the storm in `grouping._begun` -> 1,000 messages a person.
    """
    said = said_of(storm(upstream=False), 29 * MIN)
    mine = [one for one in said if one.to == "p0"]
    assert len(mine) == 8
    assert len({name for one in mine for name in one.lines}) == 1000


def test_f20_planned_work_mutes_alerts_and_warns_before_its_end() -> None:
    """F20, what is muted: a line that falls in a window of four hours is told half an hour before its end, no sooner.

    Mutant: `_unmuted` returning its argument -> "opened" in the middle of the work.
    """
    down = replace(incident(began=s(HOUR)), clocks=(), mute=Mute("M-1", s(0), s(4 * HOUR)))
    said = play([(HOUR, Scene((down,)))], 4 * HOUR)
    assert [(one.at_s, one.reason) for one in said] == [
        (3.5 * HOUR, Reason.MAINTENANCE_ENDING),
        (4 * HOUR, Reason.MAINTENANCE_OVERRUNNING),
    ]


def test_f20_a_clock_that_runs_in_spite_of_the_work_is_told() -> None:
    """F20, what is not muted: without notice in time the work leaves the clock running, and the clock is told.

    Mutant: `_thresholds` left out while muted (`if not incident.muted_at(at)`) -> silence until the work is over.
    """
    running = incident(mute=Mute("M-1", s(-HOUR), s(4 * HOUR)))
    due = decide(running, history(), POLICY, s(HOUR))
    assert due is not None
    assert (due.reason, due.share) == (Reason.LIMIT_USED, 0.5)
    assert (
        decide(running, history(told(Reason.LIMIT_USED, HOUR, marks=(("i-1", "interruption:0.5"),))), POLICY, s(HOUR))
        is None
    )


def test_f20_planned_work_never_mutes_measurement() -> None:
    """F20: an outage inside planned work is measured, opened and cut into segments exactly as without the work.

    Mutant: a judge that skips readings inside planned work -> no episode, and the month says the line was up.
    """
    pictures = (drawn("10-05 10:00", "x" * 60),)
    work = maintenance("10-05 09:00", "10-05 12:00", notified="10-01 09:00")
    without, during = Story(pictures), Story(pictures, (work,))
    assert measured(during) == measured(without)
    assert [one.segments for one in timeline(during).incidents] == [one.segments for one in timeline(without).incidents]
    assert len(timeline(during).incidents) == 1
