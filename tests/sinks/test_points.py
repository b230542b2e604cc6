"""Single points have the types that the columns have, whatever a file said."""

from datetime import UTC, datetime, timedelta

from slamon.core.quality import Verdict
from slamon.core.reading import Reading, TargetStats
from slamon.sinks.line_protocol import line
from slamon.sinks.points import quality_points


def test_a_whole_number_of_milliseconds_is_a_float_all_the_same():
    """A server refuses an integer where the field is a float: replayed readings say 2 and mean 2.0.

    Mutant: without `_float` the line holds ``rtt_max_ms=200i``: red.
    """
    start = datetime(2026, 10, 3, 8, 0, tzinfo=UTC)
    reading = Reading("GX-0001", start, start + timedelta(seconds=10), TargetStats(5, 5, 1, 2, 200, 0))
    (point,) = quality_points(reading, Verdict.UP, {"line": "GX-0001"}, ("demarc",))
    text = line(point)
    assert text is not None
    assert "rtt_min_ms=1.0,rtt_mean_ms=2.0,rtt_max_ms=200.0,ipdv_ms=0.0" in text
