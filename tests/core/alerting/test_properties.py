"""What holds of every history, however lines fall, come back, flap, are worked on and acknowledged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import time
from itertools import pairwise

from hypothesis import example, given, settings
from hypothesis import strategies as st

from slamon.core.alerting.facts import OPENINGS, AlertClock, AlertIncident, Mute, Reason
from slamon.core.alerting.people import OnCall, Quiet
from slamon.core.alerting.policy import Chain, Policy, Step
from slamon.core.alerting.telling import Ack, Scene
from slamon.core.facts import Category
from slamon.core.incident import State

from .scenes import HOUR, MIN, Said, crew, incident, oncall, play, s

END_S = 4 * HOUR
TICK_S = 30
TICKS = END_S // TICK_S
# Two chains, so that a cause may have lines of both; an acknowledgement holds for half an hour.
POLICY = Policy(
    chains={
        "default": Chain("default", (Step(("person:ana",), 5 * MIN), Step(("person:bo",), 10 * MIN))),
        "gold": Chain("gold", (Step(("person:ana", "person:mia"), 3 * MIN), Step(("person:bo",), 4 * MIN))),
    },
    reminder_s=20 * MIN,
    ack_expires_s=30 * MIN,
)
TEAM = oncall(POLICY)
# Teams with other habits: everybody asleep half the day, a storm after the first cause, a first step that has a gap.
SLEEPY = oncall(POLICY, crew("ana", "bo", "mia", quiet=(Quiet(time(9), time(21)),)))
STORMY = oncall(replace(POLICY, storm_causes=1, window_s=HOUR, cause_s=2 * HOUR, settle_s=5 * MIN))
HOLLOW = oncall(
    replace(
        POLICY,
        chains={**POLICY.chains, "default": Chain("default", (Step(("rota:none",), 60), Step(("person:bo",), 60)))},
    )
)
TEAMS = st.sampled_from([TEAM, SLEEPY, STORMY, HOLLOW])
# Longer than this nobody may hear nothing of an open incident that nobody acknowledged and nothing mutes.
LONGEST_SILENCE_S = max(POLICY.reminder_s, POLICY.digest_s, 10 * MIN)


@dataclass(frozen=True)
class Fate:
    """What becomes of a line: `toggles` are the ticks at which it comes back, fails again, and so on."""

    number: int
    toggles: tuple[int, ...]
    worse_at: int | None
    mute: tuple[int, int] | None
    upstream: str | None
    tier: str
    struck_at: int | None

    def at(self, tick: int) -> AlertIncident | None:
        """The incident as it is seen at a tick, None before it begins."""
        passed = [each for each in self.toggles if each <= tick]
        if not passed:
            return None
        began, down = passed[0], len(passed) % 2 == 1
        limit_s = 2 * HOUR if self.tier == "AAA" else 4 * HOUR
        used_s = ((tick if down else passed[-1]) - began) * TICK_S
        worse = self.worse_at is not None and tick >= self.worse_at
        muted = self.mute is not None and self.mute[0] <= tick
        struck = self.struck_at is not None and tick >= self.struck_at
        return AlertIncident(
            id=f"i-{self.number}",
            line_id=f"L{self.number}",
            number=self.number,
            tier=self.tier,
            chain="gold" if self.tier == "AAA" else None,
            category=Category.INTERRUPTION if worse or self.worse_at is None else Category.DEGRADATION,
            state=State.FALSE_ALARM if struck else State.OPEN if down else State.RESTORED,
            began=s(began * TICK_S),
            onset=s(began * TICK_S),
            restored=None if down else s(passed[-1] * TICK_S),
            clocks=() if struck else (AlertClock("interruption", used_s, limit_s, s(tick * TICK_S), running=down),),
            upstream=self.upstream,
            mute=Mute(f"M-{self.number}", *(s(each * TICK_S) for each in self.mute)) if muted and self.mute else None,
        )

    def changes(self) -> set[int]:
        return {*self.toggles, *(self.mute or ()), *(each for each in (self.worse_at, self.struck_at) if each)}


ANY_TICK = st.integers(0, TICKS)


@st.composite
def fates(draw: st.DrawFn, number: int) -> Fate:
    toggles = draw(st.lists(ANY_TICK, min_size=1, max_size=6, unique=True).map(sorted))
    edges = draw(st.none() | st.lists(ANY_TICK, min_size=2, max_size=2, unique=True).map(sorted))
    return Fate(
        number,
        tuple(toggles),
        draw(st.none() | ANY_TICK),
        None if edges is None else (edges[0], edges[1]),
        draw(st.sampled_from([None, "OLT-1", "OLT-2"])),
        draw(st.sampled_from(["AAA", "A"])),
        draw(st.none() | st.none() | ANY_TICK),
    )


LINES = st.integers(1, 4).flatmap(lambda count: st.tuples(*(fates(number) for number in range(count))))
ACKS = st.lists(st.tuples(st.integers(0, 3), ANY_TICK), max_size=3).map(
    lambda found: tuple(Ack(f"i-{number}", s(tick * TICK_S)) for number, tick in found)
)


def story(lines: tuple[Fate, ...]) -> list[tuple[float, Scene]]:
    """The scene at every instant at which it changes."""
    ticks = sorted({0}.union(*(line.changes() for line in lines)))
    seen = [(tick, [one for line in lines if (one := line.at(tick)) is not None]) for tick in ticks]
    return [(tick * TICK_S, Scene(tuple(incidents))) for tick, incidents in seen]


def about(said: list[Said], line: Fate) -> list[tuple[float, Reason]]:
    """When and why an incident was spoken of, to whomever."""
    mine = {(one.at_s, one.reason) for one in said if f"L{line.number}" in one.lines}
    return sorted(mine)


@settings(max_examples=100, deadline=None)
@given(LINES, ACKS, TEAMS)
def test_no_step_is_called_twice_for_an_incident(lines: tuple[Fate, ...], acks: tuple[Ack, ...], team: OnCall) -> None:
    """Each step of a chain escalates an incident once, whatever happens in between."""
    said = play(story(lines), END_S, team, acks)
    for line in lines:
        steps = [
            (point.due.chain, point.due.step, one.to)
            for one in said
            for point in one.message.points
            if one.reason is Reason.ESCALATED and point.incident.line_id == f"L{line.number}"
        ]
        assert len(steps) == len(set(steps))


@settings(max_examples=100, deadline=None)
@given(LINES, ACKS)
def test_an_incident_that_nobody_acknowledged_is_never_passed_over_in_silence(
    lines: tuple[Fate, ...], acks: tuple[Ack, ...]
) -> None:
    """While it is open, not muted and no acknowledgement of anything holds, somebody hears of it again and again."""
    said = play(story(lines), END_S, TEAM, acks)
    for line in lines:
        heard = [at_s for at_s, _ in about(said, line)]
        for start_s, end_s in unattended(line, acks):
            edges = [start_s, *(at_s for at_s in heard if start_s <= at_s < end_s), end_s]
            assert max(b - a for a, b in pairwise(edges)) <= LONGEST_SILENCE_S


def unattended(line: Fate, acks: tuple[Ack, ...]) -> list[tuple[float, float]]:
    """The stretches in which a line is open, unmuted, and no acknowledgement at all is in force."""
    free = []
    for tick in range(TICKS):
        one = line.at(tick)
        at = s(tick * TICK_S)
        held = any(0 <= (at - ack.at).total_seconds() < POLICY.ack_expires_s for ack in acks)
        if one is not None and one.open and not one.muted_at(at) and not held:
            free.append(tick)
    stretches: list[tuple[float, float]] = []
    for tick in free:
        if stretches and stretches[-1][1] == tick * TICK_S:
            stretches[-1] = (stretches[-1][0], (tick + 1) * TICK_S)
        else:
            stretches.append((tick * TICK_S, (tick + 1) * TICK_S))
    return stretches


TWO_CHAINS = (
    Fate(0, (0, 7, 112), None, None, "OLT-1", "AAA", None),
    Fate(1, (0, 11, 112), None, None, "OLT-1", "A", None),
)


@settings(max_examples=100, deadline=None)
@given(LINES, ACKS, TEAMS)
@example(TWO_CHAINS, (), TEAM)  # reminders of two chains at one instant once shared a key with those of the next
def test_every_message_has_a_reason_that_holds_for_every_line_in_it(
    lines: tuple[Fate, ...], acks: tuple[Ack, ...], team: OnCall
) -> None:
    """No message without a reason, without a line, or with lines that it does not concern; no key twice."""
    said = play(story(lines), END_S, team, acks)
    for one in said:
        assert one.message.points
        assert {point.due.reason for point in one.message.points} == {one.reason}
        assert len(set(one.lines)) == len(one.lines)
        assert one.to in team.people
    keys = [one.message.key for one in said]
    assert len(keys) == len(set(keys))


@settings(max_examples=100, deadline=None)
@given(LINES, ACKS, TEAMS, st.lists(st.integers(0, END_S * 2), max_size=20))
def test_looking_more_often_changes_nothing(
    lines: tuple[Fate, ...], acks: tuple[Ack, ...], team: OnCall, stops: list[int]
) -> None:
    """What is said does not depend on who looks when: the announced instants are all that matter."""
    changes = story(lines)
    often = play(changes, END_S, team, acks, stops=[each / 2 for each in stops])
    assert [one.brief for one in often] == [one.brief for one in play(changes, END_S, team, acks)]


@settings(max_examples=100, deadline=None)
@given(LINES, ACKS, TEAMS)
def test_what_people_believe_is_what_was_last_true(
    lines: tuple[Fate, ...], acks: tuple[Ack, ...], team: OnCall
) -> None:
    """Down and up are told in turn, and at the end nobody believes a settled line down or an open one up."""
    said = play(story(lines), END_S, team, acks)
    for line in lines:
        down = False
        for _, reason in about(said, line):
            if reason in (Reason.OPENED, Reason.REOPENED, Reason.MAINTENANCE_OVERRUNNING):
                assert not down
                down = True
            elif reason in (Reason.RESTORED, Reason.WITHDRAWN):
                down = False
        last = line.at(TICKS)
        settled_s = END_S - max(line.changes() | {0}) * TICK_S
        if last is not None and settled_s > team.policy.settle_s + POLICY.digest_s + POLICY.update_s:
            believed = any(reason in OPENINGS for _, reason in about(said, line))
            assert down is (last.open and believed)
            assert believed or not last.open or last.muted_at(s(END_S))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 600), min_size=1, max_size=60), st.integers(1, 3))
def test_a_storm_never_costs_a_person_more_than_a_handful(seconds: list[int], upstreams: int) -> None:
    """However lines fall in ten minutes, before anybody is escalated to, ana gets few messages for many lines."""
    lines = [
        incident(
            id=f"i-{number}",
            line_id=f"L{number}",
            upstream=f"OLT-{number % upstreams}",
            began=s(at_s),
            onset=s(at_s),
            clocks=(),
        )
        for number, at_s in enumerate(sorted(seconds))
    ]
    changes = [
        (float(at_s), Scene(tuple(one for one in lines if one.began <= s(at_s)))) for at_s in sorted(set(seconds))
    ]
    calm = oncall(replace(POLICY, chains={"default": Chain("default", (Step(("person:ana",), 10 * HOUR),))}))
    said = play(changes, HOUR / 2, calm, [Ack(f"i-{number}", s(at_s)) for number, at_s in enumerate(sorted(seconds))])
    assert len(said) <= 4 * upstreams + 2
    assert {name for one in said for name in one.lines} == {one.line_id for one in lines}
