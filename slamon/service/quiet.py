"""The fast filter: which rows of a batch need no judge (architecture, "Healthy lines").

The law of this file. Let a line be *calm*: its course `CLEAR`, no customer's side in doubt, no evidence being
collected. Let its port be *still* at a row: the last word of the port, this row's own included, is not in force any
more or says nothing against the line (`core.quality.port_speaks`). Then a row of a calm line with a still port changes
nothing but how far the line was observed when it is

* *unseen*: its verdict is `NO_DATA` whatever else is remembered (`quality._mark` asks that first), and `NO_DATA`
  never reaches the lifecycle; or
* *up*: the target that decides was sent and answered; its CPE, where it is probed beside a demarc, answers; no
  criterion is exceeded by the row alone; and no row that begins in the longest trailing window was *loud*, that is,
  seen, answered and exceeding a criterion alone, by its packets or by the word of the port that it carries
  (`port_exceeds`). Service does not matter: an `UP` reading leaves a `CLEAR` course as
  it is, and so does an end of service.

Why the row alone is enough. A window skips `DOWN` and `NO_DATA` readings and holds the row itself; so all its values
are those of rows that exceed nothing alone (or, half of it not yet observed, it *is* the row alone). Every measure
but the port's state is a weighted mean of the rows' own, weights not negative, so none exceeds the largest of them:

* the loss ratio is one division of whole numbers, lost_1 + ... over sent_1 + ..., at most the largest lost_i / sent_i;
  division rounds monotonically, so it is not above the threshold either, to the bit; the port's ratios of errors and
  discards are the same, over the directions of polls whose both counters are known;
* RTT and IPDV are rounded at each addition and multiplication, by less than 2**-53 of the sum each. `_MARGIN` is a
  million times as much: a value so near below its threshold counts as loud, and the judge itself decides.

All this holds of any part of the window, too: of a row that is up, the judge says so whether or not its windows are
complete, and so they are made only for the other rows.

A criterion that asks for *less* than something is not bounded so; a profile with one is left to the judge, unless it
asks for the port's speed, which is no mean but a state (`port_speaks`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import inf
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from slamon.core.quality import PORT_STATES, Metric, Profile, Watch
from slamon.core.timespan import MICROSECOND

# The names of `slamon.probes.columns`; rooms on the same floor do not know each other, this one knows both.
from slamon.probes.columns import ABSENT, HAS_CPE, HAS_DEMARC, Rows

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_MARGIN = 1e-9


class Limits(NamedTuple):
    """What a row must not exceed under one `Watch`; `bounded` False: only the judge can tell."""

    has_demarc: bool
    bounded: bool
    loss_ratio: float
    rtt_mean_ms: float
    ipdv_ms: float
    window_us: int


NOTHING_KNOWN = Limits(
    has_demarc=True, bounded=False, loss_ratio=inf, rtt_mean_ms=inf, ipdv_ms=inf, window_us=0
)  # of lines whose watch was not asked for yet; they fit nothing


def limits_of(watch: Watch) -> Limits:
    """Return the limits of a watch; without a criterion a limit is infinite."""
    least = dict.fromkeys(Metric, inf)
    bounded = True
    for criterion in watch.profile.degraded:
        if criterion.metric in PORT_STATES:
            continue  # no mean over a window: `port_speaks` tells
        if criterion.above is None:
            bounded = False
        else:
            least[criterion.metric] = min(least[criterion.metric], criterion.above)
    window_us = timedelta(seconds=watch.profile.longest_window_s) // MICROSECOND
    return Limits(
        watch.has_demarc, bounded, least[Metric.LOSS_RATIO], least[Metric.RTT_MEAN_MS], least[Metric.IPDV_MS], window_us
    )


class LimitTable:
    """The limits of many watches as columns, numbered."""

    def __init__(self) -> None:
        self._limits: list[Limits] = []
        self._numbers: dict[Limits, int] = {}
        self._known: dict[tuple[int, bool], tuple[Profile, int]] = {}
        self._columns: tuple[npt.NDArray[np.generic], ...] = ()

    def number_of(self, watch: Watch) -> int:
        """Return the number of a watch's limits."""
        known = self._known.get((id(watch.profile), watch.has_demarc))
        if known is not None:
            return known[1]
        limits = limits_of(watch)
        number = self._numbers.setdefault(limits, len(self._limits))
        if number == len(self._limits):
            self._limits.append(limits)
            self._columns = tuple(np.array(column) for column in zip(*self._limits, strict=True))
        # The profile is held so that no other can have its id.
        self._known[id(watch.profile), watch.has_demarc] = watch.profile, number
        return number

    def of(self, numbers: Ints) -> Limits:
        """Return the limits of many lines as columns; where all lines have the same, as it is."""
        if len(self._limits) < 2:
            return self._limits[0] if self._limits else NOTHING_KNOWN
        return Limits._make(column[numbers] for column in self._columns)

    @property
    def longest_us(self) -> int:
        """The longest trailing window of any watch."""
        return max((limits.window_us for limits in self._limits), default=0)


class Look(NamedTuple):
    """What rows show by themselves.

    `unseen` is `NO_DATA`; `up` would be `UP` in a calm line without a loud row in its window; `loud` exceeds alone;
    `answered` is what may be compared with a window.
    """

    unseen: Bools
    up: Bools
    loud: Bools
    answered: Bools


def look(rows: Rows, limits: Limits) -> Look:
    """Return what rows show by themselves, under the limits of each."""
    by_demarc = np.broadcast_to(np.asarray(limits.has_demarc, bool), rows.shape)
    deciding = _choose(rows, by_demarc)
    targets, sent, received = rows["targets"] & (HAS_DEMARC | HAS_CPE), deciding("sent"), deciding("received")
    unseen = (rows["blind"] != 0) | (targets & np.where(by_demarc, HAS_DEMARC, HAS_CPE) == 0) | (sent == 0)
    answered = ~unseen & (received != 0)
    loud = answered & _exceeding(deciding, limits, sent, received)
    aside = by_demarc & (targets == HAS_DEMARC | HAS_CPE) & (rows["cpe_received"] == 0) & (rows["cpe_sent"] != 0)
    return Look(unseen, answered & ~loud & ~aside & limits.bounded, loud, answered)


class _choose:  # noqa: N801 - a function with two steps
    """A column of the target that decides."""

    def __init__(self, rows: Rows, by_demarc: Bools) -> None:
        self._rows, self._by_demarc = rows, by_demarc
        self._one = "demarc" if by_demarc.all() else "cpe" if not by_demarc.any() else None

    def __call__(self, name: str) -> Ints:
        if self._one is not None:
            return self._rows[f"{self._one}_{name}"].astype(np.int64)
        return np.where(self._by_demarc, self._rows[f"demarc_{name}"], self._rows[f"cpe_{name}"]).astype(np.int64)


def _exceeding(deciding: _choose, limits: Limits, sent: Ints, received: Ints) -> Bools:
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (sent - np.minimum(received, sent)) / sent > limits.loss_ratio
    for name, limit in (("rtt_mean", limits.rtt_mean_ms), ("ipdv", limits.ipdv_ms)):
        if not np.all(np.isposinf(limit)):
            value = deciding(name)
            found |= (value != ABSENT) & (value / 1000 * (1 + _MARGIN) > limit)
    loud: Bools = found
    return loud


def rounds(lines: Ints) -> Sequence[Ints]:
    """Return the places of each line's first row, then of each line's second, and so on; rows are ordered by line."""
    again = lines[1:] == lines[:-1]
    if not again.any():
        return [np.arange(lines.size)]
    begins = np.flatnonzero(np.concatenate(([True], ~again)))
    nth = np.arange(lines.size) - np.repeat(begins, np.diff(np.append(begins, lines.size)))
    return [np.flatnonzero(nth == number) for number in range(int(nth.max()) + 1)]
