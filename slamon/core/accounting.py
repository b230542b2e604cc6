"""Where every second of a line's month went (domain, section 6).

Instants are rounded to whole seconds first; then each second of the service time is exactly one of excluded,
interrupted, degraded, blind, up - first match wins. What does not add up is a defect that slamon refuses to print.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from .case import Case
from .facts import Responsibility
from .incident import Kind
from .money import ratio_text
from .timespan import Span, SpanSet, seconds_in, whole_seconds


class DoesNotAddUp(AssertionError):
    """The seconds of a month do not sum to its service time: a defect of slamon, never the user's."""


@dataclass(frozen=True, slots=True)
class Seconds:
    """The seconds of a line's month, and all interruption seconds whether excluded or not (`seen`)."""

    service: int
    excluded: int
    interrupted: int
    degraded: int
    blind: int
    up: int
    seen: int

    def __post_init__(self) -> None:
        parts = (self.excluded, self.interrupted, self.degraded, self.blind, self.up)
        if sum(parts) != self.service or min(parts) < 0:
            raise DoesNotAddUp(f"{' + '.join(map(str, parts))} is not the service time {self.service}")


@dataclass(frozen=True, slots=True)
class Course:
    """The same as spans of whole seconds: where in the month the time went; `serving` is all of it."""

    serving: SpanSet[int]
    excluded: SpanSet[int]
    interrupted: SpanSet[int]
    degraded: SpanSet[int]
    blind: SpanSet[int]
    up: SpanSet[int]


@dataclass(frozen=True, slots=True)
class Availability:
    """Six decimals, half-up, as text; None where nothing is left to divide by (after ITU-T Y.1540)."""

    contract: str | None
    lower_bound: str | None
    as_seen: str | None


def account(
    service: SpanSet[datetime], bounds: Span[datetime] | None, cases: Sequence[Case], nodata: SpanSet[datetime]
) -> tuple[Seconds, Course]:
    """Return where the service time inside `bounds` went; None is an empty month so far."""
    if bounds is None:
        nothing: SpanSet[int] = SpanSet()
        return Seconds(0, 0, 0, 0, 0, 0, 0), Course(nothing, nothing, nothing, nothing, nothing, nothing)
    inside = whole_seconds(bounds.start, bounds.end)
    serving = rounded(service.within(bounds)).within(inside)
    counted = [case for case in cases if not case.incident.false_alarm]
    interrupted = SpanSet.union(case.segment_seconds(Kind.INTERRUPTION) for case in counted)
    degraded = SpanSet.union(case.segment_seconds(Kind.DEGRADATION) for case in counted)
    excluded = SpanSet.union(excluded_by(case) for case in counted)
    left = serving
    taken = []
    for part in (excluded, interrupted, degraded, rounded(nodata.within(bounds))):
        taken.append(part & left)
        left -= part
    out, down, bad, blind = taken
    course = Course(serving, out, down, bad, blind, left)
    seen = seconds_in(interrupted & serving)
    return _seconds(course, seen), course


def _seconds(course: Course, seen: int) -> Seconds:
    return Seconds(
        service=seconds_in(course.serving),
        excluded=seconds_in(course.excluded),
        interrupted=seconds_in(course.interrupted),
        degraded=seconds_in(course.degraded),
        blind=seconds_in(course.blind),
        up=seconds_in(course.up),
        seen=seen,
    )


def together(parts: Iterable[Seconds]) -> Seconds:
    """Return the seconds of several lines as one sum."""
    names = ("service", "excluded", "interrupted", "degraded", "blind", "up", "seen")
    found = list(parts)
    return Seconds(**{name: sum(getattr(one, name) for one in found) for name in names})


def excluded_by(case: Case) -> SpanSet[int]:
    """Return the time that an incident takes out of the account: accepted exclusions, or the whole of it.

    Exclusions count where they overlap ``[onset, restored)``, whatever its segments there. An incident without
    segments takes nothing.
    """
    if not case.incident.segments:
        return SpanSet()
    whole = case.span
    responsibility = case.incident.responsibility
    if responsibility is not Responsibility.UNDECIDED and responsibility in case.contract.exempt_responsibilities:
        return SpanSet([whole])
    return case.excluded().within(whole)


def rounded(spans: SpanSet[datetime]) -> SpanSet[int]:
    """Return the spans between rounded instants."""
    return SpanSet(whole_seconds(span.start, span.end) for span in spans)


def availability(seconds: Seconds) -> Availability:
    """Return availability as agreed, its lower bound (all blind time interrupted), and as the customer saw it."""
    agreed = seconds.service - seconds.excluded - seconds.blind
    bound = seconds.service - seconds.excluded
    return Availability(
        contract=ratio_text(agreed - seconds.interrupted, agreed),
        lower_bound=ratio_text(bound - seconds.interrupted - seconds.blind, bound),
        as_seen=ratio_text(seconds.service - seconds.seen, seconds.service),
    )
