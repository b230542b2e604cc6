"""Scenes of alerting in a few words: incidents, chains of people, and what is said as time goes by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slamon.core.alerting.facts import AlertClock, AlertIncident, Mute, Reason
from slamon.core.alerting.people import OnCall, Person
from slamon.core.alerting.planning import plan
from slamon.core.alerting.policy import Chain, Policy, Step
from slamon.core.alerting.telling import Ack, Cause, History, Message, Past, Scene, Told
from slamon.core.facts import Category
from slamon.core.incident import State

T0 = datetime(2026, 10, 3, 0, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
MIN, HOUR, DAY = 60, 3600, 86_400

INTERRUPTION, DEGRADATION = Category.INTERRUPTION, Category.DEGRADATION

DEFAULT = Chain(
    "default", (Step(("person:ana",), 10 * MIN), Step(("person:bo",), 15 * MIN), Step(("person:mia",), 20 * MIN))
)
POLICY = Policy(chains={"default": DEFAULT})


def s(seconds: float) -> datetime:
    """The instant that lies so many seconds after the beginning of the scene."""
    return T0 + timedelta(seconds=seconds)


def clock(used_s: int = 0, limit_s: int | None = 2 * HOUR, at_s: float = 0, **more: Any) -> AlertClock:
    return AlertClock(more.pop("category", "interruption"), used_s, limit_s, s(at_s), **more)


def incident(**more: Any) -> AlertIncident:
    """An open interruption of an AAA line that began at T0, with a limit of two hours."""
    known: dict[str, Any] = {
        "id": "i-1",
        "line_id": "GX-0001",
        "tier": "AAA",
        "category": INTERRUPTION,
        "state": State.OPEN,
        "began": T0,
        "onset": T0,
        "number": 1,
        "clocks": (clock(),),
    }
    return AlertIncident(**(known | more))


def restored(one: AlertIncident, at_s: float, **more: Any) -> AlertIncident:
    """The same incident, restored: its clocks stand."""
    clocks = tuple(
        replace(each, used_s=int(each.used_at(s(at_s))), as_of=s(at_s), running=False) for each in one.clocks
    )
    return replace(one, state=State.RESTORED, restored=s(at_s), clocks=clocks, **more)


def work(start_s: float, end_s: float, name: str = "M-1") -> Mute:
    return Mute(name, s(start_s), s(end_s))


def told(reason: Reason, at_s: float, **more: Any) -> Told:
    known: dict[str, Any] = {
        "reason": reason,
        "at": s(at_s),
        "subjects": ("i-1",),
        "cause": Cause("i-1", frozenset(), T0, T0),
        "chain": "default",
        "step": 0,
        "persons": ("ana",),
        "effective": s(at_s),
    }
    return Told(**(known | more))


def history(*said: Told, acks: Iterable[float] = ()) -> History:
    return History(said, tuple(Ack("i-1", s(at_s)) for at_s in acks))


def crew(*names: str, **more: Any) -> dict[str, Person]:
    return {name: Person(name, ("screen",), ZONE, **more) for name in names}


def oncall(policy: Policy = POLICY, people: Mapping[str, Person] | None = None) -> OnCall:
    """Ana, Bo and Mia, or other people."""
    return OnCall(crew("ana", "bo", "mia") if people is None else people, {}, policy)


@dataclass(frozen=True)
class Said:
    """One message as a test sees it."""

    at_s: float
    reason: Reason
    to: str
    lines: tuple[str, ...]
    message: Message

    @property
    def brief(self) -> tuple[float, str, str]:
        return self.at_s, self.reason.value, self.to


def play(
    changes: Sequence[tuple[float, Scene]],
    until_s: float,
    team: OnCall | None = None,
    acks: Sequence[Ack] = (),
    stops: Iterable[float] = (),
) -> list[Said]:
    """Plan at every change, every acknowledgement and whenever the plan asks for it, and return what is said.

    `stops` are further instants at which somebody looks: looking more often must change nothing.
    """
    team = team or oncall()
    said: list[Said] = []
    memory: tuple[Told, ...] = ()
    events = sorted({s(at_s) for at_s, _ in changes} | {ack.at for ack in acks} | {s(at_s) for at_s in stops})
    at = events[0]
    while at <= s(until_s):
        scene = next(scene for at_s, scene in reversed(changes) if s(at_s) <= at)
        made = plan(team, scene, Past(memory, tuple(ack for ack in acks if ack.at <= at)), at)
        memory += made.told
        said += [_said(message) for message in made.messages]
        ahead = [event for event in events if event > at]
        if made.next_at is not None:
            assert made.next_at > at
            ahead.append(made.next_at)
        if not ahead:
            break
        at = min(ahead)
    return said


def _said(message: Message) -> Said:
    lines = tuple(point.incident.line_id for point in message.points)
    return Said((message.at - T0).total_seconds(), message.reason, message.receiver, lines, message)


def briefs(said: Iterable[Said]) -> list[tuple[float, str, str]]:
    """When, why and to whom."""
    return [one.brief for one in said]
