"""Instants and half-open spans of time.

A span is ``[start, end)``. Instants are aware datetimes in UTC; the accounting side works on whole
epoch seconds (`whole_second`). Both kinds of spans obey the same algebra, so the types are generic.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

T = TypeVar("T", datetime, int)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class NaiveInstant(ValueError):
    """A datetime without an offset was offered where an instant is needed."""


def utc(instant: datetime) -> datetime:
    """Return the instant in UTC; a naive datetime raises `NaiveInstant`."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise NaiveInstant(f"{instant.isoformat()} has no offset; an instant needs one, such as +08:00 or Z")
    return instant.astimezone(UTC)


def micros(instant: datetime) -> int:
    """Return the microseconds since the epoch, exactly."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_micros(value: int) -> datetime:
    """Return the instant that lies `value` microseconds after the epoch."""
    return EPOCH + timedelta(microseconds=value)


def whole_second(instant: datetime) -> int:
    """Return the epoch second nearest to the instant, halves upwards (domain, section 6)."""
    return (micros(instant) + 500_000) // 1_000_000


def from_second(second: int) -> datetime:
    """Return the instant of an epoch second."""
    return EPOCH + timedelta(seconds=second)


def iso(instant: datetime) -> str:
    """Return ISO 8601 in UTC with ``Z``; fractions of a second only where they exist."""
    text = instant.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else utc(instant).isoformat()[:-6] + "Z"


def parse_iso(text: str) -> datetime:
    """Return the instant that an ISO 8601 text with an offset names; raises `ValueError` otherwise."""
    return utc(datetime.fromisoformat(text))


@dataclass(frozen=True, slots=True, order=True)
class Span(Generic[T]):
    """A non-empty half-open span ``[start, end)``."""

    start: T
    end: T

    def __post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"a span ends after it starts: [{self.start}, {self.end})")

    def __contains__(self, instant: T) -> bool:
        return self.start <= instant < self.end

    def overlaps(self, other: Span[T]) -> bool:
        """Tell whether the spans share any time."""
        return self.start < other.end and other.start < self.end

    def intersection(self, other: Span[T]) -> Span[T] | None:
        """Return the shared part, or None."""
        return clip(self.start, self.end, other)


def clip(start: T, end: T, bounds: Span[T]) -> Span[T] | None:
    """Return the part of ``[start, end)`` inside `bounds`, or None where nothing is left."""
    low, high = max(start, bounds.start), min(end, bounds.end)
    return Span(low, high) if low < high else None


def whole_seconds(start: datetime, end: datetime) -> Span[int] | None:
    """Return the span between the rounded instants, or None where rounding leaves nothing."""
    low, high = whole_second(start), whole_second(end)
    return Span(low, high) if low < high else None


class SpanSet(Generic[T]):
    """An immutable set of time: disjoint spans in order, touching ones merged."""

    __slots__ = ("spans",)

    spans: tuple[Span[T], ...]

    def __init__(self, spans: Iterable[Span[T] | None] = ()) -> None:
        found = [span for span in spans if span is not None]
        if len(found) < 2:
            self.spans = tuple(found)
            return
        merged: list[Span[T]] = []
        for span in sorted(found):
            if merged and span.start <= merged[-1].end:
                if span.end > merged[-1].end:
                    merged[-1] = Span(merged[-1].start, span.end)
            else:
                merged.append(span)
        self.spans = tuple(merged)

    @classmethod
    def union(cls, sets: Iterable[SpanSet[T]]) -> SpanSet[T]:
        """Return all the time that any of the sets holds."""
        return cls(span for each in sets for span in each.spans)

    def __iter__(self) -> Iterator[Span[T]]:
        return iter(self.spans)

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpanSet) and self.spans == other.spans

    def __hash__(self) -> int:
        return hash(self.spans)

    def __repr__(self) -> str:
        return f"SpanSet({list(self.spans)!r})"

    def __contains__(self, instant: T) -> bool:
        return any(instant in span for span in self.spans)

    def __or__(self, other: SpanSet[T]) -> SpanSet[T]:
        if not other.spans:
            return self
        both: list[Span[T]] = list(self.spans)
        both.extend(other.spans)
        return SpanSet(both)

    def __and__(self, other: SpanSet[T]) -> SpanSet[T]:
        found: list[Span[T]] = []
        i = j = 0
        mine, theirs = self.spans, other.spans
        while i < len(mine) and j < len(theirs):
            shared = mine[i].intersection(theirs[j])
            if shared is not None:
                found.append(shared)
            if mine[i].end <= theirs[j].end:
                i += 1
            else:
                j += 1
        return _disjoint(found)

    def __sub__(self, other: SpanSet[T]) -> SpanSet[T]:
        if not other.spans or not self.spans:
            return self
        left: list[Span[T]] = []
        for span in self.spans:
            low = span.start
            for hole in other.spans:
                if hole.end <= low or hole.start >= span.end:
                    continue
                if hole.start > low:
                    left.append(Span(low, hole.start))
                low = hole.end
                if low >= span.end:
                    break
            if low < span.end:
                left.append(Span(low, span.end))
        return _disjoint(left)

    def within(self, bounds: Span[T] | None) -> SpanSet[T]:
        """Return the part inside `bounds`; nothing where there are none."""
        if bounds is None:
            return SpanSet()
        return _disjoint([part for span in self.spans if (part := span.intersection(bounds)) is not None])


def _disjoint(spans: list[Span[T]]) -> SpanSet[T]:
    """Wrap spans that are already disjoint, in order and not touching."""
    made: SpanSet[T] = SpanSet.__new__(SpanSet)
    made.spans = tuple(spans)
    return made


def seconds_in(spans: SpanSet[int]) -> int:
    """Return how many whole seconds the set holds."""
    return sum(span.end - span.start for span in spans.spans)
