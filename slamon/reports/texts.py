"""How numbers, instants and names are written: the same in every format, and nothing is computed."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo


def money(amount: Decimal) -> str:
    """Return an amount with its cents: ``3000.00``."""
    return f"{amount:.2f}"


def days(number: Decimal) -> str:
    """Return days without trailing zeros: ``0``, ``2``, ``1.25``."""
    return f"{number.normalize():f}"


_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def duration(seconds: int) -> str:
    """Return whole seconds for people, nothing dropped: ``1 d 6 h``, ``2 h 5 min``, ``-1 min 30 s``, ``0 s``."""
    if seconds < 0:
        return f"-{duration(-seconds)}"
    parts, left = [], seconds
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"


def local(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in a zone: ``2026-10-03 08:00:00``, with fractions where they exist."""
    return instant.astimezone(zone).replace(tzinfo=None).isoformat(" ")


def percent(ratio: str | None) -> str:
    """Return a ratio of six decimals as a percentage without its sign; a dash where there is none.

    The point is moved in the text: no number is made of it.
    """
    if ratio is None:
        return "-"
    whole, _, decimals = ratio.partition(".")
    digits = decimals.ljust(2, "0")
    return f"{(whole + digits[:2]).lstrip('0') or '0'}.{digits[2:] or '0'}"


# Control characters, format characters (marks that turn the direction of writing, invisible ones), surrogates, and the
# separators of lines and paragraphs: in somebody's name they can only mislead a reader or a terminal.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BREAKS = re.compile("[\t-\r\x1c-\x1f\x85\u2028\u2029]+")


def clean(text: str) -> str:
    """Return a text that people entered without what is not printed; breaks and tabs become a space."""
    if text.isprintable():
        return text
    return "".join(c for c in _BREAKS.sub(" ", text).strip() if unicodedata.category(c) not in _UNPRINTABLE)
