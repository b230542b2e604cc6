"""Episodes, segments and incidents: what was measured, and what the agreement makes of it.

An *episode* is what one line measured between an alarm's onset and its restoring; it depends on the line's
profile alone. An *incident* is one episode or several (a line that flaps), with what people filed, under the
terms of a contract. `timeline` turns the first into the second.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from .facts import Category, Complaint, Exclusion, Responsibility
from .quality import Verdict
from .scene import NOTHING_SEEN, Scene, Sights
from .timespan import iso

# Ids derive from line and onset, so that judging twice makes nothing twice.
INCIDENT_NAMESPACE = uuid.UUID("6d0f3c3e-53f1-5b4e-9a55-3c1f0d1c7a10")


@lru_cache(maxsize=1024)  # an incident's id is asked for again and again while its statement is worked out
def incident_id(line_id: str, onset: datetime, *, reported: bool = False) -> str:
    """Return the stable id of a line's incident: UUIDv5 of line and onset (UTC, to the microsecond)."""
    kind = "reported" if reported else "measured"
    return str(uuid.uuid5(INCIDENT_NAMESPACE, f"{kind} {line_id} {iso(onset)}"))


@dataclass(frozen=True, slots=True)
class Run:
    """Touching readings of one verdict and one length: ``start + i * step`` for i below `count`.

    `letters` tell how the targets answered in `DOWN` ones (`scene.letters`), None where nobody looked.
    """

    verdict: Verdict
    start: datetime
    step: timedelta
    count: int = 1
    source: str | None = None
    letters: str | None = None

    @property
    def end(self) -> datetime:
        return self.start + self.step * self.count


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When an alarm opens and closes, in seconds; recorded with each episode (domain, section 3)."""

    open_after_s: float = 10
    degraded_open_after_s: float = 300
    close_after_s: float = 60


class EndedBy(StrEnum):
    """What ended an episode."""

    UP = "up"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Episode:
    """What one line measured from `onset` on; `restored` None while it is open.

    `recorded_as` is its id where that was worked out before.
    `sights` are what the carrier's port showed meanwhile.
    `runs` are its data-bearing readings from the onset to the last one judged (the closing run included);
    time between runs is `NO_DATA`. `interruption_at` is the end of the reading by which rule (a) first held.
    """

    line_id: str
    onset: datetime
    alarm: datetime
    runs: tuple[Run, ...]
    thresholds: Thresholds
    interruption_at: datetime | None = None
    restored: datetime | None = None
    restored_earliest: datetime | None = None
    ended_by: EndedBy | None = None
    vantage: str | None = None
    sights: Sights = field(default=NOTHING_SEEN, compare=False)
    recorded_as: str | None = field(default=None, compare=False, repr=False)

    @property
    def id(self) -> str:
        return self.recorded_as or incident_id(self.line_id, self.onset)


class Kind(StrEnum):
    """What a segment of an incident was."""

    INTERRUPTION = "interruption"
    DEGRADATION = "degradation"
    USABLE = "usable"
    BLIND = "blind"


@dataclass(frozen=True, slots=True)
class Segment:
    """Part of an incident; `confirmed` is when rule (a) first held in an interruption segment."""

    kind: Kind
    start: datetime
    end: datetime
    confirmed: datetime | None = None


class State(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RESTORED = "restored"
    FALSE_ALARM = "false_alarm"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident under the terms of its contract, corrections applied.

    `alarm` is None for a reported incident; `restored` None while it is open. `complaint` is the first one made
    before `restored`. `floor` is the instant before which no clock starts (the previous incident's `restored`).
    `derived_from` names the episodes and reported incidents it stands for, its own id first. `scene` is what was seen
    of the line meanwhile; `decided` is the responsibility that a person decided on, None where nobody did.
    """

    id: str
    line_id: str
    number: int | None
    onset: datetime
    alarm: datetime | None
    restored: datetime | None
    restored_earliest: datetime | None
    segments: tuple[Segment, ...]
    evidence: tuple[str, ...]
    responsibility: Responsibility
    false_alarm: bool = False
    reported: Category | None = None
    ended_by_service: bool = False
    complaints: tuple[Complaint, ...] = ()
    complaint: datetime | None = None
    handed_back: datetime | None = None
    floor: datetime | None = None
    exclusions: tuple[Exclusion, ...] = ()
    derived_from: tuple[str, ...] = ()
    scene: Scene | None = None
    decided: Responsibility | None = None

    @property
    def state(self) -> State:
        if self.false_alarm:
            return State.FALSE_ALARM
        if self.restored is not None:
            return State.RESTORED
        return State.OPEN if self.reported is None else State.REPORTED

    @property
    def category(self) -> Category:
        """Interruption if it has any interruption segment; a reported one has what the complaint states."""
        if self.reported is not None:
            return self.reported
        interrupted = any(segment.kind is Kind.INTERRUPTION for segment in self.segments)
        return Category.INTERRUPTION if interrupted else Category.DEGRADATION


@dataclass(frozen=True, slots=True)
class Notice:
    """Demarc answered, CPE did not: the customer's side, for the record (clause 3.4).

    `end` None is not over yet; `silent_to` is the end of the last silent reading, `open_after_s` how far that has to
    be from the start for a notice.
    """

    line_id: str
    start: datetime
    end: datetime | None
    complaints: tuple[Complaint, ...] = ()
    open_after_s: float = 0
    silent_to: datetime | None = None
