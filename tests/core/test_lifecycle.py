"""The lifecycle table: it is total, every row is visited, and the whole course is known after every step."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import pytest

from slamon.core.incident import EndedBy, Thresholds
from slamon.core.lifecycle import LIFECYCLE, Change, Course, Happening, Phase, Sign, end_service, step
from slamon.core.quality import Mark, Verdict
from tests.core.wallclock import LINE, local

START = local("10-05 10:00")
WINDOW_S = 10
# Two DOWN windows (20 s) or three impaired ones (30 s) make an alarm; two good ones (20 s) close it.
THRESHOLDS = Thresholds(open_after_s=20, degraded_open_after_s=30, close_after_s=20)
_VERDICTS = {".": Verdict.UP, "~": Verdict.DEGRADED, "x": Verdict.DOWN}


def walk(picture: str) -> tuple[Course, list[Happening]]:
    """Take a picture's marks into a course, ``|`` being an end of service; return both."""
    course, happenings, at = Course(LINE), [], START
    for sign in picture:
        end = at + timedelta(seconds=WINDOW_S)
        if sign == "|":
            happenings += end_service(course, at)
        elif sign == "?":
            at = end
        else:
            happenings += step(course, THRESHOLDS, Mark(at, end, _VERDICTS[sign], "demarc"))
            at = end
    return course, happenings


def seconds(happening: Happening) -> int:
    return int((happening.at - START).total_seconds())


@dataclass(frozen=True)
class Step:
    """One row of the table: a picture that ends with it, the phase before and after, what happens in it and when."""

    sentence: str
    before: str
    sign: str
    phase: Phase
    then: Phase
    happens: tuple[tuple[Change, int], ...] = ()

    @property
    def row(self) -> tuple[Phase, Sign]:
        signs = {".": Sign.UP, "|": Sign.END_OF_SERVICE}
        return self.phase, signs.get(self.sign, Sign.IMPAIRED)


STEPS = [
    Step("good stays good", ".", ".", Phase.CLEAR, Phase.CLEAR),
    Step("the first bad reading makes suspicious", ".", "x", Phase.CLEAR, Phase.SUSPECT),
    Step("service ends while all is well", ".", "|", Phase.CLEAR, Phase.CLEAR),
    Step("a good reading clears a suspicion", "x", ".", Phase.SUSPECT, Phase.CLEAR),
    Step("a second bad one too early stays a suspicion", "~", "~", Phase.SUSPECT, Phase.SUSPECT),
    Step("rule (a) opens", "x", "x", Phase.SUSPECT, Phase.OPEN, ((Change.OPENED, 20),)),
    Step("rule (b) opens", "~x", "~", Phase.SUSPECT, Phase.OPEN, ((Change.OPENED, 30),)),
    Step("service ends in a suspicion: forgotten", "x", "|", Phase.SUSPECT, Phase.CLEAR),
    Step("a good reading begins to close", "xx", ".", Phase.OPEN, Phase.CLOSING),
    Step("a bad reading keeps it open", "xx", "~", Phase.OPEN, Phase.OPEN),
    Step("rule (a) in an open degradation worsens it", "~~~x", "x", Phase.OPEN, Phase.OPEN, ((Change.WORSENED, 50),)),
    Step("service ends: restored there", "xx", "|", Phase.OPEN, Phase.CLEAR, ((Change.CLOSED, 20),)),
    Step("enough good time closes, where it began", "xx.", ".", Phase.CLOSING, Phase.CLEAR, ((Change.CLOSED, 20),)),
    Step("a bad reading opens it again", "xx.", "x", Phase.CLOSING, Phase.OPEN),
    Step("service ends while closing: restored there", "xx.", "|", Phase.CLOSING, Phase.CLEAR, ((Change.CLOSED, 30),)),
]


@pytest.mark.parametrize("case", STEPS, ids=[case.sentence for case in STEPS])
def test_a_step(case: Step):
    course, earlier = walk(case.before)
    assert course.phase is case.phase
    course, happenings = walk(case.before + case.sign)
    assert course.phase is case.then
    assert tuple((h.change, seconds(h)) for h in happenings[len(earlier) :]) == case.happens


def test_the_table_is_total():
    """Whatever comes, in whatever phase, has a row."""
    assert set(LIFECYCLE) == set(product(Phase, Sign))


def test_every_row_is_visited():
    """The steps above take every row, and both outcomes of each guard (closing at once below)."""
    assert {case.row for case in STEPS} == set(LIFECYCLE)
    guarded = {row for row, what in LIFECYCLE.items() if what.guard is not None}
    both = {row for row in guarded if len({case.then for case in STEPS if case.row == row}) == 2}
    assert guarded - both == {(Phase.OPEN, Sign.UP), (Phase.CLOSING, Sign.UP)}


def test_one_good_reading_that_is_long_enough_closes_at_once():
    """The guard of (open, up): a reading of close_after_s alone."""
    course, _ = walk("xx")
    end = START + timedelta(seconds=20)
    (closed,) = step(course, THRESHOLDS, Mark(end, end + timedelta(seconds=20), Verdict.UP, "demarc"))
    assert (closed.change, course.phase, closed.episode.restored) == (Change.CLOSED, Phase.CLEAR, end)


def test_good_readings_too_short_to_close_stay_closing():
    """The guard of (closing, up): two readings of 5 s are not 20 s."""
    course, _ = walk("xx")
    for number in range(2):
        at = START + timedelta(seconds=20 + 5 * number)
        assert step(course, THRESHOLDS, Mark(at, at + timedelta(seconds=5), Verdict.UP, "demarc")) == []
    assert course.phase is Phase.CLOSING


def test_a_closed_course_remembers_nothing():
    """What follows an incident begins from scratch; its thresholds are those of its own onset."""
    scratch = replace(walk("")[0], thresholds=THRESHOLDS)
    for picture in ("~x~..", "xx|", "x.", "x|"):
        assert replace(walk(picture)[0], thresholds=THRESHOLDS) == scratch


def test_an_episode_keeps_the_thresholds_of_its_onset():
    """A profile changed during an incident does not move its end."""
    course, _ = walk("xx")
    at = START + timedelta(seconds=20)
    patient = Thresholds(open_after_s=20, degraded_open_after_s=30, close_after_s=3600)
    (closed,) = step(course, patient, Mark(at, at + timedelta(seconds=20), Verdict.UP, "demarc"))
    assert closed.episode.thresholds == THRESHOLDS


def test_what_ended_an_episode_is_said():
    """An end of service is told from a restoring: only the latter can be continued by flapping."""
    assert [h.episode.ended_by for h in walk("xx..")[1] if h.change is Change.CLOSED] == [EndedBy.UP]
    assert [h.episode.ended_by for h in walk("xx|")[1] if h.change is Change.CLOSED] == [EndedBy.SERVICE]


@pytest.mark.parametrize(
    ("picture", "restored", "earliest"),
    [
        pytest.param("xx..", 20, 20, id="good right after bad: no doubt"),
        pytest.param("xx??..", 40, 20, id="good after blind: the end lies in the blind time"),
        pytest.param("xx.?.", 20, 20, id="blind inside the good run: no doubt"),
        pytest.param("xx?.x..", 50, 50, id="an earlier doubt was settled by a bad reading"),
        pytest.param("xx?|", 30, 30, id="an end of service is certain"),
    ],
)
def test_the_bounds_of_the_restoring(picture: str, restored: int, earliest: int):
    closed = [h.episode for h in walk(picture)[1] if h.change is Change.CLOSED]
    bounds = [(e.restored, e.restored_earliest) for e in closed]
    assert bounds == [(START + timedelta(seconds=restored), START + timedelta(seconds=earliest))]


def test_equal_touching_readings_are_one_run():
    """A month of the same fault is one run, not thousands of readings."""
    course, _ = walk("x" * 1000)
    assert [(run.count, run.end - run.start) for run in course.runs] == [(1000, timedelta(seconds=10000))]
