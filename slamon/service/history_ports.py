"""The last minutes of all ports: which word of its port each reading carries (`History` asks for it)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from slamon.core.reading import InterfaceStats
from slamon.core.timespan import from_micros
from slamon.store.entry import TailBatch
from slamon.store.ports import PortSegment, pack_ports, text_of, unpack_ports
from slamon.store.rows import HAS_PORT, Rows

Ints = npt.NDArray[np.int64]
Lines = npt.NDArray[np.uint32]


class _Word(NamedTuple):
    """What a port said in a reading that was judged since the last checkpoint; `kept`: the ledger's tail has it."""

    end: int
    port: InterfaceStats
    bad: bool
    kept: bool = False


class PortHistory:
    """Words of ports by line and start of the reading that carries them; lines are numbers into `ids`."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self._segments: deque[PortSegment] = deque()
        self._fresh: dict[tuple[int, int], _Word] = {}

    @property
    def nbytes(self) -> int:
        """The memory of all words (those of the last seconds reckoned)."""
        return sum(segment.nbytes for segment in self._segments) + 500 * len(self._fresh)

    def add(self, line: int, start: int, end: int, port: InterfaceStats) -> None:
        """Remember what a port said in a reading of its line."""
        bad = any((port.in_errors, port.out_errors, port.in_discards, port.out_discards))
        self._fresh[line, start] = _Word(end, port, bad)

    def of(self, rows: Rows) -> dict[tuple[int, int], InterfaceStats]:
        """Return the words that these rows carry, by line and start."""
        mine = rows[rows["targets"] & HAS_PORT != 0]
        if not mine.size:
            return {}
        wanted = set(zip(mine["line"].tolist(), mine["start"].tolist(), strict=True))
        found = {key: self._fresh[key].port for key in wanted & self._fresh.keys()}
        if len(found) == len(wanted):
            return found
        lines, low, high = np.unique(mine["line"]), int(mine["start"].min()), int(mine["start"].max())
        for segment in self._segments:
            if segment.last <= low or segment.first > high:
                continue
            for place in segment.places(lines).tolist():
                key = int(segment.lines[place]), int(segment.starts[place])
                if key in wanted and key not in found:
                    found[key] = segment.port(place)
        return found

    def bad_since(self, after_us: int) -> Iterator[tuple[int, int]]:
        """Yield line and start of readings with errors or discards that end after an instant."""
        for segment in self._segments:
            if segment.last > after_us:
                places = np.flatnonzero((segment.bad != 0) & (segment.ends > after_us))
                yield from zip(segment.lines[places].tolist(), segment.starts[places].tolist(), strict=True)
        yield from (key for key, word in self._fresh.items() if word.bad and word.end > after_us)

    def latest(self) -> dict[int, tuple[int, InterfaceStats]]:
        """Return the last word of each port, with the end of the reading that carries it."""
        newest: dict[int, tuple[int, PortSegment, int]] = {}
        for segment in self._segments:
            for place, (line, end) in enumerate(zip(segment.lines.tolist(), segment.ends.tolist(), strict=True)):
                if line not in newest or newest[line][0] < end:
                    newest[line] = end, segment, place
        found = {line: (end, segment.port(place)) for line, (end, segment, place) in newest.items()}
        for (line, _), word in self._fresh.items():
            if line not in found or found[line][0] < word.end:
                found[line] = word.end, word.port
        return found

    def tail_of(self, lines: Lines) -> list[TailBatch]:
        """Return the tail's part of some lines alone, and remember that it is on its way."""
        chosen = set(lines.tolist())
        mine = {key: word for key, word in self._fresh.items() if key[0] in chosen and not word.kept}
        self._fresh.update((key, word._replace(kept=True)) for key, word in mine.items())
        return self._batch(self._segment(mine)) if mine else []

    def settle(self) -> list[TailBatch]:
        """Make what was said since the last time a segment; return the part of it that no tail has yet."""
        fresh, self._fresh = self._fresh, {}
        if not fresh:
            return []
        whole = self._segment(fresh)
        self._segments.append(whole)
        left = {key: word for key, word in fresh.items() if not word.kept}
        return self._batch(whole if len(left) == len(fresh) else self._segment(left))

    def _segment(self, words: dict[tuple[int, int], _Word]) -> PortSegment:
        said = ((line, start, w.end, int(w.bad), text_of(w.port)) for (line, start), w in words.items())
        return PortSegment.of(said)

    def _batch(self, segment: PortSegment) -> list[TailBatch]:
        if not segment.lines.size:
            return []
        data = pack_ports(segment, self._ids)
        return [TailBatch(from_micros(segment.first), from_micros(segment.last), data)]

    def whole_tail(self) -> list[TailBatch]:
        """Return everything as a tail."""
        self.settle()
        return [batch for segment in self._segments for batch in self._batch(segment)]

    def trim(self, before_us: int, needed: Callable[[], Ints]) -> None:
        """Forget what ends at `before_us` or earlier, but not what ends after what `needed` says of its line."""
        old = [segment for segment in self._segments if segment.last <= before_us]
        if not old:
            return
        since, kept = needed(), []
        for segment in old:
            mine = np.flatnonzero(segment.ends > since[segment.lines])
            if mine.size:
                kept.append(segment if mine.size == segment.lines.size else PortSegment.of(segment.rows(mine)))
        self._segments = deque([*kept, *(segment for segment in self._segments if segment.last > before_us)])

    def load(self, batches: Sequence[bytes], number: Callable[[str], int], until: Callable[[], Ints]) -> None:
        """Take up the packed segments of a tail; what is beyond how far its line was observed is left out.

        Raises `NotEvidence`.
        """
        for data in batches:
            segment, ids = unpack_ports(data)
            known = np.array([number(line_id) for line_id in ids], np.uint32)
            lines = known[segment.lines] if segment.lines.size else segment.lines
            good = np.flatnonzero(segment.ends <= until()[lines])
            said = [(int(lines[place]), *row[1:]) for place, row in zip(good, segment.rows(good), strict=True)]
            if said:
                self._segments.append(PortSegment.of(said))

    def take_over(self, other: PortHistory, numbers: dict[int, int]) -> None:
        """Remember what another history has of some lines (its number: ours) instead of what this one has of them."""
        mine, theirs = np.array(list(numbers.values()), np.uint32), np.array(list(numbers), np.uint32)
        kept = [PortSegment.of(one.rows(np.flatnonzero(~np.isin(one.lines, mine)))) for one in self._segments]
        ours = set(numbers.values())
        self._fresh = {key: word for key, word in self._fresh.items() if key[0] not in ours}
        taken = [row for segment in other._segments for row in segment.rows(segment.places(theirs))]
        kept.append(PortSegment.of((numbers[row[0]], *row[1:]) for row in taken))
        self._segments = deque(one for one in kept if one.lines.size)
        for (line, start), word in other._fresh.items():
            if line in numbers:
                self._fresh[numbers[line], start] = word._replace(kept=False)
