"""``raw = "impaired"``: which windows are sent as they are, and which are rolled up.

Around an impairment (`DOWN`, `DEGRADED`) the windows from ten minutes before to ten minutes after it are sent raw. What
comes after one is known at once; what comes before one is not, so quiet windows wait in a lane of the spool of their
own until it is certain. Every window goes into exactly one lane, and is told exactly once. Where a line turned loud
(`LOUD`) stands in the quiet lane beside the windows, so that a restart forgets nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from slamon.core.quality import Verdict
from slamon.store.frames import LOUD, Frame, Kind, loud_of
from slamon.store.rows import VERDICTS, Rows

AROUND_US = 600_000_000
AGAIN_US = 60_000_000  # a line that stays loud is written down again so often
_IMPAIRED = np.isin(np.arange(len(VERDICTS)), [VERDICTS.index(Verdict.DOWN), VERDICTS.index(Verdict.DEGRADED)])
_NO_DATA = VERDICTS.index(Verdict.NO_DATA)
_NEVER = -(2**62)
_EVER = 2**62

Stretches = npt.NDArray[np.void]
Ints = npt.NDArray[np.int64]


class Loudness:
    """Until when each line is loud, and which stretches of lines are to be told raw.

    Rows and frames number lines by their names (`slamon.service.influx_series.pack_names`), which differ from run to
    run; what is remembered here is by line id, in numbers of its own. One thread splits, another asks `near`.
    """

    def __init__(self, ids_of: Callable[[bytes], Sequence[str]]) -> None:
        self._ids_of = ids_of
        self._numbers: dict[str, int] = {}
        self._places: dict[bytes, Ints] = {}
        self._until = np.full(256, _NEVER)
        self._noted = np.full(256, _NEVER)
        self._stretches: list[Stretches] = []
        self._lock = threading.Lock()

    def _own(self, names: bytes, lines: npt.NDArray[np.uint32]) -> Ints:
        """Return our own numbers of lines."""
        places = self._places.get(names)
        if places is None:
            while len(self._places) >= 3:
                del self._places[next(iter(self._places))]
            numbers = self._numbers
            found = [numbers.setdefault(line_id, len(numbers)) for line_id in self._ids_of(names)]
            places = self._places[names] = np.array(found, np.int64)
            more = max(0, len(numbers) - self._until.size)
            self._until = np.append(self._until, np.full(more, _NEVER))
            self._noted = np.append(self._noted, np.full(more, _NEVER))
        return places[lines]

    def recall(self, names: bytes, stretches: Stretches) -> None:
        """Take up stretches of an earlier run."""
        with self._lock:
            found = stretches.copy()
            found["line"] = self._own(names, stretches["line"])
            np.maximum.at(self._until, found["line"], found["until"])
            self._stretches.append(found)

    def split(self, rows: Rows, names: bytes) -> tuple[Rows, Rows, Stretches]:
        """Return the rows that are sent raw, those that wait, and what is to be written down of lines turned loud."""
        with self._lock:
            return self._split(rows, names)

    def _split(self, rows: Rows, names: bytes) -> tuple[Rows, Rows, Stretches]:
        lines = self._own(names, rows["line"])
        impaired = _IMPAIRED[rows["verdict"]]
        np.maximum.at(self._until, lines[impaired], rows["end"][impaired] + AROUND_US)
        # What nobody could see after an impairment may be part of it: the ten minutes begin when it can be seen again.
        unseen = (rows["verdict"] == _NO_DATA) & (rows["start"] < self._until[lines])
        np.maximum.at(self._until, lines[unseen], rows["end"][unseen] + AROUND_US)
        raw = rows["start"] < self._until[lines]
        fresh = (impaired | unseen) & (self._until[lines] >= self._noted[lines] + AGAIN_US)
        return rows[raw], rows[~raw], self._note(rows[fresh], lines[fresh])

    def _note(self, rows: Rows, lines: Ints) -> Stretches:
        own, at = np.unique(lines, return_index=True)
        found = np.empty(own.size, LOUD)
        found["line"], found["since"], found["until"] = own, rows["start"][at] - AROUND_US, self._until[own]
        self._noted[own] = self._until[own]
        if not found.size:
            return found
        self._stretches.append(found)
        written = found.copy()
        written["line"] = rows["line"][at]
        return written

    def forget(self, before_us: int) -> None:
        """Forget stretches that ended before an instant."""
        with self._lock:
            kept = (one[one["until"] > before_us] for one in self._stretches)
            self._stretches = [one for one in kept if one.size]

    def near(self, rows: Rows, names: bytes, first_us: int, last_us: int) -> npt.NDArray[np.bool_]:
        """Tell which rows, all within ``[first, last)``, lie around an impairment."""
        with self._lock:
            return self._near(rows, names, first_us, last_us)

    def _near(self, rows: Rows, names: bytes, first_us: int, last_us: int) -> npt.NDArray[np.bool_]:
        lines = self._own(names, rows["line"])
        found = [one[(one["since"] < last_us) & (one["until"] > first_us)] for one in self._stretches]
        stretches = np.concatenate([np.empty(0, LOUD), *found])
        since, until = np.full(self._until.size, _EVER), np.full(self._until.size, _NEVER)
        np.minimum.at(since, stretches["line"], stretches["since"])
        np.maximum.at(until, stretches["line"], stretches["until"])
        near: npt.NDArray[np.bool_] = (rows["end"] > since[lines]) & (rows["start"] < until[lines])
        return near


def stretches_of(frames: Iterable[Frame]) -> list[tuple[bytes, Stretches]]:
    """Return the stretches in frames of an earlier run, with the names of their lines."""
    return [(frame.names, loud_of(frame)) for frame in frames if frame.kind is Kind.LOUD]
