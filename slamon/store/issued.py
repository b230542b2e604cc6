"""Issued statements as the ledger has them: what each line earned in a month, revision by revision.

`statement.issued` is one entry a customer, month and revision. Of its payload this is read here:

    {"month": "2026-10", "revision": 1, "month_end": "2026-10-31T16:00:00Z",
     "lines": [{"line_id": "GX-0001", "tier": "AAA" | null, "credit": "3640.00", "extension_days": "2"}]}

`month_end` is the first instant after the month in the contract's time zone; a line whose contract has another zone
carries a `month_end` of its own. Amounts are texts, as in the statement.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from slamon.core.timespan import parse_iso
from slamon.store.entry import Entry

ISSUED = "statement.issued"


@dataclass(frozen=True, slots=True)
class IssuedLine:
    """One line of an issued statement."""

    line_id: str
    tier: str | None
    month: str
    revision: int
    month_end: datetime
    credit: Decimal
    extension_days: Decimal


def issued_lines(entry: Entry) -> Iterator[IssuedLine]:
    """Yield the lines of an issued statement."""
    payload: dict[str, Any] = entry.payload
    for line in payload["lines"]:
        yield IssuedLine(
            line_id=line["line_id"],
            tier=line.get("tier"),
            month=payload["month"],
            revision=payload["revision"],
            month_end=parse_iso(line.get("month_end") or payload["month_end"]),
            credit=Decimal(line["credit"]),
            extension_days=Decimal(line["extension_days"]),
        )
