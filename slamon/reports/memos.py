"""Credit memos for billing: CSV and JSON (schema ``slamon.memos/1``), one item for each rule that pays."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

from slamon.core.memo import Memo

from .csv import cell
from .json import encode, header_object
from .model import Header
from .objects import Object
from .texts import days, money

SCHEMA = "slamon.memos/1"


def memo_object(memo: Memo) -> Object:
    """Return one item; `statement` says which statement it stands on."""
    return {
        "number": memo.number,
        "customer_id": memo.customer_id,
        "account": memo.account or None,
        "line_id": memo.line_id,
        "from": memo.first_day.isoformat(),
        "to": memo.last_day.isoformat(),
        "currency": memo.currency,
        "amount": money(memo.amount),
        "net": money(memo.net),
        "tax": money(memo.tax),
        "vat_rate": f"{memo.vat_rate:f}",
        "cut_by_cap": money(memo.cut),
        "extension_days": days(memo.extension_days),
        "rule": memo.rule,
        "clause": memo.clause,
        "basis": memo.basis,
        "derivation": memo.derivation,
        "incident_id": memo.incident_id,
        "incident_number": memo.incident_number,
    }


COLUMNS = (
    *("number", "month", "revision", "closed", "customer_id", "account", "line_id", "from", "to", "currency", "amount"),
    *("net", "tax", "vat_rate", "cut_by_cap", "extension_days", "rule", "clause", "basis", "derivation"),
    *("incident_id", "incident_number"),
)


def write_memos_csv(stream: TextIO, header: Header, found: Iterable[Memo]) -> None:
    """Write the items as a table (RFC 4180), header row first."""
    out = csv.writer(stream, lineterminator="\r\n")
    out.writerow(COLUMNS)
    month = {"month": str(header.month), "revision": header.revision, "closed": header.closed}
    for memo in found:
        row = {**month, **memo_object(memo)}
        out.writerow([cell(row[column]) for column in COLUMNS])


def write_memos_json(stream: TextIO, header: Header, found: Iterable[Memo]) -> None:
    """Write the items as one document, one item a line."""
    head = {**header_object(header), "schema": SCHEMA}
    stream.write(f'{encode(head)[:-1]},"memos":[')
    for number, memo in enumerate(found):
        stream.write(",\n" if number else "\n")
        stream.write(encode(memo_object(memo)))
    stream.write("\n]}\n")
