"""The sums of an internal review: groups of lines or items, restore times, targets, lines in a list of the worst."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from .money import ZERO


@dataclass(slots=True)
class Group:
    """The sums of the lines, or of the items of compensation, that share a value."""

    key: str
    name: str
    currency: str
    lines: int = 0
    items: int = 0
    incidents: int = 0
    breaches: int = 0
    charge: Decimal = ZERO
    credit: Decimal = ZERO
    cut_by_cap: Decimal = ZERO
    days: Decimal = Decimal(0)
    awaiting: Decimal = ZERO
    awaiting_days: Decimal = Decimal(0)
    accrued: Decimal = ZERO

    def take(self, other: Group) -> None:
        """Add the sums of another part of the same group."""
        self.name = self.name or other.name
        for part in _SUMMED:
            setattr(self, part, getattr(self, part) + getattr(other, part))


_SUMMED = (
    *("lines", "items", "incidents", "breaches", "charge", "credit", "cut_by_cap"),
    *("days", "awaiting", "awaiting_days", "accrued"),
)


@dataclass(slots=True)
class RestoreTimes:
    """Restore times of one category and tier."""

    category: str
    tier: str | None
    count: int = 0
    sum_s: int = 0
    longest_s: int = 0

    @property
    def mean_s(self) -> int:
        """The mean in whole seconds, half-up."""
        return (2 * self.sum_s + self.count) // (2 * self.count)


@dataclass(slots=True)
class Kept:
    """How often a target of the complaint service was kept."""

    target: str
    met: int = 0
    missed: int = 0
    running: int = 0


@dataclass(frozen=True, slots=True)
class LineRank:
    """A line in a list of the worst."""

    line_id: str
    name: str
    customer_id: str
    tier: str | None
    availability: str | None
    interrupted_s: int
    blind_s: int
    incidents: int
    recent: int
