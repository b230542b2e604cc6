"""What people filed: immutable records, each with who, when and why. Corrections are new records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Category(StrEnum):
    """The two kinds of fault of the agreement (clause 3.9)."""

    INTERRUPTION = "interruption"
    DEGRADATION = "degradation"


class Responsibility(StrEnum):
    """Whose fault it was."""

    CARRIER = "carrier"
    CUSTOMER = "customer"
    THIRD_PARTY = "third_party"
    FORCE_MAJEURE = "force_majeure"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Complaint:
    """A customer's complaint at `at`; `seq` is the ledger entry that holds it."""

    seq: int
    line_id: str
    at: datetime
    category: Category
    ticket: str
    channel: str | None = None
    answered_at: datetime | None = None
    settled_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Planned work in ``[start, end)`` on lines or on everything below an upstream.

    `notified_at` and `channel` are the notice it was entered with, `further` those that followed (when, by what).
    """

    seq: int
    start: datetime
    end: datetime
    line_ids: frozenset[str] = frozenset()
    upstream: str | None = None
    notified_at: datetime | None = None
    channel: str | None = None
    reason: str = ""
    cancelled: bool = False
    further: tuple[tuple[datetime, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Time that a person wants off the clock of one incident; `end` None is a stop-clock still running."""

    seq: int
    incident_id: str
    kind: str
    start: datetime
    end: datetime | None
    reason: str = ""
    evidence: str | None = None
    notified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a person corrected on one incident; None leaves a member as it was."""

    seq: int
    incident_id: str
    onset: datetime | None = None
    restored: datetime | None = None
    responsibility: Responsibility | None = None
    false_alarm: bool | None = None
    reason: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Handback:
    """Both sides accepted the restored line at `at`."""

    seq: int
    incident_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Suspension:
    """Service suspended in ``[start, end)``; `end` None is not resumed yet."""

    seq: int
    line_id: str
    start: datetime
    end: datetime | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LineFacts:
    """Everything that people filed about one line, in ledger order."""

    complaints: tuple[Complaint, ...] = ()
    maintenance: tuple[Maintenance, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    corrections: tuple[Correction, ...] = ()
    handbacks: tuple[Handback, ...] = ()
    suspensions: tuple[Suspension, ...] = ()


NOTHING_FILED = LineFacts()
