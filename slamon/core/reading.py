"""Readings: what one line showed in one window. Probes make them; nothing here judges."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime


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


def both(first: InterfaceStats, second: InterfaceStats) -> InterfaceStats:
    """Return two polls of one port, one after the other, as one: the state of the second, the counters of both.

    A counter that only one of them knows is not known of both: a sum over half of the time would be no delta of the
    whole. A poll that knows no counter at all (a reset, a first look) adds nothing and takes nothing away.
    """
    known = [one for one in (first, second) if any(getattr(one, name) is not None for name in COUNTERS)]
    sums: dict[str, int | None] = {}
    for name in COUNTERS:
        values = [value for one in known if (value := getattr(one, name)) is not None]
        sums[name] = sum(values) if values and len(values) == len(known) else None
    seconds = [one.seconds for one in known if one.seconds is not None]
    named = {one.name: one for one in (*first.extras, *second.extras)}
    return replace(
        second,
        admin=second.admin if second.admin is not None else first.admin,
        oper=second.oper if second.oper is not None else first.oper,
        speed_mbps=second.speed_mbps if second.speed_mbps is not None else first.speed_mbps,
        seconds=sum(seconds) if seconds and len(seconds) == len(known) else None,
        last_change=second.last_change if second.last_change is not None else first.last_change,
        reseeded=second.reseeded if second.reseeded is not None else first.reseeded,
        extras=tuple(named.values()),
        **sums,
    )


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
