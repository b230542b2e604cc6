"""Rollups merge in any order and grouping to the same; what is absent stays absent."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.rollup import DAY_S, HOUR_S, Rollup, merged

START = datetime(2026, 10, 3, 16, 0, tzinfo=UTC)
MEAN_MS = st.floats(0.001, 5000, allow_nan=False)


@st.composite
def rollups(draw: st.DrawFn) -> Rollup:
    """An hour of a line, as the store gives it: the means' own weights may differ from what was received."""
    sent = draw(st.integers(0, 2000))
    received = draw(st.integers(0, sent))
    replies = draw(st.integers(0, received))
    pairs = draw(st.integers(0, received))
    low, mean, high = sorted(draw(MEAN_MS) for _ in range(3))
    return Rollup(
        line_id="GX-0001",
        target="demarc",
        start=START,
        seconds=HOUR_S,
        sent=sent,
        received=received,
        rtt_min_ms=low if replies else None,
        rtt_mean_ms=mean if replies else None,
        rtt_max_ms=high if replies else None,
        ipdv_ms=draw(MEAN_MS) if pairs else None,
        blind_s=draw(st.integers(0, 3600)),
        rtt_replies=replies,
        ipdv_pairs=pairs,
    )


def same(one: Rollup, other: Rollup) -> bool:
    """Equal, the means but for rounding."""

    def near(a: float | None, b: float | None) -> bool:
        return a is b if a is None or b is None else isclose(a, b, rel_tol=1e-9)

    means = ("rtt_mean_ms", "ipdv_ms")
    plain, another = (replace(each, rtt_mean_ms=None, ipdv_ms=None) for each in (one, other))
    return plain == another and all(near(getattr(one, name), getattr(other, name)) for name in means)


def day(*parts: Rollup) -> Rollup:
    return merged(parts, START, DAY_S)


@given(st.lists(rollups(), min_size=1, max_size=8), st.data())
def test_the_order_of_merging_changes_nothing(parts: list[Rollup], data: st.DataObject):
    """Commutative: any permutation gives the same."""
    assert same(day(*parts), day(*data.draw(st.permutations(parts))))


@given(st.lists(rollups(), min_size=2, max_size=8), st.data())
def test_merging_in_groups_changes_nothing(parts: list[Rollup], data: st.DataObject):
    """Associative: however a day was split and merged before, it comes to the same.

    Mutant: with `received` as the weight of a mean (rtt_weight) hours whose replies had no RTT count for it: red.
    """
    cut = data.draw(st.integers(1, len(parts) - 1))
    assert same(day(*parts), day(day(*parts[:cut]), day(*parts[cut:])))


@given(rollups())
def test_what_is_merged_alone_stays_what_it_is(one: Rollup):
    """Merging a single rollup changes nothing, to the bit."""
    assert merged([one], one.start, one.seconds) == one


@given(st.lists(rollups(), min_size=1, max_size=8))
def test_a_merged_mean_lies_between_the_means(parts: list[Rollup]):
    """A mean of means never leaves their range; without replies there is none."""
    means = [one.rtt_mean_ms for one in parts if one.rtt_mean_ms is not None]
    found = day(*parts).rtt_mean_ms
    if not means:
        assert found is None
    else:
        assert found is not None
        assert min(means) * (1 - 1e-9) <= found <= max(means) * (1 + 1e-9)


def test_absent_is_none_and_no_packets_have_no_loss():
    """A dead hour has loss 1 and no RTT; an hour in which nothing could be sent has neither."""
    dead = Rollup("GX-0001", "demarc", START, HOUR_S, 360, 0, None, None, None, None)
    unseen = Rollup("GX-0001", "demarc", START + timedelta(hours=1), HOUR_S, 0, 0, None, None, None, None, 3600)
    assert (dead.loss_ratio, unseen.loss_ratio) == (1.0, None)
    assert day(dead, unseen) == Rollup("GX-0001", "demarc", START, DAY_S, 360, 0, None, None, None, None, 3600)


def test_means_weigh_by_what_they_were_taken_over():
    """By hand: 10 replies of 1 ms and 30 of 2 ms are 1.75 ms; without own weights, replies received count."""
    one = Rollup("GX-0001", "cpe", START, HOUR_S, 40, 40, 0.5, 1.0, 1.5, 0.1, 0, 10, 9)
    other = Rollup("GX-0001", "cpe", START, HOUR_S, 30, 30, 1.5, 2.0, 2.5, 0.2)
    assert day(one, other).rtt_mean_ms == pytest.approx((10 * 1.0 + 30 * 2.0) / 40)
    assert day(one, other).ipdv_ms == pytest.approx((9 * 0.1 + 30 * 0.2) / 39)


def test_rollups_of_two_lines_are_not_merged():
    """Lines and targets are never mixed."""
    one = Rollup("GX-0001", "cpe", START, HOUR_S, 1, 1, None, None, None, None)
    with pytest.raises(ValueError, match="one line and target"):
        day(one, replace(one, target="demarc"))
