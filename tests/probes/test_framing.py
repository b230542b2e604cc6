"""What goes over the pipe comes out as it went in, however it is cut."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from slamon.core.reading import Reading, TargetStats
from slamon.probes.framing import (
    BATCH,
    CHANGES,
    LINES,
    FrameReader,
    batch_frame,
    batch_of,
    change,
    changes_frame,
    lines_frame,
    lines_of,
    message_of,
)
from slamon.probes.protocol import (
    Batch,
    Health,
    OnsetEvidence,
    ProbeEvent,
    ProbeLine,
    QuotedError,
    batch_of_readings,
)

T0 = datetime(2026, 11, 20, 8, 0, 0, 123456, tzinfo=UTC)
LINE = ProbeLine("GX-0001", "10.0.0.1", "专线.example", payload_bytes=1400, dscp=46, open_after_s=3.5, rank=2)
BATCH_OF_ALL = batch_of_readings(
    readings=(
        Reading("GX-0001", T0, T0 + timedelta(seconds=10), TargetStats(5, 4, 1.5, 2.25, 3.0, 0.1), TargetStats(5, 0)),
        Reading("GX-0002", T0, T0 + timedelta(microseconds=1), blind="the prober stood still"),
    ),
    health=Health(T0, lines=2, sent=10, loop_lag_max_ms=0.25),
    events=(ProbeEvent("clock_step", T0, "the wall clock was set back by 2.0 s"),),
    evidence=(OnsetEvidence("GX-0001", T0, None, T0, (QuotedError("10.0.0.9", "host unreachable", T0, 3),)),),
)


def parts(batch: Batch) -> tuple[object, ...]:
    return batch.readings, list(batch.roster), list(batch.reasons), batch.health, batch.events, batch.evidence


@given(st.lists(st.integers(1, 700), min_size=1))
def test_frames_survive_any_cutting(sizes):
    data = batch_frame(BATCH_OF_ALL) + lines_frame([LINE], ["10.0.0.2"]) + batch_frame(BATCH_OF_ALL)
    reader, found, at = FrameReader(), [], 0
    for size in [*sizes, len(data)]:
        found += reader.feed(data[at : at + size])
        at += size
    assert [kind for kind, _, _ in found] == [BATCH, LINES, BATCH]
    assert parts(batch_of(*found[0][1:], BATCH_OF_ALL.roster)) == parts(BATCH_OF_ALL)
    assert lines_of(found[1][1]) == ([LINE], ["10.0.0.2"])


ids = st.sampled_from("abcdefgh")
fleets = st.lists(st.tuples(ids, st.integers(1, 3)), unique_by=lambda pair: pair[0]).map(
    lambda pairs: {line_id: ProbeLine(line_id, "192.0.2.1", packets=packets) for line_id, packets in pairs}
)


@given(before=fleets, after=fleets, references=st.lists(st.sampled_from(["192.0.2.9", "name.example"])))
def test_only_changes_travel_and_both_ends_agree(before, after, references):
    """Whatever lines come, go and change: the process has the lines wanted, in an order that the daemon knows too.

    Mutant: `changes_frame` without the removed ones: they are probed for ever.
    """
    theirs, ours = dict(before), dict(before)
    data = changes_frame(before, after, references)
    kind, body, _ = message_of(data)
    assert kind == CHANGES
    assert change(theirs, body) == references
    change(ours, message_of(data)[1])
    assert theirs == after
    assert list(theirs) == list(ours)
    assert {line["line_id"] for line in body[1]} == {k for k, line in after.items() if before.get(k) != line}
