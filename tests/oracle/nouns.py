"""What is on file about a line and its month, and what an incident is made of."""

import datetime as dt
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from tests.oracle.arithmetic import FOREVER, Instant, Stretch, midnight


@dataclass(frozen=True)
class Seen:
    """One window of readings: packets of each target (sent, received), its mean RTT, and the port if it was polled.

    `port_since` is when the port took its state, `port_errors` its (errors, packets) since the poll before.
    """

    start: Instant
    end: Instant
    demarc: tuple[int, int] | None = None
    cpe: tuple[int, int] | None = None
    rtt_mean_ms: Fraction | None = None
    ipdv_ms: Fraction | None = None
    port_up: bool | None = None
    port_since: Instant | None = None
    port_errors: tuple[int, int] | None = None
    blind: bool = False


@dataclass(frozen=True)
class Criterion:
    metric: Literal["loss_ratio", "rtt_mean_ms", "ipdv_ms", "error_ratio"]
    above: Fraction
    window_s: int | None = None


@dataclass(frozen=True)
class Profile:
    open_after_s: int = 10
    degraded_open_after_s: int = 300
    close_after_s: int = 60
    degraded: tuple[Criterion, ...] = (Criterion("loss_ratio", Fraction(1, 20), 60),)


@dataclass(frozen=True)
class Period:
    first_day: dt.date
    last_day: dt.date | None
    tier: str | None
    span: str | None
    rent: Fraction
    sla_fee: Fraction | None = None


@dataclass(frozen=True)
class Complaint:
    at: Instant
    category: str
    ticket: str
    closed_at: Instant | None = None


@dataclass(frozen=True)
class Work:
    """A maintenance record."""

    start: Instant
    end: Instant
    notified_at: Instant
    channel: str


@dataclass(frozen=True)
class Key:
    """Names an incident by the onset that it had before anybody corrected it."""

    onset: Instant
    reported: bool


@dataclass(frozen=True)
class Exclusion:
    incident: Key
    kind: str
    start: Instant
    end: Instant | None
    evidence: bool


@dataclass(frozen=True)
class Correction:
    incident: Key
    onset: Instant | None = None
    restored: Instant | None = None
    responsibility: str | None = None
    false_alarm: bool = False


@dataclass(frozen=True)
class Handback:
    incident: Key
    at: Instant


@dataclass(frozen=True)
class Case:
    """Everything on file about one line; `contract` has the keys and values of a contract file.

    `newer` are later versions of the contract, each with the day from which it is in force.
    """

    month: tuple[int, int]
    contract: dict[str, Any]
    periods: tuple[Period, ...]
    seen: tuple[Seen, ...]
    profile: Profile = Profile()
    has_demarc: bool = True
    area: str = "urban"
    vat_rate: Fraction = Fraction(6, 100)
    zone_offset_s: int = 8 * 3600
    suspensions: tuple[Stretch, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    works: tuple[Work, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    corrections: tuple[Correction, ...] = ()
    handbacks: tuple[Handback, ...] = ()
    newer: tuple[tuple[dt.date, dict[str, Any]], ...] = ()

    def terms(self, at: Instant) -> dict[str, Any]:
        """The version of the contract in force at an instant."""
        begun = [terms for day, terms in self.newer if midnight(day, self.zone_offset_s) <= at]
        return begun[-1] if begun else self.contract


@dataclass
class Segment:
    kind: str
    start: Instant
    end: Instant
    confirmed: Instant | None = None  # the end of the reading by which rule (a) first held in it


@dataclass
class Trouble:
    """An incident on its way to paper; `restored` is `None` while it is open."""

    key: Key
    onset: Instant
    alarm: Instant | None
    restored: Instant | None
    earliest: Instant | None
    segments: list[Segment]
    service: Stretch
    closed_by_up: bool = False
    stated: str | None = None  # the category of a reported one
    complaints: list[Complaint] = field(default_factory=list)
    responsibility: str = "carrier"
    evidence: tuple[str, ...] = ()
    false_alarm: bool = False
    handed_back: Instant | None = None
    previous_restored: Instant = -FOREVER
    keys: list[Key] = field(default_factory=list)  # reported incidents that this one replaced

    @property
    def end(self) -> Instant:
        return FOREVER if self.restored is None else self.restored
