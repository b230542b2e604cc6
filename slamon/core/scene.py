"""What was seen of a line while an episode went on: targets and port, reduced to what tells where the fault lies.

Targets stand in the episode's runs (`letters`); the port's words and the criteria of the port that were exceeded are
its `Sights`. Both are facts with times, so that an episode that a suspension filed late cuts in two shows in each part
what it would have shown had the suspension been known. `scene_of` makes one view of both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .fusion import PORT_SAYS, PortState, Says, Verdict, parted, port_state
from .reading import InterfaceStats, TargetStats

DYING_GASP = "dying_gasp"  # a named value of the port: not 0 where the far end told that its power fails
LIGHT = "rx_power"  # named values that begin so are the light that arrives
SAME_CHANGE = timedelta(seconds=5)  # an agent tells the same ifLastChange a little differently each time


class Shows(StrEnum):
    """How a target answered while the line was down."""

    SILENT = "silent"
    ANSWERED = "answered"


_LETTERS = {Shows.SILENT: "s", Shows.ANSWERED: "a", None: "-"}
_SHOWS = {letter: shows for shows, letter in _LETTERS.items()}


def letters(target: TargetStats | None, cpe: TargetStats | None) -> str:
    """Return how the target that decides and the CPE answered, a letter each: silent, answered, or ``-``: not asked."""
    return _letter(target) + _letter(cpe)


def _letter(target: TargetStats | None) -> str:
    if target is None or target.sent <= 0:
        return "-"
    return "s" if target.received <= 0 else "a"


class PortScene(NamedTuple):
    """A word of the port: its state, since when; whether light arrives (None: nobody looks), and a dying gasp."""

    state: PortState
    changed: datetime | None = None
    light: bool | None = None
    gasp: bool = False

    @property
    def down(self) -> bool:
        return PORT_SAYS[self.state].says is Says.DOWN


def port_scene(port: InterfaceStats) -> PortScene:
    """Return what a poll said, as far as it tells where a fault lies."""
    lights = [one.exceeded is None for one in port.extras if one.name.startswith(LIGHT)]
    gasp = any(one.name == DYING_GASP and one.value != 0 for one in port.extras)
    return PortScene(port_state(port), port.last_change, all(lights) if lights else None, gasp)


class Told(NamedTuple):
    """A word of the port that differs from the one before, and the reading that carries it."""

    start: datetime
    end: datetime
    port: PortScene


class Trouble(NamedTuple):
    """A criterion of the port, or a named value's bound, exceeded between two instants, on and off."""

    name: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Sights:
    """What the port showed during an episode.

    `spoke` tells that a word counted at its onset; `told` are the words of polls since, each while it is new;
    `polled_to` is the end of the last reading with a poll.
    """

    spoke: bool = False
    told: tuple[Told, ...] = ()
    polled_to: datetime | None = None
    troubles: tuple[Trouble, ...] = ()


NOTHING_SEEN = Sights()


class Sight(NamedTuple):
    """What one reading shows of the port: whether a word counts in it, the word that it carries, what is exceeded."""

    spoke: bool = False
    port: PortScene | None = None
    troubles: tuple[str, ...] = ()


def looked(sights: Sights | None, start: datetime, end: datetime, sight: Sight) -> Sights:
    """Return what was seen after one more reading; None begins anew."""
    if sights is None:
        sights = Sights(sight.spoke)
    if sight.port is not None:
        new = not sights.told or not _same(sights.told[-1].port, sight.port)
        told = (*sights.told, Told(start, end, sight.port)) if new else sights.told
        sights = replace(sights, told=told, polled_to=end)
    if sight.troubles:
        known = {trouble.name: trouble for trouble in sights.troubles}
        for name in sight.troubles:
            known[name] = Trouble(name, known[name].start if name in known else start, end)
        sights = replace(sights, troubles=tuple(known[name] for name in sorted(known)))
    return sights


def _same(one: PortScene, other: PortScene) -> bool:
    if one.changed is None or other.changed is None:
        return one == other
    return one._replace(changed=other.changed) == other and abs(one.changed - other.changed) <= SAME_CHANGE


def within(sights: Sights, start: datetime, end: datetime) -> Sights:
    """Return what of an episode's sights belongs to a part of it; a word holds until the next one."""
    told = [
        word
        for word, to in zip(sights.told, [*(later.start for later in sights.told[1:]), sights.polled_to], strict=False)
        if word.start < end and (word.end > start or (to is not None and to > start))
    ]
    spoke = sights.spoke if not sights.told or start < sights.told[0].start else True
    polled = sights.polled_to
    troubles = tuple(one for one in sights.troubles if one.start < end and one.end > start)
    return Sights(spoke, tuple(told), None if polled is None or not told else min(polled, end), troubles)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an incident's readings showed; None where nothing was seen.

    `target` is the one that decides, in the weightiest readings: silent ones before those that a port alone calls down
    (its word still counts when the line is back). `port` is the first word of a poll since the onset, or the first that
    said down; `changes` are all instants at which polls say that it took a state.
    """

    worst: Verdict
    target: Shows | None = None
    cpe: Shows | None = None
    port: PortScene | None = None
    changes: tuple[datetime, ...] = ()
    troubles: tuple[str, ...] = ()
    spoke: bool = False


class Shown(NamedTuple):
    """A verdict with its source and its letters, as a run of readings has them."""

    verdict: Verdict
    source: str | None
    letters: str | None


def scene_of(runs: Iterable[Shown], sights: Iterable[Sights]) -> Scene:
    """Return the view of some runs of readings and of what the port showed meanwhile."""
    impaired = [run for run in runs if run.verdict is not Verdict.UP]
    down = [_pair(run) for run in impaired if run.verdict is Verdict.DOWN]
    silent = [pair for pair in down if pair[0] is Shows.SILENT]
    pairs = silent or down
    parts = list(sights)
    told = [word.port for part in parts for word in part.told]
    names = sorted({trouble.name for part in parts for trouble in part.troubles})
    return Scene(
        worst=Verdict.DOWN if down else Verdict.DEGRADED if impaired else Verdict.UP,
        target=_best(pair[0] for pair in pairs),
        cpe=_best(pair[1] for pair in pairs),
        port=_port(told),
        changes=tuple(port.changed for port in told if port.changed is not None),
        troubles=tuple(names),
        spoke=bool(parts) and parts[0].spoke,
    )


def _pair(run: Shown) -> tuple[Shows | None, Shows | None]:
    if run.letters is not None:
        return _SHOWS[run.letters[0]], _SHOWS[run.letters[1]]
    return (Shows.SILENT if parted(run.source) - {"interface"} else None), None


def _best(found: Iterable[Shows | None]) -> Shows | None:
    """Return whether a target answered, in any reading in which it was asked."""
    known = {shows for shows in found if shows is not None}
    return Shows.ANSWERED if Shows.ANSWERED in known else Shows.SILENT if known else None


def _port(told: list[PortScene]) -> PortScene | None:
    if not told:
        return None
    kept = next((port for port in told if port.down), told[0])
    return kept._replace(gasp=any(port.gasp for port in told))
