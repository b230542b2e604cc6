"""What the compensation rules look at, and what they give: charges, cases, credits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from zoneinfo import ZoneInfo

from .contract import Basis, Contract
from .exclusion import Adjudged, accepted_seconds
from .incident import Incident, Kind
from .inventory import Period
from .money import cents
from .slaclock import Clock
from .timespan import Span, SpanSet, whole_second, whole_seconds


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
    ratio = contract.sla_fee_ratio.get(period.tier or "", _FREE)
    return _charge(period.monthly_rent, period.sla_fee, ratio)


_FREE = Fraction(0)


@lru_cache(maxsize=4096)
def _charge(rent: Decimal, agreed_fee: Decimal | None, ratio: Fraction) -> Charge:
    return Charge(rent, cents(Fraction(rent) * ratio if agreed_fee is None else agreed_fee))


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
