"""Natural days and billing months; local times that summer time makes missing or double (F3)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.calendar import (
    BillingMonth,
    LocalTimeError,
    at_local,
    day_of,
    months_touched,
    parse_time,
    start_of_day,
)
from slamon.core.timespan import Span, whole_second

# With summer time at night, at midnight, by half an hour, skipping a day; and without.
ZONES = [
    ZoneInfo(name)
    for name in (
        "Asia/Shanghai",
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "America/Sao_Paulo",
        "America/Havana",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Apia",
    )
]
zones = st.sampled_from(ZONES)
months = st.builds(BillingMonth, st.integers(2001, 2035), st.integers(1, 12))
instants = st.datetimes(datetime(2001, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(months, zones)
def test_months_follow_each_other_without_gap_or_overlap(month: BillingMonth, zone: ZoneInfo):
    assert month.span(zone).end == month.following().span(zone).start
    assert month.seconds(zone).end == month.following().seconds(zone).start


@given(instants, zones)
def test_an_instant_lies_in_its_month_and_its_day(instant: datetime, zone: ZoneInfo):
    assert instant in BillingMonth.of(instant, zone).span(zone)
    day = day_of(instant, zone)
    assert start_of_day(day, zone) <= instant < start_of_day(day + timedelta(days=1), zone)


@given(months, zones)
def test_a_month_is_as_long_as_its_days(month: BillingMonth, zone: ZoneInfo):
    """Give or take an hour or two of summer time, and the day that Samoa skipped."""
    span = month.seconds(zone)
    assert abs(span.end - span.start - month.days * 86400) <= 86400
    assert (month.last_day - month.first_day).days + 1 == month.days


@given(st.lists(instants, min_size=2, max_size=2, unique=True).map(sorted), zones)
def test_the_months_touched_by_a_span_share_it_out(pair: list[datetime], zone: ZoneInfo):
    """The parts in each month sum to the span, and each month has one."""
    start, end = (whole_second(instant) for instant in pair)
    if end - start < 1:
        return
    end = min(end, start + 400 * 86400)
    parts = [Span(start, end).intersection(month.seconds(zone)) for month in months_touched(Span(start, end), zone)]
    assert None not in parts
    assert sum(part.end - part.start for part in parts if part is not None) == end - start


@given(instants, zones)
def test_a_local_time_is_read_back_or_refused(instant: datetime, zone: ZoneInfo):
    """Whatever the wall shows names its instant, unless it shows it twice."""
    local = instant.astimezone(zone)
    once = local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()
    if once:
        assert at_local(local.replace(tzinfo=None, fold=0), zone) == instant
        return
    with pytest.raises(LocalTimeError, match="happens twice") as refused:
        at_local(local.replace(tzinfo=None, fold=0), zone)
    assert local.isoformat() in str(refused.value)


@given(instants, zones)
def test_a_time_with_an_offset_is_never_doubted(instant: datetime, zone: ZoneInfo):
    assert parse_time(instant.astimezone(zone).isoformat(), zone) == instant


BERLIN = ZoneInfo("Europe/Berlin")


def test_an_ambiguous_local_time_is_refused_with_both_readings():
    """F3: 02:30 on the night that summer time ends happens twice; the operator must choose.

    Mutant: `at_local` without its check (return the first reading) -> no error, an hour silently lost or won.
    """
    with pytest.raises(LocalTimeError) as refused:
        at_local(datetime(2026, 10, 25, 2, 30), BERLIN)  # noqa: DTZ001
    assert str(refused.value) == (
        "2026-10-25T02:30:00 happens twice in Europe/Berlin; write "
        "2026-10-25T02:30:00+02:00 or 2026-10-25T02:30:00+01:00"
    )


def test_a_missing_local_time_is_refused_with_two_instants():
    """F3: 02:30 on the night that summer time begins does not exist. Mutant: as above -> 02:30 is taken for 03:30."""
    with pytest.raises(LocalTimeError) as refused:
        parse_time("2026-03-29 02:30", BERLIN)
    assert str(refused.value) == (
        "2026-03-29T02:30:00 does not exist in Europe/Berlin; write "
        "2026-03-29T02:30:00+01:00 or 2026-03-29T02:30:00+02:00"
    )


def test_what_is_no_time_is_refused_with_an_example():
    with pytest.raises(LocalTimeError, match="'yesterday' is not an ISO 8601 time, such as 2026-10-03T08:00:00"):
        parse_time("yesterday", BERLIN)


def test_a_day_without_midnight_begins_with_its_first_instant():
    """Sao Paulo, 2018-11-04: the clock went from 00:00 to 01:00 (-03:00 to -02:00)."""
    assert start_of_day(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_a_day_with_two_midnights_begins_with_the_first():
    """Havana, 2026-11-01: the clock goes from 01:00 back to 00:00 (-04:00 to -05:00)."""
    assert start_of_day(date(2026, 11, 1), ZoneInfo("America/Havana")) == datetime(2026, 11, 1, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("month", "zone", "hours"),
    [
        pytest.param("2026-10", "Asia/Shanghai", 744, id="31 days"),
        pytest.param("2026-10", "Europe/Berlin", 745, id="31 days in which summer time ends"),
        pytest.param("2026-03", "Europe/Berlin", 743, id="31 days in which it begins"),
        pytest.param("2026-02", "Asia/Shanghai", 672, id="28 days"),
        pytest.param("2028-02", "Asia/Shanghai", 696, id="29 days"),
        pytest.param("2011-12", "Pacific/Apia", 720, id="31 days of which one was skipped"),
    ],
)
def test_the_hours_of_a_month(month: str, zone: str, hours: int):
    span = BillingMonth.parse(month).seconds(ZoneInfo(zone))
    assert (span.end - span.start) / 3600 == hours


def test_a_month_begins_at_local_midnight():
    assert BillingMonth.parse("2026-10").span(ZoneInfo("Asia/Shanghai")) == Span(
        datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2026, 10, 31, 16, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-10", "0000-10", "2026-10-01", "２０２６-10", "october", ""]
)
def test_what_is_no_month_is_refused(text: str):
    with pytest.raises(ValueError, match="is not a month; write YYYY-MM, such as 2026-10"):
        BillingMonth.parse(text)


@given(months)
def test_a_month_is_read_as_it_is_written(month: BillingMonth):
    assert BillingMonth.parse(str(month)) == month
    assert month < month.following()
