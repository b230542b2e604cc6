"""Instants as microseconds, stretches of time, months of a zone, and cents: the arithmetic of the second judge."""

import datetime as dt
import math
from collections.abc import Iterable
from fractions import Fraction

Instant = int
Stretch = tuple[Instant, Instant]
SECOND = 1_000_000
DAY_S = 86_400
FOREVER = 1 << 62


def midnight(day: dt.date, offset_s: int) -> Instant:
    return ((day - dt.date(1970, 1, 1)).days * DAY_S - offset_s) * SECOND


def month_edges(month: tuple[int, int], offset_s: int) -> Stretch:
    year, number = month
    following = dt.date(year + number // 12, number % 12 + 1, 1)
    return midnight(dt.date(year, number, 1), offset_s), midnight(following, offset_s)


def month_of(at: Instant, offset_s: int) -> tuple[int, int]:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=(at // SECOND + offset_s) // DAY_S)
    return day.year, day.month


def months_between(start: Instant, end: Instant, offset_s: int) -> list[tuple[int, int]]:
    months, at = [], month_of(start, offset_s)
    while month_edges(at, offset_s)[0] < end:
        months.append(at)
        at = (at[0] + at[1] // 12, at[1] % 12 + 1)
    return months


def to_second(at: Instant) -> int:
    """Seconds since 1970, half-up."""
    return (at + SECOND // 2) // SECOND


def cents(amount: Fraction) -> Fraction:
    return Fraction(math.floor(amount * 100 + Fraction(1, 2)), 100)


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    out: list[Stretch] = []
    for start, end in sorted(s for s in stretches if s[0] < s[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def cut(stretches: Iterable[Stretch], start: int, end: int) -> list[Stretch]:
    return union((max(s, start), min(e, end)) for s, e in stretches)


def without(stretches: Iterable[Stretch], holes: Iterable[Stretch]) -> list[Stretch]:
    left = union(stretches)
    for a, b in holes:
        left = [p for s, e in left for p in ((s, min(e, a)), (max(s, b), e)) if p[0] < p[1]] if a < b else left
    return left


def length(stretches: Iterable[Stretch]) -> int:
    return sum(e - s for s, e in union(stretches))


def rounded(stretches: Iterable[Stretch]) -> list[Stretch]:
    return [(to_second(s), to_second(e)) for s, e in stretches]
