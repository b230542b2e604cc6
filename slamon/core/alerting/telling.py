"""What was said, and what is to be said: the records that decisions look back at, and the messages they come to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .facts import AlertIncident, Condition, Reason, Severity, Window


@dataclass(frozen=True, slots=True)
class Cause:
    """What incidents have in common: `keys` are the traits that all of them share (``upstream:OLT-3``).

    `id` is the id of its first incident; a condition's or a window's is ``kind:subject``.
    """

    id: str
    keys: frozenset[str]
    began: datetime
    joined: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """One decision to speak: the ledger's record, and what later decisions look back at.

    `at` is when; `effective` is when the first of its receivers hears it (later than `at` where quiet hours hold it
    for all of them). `step` is the highest step of `chain` that it addresses. `subjects` are incident ids, the
    subjects of conditions, or the id of a window; those in `degraded` were called degradations. `marks` are pairs
    (incident id, threshold such as ``interruption:0.5``) that it said or made superfluous. `window` is the planned
    work it spoke of, `over` whether it said that a condition is over, `weight` how great the news was (`grouping`).
    """

    reason: Reason
    at: datetime
    subjects: tuple[str, ...]
    cause: Cause
    chain: str
    step: int
    persons: tuple[str, ...]
    effective: datetime
    degraded: tuple[str, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()
    window: str | None = None
    over: bool = False
    weight: float = 0
    _marks_of: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)
    _degraded: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        marks: dict[str, tuple[str, ...]] = {}
        for subject, mark in self.marks:
            marks[subject] = (*marks.get(subject, ()), mark)
        object.__setattr__(self, "_marks_of", marks)
        object.__setattr__(self, "_degraded", frozenset(self.degraded))

    def marks_of(self, subject: str) -> tuple[str, ...]:
        """Return the thresholds that it said of a subject."""
        return self._marks_of.get(subject, ())

    def called_degraded(self, subject: str) -> bool:
        return subject in self._degraded


@dataclass(frozen=True, slots=True)
class Ack:
    """Somebody has seen an incident at `at`; `until` None expires when the policy says so."""

    incident_id: str
    at: datetime
    by: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class History:
    """What was said about one incident, oldest first, and the acknowledgements that speak for it."""

    told: tuple[Told, ...] = ()
    acks: tuple[Ack, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """What `decide` found: the reason, and its particulars.

    `marks` are the thresholds said (the highest last); `step` the step of the chain that an escalation calls.
    """

    reason: Reason
    chain: str
    step: int
    marks: tuple[str, ...] = ()
    share: float | None = None
    clock: str | None = None
    window: str | None = None
    ack_expired: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """One incident in a message, with the reason's particulars for it."""

    incident: AlertIncident
    due: Due


@dataclass(frozen=True, slots=True)
class Message:
    """What one person is told: rendered by `slamon.alerting.wording`, carried by the outbox.

    `key` is the same for the same message however often it is planned or sent. `points` are sorted by tier, then by
    nearest deadline; the first is the lead. `open_count` counts the open incidents of the cause, those of `points`
    among them. `first` is False for an update or a digest of a cause that was told before. `not_before` holds a
    message back over the receiver's quiet hours.
    """

    key: str
    reason: Reason
    severity: Severity
    at: datetime
    receiver: str
    cause: Cause
    points: tuple[Point, ...] = ()
    conditions: tuple[Condition, ...] = ()
    over: bool = False
    windows: tuple[Window, ...] = ()
    open_count: int = 0
    first: bool = True
    step: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that may have to be spoken of: incidents open or lately over, the monitor's trouble, planned work."""

    incidents: tuple[AlertIncident, ...] = ()
    conditions: tuple[Condition, ...] = ()
    windows: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Past:
    """Everything that was told and acknowledged, as far as it concerns what may have to be spoken of."""

    told: tuple[Told, ...] = ()
    acks: tuple[Ack, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done now: decisions for the record, messages for the outbox, and when to look again."""

    told: tuple[Told, ...] = ()
    messages: tuple[Message, ...] = ()
    next_at: datetime | None = None
