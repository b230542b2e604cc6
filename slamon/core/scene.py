"""What was seen of a line while an episode went on: targets and port, reduced to what tells where the fault lies.

`shown` makes it of one reading, `folded` of one reading after the other. It stands in the episode's entry, so that a
report can be worked out again from the ledger alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from .fusion import PORT_SAYS, PortState, Says, Verdict, port_state
from .reading import InterfaceStats, Reading, TargetStats


class Shows(StrEnum):
    """How a target answered."""

    SILENT = "silent"
    LOSSY = "lossy"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class PortScene:
    """A port's word in a poll that ended during the episode.

    `changed` is the latest instant at which the port took a state, as far as any poll told; `troubles` are the criteria
    and named values that the port exceeded in an impaired reading; `values` are its named values, of that poll.
    """

    state: PortState
    changed: datetime | None = None
    values: tuple[tuple[str, float, bool], ...] = ()

    @property
    def down(self) -> bool:
        return PORT_SAYS[self.state].says is Says.DOWN


@dataclass(frozen=True, slots=True)
class Scene:
    """What an episode's readings showed; None where nothing was seen.

    `worst` is the worst verdict so far: targets are those of its readings. `port` is the first word that a poll gave
    since the onset, or the first that said down. `troubles` are criteria of the port that were exceeded.
    """

    worst: Verdict
    demarc: Shows | None = None
    cpe: Shows | None = None
    port: PortScene | None = None
    troubles: tuple[str, ...] = ()


def shown(reading: Reading, verdict: Verdict, troubles: tuple[str, ...] = ()) -> Scene:
    """Return what one reading showed."""
    return Scene(verdict, _shows(reading.demarc), _shows(reading.cpe), _port(reading.interface), troubles)


def _shows(target: TargetStats | None) -> Shows | None:
    if target is None or target.sent <= 0:
        return None
    if target.received <= 0:
        return Shows.SILENT
    return Shows.LOSSY if target.received < target.sent else Shows.ANSWERED


def _port(port: InterfaceStats | None) -> PortScene | None:
    if port is None:
        return None
    values = tuple((one.name, one.value, one.exceeded is not None) for one in port.extras)
    return PortScene(port_state(port), port.last_change, values)


def folded(scene: Scene | None, later: Scene) -> Scene:
    """Return what a scene is after one more reading."""
    if scene is None:
        return later
    port = _folded_port(scene.port, later.port)
    troubles = tuple(sorted({*scene.troubles, *later.troubles}))
    if later.worst is Verdict.DOWN and scene.worst is not Verdict.DOWN:
        return replace(later, port=port, troubles=troubles)
    if later.worst is not scene.worst:
        return replace(scene, port=port, troubles=troubles)
    best = later.worst is Verdict.DOWN  # a target that answered once was there; one that lost once was lossy
    demarc, cpe = _folded(scene.demarc, later.demarc, best=best), _folded(scene.cpe, later.cpe, best=best)
    return Scene(scene.worst, demarc, cpe, port, troubles)


_ORDER = (Shows.SILENT, Shows.LOSSY, Shows.ANSWERED)


def _folded(one: Shows | None, other: Shows | None, *, best: bool) -> Shows | None:
    known = [show for show in (one, other) if show is not None]
    return (max if best else min)(known, key=_ORDER.index, default=None)


def _folded_port(one: PortScene | None, other: PortScene | None) -> PortScene | None:
    if one is None or other is None:
        return one or other
    changes = [at for at in (one.changed, other.changed) if at is not None]
    kept = other if other.down and not one.down else one
    return replace(kept, changed=max(changes, default=None))
