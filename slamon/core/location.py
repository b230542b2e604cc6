"""Where the fault of an incident lies, as far as it was seen: a hypothesis with its reasons, for people.

A table of rows in order; the first that holds states the cause. It takes what the ledger has (the scene of the
episode, what fell beside it, the path at onset) and nothing else, so that a report worked out again says the same.
It moves no money: whose fault an incident is follows from its evidence (`testimony`, `core.timeline`) and from what
people decide. docs/fusion.md prints the table; docs/decisions/0008 has the reasons of the order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from .fusion import PORT_SAYS, PortState, Says, Verdict
from .incident import Incident
from .phrase import Phrase
from .scene import DYING_GASP, PortScene, Scene, Shows


class Cause(StrEnum):
    """Where a fault lies."""

    CARRIER_ACCESS = "carrier_access"
    CARRIER_CORE = "carrier_core"
    CUSTOMER_SIDE = "customer_side"
    CUSTOMER_POWER = "customer_power"
    MONITOR = "monitor"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """Where the fault seems to lie, None where nothing tells, and why (`core.phrase`: to be said in any language)."""

    cause: Cause | None
    reasons: tuple[str, ...]


AT_ONCE_S = 60  # alarms so near each other are of one cause
AT_ONCE = timedelta(seconds=AT_ONCE_S)
MANY = 3  # lines that fall at once, and at least half of those below one device
SLACK = timedelta(seconds=10)  # how far an agent's clock and our packets may be apart


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that hang on one thing: its name, how many they are, and the alarms of them all in order of time."""

    name: str
    lines: int
    alarms: Sequence[tuple[datetime, str]]
    _seconds: list[int] = field(init=False, compare=False, repr=False)
    _fell: dict[int, int] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_seconds", [int(at.timestamp()) for at, _ in self.alarms])

    def fell(self, at: datetime) -> int:
        """Return how many lines had an alarm within a minute of an instant, to the second."""
        second = int(at.timestamp())
        low = bisect_left(self._seconds, second - AT_ONCE_S)
        high = bisect_right(self._seconds, second + AT_ONCE_S, low)
        if high - low < 2:
            return high - low
        if second not in self._fell:  # thousands that fall together ask for the same few seconds
            self._fell[second] = len({line for _, line in self.alarms[low:high]})
        return self._fell[second]


@dataclass(frozen=True, slots=True)
class Path:
    """A traceroute at onset: the address of the last hop that answered, None where none did."""

    last: str | None
    hops: int = 0


@dataclass(frozen=True, slots=True)
class Vicinity:
    """What is on record around a line: its groups, troubles of the vantage by time, and paths by episode id.

    `agent` is the address of the device of its port, `port_interval_s` how often that is asked.
    """

    groups: tuple[Group, ...] = ()
    troubles: Sequence[tuple[datetime, str]] = ()
    paths: Mapping[str, Path] = field(default_factory=dict)
    agent: str | None = None
    port_interval_s: float = 60.0


ALONE = Vicinity()


class Fall(NamedTuple):
    """How many lines of a group fell at once."""

    fell: int
    lines: int
    name: str

    @property
    def many(self) -> bool:
        return self.fell >= MANY and self.fell * 2 >= self.lines


class Onset(NamedTuple):
    """One incident as the table looks at it: equal ones have equal hypotheses.

    `vantage` is what troubled it between a minute before the onset and the alarm; `dropped` tells that the port
    took its state meanwhile, `agent_fell` that its agent spoke before and has not since, though it was asked twice.
    """

    scene: Scene
    has_demarc: bool
    falls: tuple[Fall, ...] = ()
    vantage: str | None = None
    dropped: bool = False
    agent_fell: bool = False
    path: Path | None = None
    agent: str | None = None

    @property
    def down(self) -> bool:
        return self.scene.worst is Verdict.DOWN

    @property
    def port(self) -> PortScene | None:
        return self.scene.port

    @property
    def port_down(self) -> bool:
        return self.port is not None and self.port.down

    @property
    def port_up(self) -> bool:
        return self.port is not None and PORT_SAYS[self.port.state].says is Says.CARRIES

    @property
    def together(self) -> Fall | None:
        """The group of which most lines fell with this one, if they are many."""
        return max((fall for fall in self.falls if fall.many), default=None)

    @property
    def alone(self) -> Fall | None:
        """A group of which this line alone fell though it has others."""
        return next((fall for fall in self.falls if fall.lines > 1 and fall.fell <= 1), None)

    @property
    def ends_at_port(self) -> bool:
        """Tell whether the path at onset ends at the device of the line's port."""
        return self.agent is not None and self.path is not None and self.path.last == self.agent

    @property
    def light(self) -> bool | None:
        """Tell whether light arrives within its bounds, None where nobody looks."""
        return None if self.port is None else self.port.light

    @property
    def gasp(self) -> bool:
        return self.port is not None and self.port.gasp


def dropped(scene: Scene, onset: datetime, seen_to: datetime) -> bool:
    """Tell whether the port says that it took its state within an episode: it was down, between two polls perhaps."""
    changes = scene.changes
    return bool(changes) and any(onset - SLACK <= changed <= seen_to + SLACK for changed in changes)


def testimony(scene: Scene | None, onset: datetime, seen_to: datetime) -> bool:
    """Tell whether the carrier's port witnesses an interruption that only a CPE showed: it dropped with it.

    An interruption shorter than the pace of polls is seen by `ifLastChange` alone (domain, section 5: "until a person
    or the port says more"). A port that is down is evidence by itself (`core.fusion`).
    """
    return scene is not None and scene.worst is Verdict.DOWN and dropped(scene, onset, seen_to)


class Row(NamedTuple):
    """One row of the table: when it holds, where the fault lies then, and the reason that is stated."""

    when: str
    holds: Callable[[Onset], bool]
    cause: Cause | None
    reason: Callable[[Onset], str]


def _many(one: Onset) -> str:
    fall = one.together
    if fall is None:
        return Phrase("lines fell together")
    return Phrase(
        "{fell} of {lines} lines of {name} fell within a minute", fell=fall.fell, lines=fall.lines, name=fall.name
    )


def _alone(one: Onset) -> str:
    fall = one.alone
    if fall is None:
        return Phrase("it fell alone")
    return Phrase("of {lines} lines of {name} it fell alone", lines=fall.lines, name=fall.name)


def _state(one: Onset) -> str:
    if one.port is None:
        return Phrase("the carrier's port said nothing")
    return Phrase("the carrier's port is {state}", state=str(one.port.state))


def _no_light(one: Onset) -> str:
    if one.light is None:
        return Phrase("{port}; a cut line and a far end without power look alike", port=_state(one))
    if one.light:
        return Phrase("{port} while light arrives: the far end has power", port=_state(one))
    said = "{port} and no light arrives; a cut fibre and a far end without power look alike"
    return Phrase(said, port=_state(one))


LOCATION: tuple[Row, ...] = (
    Row(
        "the vantage had troubles of its own when it began, and the port does not say down",
        lambda one: one.vantage is not None and not one.port_down,
        Cause.MONITOR,
        lambda one: Phrase("the vantage itself was in trouble: {trouble}", trouble=one.vantage),
    ),
    Row(
        "the port is down while the target answers",
        lambda one: one.port_down and one.scene.target is Shows.ANSWERED,
        Cause.MONITOR,
        lambda one: Phrase(
            "{port} while packets pass: the inventory names another port, or a second path carries them",
            port=_state(one),
        ),
    ),
    Row(
        f"the port has a named value `{DYING_GASP}` that is not 0",
        lambda one: one.gasp,
        Cause.CUSTOMER_POWER,
        lambda _: Phrase("the device at the customer's end told that its power fails (dying gasp)"),
    ),
    Row(
        "the port is administratively down",
        lambda one: one.port is not None and one.port.state is PortState.ADMIN_DOWN,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the carrier's port was switched off by the carrier"),
    ),
    Row(
        f"at least {MANY} lines, and half, of one upstream or device fell within a minute",
        lambda one: one.down and one.together is not None,
        Cause.CARRIER_CORE,
        _many,
    ),
    Row(
        "the port is down, this line's alone",
        lambda one: one.down and one.port_down,
        Cause.CARRIER_ACCESS,
        _no_light,
    ),
    Row(
        "the port is up again, but took its state during the incident",
        lambda one: one.down and one.dropped,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the carrier's port dropped and came back during the incident (ifLastChange)"),
    ),
    Row(
        "the demarc is silent, the CPE behind it answers",
        lambda one: one.down and one.has_demarc and one.scene.cpe is Shows.ANSWERED,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the CPE answers through a demarc that does not: the demarc itself"),
    ),
    Row(
        "the demarc is silent, the port stayed up",
        lambda one: one.down and one.has_demarc and one.port_up,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the carrier's port stayed up: the fault lies between it and the demarc"),
    ),
    Row(
        "only a CPE is watched and silent, the port stayed up",
        lambda one: one.down and one.port_up,
        Cause.CUSTOMER_SIDE,
        lambda _: Phrase("the carrier's port stayed up and has not changed; the customer's device behind it is silent"),
    ),
    Row(
        "the agent of the port answered before and fell silent with the line",
        lambda one: one.down and one.agent_fell,
        Cause.CARRIER_CORE,
        lambda _: Phrase("the agent of the carrier's port fell silent with the line: what leads to both"),
    ),
    Row(
        "the demarc is silent, the path at onset ends at the port's device",
        lambda one: one.down and one.has_demarc and one.ends_at_port,
        Cause.CARRIER_ACCESS,
        lambda one: Phrase("the path ended at {agent}, the device of the carrier's port", agent=one.agent),
    ),
    Row(
        "the demarc is silent, other lines of its upstream or device did not fall",
        lambda one: one.down and one.has_demarc and one.alone is not None,
        Cause.CARRIER_ACCESS,
        _alone,
    ),
    Row(
        "only a CPE is watched and silent, no port says anything",
        lambda one: one.down and not one.has_demarc,
        None,
        lambda _: Phrase("only the customer's device was watched; nothing tells its fault from the line's"),
    ),
    Row(
        "the demarc is silent and nothing else is known",
        lambda one: one.down,
        None,
        lambda _: Phrase("nothing was seen that tells the access from the core"),
    ),
    Row(
        "degraded: the port counts errors",
        lambda one: "error_ratio" in one.scene.troubles,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the carrier's port counts errors"),
    ),
    Row(
        "degraded: the port's speed is below the contracted one",
        lambda one: "speed_mbps" in one.scene.troubles,
        Cause.CARRIER_ACCESS,
        lambda _: Phrase("the carrier's port negotiated less than was contracted"),
    ),
    Row(
        "degraded: a named value of the port is out of its bounds",
        lambda one: bool(set(one.scene.troubles) - {"discard_ratio"}),
        Cause.CARRIER_ACCESS,
        lambda one: Phrase("out of bounds at the carrier's port: {troubles}", troubles=", ".join(one.scene.troubles)),
    ),
    Row(
        "degraded: the port discards",
        lambda one: "discard_ratio" in one.scene.troubles,
        None,
        lambda _: Phrase("the carrier's port discards packets: more traffic than the line takes, whoever sends it"),
    ),
    Row(
        "degraded: many lines of one upstream or device at once",
        lambda one: one.together is not None,
        Cause.CARRIER_CORE,
        _many,
    ),
    Row(
        "degraded to the demarc while the port is up and clean",
        lambda one: one.has_demarc and one.port_up,
        Cause.CARRIER_CORE,
        lambda _: Phrase("the carrier's port is up and counts nothing bad: it comes from before the port"),
    ),
    Row(
        "degraded, and nothing else is known",
        lambda _: True,
        None,
        lambda _: Phrase("nothing was seen that tells where it comes from"),
    ),
)

UNMEASURED = Hypothesis(None, (Phrase("reported, not measured"),))
UNSEEN = Hypothesis(None, (Phrase("recorded by a version that did not look"),))


def hypothesis(incident: Incident, *, has_demarc: bool, vicinity: Vicinity, until: datetime) -> Hypothesis:
    """Return where the fault of an incident seems to lie; one that is still open was seen up to `until`."""
    if incident.reported is not None:
        return UNMEASURED
    if incident.scene is None:
        return UNSEEN
    found = locate(_onset(incident, incident.scene, vicinity, until, has_demarc=has_demarc))
    if incident.decided is None:
        return found
    decided = Phrase("a person decided: {responsibility}", responsibility=str(incident.decided))
    return Hypothesis(found.cause, (*found.reasons, decided))


def _onset(incident: Incident, scene: Scene, vicinity: Vicinity, until: datetime, *, has_demarc: bool) -> Onset:
    """Return an incident as the table looks at it."""
    onset, alarm = incident.onset, incident.alarm if incident.alarm is not None else incident.onset
    seen_to = incident.restored if incident.restored is not None else until
    return Onset(
        scene,
        has_demarc,
        tuple([Fall(group.fell(alarm), group.lines, group.name) for group in vicinity.groups]),
        _trouble(vicinity.troubles, onset - AT_ONCE, alarm) if vicinity.troubles else None,
        dropped(scene, onset, seen_to),
        scene.spoke and scene.port is None and seen_to - onset >= timedelta(seconds=2 * vicinity.port_interval_s),
        _path(incident, vicinity.paths) if vicinity.paths else None,
        vicinity.agent,
    )


def _path(incident: Incident, paths: Mapping[str, Path]) -> Path | None:
    return next((paths[own] for own in incident.derived_from if own in paths), None)


def _trouble(troubles: Sequence[tuple[datetime, str]], since: datetime, until: datetime) -> str | None:
    place = bisect_left(troubles, (since, ""))
    return troubles[place][1] if place < len(troubles) and troubles[place][0] <= until else None


@lru_cache(maxsize=4096)  # most incidents of a month look like others
def locate(one: Onset) -> Hypothesis:
    """Return where the fault of an incident seems to lie: the first row that holds, with what else was seen."""
    row = next(row for row in LOCATION if row.holds(one))
    return Hypothesis(row.cause, tuple(dict.fromkeys([row.reason(one), *_beside(one)])))


def _beside(one: Onset) -> Iterator[str]:
    """Yield what was seen beside what decided."""
    if one.has_demarc and one.scene.target is not None:
        yield Phrase("demarc {shows}", shows=str(one.scene.target))
    if one.scene.cpe is not None:
        yield Phrase("CPE {shows}", shows=str(one.scene.cpe))
    if one.port is not None:
        yield Phrase("port {state}", state=str(one.port.state))
    if one.down and one.path is not None and one.path.last is not None:
        yield Phrase("the path at onset was seen up to {last}, hop {hops}", last=one.path.last, hops=one.path.hops)
