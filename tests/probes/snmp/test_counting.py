"""Counters become differences only where nothing speaks against it (F11)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.probes.snmp.counting import (
    BACKWARDS,
    IMPOSSIBLE,
    RESET,
    RESTARTED,
    Counts,
    Sample,
    difference,
    restarted,
    seconds_between,
)

BEFORE = Sample(1_000_000, 50.0, Counts(7, 0, 0, 0, 1000, 2000, 64_000, 128_000), 4_000, 1000.0)


def later(seconds: float = 60.0, ticks: int | None = None, discontinuity: int | None = 4_000, **counts: int) -> Sample:
    """The sample some seconds after BEFORE, with some counters higher."""
    moved = {name: getattr(BEFORE.counts, name) + by for name, by in counts.items()}
    uptime = BEFORE.uptime_ticks + round(seconds * 100) if ticks is None else ticks
    return Sample(uptime, BEFORE.at_s + seconds, replace(BEFORE.counts, **moved), discontinuity, 1000.0)


def test_what_was_counted_between_two_polls():
    """A difference per counter, and the seconds by the agent's own clock."""
    now = later(60.04, in_errors=3, in_packets=500, out_octets=9)
    assert difference(BEFORE, now) == Counts(3, 0, 0, 0, 500, 0, 0, 9)
    assert seconds_between(BEFORE, now) == pytest.approx(60.04)


IMPOSSIBLE_OCTETS = round(1.2 * 1e9 / 8 * 71)

NO_DELTA = [
    ("a restart sets the clock back", later(ticks=500, in_packets=1), RESTARTED),
    ("a restart long ago: the clock shows less than has passed", later(3600, ticks=1_100_000), RESTARTED),
    ("a clock that jumped ahead is no clock", later(60, ticks=1_900_000), RESTARTED),
    ("the agent says that this port's counters began anew", later(discontinuity=1_003_000), RESET),
    ("an agent that stops saying when they began", later(discontinuity=None), RESET),
    ("errors wrapped or were cleared", later(in_errors=-1), BACKWARDS),
    ("octets were cleared behind the agent's back", later(in_octets=-64_000, in_packets=-1000), BACKWARDS),
    ("more octets than the port can carry", later(in_octets=IMPOSSIBLE_OCTETS), IMPOSSIBLE),
    ("more packets than the port can carry", later(out_packets=200_000_000), IMPOSSIBLE),
    ("more errors than packets could have come", later(in_errors=2**32 - 10), IMPOSSIBLE),
]


@pytest.mark.parametrize(("now", "why"), [case[1:] for case in NO_DELTA], ids=[case[0] for case in NO_DELTA])
def test_f11_wraps_resets_and_restarts_never_make_a_delta(now, why):
    """F11: a counter that went back, a restart, a reset, an impossible difference: counting begins anew.

    Mutants tried: without the test for a delta below zero "errors wrapped" gives -1 error; without `restarted` the
    first three give deltas over a restart; without the comparison of discontinuity times "the agent says" gives 0 of
    everything; without `_possible` a cleared Counter32 that wrapped gives four thousand million errors.
    """
    assert difference(BEFORE, now) == why


def test_a_clock_that_wraps_after_497_days_is_no_restart():
    """sysUpTime has 32 bits; what follows its end is the same life."""
    before = replace(BEFORE, uptime_ticks=2**32 - 3000)
    now = later(60, ticks=3000, in_packets=5)
    assert difference(before, now) == Counts(0, 0, 0, 0, 5, 0, 0, 0)
    assert seconds_between(before, now) == pytest.approx(60)
    assert restarted(2**32 - 3000, 0, 0, 60)


def test_a_counter_that_an_agent_lacks_is_unknown_and_the_others_are_not():
    """No 0 is made of nothing."""
    before = replace(BEFORE, counts=replace(BEFORE.counts, in_octets=None))
    now = later(in_errors=2)
    assert difference(before, now) == Counts(2, 0, 0, 0, 0, 0, None, 0)


def test_a_port_of_unknown_speed_is_only_held_to_what_no_port_can_carry():
    """ifHighSpeed 0 is unknown: no bound follows from it but that of the fastest port there is."""
    before, now = replace(BEFORE, speed_mbps=None), replace(later(in_octets=10**11), speed_mbps=None)
    assert isinstance(difference(before, now), Counts)
    assert difference(before, replace(later(in_octets=2**50), speed_mbps=None)) == IMPOSSIBLE


def test_a_port_that_became_faster_is_held_to_the_faster_speed():
    """Traffic just before the renegotiation was carried at either."""
    assert isinstance(difference(replace(BEFORE, speed_mbps=10.0), later(in_octets=10**8)), Counts)


def test_discards_are_not_held_to_the_ports_own_speed():
    """What a slow port had to drop came from faster ones."""
    slow = replace(later(out_discards=2_000_000), speed_mbps=1.0)
    assert difference(replace(BEFORE, speed_mbps=1.0), slow) == Counts(0, 0, 0, 2_000_000, 0, 0, 0, 0)


counts = st.builds(Counts, *[st.none() | st.integers(0, 2**32 - 1)] * 4, *[st.none() | st.integers(0, 2**64 - 1)] * 4)
ticks = st.integers(0, 2**32 - 1)
moments = st.floats(0, 1e7, allow_nan=False)
samples = st.builds(Sample, ticks, moments, counts, st.none() | ticks, st.none() | st.floats(0.1, 1e6))


@given(samples, samples)
def test_whatever_two_polls_say_no_delta_is_negative_or_beyond_the_fastest_port(before, now):
    """Any two samples in order of our time: a reason, or differences that a port can have carried."""
    if now.at_s < before.at_s:
        before, now = now, before
    found = difference(before, now)
    if isinstance(found, str):
        return
    for name in Counts.__slots__:
        delta = getattr(found, name)
        assert delta is None or delta == getattr(now.counts, name) - getattr(before.counts, name) >= 0
    passed_s = now.at_s - before.at_s
    assert abs(seconds_between(before, now) - passed_s) <= 10.01 + 0.05 * passed_s


@given(ticks, moments, st.floats(0, 1e6, allow_nan=False))
def test_an_agent_that_just_goes_on_has_not_restarted(uptime, at_s, passed_s):
    """However long the gap and wherever the clock wraps, an honest clock is believed."""
    assert not restarted(uptime, at_s, (uptime + round(passed_s * 100)) % 2**32, at_s + passed_s)
