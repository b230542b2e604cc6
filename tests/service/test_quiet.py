"""The fast filter and the columns change nothing: what they say is what a judge says of every reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slamon.core.contract import Contracts
from slamon.core.inventory import FAR_FUTURE, Line, Period
from slamon.core.lifecycle import Happening
from slamon.core.quality import Criterion, Metric, Profile, Sight, Verdict, Watch, assess
from slamon.core.reading import Reading, TargetStats
from slamon.core.timeline import LineTerms
from slamon.core.timespan import Span, SpanSet, micros
from slamon.probes.columns import readings_of, rows_of
from slamon.service.judging import Judging
from slamon.service.quiet import limits_of, look, rounds
from slamon.service.watching import Watched
from slamon.store.rows import VERDICTS
from tests.service import batches
from tests.service.batches import BASE, IDS, Told, as_rows, one_by_one

Taking = Callable[[Judging, Sequence[Reading]], list[Happening]]

draws = st.integers(0, 2**63).map(Random)


@settings(max_examples=300)
@given(draw=draws)
def test_a_row_that_the_filter_takes_is_up_or_no_data_to_the_judge(draw: Random):
    """By itself and with its trailing windows, whatever the profile asks for; and what it calls loud exceeds alone."""
    watch = batches.watched(draw, IDS[0]).watches[0]
    rows, roster, reasons = rows_of(batches.windows(draw, IDS[0], 60))
    limits = limits_of(watch)
    seen = look(rows, limits)
    sight, loud_from = Sight(), -(10**18)
    for place, reading in enumerate(readings_of(rows, roster, reasons)):
        mark = assess(watch, sight, reading)
        undisturbed = loud_from < micros(reading.end) - limits.window_us
        if seen.unseen[place]:
            assert mark.verdict is Verdict.NO_DATA
        elif seen.up[place] and undisturbed:
            assert mark.verdict is Verdict.UP
            assert not mark.customer_side
        if seen.loud[place]:
            loud_from = micros(reading.start)
        elif limits.bounded and seen.answered[place]:
            alone = assess(watch, Sight(), reading)
            assert alone.verdict is Verdict.UP


def tell(seed: int, taking: Taking) -> Told:
    """Live a life: batches, commits, checkpoints, a lost prober, a changed inventory."""
    draw, told = Random(seed), Told()
    lines = {line_id: batches.watched(draw, line_id) for line_id in IDS}
    readings = [one for line_id in (*IDS, "nobody") for one in batches.windows(draw, line_id, draw.randint(60, 200))]
    judging = Judging(lines)
    for batch in batches.batches(draw, readings, draw.choice((3, 12, 40))):
        now = batch[-1].end
        told.happenings += taking(judging, batch)
        befalls = draw.random()
        if befalls < 0.2:
            told.pendings.append(judging.drain())
        elif befalls < 0.5:
            told.pendings.append(judging.drain(now))
        elif befalls < 0.53:
            judging.lose_sight(draw.choice((None, ["GX-0001"])), "the prober was restarted")
        elif befalls < 0.55:
            judging.relist(batches.changed(draw, lines))
        elif befalls < 0.58:
            told.happenings += judging.end_service(now)
        for line_id in IDS:
            judging.coverage(line_id)
    told.pendings.append(judging.drain(readings[-1].end + timedelta(hours=1), stopping=True))
    return told


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**63))
@example(11956)  # terms change at midnight to another deciding target, in the midst of a batch
def test_rows_are_judged_as_readings_one_by_one_are(seed: int):
    """Happenings, drafts (blind spans, notices, evidence blobs to the byte), coverage and states are the same.

    Mutants: no look at loud rows in the window; a CPE that is silent passed over; a gap not booked as blind; the ring
    forgets what a suspected line needs; `compared` without the rows that do not fit (seed 11956).
    """
    rows, readings = tell(seed, as_rows), tell(seed, one_by_one)
    assert rows.happenings == readings.happenings
    assert rows.drafts() == readings.drafts()
    assert rows.coverage() == readings.coverage()
    assert rows.states() == readings.states()


@pytest.mark.parametrize(
    ("line", "blocks"),
    [([], [[]]), ([3], [[0]]), ([1, 2, 5], [[0, 1, 2]]), ([1, 1, 2, 4, 4, 4], [[0, 2, 3], [1, 4], [5]])],
    ids=["nothing", "one row", "a row a line", "several rows of some lines"],
)
def test_rounds_hold_each_line_once(line: list[int], blocks: list[list[int]]):
    """First rows first, whatever a line's number of rows."""
    assert [block.tolist() for block in rounds(np.array(line, np.int64))] == blocks


def test_a_mean_that_rounds_above_its_parts_opens_nothing_unseen():
    """Rows at the threshold itself are loud: their weighted mean may lie above it by rounding alone.

    Mutant: no margin; this row is taken as up although the judge calls it degraded or up by the last bit.
    """
    watch = Watch(True, False, None, Profile(degraded=(Criterion(Metric.RTT_MEAN_MS, above=0.1, window_s=60),)))
    reading = Reading("L", BASE, BASE + timedelta(seconds=10), TargetStats(3, 3, 0.1, 0.1, 0.1, 0.0))
    assert look(rows_of([reading])[0], limits_of(watch)).loud.tolist() == [True]


def test_a_loud_row_under_terms_that_begin_with_it_is_remembered():
    """At midnight other criteria begin; in the batch across it a row is loud under the new ones, while suspended.

    Its course stays clear, and the next row is fine by itself, but not with the loud one in its window.
    Mutant: `loud` in `sift` without ``| ~fits[at]``: that next row is taken as up.
    """
    midnight, ten_s = datetime(2026, 10, 3, 16, 0, tzinfo=UTC), timedelta(seconds=10)
    calm, strict = (
        Watch(True, False, None, Profile(degraded=(Criterion(Metric.RTT_MEAN_MS, above=above, window_s=20),)))
        for above in (1000.0, 10.0)
    )
    periods = tuple(
        Period(day, None, "C1", "cmcc-internet-line", Decimal(3000)) for day in (date(2026, 1, 1), date(2026, 10, 4))
    )
    loud_at = midnight + ten_s
    service = SpanSet([Span(midnight - timedelta(days=9), loud_at), Span(loud_at + ten_s, FAR_FUTURE)])
    line = Watched(LineTerms(Line("L", periods), Contracts(())), batches.SHANGHAI, (calm, strict), service)
    judging = Judging({"L": line})

    def verdicts(first: int, *rtts: float) -> list[str]:
        starts = [midnight + (first + number) * ten_s for number in range(len(rtts))]
        stats = [TargetStats(5, 5, rtt, rtt, rtt, 0.0) for rtt in rtts]
        as_rows(judging, [Reading("L", at, at + ten_s, each) for at, each in zip(starts, stats, strict=True)])
        return [VERDICTS[number] for number in judging.judged()[0]["verdict"].tolist()]

    assert verdicts(-3, 1.0, 1.0) == ["UP", "UP"]
    assert verdicts(-1, 1.0, 1.0, 500.0) == ["UP", "UP", "DEGRADED"]
    assert verdicts(2, 1.0) == ["DEGRADED"]
    assert verdicts(3, 1.0, 1.0) == ["UP", "UP"]
