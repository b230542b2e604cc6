"""Windows by the thousand as lines: the same that one window after the other would be written as."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.sinks.line_protocol import line
from slamon.sinks.points import quality_points
from slamon.sinks.quality_lines import TARGETS, VERDICTS, quality_lines, series_heads
from slamon.store import rows as store_rows
from tests.sinks.reading_lines import Line, read_line
from tests.sinks.windows import T0_US, rows_of, told, window

IDS = [f"GX-{number}" for number in range(5)]
TIERS = [None, "AAA", "standard", "A", "AA"]
LINES = list(zip(IDS, TIERS, strict=True))


def written(rows, target: str) -> list[Line]:
    heads = series_heads(LINES, target, "nanning-1")
    return [read_line(text) for text in quality_lines(rows, heads[rows["line"]], target).decode().splitlines()]


def test_verdicts_are_numbered_as_in_the_store():
    """Rooms side by side do not know each other; what they must agree on is said here."""
    assert VERDICTS == store_rows.VERDICTS == (Verdict.UP, Verdict.DEGRADED, Verdict.DOWN, Verdict.NO_DATA)


@given(st.lists(window(), min_size=1, max_size=30))
def test_columns_and_single_points_say_the_same(windows):
    """Every field of every window, for both targets, to the bit.

    Mutant: `absent` left out of `_milliseconds`: an RTT of -1 becomes a number.
    """
    rows = rows_of(windows)
    judged = store_rows.judged_of(rows, IDS, [None])
    for target, bit in TARGETS.items():
        mine = rows[rows["targets"] & bit != 0]
        expected = []
        for reading, verdict in judged:
            tags = {"line": reading.line_id, "tier": TIERS[IDS.index(reading.line_id)], "vantage": "nanning-1"}
            for point in quality_points(reading, verdict, tags, ()):
                if point.tags["target"] == target:
                    text = line(point)
                    assert text is not None
                    expected.append(read_line(text))
        assert written(mine, target) == expected


def test_total_loss_is_one_and_has_no_round_trip():
    """A dead line is a point like any other: never a gap, never an RTT of 0."""
    (dead,) = written(rows_of([told(1, 0, verdict=Verdict.DOWN)]), "demarc")
    assert dead == Line(
        "line_quality",
        {"line": "GX-1", "target": "demarc", "tier": "AAA", "vantage": "nanning-1"},
        {"sent": 5, "received": 0, "loss_ratio": 1.0, "verdict": "DOWN"},
        T0_US * 1000,
    )


def test_what_nobody_could_see_has_no_loss():
    """Our own blindness is no loss of the line's, whatever packets came to nothing.

    Mutant: without `counts` in `_count_text` a dead uplink writes loss_ratio=1 for all lines.
    """
    blind = told(0, 0, verdict=Verdict.NO_DATA, demarc_sent=5)
    (found,) = written(rows_of([blind]), "demarc")
    assert found.fields == {"sent": 5, "received": 0, "verdict": "NO_DATA"}
    assert "tier" not in found.tags


def test_no_rows_are_no_bytes():
    """An empty batch is nothing to send."""
    assert quality_lines(np.zeros(0, store_rows.KEPT), np.zeros(0, "S1"), "demarc") == b""
