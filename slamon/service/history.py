"""The last minutes of all lines: what evidence before an onset, trailing windows and a restart's tail are made of.

Rows stand in segments of a few seconds, as columns. Judged anew is only the end of it (`fresh`), which the next
checkpoint turns into a segment, the same that is written as the tail.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from slamon.core.timespan import from_micros
from slamon.service.history_ports import PortHistory
from slamon.store.entry import TailBatch
from slamon.store.rows import KEPT, Judged, Rows, Segment, judged_of, pack_ids, pack_segment, unpack_ids, unpack_segment

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_NOTHING = np.empty(0, KEPT)


@dataclass(slots=True)
class _Fresh:
    """Rows of a batch, ordered by line and time; `kept` ones are in the ledger's tail already."""

    lines: npt.NDArray[np.uint32]
    rows: Rows
    kept: Bools | None = None


class History:
    """The judged rows of the last minutes; lines are numbers into `ids`, which only grows."""

    def __init__(self, ids: list[str]) -> None:
        self._ids = ids
        self.ports = PortHistory(ids)
        self._segments: deque[Segment] = deque()
        self._fresh: list[_Fresh] = []
        self._words: list[str | None] = [None]
        self._word_at: dict[str | None, int] = {None: 0}
        self._packed_ids: tuple[int, bytes] = (0, pack_ids([]))

    def word(self, text: str | None) -> int:
        """Return the number of a reason or a vantage."""
        number = self._word_at.setdefault(text, len(self._words))
        if number == len(self._words):
            self._words.append(text)
        return number

    @property
    def words(self) -> Sequence[str | None]:
        """All words in the order of their numbers."""
        return self._words

    def text(self, number: int) -> str | None:
        """Return the reason or vantage of a number."""
        return self._words[number]

    @property
    def nbytes(self) -> int:
        """The memory of all rows."""
        rows = sum(s.nbytes for s in self._segments) + sum(f.rows.nbytes + f.lines.nbytes for f in self._fresh)
        return rows + self.ports.nbytes

    @property
    def ids_packed(self) -> bytes:
        """All ids, packed; the work is done again only when there are more of them."""
        if self._packed_ids[0] != len(self._ids):
            self._packed_ids = len(self._ids), pack_ids(self._ids)
        return self._packed_ids[1]

    def add(self, rows: Rows) -> None:
        """Remember rows that were judged now, ordered by line and time, not before those remembered of their lines."""
        if rows.size:
            self._fresh.append(_Fresh(np.ascontiguousarray(rows["line"]), rows))

    def gather(self, lines: npt.NDArray[np.uint32], after_us: int | None = None) -> Rows:
        """Return the rows of some lines (in order), ordered by line and time; those of ends up to `after_us` left out.

        Cheaper for many lines at once than for one after the other.
        """
        found = [
            segment.rows(places)
            for segment in self._segments
            if (after_us is None or segment.last > after_us) and (places := segment.places(lines)).size
        ]
        for fresh in self._fresh:
            mine = np.isin(fresh.lines, lines)
            if mine.any():
                found.append(fresh.rows[mine])
        if not found:
            return _NOTHING
        rows = np.concatenate(found)
        if after_us is not None:
            rows = rows[rows["end"] > after_us]
        return rows[np.argsort(rows["line"], kind="stable")]

    def judged(self, rows: Rows) -> list[Judged]:
        """Return rows as readings with their verdicts, and with what their port said in them."""
        return judged_of(rows, self._ids, self._words, self.ports.of(rows))

    def each(self, after_us: int) -> Iterator[Rows]:
        """Yield the rows of segments that last beyond an instant."""
        for segment in self._segments:
            if segment.last > after_us:
                yield segment.rows()
        for fresh in self._fresh:
            yield fresh.rows

    def tail_of(self, lines: npt.NDArray[np.uint32]) -> list[TailBatch]:
        """Return the tail's part of some lines alone, and remember that it is on its way."""
        found = []
        for fresh in self._fresh:
            mine = np.isin(fresh.lines, lines)
            if fresh.kept is not None:
                mine &= ~fresh.kept
            if mine.any():
                found.append(fresh.rows[mine])
                fresh.kept = mine if fresh.kept is None else fresh.kept | mine
        return [*(self._batch(_in_order(found)) if found else ()), *self.ports.tail_of(lines)]

    def settle(self) -> list[TailBatch]:
        """Make what was judged since the last time a segment; return the part of it that no tail has yet."""
        return [*self._settle_rows(), *self.ports.settle()]

    def _settle_rows(self) -> list[TailBatch]:
        if not self._fresh:
            return []
        fresh, self._fresh = self._fresh, []
        whole = _in_order([one.rows for one in fresh])
        self._segments.append(Segment.of(whole))
        if all(one.kept is None for one in fresh):
            return [self._pack(self._segments[-1])]
        left = [one.rows if one.kept is None else one.rows[~one.kept] for one in fresh]
        return self._batch(_in_order(left))

    def _batch(self, rows: Rows) -> list[TailBatch]:
        return [self._pack(Segment.of(rows))] if rows.size else []

    def _pack(self, segment: Segment) -> TailBatch:
        ids = self.ids_packed
        own = np.unique(segment.lines)
        if own.size * 8 < len(self._ids):
            ids = pack_ids(self._ids[line] for line in own.tolist())
            lines = np.searchsorted(own, segment.lines).astype(np.uint32)
            segment = Segment(lines, segment.columns, segment.first, segment.last)
        data = pack_segment(segment, ids, self._words)
        return TailBatch(from_micros(segment.first), from_micros(segment.last), data)

    def whole_tail(self) -> list[TailBatch]:
        """Return everything as a tail."""
        self.settle()
        return [*(self._pack(segment) for segment in self._segments), *self.ports.whole_tail()]

    def trim(self, before_us: int, needed: Callable[[], Ints]) -> None:
        """Forget what ends at `before_us` or earlier, but not rows that end after what `needed` says of their line."""
        self.ports.trim(before_us, needed)
        old = [segment for segment in self._segments if segment.last <= before_us]
        if not old:
            return
        since, kept = needed(), []
        for segment in old:
            mine = np.flatnonzero(segment.ends() > since[segment.lines])
            if mine.size == segment.lines.size:
                kept.append(segment)
            elif mine.size:
                kept.append(Segment.of(segment.rows(mine)))
        self._segments = deque([*kept, *(segment for segment in self._segments if segment.last > before_us)])

    def load(self, batches: Sequence[bytes], number: Callable[[str], int], until: Callable[[], Ints]) -> None:
        """Take up the packed segments of a tail; rows beyond how far their line was observed are left out.

        Raises `NotEvidence`.
        """
        known: dict[bytes, npt.NDArray[np.uint32]] = {}
        for data in batches:
            segment, ids, words = unpack_segment(data)
            if ids not in known:
                known[ids] = np.array([number(line_id) for line_id in unpack_ids(ids)], np.uint32)
            lines = known[ids][segment.lines]
            good = segment.ends() <= until()[lines]
            if good.all() and bool(np.all(lines[1:] >= lines[:-1])) and words == self._words[: len(words)]:
                self._segments.append(Segment(lines, segment.columns, segment.first, segment.last))
            elif good.any():
                rows = segment.rows()
                rows["line"] = lines
                self._renumber_words(rows, words)
                rows = rows[good]
                self._segments.append(Segment.of(rows[np.argsort(rows["line"], kind="stable")]))

    def take_over(self, other: History, numbers: dict[int, int]) -> None:
        """Remember what another history has of some lines (its number: ours) instead of what this one has of them."""
        self.ports.take_over(other.ports, numbers)
        mine = np.array(list(numbers.values()), np.uint32)
        left = [(one, np.flatnonzero(~np.isin(one.lines, mine))) for one in self._segments]
        kept = [one if at.size == one.lines.size else Segment.of(one.rows(at)) for one, at in left if at.size]
        for fresh in self._fresh:
            at = ~np.isin(fresh.lines, mine)
            fresh.lines, fresh.rows = fresh.lines[at], fresh.rows[at]
            fresh.kept = None if fresh.kept is None else fresh.kept[at]
        rows = other.gather(np.array(sorted(numbers), np.uint32))
        if rows.size:
            ours = np.zeros(max(numbers) + 1, np.uint32)
            ours[list(numbers)] = list(numbers.values())
            rows["line"] = ours[rows["line"]]
            self._renumber_words(rows, other._words)
            kept.append(Segment.of(rows[np.argsort(rows["line"], kind="stable")]))
        self._segments = deque(kept)

    def _renumber_words(self, rows: Rows, words: Sequence[str | None]) -> None:
        numbers = np.array([self.word(text) for text in words])
        for name in ("blind", "vantage"):
            rows[name] = numbers[rows[name]]


def _in_order(found: Sequence[Rows]) -> Rows:
    rows = np.concatenate(found)
    return rows[np.argsort(rows["line"], kind="stable")]
