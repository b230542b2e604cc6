"""The terms of an agreement as values: limits, fees, exclusions, compensation rules, each with its clause.

Nothing of any agreement is in the code; a contract file says it all. `core.flaws` finds what a loader must refuse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
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
    _by_id: Mapping[str, tuple[Contract, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[str, list[Contract]] = {}
        for contract in sorted(self.versions, key=lambda c: c.effective_from):
            found.setdefault(contract.id, []).append(contract)
        object.__setattr__(self, "_by_id", {key: tuple(versions) for key, versions in found.items()})

    def ids(self) -> frozenset[str]:
        return frozenset(self._by_id)

    def of(self, contract_id: str) -> Sequence[Contract]:
        """Return the versions of one contract, oldest first; raises `KeyError`."""
        return self._by_id[contract_id]

    def on(self, contract_id: str, day: date) -> Contract:
        """Return the version in force on a day; before the first one, the first. Raises `KeyError`."""
        versions = self._by_id[contract_id]
        return next((c for c in reversed(versions) if c.effective_from <= day), versions[0])

    def at(self, contract_id: str, instant: datetime) -> Contract:
        """Return the version in force at an instant, days counted in the contract's zone. Raises `KeyError`."""
        versions = self._by_id[contract_id]
        if len(versions) == 1:
            return versions[0]
        in_force = (c for c in reversed(versions) if c.effective_from <= day_of(instant, c.zone))
        return next(in_force, versions[0])
