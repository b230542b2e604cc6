"""What is written beside the chain is read back as it was: states, coverage, episodes."""

from collections import deque
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from slamon.core.fusion import PortState
from slamon.core.incident import EndedBy, Episode, Run, Thresholds
from slamon.core.judge import Aside, Blindness, Coverage, Judge
from slamon.core.lifecycle import Course, Phase
from slamon.core.quality import Sight, Verdict
from slamon.core.scene import PortScene, Sights, Told, Trouble
from slamon.core.timespan import micros
from slamon.store import measured
from slamon.store.entry import canonical_json
from slamon.store.measured import Collecting

instants = st.datetimes(datetime(1970, 1, 2), datetime(2900, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
perhaps = st.none() | instants
names = st.none() | st.sampled_from(["nanning-1", "南宁", ""])
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=40))
thresholds = st.builds(Thresholds, *[st.floats(0, 1e6)] * 3)
runs = st.builds(
    Run,
    st.sampled_from([Verdict.UP, Verdict.DEGRADED, Verdict.DOWN]),
    instants,
    lengths,
    st.integers(1, 10**6),
    st.none() | st.sampled_from(["demarc", "cpe", "interface", "demarc+interface"]),
    st.none() | st.sampled_from(["s-", "sa", "as", "-a"]),
)
words = st.builds(PortScene, st.sampled_from(PortState), perhaps, st.none() | st.booleans(), st.booleans())
troubles = st.builds(Trouble, st.sampled_from(["error_ratio", "rx_power"]), instants, instants)
sights = st.builds(
    Sights,
    st.booleans(),
    st.lists(st.builds(Told, instants, instants, words), max_size=3).map(tuple),
    perhaps,
    st.lists(troubles, max_size=2).map(tuple),
)
coverages = st.builds(Coverage, perhaps, perhaps, perhaps, st.text(max_size=20))
courses = st.builds(
    Course,
    line_id=st.just("GX-0001"),
    phase=st.sampled_from(Phase),
    runs=st.lists(runs, max_size=4),
    impaired_count=st.integers(0, 10**9),
    down_start=perhaps,
    down_count=st.integers(0, 10**9),
    interruption_at=perhaps,
    alarm=perhaps,
    thresholds=thresholds,
    up_start=perhaps,
    up_after_blind=perhaps,
    up_total=lengths,
    vantage=names,
    sights=st.none() | sights,
)
judges = st.builds(
    Judge,
    courses,
    st.builds(Sight, st.builds(deque)),
    coverages,
    st.builds(Aside, perhaps, perhaps, st.floats(0, 1e6)),
)
collectings = st.none() | st.builds(Collecting, st.uuids().map(str), instants, perhaps)


@given(judges, collectings)
def test_a_state_is_read_back_as_it_was(judge, collecting):
    """Everything but the trailing windows, which come from the tail."""
    text = measured.state_text(judge, collecting)
    assert measured.judge_of("GX-0001", text) == judge
    assert measured.collecting_of(text) == collecting


@given(coverages)
def test_coverage_is_read_back_as_it_was(coverage):
    assert measured.coverage_of(measured.coverage_values(coverage)) == coverage


@given(
    st.builds(
        Episode,
        line_id=st.just("GX-0001"),
        onset=instants,
        alarm=instants,
        runs=st.lists(runs, min_size=1, max_size=4).map(tuple),
        thresholds=thresholds,
        interruption_at=perhaps,
        restored=perhaps,
        restored_earliest=perhaps,
        ended_by=st.none() | st.sampled_from(EndedBy),
        vantage=names,
        sights=sights,
    )
)
def test_an_episode_is_read_back_as_it_was(episode):
    """Its payload has a canonical form, so that it can be hashed."""
    payload = measured.episode_payload(episode)
    assert canonical_json("incident.opened", payload)
    found = measured.episode_of("GX-0001", payload)
    assert found == episode
    assert found.sights == episode.sights


@given(st.lists(st.builds(Blindness, st.sampled_from(["A", "B", "C"]), instants, instants, st.text(max_size=5)),
                max_size=200))  # fmt: skip
def test_blind_time_is_recorded_once_however_many_lines_share_it(spans):
    """Whether an entry stands for one line or for two thousand, each span comes back, once."""
    drafts = measured.blind_drafts(spans)
    found = []
    for draft in drafts:
        if draft.line_id is not None:
            found.append((draft.line_id, draft.payload["start"], draft.payload["end"], draft.payload["reason"]))
        else:
            lines = draft.payload["lines"]
            assert isinstance(lines, dict)
            found += [(k, *ends, draft.payload["reason"]) for k, many in lines.items() for ends in many]
    assert sorted(found) == sorted((s.line_id, micros(s.start), micros(s.end), s.reason) for s in spans)
