"""Readings: what one line showed in one window. Probes make them; nothing here judges."""

from __future__ import annotations

from dataclasses import dataclass
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
class InterfaceStats:
    """The carrier's own port: state at the end of a poll, counter deltas since the poll before (RFC 2863).

    Unknown values are None.
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
