"""What is remembered of every line, as columns: how far it was observed, and what the fast filter must know of it.

A line that is not calm has a judge of its own beside this (`seated`); what that judge knows of coverage is written
here again before it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from slamon.core.judge import NOT_OBSERVED, Blindness, Coverage
from slamon.core.timespan import from_micros, micros
from slamon.service.quiet import Bools, Ints
from slamon.store.coverage import NEVER, CoverageTable

EVER = 2**63 - 1


class Advance(NamedTuple):
    """Rows of calm lines by what each shows; times in microseconds, `reason` a number of `QuietLines.reason`."""

    lines: Ints
    starts: Ints
    ends: Ints
    unseen: Bools
    reason: Ints


class QuietLines:
    """Columns by the number of a line; numbers are given once and never change."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.numbers: dict[str, int] = {}
        self.reasons: list[str] = ["", NOT_OBSERVED]
        self._reason_at = {"": 0, NOT_OBSERVED: 1}
        self.since, self.until, self.blind_from, self.blind_reason, self.loud_from, self.watch, self.fit_from = (
            np.empty(0, np.int64) for _ in range(7)
        )
        self.fit_until = np.empty(0, np.int64)
        self.port_to = np.empty(0, np.int64)  # until when the last word of the line's port may change a verdict
        self.polled, self.seated = (np.empty(0, np.bool_) for _ in range(2))

    def number(self, line_id: str) -> int:
        """Return the number of a line, a new one where it has none yet."""
        number = self.numbers.setdefault(line_id, len(self.ids))
        if number == len(self.ids):
            self.ids.append(line_id)
            if number >= self.since.size:
                self._grow(max(256, number + number // 4 + 1))
        return number

    def _grow(self, size: int) -> None:
        more = size - self.since.size
        for name in ("since", "until", "blind_from", "loud_from", "port_to"):
            setattr(self, name, np.append(getattr(self, name), np.full(more, NEVER)))
        for name in ("blind_reason", "watch"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(more, np.int64)))
        # A line without a watch fits nothing: it goes to the judge, which finds its watch.
        self.fit_from = np.append(self.fit_from, np.full(more, EVER))
        self.fit_until = np.append(self.fit_until, np.full(more, NEVER))
        self.seated = np.append(self.seated, np.zeros(more, np.bool_))
        self.polled = np.append(self.polled, np.zeros(more, np.bool_))

    def reason(self, text: str) -> int:
        """Return the number of a blind stretch's reason."""
        number = self._reason_at.setdefault(text, len(self.reasons))
        if number == len(self.reasons):
            self.reasons.append(text)
        return number

    def coverage(self, number: int) -> Coverage:
        """Return how far a line was observed."""
        times = (int(column[number]) for column in (self.since, self.until, self.blind_from))
        since, until, blind_from = (None if value == NEVER else from_micros(value) for value in times)
        return Coverage(since, until, blind_from, self.reasons[int(self.blind_reason[number])])

    def put(self, number: int, coverage: Coverage) -> None:
        """Write down how far a line was observed."""
        self.since[number] = NEVER if coverage.since is None else micros(coverage.since)
        self.until[number] = NEVER if coverage.until is None else micros(coverage.until)
        self.blind_from[number] = NEVER if coverage.blind_from is None else micros(coverage.blind_from)
        self.blind_reason[number] = self.reason(coverage.blind_reason)

    def table(self) -> CoverageTable:
        """Return the coverage of all lines as they stand; the columns are copies."""
        count = len(self.ids)
        columns = [c[:count].copy() for c in (self.since, self.until, self.blind_from, self.blind_reason)]
        return CoverageTable(self.ids[:count], columns, list(self.reasons))

    def take_table(self, table: CoverageTable) -> None:
        """Begin with the coverage of a checkpoint."""
        lines = np.array([self.number(line_id) for line_id in table.ids], np.int64)
        self.since[lines], self.until[lines], self.blind_from[lines] = table.columns[:3]
        numbers = np.array([self.reason(text) for text in table.reasons], np.int64)
        self.blind_reason[lines] = numbers[table.columns[3]]

    def adopt(self, other: QuietLines, numbers: Mapping[int, int]) -> None:
        """Take over what another has of some lines; `numbers` are its own and ours of each."""
        theirs, ours = list(numbers), list(numbers.values())
        for name in ("since", "until", "blind_from", "loud_from", "port_to", "seated"):
            getattr(self, name)[ours] = getattr(other, name)[theirs]
        reasons = np.array([self.reason(text) for text in other.reasons], np.int64)
        self.blind_reason[ours] = reasons[other.blind_reason[theirs]]

    def lose_sight(self, lines: Iterable[int] | None, reason: str) -> None:
        """Book the time from calm lines' observed end on as blind, where it is not yet; None means all of them."""
        chosen = np.zeros(self.since.size, np.bool_)
        if lines is None:
            chosen[:] = True
        else:
            chosen[np.fromiter(lines, np.int64)] = True
        chosen &= ~self.seated & (self.until != NEVER) & (self.blind_from == NEVER)
        self.blind_from[chosen] = self.until[chosen]
        self.blind_reason[chosen] = self.reason(reason)

    def advance(self, rows: Advance) -> list[tuple[int, Blindness]]:
        """Move the observed end of calm lines, one row a line (`judge._cover`).

        Returns the blind stretches that end, each with the place of its row.
        """
        lines, starts = rows.lines, rows.starts
        until, blind_from, reason = self.until[lines], self.blind_from[lines], self.blind_reason[lines]
        gap = (until != NEVER) & (until < starts) & (blind_from == NEVER)
        blind_from[gap], reason[gap] = until[gap], self.reason(NOT_OBSERVED)
        fresh = self.since[lines]
        self.since[lines] = np.where(fresh == NEVER, starts, fresh)
        self.until[lines] = rows.ends
        was_blind = blind_from != NEVER
        begins = rows.unseen & ~was_blind
        blind_from[begins] = starts[begins]
        told = begins | (rows.unseen & (reason == self.reason(NOT_OBSERVED)))
        reason[told] = rows.reason[told]
        woken = was_blind & ~rows.unseen
        ended = [
            (place, self._blindness(int(lines[place]), int(blind_from[place]), int(starts[place]), int(reason[place])))
            for place in np.flatnonzero(woken & (blind_from < starts)).tolist()
        ]
        blind_from[woken], reason[woken] = NEVER, 0
        self.blind_from[lines], self.blind_reason[lines] = blind_from, reason
        return ended

    def _blindness(self, line: int, start: int, end: int, reason: int) -> Blindness:
        return Blindness(self.ids[line], from_micros(start), from_micros(end), self.reasons[reason])

    def undisturbed(self, lines: Ints, ends: Ints, windows_us: Ints) -> Bools:
        """Tell where no loud row begins in the longest window that ends with a row."""
        found: Bools = self.loud_from[lines] < ends - windows_us
        return found

    def note_loud(self, lines: Ints, starts: Ints) -> None:
        """Remember where loud rows begin."""
        np.maximum.at(self.loud_from, lines, starts)

    def numbers_of(self, roster: Iterable[str], known: Mapping[str, object]) -> Ints:
        """Return the numbers of a prober's lines, -1 for those that are not `known`."""
        return np.array([self.numbers.get(k, -1) if k in known else -1 for k in roster], np.int64)
