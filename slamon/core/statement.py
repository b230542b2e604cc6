"""The statement of a month: what each line had, what it costs, and what is paid back (domain, sections 4 to 6).

A statement is a value; every format prints it and none computes. It depends on ledger, contracts and inventory
alone: the wall clock plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from .accounting import Availability, Seconds, account, availability
from .calendar import BillingMonth, day_of, start_of_day
from .compensation import Case, Charge, Credit, charge_of, credits_of, cumulative_credits
from .contract import Basis, Contract
from .exclusion import Adjudged, adjudicate, concerning, concerns, touches
from .facts import LineFacts
from .incident import Incident, Notice
from .inventory import Line, Period
from .money import ZERO, cents, net_and_tax
from .segments import clipped
from .slaclock import Clock, clocks
from .timeline import LineTerms, Measured, assemble
from .timespan import Span, SpanSet


@dataclass(frozen=True, slots=True)
class IncidentStatement:
    """One incident as a month shows it: cut to what happened before the month's end while it is pending."""

    incident: Incident
    adjudged: tuple[Adjudged, ...]
    clocks: tuple[Clock, ...]
    credits: tuple[Credit, ...]


@dataclass(frozen=True, slots=True)
class PeriodStatement:
    """The terms of a line for some days of the month, both inclusive."""

    first_day: date
    last_day: date
    tier: str | None
    monthly_rent: Decimal
    monthly_sla_fee: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a line earns in a month; money is tax included, `by_basis` before the cap."""

    credit: Decimal
    credit_net: Decimal
    credit_tax: Decimal
    cut_by_cap: Decimal
    extension_days: Decimal
    awaiting: Decimal
    awaiting_days: Decimal
    by_basis: Mapping[Basis, Decimal]


@dataclass(frozen=True, slots=True)
class LineStatement:
    """One line's month."""

    line: Line
    period: Period
    contract: Contract
    zone: ZoneInfo
    periods: tuple[PeriodStatement, ...]
    rent: Decimal
    sla_fee: Decimal
    net: Decimal
    tax: Decimal
    vat_rate: Decimal
    seconds: Seconds
    availability: Availability
    incidents: tuple[IncidentStatement, ...]
    pending: tuple[IncidentStatement, ...]
    notices: tuple[Notice, ...]
    credits: tuple[Credit, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class LineMonth:
    """A line's month before it is worked out: bounds in its zone, and how far the month is known."""

    month: BillingMonth
    zone: ZoneInfo
    as_of: datetime | None

    @property
    def whole(self) -> Span[datetime]:
        return self.month.span(self.zone)

    @property
    def known(self) -> Span[datetime] | None:
        """The part of the month that has been observed, None before it began."""
        whole = self.whole
        end = whole.end if self.as_of is None else min(whole.end, self.as_of)
        return Span(whole.start, end) if self.as_of is not None and whole.start < end else None

    @property
    def horizon(self) -> datetime:
        """What pending incidents are known up to: the month's end, or as far as lines were observed."""
        return self.whole.end if self.as_of is None else min(self.whole.end, self.as_of)

    def settles(self, incident: Incident) -> bool:
        """Tell whether an incident was restored in the month, as far as it is known."""
        restored = incident.restored
        return restored is not None and restored in self.whole and restored <= self.horizon

    def leaves_open(self, incident: Incident) -> bool:
        """Tell whether an incident had begun and was still open at the horizon."""
        restored = incident.restored
        still = restored is None or restored > self.horizon or restored >= self.whole.end
        return still and incident.onset < self.horizon


def line_statement(
    terms: LineTerms, month: BillingMonth, as_of: datetime | None, measured: Measured, filed: LineFacts
) -> LineStatement | None:
    """Return a line's statement, or None where the month has neither terms nor an incident of it.

    `as_of` is the latest instant to which any line has been observed, None if none was.
    """
    line_month = LineMonth(month, terms.zone, as_of)
    timeline = assemble(terms, measured, filed)
    if filed.maintenance:
        filed = replace(filed, maintenance=concerning(filed.maintenance, terms.line))
    whole = line_month.whole
    settled = [x for x in timeline.incidents if line_month.settles(x)]
    pending = [x for x in timeline.incidents if line_month.leaves_open(x)]
    periods = _periods(terms, month)
    if not periods and not settled and not pending:
        return None
    done = [_stated(terms, filed, x, None) for x in settled]
    begun = [_stated(terms, filed, _before(x, line_month.horizon), line_month.horizon) for x in pending]
    cases = [case for case, _ in (*done, *begun)]
    period, contract = _last_terms(terms, month)
    charge = charge_of(period, contract)
    cumulative = cumulative_credits(contract, cases, month.seconds(terms.zone), charge)
    seconds = account(timeline.service, line_month.known, cases, measured.nodata)
    rent, fee = _proration(periods, month, terms.zone, timeline.service)
    vat_rate = _vat_rate(terms.line, period, contract, month)
    net, tax = net_and_tax(rent + fee, vat_rate)
    incidents = tuple(statement for _, statement in done)
    earned = [credit for statement in incidents for credit in statement.credits]
    return LineStatement(
        line=terms.line,
        period=period,
        contract=contract,
        zone=terms.zone,
        periods=periods,
        rent=rent,
        sla_fee=fee,
        net=net,
        tax=tax,
        vat_rate=vat_rate,
        seconds=seconds,
        availability=availability(seconds),
        incidents=incidents,
        pending=tuple(statement for _, statement in begun),
        notices=tuple(n for n in timeline.notices if n.start < whole.end and (n.end is None or n.end > whole.start)),
        credits=cumulative,
        totals=totals([*earned, *cumulative], charge, contract, vat_rate),
    )


def _stated(
    terms: LineTerms, filed: LineFacts, incident: Incident, horizon: datetime | None
) -> tuple[Case, IncidentStatement]:
    """Work out one incident by the terms in force at its onset; `horizon` is where a pending one is cut."""
    contract, period = terms.contract_at(incident.onset), terms.period_at(incident.onset)
    until = horizon if horizon is not None else _over_at(incident)
    touching = [w for w in filed.maintenance if touches(w, incident, until)]
    windows = [w for w in touching if concerns(w, terms.line.line_id, terms.period_at(w.start))]
    adjudged = adjudicate(incident, contract, windows, horizon)
    running = clocks(incident, contract, period, adjudged, until)
    case = Case(
        incident=incident,
        contract=contract,
        period=period,
        charge=charge_of(period, contract),
        zone=terms.zone,
        clocks=running,
        adjudged=adjudged,
        until=until,
    )
    return case, IncidentStatement(incident, adjudged, running, credits_of(case))


def ticking(terms: LineTerms, filed: LineFacts, incident: Incident, at: datetime) -> tuple[Clock, ...]:
    """Return the clocks of an open incident as they stand at an instant."""
    return _stated(terms, filed, _before(incident, at), at)[1].clocks


def _over_at(incident: Incident) -> datetime:
    """Return the instant after which nothing about a restored incident matters any more."""
    if incident.restored is None:
        raise ValueError(f"{incident.id} is open: it needs a horizon")
    return incident.restored if incident.handed_back is None else max(incident.restored, incident.handed_back)


def _before(incident: Incident, horizon: datetime) -> Incident:
    """Return an incident as it stood at an instant while it was still open: only what happened before."""
    complaints = tuple(c for c in incident.complaints if c.at < horizon)
    return replace(
        incident,
        alarm=incident.alarm if incident.alarm is not None and incident.alarm <= horizon else None,
        restored=None,
        restored_earliest=None,
        handed_back=None,
        segments=clipped(incident.segments, horizon),
        complaints=complaints,
        complaint=min((c.at for c in complaints), default=None),
    )


def _last_terms(terms: LineTerms, month: BillingMonth) -> tuple[Period, Contract]:
    """Return the month's last period and the contract version on its last day in the month."""
    period = terms.line.period_on(month.last_day)
    day = month.last_day
    if period.last_day is not None and month.first_day <= period.last_day < day:
        day = period.last_day
    return period, terms.contracts.on(period.contract, day)


def _periods(terms: LineTerms, month: BillingMonth) -> tuple[PeriodStatement, ...]:
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


def _proration(
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
        rent += Fraction(period.monthly_rent) * days / month.days
        fee += Fraction(period.monthly_sla_fee) * days / month.days
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


def _vat_rate(line: Line, period: Period, contract: Contract, month: BillingMonth) -> Decimal:
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


def totals(found: Sequence[Credit], charge: Charge, contract: Contract, vat_rate: Decimal) -> Totals:
    """Return what a line earns in a month: agreement and policy up to the cap, the law's credits outside it."""
    by_basis = dict.fromkeys(Basis, ZERO)
    days = awaiting = awaiting_days = Decimal(0)
    for credit in found:
        if credit.applied:
            by_basis[credit.basis] += credit.amount or ZERO
            days += credit.days or 0
        elif credit.awaiting:
            awaiting += credit.amount or ZERO
            awaiting_days += credit.days or 0
    capped = by_basis[Basis.AGREEMENT] + by_basis[Basis.POLICY]
    cut = max(ZERO, capped - cents(Fraction(charge.total) * contract.cap_ratio))
    paid = capped - cut + by_basis[Basis.LAW]
    net, tax = net_and_tax(paid, vat_rate)
    return Totals(paid, net, tax, cut, days, awaiting + ZERO, awaiting_days, by_basis)
