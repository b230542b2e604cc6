"""The shape of a contract file, key by key, and what becomes of it in the core."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, PlainValidator

from slamon.config.problems import Unfit, did_you_mean, quoted
from slamon.config.validation import Exact, Number, Share, Table, Text, one_of
from slamon.core.contract import ExclusionTerms, Limit, NoticeTerms, VatRate
from slamon.core.facts import Category, Responsibility

T = TypeVar("T")

ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
# Nobody would be owed anything where the carrier itself, or what nobody has decided yet, is exempt.
EXEMPTIBLE = (Responsibility.CUSTOMER, Responsibility.FORCE_MAJEURE, Responsibility.THIRD_PARTY)
KINDS = ("planned_maintenance", "force_majeure", "customer_side", "awaiting_customer")
PRODUCTS = ("internet_line", "circuit", "ip_vpn")
CHANNELS = ("website", "email", "sms", "phone", "letter", "app", "wechat")


def identifier(value: str) -> str:
    """Return an id as it may stand in file names and ledgers; raises `Unfit`."""
    if not ID.fullmatch(value) or not value.strip("."):
        raise Unfit(f"{quoted(value)} is not an id", "1 to 64 letters, digits, dots, hyphens or underscores")
    return value


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (KeyError, ValueError, OSError):
        shown = quoted(value) if isinstance(value, str) else "this"
        raise Unfit(f"{shown} is not a time zone", 'a name of the IANA database, such as "Asia/Shanghai"') from None


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise Unfit(f"{quoted(value)} is not a currency", 'three capital letters, such as "CNY"')
    return value


def _distinct(values: list[T]) -> list[T]:
    twice = [value for number, value in enumerate(values) if value in values[:number]]
    if twice:
        raise Unfit(f"{twice[0]!r} stands twice")
    return values


def _kind(value: str) -> str:
    """Accept kinds of the contract's own, but not one that is nearly one of ours: it would never match."""
    identifier(value)
    close = did_you_mean(value, KINDS)
    if value not in KINDS and close:
        raise Unfit(f"{quoted(value)} is not known", close)
    return value


def _vat(value: object) -> Decimal:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,2}(\.\d{1,6})?", value, re.ASCII):
        return Decimal(value)
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Decimal(value)
    raise Unfit("is not a rate", 'a share below one, such as "0.06"')


def _not_negative(value: float) -> float:
    if value < 0:
        raise Unfit("is negative")
    return value


Id = Annotated[str, AfterValidator(identifier)]
Names = Annotated[list[Id], AfterValidator(_distinct)]
CategoryName = Annotated[str, one_of(*Category)]
Seconds = Annotated[int, AfterValidator(_not_negative)]
Hours = Annotated[Number, AfterValidator(_not_negative)]


class VatTable(Table):
    """One of ``[[vat]]``: the rate of a product from a day on."""

    product: Annotated[str, one_of(*PRODUCTS)]
    from_: date = Field(alias="from")
    rate: Annotated[Decimal, PlainValidator(_vat)]

    def terms(self) -> VatRate:
        return VatRate(self.product, self.from_, self.rate)


class LimitTable(Table):
    """One of ``[[limits]]``: a row of the restore-time table, hours by tier."""

    clause: Text | None = None
    category: CategoryName
    spans: Names = Field(default_factory=list)
    hours: dict[str, Exact]

    def terms(self) -> Limit:
        seconds = {tier: _whole_seconds(hours) for tier, hours in self.hours.items()}
        return Limit(Category(self.category), seconds, tuple(self.spans), self.clause)


def _whole_seconds(hours: Fraction) -> int:
    # Downwards: the shorter limit is the customer's favour (Civil Code, article 498).
    return int(hours * 3600 // 1)


class MaintenanceTable(Table):
    """``[maintenance]``: what notice planned work needs."""

    clause: Text | None = None
    notice_hours: Hours
    channels: Annotated[list[Annotated[str, one_of(*CHANNELS)]], AfterValidator(_distinct)]

    def terms(self) -> NoticeTerms:
        return NoticeTerms(self.notice_hours, tuple(self.channels), self.clause)


class ExclusionTable(Table):
    """One of ``[[exclusions]]``."""

    kind: Annotated[str, AfterValidator(_kind)]
    clause: Text | None = None
    evidence: bool = False
    notify_within_days: Annotated[int, Field(ge=0)] | None = None

    def terms(self) -> ExclusionTerms:
        return ExclusionTerms(self.kind, self.clause, self.evidence, self.notify_within_days)


class ComplaintTable(Table):
    """Targets of the complaint service: shown when set, no clock of money."""

    clause: Text | None = None
    answer_hours: Hours | None = None
    handover_hours: Hours | None = None
    settle_hours: Hours | None = None

    def targets(self) -> dict[str, float]:
        """Return the targets that are set, in hours."""
        return {key: hours for key, hours in self if isinstance(hours, float)}


class ContractTable(Table):
    """The whole file. Rules are checked one by one, each by its own shape (`contract_rules.RULES`)."""

    id: Id
    title: Text
    effective_from: date
    currency: Annotated[str, AfterValidator(_currency)]
    timezone: Annotated[ZoneInfo, PlainValidator(_zone)]
    tiers: Names = Field(default_factory=list)
    spans: Names = Field(default_factory=list)
    clock_end: Annotated[str, one_of("restored", "handed_back")] = "restored"
    interruption_ends: Annotated[str, one_of("normal", "usable")] = "normal"
    uncertain_end: Annotated[str, one_of("late", "early")] = "late"
    complaint_joins_s: Seconds = 7200
    reopen_within_s: Seconds = 600
    blind_joins_s: Seconds = 3600
    exempt_responsibilities: list[Annotated[str, one_of(*EXEMPTIBLE)]] = Field(
        default_factory=lambda: ["customer", "force_majeure"]
    )
    combine: Annotated[str, one_of("best", "sum")] = "best"
    cap_ratio: Share = Fraction(1)
    allow_over_100: bool = False
    sla_fee_ratio: dict[str, Exact] = Field(default_factory=dict)
    vat: list[VatTable] = Field(default_factory=list)
    limits: list[LimitTable] = Field(default_factory=list)
    maintenance: MaintenanceTable | None = None
    exclusions: list[ExclusionTable] = Field(default_factory=list)
    complaints: ComplaintTable | None = None
    compensation: list[dict[str, Any]] = Field(default_factory=list)
