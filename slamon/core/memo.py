"""Credit memos: what billing books, one item for each rule that pays, with a number that stays the same.

The statement caps, nets and taxes a line's credit as a whole. A memo splits those sums over its items so that they add
up to the statement to the cent: the cap is used up in the order of the items, and net amounts are differences of the
rounded running sum.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .calendar import BillingMonth
from .case import Credit
from .contract import Basis
from .money import ZERO, net_and_tax
from .statement import LineStatement


@dataclass(frozen=True, slots=True)
class Memo:
    """One item to be credited: money with its net and tax, or days of free use.

    `number` derives from line, month, incident and rule: the same item has the same number in every export, so that
    importing it twice can be seen. `incident_id` is None for what stands at the line. `cut` is what the cap took off.
    """

    number: str
    month: BillingMonth
    first_day: date
    last_day: date
    customer_id: str
    account: str
    line_id: str
    incident_id: str | None
    incident_number: int | None
    rule: str
    clause: str | None
    basis: Basis
    currency: str
    amount: Decimal
    net: Decimal
    tax: Decimal
    vat_rate: Decimal
    cut: Decimal
    extension_days: Decimal
    derivation: str


def memo_number(line_id: str, month: BillingMonth, incident_id: str | None, rule: str, nth: int = 0) -> str:
    """Return the number of an item: the month and 80 bits of a hash, in base 32 (RFC 4648), in groups of four.

    `nth` tells apart items of one incident by rules of one name.
    """
    parts = [line_id, str(month), incident_id or "", rule, *([str(nth)] if nth else [])]
    digest = hashlib.sha256("\n".join(("slamon credit memo", *parts)).encode()).digest()
    text = base64.b32encode(digest[:10]).decode("ascii")
    groups = "-".join(text[low : low + 4] for low in range(0, 16, 4))
    return f"{month.year:04d}{month.month:02d}-{groups}"


def memos(line: LineStatement, month: BillingMonth) -> Iterator[Memo]:
    """Yield a line's items in the order of its incidents, what stands at the line last.

    Items that pay nothing because the cap is used up stay, with an amount of 0.00 and what was cut.
    """
    left = sum((line.totals.by_basis[basis] for basis in _CAPPED), ZERO) - line.totals.cut_by_cap
    paid = ZERO
    seen: dict[tuple[str | None, str], int] = {}
    for incident_id, number, credit in _applied(line):
        due = credit.amount or ZERO
        amount = min(due, left) if credit.basis in _CAPPED else due
        left -= amount if credit.basis in _CAPPED else ZERO
        net = net_and_tax(paid + amount, line.vat_rate)[0] - net_and_tax(paid, line.vat_rate)[0]
        paid += amount
        nth = seen.get((incident_id, credit.rule), 0)
        seen[incident_id, credit.rule] = nth + 1
        yield Memo(
            number=memo_number(line.line.line_id, month, incident_id, credit.rule, nth),
            month=month,
            first_day=month.first_day,
            last_day=month.last_day,
            customer_id=line.period.customer_id,
            account=line.period.account,
            line_id=line.line.line_id,
            incident_id=incident_id,
            incident_number=number,
            rule=credit.rule,
            clause=credit.clause,
            basis=credit.basis,
            currency=line.contract.currency,
            amount=amount,
            net=net,
            tax=amount - net,
            vat_rate=line.vat_rate,
            cut=due - amount,
            extension_days=credit.days or Decimal(0),
            derivation=credit.derivation,
        )


_CAPPED = (Basis.AGREEMENT, Basis.POLICY)


def _applied(line: LineStatement) -> Iterator[tuple[str | None, int | None, Credit]]:
    for shown in sorted(line.incidents, key=lambda one: one.incident.onset):
        for credit in shown.credits:
            if credit.applied:
                yield shown.incident.id, shown.incident.number, credit
    for credit in line.credits:
        if credit.applied:
            yield None, None, credit
