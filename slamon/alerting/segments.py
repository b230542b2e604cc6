"""How many short messages a text is (3GPP TS 23.038): 160 or 70 characters alone, 153 or 67 each in a chain."""

from __future__ import annotations

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = frozenset("\f^{}\\[~]|€")


def segments(text: str) -> int:
    """Return how many messages are paid for; none for an empty text."""
    if not text:
        return 0
    seven_bit = all(c in _GSM7 or c in _GSM7_ESCAPED for c in text)
    alone, chained = (160, 153) if seven_bit else (70, 67)
    # A septet pair or a surrogate pair is not torn apart at a segment's end.
    sizes = [_septets(c) if seven_bit else _units(c) for c in text]
    if sum(sizes) <= alone:
        return 1
    count, room = 1, chained
    for size in sizes:
        if size > room:
            count, room = count + 1, chained
        room -= size
    return count


def _septets(c: str) -> int:
    return 2 if c in _GSM7_ESCAPED else 1


def _units(c: str) -> int:
    return 2 if ord(c) > 0xFFFF else 1
