"""Windows of quiet lines, a slice of lines at once: from slots to rows. Times in the rows are still steady ns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from slamon.probes.columns import ABSENT as NOTHING
from slamon.probes.columns import HAS_CPE, HAS_DEMARC, Rows, no_rows
from slamon.probes.lane import ABSENT, LOST, NO_RTT, UNSENT, Ints, Marks

_FAR = np.int64(1 << 62)


@dataclass(frozen=True, slots=True)
class Blindness:
    """The vantage saw nothing in ``[start_ns, end_ns)``; `reason` is its number."""

    start_ns: int
    end_ns: int
    reason: int


@dataclass(frozen=True, slots=True)
class Slots:
    """The slots of one interval of some lines, per target: send times and states, each packets x lines."""

    sent: Ints
    state: Ints


@dataclass(frozen=True, slots=True)
class Closed:
    """Rows in time order per line; `lines` says to which of the slice's lines each belongs; `starts` what is open."""

    rows: Rows
    lines: Ints
    starts: Ints


def close(
    slots: Sequence[Slots], starts: Ints, edge: Ints, has_edge: Marks, blind: Sequence[Blindness], targets: int
) -> Closed:
    """Return the windows that end with this interval.

    `edge` is when the next interval's first packet left, or should have.

    `targets` holds `HAS_DEMARC` and `HAS_CPE`. A window without a packet to the deciding target is not ended; before
    a blind one, it becomes part of it.
    """
    starts = starts.copy()
    parts: list[Rows] = []
    lines: list[Ints] = []

    def put(chosen: Marks, rows: Rows) -> None:
        parts.append(rows[chosen])
        lines.append(np.flatnonzero(chosen))

    for span in blind:
        chosen = (span.end_ns > starts) & (span.start_ns < edge)
        if not chosen.any():
            continue
        until = np.maximum(starts, span.start_ns)
        before = chosen & _any_sent(slots[0], starts, until)
        put(before, _rows(slots, starts, until, targets))
        starts = np.where(before, until, starts)
        rows = no_rows(len(starts))
        rows["start"], rows["end"], rows["blind"] = starts, span.end_ns, span.reason
        for name in ("demarc", "cpe"):
            for key in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
                rows[f"{name}_{key}"] = NOTHING
        put(chosen, rows)
        starts = np.where(chosen, span.end_ns, starts)
    ended = has_edge & (edge > starts) & _any_sent(slots[0], starts, edge)
    put(ended, _rows(slots, starts, edge, targets))
    starts = np.where(ended, edge, starts)
    if len(parts) == 1:
        return Closed(parts[0], lines[0], starts)
    return Closed(np.concatenate(parts), np.concatenate(lines), starts)


def _any_sent(slots: Slots, start: Ints, end: Ints) -> Marks:
    found: Marks = ((slots.state != ABSENT) & (slots.sent >= start) & (slots.sent < end)).any(axis=0)
    return found


def _rows(slots: Sequence[Slots], start: Ints, end: Ints, targets: int) -> Rows:
    rows = no_rows(len(start))
    rows["start"], rows["end"] = start, end
    names = [name for bit, name in ((HAS_DEMARC, "demarc"), (HAS_CPE, "cpe")) if targets & bit]
    for name in {"demarc", "cpe"} - set(names):
        for key in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
            rows[f"{name}_{key}"] = NOTHING
    for number, (one, name) in enumerate(zip(slots, names, strict=True)):
        inside = (one.state != ABSENT) & (one.sent >= start) & (one.sent < end)
        _add_up(rows, name, one.state, inside)
        known = rows[f"{name}_sent"] > 0
        rows["targets"] |= np.where(known, HAS_DEMARC if name == "demarc" else HAS_CPE, 0).astype(np.uint8)
        if number == 0 and not known.all():
            rows["blind"] = np.where(known, 0, _reasons(one.state, inside))
    return rows


def _add_up(rows: Rows, name: str, state: Ints, inside: Marks) -> None:
    has = inside & (state >= 0)
    count = has.sum(axis=0)
    received = count + (inside & (state == NO_RTT)).sum(axis=0)
    rows[f"{name}_received"] = received
    rows[f"{name}_sent"] = received + (inside & (state == LOST)).sum(axis=0)
    us = (state + 500) // 1000
    some = count > 0
    total = np.where(has, us, 0).sum(axis=0)
    divisor = np.maximum(count, 1)
    rows[f"{name}_rtt_min"] = np.where(some, np.where(has, us, _FAR).min(axis=0), NOTHING)
    rows[f"{name}_rtt_max"] = np.where(some, np.where(has, us, -1).max(axis=0), NOTHING)
    rows[f"{name}_rtt_mean"] = np.where(some, (2 * total + divisor) // (2 * divisor), NOTHING)
    rows[f"{name}_ipdv"] = _ipdv(us, has)


def _ipdv(us: Ints, has: Marks) -> Ints:
    """Return the mean absolute difference of consecutive RTTs, in the order of sending."""
    if len(us) > 1 and bool(has.all()):
        steps = np.abs(np.diff(us, axis=0)).sum(axis=0)
        count = len(us) - 1
        found: Ints = (2 * steps + count) // (2 * count)
        return found
    lines = us.shape[1]
    last, steps, counts = np.full(lines, -1, np.int64), np.zeros(lines, np.int64), np.zeros(lines, np.int64)
    for value, there in zip(us, has, strict=True):
        pair = there & (last >= 0)
        steps += np.where(pair, np.abs(value - last), 0)
        counts += pair
        last = np.where(there, value, last)
    divisor = np.maximum(counts, 1)
    return np.where(counts > 0, (2 * steps + divisor) // (2 * divisor), NOTHING)


def _reasons(state: Ints, inside: Marks) -> Ints:
    """Return the reason of the last packet that has one; the number of `NO_PACKET` where none has."""
    found = np.full(state.shape[1], NO_PACKET, np.int64)
    for value, there in zip(state, inside, strict=True):
        found = np.where(there & (value <= UNSENT), UNSENT - value, found)
    return found


# The number of "no packet was sent", which `Reasons` is made with.
NO_PACKET = 1
