"""The sheet of lines: its columns, rows and sums."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slamon.core.contract import Basis
from slamon.core.statement import LineStatement
from slamon.core.summary import Summary, summarize

from .language import Language
from .model import CustomerStatement
from .workbook import SUMMED, Column, Total, Value

PARTS = ("service", "up", "interrupted", "degraded", "excluded", "blind")
BOUNDS = ("contract", "as_seen", "lower_bound")


def line_columns(language: Language) -> list[Column]:
    """Return the columns of the sheet of lines."""
    word = language.word
    return [
        Column(word("line"), width=16),
        Column(word("name"), width=34),
        Column(word("account"), width=14),
        Column(word("product"), width=16),
        Column(word("contract"), width=24),
        Column(word("tier"), width=9),
        Column(word("span"), width=14),
        *(Column(word(key), "money") for key in ("rent", "sla_fee", "net", "tax")),
        Column(word("vat"), "rate"),
        *(Column(word("service_time") if part == "service" else word(f"course.{part}"), "duration") for part in PARTS),
        *(Column(f"{word('availability')}{language.colon}{word(f'availability.{key}')}", "ratio") for key in BOUNDS),
        *(Column(word(key), "count") for key in ("incidents", "pending_count", "breaches")),
        *(Column(f"{word('credit')}{language.colon}{language.name('basis', basis)}", "money") for basis in Basis),
        *(Column(word(key), "money") for key in ("cut_by_cap", "credit_total", "credit_net", "credit_tax")),
        Column(word("extension_days"), "days"),
        Column(word("awaiting"), "money"),
        Column(word("awaiting_days"), "days"),
    ]


def line_rows(lines: Sequence[LineStatement], language: Language) -> Iterator[list[Value]]:
    """Yield a row a line."""
    for line in lines:
        period, totals, own = line.period, line.totals, summarize([line])
        bounds = (line.availability.contract, line.availability.as_seen, line.availability.lower_bound)
        yield [
            line.line.line_id,
            period.name,
            period.account,
            language.name("product", period.product),
            f"{line.contract.id} {line.contract.version}",
            language.name("tier", period.tier),
            language.name("span", period.span),
            *(line.rent, line.sla_fee, line.net, line.tax, line.vat_rate),
            *(getattr(line.seconds, part) for part in PARTS),
            *bounds,
            *(own.incidents, own.pending, own.breaches),
            *(totals.by_basis[basis] for basis in Basis),
            *(totals.cut_by_cap, totals.credit, totals.credit_net, totals.credit_tax),
            *(totals.extension_days, totals.awaiting, totals.awaiting_days),
        ]


def line_totals(columns: Sequence[Column], customer: CustomerStatement, summary: Summary) -> list[Total]:
    """Return the sums of the columns that can be summed, in their order."""
    values = [
        *(summary.rent, summary.sla_fee, summary.net, summary.tax),
        *(getattr(summary.seconds, part) for part in PARTS),
        *(summary.incidents, summary.pending, summary.breaches),
        *(summary.by_basis[basis] for basis in Basis),
        *(summary.cut_by_cap, customer.credit_total, summary.credit_net, summary.credit_tax),
        *(customer.extension_days, summary.awaiting, summary.awaiting_days),
    ]
    places = [number for number, column in enumerate(columns) if column.kind in SUMMED]
    return [Total(place, value) for place, value in zip(places, values, strict=True)]
