"""What is known at the onset of an outage: the last good and first bad packets, and the errors that routers sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import OnsetEvidence, QuotedError
from slamon.probes.quoting import Quoted
from slamon.probes.track import LineTrack
from slamon.probes.walltime import WallTime

_KEPT_NS = 600 * SECOND_NS
_TARGETS_KEPT = 10_000
_ERRORS_PER_TARGET = 8
# An error about the last good packet is not about this outage, one about a packet just before may be.
_BEFORE_NS = SECOND_NS


@dataclass(slots=True)
class _Heard:
    first_ns: int
    last_ns: int
    count: int = 1


@dataclass(slots=True)
class Onsets:
    """Errors by target, bounded in number and age; evidence once per outage."""

    wall: WallTime
    _heard: dict[str, dict[tuple[str, str], _Heard]] = field(default_factory=dict)

    def hear(self, error: Quoted, now_ns: int) -> None:
        """Keep an error that quoted a packet of ours."""
        errors = self._heard.pop(error.target, {})
        self._heard[error.target] = errors  # the newest last
        while len(self._heard) > _TARGETS_KEPT:
            del self._heard[next(iter(self._heard))]
        key = error.source, error.said
        known = errors.get(key)
        if known is not None and now_ns - known.last_ns <= _KEPT_NS:
            known.last_ns, known.count = now_ns, known.count + 1
        elif known is not None or len(errors) < _ERRORS_PER_TARGET:
            errors[key] = _Heard(now_ns, now_ns)

    def tell(self, track: LineTrack, now_ns: int) -> Iterator[OnsetEvidence]:
        """Yield the evidence of a line that was just found lost."""
        dead_ns = track.windows.dead_since_ns
        if dead_ns is None or track.onset_told_ns == dead_ns:
            return
        track.onset_told_ns = dead_ns
        good_ns = track.windows.last_good_ns
        errors = [
            QuotedError(source, said, self.wall.starting(heard.first_ns), heard.count)
            for target in track.targets
            for (source, said), heard in self._heard.get(target, {}).items()
            if heard.last_ns >= dead_ns - _BEFORE_NS
        ]
        yield OnsetEvidence(
            track.line.line_id,
            self.wall.starting(now_ns),
            self.wall.starting(good_ns) if good_ns is not None else None,
            self.wall.starting(dead_ns),
            tuple(errors),
        )
