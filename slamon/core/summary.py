"""What a statement says in one look: the sums of its lines, worked out here so that no format adds anything up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .accounting import Availability, Seconds, availability, together
from .contract import Basis
from .facts import Category
from .incident import State
from .money import ZERO
from .slaclock import STATUTORY
from .statement import IncidentStatement, LineStatement


@dataclass(frozen=True, slots=True)
class Tally:
    """The incidents of one category: how many were restored, are open, missed their limit.

    `longest_s` and `mean_s` are restore times of the category's own clock among the restored ones, None without any.
    """

    category: Category
    restored: int
    pending: int
    breached: int
    longest_s: int | None
    mean_s: int | None


@dataclass(frozen=True, slots=True)
class VatSum:
    """What is charged and credited under one rate of VAT; net and tax add up to the amount."""

    rate: Decimal
    charge: Decimal
    charge_net: Decimal
    charge_tax: Decimal
    credit: Decimal
    credit_net: Decimal
    credit_tax: Decimal


@dataclass(frozen=True, slots=True)
class Summary:
    """The sums of some lines' months in one currency.

    `by_basis` stands before the cap: it sums to ``credit + cut_by_cap``. `accrued` is what open incidents would earn
    by now and is part of no other sum. `availability` is that of all lines' time together.
    """

    lines: int
    seconds: Seconds
    availability: Availability
    tallies: tuple[Tally, ...]
    statutory_breaches: int
    false_alarms: int
    rent: Decimal
    sla_fee: Decimal
    net: Decimal
    tax: Decimal
    by_basis: Mapping[Basis, Decimal]
    cut_by_cap: Decimal
    credit: Decimal
    credit_net: Decimal
    credit_tax: Decimal
    extension_days: Decimal
    awaiting: Decimal
    awaiting_days: Decimal
    accrued: Decimal
    accrued_days: Decimal
    by_rate: tuple[VatSum, ...]

    @property
    def charge(self) -> Decimal:
        """Rent and SLA fee together, tax included."""
        return self.rent + self.sla_fee

    @property
    def credit_before_cap(self) -> Decimal:
        """What agreement, law and policy give, before the cap cuts."""
        return self.credit + self.cut_by_cap

    @property
    def incidents(self) -> int:
        return sum(tally.restored for tally in self.tallies)

    @property
    def pending(self) -> int:
        return sum(tally.pending for tally in self.tallies)

    @property
    def breaches(self) -> int:
        """Limits of the agreement that were missed; those of the law are counted apart."""
        return sum(tally.breached for tally in self.tallies)


def summarize(lines: Sequence[LineStatement]) -> Summary:
    """Return the sums of some lines' months; all are in one currency."""
    seconds = together(line.seconds for line in lines)
    totals = [line.totals for line in lines]
    settled = [shown for line in lines for shown in line.incidents]
    pending = [shown for line in lines for shown in line.pending]
    money, days = accrued(pending)
    return Summary(
        lines=len(lines),
        seconds=seconds,
        availability=availability(seconds),
        tallies=tuple(tally(category, settled, pending) for category in Category),
        statutory_breaches=_breached(settled, STATUTORY),
        false_alarms=sum(_is_false(shown) for shown in settled),
        rent=_sum(line.rent for line in lines),
        sla_fee=_sum(line.sla_fee for line in lines),
        net=_sum(line.net for line in lines),
        tax=_sum(line.tax for line in lines),
        by_basis={basis: _sum(one.by_basis[basis] for one in totals) for basis in Basis},
        cut_by_cap=_sum(one.cut_by_cap for one in totals),
        credit=_sum(one.credit for one in totals),
        credit_net=_sum(one.credit_net for one in totals),
        credit_tax=_sum(one.credit_tax for one in totals),
        extension_days=sum((one.extension_days for one in totals), Decimal(0)),
        awaiting=_sum(one.awaiting for one in totals),
        awaiting_days=sum((one.awaiting_days for one in totals), Decimal(0)),
        accrued=money,
        accrued_days=days,
        by_rate=tuple(_by_rate(lines)),
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _is_false(shown: IncidentStatement) -> bool:
    return shown.incident.state is State.FALSE_ALARM


def _breached(found: Iterable[IncidentStatement], category: str) -> int:
    return sum(clock.breached for shown in found for clock in shown.clocks if clock.category == category)


def tally(category: Category, settled: Iterable[IncidentStatement], pending: Iterable[IncidentStatement]) -> Tally:
    """Count the incidents of a category, false alarms left out; a missed limit counts under its clock's category."""
    settled = list(settled)
    real = [shown for shown in settled if shown.incident.category is category and not _is_false(shown)]
    times = [clock.restore_s for shown in real for clock in shown.clocks if clock.category == category]
    return Tally(
        category=category,
        restored=len(real),
        pending=sum(shown.incident.category is category and not _is_false(shown) for shown in pending),
        breached=_breached(settled, category),
        longest_s=max(times, default=None),
        mean_s=mean(times),
    )


def mean(seconds: Sequence[int]) -> int | None:
    """Return the mean in whole seconds, half-up; None of nothing."""
    return (2 * sum(seconds) + len(seconds)) // (2 * len(seconds)) if seconds else None


def accrued(pending: Iterable[IncidentStatement]) -> tuple[Decimal, Decimal]:
    """Return the money and the days that open incidents would earn as they stand."""
    earned = [credit for shown in pending for credit in shown.credits if credit.applied or credit.awaiting]
    return _sum(c.amount or ZERO for c in earned), sum((c.days or Decimal(0) for c in earned), Decimal(0))


def _by_rate(lines: Sequence[LineStatement]) -> Iterable[VatSum]:
    for rate in sorted({line.vat_rate for line in lines}):
        taxed = [line for line in lines if line.vat_rate == rate]
        yield VatSum(
            rate=rate,
            charge=_sum(line.rent + line.sla_fee for line in taxed),
            charge_net=_sum(line.net for line in taxed),
            charge_tax=_sum(line.tax for line in taxed),
            credit=_sum(line.totals.credit for line in taxed),
            credit_net=_sum(line.totals.credit_net for line in taxed),
            credit_tax=_sum(line.totals.credit_tax for line in taxed),
        )
