"""What people file about the line of a timeline: calls, planned work, exclusions, corrections, suspensions.

Times are local times, as `tests.core.wallclock.local` reads them; incidents are named by their local onset.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

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
from slamon.core.incident import incident_id
from tests.core.wallclock import LINE, local

Record = Complaint | Maintenance | Exclusion | Correction | Handback | Suspension


def when(text: str | None) -> datetime | None:
    """Return the instant of a local time, None for none."""
    return None if text is None else local(text)


def complaint(at: str, category: str = "interruption", *, closed: str | None = None) -> Complaint:
    """Return a customer's call; its ticket is the time it was made."""
    return Complaint(0, LINE, local(at), Category(category), ticket=at, closed_at=when(closed))


def maintenance(
    start: str, end: str, *, notified: str | None, channel: str | None = "email", upstream: str | None = None
) -> Maintenance:
    """Return planned work on the line, or on everything below an upstream."""
    lines = frozenset({LINE}) if upstream is None else frozenset[str]()
    return Maintenance(0, local(start), local(end), lines, upstream, when(notified), channel)


def exclusion(
    onset: str, kind: str, start: str, end: str | None, *, evidence: str | None = "e.pdf", notified: str | None = None
) -> Exclusion:
    """Return time that a person wants off the clock of the measured incident of that onset."""
    return Exclusion(0, measured_id(onset), kind, local(start), when(end), "by hand", evidence, when(notified))


def correction(
    incident: str,
    *,
    onset: str | None = None,
    restored: str | None = None,
    responsibility: str | None = None,
    false_alarm: bool | None = None,
) -> Correction:
    """Return a person's correction of the incident of an id."""
    fault = None if responsibility is None else Responsibility(responsibility)
    return Correction(0, incident, when(onset), when(restored), fault, false_alarm, "seen on site")


def handback(onset: str, at: str) -> Handback:
    """Return the record that both sides accepted the line."""
    return Handback(0, measured_id(onset), local(at))


def suspension(start: str, end: str | None) -> Suspension:
    """Return a suspension of the line."""
    return Suspension(0, LINE, local(start), when(end), "arrears")


def measured_id(onset: str) -> str:
    """Return the id of the measured incident of a local onset."""
    return incident_id(LINE, local(onset))


def reported_id(at: str) -> str:
    """Return the id of the incident that a complaint opened."""
    return incident_id(LINE, local(at), reported=True)


def filed(records: Iterable[Record]) -> LineFacts:
    """Return the records as the ledger gives them, in the order in which they are named."""
    numbered = [replace(record, seq=number) for number, record in enumerate(records, start=1)]
    return LineFacts(
        complaints=tuple(r for r in numbered if isinstance(r, Complaint)),
        maintenance=tuple(r for r in numbered if isinstance(r, Maintenance)),
        exclusions=tuple(r for r in numbered if isinstance(r, Exclusion)),
        corrections=tuple(r for r in numbered if isinstance(r, Correction)),
        handbacks=tuple(r for r in numbered if isinstance(r, Handback)),
        suspensions=tuple(r for r in numbered if isinstance(r, Suspension)),
    )
