"""From the steady clock to the time of day (F2, F21)."""

from datetime import UTC, datetime

from slamon.probes.packet import SECOND_NS, Cut
from slamon.probes.protocol import ProbeLine
from slamon.probes.track import LineTrack
from slamon.probes.vantage import Vantage
from slamon.probes.walltime import ClockReading, WallTime, read_clocks

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOON_S = int(NOON.timestamp())


def clocks(steady_s: float, ahead_s: float = 0.0) -> ClockReading:
    """The clocks at a steady second; the wall showed noon at 0 and is `ahead_s` ahead of that since."""
    steady_ns = round(steady_s * SECOND_NS)
    return ClockReading(steady_ns, steady_ns + round((NOON_S + ahead_s) * SECOND_NS), steady_ns)


def after_noon(instant: datetime) -> float:
    return round((instant - NOON).total_seconds(), 3)


def test_a_step_forward_is_said_and_leaves_a_gap():
    """Mutant: `WallTime.check` without the comparison to a second; no step is returned, time creeps."""
    wall = WallTime(clocks(0))
    assert wall.check(clocks(10)) is None
    step = wall.check(clocks(10.1, 3600))
    assert step is not None
    assert (step.after_ns, step.at_ns, step.by_ns) == (10 * SECOND_NS, 10_100_000_000, 3600 * SECOND_NS)
    assert after_noon(wall.ending(step.at_ns)) == 10.1
    assert after_noon(wall.starting(step.at_ns)) == 3610.1
    assert after_noon(wall.starting(5 * SECOND_NS)) == 5


def test_slewing_is_followed_gently():
    """Half a second off is made up at 5 ms a second: windows keep their lengths."""
    wall = WallTime(clocks(0))
    for second in range(1, 11):
        assert wall.check(clocks(second, 0.5)) is None
    assert after_noon(wall.ending(10 * SECOND_NS)) == 10.05


def track_with(*spans: tuple[float, float]) -> LineTrack:
    track = LineTrack(ProbeLine("L", "192.0.2.1"), 0, 0)
    cuts = [Cut(round(a * SECOND_NS), round(b * SECOND_NS), (None,), "x") for a, b in spans]
    track._held.extend((track.line, cut) for cut in cuts)  # noqa: SLF001
    return track


def test_readings_tile_while_the_wall_clock_is_slewed():
    wall = WallTime(clocks(0))
    track = track_with((0, 10), (10, 20))
    readings = []
    for second in (10, 20):
        wall.check(clocks(second, 0.3))
        readings.append(next(track.readings(lambda _: Vantage((), 0), wall)))
    assert readings[0].end == readings[1].start


def test_a_step_back_doubles_no_time():
    """The wall clock goes back by 5 s: what it shows a second time is left out, then readings go on."""
    wall = WallTime(clocks(0))
    wall.check(clocks(10))
    wall.check(clocks(10.1, -5))
    track = track_with((0, 10), (10, 10.1), (10.1, 14), (14, 20), (20, 30))
    spans = [(after_noon(r.start), after_noon(r.end)) for r in track.readings(lambda _: Vantage((), 0), wall)]
    assert spans == [(0, 10), (10, 10.1), (10.1, 15), (15, 25)]


def test_the_clocks_are_read_together():
    """Two looks at once see the same offset and the same sleep, within what a look takes."""
    first, second = read_clocks(), read_clocks()
    assert second.steady_ns >= first.steady_ns
    assert abs(second.offset_ns - first.offset_ns) < SECOND_NS
    assert abs(second.asleep_ns - first.asleep_ns) < SECOND_NS
