"""How durations, instants and names are written to people's telephones, and how texts are made to fit them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_percent

LOCALES = {"zh": "zh_Hans_CN", "en": "en_GB"}

# Control characters, format characters (marks that turn the direction of writing, invisible ones), surrogates, private
# use and unassigned ones: in somebody's name they can only mislead a reader, a terminal or a mail header.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_BREAKS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
_UNITS = {
    "zh": ((86_400, "天"), (3_600, "小时"), (60, "分"), (1, "秒")),
    "en": ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")),
}
_COMBINING_IN_A_ROW = 4


def neutral(text: str) -> str:
    """Return a text from outside on one line, without what is not printed and without towers of combining marks."""
    kept: list[str] = []
    marks = 0
    for c in _BREAKS.sub(" ", text).strip():
        category = unicodedata.category(c)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category not in _UNPRINTABLE and marks <= _COMBINING_IN_A_ROW:
            kept.append(c)
    return "".join(kept)


def duration(seconds: float, language: str) -> str:
    """Return a duration in its two largest units, the rest dropped: ``1 h 12 min``, ``1 小时 12 分``, ``45 s``."""
    left = int(abs(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS[language]:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    text = " ".join(f"{count} {unit}" for count, unit in parts[:2] if count)
    return text or f"0 {_UNITS[language][-1][1]}"


def moment(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return an instant in a zone: ``2026-10-03 08:00``."""
    return str(format_datetime(at, "yyyy-MM-dd HH:mm", tzinfo=zone, locale=LOCALES[language]))


def clock(at: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the time of day of an instant in a zone: ``08:00``."""
    return str(format_datetime(at, "HH:mm", tzinfo=zone, locale=LOCALES[language]))


def percent(share: float, language: str) -> str:
    """Return a share as a percentage: ``80%``, ``62.5%``."""
    return str(format_percent(share, "#,##0.##%", locale=LOCALES[language]))


def columns(text: str) -> int:
    """Return how wide a text is shown: wide characters take two columns, combining marks none."""
    return sum(_columns(c) for c in text)


def _columns(c: str) -> int:
    if unicodedata.combining(c):
        return 0
    return 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1


def fitted(text: str, width: int) -> str:
    """Return a text cut to a number of columns, with an ellipsis where something is missing."""
    if columns(text) <= width:
        return text
    kept, room = [], width - 1
    for c in text:
        room -= _columns(c)
        if room < 0:
            break
        kept.append(c)
    return "".join(kept).rstrip(" ,，、") + "…"


def units(text: str) -> int:
    """Return how many UTF-16 units a text takes: what a short message of 70 characters counts."""
    return sum(2 if ord(c) > 0xFFFF else 1 for c in text)


def packed(pieces: Iterable[str], room: int, between: str) -> str:
    """Return the pieces that fit into `room` UTF-16 units, the important ones first; the others are left out.

    The first one is cut where it does not fit alone.
    """
    text = ""
    for piece in (piece.strip() for piece in pieces):
        longer = f"{text}{between}{piece}" if text else piece
        if piece and units(longer) <= room:
            text = longer
        elif piece and not text:
            text = _cut(piece, room)
    return text


def _cut(text: str, room: int) -> str:
    kept = []
    for c in text:
        room -= units(c)
        if room < 0:
            break
        kept.append(c)
    return "".join(kept).rstrip()
