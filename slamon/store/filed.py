"""What people filed, as entries and back: complaints, planned work, exclusions, corrections, suspensions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from slamon.core.facts import (
    Category,
    Complaint,
    Correction,
    Exclusion,
    Handback,
    LineFacts,
    Maintenance,
    Responsibility,
    Suspension,
)
from slamon.core.timespan import iso, parse_iso
from slamon.store.entry import Entry

COMPLAINT = "complaint.added"
ANSWERED = "complaint.answered"
SETTLED = "complaint.settled"
COMPLAINT_CLOSED = "complaint.closed"
MAINTENANCE = "maintenance.added"
MAINTENANCE_CANCELLED = "maintenance.cancelled"
MAINTENANCE_NOTIFIED = "maintenance.notified"
EXCLUSION = "exclusion.added"
EXCLUSION_STOPPED = "exclusion.stopped"
CORRECTED = "incident.corrected"
HANDED_BACK = "incident.handed_back"
ACKED = "incident.acked"
NOTED = "incident.noted"
SUSPENDED = "line.suspended"
RESUMED = "line.resumed"

LINE_KINDS = frozenset(
    {COMPLAINT, ANSWERED, SETTLED, COMPLAINT_CLOSED, EXCLUSION, EXCLUSION_STOPPED, CORRECTED, HANDED_BACK, SUSPENDED}
    | {RESUMED}
)
MAINTENANCE_KINDS = frozenset({MAINTENANCE, MAINTENANCE_CANCELLED, MAINTENANCE_NOTIFIED})
COMPLAINT_STEPS = frozenset({ANSWERED, SETTLED, COMPLAINT_CLOSED})


def moment(instant: datetime | None) -> str | None:
    """Return an instant for a payload."""
    return None if instant is None else iso(instant)


def _instant(payload: Mapping[str, Any], key: str) -> datetime | None:
    text = payload.get(key)
    return None if text is None else parse_iso(text)


def fold_filed(entries: Iterable[Entry], maintenance: tuple[Maintenance, ...] = ()) -> LineFacts:
    """Return what people filed about one line, from its entries in order."""
    complaints: dict[str, Complaint] = {}
    exclusions: dict[int, Exclusion] = {}
    corrections: list[Correction] = []
    handbacks: list[Handback] = []
    suspensions: list[Suspension] = []
    for entry in entries:
        payload: dict[str, Any] = entry.payload
        if entry.kind == COMPLAINT:
            complaints[entry.subject or ""] = _complaint(entry, payload)
        elif entry.kind in COMPLAINT_STEPS:
            ticket = entry.subject or ""
            complaints[ticket] = _stepped(complaints[ticket], entry)
        elif entry.kind == EXCLUSION:
            exclusions[entry.seq] = _exclusion(entry, payload)
        elif entry.kind == EXCLUSION_STOPPED:
            exclusions[payload["started"]] = replace(exclusions[payload["started"]], end=entry.at)
        elif entry.kind == CORRECTED:
            corrections.append(_correction(entry, payload))
        elif entry.kind == HANDED_BACK:
            handbacks.append(Handback(entry.seq, entry.subject or "", entry.at))
        elif entry.kind == SUSPENDED:
            suspensions.append(
                Suspension(entry.seq, entry.line_id or "", entry.at, _instant(payload, "end"), payload["reason"])
            )
        elif entry.kind == RESUMED:
            suspensions = [_resumed(s, entry.at) for s in suspensions]
    return LineFacts(
        complaints=tuple(complaints.values()),
        maintenance=maintenance,
        exclusions=tuple(exclusions.values()),
        corrections=tuple(corrections),
        handbacks=tuple(handbacks),
        suspensions=tuple(suspensions),
    )


def _resumed(suspension: Suspension, at: datetime) -> Suspension:
    """End a suspension that is in force at an instant; an earlier one, or one that has ended, stays as it is."""
    in_force = suspension.start <= at and (suspension.end is None or at < suspension.end)
    return replace(suspension, end=at) if in_force else suspension


def _complaint(entry: Entry, payload: Mapping[str, Any]) -> Complaint:
    return Complaint(
        seq=entry.seq,
        line_id=entry.line_id or "",
        at=entry.at,
        category=Category(payload["category"]),
        ticket=entry.subject or "",
        channel=payload.get("channel"),
    )


def _stepped(complaint: Complaint, entry: Entry) -> Complaint:
    if entry.kind == ANSWERED:
        return replace(complaint, answered_at=entry.at)
    if entry.kind == SETTLED:
        return replace(complaint, settled_at=entry.at)
    return replace(complaint, closed_at=entry.at)


def _exclusion(entry: Entry, payload: Mapping[str, Any]) -> Exclusion:
    evidence = payload.get("evidence")
    return Exclusion(
        seq=entry.seq,
        incident_id=entry.subject or "",
        kind=payload["kind"],
        start=entry.at,
        end=_instant(payload, "end"),
        reason=entry.why,
        evidence=None if evidence is None else evidence["sha256"],
        notified_at=_instant(payload, "notified_at"),
    )


def _correction(entry: Entry, payload: Mapping[str, Any]) -> Correction:
    responsibility = payload.get("responsibility")
    return Correction(
        seq=entry.seq,
        incident_id=entry.subject or "",
        onset=_instant(payload, "onset"),
        restored=_instant(payload, "restored"),
        responsibility=None if responsibility is None else Responsibility(responsibility),
        false_alarm=payload.get("false_alarm"),
        reason=entry.why,
        by=entry.by_name,
    )


def fold_maintenance(entries: Iterable[Entry]) -> tuple[Maintenance, ...]:
    """Return all planned work on record, from its entries in order."""
    found: dict[str, Maintenance] = {}
    for entry in entries:
        key = entry.subject or ""
        if entry.kind == MAINTENANCE_CANCELLED:
            found[key] = replace(found[key], cancelled=True)
            continue
        if entry.kind == MAINTENANCE_NOTIFIED:
            notice = parse_iso(str(entry.payload["notified_at"])), str(entry.payload["channel"])
            found[key] = replace(found[key], further=(*found[key].further, notice))
            continue
        payload: dict[str, Any] = entry.payload
        found[key] = Maintenance(
            seq=entry.seq,
            start=parse_iso(payload["from"]),
            end=parse_iso(payload["to"]),
            line_ids=frozenset(payload.get("lines", ())),
            upstream=payload.get("upstream"),
            notified_at=_instant(payload, "notified_at"),
            channel=payload.get("channel"),
            reason=entry.why,
        )
    return tuple(found.values())
