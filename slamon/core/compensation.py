"""What an incident earns: the rules of a contract, each with its derivation in words (domain, section 5).

Every rule is a function of one `Case` to a `Credit` or None (it gave nothing). Amounts stay exact fractions until
`cents` rounds them, once per credit. `choose` decides what is paid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from .calendar import BillingMonth, months_touched
from .contract import (
    Basis,
    Contract,
    CumulativeHours,
    PlannedWorkWaiver,
    RestoreOverrun,
    Rule,
    ServiceExtension,
    StatutoryWaiver,
    StepTable,
)
from .exclusion import CUSTOMER_SIDE, Adjudged, accepted_seconds
from .facts import Category, Responsibility
from .incident import Incident, Kind
from .inventory import Period
from .money import ZERO, cents, plain
from .slaclock import STATUTORY, Clock
from .timespan import MICROSECOND, Span, SpanSet, seconds_in, whole_second, whole_seconds

DAY_S = 86_400
HOUR_S = 3_600


@dataclass(frozen=True, slots=True)
class Charge:
    """What a line costs in full: monthly rent and monthly SLA fee, the fee rounded to the cent once."""

    rent: Decimal
    sla_fee: Decimal

    @property
    def total(self) -> Decimal:
        return self.rent + self.sla_fee

    def __str__(self) -> str:
        return f"({self.rent} + {self.sla_fee})" if self.sla_fee else f"{self.rent}"


def charge_of(period: Period, contract: Contract) -> Charge:
    """Return the full monthly charge of a period: the agreed SLA fee, or the contract's share of the rent."""
    if period.sla_fee is not None:
        return Charge(period.monthly_rent, cents(period.sla_fee))
    ratio = contract.sla_fee_ratio.get(period.tier or "", Fraction(0))
    return Charge(period.monthly_rent, cents(Fraction(period.monthly_rent) * ratio))


@dataclass(frozen=True, slots=True)
class Credit:
    """What one rule gives: money, or days of free use with their worth, and how it was worked out.

    `awaiting` marks what would be paid once somebody decides; `why` says why an item is not paid, None where it is.
    """

    rule: str
    clause: str | None
    basis: Basis
    amount: Decimal | None
    days: Decimal | None
    worth: Decimal
    derivation: str
    beside: bool = False
    applied: bool = False
    awaiting: bool = False
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One incident with all that its rules look at, known up to `until`."""

    incident: Incident
    contract: Contract
    period: Period
    charge: Charge
    zone: ZoneInfo
    clocks: tuple[Clock, ...]
    adjudged: tuple[Adjudged, ...]
    until: datetime

    @property
    def span(self) -> Span[int] | None:
        """Whole seconds of ``[onset, restored)``, or up to `until` while it is open."""
        restored = self.incident.restored
        return whole_seconds(self.incident.onset, self.until if restored is None else min(restored, self.until))

    def segment_seconds(self, kind: Kind) -> SpanSet[int]:
        """Return the whole seconds of the incident's segments of a kind."""
        return SpanSet(
            whole_seconds(s.start, min(s.end, self.until))
            for s in self.incident.segments
            if s.kind is kind and s.start < self.until
        )

    def excluded(self, kind: str | None = None) -> SpanSet[int]:
        return accepted_seconds(self.adjudged, whole_second(self.until), kind)

    def clock(self, category: str) -> Clock | None:
        return next((clock for clock in self.clocks if clock.category == category), None)


def credits_of(case: Case) -> tuple[Credit, ...]:
    """Return what the contract's rules give for an incident, in the contract's order, with what is paid marked."""
    if case.incident.false_alarm:
        return ()
    found = [credit for rule in case.contract.rules if (credit := _worked_out(case, rule)) is not None]
    return tuple(choose(found, case.contract, case.incident.responsibility))


def _worked_out(case: Case, rule: Rule) -> Credit | None:
    """Return what one rule gives; `cumulative_hours` gives at the line, not here."""
    match rule:
        case ServiceExtension():
            return _service_extension(case, rule)
        case StatutoryWaiver():
            return _statutory_waiver(case, rule)
        case RestoreOverrun():
            return _restore_overrun(case, rule)
        case PlannedWorkWaiver():
            return _planned_work_waiver(case, rule)
        case StepTable():
            return _step_table(case, rule)
        case _:
            return None


AWAITING = "awaiting a decision: the responsibility is undecided"


def choose(found: Sequence[Credit], contract: Contract, responsibility: Responsibility) -> Iterator[Credit]:
    """Mark what is paid: rules paid beside the others, and the best of the rest (or all, where they add up).

    Worth is compared in rounded amounts before the cap; of equals the earlier in the contract wins. What loses,
    is exempt or awaits a decision says so.
    """
    due = [credit for credit in found if not exempt(credit.basis, contract, responsibility)]
    best = max((credit for credit in due if not credit.beside), key=lambda credit: credit.worth, default=None)
    for credit in found:
        if credit not in due:
            yield replace(credit, why=f"responsibility {responsibility} is exempt")
        elif contract.combine == "best" and best is not None and not credit.beside and credit is not best:
            reason = "is worth more" if credit.worth < best.worth else "is worth as much and stands earlier"
            yield replace(credit, why=f"{best.rule} {reason}")
        elif responsibility is Responsibility.UNDECIDED:
            yield replace(credit, awaiting=True, why=AWAITING)
        else:
            yield replace(credit, applied=True)


def exempt(basis: Basis, contract: Contract, responsibility: Responsibility) -> bool:
    """Tell whether a responsibility frees the carrier from a rule; by law only the customer's own fault does."""
    if basis is Basis.LAW:
        return responsibility is Responsibility.CUSTOMER
    return responsibility.value in contract.exempt_responsibilities


def _credit(
    rule: Rule,
    derivation: str,
    *,
    amount: Decimal | None = None,
    days: Decimal | None = None,
    worth: Decimal | None = None,
) -> Credit:
    value = worth if worth is not None else amount if amount is not None else ZERO
    return Credit(rule.name, rule.clause, rule.basis, amount, days, value, derivation, rule.beside)


def hours(seconds: int) -> str:
    """Return a duration for a derivation: whole hours as such, else hours to two places with the seconds."""
    return f"{seconds // HOUR_S} h" if seconds % HOUR_S == 0 else f"{plain(Fraction(seconds, HOUR_S))} h ({seconds} s)"


def _service_extension(case: Case, rule: ServiceExtension) -> Credit | None:
    """Free days for every continuous interruption that is long enough, each rounded, then added (clause 3.6)."""
    pieces = case.segment_seconds(Kind.INTERRUPTION) - case.excluded()
    lengths = [piece.end - piece.start for piece in pieces if piece.end - piece.start >= rule.at_least_hours * HOUR_S]
    if not lengths:
        return None
    days = sum((_days(length, rule.rounding) for length in lengths), Decimal(0))
    month = BillingMonth.of(_booked_at(case), case.zone)
    worth = cents(Fraction(days) * Fraction(case.charge.rent) / month.days)
    parts = "; ".join(
        f"{hours(length)} interrupted = {_in_days(Fraction(length, DAY_S))}, {_ROUNDED[rule.rounding]} "
        f"{plain(_days(length, rule.rounding))}"
        for length in lengths
    )
    total = f"; together {_in_days(days)}" if len(lengths) > 1 else ""
    derivation = f"{parts}{total}; worth {plain(days)} x {case.charge.rent} / {month.days}"
    return _credit(rule, derivation, days=days, worth=worth) if days else None


def _in_days(days: Fraction | Decimal) -> str:
    return "1 day" if days == 1 else f"{plain(days)} days"


_ROUNDED = {"up": "rounded up to", "down": "rounded down to", "exact": "to two places"}


def _days(length_s: int, rounding: str) -> Decimal:
    if rounding == "exact":
        return cents(Fraction(length_s, DAY_S))
    return Decimal(-(-length_s // DAY_S) if rounding == "up" else length_s // DAY_S)


def _booked_at(case: Case) -> datetime:
    """Return the instant that decides the month: `restored`, or the last one that is known of."""
    restored = case.incident.restored
    return restored if restored is not None and restored <= case.until else case.until - MICROSECOND


def _statutory_waiver(case: Case, rule: StatutoryWaiver) -> Credit | None:
    """Rent of the fault time, once the statutory clock is over its limit (Regulations, article 32)."""
    clock = case.clock(STATUTORY)
    if clock is None or clock.limit_s is None or not clock.breached:
        return None
    fault = SpanSet([case.span]) - case.excluded(CUSTOMER_SIDE)
    share, parts = _by_month(fault, case.zone)
    amount = cents(Fraction(case.charge.rent) * share)
    derivation = (
        f"{hours(clock.restore_s)} since the complaint, the law allows {hours(clock.limit_s)}; "
        f"{case.charge.rent} x {parts}"
    )
    return _credit(rule, derivation, amount=amount) if amount else None


def _by_month(time: SpanSet[int], zone: ZoneInfo) -> tuple[Fraction, str]:
    """Return the sum over months of seconds / seconds of that month, and how it reads."""
    share, parts = Fraction(0), []
    for span in time:
        for month in months_touched(span, zone):
            whole = month.seconds(zone)
            length = min(span.end, whole.end) - max(span.start, whole.start)
            share += Fraction(length, whole.end - whole.start)
            parts.append(f"{length}/{whole.end - whole.start}")
    return share, parts[0] if len(parts) == 1 else f"({' + '.join(parts)})"


def _restore_overrun(case: Case, rule: RestoreOverrun) -> Credit | None:
    """A share of the charge for each started unit over the limit; of two clocks the larger credit counts."""
    best: Credit | None = None
    for category, unit_hours in rule.unit_hours.items():
        clock = case.clock(category.value)
        if clock is None or not clock.overrun_s:
            continue
        units = -(-Fraction(clock.overrun_s) // (unit_hours * HOUR_S))
        amount = cents(units * rule.credit_per_unit * Fraction(case.charge.total))
        derivation = f"{_started(units, unit_hours)} x {rule.credit_per_unit} x {case.charge}"
        if amount and (best is None or amount > best.worth):
            best = _credit(rule, derivation, amount=amount)
    return best


def _started(units: int, unit_hours: Fraction) -> str:
    if unit_hours == 1:
        return f"{units} started {'hour' if units == 1 else 'hours'}"
    return f"{units} started {plain(unit_hours)} h"


def _planned_work_waiver(case: Case, rule: PlannedWorkWaiver) -> Credit | None:
    """The charge of interrupted time inside planned work, announced in time or not (Regulations, article 35)."""
    until = whole_second(case.until)
    windows: SpanSet[int] = SpanSet(a.seconds(until) for a in case.adjudged if a.from_window)
    planned = case.segment_seconds(Kind.INTERRUPTION) & windows
    if not planned:
        return None
    share, parts = _by_month(planned, case.zone)
    amount = cents(Fraction(case.charge.total) * share)
    derivation = f"interrupted during planned work: {case.charge} x {parts}"
    return _credit(rule, derivation, amount=amount) if amount else None


def _step_table(case: Case, rule: StepTable) -> Credit | None:
    """A share of the charge by the restore time of the interruption clock; a step's start belongs to it."""
    clock = case.clock(Category.INTERRUPTION.value)
    if clock is None:
        return None
    reached = [step for step in rule.steps if step.from_minutes * 60 <= clock.restore_s]
    if not reached:
        return None
    step = reached[-1]
    amount = cents(step.credit * Fraction(case.charge.total))
    reached_at = f"restored after {hours(clock.restore_s)}, from {plain(step.from_minutes)} min"
    derivation = f"{reached_at}: {step.credit} x {case.charge}"
    return _credit(rule, derivation, amount=amount) if amount else None


def cumulative_credits(
    contract: Contract, cases: Sequence[Case], month: Span[int], charge: Charge
) -> tuple[Credit, ...]:
    """Return what a line earns by the hours of its month (`cumulative_hours`), which stands at no incident.

    `cases` are all incidents that touch the month, each exempt by the version in force at its onset; `charge` is that
    of the month's last period.
    """
    rules = [rule for rule in contract.rules if isinstance(rule, CumulativeHours)]
    found = (_cumulative(rule, cases, month, charge) for rule in rules)
    return tuple(credit for credit in found if credit is not None)


def _cumulative(rule: CumulativeHours, cases: Sequence[Case], month: Span[int], charge: Charge) -> Credit | None:
    earning: SpanSet[int] = SpanSet()
    for case in cases:
        responsibility = case.incident.responsibility
        barred = case.incident.false_alarm or exempt(rule.basis, case.contract, responsibility)
        if not barred and responsibility is not Responsibility.UNDECIDED:
            earning |= case.segment_seconds(Kind.INTERRUPTION) - case.excluded()
    interrupted_s = seconds_in(earning.within(month))
    if not interrupted_s:
        return None
    started = -(-interrupted_s // HOUR_S)
    amount = cents(started * rule.credit_per_hour * Fraction(charge.total))
    counted = f"{hours(interrupted_s)} interrupted in the month = {_started(started, Fraction(1))}"
    derivation = f"{counted} x {rule.credit_per_hour} x {charge}"
    return replace(_credit(rule, derivation, amount=amount), applied=True) if amount else None
