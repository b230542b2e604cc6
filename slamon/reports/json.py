"""The statement as JSON, schema ``slamon.statement/1``: public names, public order, nothing computed.

`write` streams: what is held is one line's text, not the document. Equal statements give equal bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TextIO

from slamon.core.contract import Basis
from slamon.core.proration import PeriodStatement
from slamon.core.statement import IncidentStatement, LineStatement

from .model import CustomerStatement, Header
from .objects import Object, credit_object, incident_object, iso, notice_object, optional_instant
from .texts import days, money

__all__ = [
    "SCHEMA",
    "customer_chunks",
    "customer_head",
    "customer_line_object",
    "customer_object",
    "customer_text",
    "encode",
    "header_object",
    "incident_object",
    "line_object",
    "write",
    "write_texts",
]

SCHEMA = "slamon.statement/1"


def write(stream: TextIO, header: Header, customers: Iterable[CustomerStatement]) -> None:
    """Write the document, one customer after the other; every line's statement stands in a line of its own."""
    _write(stream, header, map(customer_chunks, customers))


def write_texts(stream: TextIO, header: Header, customers: Iterable[str]) -> None:
    """Write the document around customers that are JSON already (`customer_text`), such as from other processes."""
    _write(stream, header, ((text,) for text in customers))


def _write(stream: TextIO, header: Header, customers: Iterable[Iterable[str]]) -> None:
    stream.write(f'{encode(header_object(header))[:-1]},"customers":[')
    for number, chunks in enumerate(customers):
        stream.write(",\n" if number else "\n")
        stream.writelines(chunks)
    stream.write("\n]}\n")


def customer_text(customer: CustomerStatement) -> str:
    """Return one customer as it stands in the document."""
    return "".join(customer_chunks(customer))


def customer_chunks(customer: CustomerStatement) -> Iterator[str]:
    """Yield one customer as it stands in the document, line by line."""
    yield f'{encode(customer_head(customer))[:-1]},"lines":['
    for number, line in enumerate(customer.lines):
        yield ",\n" if number else "\n"
        yield encode(customer_line_object(customer, line))
    yield "]}"


# Chinese names stay readable; what could steer a terminal (C1, marks that turn the direction of writing, line
# separators) and what UTF-8 cannot carry (lone surrogates) is escaped. JSON escapes C0 by itself.
_ESCAPED = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encode(value: Object) -> str:
    """Return compact JSON that is safe to print; what is escaped stands only inside of strings."""
    text = _encode(value)
    if text.isprintable():
        return text
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def header_object(header: Header) -> Object:
    """Return the document without its customers."""
    return {
        "schema": SCHEMA,
        "month": str(header.month),
        "revision": header.revision,
        "closed": header.closed,
        "as_of": optional_instant(header.as_of),
        "generated_at": iso(header.generated_at),
        "ledger_heads": dict(sorted(header.ledger_heads.items())),
    }


def customer_object(customer: CustomerStatement) -> Object:
    """Return one customer with its lines."""
    return {**customer_head(customer), "lines": [customer_line_object(customer, line) for line in customer.lines]}


def customer_head(customer: CustomerStatement) -> Object:
    """Return one customer without its lines."""
    return {
        "customer_id": customer.customer_id,
        "customer_name": customer.customer_name or None,
        "account": customer.account or None,
        "currency": customer.currency,
        "credit_total": money(customer.credit_total),
        "extension_days": days(customer.extension_days),
    }


def customer_line_object(customer: CustomerStatement, line: LineStatement) -> Object:
    """Return one line of a customer; one that is billed to another account than its customer's first says so."""
    shown = line_object(line)
    if line.period.account != customer.account:
        shown["account"] = line.period.account or None
    return shown


def line_object(line: LineStatement) -> Object:
    """Return one line's month; a line that is no longer in the inventory has ``departed``."""
    shown = {
        **_terms(line),
        "seconds": {
            "service": line.seconds.service,
            "excluded": line.seconds.excluded,
            "interrupted": line.seconds.interrupted,
            "degraded": line.seconds.degraded,
            "blind": line.seconds.blind,
            "up": line.seconds.up,
        },
        "availability": {
            "contract": line.availability.contract,
            "lower_bound": line.availability.lower_bound,
            "as_seen": line.availability.as_seen,
        },
        "incidents": [incident_object(found) for found in sorted(line.incidents, key=_onset)],
        "pending": [incident_object(found) for found in sorted(line.pending, key=_onset)],
        "notices": [notice_object(notice) for notice in line.notices],
        "compensation": [credit_object(credit) for credit in line.credits],
        **_totals(line),
    }
    if line.line.departed:
        shown["departed"] = True
    return shown


def _onset(statement: IncidentStatement) -> datetime:
    return statement.incident.onset


def _terms(line: LineStatement) -> Object:
    return {
        "line_id": line.line.line_id,
        "name": line.period.name or None,
        "product": line.period.product,
        "contract": line.contract.id,
        "contract_version": line.contract.version,
        "timezone": line.zone.key,
        "tier": line.period.tier,
        "span": line.period.span,
        "periods": [_period(period) for period in line.periods],
        "rent": money(line.rent),
        "sla_fee": money(line.sla_fee),
        "net": money(line.net),
        "tax": money(line.tax),
        "vat_rate": f"{line.vat_rate:f}",
    }


def _totals(line: LineStatement) -> Object:
    totals = line.totals
    return {
        "credit": money(totals.credit),
        "credit_net": money(totals.credit_net),
        "credit_tax": money(totals.credit_tax),
        "credit_cut_by_cap": money(totals.cut_by_cap),
        "extension_days": days(totals.extension_days),
        "awaiting_decision": money(totals.awaiting),
        "awaiting_days": days(totals.awaiting_days),
        "by_basis": {basis.value: money(totals.by_basis[basis]) for basis in Basis},
    }


def _period(period: PeriodStatement) -> Object:
    return {
        "from": period.first_day.isoformat(),
        "to": period.last_day.isoformat(),
        "tier": period.tier,
        "monthly_rent": money(period.monthly_rent),
        "monthly_sla_fee": money(period.monthly_sla_fee),
    }
