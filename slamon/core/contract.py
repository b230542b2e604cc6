"""The terms of an agreement as values: limits, fees, exclusions, compensation rules, each with its clause.

Nothing of any agreement is in the code; a contract file says it all. `flaws` finds what a loader must refuse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise, product
from zoneinfo import ZoneInfo

from .calendar import day_of
from .facts import Category


class Basis(StrEnum):
    """What a compensation rule rests on; it decides who is exempt and whether the cap applies."""

    AGREEMENT = "agreement"
    LAW = "law"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Limit:
    """One row of the restore-time table: seconds by tier, for one category and some spans (clause 3.9)."""

    category: Category
    seconds: Mapping[str, int]
    spans: tuple[str, ...] = ()
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class VatRate:
    """The rate of a product from a day on."""

    product: str
    from_day: date
    rate: Decimal


@dataclass(frozen=True, slots=True)
class NoticeTerms:
    """How planned work must be announced to leave the clock (clause 3.3)."""

    notice_hours: float
    channels: tuple[str, ...]
    clause: str | None = None


@dataclass(frozen=True, slots=True)
class ExclusionTerms:
    """A kind of time that may leave the clock, and what it needs."""

    kind: str
    clause: str | None = None
    evidence: bool = False
    notify_within_days: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """What every compensation rule has: a name, what it rests on, whether it is paid beside the others."""

    clause: str | None = None
    basis: Basis = Basis.AGREEMENT
    beside: bool = False

    @property
    def name(self) -> str:
        return RULE_NAMES[type(self)]


@dataclass(frozen=True, slots=True)
class ServiceExtension(Rule):
    """Free days for every continuous interruption of `at_least_hours` or more (clause 3.6)."""

    at_least_hours: Fraction = Fraction(24)
    rounding: str = "up"


@dataclass(frozen=True, slots=True)
class StatutoryWaiver(Rule):
    """Rent of the fault time, once the statutory clock is over its limit (Regulations, article 32)."""

    hours: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RestoreOverrun(Rule):
    """A share of the charge for each started unit of overrun (operator's policy)."""

    unit_hours: Mapping[Category, Fraction] = field(default_factory=dict)
    credit_per_unit: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class PlannedWorkWaiver(Rule):
    """The charge of interrupted time inside planned work, announced or not (Regulations, article 35)."""


@dataclass(frozen=True, slots=True)
class CumulativeHours(Rule):
    """A share of the month's charge for each started hour of interruption in the month."""

    credit_per_hour: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Step:
    """From `from_minutes` of restore time on (inclusive), this share of the charge."""

    from_minutes: Fraction
    credit: Fraction


@dataclass(frozen=True, slots=True)
class StepTable(Rule):
    """A share of the charge by restore time of the interruption clock."""

    steps: tuple[Step, ...] = ()


RULE_NAMES: dict[type[Rule], str] = {
    ServiceExtension: "service_extension",
    StatutoryWaiver: "statutory_waiver",
    RestoreOverrun: "restore_overrun",
    PlannedWorkWaiver: "planned_work_waiver",
    CumulativeHours: "cumulative_hours",
    StepTable: "step_table",
}

# The Regulations bind every line of the PRC, whatever a contract prints (article 32).
STATUTORY_HOURS: Mapping[str, Fraction] = {"urban": Fraction(48), "rural": Fraction(72)}


@dataclass(frozen=True, slots=True)
class Contract:
    """One version of an agreement, in force from `effective_from` in its own time zone."""

    id: str
    title: str
    effective_from: date
    currency: str
    zone: ZoneInfo
    tiers: tuple[str, ...] = ()
    spans: tuple[str, ...] = ()
    clock_end: str = "restored"
    interruption_ends: str = "normal"
    uncertain_end: str = "late"
    complaint_joins_s: int = 7200
    reopen_within_s: int = 600
    blind_joins_s: int = 3600
    exempt_responsibilities: frozenset[str] = frozenset({"customer", "force_majeure"})
    combine: str = "best"
    cap_ratio: Fraction = Fraction(1)
    sla_fee_ratio: Mapping[str, Fraction] = field(default_factory=dict)
    vat: tuple[VatRate, ...] = ()
    limits: tuple[Limit, ...] = ()
    maintenance: NoticeTerms | None = None
    exclusions: tuple[ExclusionTerms, ...] = ()
    rules: tuple[Rule, ...] = ()
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return self.effective_from.isoformat()

    def limit_s(self, category: Category, tier: str | None, span: str | None) -> int | None:
        """Return the restore-time limit in seconds, or None where the contract sets none."""
        for limit in self.limits:
            if limit.category is category and (not limit.spans or span in limit.spans):
                seconds = limit.seconds.get(tier or "")
                if seconds is not None:
                    return seconds
        return None

    def exclusion(self, kind: str) -> ExclusionTerms | None:
        return next((terms for terms in self.exclusions if terms.kind == kind), None)

    def vat_rate(self, product: str | None, day: date) -> Decimal | None:
        """Return the rate of a product on a day, or None where the table is silent."""
        rates = [vat for vat in self.vat if vat.product == product and vat.from_day <= day]
        return max(rates, key=lambda vat: vat.from_day).rate if rates else None

    def statutory_hours(self, area: str) -> Fraction:
        """Return the limit of the statutory clock: the contract's where it prints one, else the law's."""
        for rule in self.rules:
            if isinstance(rule, StatutoryWaiver) and area in rule.hours:
                return rule.hours[area]
        return STATUTORY_HOURS[area]


@dataclass(frozen=True, slots=True)
class Contracts:
    """All versions of all contracts."""

    versions: tuple[Contract, ...]

    def ids(self) -> frozenset[str]:
        return frozenset(contract.id for contract in self.versions)

    def of(self, contract_id: str) -> list[Contract]:
        """Return the versions of one contract, oldest first."""
        return sorted((c for c in self.versions if c.id == contract_id), key=lambda c: c.effective_from)

    def on(self, contract_id: str, day: date) -> Contract:
        """Return the version in force on a day; before the first one, the first. Raises `KeyError`."""
        versions = self.of(contract_id)
        if not versions:
            raise KeyError(contract_id)
        return next((c for c in reversed(versions) if c.effective_from <= day), versions[0])

    def at(self, contract_id: str, instant: datetime) -> Contract:
        """Return the version in force at an instant, days counted in the contract's zone."""
        versions = self.of(contract_id)
        if not versions:
            raise KeyError(contract_id)
        in_force = (c for c in reversed(versions) if c.effective_from <= day_of(instant, c.zone))
        return next(in_force, versions[0])


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a contract: the key, the reason, and what would be right."""

    key: str
    reason: str
    hint: str = ""


def flaws(contract: Contract) -> Iterator[Flaw]:
    """Yield what makes a contract unfit to pay by: holes, overlaps, falling steps, unknown names, negatives."""
    yield from _limit_flaws(contract)
    yield from _fee_flaws(contract)
    yield from _rule_flaws(contract)
    yield from _exclusion_flaws(contract)


def _limit_flaws(contract: Contract) -> Iterator[Flaw]:
    owner: dict[tuple[Category, str, str], int] = {}
    for number, limit in enumerate(contract.limits):
        key = f"limits[{number}]"
        yield from _row_flaws(contract, key, limit)
        for cell in product([limit.category], limit.spans or contract.spans, limit.seconds):
            if cell in owner:
                reason = f"{_cell(*cell)} stands in limits[{owner[cell]}] too"
                yield Flaw(key, reason, "every cell of the table stands once")
            owner.setdefault(cell, number)
    if contract.limits:
        for cell in product(Category, contract.spans, contract.tiers):
            if cell not in owner:
                reason = f"no limit for {_cell(*cell)}"
                yield Flaw("limits", reason, "the table has one limit for every category, span and tier")


def _row_flaws(contract: Contract, key: str, limit: Limit) -> Iterator[Flaw]:
    for span in limit.spans:
        if span not in contract.spans:
            yield Flaw(f"{key}.spans", f"span {span!r} is unknown", f"spans are {', '.join(contract.spans)}")
    for tier, seconds in limit.seconds.items():
        if tier not in contract.tiers:
            yield Flaw(f"{key}.hours", f"tier {tier!r} is unknown", f"tiers are {', '.join(contract.tiers)}")
        if seconds < 0:
            yield Flaw(f"{key}.hours.{tier}", "a limit is negative", "a limit is zero or more hours")


def _cell(category: Category, span: str, tier: str) -> str:
    return f"{category}, span {span}, tier {tier}"


def _fee_flaws(contract: Contract) -> Iterator[Flaw]:
    for tier, ratio in contract.sla_fee_ratio.items():
        if tier not in contract.tiers:
            yield Flaw(f"sla_fee_ratio.{tier}", f"tier {tier!r} is unknown", f"tiers are {', '.join(contract.tiers)}")
        if ratio < 0:
            yield Flaw(f"sla_fee_ratio.{tier}", "a fee is negative", "a share of the rent, such as 0.30")
    for tier in contract.tiers:
        if tier not in contract.sla_fee_ratio and contract.sla_fee_ratio:
            yield Flaw("sla_fee_ratio", f"no fee for tier {tier}", "every tier has its share, 0 where it is free")
    seen: set[tuple[str, date]] = set()
    for number, vat in enumerate(contract.vat):
        if (vat.product, vat.from_day) in seen:
            yield Flaw(
                f"vat[{number}]", f"{vat.product} from {vat.from_day} stands twice", "one rate a product and day"
            )
        seen.add((vat.product, vat.from_day))
        if not 0 <= vat.rate < 1:
            yield Flaw(f"vat[{number}].rate", f"{vat.rate} is no VAT rate", 'a share below one, such as "0.06"')


def _rule_flaws(contract: Contract) -> Iterator[Flaw]:
    names: dict[str, int] = {}
    for number, rule in enumerate(contract.rules):
        key = f"compensation[{number}]"
        if rule.name in names:
            yield Flaw(key, f"rule {rule.name} stands in compensation[{names[rule.name]}] too", "each rule once")
        names.setdefault(rule.name, number)
        if isinstance(rule, StepTable):
            yield from _step_flaws(key, rule)
        if isinstance(rule, StatutoryWaiver):
            for area in ("urban", "rural"):
                if area not in rule.hours:
                    yield Flaw(f"{key}.hours", f"no limit for area {area}", "hours = { urban = 48, rural = 72 }")
        if isinstance(rule, RestoreOverrun):
            for category in Category:
                if contract.limits and category not in rule.unit_hours:
                    yield Flaw(f"{key}.unit_hours", f"no unit for {category}", "a unit for each category of the limits")


def _step_flaws(key: str, rule: StepTable) -> Iterator[Flaw]:
    if not rule.steps:
        yield Flaw(f"{key}.steps", "the table is empty", "at least one step")
    for number, (low, high) in enumerate(pairwise(rule.steps), start=1):
        if high.from_minutes == low.from_minutes:
            reason = f"two steps begin at {high.from_minutes} minutes"
            yield Flaw(f"{key}.steps[{number}]", reason, "steps do not overlap")
        elif high.from_minutes < low.from_minutes:
            yield Flaw(f"{key}.steps[{number}]", "steps are not in rising order", "sort them by from_minutes")
        elif high.credit < low.credit:
            reason = f"from {high.from_minutes} minutes pays {high.credit}, less than {low.credit} for a shorter outage"
            yield Flaw(f"{key}.steps[{number}]", reason, "a longer outage never pays less")


def _exclusion_flaws(contract: Contract) -> Iterator[Flaw]:
    kinds: set[str] = set()
    for number, terms in enumerate(contract.exclusions):
        if terms.kind in kinds:
            yield Flaw(f"exclusions[{number}]", f"kind {terms.kind} stands twice", "each kind once")
        kinds.add(terms.kind)
    if "planned_maintenance" in kinds and contract.maintenance is None:
        yield Flaw(
            "maintenance",
            "planned_maintenance is an exclusion but nothing says what notice it needs",
            "[maintenance] with notice_hours and channels",
        )
