"""From a reading to a verdict: criteria, their windows, the carrier's port, the customer's side."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from slamon.core.judge import Judge, judge
from slamon.core.lifecycle import Course
from slamon.core.quality import Criterion, Mark, Metric, Profile, Sight, Verdict, Watch, assess
from slamon.core.reading import InterfaceStats, Reading, TargetStats
from slamon.core.timespan import Span, SpanSet
from tests.core.wallclock import LINE, local

START = local("10-05 10:00")
GOOD = TargetStats(5, 5, 1.0, 1.2, 1.5, 0.1)
DEAD = TargetStats(5, 0)
UNSENT = TargetStats(0, 0)

PROFILE = Profile(
    degraded=(
        Criterion(Metric.LOSS_RATIO, above=0.05),
        Criterion(Metric.RTT_MEAN_MS, above=100),
        Criterion(Metric.IPDV_MS, above=50),
        Criterion(Metric.ERROR_RATIO, above=0.0001),
        Criterion(Metric.SPEED_MBPS),
    )
)
WATCH = Watch(has_demarc=True, has_cpe=True, bandwidth_mbps=100, profile=PROFILE)
CPE_WATCH = replace(WATCH, has_demarc=False)


def at(minute: float, length_s: float = 60, **what) -> Reading:
    """Return a reading that begins some minutes into the hour."""
    start = START + timedelta(minutes=minute)
    return Reading(LINE, start, start + timedelta(seconds=length_s), **what)


def verdict(watch: Watch, *readings: Reading) -> Mark:
    """Return the mark of the last of some readings."""
    sight = Sight()
    marks = [assess(watch, sight, reading) for reading in readings]
    return marks[-1]


def lossy(received: int, sent: int = 100) -> TargetStats:
    return TargetStats(sent, received, 1.0, 1.2, 1.5, 0.1)


def port(**what) -> InterfaceStats:
    return InterfaceStats(**{"admin": "up", "oper": "up", "speed_mbps": 100, **what})


@dataclass(frozen=True)
class Sighting:
    sentence: str
    reading: Reading
    verdict: Verdict
    source: str | None
    watch: Watch = WATCH


UP, DEGRADED, DOWN, NO_DATA = Verdict.UP, Verdict.DEGRADED, Verdict.DOWN, Verdict.NO_DATA

ALONE = [
    Sighting("all packets back is up", at(0, demarc=GOOD), UP, "demarc"),
    Sighting("none back from the demarc is down", at(0, demarc=DEAD), DOWN, "demarc"),
    Sighting("none back from the demarc is down though the CPE answers", at(0, demarc=DEAD, cpe=GOOD), DOWN, "demarc"),
    Sighting("a CPE that is silent behind an answering demarc is up", at(0, demarc=GOOD, cpe=DEAD), UP, "demarc"),
    Sighting("the CPE decides where no demarc is configured", at(0, cpe=DEAD), DOWN, "cpe", CPE_WATCH),
    Sighting("a reading of the CPE alone says nothing of a line with a demarc", at(0, cpe=DEAD), NO_DATA, None),
    Sighting("packets that could not be sent are no data, never loss", at(0, demarc=UNSENT), NO_DATA, None),
    Sighting("a reading of nothing is no data", at(0), NO_DATA, None),
    Sighting("a blind reading is no data, whatever stands in it", at(0, demarc=DEAD, blind="uplink"), NO_DATA, None),
    Sighting("blind goes before a port that is down", at(0, blind="x", interface=port(oper="down")), NO_DATA, None),
    Sighting("a carrier port that is down is down", at(0, demarc=GOOD, interface=port(oper="down")), DOWN, "interface"),
    Sighting(
        "a port with its lower layer down is down",
        at(0, demarc=GOOD, interface=port(oper="lowerLayerDown")),
        DOWN,
        "interface",
    ),
    Sighting(
        "a port in an unknown state says nothing", at(0, demarc=GOOD, interface=port(oper="unknown")), UP, "demarc"
    ),
    Sighting("a port without a state says nothing", at(0, demarc=GOOD, interface=port(oper=None)), UP, "demarc"),
    Sighting("loss of exactly the threshold is up", at(0, demarc=lossy(95)), UP, "demarc"),
    Sighting("loss above the threshold is degraded", at(0, demarc=lossy(94)), DEGRADED, "demarc"),
    Sighting("replies beyond what was sent are no gain", at(0, demarc=TargetStats(5, 9, 1, 1, 1, 0)), UP, "demarc"),
    Sighting("a mean RTT of exactly the threshold is up", at(0, demarc=replace(GOOD, rtt_mean_ms=100.0)), UP, "demarc"),
    Sighting("a mean RTT above it is degraded", at(0, demarc=replace(GOOD, rtt_mean_ms=100.1)), DEGRADED, "demarc"),
    Sighting("IPDV above its threshold is degraded", at(0, demarc=replace(GOOD, ipdv_ms=50.5)), DEGRADED, "demarc"),
    Sighting("an unknown RTT exceeds nothing", at(0, demarc=TargetStats(5, 5)), UP, "demarc"),
    Sighting(
        "speed below the contracted bandwidth is degraded, by the port",
        at(0, demarc=GOOD, interface=port(speed_mbps=10)),
        DEGRADED,
        "interface",
    ),
    Sighting("the contracted speed is enough", at(0, demarc=GOOD, interface=port(speed_mbps=100)), UP, "demarc"),
    Sighting("an unknown speed exceeds nothing", at(0, demarc=GOOD, interface=port(speed_mbps=None)), UP, "demarc"),
    Sighting("a speed of 0 is unknown (ifHighSpeed)", at(0, demarc=GOOD, interface=port(speed_mbps=0)), UP, "demarc"),
    Sighting(
        "a line without a contracted bandwidth is not judged by speed",
        at(0, demarc=GOOD, interface=port(speed_mbps=10)),
        UP,
        "demarc",
        replace(WATCH, bandwidth_mbps=None),
    ),
    # errors / (errors + packets): 1 / (1 + 9999) is exactly 0.0001
    Sighting(
        "an error ratio of exactly the threshold is up",
        at(0, demarc=GOOD, interface=port(in_errors=1, in_packets=9999)),
        UP,
        "demarc",
    ),
    Sighting(
        "an error ratio above it is degraded, by the port",
        at(0, demarc=GOOD, interface=port(in_errors=1, in_packets=9998)),
        DEGRADED,
        "interface",
    ),
    Sighting(
        "both directions count together",
        at(0, demarc=GOOD, interface=port(in_errors=1, out_errors=0, in_packets=9000, out_packets=9000)),
        UP,
        "demarc",
    ),
    Sighting(
        "errors without packets known exceed nothing", at(0, demarc=GOOD, interface=port(in_errors=9)), UP, "demarc"
    ),
    Sighting(
        "a port without traffic exceeds nothing",
        at(0, demarc=GOOD, interface=port(in_errors=0, in_packets=0)),
        UP,
        "demarc",
    ),
]


@pytest.mark.parametrize("case", ALONE, ids=[case.sentence for case in ALONE])
def test_a_reading_alone(case: Sighting):
    mark = verdict(case.watch, case.reading)
    assert (mark.verdict, mark.source) == (case.verdict, case.source)


PORT_DOWN = at(0, 60, demarc=GOOD, interface=port(oper="down"))  # polled every 60 s, at 10:01


def test_a_ports_state_counts_until_two_of_its_intervals_have_passed():
    """A poll at 10:01 speaks for the readings that end by 10:03."""
    assert verdict(WATCH, PORT_DOWN, at(1, demarc=GOOD), at(2, demarc=GOOD)).verdict is DOWN


def test_a_ports_state_expires_after_two_of_its_intervals():
    """A reading that ends a second after 10:03 is judged by its packets."""
    assert verdict(WATCH, PORT_DOWN, at(2, 61, demarc=GOOD)).verdict is UP


def test_a_newer_poll_replaces_a_ports_state():
    assert verdict(WATCH, PORT_DOWN, at(1, demarc=GOOD, interface=port())).verdict is UP


def test_a_slow_poll_lasts_longer():
    """The intervals are the port's own."""
    slow = replace(WATCH, interface_interval_s=300)
    assert verdict(slow, PORT_DOWN, at(8, 180, demarc=GOOD)).verdict is DOWN
    assert verdict(slow, PORT_DOWN, at(8, 181, demarc=GOOD)).verdict is UP


def test_the_port_that_is_down_proves_the_carriers_part_of_a_line_with_a_cpe_alone():
    """What a CPE cannot tell, the carrier's port does."""
    mark = verdict(CPE_WATCH, at(0, cpe=DEAD, interface=port(oper="down")))
    assert (mark.verdict, mark.source) == (DOWN, "interface+cpe")


def windowed(window_s: float, above: float = 0.05) -> Watch:
    return replace(WATCH, profile=Profile(degraded=(Criterion(Metric.LOSS_RATIO, above=above, window_s=window_s),)))


MINUTES = windowed(300)


def test_a_windowed_criterion_looks_at_its_trailing_window():
    """20 of 100 lost in the first of five minutes are 4 % of the window in the fifth; 30 are 6 %."""
    for lost, expected in ((20, UP), (30, DEGRADED)):
        rest = [at(minute, demarc=lossy(100)) for minute in range(1, 5)]
        assert verdict(MINUTES, at(0, demarc=lossy(100 - lost)), *rest).verdict is expected


def test_readings_that_began_before_the_window_are_out_of_it():
    """Of the window 10:01-10:06 the reading from 10:00 is none."""
    rest = [at(minute, demarc=lossy(100)) for minute in range(1, 6)]
    assert verdict(MINUTES, at(0, demarc=lossy(50)), *rest).verdict is UP


def test_a_reading_that_begins_with_the_window_is_in_it():
    """Of the window 10:00-10:05 the reading from 10:00 is the first."""
    rest = [at(minute, demarc=lossy(100)) for minute in range(1, 5)]
    assert verdict(MINUTES, at(0, demarc=lossy(50)), *rest).verdict is DEGRADED


def test_a_window_skips_what_was_down():
    """An interruption does not echo: its loss is not in the window of the readings after it."""
    good = [at(minute, demarc=lossy(100)) for minute in range(3)]
    assert verdict(MINUTES, *good, at(3, demarc=DEAD), at(4, demarc=lossy(100))).verdict is UP


def test_a_window_skips_what_was_not_seen():
    """A blind reading is not in the window, whatever stands in it."""
    good = [at(minute, demarc=lossy(100)) for minute in range(3)]
    blind = at(3, demarc=lossy(10), blind="uplink")
    assert verdict(MINUTES, *good, blind, at(4, demarc=lossy(100))).verdict is UP


def test_while_less_than_half_of_the_window_was_observed_the_reading_alone_is_judged():
    """149 of 300 s: the old loss of 40 % does not count, in 150 s it does."""
    assert verdict(MINUTES, at(0, 89, demarc=lossy(60)), at(89 / 60, demarc=lossy(100))).verdict is UP
    assert verdict(MINUTES, at(0, 90, demarc=lossy(60)), at(1.5, demarc=lossy(100))).verdict is DEGRADED


def test_a_gap_is_not_observed_time():
    """Two readings of a minute with three minutes of nothing between are less than half of five."""
    assert verdict(MINUTES, at(0, demarc=lossy(60)), at(4, demarc=lossy(100))).verdict is UP


def test_a_reading_longer_than_the_window_is_judged_alone():
    assert verdict(MINUTES, at(0, demarc=lossy(60)), at(1, 3600, demarc=lossy(100))).verdict is UP


def test_the_end_of_a_degradation_is_reported_late_by_up_to_its_window():
    """After a minute of 50 % loss the window stays above 5 % until that minute has left it."""
    sight = Sight()
    good = [at(minute, demarc=lossy(100)) for minute in range(5)]
    later = [at(minute, demarc=lossy(100)) for minute in range(6, 13)]
    marks = [assess(MINUTES, sight, reading) for reading in [*good, at(5, demarc=lossy(50)), *later]]
    assert [mark.verdict for mark in marks] == [UP] * 5 + [DEGRADED] * 5 + [UP] * 3


def test_means_weigh_each_reading_by_its_replies():
    """1 reply of 500 ms and 9 of 50 ms are a mean of 95 ms, not of 275."""
    watch = replace(WATCH, profile=Profile(degraded=(Criterion(Metric.RTT_MEAN_MS, above=100, window_s=120),)))
    few = TargetStats(10, 1, 500, 500.0, 500, None)
    many = TargetStats(10, 9, 50, 50.0, 50, 0.0)
    assert verdict(watch, at(0, demarc=few), at(1, demarc=many)).verdict is UP
    assert verdict(watch, at(0, demarc=replace(few, rtt_mean_ms=600.0)), at(1, demarc=many)).verdict is DEGRADED


def test_the_reason_names_metric_value_window_and_threshold():
    """Log, metric and test all say why."""
    rest = [at(minute, demarc=lossy(100)) for minute in range(1, 5)]
    mark = verdict(MINUTES, at(0, demarc=lossy(50)), *rest)
    assert mark.reason == "loss_ratio 0.1 over 300 s is above 0.05"


SERVICE = SpanSet([Span(local("01-01 00:00"), local("2027-01-01 00:00"))])


def test_the_customers_side_is_known_only_where_both_ends_were_asked():
    """A reading without the CPE neither begins nor ends a notice; one in which it answers ends it."""
    state = Judge(Course(LINE))
    silent, unasked = at(0, demarc=GOOD, cpe=DEAD), at(1, demarc=GOOD)
    back = at(2, demarc=GOOD, cpe=GOOD)
    notices = [judge(state, WATCH, SERVICE, reading).notices for reading in (silent, unasked, back)]
    assert [len(found) for found in notices] == [0, 0, 1]
    (notice,) = notices[-1]
    assert (notice.start, notice.end) == (silent.start, back.start)
