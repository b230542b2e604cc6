"""The nouns of alerting: what is known of an incident, what was said about it, and what is to be said.

People are ids here. Names, addresses and numbers stay with the loader of ``oncall.toml`` and the channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from slamon.core.facts import Category, Responsibility
from slamon.core.incident import State
from slamon.core.slaclock import STATUTORY


class Reason(StrEnum):
    """Why a message is sent; there is none without one."""

    OPENED = "opened"
    WORSENED = "worsened"
    LIMIT_USED = "limit_used"
    STATUTORY_MISSED = "statutory_missed"
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RESTORED = "restored"
    REOPENED = "reopened"
    WITHDRAWN = "withdrawn"
    DECISION_AWAITED = "decision_awaited"
    BLIND_VANTAGE = "blind_vantage"
    AGENT_SILENT = "agent_silent"
    DELIVERY_BACKLOG = "delivery_backlog"
    MAINTENANCE_STARTING = "maintenance_starting"
    MAINTENANCE_ENDING = "maintenance_ending"
    MAINTENANCE_OVERRUNNING = "maintenance_overrunning"


# Messages that say a line is down, to people who believed it up or knew of less.
OPENINGS = frozenset({Reason.OPENED, Reason.WORSENED, Reason.REOPENED, Reason.MAINTENANCE_OVERRUNNING})
CONDITIONS = frozenset({Reason.BLIND_VANTAGE, Reason.AGENT_SILENT, Reason.DELIVERY_BACKLOG})


class Severity(IntEnum):
    """How much a message may disturb: `CRITICAL` passes quiet hours, and so does the end of what was critical."""

    INFO = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class AlertClock:
    """A clock of an incident as it stood at `as_of`; `category` is a `Category` or ``statutory``.

    `running` is whether its time passes (the incident is open and nothing is excluded right now). It does so until
    `steady_until` at least: the next instant at which planned work or an exclusion begins or ends (None: none ahead).
    """

    category: str
    used_s: int
    limit_s: int | None
    as_of: datetime
    running: bool = True
    steady_until: datetime | None = None

    @property
    def statutory(self) -> bool:
        return self.category == STATUTORY

    def used_at(self, at: datetime) -> float:
        """Return the seconds used at an instant, never guessing beyond `steady_until`."""
        until = at if self.steady_until is None else min(at, self.steady_until)
        passed_s = (until - self.as_of).total_seconds() if self.running else 0
        return self.used_s + max(0, passed_s)

    def remaining_at(self, at: datetime) -> float | None:
        """Return the seconds left until the limit, negative once it is missed; None without a limit."""
        return None if self.limit_s is None else self.limit_s - self.used_at(at)

    def uses(self, used_s: float) -> datetime | None:
        """Return the instant at which `used_s` seconds are used; None where that is not in sight."""
        if not self.running:
            return None
        then = self.as_of + timedelta(seconds=used_s - self.used_s)
        return then if self.steady_until is None or then <= self.steady_until else None


@dataclass(frozen=True, slots=True)
class Mute:
    """Planned work on the incident's line: in ``[start, end)`` alerts are silent, measuring goes on."""

    maintenance: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class AlertIncident:
    """An incident as alerting sees it at `as_of`.

    `began` is what opened it: the alarm, or the complaint of a reported one. `device` is its SNMP agent, `site` its
    A end. `mute` is the planned work that covers the line now, else the one that covered it last while the incident
    was open. `awaited` names the decision that a restored incident waits for (``responsibility``, ``approval``).
    `chain` is the one that the inventory's `oncall` column names. `derived_from` are the ids it stands for, its own
    first: what was said about any of them was said about it. `fresh_until` is when it has to be looked at anew
    (planned work begins or ends then; None: not before something happens).
    """

    id: str
    line_id: str
    tier: str | None
    category: Category
    state: State
    began: datetime
    onset: datetime
    number: int | None = None
    restored: datetime | None = None
    clocks: tuple[AlertClock, ...] = ()
    line_name: str = ""
    customer_id: str = ""
    customer_name: str = ""
    upstream: str | None = None
    device: str | None = None
    site: str | None = None
    chain: str | None = None
    responsibility: Responsibility = Responsibility.UNDECIDED
    evidence: tuple[str, ...] = ()
    hypothesis: str | None = None
    awaited: str | None = None
    mute: Mute | None = None
    derived_from: tuple[str, ...] = ()
    fresh_until: datetime | None = None

    @property
    def open(self) -> bool:
        return self.state in (State.OPEN, State.REPORTED)

    @property
    def ids(self) -> tuple[str, ...]:
        return self.derived_from or (self.id,)

    def muted_at(self, at: datetime) -> bool:
        return self.mute is not None and self.mute.start <= at < self.mute.end

    def remaining_at(self, at: datetime) -> float | None:
        """Return the seconds to the nearest limit not missed yet, else to the one missed last; None without limits."""
        left = [s for clock in self.clocks if (s := clock.remaining_at(at)) is not None]
        ahead = [s for s in left if s >= 0]
        return min(ahead) if ahead else max(left, default=None)


@dataclass(frozen=True, slots=True)
class Condition:
    """Something about the monitor itself: `kind` is one of `CONDITIONS`, `subject` the vantage, agent or channel.

    `number` counts what the kind counts (messages in a backlog); `until` None is going on.
    """

    kind: Reason
    subject: str
    since: datetime
    until: datetime | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """Planned work ahead or going on, `[start, end)`, on some lines; `in_time` whether clause 3.3's notice was."""

    id: str
    start: datetime
    end: datetime
    line_ids: tuple[str, ...] = ()
    upstream: str | None = None
    in_time: bool = True
    cancelled: bool = False


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
class Step:
    """One step of a chain: whom it calls (``person:ID``, ``rota:ID``), and how long it waits for an ack."""

    calls: tuple[str, ...]
    wait_s: float


@dataclass(frozen=True, slots=True)
class Chain:
    """Who is called, in which order."""

    id: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """For which incidents a chain is meant; None fits all. The most specific choice that fits wins."""

    chain: str
    customer: str | None = None
    tier: str | None = None
    category: Category | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """When to speak, and through which chains.

    Durations in seconds; shares of a limit 0..1 in ascending order.

    * `reminder_s` after the last message about an incident that nobody acknowledges, once its chain is used up;
      `ack_expires_s` is how long an acknowledgement holds.
    * A line joins a cause up to `window_s` after the last one did and `cause_s` after the first; what joins is told
      `update_s` after the first message, then every `digest_s`. After `storm_causes` causes within one window,
      what follows is one cause.
    * A line that was restored and failed again is called restored only once it has been so for `settle_s`.
    * `decision_after_s` after the end, and every `decision_every_s`, a decision that is awaited is asked for.
    * The monitor's own trouble is told after `condition_after_s`, through `monitor_chain` (None: the default one).
    * Planned work is announced `maintenance_start_s` ahead; a line that is still down is told `maintenance_end_s`
      before its end (a quarter of the work's length where that is shorter).
    * `tiers` gives the order of lists; a degradation of `urgent_tiers` is as urgent as an interruption.
    """

    chains: Mapping[str, Chain] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    monitor_chain: str | None = None
    limit_shares: tuple[float, ...] = (0.5, 0.8, 1.0)
    statutory_shares: tuple[float, ...] = (0.8,)
    reminder_s: float = 1800
    ack_expires_s: float = 4 * 3600
    window_s: float = 300
    cause_s: float = 3600
    update_s: float = 60
    digest_s: float = 600
    storm_causes: int = 5
    settle_s: float = 600
    decision_after_s: float = 24 * 3600
    decision_every_s: float = 7 * 24 * 3600
    condition_after_s: float = 60
    maintenance_start_s: float = 1800
    maintenance_end_s: float = 1800
    tiers: tuple[str, ...] = ("AAA", "AA", "A", "standard")
    urgent_tiers: frozenset[str] = frozenset({"AAA"})


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
