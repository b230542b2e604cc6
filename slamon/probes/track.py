"""What the engine keeps of each thing it probes: a line with its windows, or a reference target."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta

from slamon.core.reading import Reading
from slamon.core.timespan import from_micros, micros
from slamon.probes.pace import Pace, Schedule, phase_of
from slamon.probes.packet import SECOND_NS, Cut, Packet
from slamon.probes.protocol import ProbeLine
from slamon.probes.vantage import Vantage, Word
from slamon.probes.walltime import STEP_NS, WallTime
from slamon.probes.window import LineWindows

_SAME_TIME = timedelta(microseconds=STEP_NS // 1000)
_REFERENCE_PACE = Pace(SECOND_NS, SECOND_NS, SECOND_NS, 0)
_REFERENCE_PAYLOAD_BYTES = 56
REFERENCE_RANK = -1  # before all lines: without their word no line can be called lost

BlindSpan = tuple[int, int, str]


class LineTrack:
    """A line: its schedule, its windows, and finished windows that still wait for the references' word.

    `place` is the index of its place in a wheel, None where it has none. After `behind` batches of wheels' rows were
    handed on its own may be; the last ones were those of `came_from`.
    """

    # fmt: off
    __slots__ = (
        "_ended",
        "_held",
        "alive",
        "behind",
        "blinds_known",
        "came_from",
        "dscp",
        "line",
        "onset_told_ns",
        "pace",
        "payload_bytes",
        "place",
        "schedule",
        "source",
        "targets",
        "touched",
        "windows",
    )
    # fmt: on

    def __init__(self, line: ProbeLine, start_ns: int, now_ns: int, before: LineTrack | None = None) -> None:
        self.place: int | None = None
        self.behind: int = before.behind if before is not None else -1
        self.came_from: int | None = before.came_from if before is not None else None
        self.onset_told_ns: int | None = None
        self.touched = False
        self.blinds_known = 0
        self.line = line
        self.targets = line.targets
        self.payload_bytes, self.dscp, self.source = line.payload_bytes, line.dscp, line.source
        self.pace = Pace.of(line)
        self.alive = True
        phase_ns = phase_of(line.line_id, self.pace.interval_ns, start_ns)
        self.schedule = Schedule(self.pace, phase_ns, now_ns)
        opened_ns = before.windows.start_ns if before is not None else now_ns
        self.windows: LineWindows = LineWindows(self.pace, phase_ns, opened_ns, len(self.targets))
        self._held: list[tuple[ProbeLine, Cut]] = before._held if before is not None else []  # noqa: SLF001
        self._ended: datetime | None = before._ended if before is not None else None  # noqa: SLF001

    @property
    def rank(self) -> int:
        """Return the line's importance, 0 first."""
        return self.line.rank

    @property
    def ended_us(self) -> int:
        """Return where the last reading ended, in microseconds since the epoch; 0 before the first one."""
        return micros(self._ended) if self._ended is not None else 0

    @ended_us.setter
    def ended_us(self, value: int) -> None:
        self._ended = from_micros(value) if value else None

    def take_on(self, place: int, windows: LineWindows, schedule: Schedule, behind: int) -> None:
        """Go on where a wheel left off."""
        self.place = self.came_from = place
        self.windows, self.schedule, self.behind = windows, schedule, behind

    def add(self, packet: Packet) -> None:
        """Take a packet into the windows."""
        self.windows.add(packet)

    def catch_up(self, blinds: Sequence[BlindSpan]) -> None:
        """Book the blind spans that were said since the last time: lazily, there may be a hundred thousand tracks."""
        for start_ns, end_ns, reason in blinds[self.blinds_known :]:
            self.windows.blind(start_ns, end_ns, reason)
        self.blinds_known = len(blinds)

    def advance(self, now_ns: int) -> None:
        """Finish what is decided; hurry where the line was lost."""
        was_hurried = self.windows.hurried(now_ns)
        self._held.extend((self.line, cut) for cut in self.windows.advance())
        if not was_hurried and self.windows.hurried(now_ns):
            self.schedule.hurry(now_ns)

    def close(self, now_ns: int) -> None:
        """End the line's windows."""
        self.alive = False
        self._held.extend((self.line, cut) for cut in self.windows.close(now_ns))

    @property
    def waits(self) -> bool:
        """Tell whether a finished window is held back."""
        return bool(self._held)

    def readings(
        self, vantage_of: Callable[[str | None], Vantage], wall: WallTime, *, at_once: bool = False
    ) -> Iterator[Reading]:
        """Yield what may be handed on: an impaired window only with the references' word, unless `at_once`.

        The word is that of the references as asked from the source that the line had then.
        """
        while self._held:
            line, cut = self._held[0]
            vantage = vantage_of(line.source)
            word = vantage.say(cut.start_ns, cut.end_ns)
            if word is Word.NOT_YET and cut.impaired:
                if not at_once:
                    return
                word = Word.BLIND
            self._held.pop(0)
            reading = self._stamp(line, cut, vantage.reason if word is Word.BLIND else cut.blind, wall)
            if reading is not None:
                yield reading

    def _stamp(self, line: ProbeLine, cut: Cut, blind: str | None, wall: WallTime) -> Reading | None:
        """Return the window at its time of day; None where the wall clock went back over it."""
        start, end = wall.starting(cut.start_ns), wall.ending(cut.end_ns)
        if self._ended is not None and start < self._ended + _SAME_TIME:
            # Slewing moves both edges of one instant apart by microseconds; a step back would double time.
            start = self._ended
        if end <= start:
            return None
        self._ended = end
        stats = iter(cut.stats)
        demarc = next(stats) if line.demarc else None
        cpe = next(stats) if line.cpe else None
        return Reading(line.line_id, start, end, demarc, cpe, blind=blind)


class ReferenceTrack:
    """A reference target, pinged about once a second from one source address."""

    payload_bytes, dscp, rank = _REFERENCE_PAYLOAD_BYTES, 0, REFERENCE_RANK

    def __init__(self, reference: str, source: str | None, now_ns: int, vantage: Vantage) -> None:
        self.targets = (reference,)
        self.source = source
        self.pace = _REFERENCE_PACE
        self.alive = True
        self.schedule = Schedule(self.pace, phase_of(f"{reference} {source or ''}".strip(), SECOND_NS, now_ns), now_ns)
        self._vantage = vantage

    def add(self, packet: Packet) -> None:
        """Take a packet into the vantage's sight."""
        if self.alive:
            self._vantage.add(self.targets[0], packet)


Track = LineTrack | ReferenceTrack


class DueQueue:
    """Who sends next, by rank. A track whose schedule has moved is pushed again; its old entry is passed over."""

    def __init__(self) -> None:
        self._heaps: dict[int, list[tuple[int, int, Track]]] = {}
        self._pushed = 0

    @property
    def ranks(self) -> Collection[int]:
        """Return the ranks of which there was ever a track."""
        return self._heaps.keys()

    def push(self, track: Track) -> None:
        """Take a track at the instant its schedule says."""
        self._pushed += 1
        heapq.heappush(self._heaps.setdefault(track.rank, []), (track.schedule.due_ns, self._pushed, track))

    def next_ns(self) -> int | None:
        """Return when the next packet is due, None where nothing is probed."""
        return min((heap[0][0] for heap in self._heaps.values() if heap), default=None)

    def pop(self, rank: int, now_ns: int) -> Track | None:
        """Return a track of a rank whose packet is due, None when there is no further one."""
        heap = self._heaps.get(rank)
        while heap and heap[0][0] <= now_ns:
            due_ns, _, track = heapq.heappop(heap)
            if track.alive and track.schedule.due_ns == due_ns:
                return track
        return None
