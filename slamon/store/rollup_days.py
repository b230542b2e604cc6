"""Natural days of a line's zone, merged from hours once they are over.

Hours begin at whole hours UTC. In a zone that is not whole hours away from it, the hour that midnight cuts counts to
the day in which it begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from slamon.core.calendar import day_of, start_of_day
from slamon.core.rollup import DAY_S, HOUR_S
from slamon.core.timespan import Span, from_micros, micros
from slamon.store.cells import Cells, merge_into
from slamon.store.rollup_parts import Parts

_DAY = timedelta(days=1)
SLACK = timedelta(hours=1)  # how long after its end a day waits for windows that come late


def merged_cells(some: Sequence[Cells]) -> Cells:
    """Return cells of the same shape (at least one) as one."""
    found = some[0].copy()
    for cells in some[1:]:
        merge_into(found, cells)
    return found


def day_around(hour_us: int, zone: str) -> tuple[int, int]:
    """Return start and end of the natural day in which an hour begins."""
    where = ZoneInfo(zone)
    day = day_of(from_micros(hour_us), where)
    return micros(start_of_day(day, where)), micros(start_of_day(day + _DAY, where))


def days_in(span: Span[datetime], zone: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of the natural days that begin in a span."""
    where = ZoneInfo(zone)
    day, last = day_of(span.start, where), day_of(span.end, where)
    while day <= last:
        start, end = start_of_day(day, where), start_of_day(day + _DAY, where)
        if start in span:
            yield micros(start), micros(end)
        day += _DAY


def make_day(parts: Parts, chunk: int, zone: str, start_us: int, end_us: int) -> None:
    """Merge the hours of a zone's day into the day's part, for the lines of that zone."""
    places = parts.zones_of(chunk).get(zone)
    hours = [cells for _, cells in parts.between(HOUR_S, chunk, start_us, end_us)]
    if places is None or not hours:
        return
    day = parts.get(DAY_S, chunk, start_us)
    day[places] = merged_cells(hours)[places]
    parts.put(DAY_S, chunk, start_us, day)


def close_days(parts: Parts, now: datetime) -> None:
    """Make the days of every zone that are over, and remember how far they are made."""
    first_us = parts.first(HOUR_S)
    if first_us is None:
        return
    for zone in parts.zones():
        upto_us = day_around(micros(now - SLACK), zone)[0]
        closed_us = parts.closed(zone)
        begin_us = day_around(first_us, zone)[0] if closed_us is None else closed_us
        if begin_us >= upto_us:
            continue
        for start_us, end_us in days_in(Span(from_micros(begin_us), from_micros(upto_us)), zone):
            for chunk in parts.chunks_between(HOUR_S, start_us, end_us):
                make_day(parts, chunk, zone, start_us, end_us)
        parts.set_closed(zone, upto_us)
