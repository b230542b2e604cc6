"""Readings: what one line showed in one window. Probes make them; nothing here judges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class TargetStats:
    """The packets of one target in one window.

    RTTs are round-trip milliseconds (RFC 2681); IPDV is the mean absolute difference of consecutive
    round-trip times (RFC 3393, but round-trip). Absent is None, never 0: a dead target has no RTT.
    """

    sent: int
    received: int
    rtt_min_ms: float | None = None
    rtt_mean_ms: float | None = None
    rtt_max_ms: float | None = None
    ipdv_ms: float | None = None


@dataclass(frozen=True, slots=True)
class NamedValue:
    """A further object of a port that the config names, such as its optical power, with the bounds that go with it.

    `value` is scaled already. Bounds travel with the value, so that readings judged again give what they gave.
    """

    name: str
    value: float
    unit: str = ""
    above: float | None = None
    below: float | None = None

    @property
    def exceeded(self) -> str | None:
        """Return the bound that the value is beyond, such as ``below -24 dBm``; a value on its bound is not."""
        unit = f" {self.unit}" if self.unit else ""
        if self.above is not None and self.value > self.above:
            return f"above {self.above:g}{unit}"
        if self.below is not None and self.value < self.below:
            return f"below {self.below:g}{unit}"
        return None


@dataclass(frozen=True, slots=True)
class InterfaceStats:
    """The carrier's own port: state at the end of a poll, counter deltas since the poll before (RFC 2863).

    Unknown values are None. `seconds` is the time that the deltas cover, by the agent's own clock; without deltas
    after a poll before, `reseeded` says why there are none (agent restarted, counters reset, an impossible
    difference). Deltas of errors and discards without packets are 0: as soon as one moves, packets are read beside it.
    `last_change` is when the port took its state. Speed and `extras` stand until they are read again.
    """

    admin: str | None = None
    oper: str | None = None
    speed_mbps: float | None = None
    in_errors: int | None = None
    out_errors: int | None = None
    in_packets: int | None = None
    out_packets: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    seconds: float | None = None
    last_change: datetime | None = None
    reseeded: str | None = None
    extras: tuple[NamedValue, ...] = ()


COUNTERS = (
    "in_errors",
    "out_errors",
    "in_packets",
    "out_packets",
    "in_octets",
    "out_octets",
    "in_discards",
    "out_discards",
)


def as_one(polls: Sequence[InterfaceStats]) -> InterfaceStats:
    """Return polls of one port, one after the other and at least one, as one: the last state, the counters of all.

    A counter that one of them does not know is not known of all: a sum over half of the time would be no delta of the
    whole. A poll that knows no counter at all (a reset, a first look) adds nothing and takes nothing away; neither does
    one in which nothing moved and no packets were read, since the next full one covers its time.
    """
    if len(polls) == 1:
        return polls[0]
    known = [poll for poll in polls if any(getattr(poll, name) is not None for name in COUNTERS)]
    counted = [poll for poll in known if not _calm(poll)] or known
    states = ("admin", "oper", "speed_mbps", "last_change", "reseeded")
    last: dict[str, Any] = {name: _last([getattr(poll, name) for poll in polls]) for name in states}
    sums: dict[str, Any] = {name: _sum([getattr(poll, name) for poll in counted]) for name in (*COUNTERS, "seconds")}
    extras = {one.name: one for poll in polls for one in poll.extras}
    return InterfaceStats(**last, **sums, extras=tuple(extras.values()))


def _calm(poll: InterfaceStats) -> bool:
    """Tell whether a poll only confirmed that no error or discard was counted (`InterfaceStats`)."""
    return all(not getattr(poll, name) for name in COUNTERS) and poll.in_packets is None and poll.out_packets is None


def _last(values: Sequence[object]) -> object:
    return next((value for value in reversed(values) if value is not None), None)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one line showed in the window ``[start, end)``; `blind` names why the monitor could not see."""

    line_id: str
    start: datetime
    end: datetime
    demarc: TargetStats | None = None
    cpe: TargetStats | None = None
    interface: InterfaceStats | None = None
    blind: str | None = None
    vantage: str | None = None
