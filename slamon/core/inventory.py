"""Lines as the inventory gives them: periods of terms, addresses, service time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from .calendar import start_of_day
from .timespan import Span, SpanSet


@dataclass(frozen=True, slots=True)
class Period:
    """The terms of a line from `first_day` to `last_day` inclusive (None: still in service).

    `monthly_sla_fee` is None where the contract's percentage of the rent applies; `vat_rate` None where the
    contract's table does. One row of the inventory is one period.
    """

    first_day: date
    last_day: date | None
    customer_id: str
    contract: str
    monthly_rent: Decimal
    product: str | None = None
    tier: str | None = None
    span: str | None = None
    bandwidth_mbps: float | None = None
    sla_fee: Decimal | None = None
    vat_rate: Decimal | None = None
    area: str = "urban"
    upstream: str | None = None
    name: str = ""
    customer_name: str = ""
    account: str = ""
    demarc: str | None = None
    cpe: str | None = None
    snmp_agent: str | None = None
    snmp_interface: str | None = None
    profile: str = "default"
    oncall: str | None = None
    a_end: str | None = None
    z_end: str | None = None

    def span_in(self, zone: ZoneInfo) -> Span[datetime]:
        """Return the instants of the period; an open one ends with the calendar."""
        end = FAR_FUTURE if self.last_day is None else start_of_day(self.last_day + _DAY, zone)
        return Span(start_of_day(self.first_day, zone), end)

    def holds(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its periods in order of time; `departed` when today's inventory no longer has it."""

    line_id: str
    periods: tuple[Period, ...]
    departed: bool = False

    @property
    def current(self) -> Period:
        """The last period: where the line is probed and what it is called."""
        return self.periods[-1]

    def period_on(self, day: date) -> Period:
        """Return the terms in force on a day; outside service those of the nearest earlier period, else the first."""
        if len(self.periods) == 1:
            return self.periods[0]
        held = [period for period in self.periods if period.first_day <= day]
        return held[-1] if held else self.periods[0]


_DAY = timedelta(days=1)
FAR_FUTURE = start_of_day(date(9999, 12, 30), ZoneInfo("UTC"))


def service_spans(line: Line, zone: ZoneInfo, suspended: SpanSet[datetime]) -> SpanSet[datetime]:
    """Return when the line is in service: its periods less its suspensions (clauses 4.6, 4.10)."""
    return SpanSet(period.span_in(zone) for period in line.periods) - suspended
