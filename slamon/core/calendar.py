"""Natural days and billing months in the contract's time zone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from .timespan import Span, whole_second


class LocalTimeError(ValueError):
    """A local time that names no instant, or two of them (summer time)."""


def at_local(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant that a wall-clock time names in a zone.

    Raises `LocalTimeError` with the two possible readings where the clock was set back, and with the
    nearest instants where it was set forward over that time.
    """
    readings = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    first, second = (reading.astimezone(UTC) for reading in readings)
    if first == second:
        return first
    offered = " or ".join(reading.isoformat() for reading in readings)
    if first.astimezone(zone).replace(tzinfo=None) == local:
        raise LocalTimeError(f"{local.isoformat()} happens twice in {zone.key}; write {offered}")
    raise LocalTimeError(f"{local.isoformat()} does not exist in {zone.key}; write {offered}")


def parse_time(text: str, zone: ZoneInfo) -> datetime:
    """Return the instant of an ISO 8601 text; without an offset it is a local time of `zone`."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise LocalTimeError(f"{text!r} is not an ISO 8601 time, such as 2026-10-03T08:00:00+08:00") from None
    return parsed.astimezone(UTC) if parsed.tzinfo is not None else at_local(parsed, zone)


@lru_cache(maxsize=4096)
def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a natural day; where midnight does not exist, the first instant after it."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)


def day_of(instant: datetime, zone: ZoneInfo) -> date:
    """Return the natural day in which an instant lies."""
    return instant.astimezone(zone).date()


@dataclass(frozen=True, slots=True, order=True)
class BillingMonth:
    """A calendar month, as agreements bill it."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> BillingMonth:
        """Return the month of ``YYYY-MM``; raises `ValueError`."""
        match = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", text)
        if match is None or int(match[1]) == 0:
            raise ValueError(f"{text!r} is not a month; write YYYY-MM, such as 2026-10")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, instant: datetime, zone: ZoneInfo) -> BillingMonth:
        """Return the month in which an instant lies in a zone."""
        local = instant.astimezone(zone)
        return cls(local.year, local.month)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def first_day(self) -> date:
        return date(self.year, self.month, 1)

    @property
    def last_day(self) -> date:
        return date(self.year, self.month, self.days)

    @property
    def days(self) -> int:
        """The number of natural days."""
        return calendar.monthrange(self.year, self.month)[1]

    def preceding(self) -> BillingMonth:
        return BillingMonth(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    def following(self) -> BillingMonth:
        return BillingMonth(self.year + self.month // 12, self.month % 12 + 1)

    def span(self, zone: ZoneInfo) -> Span[datetime]:
        """Return the month's instants in a zone."""
        return _month_span(self, zone)

    def seconds(self, zone: ZoneInfo) -> Span[int]:
        """Return the month's epoch seconds in a zone."""
        return _month_seconds(self, zone)


@lru_cache(maxsize=1024)
def _month_span(month: BillingMonth, zone: ZoneInfo) -> Span[datetime]:
    return Span(start_of_day(month.first_day, zone), start_of_day(month.last_day + timedelta(days=1), zone))


@lru_cache(maxsize=1024)
def _month_seconds(month: BillingMonth, zone: ZoneInfo) -> Span[int]:
    span = month.span(zone)
    return Span(whole_second(span.start), whole_second(span.end))


def months_touched(span: Span[int], zone: ZoneInfo) -> Iterator[BillingMonth]:
    """Yield the months that a span of epoch seconds touches, in order."""
    month = BillingMonth.of(datetime.fromtimestamp(span.start, UTC), zone)
    while month.seconds(zone).start < span.end:
        yield month
        month = month.following()
