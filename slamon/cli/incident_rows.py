"""Incidents as rows of a table and as objects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from slamon.core.timespan import iso, parse_iso
from slamon.reports.texts import local
from slamon.reports.wording import named
from slamon.service.desk_find import Found
from slamon.service.desk_lists import Remark

COLUMNS = ("No.", "Line", "State", "Category", "Responsibility", "Onset", "Restored", "Tickets", "Id")


def incident_row(one: Found) -> Sequence[object]:
    """Return an incident as a row; times in the zone of its contract."""
    incident, zone = one.incident, one.file.zone
    return (
        named(incident) if incident.number is not None else None,
        incident.line_id,
        incident.state,
        incident.category,
        incident.responsibility,
        local(incident.onset, zone),
        None if incident.restored is None else local(incident.restored, zone),
        " ".join(complaint.ticket for complaint in incident.complaints),
        incident.id,
    )


def incident_object(one: Found) -> dict[str, Any]:
    """Return an incident as the members of the report's that a list needs."""
    incident = one.incident
    return {
        "incident_id": incident.id,
        "number": incident.number,
        "line_id": incident.line_id,
        "state": incident.state,
        "category": incident.category,
        "responsibility": incident.responsibility,
        "onset": iso(incident.onset),
        "alarm": _iso(incident.alarm),
        "complaint": _iso(incident.complaint),
        "restored": _iso(incident.restored),
        "restored_earliest": _iso(incident.restored_earliest),
        "handed_back": _iso(incident.handed_back),
        "tickets": [complaint.ticket for complaint in incident.complaints],
    }


def _iso(instant: datetime | None) -> str | None:
    return None if instant is None else iso(instant)


def evidence_rows(evidence: Sequence[dict[str, object]]) -> list[tuple[str, ...]]:
    """Return what readings are kept as rows of a label and texts."""
    return [(f"{one['count']} readings", f"{one['from']} to {one['to']}, blob {one['blob']}") for one in evidence]


def onset_rows(onsets: Sequence[dict[str, Any]], zone: ZoneInfo) -> Iterator[tuple[str, ...]]:
    """Yield what was seen when an incident began as rows of a label and texts; packets to the millisecond."""
    for one in onsets:
        if one["first_bad"] is not None:
            yield "last good packet", _to_the_ms(one["last_good"], zone)
            yield "first bad packet", _to_the_ms(one["first_bad"], zone)
        for error in one["errors"]:
            often = f"{error['count']} x, first at {_to_the_ms(error['at'], zone)}"
            yield f"{error['source']} said", f"{error['said']} ({often})"
        if one["traceroute"] is None:
            yield "traceroute", f"none: {one['traceroute_skipped']}"
        for hop in one["traceroute"] or ():
            answer = "no answer" if hop["address"] is None else f"{hop['address']}  {hop['rtt_ms']:.1f} ms"
            yield f"hop {hop['hop']}", answer


def _to_the_ms(instant: str | None, zone: ZoneInfo) -> str:
    if instant is None:
        return "none known"
    return parse_iso(instant).astimezone(zone).replace(tzinfo=None).isoformat(" ", "milliseconds")


def history_rows(history: Sequence[Remark], zone: ZoneInfo) -> list[tuple[str, ...]]:
    """Return what people did as rows of a label and texts."""
    rows: list[tuple[str, ...]] = []
    for remark in history:
        entry = remark.entry
        who = entry.by_name if entry.by_name == entry.os_user else f"{entry.by_name} ({entry.os_user})"
        recorded = local(entry.recorded_at.replace(microsecond=0), zone)
        rows.append((remark.what, f"{recorded} by {who}", remark.text))
    return rows


def history_objects(history: Sequence[Remark]) -> list[dict[str, object]]:
    """Return what people did as objects."""
    return [
        {
            "seq": remark.entry.seq,
            "kind": remark.entry.kind,
            "recorded_at": iso(remark.entry.recorded_at),
            "by": remark.entry.by_name,
            "os_user": remark.entry.os_user,
            "text": remark.text,
        }
        for remark in history
    ]
