"""Statements to print: one line's October 2026, judged by the shipped agreement."""

import dataclasses
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from slamon import resources
from slamon.config.contracts import load_contracts
from slamon.core.calendar import BillingMonth
from slamon.core.contract import Contracts
from slamon.core.facts import LineFacts
from slamon.core.incident import EndedBy, Episode, Notice, Run, Thresholds
from slamon.core.inventory import Line, Period
from slamon.core.quality import Verdict
from slamon.core.statement import LineStatement, line_statement
from slamon.core.timeline import LineTerms, Measured
from slamon.core.timespan import SpanSet
from slamon.reports.model import Header

OCTOBER = BillingMonth(2026, 10)
ONSET = datetime(2026, 10, 3, 0, 0, tzinfo=UTC)
RESTORED = datetime(2026, 10, 4, 6, 0, tzinfo=UTC)
MONTH_END = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
HEADER = Header(OCTOBER, MONTH_END, datetime(2026, 11, 1, 1, 2, 3, tzinfo=UTC), {"nanning-1": "sha256:ab"})

PERIOD = Period(
    first_day=date(2025, 1, 1),
    last_day=None,
    customer_id="C1",
    customer_name="某银行南宁分行",
    account="A-77",
    contract="cmcc-internet-line",
    monthly_rent=Decimal("3000.00"),
    product="internet_line",
    tier="AAA",
    span="intra_city",
    name="南宁—桂林 100M",
    demarc="10.64.0.1",
    cpe="10.64.0.2",
)


def contracts() -> Contracts:
    """The contracts that ship."""
    found, problems = load_contracts(resources.contract_files(), None)
    assert found is not None, problems
    return found


CONTRACTS = contracts()


def episode(
    onset: datetime = ONSET,
    restored: datetime | None = RESTORED,
    *,
    verdict: Verdict = Verdict.DOWN,
    source: str = "demarc",
    line_id: str = "GX-0001",
    until: datetime = MONTH_END,
) -> Episode:
    """One fault in readings of 5 s, alarmed after 10 s."""
    length = (restored or until) - onset
    return Episode(
        line_id=line_id,
        onset=onset,
        alarm=onset + timedelta(seconds=10),
        runs=(Run(verdict, onset, timedelta(seconds=5), length // timedelta(seconds=5), source),),
        thresholds=Thresholds(),
        interruption_at=onset + timedelta(seconds=10) if verdict is Verdict.DOWN else None,
        restored=restored,
        restored_earliest=restored,
        ended_by=EndedBy.UP if restored is not None else None,
    )


def statement(
    *episodes: Episode,
    filed: LineFacts | None = None,
    period: Period = PERIOD,
    line_id: str = "GX-0001",
    notices: Sequence[Notice] = (),
    departed: bool = False,
    as_of: datetime = MONTH_END,
) -> LineStatement:
    """The line's October: measured like this, filed like that."""
    terms = LineTerms(Line(line_id, (period,), departed), CONTRACTS)
    numbers = {found.id: 17 + number for number, found in enumerate(episodes)}
    measured = Measured(tuple(episodes), tuple(notices), SpanSet(), as_of, numbers)
    found = line_statement(terms, OCTOBER, as_of, measured, filed or LineFacts())
    assert found is not None
    return found


def of_customer(customer_id: str, **changes: str) -> Period:
    """The usual terms, of another customer."""
    return dataclasses.replace(PERIOD, customer_id=customer_id, **changes)  # type: ignore[arg-type]
