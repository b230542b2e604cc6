"""The measurements that come one point at a time: ports, incidents, credits, slamon's own health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, Reading, TargetStats
from slamon.core.timespan import micros
from slamon.sinks.line_protocol import Point, Value

QUALITY = "line_quality"
INCIDENT = "line_incident"
CREDIT = "line_credit"
INTERFACE = "line_interface"
HEALTH = "slamon_health"

_DELTAS = ("in_errors", "out_errors", "in_octets", "out_octets", "in_packets", "out_packets")


@dataclass(frozen=True, slots=True)
class IncidentEvent:
    """Something that happened to an incident at an instant, as it stood then; whole seconds, None where unknown."""

    line_id: str
    event: str
    at: datetime
    vantage: str
    incident_id: str
    tier: str | None = None
    category: str | None = None
    duration_s: int | None = None
    remaining_s: int | None = None
    breached: bool | None = None


@dataclass(frozen=True, slots=True)
class IssuedCredit:
    """What a line earned in a month by an issued statement; `at` is the end of that month."""

    line_id: str
    at: datetime
    month: str
    revision: int
    amount: Decimal
    extension_days: Decimal
    tier: str | None = None


def ns(at: datetime) -> int:
    """Return nanoseconds since the epoch."""
    return micros(at) * 1000


def interface_point(line_id: str, vantage: str, stats: InterfaceStats, at: datetime) -> Point:
    """Return the carrier's port as polled at an instant; its counters are those since the poll before."""
    fields: dict[str, Value] = {"oper_up": None if stats.oper is None else stats.oper.lower() == "up"}
    fields |= {name: getattr(stats, name) for name in _DELTAS}
    fields["speed_mbps"] = None if stats.speed_mbps is None else float(stats.speed_mbps)
    return Point(INTERFACE, {"line": line_id, "vantage": vantage}, fields, ns(at))


def incident_point(event: IncidentEvent) -> Point:
    """Return an incident's event as a point."""
    tags = {
        "line": event.line_id,
        "tier": event.tier,
        "category": event.category,
        "event": event.event,
        "vantage": event.vantage,
    }
    fields: dict[str, Value] = {
        "incident_id": event.incident_id,
        "duration_s": event.duration_s,
        "remaining_s": event.remaining_s,
        "breached": event.breached,
    }
    return Point(INCIDENT, tags, fields, ns(event.at))


def credit_point(credit: IssuedCredit) -> Point:
    """Return a line's credit as a point; the statement itself keeps its cents, a graph gets a float."""
    fields: dict[str, Value] = {
        "amount": float(credit.amount),
        "extension_days": float(credit.extension_days),
        "month": credit.month,
        "revision": credit.revision,
    }
    return Point(CREDIT, {"line": credit.line_id, "tier": credit.tier}, fields, ns(credit.at))


def health_point(vantage: str, at: datetime, fields: Mapping[str, Value]) -> Point:
    """Return how slamon itself fares."""
    return Point(HEALTH, {"vantage": vantage}, fields, ns(at))


def health_event_point(vantage: str, at: datetime, seq: int, event: str, detail: str | None) -> Point:
    """Return something that happened to slamon itself.

    Events of one instant stand some nanoseconds apart, by their number in the ledger: one series holds them all.
    """
    return Point(HEALTH, {"vantage": vantage}, {"event": event, "detail": detail}, ns(at) + seq % 1000)


def quality_points(
    reading: Reading, verdict: Verdict, tags: Mapping[str, str | None], targets: Sequence[str]
) -> Iterator[Point]:
    """Yield one window's points, the same that `slamon.sinks.quality_lines` writes for many windows at once.

    `targets` are those that the line has: a window that nobody could see stands for all of them.
    """
    seen = {name: stats for name, stats in (("demarc", reading.demarc), ("cpe", reading.cpe)) if stats is not None}
    for target in seen or targets:
        stats = seen.get(target, _UNSEEN)
        known = verdict is not Verdict.NO_DATA and stats.sent > 0
        fields: dict[str, Value] = {
            "sent": stats.sent,
            "received": stats.received,
            "loss_ratio": (stats.sent - min(stats.received, stats.sent)) / stats.sent if known else None,
            "rtt_min_ms": _float(stats.rtt_min_ms),
            "rtt_mean_ms": _float(stats.rtt_mean_ms),
            "rtt_max_ms": _float(stats.rtt_max_ms),
            "ipdv_ms": _float(stats.ipdv_ms),
            "verdict": str(verdict),
        }
        yield Point(QUALITY, {**tags, "target": target}, fields, ns(reading.start))


_UNSEEN = TargetStats(0, 0)


def _float(value: float | None) -> float | None:
    """Return a float: a reading from a file may say 2 where it means 2.0, and a field keeps its first type for ever."""
    return None if value is None else float(value)
