"""Who the lines are that rows number: kept beside the rows in the spool, and turned into series when they are sent.

A line's tier is that of its terms at the start of a window, so that what is sent live, from the spool days later, or
again from the evidence has the same tags.
"""

from __future__ import annotations

import json
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from slamon.core.calendar import start_of_day
from slamon.core.inventory import Line
from slamon.core.timespan import micros
from slamon.service.site import Site
from slamon.sinks.quality_lines import TARGETS, quality_lines, series_heads
from slamon.store.frames import Frame, Kind, rows_of
from slamon.store.rows import Rows

# A line's own: its id, which targets it has (bits), and from which instants (us) it is of which tier.
Own = tuple[str, int, list[tuple[int, str | None]]]
_EVER = -(2**62)


def own_of(site: Site, line_id: str) -> Own:
    """Return what the series of a line need; a line that nobody knows any more has no tier."""
    line = site.lines.get(line_id)
    if line is None:
        return (line_id, TARGETS["demarc"], [(_EVER, None)])
    last = line.current
    targets = (TARGETS["demarc"] if last.demarc else 0) | (TARGETS["cpe"] if last.cpe else 0)
    return (line_id, targets or TARGETS["demarc"], _tiers(site, line))


def _tiers(site: Site, line: Line) -> list[tuple[int, str | None]]:
    if len({period.tier for period in line.periods}) == 1:
        return [(_EVER, line.current.tier)]
    zone = site.terms(line.line_id).zone
    found = [(micros(start_of_day(period.first_day, zone)), period.tier) for period in line.periods]
    return [(_EVER, found[0][1]), *found[1:]]


def tier_at(own: Own, start_us: int) -> str | None:
    """Return the tier of a line's window by its start."""
    tiers = own[2]
    return tiers[max(0, bisect_right([since for since, _ in tiers], start_us) - 1)][1]


def pack_names(vantage: str, lines: Iterable[Own]) -> bytes:
    """Return the names of all lines, in the order of their numbers, as they stand in the spool.

    They stand as columns: a hundred thousand small objects would have the garbage collector hold up everybody.
    """
    ids: list[str] = []
    targets: list[int] = []
    tiers: list[str | None] = []
    changing: dict[int, list[tuple[int, str | None]]] = {}
    for number, (line_id, bits, since) in enumerate(lines):
        ids.append(line_id)
        targets.append(bits)
        tiers.append(since[0][1])
        if len(since) > 1:
            changing[number] = since
    said = {"vantage": vantage, "ids": ids, "targets": targets, "tiers": tiers, "changing": changing}
    return zlib.compress(json.dumps(said, separators=(",", ":")).encode(), 1)


def ids_of(names: bytes) -> list[str]:
    """Return the ids of the lines of `pack_names`, in the order of their numbers."""
    found: list[str] = json.loads(zlib.decompress(names))["ids"]
    return found


@dataclass(slots=True)
class Series:
    """The series of all lines of one roster; heads are made when they are first asked for.

    `changing` are lines whose tier changes: from which instants (us) on, and where the heads of these stand.
    """

    vantage: str
    ids: list[str]
    targets: npt.NDArray[np.uint8]
    tiers: list[str | None]
    changing: dict[int, tuple[list[int], int]] = field(default_factory=dict)
    _heads: dict[tuple[str, str], npt.NDArray[np.bytes_]] = field(default_factory=dict)

    @classmethod
    def of(cls, names: bytes) -> Series:
        """Return the series of `pack_names`."""
        said = json.loads(zlib.decompress(names))
        ids, tiers, changing = said["ids"], said["tiers"], {}
        for number, since in said["changing"].items():
            changing[int(number)] = ([at for at, _ in since], len(tiers))
            ids += [ids[int(number)]] * len(since)
            tiers += [tier for _, tier in since]
        return cls(said["vantage"], ids, np.array(said["targets"], np.uint8), tiers, changing)

    def _heads_of(self, target: str, vantage: str) -> npt.NDArray[np.bytes_]:
        heads = self._heads.get((target, vantage))
        if heads is None:
            lines = zip(self.ids, self.tiers, strict=True)
            heads = self._heads[target, vantage] = series_heads(lines, target, vantage)
        return heads

    def lines_of(self, rows: Rows, words: Sequence[str | None]) -> bytes:
        """Return windows as lines, one for each target that a line has.

        A window that nobody could see has no target of its own: it stands for all targets of its line.
        """
        return b"".join(self._lines(part, words) for part in _by_vantage(rows))

    def _lines(self, rows: Rows, words: Sequence[str | None]) -> bytes:
        vantage = words[int(rows["vantage"][0])] or self.vantage
        targets = np.where(rows["targets"] == 0, self.targets[rows["line"]], rows["targets"])
        found = []
        for target, bit in TARGETS.items():
            mine = rows[targets & bit != 0]
            if mine.size:
                found.append(quality_lines(mine, self._heads_of(target, vantage)[self._places(mine)], target))
        return b"".join(found)

    def _places(self, rows: Rows) -> npt.NDArray[Any]:
        """Return where the head of each row stands, by its line and, where the tier changes, by its start."""
        places = rows["line"].astype(np.int64)
        if self.changing:
            numbers = np.array(list(self.changing), np.int64)
            for at in np.flatnonzero(np.isin(places, numbers)).tolist():
                since, place = self.changing[int(places[at])]
                places[at] = place + max(0, bisect_right(since, int(rows["start"][at])) - 1)
        return places


def _by_vantage(rows: Rows) -> Iterator[Rows]:
    found = np.unique(rows["vantage"])
    if found.size == 1:
        yield rows
        return
    for word in found:
        yield rows[rows["vantage"] == word]


class Library:
    """The series of the last few rosters."""

    def __init__(self) -> None:
        self._kept: dict[bytes, Series] = {}

    def series(self, names: bytes) -> Series:
        """Return the series of a roster."""
        found = self._kept.get(names)
        if found is None:
            while len(self._kept) >= 3:
                del self._kept[next(iter(self._kept))]
            found = self._kept[names] = Series.of(names)
        return found

    def blocks(self, frames: Sequence[Frame], most_points: int) -> Iterator[bytes]:
        """Yield frames as blocks of lines, each of about so many points at most; small frames go together."""
        waiting: list[bytes] = []
        points = 0
        for frame in frames:
            for text, count in self._texts(frame, most_points):
                if points and points + count > most_points:
                    yield b"".join(waiting)
                    waiting, points = [], 0
                waiting.append(text)
                points += count
        if waiting:
            yield b"".join(waiting)

    def _texts(self, frame: Frame, most_points: int) -> Iterator[tuple[bytes, int]]:
        if frame.kind is Kind.TEXT:
            yield frame.payload, frame.points
        elif frame.kind is Kind.ROWS:
            rows, words = rows_of(frame)
            series, step = self.series(frame.names), max(1, most_points // 2)
            for low in range(0, rows.size, step):
                part = rows[low : low + step]
                text = series.lines_of(part, words)
                yield text, text.count(b"\n")
