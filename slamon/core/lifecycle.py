"""The lifecycle of a line's impairment: a table, and the two counters that decide its guards.

The law of this file (domain, section 3):

* An alarm comes with the reading that makes (a) at least 2 consecutive `DOWN` readings span `open_after_s`, or
  (b) at least 2 consecutive impaired readings span `degraded_open_after_s`.
* `NO_DATA` is no reading: it never reaches the table, breaks no run, and lies inside the spans of both rules.
* `onset` is the start of the first reading of the unbroken impaired run in which the alarm came.
* `restored` is the start of the first `UP` reading of a run of `UP` readings that last `close_after_s` together.
* Where service ends, an open episode is restored there.

No I/O, no clock: marks go in, happenings come out. `Course` is the state of one line; it is changed in place, and
`runs` of touching equal readings keep a month of flapping small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .incident import EndedBy, Episode, Run, Thresholds
from .quality import Mark, Verdict
from .scene import NOTHING_SEEN, Sights, looked
from .timespan import SpanSet

DEFAULT_THRESHOLDS = Thresholds()


class Phase(StrEnum):
    """Where a line stands."""

    CLEAR = "clear"
    SUSPECT = "suspect"
    OPEN = "open"
    CLOSING = "closing"


class Sign(StrEnum):
    """What comes next."""

    UP = "up"
    IMPAIRED = "impaired"
    END_OF_SERVICE = "end_of_service"


class Change(StrEnum):
    """What happened to an episode."""

    OPENED = "opened"
    WORSENED = "worsened"
    CLOSED = "closed"


class Happening(NamedTuple):
    """A change of one line's episode, at its own instant."""

    change: Change
    at: datetime
    episode: Episode


@dataclass(slots=True)
class Course:
    """The state of one line between two readings."""

    line_id: str
    phase: Phase = Phase.CLEAR
    runs: list[Run] = field(default_factory=list)
    impaired_count: int = 0
    down_start: datetime | None = None
    down_count: int = 0
    interruption_at: datetime | None = None
    alarm: datetime | None = None
    thresholds: Thresholds = DEFAULT_THRESHOLDS
    up_start: datetime | None = None
    up_after_blind: datetime | None = None
    up_total: timedelta = timedelta(0)
    vantage: str | None = None
    sights: Sights | None = None

    @property
    def onset(self) -> datetime:
        return self.runs[0].start

    def episode(self) -> Episode | None:
        """Return the open episode as it stands, or None."""
        if self.alarm is None:
            return None
        return Episode(
            line_id=self.line_id,
            onset=self.onset,
            alarm=self.alarm,
            runs=tuple(self.runs),
            thresholds=self.thresholds,
            interruption_at=self.interruption_at,
            vantage=self.vantage,
            sights=self.sights or NOTHING_SEEN,
        )


class Row(NamedTuple):
    """One row of the table: what is done, where it leads, and where it leads if the guard holds after it."""

    do: Callable[[Course, Mark], None]
    then: Phase
    guard: Callable[[Course, Mark], bool] | None = None
    if_guard: Phase | None = None
    change: Change | None = None


def _stay(_course: Course, _: Mark) -> None:
    """Nothing to remember: the quiet case."""


def _begin(course: Course, mark: Mark) -> None:
    course.runs = []
    course.impaired_count = 0
    course.sights = None
    _count_impaired(course, mark)


def _look(course: Course, mark: Mark) -> None:
    course.sights = looked(course.sights, mark.start, mark.end, mark.port)


def _count_impaired(course: Course, mark: Mark) -> None:
    _append(course.runs, mark)
    _look(course, mark)
    course.up_start = course.up_after_blind = None
    course.up_total = timedelta(0)
    course.impaired_count += 1
    if mark.verdict is not Verdict.DOWN:
        course.down_start, course.down_count = None, 0
        return
    if course.down_start is None:
        course.down_start = mark.start
    course.down_count += 1
    if course.interruption_at is None and _interrupted(course, mark):
        course.interruption_at = mark.end


def _interrupted(course: Course, mark: Mark) -> bool:
    """Rule (a)."""
    if course.down_start is None or course.down_count < 2:
        return False
    return mark.end - course.down_start >= timedelta(seconds=course.thresholds.open_after_s)


def _alarm_due(course: Course, mark: Mark) -> bool:
    """Rule (a) or rule (b)."""
    if course.interruption_at is not None:
        return True
    span = timedelta(seconds=course.thresholds.degraded_open_after_s)
    return course.impaired_count >= 2 and mark.end - course.onset >= span


def _count_up(course: Course, mark: Mark) -> None:
    if course.up_start is None:
        course.up_start = mark.start
        last = course.runs[-1].end
        course.up_after_blind = last if last < mark.start else None
        course.down_start, course.down_count, course.impaired_count = None, 0, 0
    _append(course.runs, mark)
    _look(course, mark)
    course.up_total += mark.end - mark.start


def _restored(course: Course, _: Mark) -> bool:
    return course.up_total >= timedelta(seconds=course.thresholds.close_after_s)


def _forget(course: Course, _: Mark) -> None:
    course.runs = []
    course.impaired_count = course.down_count = 0
    course.down_start = course.interruption_at = course.alarm = None
    course.sights = None
    course.up_start = course.up_after_blind = None
    course.up_total = timedelta(0)


LIFECYCLE: dict[tuple[Phase, Sign], Row] = {
    (Phase.CLEAR, Sign.UP): Row(_stay, Phase.CLEAR),
    (Phase.CLEAR, Sign.IMPAIRED): Row(_begin, Phase.SUSPECT),
    (Phase.CLEAR, Sign.END_OF_SERVICE): Row(_stay, Phase.CLEAR),
    (Phase.SUSPECT, Sign.UP): Row(_forget, Phase.CLEAR),
    (Phase.SUSPECT, Sign.IMPAIRED): Row(_count_impaired, Phase.SUSPECT, _alarm_due, Phase.OPEN, Change.OPENED),
    (Phase.SUSPECT, Sign.END_OF_SERVICE): Row(_forget, Phase.CLEAR),
    (Phase.OPEN, Sign.UP): Row(_count_up, Phase.CLOSING, _restored, Phase.CLEAR, Change.CLOSED),
    (Phase.OPEN, Sign.IMPAIRED): Row(_count_impaired, Phase.OPEN),
    (Phase.OPEN, Sign.END_OF_SERVICE): Row(_stay, Phase.CLEAR, change=Change.CLOSED),
    (Phase.CLOSING, Sign.UP): Row(_count_up, Phase.CLOSING, _restored, Phase.CLEAR, Change.CLOSED),
    (Phase.CLOSING, Sign.IMPAIRED): Row(_count_impaired, Phase.OPEN),
    (Phase.CLOSING, Sign.END_OF_SERVICE): Row(_stay, Phase.CLEAR, change=Change.CLOSED),
}


def step(course: Course, thresholds: Thresholds, mark: Mark) -> list[Happening]:
    """Take one mark (not `NO_DATA`) and return what happened; the thresholds of an episode are those of its onset."""
    if course.phase is Phase.CLEAR:
        if mark.verdict is Verdict.UP:
            return []
        course.thresholds = thresholds
    return _take(course, Sign.UP if mark.verdict is Verdict.UP else Sign.IMPAIRED, mark)


def end_service(course: Course, at: datetime) -> list[Happening]:
    """End the line's service at an instant: an open episode is restored there."""
    return _take(course, Sign.END_OF_SERVICE, Mark(at, at, Verdict.NO_DATA))


def _take(course: Course, sign: Sign, mark: Mark) -> list[Happening]:
    row = LIFECYCLE[course.phase, sign]
    known_interruption = course.interruption_at
    row.do(course, mark)
    fired = row.guard is not None and row.guard(course, mark)
    change = row.change if fired or row.guard is None else None
    course.phase = row.if_guard if fired and row.if_guard is not None else row.then
    if change is Change.OPENED:
        course.alarm = mark.end
        return _report(course, change, mark.end)
    if change is Change.CLOSED:
        return [_close(course, sign, mark)]
    if course.interruption_at is not known_interruption and course.phase is Phase.OPEN:
        return _report(course, Change.WORSENED, mark.end)
    return []


def _report(course: Course, change: Change, at: datetime) -> list[Happening]:
    episode = course.episode()
    return [Happening(change, at, episode)] if episode is not None else []


def _close(course: Course, sign: Sign, mark: Mark) -> Happening:
    if course.alarm is None:
        raise ValueError(f"{course.line_id}: only a confirmed episode closes")
    by_service = sign is Sign.END_OF_SERVICE
    restored = mark.end if by_service or course.up_start is None else course.up_start
    earliest = restored if by_service or course.up_after_blind is None else course.up_after_blind
    episode = Episode(
        line_id=course.line_id,
        onset=course.onset,
        alarm=course.alarm,
        runs=tuple(course.runs),
        thresholds=course.thresholds,
        interruption_at=course.interruption_at,
        restored=restored,
        restored_earliest=earliest,
        ended_by=EndedBy.SERVICE if by_service else EndedBy.UP,
        vantage=course.vantage,
        sights=course.sights or NOTHING_SEEN,
    )
    _forget(course, mark)
    return Happening(Change.CLOSED, restored, episode)


def _append(runs: list[Run], mark: Mark) -> None:
    step_length = mark.end - mark.start
    source = None if mark.verdict is Verdict.UP else mark.source
    if runs:
        last = runs[-1]
        same = last.verdict is mark.verdict and last.source == source and last.step == step_length
        if same and last.end == mark.start and last.letters == mark.letters:
            runs[-1] = Run(last.verdict, last.start, last.step, last.count + 1, last.source, last.letters)
            return
    runs.append(Run(mark.verdict, mark.start, step_length, 1, source, mark.letters))


def within_service(mark: Mark, service: SpanSet[datetime], since: datetime | None) -> Iterator[Mark | datetime]:
    """Yield the parts of a mark inside service time, and each end of service passed since `since`, in order."""
    for span in service:
        if since is not None and since < span.end <= mark.start:
            yield span.end
        low, high = max(mark.start, span.start), min(mark.end, span.end)
        if low < high:
            yield replace(mark, start=low, end=high)
            if span.end <= mark.end:
                yield span.end
