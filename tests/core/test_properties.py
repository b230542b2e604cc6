"""What holds for every line, whatever it did and whatever people filed."""

from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from slamon.core.calendar import BillingMonth
from slamon.core.contract import RestoreOverrun, StepTable
from slamon.core.facts import Complaint
from slamon.core.incident import Kind
from slamon.core.judge import Judge, judge, unseen
from slamon.core.lifecycle import Change, Course
from slamon.core.quality import Criterion, Metric
from slamon.core.recut import recut, rerun
from slamon.core.statement import line_statement
from slamon.core.timespan import whole_seconds
from slamon.store.measured import judge_of, state_text
from tests.core.filings import (
    Record,
    complaint,
    correction,
    exclusion,
    filed,
    maintenance,
    measured_id,
    suspension,
)
from tests.core.telling import told
from tests.core.timelines import (
    PLAIN,
    PROFILE,
    Drawn,
    Story,
    contract,
    drawn,
    measured,
    readings,
    statement,
    timeline,
    up_between,
)
from tests.core.wallclock import LINE, local, shown

# Ten hours of 5 October: pictures begin at ten, people file what happened between nine and nineteen.
SINCE, UNTIL = "10-05 09:00", "10-05 19:00"

pictures = st.lists(st.tuples(st.sampled_from(".~x?c"), st.integers(1, 9)), min_size=1, max_size=10).map(
    lambda runs: "".join(sign * count for sign, count in runs)
)
windows_s = st.sampled_from([4, 7.3, 20, 59.9996, 60])
minutes = st.integers(0, 599).map(lambda n: f"10-05 {9 + n // 60:02d}:{n % 60:02d}")


@st.composite
def stretches(draw: st.DrawFn) -> tuple[str, str]:
    """Draw two different minutes, in order."""
    first, second = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
    return first, second


complaints = st.one_of(
    st.builds(complaint, minutes, st.sampled_from(["interruption", "degradation"])),
    stretches().map(lambda pair: complaint(pair[0], "interruption", closed=pair[1])),
)
works = st.builds(
    lambda pair, told: maintenance(*pair, notified=told),
    stretches(),
    st.sampled_from([None, "10-01 00:00", "10-05 01:00"]),
)
suspensions = stretches().map(lambda pair: suspension(*pair))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a line that failed in the morning, with calls, work, suspensions and exclusions."""
    at = drawn("10-05 10:00", draw(pictures), draw(windows_s))
    records: list[Record] = draw(st.lists(st.one_of(complaints, works, suspensions), max_size=5))
    window_s = draw(st.sampled_from([None, 60, 300]))
    profile = replace(PROFILE, degraded=(Criterion(Metric.LOSS_RATIO, above=0.05, window_s=window_s),))
    story = Story((at,), tuple(records), profile=profile, since=SINCE, until=UNTIL)
    onsets = [shown(x.onset) for x in timeline(story).incidents if x.reported is None]
    for onset in onsets:
        if onset is not None and draw(st.booleans()):
            kind = draw(st.sampled_from(["customer_side", "awaiting_customer", "force_majeure", "weather"]))
            records.append(exclusion(onset, kind, *draw(stretches())))
        if onset is not None and draw(st.booleans()):
            who = draw(st.sampled_from(["carrier", "customer", "third_party", "force_majeure", "undecided"]))
            records.append(correction(measured_id(onset), responsibility=who))
    return replace(story, filed=tuple(records))


def copied(state: Judge) -> Judge:
    """Return another judge that knows what this one knows."""
    return deepcopy(state)


def restarted(state: Judge) -> Judge:
    """Return the judge that a checkpoint brings back; trailing windows come from the readings kept beside it."""
    return replace(judge_of(LINE, state_text(state)), sight=deepcopy(state.sight))


@given(stories())
def test_a_restart_at_any_reading_changes_nothing(story: Story):
    """F4: a judge copied, or written down and read back, before each reading sees the same incidents.

    Mutant: `down` left out of `state_text` (rule (a) counts from the restart) -> a later alarm, or none.
    """
    assert measured(story, copied) == measured(story)
    assert measured(story, restarted) == measured(story)


@given(stories())
def test_replaying_twice_changes_nothing(story: Story):
    """Every reading that was judged is known as seen, and skipped."""
    state, service = Judge(Course(LINE)), story.terms.service(filed(story.filed))
    for reading in readings(story):
        judge(state, story.watch, service, reading)
    assert not any(unseen(state, reading) for reading in readings(story))


@given(pictures, windows_s)
def test_splitting_good_readings_changes_nothing(picture: str, window_s: float):
    """Good time is counted in time, not in readings (a windowed criterion apart)."""
    profile = replace(PROFILE, degraded=(Criterion(Metric.LOSS_RATIO, above=0.05),))
    whole = Story((drawn("10-05 10:00", picture, window_s),), profile=profile, since=SINCE, until=UNTIL)
    (drawing,) = whole.pictures
    pieces: list[Drawn] = []
    for number, sign in enumerate(picture):
        at = drawing.at + number * timedelta(seconds=window_s)
        half = timedelta(seconds=window_s) / 2
        if sign in ".c":
            pieces += [Drawn(at, sign, window_s / 2), Drawn(at + half, sign, window_s / 2)]
        else:
            pieces.append(Drawn(at, sign, window_s))
    assert told(statement(replace(whole, pictures=tuple(pieces)))) == told(statement(whole))


@given(stories(), st.randoms(use_true_random=False))
def test_the_order_of_filing_changes_nothing(story: Story, chance):
    """Calls, work, suspensions, exclusions and decisions on different members, entered in any order.

    Of two calls at the same instant the one entered first is the first; everything else is in order of time.
    """
    calls = [record.at for record in story.filed if isinstance(record, Complaint)]
    assume(len(set(calls)) == len(calls))
    shuffled = list(story.filed)
    chance.shuffle(shuffled)
    assert told(statement(replace(story, filed=tuple(shuffled)))) == told(statement(story))


@given(stories())
def test_a_suspension_filed_late_gives_the_same_statement(story: Story):
    """Readings judged before anybody entered the suspension are cut where service ended."""
    assert told(statement(replace(story, suspended_late=True))) == told(statement(story))


@given(stories())
def test_seconds_sum_to_the_service_time(story: Story):
    """Excluded, interrupted, degraded, blind and up share the service time without rest."""
    says = statement(story).seconds
    assert says.excluded + says.interrupted + says.degraded + says.blind + says.up == says.service
    month, until = BillingMonth(2026, 10), local(UNTIL)
    service = timeline(story).service.within(month.span(story.terms.zone))
    expected = [
        whole_seconds(max(s.start, local("10-01 00:00")), min(s.end, until)) for s in service if s.start < until
    ]
    assert says.service == sum(span.end - span.start for span in expected if span is not None)


@given(pictures, windows_s)
def test_splitting_at_the_end_of_the_month_keeps_the_totals(picture: str, window_s: float):
    """What lies in October and what lies in November are together what was measured."""
    length = timedelta(seconds=window_s * len(picture))
    at = Drawn(local("11-01 00:00") - length / 2, picture, window_s)
    story = Story((at,), since="10-31 12:00", until="11-02 00:00")
    october, november = statement(story, "2026-10").seconds, statement(story, "2026-11").seconds
    segments = [s for x in timeline(story).incidents for s in x.segments]

    def total(kind: Kind) -> int:
        return sum(
            s.end - s.start for each in segments if each.kind is kind and (s := whole_seconds(each.start, each.end))
        )

    assert october.interrupted + november.interrupted == total(Kind.INTERRUPTION)
    assert october.degraded + november.degraded == total(Kind.DEGRADATION)


@given(stories(), st.sampled_from(["customer_side", "awaiting_customer", "force_majeure", "weather"]), stretches())
def test_a_further_exclusion_never_lengthens_a_clock(story: Story, kind: str, pair: tuple[str, str]):
    """Whatever is claimed, accepted or not, a clock has at most what it had."""
    before = statement(story)
    onsets = [shown(i.incident.onset) for i in (*before.incidents, *before.pending) if i.incident.reported is None]
    more = tuple(exclusion(onset, kind, *pair) for onset in onsets if onset is not None)
    after = statement(replace(story, filed=story.filed + more))
    clocks = [
        ([c.restore_s for c in old.clocks], [c.restore_s for c in new.clocks])
        for old, new in zip((*before.incidents, *before.pending), (*after.incidents, *after.pending), strict=True)
    ]
    assert all(len(old) == len(new) and all(map(int.__ge__, old, new)) for old, new in clocks)


outages = st.lists(st.integers(2, 40), min_size=2, max_size=4)


@given(outages, st.integers(11, 30), minutes, st.lists(complaints, max_size=3))
def test_no_hour_counts_twice(lengths: list[int], gap: int, end: str, calls: list[Record]):
    """F22: no clock starts before the line's previous incident was restored, however that was corrected.

    Mutant: `_floored` returning its start -> clocks of two incidents that were made to overlap count the same hours.
    """
    picture = ("." * gap).join("x" * length for length in lengths)
    wrong = correction(measured_id("10-05 10:00"), restored=max(end, "10-05 10:01"))
    found = statement(Story((drawn("10-05 10:00", picture),), (*calls, wrong), since=SINCE, until=UNTIL))
    restored = None
    for each in sorted((*found.incidents, *found.pending), key=lambda i: (i.incident.onset, i.incident.id)):
        assert restored is None or all(clock.start >= restored for clock in each.clocks)
        known = [instant for instant in (restored, each.incident.restored) if instant is not None]
        restored = max(known, default=None)


@given(stories())
def test_recutting_what_no_suspension_cuts_is_itself(story: Story):
    """The runs of an episode hold all that it was made of."""
    plain = replace(story, filed=())
    what, service = measured(plain), plain.terms.service(filed(()))
    for episode in what.episodes:
        assert recut(episode, service, what.until) == [episode]
        course = Course(LINE)
        happenings, _ = rerun(course, episode.runs, episode.thresholds, service)
        closed = [h.episode for h in happenings if h.change is Change.CLOSED]
        assert closed == ([] if episode.restored is None else [episode])
        assert course.episode() == (episode if episode.restored is None else None)


@given(stories())
def test_segments_tile_the_incident(story: Story):
    """From onset to restoring without gap or overlap, neighbours of different kinds or apart by blind time."""
    for incident in timeline(story).incidents:
        if incident.reported is not None:
            continue
        edges = [instant for s in incident.segments for instant in (s.start, s.end)]
        assert edges[0] == incident.onset
        assert edges[1:-1:2] == edges[2::2]
        assert edges[-1] == (incident.restored if incident.restored is not None else local(UNTIL))


@given(stories())
def test_money_adds_up(story: Story):
    """By basis before the cap: they sum to what is paid and what the cap cut."""
    totals = statement(story).totals
    assert sum(totals.by_basis.values()) == totals.credit + totals.cut_by_cap
    assert totals.credit_net + totals.credit_tax == totals.credit
    assert min(totals.credit, totals.cut_by_cap, totals.awaiting) >= 0


OVERRUN = replace(
    contract(), rules=tuple(r for r in contract().rules if isinstance(r, RestoreOverrun)), cap_ratio=Fraction(1000)
)
long_pictures = st.lists(st.tuples(st.sampled_from(".~x"), st.integers(1, 14)), min_size=1, max_size=6).map(
    lambda runs: "".join(sign * count for sign, count in runs)
)


@given(long_pictures, st.integers(0, 83))
def test_more_outage_never_pays_less_for_missed_limits(picture: str, number: int):
    """A window that was good or degraded turned DOWN never lowers the sum of `restore_overrun`.

    Conditions: no exclusions, no cap, a limit of at least two units (so that two incidents that become one earn no
    less together than apart).
    """
    worse = picture[: number % len(picture)] + "x" + picture[number % len(picture) + 1 :]

    def paid(what: str) -> Decimal:
        story = Story(
            (drawn("10-05 00:00", what, 1200),), contracts=(OVERRUN,), since="10-04 00:00", until="10-10 00:00"
        )
        return statement(story).totals.credit

    assert paid(worse) >= paid(picture)


@given(st.integers(20, 300_000), st.integers(0, 300_000))
@settings(max_examples=60)
def test_a_longer_interruption_never_pays_less_by_the_step_table(length_s: int, more_s: int):
    """One interruption, no exclusions: the later it is restored, the more (or the same) it earns.

    (Of several incidents this does not hold: two that become one climb one table, not two.)
    """

    def paid(seconds: int) -> Decimal:
        pictures = (drawn("10-05 00:00", "xx", 10), replace(drawn("10-05 00:00:20", "x"), window_s=seconds))
        story = Story(
            pictures, periods=(replace(PLAIN, contract="step-table"),), since="10-04 00:00", until="10-13 00:00"
        )
        return statement(story).totals.credit

    assert any(isinstance(rule, StepTable) for rule in contract("step-table").rules)
    assert paid(length_s + more_s) >= paid(length_s)


@given(stories())
def test_blind_time_is_no_data(story: Story):
    """Since the first reading, what was not read was blind, to the microsecond."""
    seen = sum((r.end - r.start for r in readings(story)), timedelta(0))
    blind = sum((s.end - s.start for s in measured(story).nodata if s.start >= local(SINCE)), timedelta(0))
    assert seen + blind == local(UNTIL) - local(SINCE)


@given(stories())
def test_a_statement_depends_on_its_facts_alone(story: Story):
    """Worked out twice, it is the same value."""
    what, facts, month = measured(story), filed(story.filed), BillingMonth(2026, 10)
    one = line_statement(story.terms, month, what.until, what, facts)
    assert one == line_statement(story.terms, month, what.until, what, facts)


def test_up_time_between_pictures_is_whole():
    """The timeline language fills a month without gaps."""
    found = list(up_between(local("10-01 00:00"), local("10-01 02:30")))
    assert [(r.end - r.start).total_seconds() for r in found] == [3600, 3600, 1800]
