"""A month as JSON of many lines: each line's text is made where its statement is worked out, in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from slamon.core.calendar import BillingMonth
from slamon.core.customers import CustomerStatement, customers
from slamon.core.memo import Memo, memos
from slamon.core.money import ZERO
from slamon.core.review import review_line
from slamon.core.review_sums import Review, review
from slamon.core.statement import LineStatement
from slamon.reports.json import customer_head, encode, line_object
from slamon.service.statements import Survey, statements

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Piece:
    """One line's JSON, and what its customer's sums need."""

    line_id: str
    customer_id: str
    customer_name: str
    account: str
    currency: str
    credit: Decimal
    extension_days: Decimal
    text: str


def piece_of(line: LineStatement) -> Piece:
    """Return a line's statement as text, with what its customer's sums need."""
    period, totals = line.period, line.totals
    return Piece(
        line_id=line.line.line_id,
        customer_id=period.customer_id,
        customer_name=period.customer_name,
        account=period.account,
        currency=line.contract.currency,
        credit=totals.credit,
        extension_days=totals.extension_days,
        text=encode(line_object(line)),
    )


def customer_texts(pieces: Iterable[Piece]) -> Iterator[str]:
    """Yield each customer as it stands in the document; pieces come by customer."""
    for _, group in groupby(pieces, attrgetter("customer_id")):
        by_currency: dict[str, list[Piece]] = {}
        for piece in group:
            by_currency.setdefault(piece.currency, []).append(piece)
        for currency in sorted(by_currency):
            yield _customer_text(by_currency[currency])


def _customer_text(pieces: list[Piece]) -> str:
    pieces = sorted(pieces, key=attrgetter("line_id"))
    customer = CustomerStatement(
        customer_id=pieces[0].customer_id,
        customer_name=next((piece.customer_name for piece in pieces if piece.customer_name), ""),
        account=next((piece.account for piece in pieces if piece.account), ""),
        currency=pieces[0].currency,
        credit_total=sum((piece.credit for piece in pieces), ZERO),
        extension_days=sum((piece.extension_days for piece in pieces), Decimal(0)),
        lines=(),
    )
    lines = ",\n".join(_with_account(piece, customer.account) for piece in pieces)
    return f'{encode(customer_head(customer))[:-1]},"lines":[\n{lines}]}}'


def _with_account(piece: Piece, account: str) -> str:
    """Return a line's text; one that is billed to another account than its customer's first says so."""
    if piece.account == account:
        return piece.text
    own = encode({"account": piece.account or None})
    return f"{piece.text[:-1]},{own[1:]}"


def memos_of(line: LineStatement, month: BillingMonth) -> tuple[Memo, ...]:
    """Return a line's credit memos of a month."""
    return tuple(memos(line, month))


def reviewed(lines: Sequence[LineStatement], month: BillingMonth, as_of: datetime | None, chronic_from: int) -> Review:
    """Return some lines' part of the internal review."""
    return review((review_line(line, month, as_of) for line in lines), chronic_from)


def as_is(line: LineStatement) -> LineStatement:
    """Return a line's statement itself, for formats that are made in one place."""
    return line


def customers_of(month: Survey, progress: Progress) -> Iterator[CustomerStatement]:
    """Yield the customers of a month one after the other, as they are worked out."""
    found = statements(month, as_is, progress)
    for _, group in groupby(found, lambda line: line.period.customer_id):
        yield from customers(group)
