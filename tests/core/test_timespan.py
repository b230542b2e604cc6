"""Instants and spans: rounding, half-open edges, and the algebra against sets of integers."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.timespan import (
    NaiveInstant,
    Span,
    SpanSet,
    clip,
    from_micros,
    from_second,
    iso,
    micros,
    parse_iso,
    seconds_in,
    utc,
    whole_second,
    whole_seconds,
)

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)

spans = st.tuples(st.integers(0, 60), st.integers(1, 12)).map(lambda pair: Span(pair[0], pair[0] + pair[1]))
span_lists = st.lists(spans, max_size=8)
instants = st.integers(-(10**15), 10**16).map(from_micros)


def points(found: SpanSet[int]) -> set[int]:
    """Return the integers that a set holds, having checked its shape: in order, disjoint, not touching."""
    ordered = list(found)
    assert all(before.end < after.start for before, after in pairwise(ordered))
    return {point for span in ordered for point in range(span.start, span.end)}


def union(parts: list[Span[int]]) -> set[int]:
    return {point for span in parts for point in range(span.start, span.end)}


@given(span_lists)
def test_a_set_holds_what_its_spans_hold(parts: list[Span[int]]):
    """In any order, overlapping, touching or doubled."""
    assert points(SpanSet(parts)) == union(parts)
    assert SpanSet(parts) == SpanSet(parts[::-1]) == SpanSet([*parts, *parts, None])
    assert seconds_in(SpanSet(parts)) == len(union(parts))


@given(span_lists, span_lists)
def test_union_intersection_and_difference_are_those_of_sets(mine: list[Span[int]], theirs: list[Span[int]]):
    left, right = SpanSet(mine), SpanSet(theirs)
    assert points(left | right) == union(mine) | union(theirs)
    assert points(left & right) == union(mine) & union(theirs)
    assert points(left - right) == union(mine) - union(theirs)


@given(span_lists, span_lists)
def test_equal_sets_are_equal_values(mine: list[Span[int]], theirs: list[Span[int]]):
    """One set of time has one form, however it was made."""
    left, right = SpanSet(mine), SpanSet(theirs)
    assert (left - right) | (left & right) == left
    assert hash((left - right) | (left & right)) == hash(left)


@given(span_lists, spans)
def test_what_lies_within_bounds(parts: list[Span[int]], bounds: Span[int]):
    whole = SpanSet(parts)
    assert points(whole.within(bounds)) == union(parts) & set(range(bounds.start, bounds.end))
    assert whole.within(None) == SpanSet()


@given(span_lists, st.integers(0, 80))
def test_membership_is_half_open(parts: list[Span[int]], point: int):
    assert (point in SpanSet(parts)) is (point in union(parts))


@given(spans, spans)
def test_overlap_is_shared_time(one: Span[int], other: Span[int]):
    shared = set(range(one.start, one.end)) & set(range(other.start, other.end))
    assert one.overlaps(other) is bool(shared)
    part = one.intersection(other)
    assert (set() if part is None else set(range(part.start, part.end))) == shared


@given(instants)
def test_an_instant_survives_as_microseconds_and_as_text(instant: datetime):
    assert from_micros(micros(instant)) == instant
    assert parse_iso(iso(instant)) == instant
    assert iso(instant).endswith("Z")


@given(instants)
def test_the_nearest_second_is_at_most_half_a_second_away(instant: datetime):
    away = from_second(whole_second(instant)) - instant
    assert timedelta(microseconds=-500_000) < away <= timedelta(microseconds=500_000)


def test_half_a_second_rounds_upwards():
    """12:00:00.5 is 12:00:01, before the epoch too."""
    assert whole_second(NOON + timedelta(microseconds=500_000)) == whole_second(NOON) + 1
    assert whole_second(NOON + timedelta(microseconds=499_999)) == whole_second(NOON)
    assert whole_second(from_micros(-500_000)) == 0
    assert whole_second(from_micros(-500_001)) == -1


def test_instants_are_rounded_before_they_are_subtracted():
    """From .4 to 1.5 is two whole seconds, though only 1.1 s long."""
    start, end = NOON + timedelta(seconds=0.4), NOON + timedelta(seconds=1.5)
    assert whole_seconds(start, end) == Span(whole_second(NOON), whole_second(NOON) + 2)


def test_rounding_may_leave_nothing():
    assert whole_seconds(NOON, NOON + timedelta(seconds=0.4)) is None


def test_fractions_of_a_second_are_written_only_where_they_exist():
    assert iso(NOON) == "2026-10-05T12:00:00Z"
    assert iso(NOON + timedelta(milliseconds=250)) == "2026-10-05T12:00:00.250000Z"


def test_iso_writes_utc_whatever_the_offset():
    assert iso(datetime.fromisoformat("2026-10-05T20:00:00+08:00")) == "2026-10-05T12:00:00Z"


def test_a_naive_datetime_is_no_instant():
    """The message says what is missing."""
    with pytest.raises(NaiveInstant, match="has no offset"):
        utc(datetime(2026, 10, 5, 12))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize("end", [5, 4], ids=["empty", "backwards"])
def test_a_span_ends_after_it_starts(end: int):
    with pytest.raises(ValueError, match="a span ends after it starts"):
        Span(5, end)


def test_clip_to_nothing_is_none():
    assert clip(0, 5, Span(5, 9)) is None
    assert clip(0, 6, Span(5, 9)) == Span(5, 6)
