"""Polls of carriers' ports on their way into readings, and the last word of each port.

The law of this file (interfaces, "Readings"; domain, section 3):

* A poll that ended at an instant belongs to the reading of its line whose window ``(start, end]`` holds it. It waits
  for that reading. One that comes when its window was judged already goes into the line's next reading.
* Of several polls in one window the last says what the port is; their counters are added (`as_one`).
* The word of a reading counts from that reading on until two of the port's intervals after its end
  (`core.quality`); `core.quality` itself applies that. Here stands what the judge of a line must be given when it is
  made anew, and until when a word may still change a verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from slamon.core.reading import InterfaceStats, as_one
from slamon.core.timespan import micros

WAITING_AT_MOST = 30  # polls of one line that no reading has taken yet; of more the oldest two become one


class Word(NamedTuple):
    """What a port said, and the end of the reading that carries it."""

    at: datetime
    port: InterfaceStats


class PortWords:
    """Waiting polls and last words by the number of a line."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[tuple[int, InterfaceStats]]] = {}
        self._words: dict[int, list[Word]] = {}

    def wait(self, line: int, at: datetime, port: InterfaceStats) -> None:
        """Keep a poll that ended at an instant until its reading comes."""
        polls = self._waiting.setdefault(line, [])
        polls.append((micros(at), port))
        polls.sort(key=lambda one: one[0])
        if len(polls) > WAITING_AT_MOST:
            (_, first), (at_us, second) = polls[:2]
            polls[:2] = [(at_us, as_one((first, second)))]

    @property
    def waiting(self) -> Collection[int]:
        """The lines whose polls wait."""
        return self._waiting.keys()

    def take(self, line: int, end_us: int) -> InterfaceStats | None:
        """Return what a reading that ends at an instant carries, None where no poll has ended by then."""
        polls = self._waiting.get(line, [])
        due = [port for at_us, port in polls if at_us <= end_us]
        if not due:
            return None
        self._waiting[line] = polls[len(due) :]
        if not self._waiting[line]:
            del self._waiting[line]
        return as_one(due)

    def drop(self, lines: Iterable[int]) -> None:
        """Forget the waiting polls of lines that are not judged any more."""
        for line in lines:
            self._waiting.pop(line, None)

    def say(self, line: int, word: Word) -> None:
        """Remember a reading's word; earlier ones stay until `settle`."""
        self._words.setdefault(line, []).append(word)

    def settle(self, line: int) -> None:
        """Keep the last word of a line alone."""
        words = self._words.get(line)
        if words is not None:
            del words[:-1]

    def last(self, line: int, by: datetime | None = None) -> Word | None:
        """Return the last word of a line, of readings that end by an instant where one is given."""
        words = self._words.get(line, ())
        return next((word for word in reversed(words) if by is None or word.at <= by), None)

    def take_over(self, other: PortWords, numbers: Mapping[int, int]) -> None:
        """Remember the words that another has of some lines (its number: ours)."""
        for theirs, ours in numbers.items():
            self._words.pop(ours, None)
            if theirs in other._words:
                self._words[ours] = list(other._words[theirs])
