"""Money: Decimal amounts, exact shares, one place where a cent is rounded."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Fraction | Decimal | int) -> Decimal:
    """Round an exact amount half-up to the cent; the only place where money is rounded."""
    numerator, denominator = amount.as_integer_ratio()
    hundredths, rest = divmod(numerator * 100, denominator)
    if rest * 2 >= denominator:
        hundredths += 1
    return Decimal(hundredths).scaleb(-2)


def parse_share(text: str) -> Fraction:
    """Return the exact share of ``"1/30"``, ``"0.05"`` or ``"1"``; raises `ValueError`."""
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9}|/[1-9][0-9]{0,8})?", text):
        raise ValueError(f'{text!r} is not a share; write a fraction such as "1/30" or a decimal such as "0.05"')
    return Fraction(text)


@lru_cache(maxsize=4096)  # a fleet has few rents, and most lines of a month earn nothing
def net_and_tax(gross: Decimal, vat_rate: Decimal) -> tuple[Decimal, Decimal]:
    """Split a tax-inclusive amount: the net is rounded, the tax is what remains."""
    net = cents(Fraction(gross) / (1 + Fraction(vat_rate)))
    return net, gross - net


def ratio_text(part: int, whole: int, places: int = 6) -> str | None:
    """Return ``part / whole`` half-up with fixed decimals; an empty whole gives None."""
    if whole == 0:
        return None
    scale = 10**places
    value, rest = divmod(part * scale, whole)
    if rest * 2 >= whole:
        value += 1
    return str(Decimal(value).scaleb(-places).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def plain(number: Fraction | Decimal | int) -> str:
    """Return a short exact-looking decimal for a derivation: at most two places, no trailing zeros."""
    text = f"{cents(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
