"""The compensation rules, each a page of the agreement: what it gives, and how that was worked out, in words.

Every rule is a function of one `Case` to a `Credit`, or None where it gives nothing (domain, section 5). Amounts stay
exact fractions until `cents` rounds them, once per credit.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from .calendar import BillingMonth, months_touched
from .case import Case, Charge, Credit
from .contract import PlannedWorkWaiver, RestoreOverrun, Rule, ServiceExtension, StatutoryWaiver, StepTable
from .exclusion import CUSTOMER_SIDE
from .facts import Category
from .incident import Kind
from .money import ZERO, cents, plain
from .phrase import Phrase, listed
from .slaclock import STATUTORY
from .timespan import MICROSECOND, SpanSet, seconds_in, whole_second

DAY_S = 86_400
HOUR_S = 3_600


def worked_out(case: Case, rule: Rule) -> Credit | None:
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


def credit_of(
    rule: Rule,
    derivation: str,
    *,
    amount: Decimal | None = None,
    days: Decimal | None = None,
    worth: Decimal | None = None,
) -> Credit:
    """Return what a rule gives; where `worth` is not said it is the amount."""
    value = worth if worth is not None else amount if amount is not None else ZERO
    return Credit(rule.name, rule.clause, rule.basis, amount, days, value, derivation, rule.beside)


def hours(seconds: int) -> Phrase:
    """Return a duration for a derivation: whole hours as such, else hours to two places with the seconds."""
    if seconds % HOUR_S == 0:
        return Phrase("{hours} h", hours=seconds // HOUR_S)
    return Phrase("{hours} h ({seconds} s)", hours=plain(Fraction(seconds, HOUR_S)), seconds=seconds)


def _service_extension(case: Case, rule: ServiceExtension) -> Credit | None:
    """Free days for every continuous interruption that is long enough, each rounded, then added (clause 3.6)."""
    at_least_s = rule.at_least_hours * HOUR_S
    interrupted = case.segment_seconds(Kind.INTERRUPTION)
    if seconds_in(interrupted) < at_least_s:
        return None
    pieces = interrupted - case.excluded()
    lengths = [piece.end - piece.start for piece in pieces if piece.end - piece.start >= at_least_s]
    if not lengths:
        return None
    days = sum((_days(length, rule.rounding) for length in lengths), Decimal(0))
    month = BillingMonth.of(_booked_at(case), case.zone)
    worth = cents(Fraction(days) * Fraction(case.charge.rent) / month.days)
    parts = [_interruption(length, rule.rounding) for length in lengths]
    if len(lengths) > 1:
        parts.append(Phrase("together {days}", days=_in_days(days)))
    value = Phrase(
        "worth {days} x {rent} / {month_days}", days=plain(days), rent=case.charge.rent, month_days=month.days
    )
    return credit_of(rule, listed([*parts, value]), days=days, worth=worth) if days else None


def _interruption(length_s: int, rounding: str) -> Phrase:
    """Return how one interruption becomes days."""
    days = plain(_days(length_s, rounding))
    return Phrase(_ROUNDED[rounding], time=hours(length_s), in_days=_in_days(Fraction(length_s, DAY_S)), days=days)


def _in_days(days: Fraction | Decimal) -> Phrase:
    return Phrase("1 day") if days == 1 else Phrase("{days} days", days=plain(days))


_ROUNDED = {
    "up": "{time} interrupted = {in_days}, rounded up to {days}",
    "down": "{time} interrupted = {in_days}, rounded down to {days}",
    "exact": "{time} interrupted = {in_days}, to two places {days}",
}


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
    derivation = Phrase(
        "{time} since the complaint, the law allows {limit}; {rent} x {share}",
        time=hours(clock.restore_s),
        limit=hours(clock.limit_s),
        rent=case.charge.rent,
        share=parts,
    )
    return credit_of(rule, derivation, amount=amount) if amount else None


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
        derivation = priced(started(units, unit_hours), rule.credit_per_unit, case.charge)
        if amount and (best is None or amount > best.worth):
            best = credit_of(rule, derivation, amount=amount)
    return best


def started(units: int, unit_hours: Fraction) -> Phrase:
    """Return how many units of some hours were begun, for a derivation."""
    if unit_hours == 1:
        return Phrase("{units} started hour" if units == 1 else "{units} started hours", units=units)
    return Phrase("{units} started {hours} h", units=units, hours=plain(unit_hours))


def priced(what: str, share: Fraction, charge: Charge) -> Phrase:
    """Return what is counted, times a share of the charge, for a derivation."""
    return Phrase("{what} x {share} x {charge}", what=what, share=share, charge=charge)


def _planned_work_waiver(case: Case, rule: PlannedWorkWaiver) -> Credit | None:
    """The charge of interrupted time inside planned work, announced in time or not (Regulations, article 35)."""
    if not any(adjudged.from_window for adjudged in case.adjudged):
        return None
    until = whole_second(case.until)
    windows: SpanSet[int] = SpanSet(a.seconds(until) for a in case.adjudged if a.from_window)
    planned = case.segment_seconds(Kind.INTERRUPTION) & windows
    if not planned:
        return None
    share, parts = _by_month(planned, case.zone)
    amount = cents(Fraction(case.charge.total) * share)
    derivation = Phrase("interrupted during planned work: {charge} x {share}", charge=case.charge, share=parts)
    return credit_of(rule, derivation, amount=amount) if amount else None


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
    derivation = Phrase(
        "restored after {time}, from {minutes} min: {share} x {charge}",
        time=hours(clock.restore_s),
        minutes=plain(step.from_minutes),
        share=step.credit,
        charge=case.charge,
    )
    return credit_of(rule, derivation, amount=amount) if amount else None
