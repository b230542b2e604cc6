"""What a line costs in a month: terms day by day, rent and fee by days in service, VAT (clauses 4.4, 4.6, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from .calendar import BillingMonth, day_of, start_of_day
from .case import charge_of
from .contract import Contract
from .inventory import Line, Period
from .money import cents
from .timeline import LineTerms
from .timespan import Span, SpanSet


@dataclass(frozen=True, slots=True)
class PeriodStatement:
    """The terms of a line for some days of the month, both inclusive."""

    first_day: date
    last_day: date
    tier: str | None
    monthly_rent: Decimal
    monthly_sla_fee: Decimal


def last_terms(terms: LineTerms, month: BillingMonth) -> tuple[Period, Contract]:
    """Return the month's last period and the contract version on its last day in the month."""
    period = terms.line.period_on(month.last_day)
    day = month.last_day
    if period.last_day is not None and month.first_day <= period.last_day < day:
        day = period.last_day
    return period, terms.contracts.on(period.contract, day)


def periods_of(terms: LineTerms, month: BillingMonth) -> tuple[PeriodStatement, ...]:
    """Return the terms of each stretch of days; a new contract version in mid-month begins a stretch of its own."""
    found = []
    for period in terms.line.periods:
        first = max(period.first_day, month.first_day)
        last = month.last_day if period.last_day is None else min(period.last_day, month.last_day)
        changes = [c.effective_from for c in terms.contracts.of(period.contract) if first < c.effective_from <= last]
        starts = [first, *changes]
        for start, following in zip(starts, [*changes, last + _DAY], strict=True):
            if start < following:
                charge = charge_of(period, terms.contracts.on(period.contract, start))
                found.append(PeriodStatement(start, following - _DAY, period.tier, charge.rent, charge.sla_fee))
    return tuple(found)


_DAY = timedelta(days=1)


def proration(
    periods: Sequence[PeriodStatement], month: BillingMonth, zone: ZoneInfo, service: SpanSet[datetime]
) -> tuple[Decimal, Decimal]:
    """Return rent and SLA fee by days in service; days suspended from midnight to midnight cost nothing."""
    rent = fee = Fraction(0)
    whole = month.span(zone)
    suspended = SpanSet([whole]) - service
    for period in periods:
        days = (period.last_day - period.first_day).days + 1
        if suspended:
            days -= _whole_days_off(period, zone, suspended)
        share = Fraction(days, month.days)
        rent += Fraction(period.monthly_rent) * share
        fee += Fraction(period.monthly_sla_fee) * share
    return cents(rent), cents(fee)


def _whole_days_off(period: PeriodStatement, zone: ZoneInfo, off: SpanSet[datetime]) -> int:
    bounds = Span(start_of_day(period.first_day, zone), start_of_day(period.last_day + _DAY, zone))
    count = 0
    for span in off.within(bounds):
        first, last = day_of(span.start, zone), day_of(span.end, zone)
        if start_of_day(first, zone) < span.start:
            first += _DAY
        count += max(0, (last - first).days)
    return count


def vat_rate(line: Line, period: Period, contract: Contract, month: BillingMonth) -> Decimal:
    """Return the line's agreed rate, or the contract's for its product on the last day of service in the month."""
    if period.vat_rate is not None:
        return period.vat_rate
    day = month.last_day if period.last_day is None else min(month.last_day, period.last_day)
    rate = contract.vat_rate(period.product, day)
    if rate is None:
        raise UnknownVatRate(f"{line.line_id}: contract {contract.id} has no VAT rate for {period.product} on {day}")
    return rate


class UnknownVatRate(ValueError):
    """Neither inventory nor contract gives a VAT rate."""
