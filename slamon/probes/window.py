"""Where the windows of a line begin and end (domain, section 3, "Edges"). No I/O, no clock: packets in, cuts out.

The law of this file:

- Windows tile time: each begins where the one before ended. A usual edge lies at the first packet that is sent on or
  after an instant of the line's own grid, so that a window begins with a packet.
- Three packets in a row to the deciding target lost, across windows too: the window ends at the send time of the
  first of them, and a new one begins there. Until a reply or the third loss decides, the window is held back.
- The first reply after such a run ends the window at the *send time of the packet it answers*: so the window of the
  outage holds no answered packet, and the next one begins with an answered one.
- During the confirm run, a short window ends at each packet that follows a lost one, and is handed on at once.
- A blind span is a window of its own. A packet that could not be sent, or whose answer we may have dropped, is no
  data: it neither breaks a run of losses nor lengthens it.
- A usual edge that would leave a window without any packet to the deciding target is dropped; the window goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from slamon.probes.pace import Pace
from slamon.probes.packet import Cut, Outcome, Packet, stats_of

LOSSES_THAT_CUT = 3
# A run of one or two losses is decided without a third one when so many packets after it could not be sent.
_UNKNOWN_THAT_RELEASE = 3


class _Edge(Enum):
    """Why a window ends, the weakest reason first."""

    GRID = auto()
    RUN = auto()
    BLIND = auto()


@dataclass(slots=True)
class _BlindSpan:
    start_ns: int
    end_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """An open window of which everything is decided: its packets, the next usual edge, whether the line is lost."""

    start_ns: int
    next_grid_ns: int
    packets: tuple[Packet, ...]
    dead: bool


class LineWindows:
    """The windows of one line with `targets` targets, the first of which decides."""

    # fmt: off
    __slots__ = (
        "_blinds", "_confirm_until_ns", "_dead_since_ns", "_edges", "_ends_at_next", "_first_miss", "_misses",
        "_next_grid_ns", "_pace", "_packets", "_start_ns", "_targets", "_unjudged", "_unknown", "last_good_ns",
    )
    # fmt: on

    def __init__(self, pace: Pace, phase_ns: int, opened_ns: int, targets: int = 1) -> None:
        self._pace = pace
        self._targets = targets
        self._start_ns = opened_ns
        self._next_grid_ns = _first_after(phase_ns, pace.interval_ns, opened_ns)
        # Lists: a deque takes 600 bytes even when empty, and in a mass outage there are a hundred thousand of these.
        self._packets: list[Packet] = []
        self._unjudged: list[Packet] = []
        self._edges: dict[int, _Edge] = {}
        self._blinds: list[_BlindSpan] = []
        self._first_miss: Packet | None = None
        self._misses = 0
        self._unknown = 0
        self._dead_since_ns: int | None = None
        self._confirm_until_ns = 0
        self._ends_at_next = False
        self.last_good_ns: int | None = None

    @property
    def dead_since_ns(self) -> int | None:
        """Return when the first of three lost packets left, while no reply has come since."""
        return self._dead_since_ns

    def resume_dead(self) -> None:
        """Begin as a line that was lost before, its confirm run over."""
        self._dead_since_ns, self._confirm_until_ns = self._start_ns, 0

    def quiet(self, now_ns: int) -> Quiet | None:
        """Return the open window if it has no history that would move an edge, and nothing in it is undecided."""
        if self._edges or self._blinds or self._ends_at_next or self._first_miss is not None or self._unjudged:
            return None
        if self.confirming(now_ns) or any(packet.outcome is Outcome.PENDING for packet in self._packets):
            return None
        return Quiet(self._start_ns, self._next_grid_ns, tuple(self._packets), self._dead_since_ns is not None)

    @property
    def start_ns(self) -> int:
        """Return where the window that is still open begins."""
        return self._start_ns

    def confirming(self, now_ns: int) -> bool:
        """Tell whether the confirm run is on: the line was lost, not long ago."""
        return self._dead_since_ns is not None and now_ns < self._confirm_until_ns

    def hurried(self, now_ns: int) -> bool:
        """Tell whether the next packet should leave before its slot.

        Beside the confirm run that is after any loss, where the usual gap is so long that waiting for the third loss
        alone would outlast the time to an alarm.
        """
        return (self._first_miss is not None and self._pace.is_slow) or self.confirming(now_ns)

    def add(self, packet: Packet) -> None:
        """Take a packet, in order of time; what becomes of it is written into the packet itself."""
        self._packets.append(packet)
        if packet.target == 0:
            self._pass_grid(packet.at_ns)
            if self._ends_at_next:
                self._ends_at_next = False
                self._mark(packet.at_ns, _Edge.RUN)
            self._unjudged.append(packet)

    def blind(self, start_ns: int, end_ns: int, reason: str) -> None:
        """Book that nothing could be seen in ``[start_ns, end_ns)``, as far as it is not handed on yet."""
        start_ns = max(start_ns, self._blinds[-1].end_ns if self._blinds else self._start_ns, self._start_ns)
        if start_ns >= end_ns:
            return
        self._blinds.append(_BlindSpan(start_ns, end_ns, reason))
        self._drop_grid(start_ns, end_ns)
        self._mark(start_ns, _Edge.BLIND)
        self._mark(end_ns, _Edge.BLIND)

    def advance(self) -> list[Cut]:
        """Return the windows that are decided by what is written into the packets."""
        while self._unjudged and self._unjudged[0].outcome is not Outcome.PENDING:
            self._judge(self._unjudged.pop(0))
        return list(self._flush())

    def close(self, now_ns: int) -> list[Cut]:
        """End the line at `now_ns`: return what is known, up to the first packet of which nothing is known yet."""
        cuts = self.advance()
        open_at = [packet.at_ns for packet in self._packets if packet.outcome is Outcome.PENDING]
        if self._first_miss is not None:
            open_at.append(self._first_miss.at_ns)
        end_ns = min([now_ns, *open_at])
        self._edges = {at_ns: edge for at_ns, edge in self._edges.items() if at_ns < end_ns}
        self._mark(end_ns, _Edge.GRID)
        return [*cuts, *self._flush()]

    def _judge(self, packet: Packet) -> None:
        if packet.outcome is Outcome.ANSWERED:
            self.last_good_ns = packet.at_ns
            if self._dead_since_ns is not None:
                self._revive(packet.at_ns)
            self._release()
        elif packet.outcome is Outcome.LOST:
            self._miss(packet)
        elif self._first_miss is not None:
            self._unknown += 1
            if self._unknown >= _UNKNOWN_THAT_RELEASE:
                self._release()

    def _miss(self, packet: Packet) -> None:
        if self._dead_since_ns is None:
            self._first_miss = self._first_miss or packet
            self._misses += 1
            if self._misses < LOSSES_THAT_CUT:
                return
            self._dead_since_ns = self._first_miss.at_ns
            self._confirm_until_ns = self._pace.confirm_until_ns(self._dead_since_ns, packet.at_ns)
            self._drop_grid(self._dead_since_ns, self._confirm_until_ns)
            self._mark(self._dead_since_ns, _Edge.RUN)
            # Two windows at once: an alarm wants two readings, and the packets may have been far apart.
            self._mark(packet.at_ns, _Edge.RUN)
            self._release()
        if self.confirming(packet.at_ns):
            if self._unjudged:
                self._mark(self._unjudged[0].at_ns, _Edge.RUN)
            else:
                self._ends_at_next = True

    def _revive(self, at_ns: int) -> None:
        self._dead_since_ns = None
        self._edges = {at: edge for at, edge in self._edges.items() if edge is not _Edge.RUN or at <= at_ns}
        self._mark(at_ns, _Edge.RUN)
        self._next_grid_ns = self._grid_after(at_ns)
        for packet in self._unjudged:
            self._pass_grid(packet.at_ns)

    def _release(self) -> None:
        self._first_miss, self._misses, self._unknown = None, 0, 0

    def _pass_grid(self, at_ns: int) -> None:
        if self._next_grid_ns <= at_ns:
            if not self.confirming(at_ns):
                self._mark(at_ns, _Edge.GRID)
            self._next_grid_ns = self._grid_after(at_ns)

    def _flush(self) -> Iterator[Cut]:
        while self._edges:
            end_ns = min(self._edges)
            if not self._decided(end_ns):
                return
            edge = self._edges.pop(end_ns)
            blind = self._blinds[0] if self._blinds and self._blinds[0].start_ns <= self._start_ns else None
            if blind is None and edge is not _Edge.RUN and not self._has_deciding(end_ns):
                if edge is _Edge.BLIND:
                    self._blinds[0].start_ns = self._start_ns
                continue
            yield self._cut(end_ns, blind.reason if blind is not None else None)

    def _decided(self, at_ns: int) -> bool:
        """Tell whether everything before `at_ns` is known, runs of losses included."""
        if self._first_miss is not None and self._first_miss.at_ns < at_ns:
            return False
        for packet in self._packets:
            if packet.at_ns >= at_ns:
                break
            if packet.outcome is Outcome.PENDING:
                return False
        return True

    def _cut(self, end_ns: int, blind: str | None) -> Cut:
        packets: list[Packet] = []
        while self._packets and self._packets[0].at_ns < end_ns:
            packets.append(self._packets.pop(0))
        start_ns, self._start_ns = self._start_ns, end_ns
        while self._blinds and self._blinds[0].end_ns <= end_ns:
            self._blinds.pop(0)
        if blind is not None:
            return Cut(start_ns, end_ns, (None,) * self._targets, blind)
        stats = tuple(stats_of([p for p in packets if p.target == target]) for target in range(self._targets))
        if stats[0] is None:
            reasons = [packet.reason for packet in packets if packet.target == 0 and packet.reason]
            blind = reasons[-1] if reasons else "no packet was sent"
        return Cut(start_ns, end_ns, stats, blind)

    def _has_deciding(self, before_ns: int) -> bool:
        for packet in self._packets:
            if packet.at_ns >= before_ns:
                return False
            if packet.target == 0:
                return True
        return False

    def _mark(self, at_ns: int, edge: _Edge) -> None:
        if at_ns > self._start_ns:
            self._edges[at_ns] = max(self._edges.get(at_ns, edge), edge, key=lambda kind: kind.value)

    def _drop_grid(self, after_ns: int, before_ns: int) -> None:
        self._edges = {
            at: edge for at, edge in self._edges.items() if edge is not _Edge.GRID or not after_ns < at < before_ns
        }

    def _grid_after(self, at_ns: int) -> int:
        return _first_after(self._next_grid_ns, self._pace.interval_ns, at_ns)


def _first_after(grid_ns: int, step_ns: int, at_ns: int) -> int:
    """Return the first instant of the grid after `at_ns`."""
    return grid_ns + ((at_ns - grid_ns) // step_ns + 1) * step_ns
