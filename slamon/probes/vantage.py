"""Whether the vantage itself could see (F1): the word of its reference targets, as spans of time. No I/O, no clock.

Blind is the time between two reference packets that were answered, by any reference, when in between every
reference lost at least two in a row. A window may be called impaired only where a reference answered a packet sent
after its end: until then nothing is said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from slamon.probes.lane import Ints, Marks
from slamon.probes.packet import Outcome, Packet

_LOSSES_THAT_COUNT = 2
_BLIND_SPANS_KEPT = 1000
ALL_REFERENCES_LOST = "all reference targets lost"


class Word(Enum):
    """What the references say about a span of time."""

    SEEN = auto()
    BLIND = auto()
    NOT_YET = auto()


@dataclass(frozen=True, slots=True)
class SightChange:
    """The vantage lost sight, or got it back, as of `at_ns`."""

    lost: bool
    at_ns: int


class Vantage:
    """The word of the references named, asked from one source address; without any, everything was seen."""

    def __init__(self, references: Sequence[str], started_ns: int, source: str | None = None) -> None:
        self.reason = ALL_REFERENCES_LOST if source is None else f"{ALL_REFERENCES_LOST} from {source}"
        self._pending: dict[str, deque[Packet]] = {reference: deque() for reference in references}
        self._losses = dict.fromkeys(references, 0)
        self._proof_ns = started_ns
        self._spans: deque[tuple[int, int]] = deque(maxlen=_BLIND_SPANS_KEPT)
        self._lost = False

    def renew(self, references: Sequence[str], now_ns: int) -> SightChange | None:
        """Replace the references; what was said stays said. Without any, sight is no longer doubted.

        Return the change of sight that follows, if any.
        """
        if not self._pending:
            self._proof_ns = max(self._proof_ns, now_ns)
        self._pending = {reference: self._pending.get(reference, deque()) for reference in references}
        self._losses = {reference: self._losses.get(reference, 0) for reference in references}
        return None if references else self._prove(now_ns)

    @property
    def word(self) -> tuple[int, bool]:
        """Return what changes whenever something new can be said."""
        return self._proof_ns, self._lost

    @property
    def lost(self) -> bool:
        """Tell whether all references are lost now."""
        return self._lost

    def add(self, reference: str, packet: Packet) -> None:
        """Take a packet to a reference, in order of time."""
        self._pending[reference].append(packet)

    def advance(self) -> SightChange | None:
        """Take in what became of the packets; return the change of sight that follows, if any."""
        answered_ns = self._proof_ns
        for reference, packets in self._pending.items():
            while packets and packets[0].outcome is not Outcome.PENDING:
                packet = packets.popleft()
                if packet.outcome is Outcome.ANSWERED:
                    self._losses[reference] = 0
                    answered_ns = max(answered_ns, packet.at_ns)
                elif packet.outcome is not Outcome.VOID:
                    # A reference packet that could not even be sent proves no sight either.
                    self._losses[reference] += 1
        if answered_ns > self._proof_ns:
            return self._prove(answered_ns)
        if self._losses and not self._lost and min(self._losses.values()) >= _LOSSES_THAT_COUNT:
            self._lost = True
            return SightChange(lost=True, at_ns=self._proof_ns)
        return None

    def say(self, start_ns: int, end_ns: int) -> Word:
        """Return the word for ``[start_ns, end_ns)``."""
        if self._lost and end_ns > self._proof_ns:
            return Word.BLIND
        for start, end in reversed(self._spans):
            if end <= start_ns:
                break
            if start < end_ns:
                return Word.BLIND
        return Word.SEEN if not self._pending or end_ns <= self._proof_ns else Word.NOT_YET

    def words(self, start: Ints, end: Ints) -> tuple[Marks, Marks]:
        """Return for many spans which of them are blind, and of which nothing can be said yet."""
        blind = (end > self._proof_ns) & self._lost
        since = int(start.min()) if len(start) else 0
        for span_start, span_end in reversed(self._spans):
            if span_end <= since:
                break
            blind |= (span_start < end) & (start < span_end)
        unknown = ~blind & (end > self._proof_ns) & bool(self._pending)
        return blind, unknown

    def _prove(self, at_ns: int) -> SightChange | None:
        start_ns, self._proof_ns = self._proof_ns, at_ns
        self._losses = dict.fromkeys(self._losses, 0)
        if not self._lost:
            return None
        self._lost = False
        self._spans.append((start_ns, at_ns))
        return SightChange(lost=False, at_ns=at_ns)
