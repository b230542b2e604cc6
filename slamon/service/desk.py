"""Where people file: a filing looks at the facts under the ledger's lock, and is recorded whole or not at all.

What people file is a few sentences a day, so each looks at everything anew; nothing is kept between two filings.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from zoneinfo import ZoneInfo

from slamon.config.problems import did_you_mean, printable, quoted
from slamon.core.calendar import LocalTimeError, parse_time
from slamon.core.inventory import Line
from slamon.core.timeline import LineTerms, Timeline, assemble
from slamon.service.neighbours import Neighbours
from slamon.service.site import Site
from slamon.store.book import Fleet, LineBook, read_chosen, read_fleet, read_line
from slamon.store.entry import Draft
from slamon.store.ledger import Transaction
from slamon.store.reads import Reads

# A time as a person gave it: which instant it names depends on the zone of the line's contract.
When = Callable[[ZoneInfo], datetime]

_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_LONGEST_WORD, _LONGEST_TEXT = 64, 4000
_SHARD = 500


class DeskError(Exception):
    """What a person wants to file does not fit the facts; it says what would, and nothing has been recorded."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(printable(f"{reason}; {hint}" if hint else reason))


@dataclass(frozen=True, slots=True)
class Filed:
    """What a filing did: its entries, what it was about, and sentences for whoever filed it."""

    entries: tuple[int, ...]
    subjects: tuple[str, ...]
    said: tuple[str, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineFile:
    """One line's file: its terms, its record, the incidents that follow from both, and where its neighbours stand."""

    terms: LineTerms
    book: LineBook
    timeline: Timeline
    neighbours: Neighbours

    @property
    def line(self) -> Line:
        return self.terms.line

    @property
    def zone(self) -> ZoneInfo:
        return self.terms.zone


class Facts:
    """What is on record, seen from one place: the ledger as it is, or as it stands under the lock."""

    def __init__(self, site: Site, reads: Reads) -> None:
        self.site = site
        self.reads = reads

    @cached_property
    def fleet(self) -> Fleet:
        """What is on record of all lines together."""
        return read_fleet(self.reads, self.site.vantage)

    @cached_property
    def _neighbours(self) -> Neighbours:
        return Neighbours(self.site, self.reads)

    def line_file(self, line_id: str) -> LineFile:
        """Return a known line's file as the facts stand now; it is derived anew at each call."""
        return self._file(read_line(self.reads, self.fleet, line_id))

    def line_files(self, line_ids: Iterable[str]) -> Iterator[LineFile]:
        """Yield the files of these lines, as far as they are known, by line id."""
        known = sorted(line_id for line_id in line_ids if line_id in self.site.lines)
        for low in range(0, len(known), _SHARD):
            yield from map(self._file, read_chosen(self.reads, self.fleet, known[low : low + _SHARD]).values())

    def _file(self, book: LineBook) -> LineFile:
        terms = self.site.terms(book.line_id)
        return LineFile(terms, book, assemble(terms, book.measured, book.filed), self._neighbours)


class Filing(Facts):
    """The facts under the lock, and the pen."""

    def __init__(self, site: Site, held: Transaction) -> None:
        super().__init__(site, held)
        self._held = held

    @property
    def held(self) -> Transaction:
        """The transaction that holds the lock."""
        return self._held

    def append(self, drafts: Sequence[Draft]) -> tuple[int, ...]:
        """Append entries and return their numbers; durable when the filing has ended without an error."""
        return tuple(self._held.append(drafts))


def looking(site: Site) -> Facts:
    """Return the facts as they stand, to look at."""
    return Facts(site, site.ledger)


@contextmanager
def filing(site: Site) -> Iterator[Filing]:
    """Hold the ledger's lock for a look at the facts and what is filed upon it."""
    with site.ledger.transaction() as held:
        yield Filing(site, held)


def when(text: str) -> When:
    """Return the time that an ISO 8601 text names; it raises `LocalTimeError` once it is asked for."""
    return partial(_instant, text)


def instant(at: datetime) -> When:
    """Return a time that is the same in every zone."""
    return lambda _: at


def _instant(text: str, zone: ZoneInfo) -> datetime:
    try:
        found = parse_time(text.strip(), zone)
    except OverflowError:
        found = None
    except LocalTimeError as error:
        raise LocalTimeError(printable(str(error))) from None
    if found is None or not _EARLIEST <= found < _LATEST:
        raise LocalTimeError(f"{quoted(text)} is out of range; years are 1970 to 2999")
    return found


def line_of(site: Site, line_id: str) -> Line:
    """Return a line by its id, departed ones included; raises `DeskError` with the id that may have been meant."""
    line = site.lines.get(line_id)
    if line is None:
        hint = did_you_mean(line_id, site.lines, "lines") or "see `slamon line list`"
        raise DeskError(f"there is no line {quoted(line_id)}", hint)
    return line


def word(text: str, what: str, longest: int = _LONGEST_WORD) -> str:
    """Return a short text in one line, such as a ticket's number; raises `DeskError`."""
    found = free_text(text, what)
    if len(found) > longest or "\n" in found or "\t" in found:
        raise DeskError(f"{what} {quoted(found)} is no short text", f"at most {longest} characters in one line")
    return found


def free_text(text: str, what: str) -> str:
    """Return a text as it was written, without what no terminal should see; raises `DeskError`."""
    found = text.replace("\r\n", "\n").strip()
    if not found:
        raise DeskError(f"{what} is empty", "say it in a few words")
    if len(found) > _LONGEST_TEXT:
        raise DeskError(f"{what} has {len(found)} characters", f"at most {_LONGEST_TEXT}")
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in found if c not in "\n\t"):
        raise DeskError(f"{what} holds control characters or bytes that are no text", "write plain UTF-8")
    return found
