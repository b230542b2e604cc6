"""Windows rolled up: the same sums in fewer rows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.store.rows import VERDICTS
from slamon.store.thinning import rolled_up
from tests.sinks.windows import rows_of, told, window

MINUTE_US = 60_000_000
NO_DATA = VERDICTS.index(Verdict.NO_DATA)


@given(st.lists(window(), max_size=40))
def test_sums_stay_and_nobody_shares_an_instant_that_was_not_shared(windows):
    """Packets sent and received, the least and greatest RTT and the worst verdict are those of the windows."""
    rows = rows_of(windows)
    found = rolled_up(rows, MINUTE_US)
    assert found.size <= rows.size
    for target in ("demarc", "cpe"):
        for name in ("sent", "received"):
            assert found[f"{target}_{name}"].sum() == rows[f"{target}_{name}"].sum()
        highest = rows[f"{target}_rtt_max"].max(initial=-1)
        assert found[f"{target}_rtt_max"].max(initial=-1) == highest
    seen = rows[rows["verdict"] != NO_DATA]
    assert found[found["verdict"] != NO_DATA]["verdict"].max(initial=0) == seen["verdict"].max(initial=0)
    before = {(r["line"], r["start"], bool(r["verdict"] == NO_DATA)) for r in rows}
    after = [(r["line"], r["start"], bool(r["verdict"] == NO_DATA)) for r in found]
    assert set(after) <= before
    assert len(set(after)) == len(after)


def test_a_minute_of_windows_is_one_row():
    """Six windows: 30 packets, 2 lost, the mean RTT weighed by replies, the verdict the worst of them."""
    windows = [told(0, n * 10, demarc_rtt_mean=1000 + n) for n in range(5)]
    bad = told(0, 50, verdict=Verdict.DEGRADED, demarc_received=3, demarc_rtt_mean=5000, demarc_ipdv=40)
    first = windows[0]["start"] - windows[0]["start"] % MINUTE_US + MINUTE_US
    shift = first - windows[0]["start"]
    for one in [*windows, bad]:
        one["start"] += shift
        one["end"] += shift
    (row,) = rolled_up(rows_of([*windows, bad]), MINUTE_US)
    assert (row["start"], row["end"]) == (first, first + MINUTE_US)
    assert (row["demarc_sent"], row["demarc_received"]) == (30, 28)
    assert row["demarc_rtt_mean"] == round((5 * (1000 + 1001 + 1002 + 1003 + 1004) + 3 * 5000) / 28)
    assert row["demarc_rtt_min"] == 1000
    assert row["demarc_ipdv"] == round((5 * 4 * 10 + 2 * 40) / 22)
    assert VERDICTS[row["verdict"]] is Verdict.DEGRADED
    assert row["cpe_rtt_mean"] == -1


def test_what_nobody_saw_stays_apart():
    """A blind window neither hides an outage nor becomes one."""
    rows = rows_of([told(0, 0, verdict=Verdict.NO_DATA), told(0, 10, verdict=Verdict.DOWN), told(0, 20)])
    found = rolled_up(rows, None)
    assert sorted(VERDICTS[one] for one in found["verdict"]) == [Verdict.DOWN, Verdict.NO_DATA]


def test_nothing_rolled_up_is_nothing():
    """No rows, no row."""
    assert rolled_up(rows_of([]), MINUTE_US).size == 0
    assert np.array_equal(rolled_up(rows_of([told(0, 0)]), None), rows_of([told(0, 0)]))
