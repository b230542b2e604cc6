"""What a customer gets back in a month: the statements of its lines, and their sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from .money import ZERO
from .statement import LineStatement


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """One customer's month in one currency; lines are sorted by id.

    `customer_name` and `account` are the first that a line gives, empty where none does.
    """

    customer_id: str
    customer_name: str
    account: str
    currency: str
    credit_total: Decimal
    extension_days: Decimal
    lines: tuple[LineStatement, ...]


def customers(lines: Iterable[LineStatement]) -> tuple[CustomerStatement, ...]:
    """Return the lines' statements by customer, sorted by customer and line id.

    Amounts in two currencies cannot be added, so a customer with both has a statement for each.
    """
    groups: dict[tuple[str, str], list[LineStatement]] = {}
    for line in lines:
        groups.setdefault((line.period.customer_id, line.contract.currency), []).append(line)
    return tuple(_customer(key[0], key[1], groups[key]) for key in sorted(groups))


def _customer(customer_id: str, currency: str, found: Sequence[LineStatement]) -> CustomerStatement:
    lines = tuple(sorted(found, key=lambda line: line.line.line_id))
    return CustomerStatement(
        customer_id=customer_id,
        customer_name=next((line.period.customer_name for line in lines if line.period.customer_name), ""),
        account=next((line.period.account for line in lines if line.period.account), ""),
        currency=currency,
        credit_total=sum((line.totals.credit for line in lines), ZERO),
        extension_days=sum((line.totals.extension_days for line in lines), Decimal(0)),
        lines=lines,
    )
