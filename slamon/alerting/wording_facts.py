"""What templates may speak of: the facts of a message as plain, harmless values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from slamon.core.alerting.facts import AlertClock, AlertIncident, Condition, Window
from slamon.core.alerting.telling import Due, Message, Point

from .wording_text import neutral

# As many lines as a telephone shows without tiring; the rest is counted.
MOST_LINES = 20


def facts_of(message: Message, why: str = "") -> dict[str, Any]:
    """Return the variables of a message's templates; every text in them is on one line and printable.

    `lead` is the line that the title speaks of, None for the monitor's own trouble and planned work ahead.
    """
    lines = [_line(point, message.at) for point in message.points[:MOST_LINES]]
    return {
        "reason": message.reason.value,
        "severity": message.severity.name.lower(),
        "why": why,
        "now": message.at,
        "first": message.first,
        "over": message.over,
        "step": message.step + 1,
        "lead": lines[0] if lines else None,
        "lines": lines,
        "count": len(message.points),
        "more": len(message.points) - len(lines),
        "open_count": message.open_count,
        "tiers": _tiers(message),
        "shared": [_trait(key) for key in sorted(message.cause.keys) if ":" in key],
        "storm": "storm" in message.cause.keys,
        "conditions": [_condition(one) for one in message.conditions],
        "windows": [_window(one) for one in message.windows],
    }


def _line(point: Point, at: datetime) -> dict[str, Any]:
    incident, due = point.incident, point.due
    last = incident.restored or at
    return {
        "id": neutral(incident.line_id),
        "name": neutral(incident.line_name),
        "customer": neutral(incident.customer_name),
        "tier": neutral(incident.tier or ""),
        "category": incident.category.value,
        "state": incident.state.value,
        "number": f"#{incident.number}" if incident.number is not None else incident.id,
        "ref": str(incident.number) if incident.number is not None else incident.id,
        "onset": incident.onset,
        "began": incident.began,
        "restored": incident.restored,
        "lasted_s": max(0.0, (last - incident.onset).total_seconds()),
        "left_s": _left_s(incident, due, at),
        "clocks": [_clock(clock, at) for clock in incident.clocks],
        "responsibility": incident.responsibility.value,
        "evidence": [neutral(each) for each in incident.evidence],
        "hypothesis": neutral(incident.hypothesis or ""),
        "awaited": incident.awaited or "",
        "upstream": neutral(incident.upstream or ""),
        "device": neutral(incident.device or ""),
        "site": neutral(incident.site or ""),
        "work": due.window or (incident.mute.maintenance if incident.mute is not None else ""),
        "work_ends": incident.mute.end if incident.mute is not None else None,
        "share": due.share,
        "clock": due.clock or "",
        "ack_expired": due.ack_expired,
        "chain": due.chain,
    }


def _left_s(incident: AlertIncident, due: Due, at: datetime) -> float | None:
    """Return what is left of the clock that the reason is about, else of the nearest limit."""
    about = next((clock for clock in incident.clocks if clock.category == due.clock), None)
    return incident.remaining_at(at) if about is None else about.remaining_at(at)


def _clock(clock: AlertClock, at: datetime) -> dict[str, Any]:
    return {
        "category": clock.category,
        "used_s": clock.used_at(at),
        "limit_s": clock.limit_s,
        "left_s": clock.remaining_at(at),
        "ends": None if clock.limit_s is None else clock.uses(clock.limit_s),
        "running": clock.running,
    }


def _tiers(message: Message) -> list[tuple[str, int]]:
    """Return how many lines of each tier it speaks of, in the order of the list."""
    counts: dict[str, int] = {}
    for point in message.points:
        tier = neutral(point.incident.tier or "")
        counts[tier] = counts.get(tier, 0) + 1
    return list(counts.items())


def _trait(key: str) -> tuple[str, str]:
    kind, _, value = key.partition(":")
    return kind, neutral(value)


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "kind": condition.kind.value,
        "subject": neutral(condition.subject),
        "since": condition.since,
        "until": condition.until,
        "number": condition.number,
    }


def _window(window: Window) -> dict[str, Any]:
    return {
        "id": window.id,
        "start": window.start,
        "end": window.end,
        "count": len(window.line_ids),
        "line_ids": [neutral(each) for each in window.line_ids[:MOST_LINES]],
        "upstream": neutral(window.upstream or ""),
        "in_time": window.in_time,
    }
