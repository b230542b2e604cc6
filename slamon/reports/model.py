"""The document around the statements of a month: which month, how far it is known, and which ledger says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from slamon.core.calendar import BillingMonth
from slamon.core.customers import CustomerStatement, customers

__all__ = ["CustomerStatement", "Header", "customers"]


@dataclass(frozen=True, slots=True)
class Header:
    """What a report says once.

    `as_of` is None where nothing was observed; `ledger_heads` maps each writer to ``sha256:...``; revision 0 is the
    open draft. `generated_at` is the only member from the wall clock; of a closed month it is the time of the close.
    """

    month: BillingMonth
    as_of: datetime | None
    generated_at: datetime
    ledger_heads: Mapping[str, str]
    revision: int = 0
    closed: bool = False
