"""What was really done, and when: the true schedule that a report is held against. Instants are wall seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Stretch = tuple[float, float]
NEVER = float("inf")


def wall() -> float:
    """The wall clock, which all namespaces share."""
    return time.clock_gettime(time.CLOCK_REALTIME)


@dataclass(frozen=True)
class Edge:
    """A deed was done between these two instants."""

    before: float
    after: float


@dataclass
class Trouble:
    """What a line went through: ``dead`` or ``bad`` (lossy, slow) from one edge to another."""

    kind: str
    start: Edge
    end: Edge = Edge(NEVER, NEVER)

    @property
    def lasted_s(self) -> float:
        """How long it surely lasted."""
        return self.end.before - self.start.after


@dataclass
class Truth:
    """Troubles by line, and when the monitor itself could not see."""

    troubles: dict[str, list[Trouble]] = field(default_factory=dict)
    blind: list[tuple[str, Edge, Edge]] = field(default_factory=list)

    def began(self, kind: str, line_ids: Iterable[str], edge: Edge) -> None:
        """Note the start of a trouble."""
        for line_id in line_ids:
            self.troubles.setdefault(line_id, []).append(Trouble(kind, edge))

    def ended(self, line_ids: Iterable[str], edge: Edge) -> None:
        """Note the end of what goes on."""
        for line_id in line_ids:
            self.troubles[line_id][-1].end = edge

    def of(self, line_id: str, *kinds: str) -> list[Trouble]:
        """A line's troubles of some kinds."""
        return [trouble for trouble in self.troubles.get(line_id, []) if not kinds or trouble.kind in kinds]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Stretches without overlap, in order."""
    out: list[Stretch] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif start < end:
            out.append((start, end))
    return out


def without(stretches: Iterable[Stretch], holes: Iterable[Stretch]) -> list[Stretch]:
    """What is left of stretches outside of others."""
    left = union(stretches)
    for a, b in holes:
        left = [piece for s, e in left for piece in ((s, min(e, a)), (max(s, b), e)) if piece[0] < piece[1]]
    return left


def total_s(stretches: Iterable[Stretch]) -> float:
    """How long stretches are together."""
    return sum(end - start for start, end in stretches)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of them lies; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0
