"""What the carrier's own people look at after a month: one line's part of it, small enough to travel and be summed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .calendar import BillingMonth
from .facts import Complaint, Correction
from .incident import State
from .memo import memos
from .money import ZERO
from .slaclock import STATUTORY
from .statement import IncidentStatement, LineStatement
from .summary import accrued
from .targets import targets_of


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was missed; `open` while the incident is not restored."""

    line_id: str
    number: int | None
    incident_id: str
    category: str
    tier: str | None
    onset: datetime
    restored: datetime | None
    restore_s: int
    limit_s: int
    overrun_s: int
    responsibility: str


@dataclass(frozen=True, slots=True)
class Restore:
    """How long one clock of a restored incident ran."""

    category: str
    tier: str | None
    restore_s: int


@dataclass(frozen=True, slots=True)
class Awaited:
    """What would be paid, once somebody decides."""

    line_id: str
    number: int | None
    incident_id: str
    customer_id: str
    currency: str
    onset: datetime
    restored: datetime | None
    rule: str
    amount: Decimal
    days: Decimal
    derivation: str


@dataclass(frozen=True, slots=True)
class Promise:
    """One target of one complaint; `done` None is not done, `met` None not due yet."""

    line_id: str
    ticket: str
    at: datetime
    target: str
    due: datetime
    done: datetime | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """What a person changed on one incident."""

    line_id: str
    number: int | None
    incident_id: str
    correction: Correction


@dataclass(frozen=True, slots=True)
class Paid:
    """What one rule pays on a line, after the cap."""

    rule: str
    basis: str
    amount: Decimal
    days: Decimal


@dataclass(frozen=True, slots=True)
class LineReview:
    """One line's part of the review of a month; money is tax included and after the cap."""

    line_id: str
    name: str
    customer_id: str
    customer_name: str
    account: str
    tier: str | None
    span: str | None
    currency: str
    charge: Decimal
    credit: Decimal
    cut_by_cap: Decimal
    days: Decimal
    awaiting: Decimal
    awaiting_days: Decimal
    accrued: Decimal
    service_s: int
    interrupted_s: int
    degraded_s: int
    blind_s: int
    availability: str | None
    incidents: int
    pending: int
    complaints: int
    recent: int
    paid: tuple[Paid, ...]
    breaches: tuple[Breach, ...]
    restores: tuple[Restore, ...]
    awaited: tuple[Awaited, ...]
    promises: tuple[Promise, ...]
    corrected: tuple[Corrected, ...]


def review_line(line: LineStatement, month: BillingMonth, as_of: datetime | None) -> LineReview:
    """Return a line's part of the review; targets not kept by `as_of` count as missed once they are due."""
    period, totals = line.period, line.totals
    shown = (*line.incidents, *line.pending)
    return LineReview(
        line_id=line.line.line_id,
        name=period.name,
        customer_id=period.customer_id,
        customer_name=period.customer_name,
        account=period.account,
        tier=period.tier,
        span=period.span,
        currency=line.contract.currency,
        charge=line.rent + line.sla_fee,
        credit=totals.credit,
        cut_by_cap=totals.cut_by_cap,
        days=totals.extension_days,
        awaiting=totals.awaiting,
        awaiting_days=totals.awaiting_days,
        accrued=accrued(line.pending)[0],
        service_s=line.seconds.service,
        interrupted_s=line.seconds.interrupted,
        degraded_s=line.seconds.degraded,
        blind_s=line.seconds.blind,
        availability=line.availability.contract,
        incidents=sum(map(_counts, line.incidents)),
        pending=sum(map(_counts, line.pending)),
        complaints=sum(1 for _ in _complaints(line)),
        recent=line.recent,
        paid=tuple(Paid(one.rule, one.basis, one.amount, one.extension_days) for one in memos(line, month)),
        breaches=tuple(breach for one in shown for breach in _breaches(one)),
        restores=tuple(restore for one in line.incidents for restore in _restores(one)),
        awaited=tuple(item for one in line.incidents for item in _awaited(one, line)),
        promises=tuple(_promises(line, as_of)),
        corrected=tuple(_corrected(line.line.line_id, one, change) for one in shown for change in one.corrections),
    )


def _counts(shown: IncidentStatement) -> bool:
    return shown.incident.state is not State.FALSE_ALARM


def _breaches(shown: IncidentStatement) -> Iterator[Breach]:
    incident = shown.incident
    for clock in shown.clocks:
        if clock.breached and clock.limit_s is not None:
            yield Breach(
                line_id=incident.line_id,
                number=incident.number,
                incident_id=incident.id,
                category=str(clock.category),
                tier=shown.period.tier,
                onset=incident.onset,
                restored=incident.restored,
                restore_s=clock.restore_s,
                limit_s=clock.limit_s,
                overrun_s=clock.overrun_s or 0,
                responsibility=incident.responsibility.value,
            )


def _restores(shown: IncidentStatement) -> Iterator[Restore]:
    if _counts(shown):
        for clock in shown.clocks:
            if clock.category != STATUTORY:
                yield Restore(str(clock.category), shown.period.tier, clock.restore_s)


def _awaited(shown: IncidentStatement, line: LineStatement) -> Iterator[Awaited]:
    incident = shown.incident
    for credit in shown.credits:
        if credit.awaiting:
            yield Awaited(
                line_id=incident.line_id,
                number=incident.number,
                incident_id=incident.id,
                customer_id=line.period.customer_id,
                currency=line.contract.currency,
                onset=incident.onset,
                restored=incident.restored,
                rule=credit.rule,
                amount=credit.amount or ZERO,
                days=credit.days or Decimal(0),
                derivation=credit.derivation,
            )


def _complaints(line: LineStatement) -> Iterator[tuple[Complaint, IncidentStatement | None]]:
    for shown in (*line.incidents, *line.pending):
        for complaint in shown.incident.complaints:
            yield complaint, shown
    for notice in line.notices:
        for complaint in notice.complaints:
            yield complaint, None


def _promises(line: LineStatement, as_of: datetime | None) -> Iterator[Promise]:
    for complaint, shown in _complaints(line):
        contract = line.contract if shown is None else shown.contract
        for target in targets_of(complaint, contract):
            late = target.done is None and as_of is not None and target.due < as_of
            met = False if late else target.met
            yield Promise(line.line.line_id, complaint.ticket, complaint.at, target.name, target.due, target.done, met)


def _corrected(line_id: str, shown: IncidentStatement, change: Correction) -> Corrected:
    return Corrected(line_id, shown.incident.number, shown.incident.id, change)
