"""The statement of a month: what each line had, what it costs, and what is paid back (domain, sections 4 to 6).

A statement is a value; every format prints it and none computes. It depends on ledger, contracts and inventory
alone: the wall clock plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from .accounting import Availability, Course, Seconds, account, availability
from .calendar import BillingMonth
from .case import Case, Charge, Credit, charge_of
from .compensation import credits_of, cumulative_credits
from .contract import Basis, Contract
from .exclusion import Adjudged, adjudicate, concerning, concerns, touches
from .facts import Correction, LineFacts
from .incident import Incident, Notice
from .inventory import Line, Period
from .location import ALONE, UNSEEN, Hypothesis, Vicinity, hypothesis
from .money import ZERO, cents, net_and_tax
from .proration import PeriodStatement, last_terms, periods_of, proration, vat_rate
from .segments import clipped
from .slaclock import Clock, clocks
from .timeline import LineTerms, Measured, Timeline, assemble
from .timespan import Span


@dataclass(frozen=True, slots=True)
class IncidentStatement:
    """One incident as a month shows it: cut to what happened before the month's end while it is pending.

    It is judged by the period and the contract version in force at its onset.
    """

    incident: Incident
    period: Period
    contract: Contract
    adjudged: tuple[Adjudged, ...]
    clocks: tuple[Clock, ...]
    credits: tuple[Credit, ...]
    hypothesis: Hypothesis = UNSEEN
    corrections: tuple[Correction, ...] = ()


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
    """One line's month.

    `course` says where in it the seconds went. `recent` counts the incidents that began in the `RECENT` time before its
    end, or before it was last observed: a line that fails again and again is found by it, months apart or not.
    """

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
    course: Course
    availability: Availability
    incidents: tuple[IncidentStatement, ...]
    pending: tuple[IncidentStatement, ...]
    notices: tuple[Notice, ...]
    credits: tuple[Credit, ...]
    totals: Totals
    recent: int = 0


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
    periods = periods_of(terms, month)
    if not periods and not settled and not pending:
        return None
    around = measured.vicinity
    done = [_stated(terms, filed, x, None, around) for x in settled]
    begun = [_stated(terms, filed, _before(x, line_month.horizon), line_month.horizon, around) for x in pending]
    cases = [case for case, _ in (*done, *begun)]
    period, contract = last_terms(terms, month)
    charge = charge_of(period, contract)
    cumulative = cumulative_credits(contract, cases, month.seconds(terms.zone), charge)
    seconds, course = account(timeline.service, line_month.known, cases, measured.nodata)
    rent, fee = proration(periods, month, terms.zone, timeline.service)
    rate = vat_rate(terms.line, period, contract, month)
    net, tax = net_and_tax(rent + fee, rate)
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
        vat_rate=rate,
        seconds=seconds,
        course=course,
        availability=availability(seconds),
        incidents=incidents,
        pending=tuple(statement for _, statement in begun),
        notices=tuple(n for n in timeline.notices if n.start < whole.end and (n.end is None or n.end > whole.start)),
        credits=cumulative,
        totals=totals([*earned, *cumulative], charge, contract, rate),
        recent=_recent(timeline, line_month.horizon),
    )


RECENT = timedelta(days=30)


def _recent(timeline: Timeline, horizon: datetime) -> int:
    """Count the incidents that began in the last 30 days before the horizon, false alarms left out."""
    since = horizon - RECENT
    return len([x for x in timeline.incidents if since <= x.onset < horizon and not x.false_alarm])


def _stated(
    terms: LineTerms, filed: LineFacts, incident: Incident, horizon: datetime | None, vicinity: Vicinity = ALONE
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
    located = hypothesis(incident, has_demarc=period.demarc is not None, vicinity=vicinity, until=until)
    corrected: tuple[Correction, ...] = ()
    if filed.corrections:
        ids = incident.derived_from or (incident.id,)
        corrected = tuple(one for one in filed.corrections if one.incident_id in ids)
    stated = IncidentStatement(incident, period, contract, adjudged, running, credits_of(case), located, corrected)
    return case, stated


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
    cut = max(ZERO, capped - cents(Fraction(charge.total) * contract.cap_ratio)) if capped else ZERO
    paid = capped - cut + by_basis[Basis.LAW]
    net, tax = net_and_tax(paid, vat_rate)
    return Totals(paid, net, tax, cut, days, awaiting + ZERO, awaiting_days, by_basis)
