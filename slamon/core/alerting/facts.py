"""What alerting knows: incidents with their clocks, the monitor's own trouble, planned work; and reasons to speak.

People are ids here. Names, addresses and numbers stay with the loader of ``oncall.toml`` and the channels.
"""

from __future__ import annotations

from dataclasses import dataclass
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
