"""Who is on call at an instant: overrides, dates, weekly shifts, turns; wall-clock times read through summer time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from slamon.core.timespan import Span

from .people import Override, Person, Quiet, Rota, Shift, Stint

_DAY = timedelta(days=1)


@lru_cache(maxsize=8192)
def instant_of(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the instant of a recurring wall-clock time on a day.

    A time that happens twice is the first of the two; one that does not exist is the instant of the jump. So later
    times on the wall are never earlier instants: shifts that touch on paper touch in truth, without gap or overlap.
    """
    local = datetime.combine(day, clock)
    first, second = (local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if second >= first:
        return first
    return _jump(second, first, zone)


def _jump(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant in ``(low, high]`` at which the zone's offset changes, to the second."""
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return high


def on_call(rota: Rota, overrides: Sequence[Override], at: datetime) -> str | None:
    """Return who is on call at an instant, None where the rota has a gap."""
    return _who(rota, overrides, at)[0]


def _who(rota: Rota, overrides: Sequence[Override], at: datetime) -> tuple[str | None, str | None]:
    standing_in = [one for one in overrides if one.rota == rota.id and one.start <= at < one.end]
    if standing_in:
        return max(standing_in, key=lambda one: one.seq).person, "override"
    for dates in reversed(rota.dates):
        if _handover(rota, dates.first_day) <= at < _handover(rota, dates.last_day + _DAY):
            return dates.person, "dates"
    for shift in reversed(rota.shifts):
        if any(at in span for span in _spans_near(shift, rota.zone, at)):
            return shift.person, "shifts"
    person = _turn(rota, at)
    return person, None if person is None else "turns"


def _handover(rota: Rota, day: date) -> datetime:
    return instant_of(day, rota.handover, rota.zone)


def _spans_near(shift: Shift | Quiet, zone: ZoneInfo, at: datetime) -> Iterator[Span[datetime]]:
    """Yield the spans of a weekly pattern that begin on the local day of an instant or on the day before."""
    today = at.astimezone(zone).date()
    for day in (today - _DAY, today):
        if day.weekday() in shift.days:
            span = _span_of(shift, day, zone)
            if span is not None:
                yield span


def _span_of(shift: Shift | Quiet, day: date, zone: ZoneInfo) -> Span[datetime] | None:
    start = instant_of(day, shift.start, zone)
    end = instant_of(day if shift.end > shift.start else day + _DAY, shift.end, zone)
    return Span(start, end) if start < end else None  # a shift inside the hour that summer time skips has no length


def _turn(rota: Rota, at: datetime) -> str | None:
    turns = rota.turns
    if turns is None or not turns.persons:
        return None
    today = at.astimezone(rota.zone).date()
    since = (today - turns.first_day).days - (at < _handover(rota, today))
    return None if since < 0 else turns.persons[since // turns.days % len(turns.persons)]


def schedule(rota: Rota, overrides: Sequence[Override], start: datetime, end: datetime) -> tuple[Stint, ...]:
    """Return who is on call through ``[start, end)``, gaps included; touching stints differ in person or source."""
    edges = sorted({start, *(edge for edge in _edges(rota, overrides, start, end) if start < edge < end)})
    stints: list[Stint] = []
    for low, high in zip(edges, [*edges[1:], end], strict=True):
        person, by = _who(rota, overrides, low)
        if stints and (stints[-1].person, stints[-1].by) == (person, by):
            stints[-1] = Stint(stints[-1].start, high, person, by)
        else:
            stints.append(Stint(low, high, person, by))
    return tuple(stints)


def _edges(rota: Rota, overrides: Iterable[Override], start: datetime, end: datetime) -> Iterator[datetime]:
    for one in overrides:
        yield from (one.start, one.end)
    for dates in rota.dates:
        yield from (_handover(rota, dates.first_day), _handover(rota, dates.last_day + _DAY))
    day = start.astimezone(rota.zone).date() - _DAY
    while instant_of(day, time(0), rota.zone) < end:
        yield _handover(rota, day)
        for shift in rota.shifts:
            span = _span_of(shift, day, rota.zone)
            if span is not None:
                yield from (span.start, span.end)
        day += _DAY


def awake_at(person: Person, at: datetime) -> datetime:
    """Return the first instant from `at` on that lies in none of a person's quiet hours.

    Quiet hours that cover the whole week would never end; after a week of them, `at` itself is returned.
    """
    when = at
    while when - at < timedelta(days=7):
        ends = [span.end for quiet in person.quiet for span in _spans_near(quiet, person.zone, when) if when in span]
        if not ends:
            return when
        when = max(ends)
    return at
