"""One line's judge: from a reading to what happened, live and in replay alike.

The judge of a line is all that slamon remembers of it between two readings: the trailing windows (`Sight`), the
course of its impairment, how far it was observed and since when it is blind, and whether the customer's side is
silent. `judge` takes a reading and returns what happened; nothing else changes a judge.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from .incident import Notice, Thresholds
from .lifecycle import Course, Happening, Phase, end_service, step, within_service
from .quality import Mark, Profile, Sight, Verdict, Watch, assess
from .reading import Reading
from .timespan import Span, SpanSet


class Blindness(NamedTuple):
    """The monitor could not see a line in ``[start, end)``."""

    line_id: str
    start: datetime
    end: datetime
    reason: str


@dataclass(slots=True)
class Coverage:
    """How far a line has been observed, and the blind stretch at its end (`blind_from` None: it is seen)."""

    since: datetime | None = None
    until: datetime | None = None
    blind_from: datetime | None = None
    blind_reason: str = ""


@dataclass(slots=True)
class Aside:
    """A run of readings in which the demarc answered and the CPE did not."""

    start: datetime | None = None
    end: datetime | None = None
    open_after_s: float = 0


@dataclass(slots=True)
class Judge:
    """Everything that is remembered of one line between two readings."""

    course: Course
    sight: Sight = field(default_factory=Sight)
    coverage: Coverage = field(default_factory=Coverage)
    aside: Aside = field(default_factory=Aside)

    @property
    def quiet(self) -> bool:
        """Tell whether the line is plainly up: nothing to remember but windows and how far it was observed."""
        return self.course.phase is Phase.CLEAR and self.coverage.blind_from is None and self.aside.start is None


class Judged(NamedTuple):
    """The outcome of one reading."""

    mark: Mark
    happenings: list[Happening]
    blind: list[Blindness]
    notices: list[Notice]


NOT_OBSERVED = "no reading"


def thresholds_of(profile: Profile) -> Thresholds:
    """Return when alarms of a profile open and close."""
    return Thresholds(profile.open_after_s, profile.degraded_open_after_s, profile.close_after_s)


def judge(state: Judge, watch: Watch, service: SpanSet[datetime], reading: Reading) -> Judged:
    """Judge one reading of one line.

    Readings come in time order; one that begins before the line's `coverage.until` is a caller's mistake and
    raises `ValueError` (`unseen` tells what of it is new).
    """
    coverage = state.coverage
    if coverage.until is not None and reading.start < coverage.until:
        raise ValueError(f"{reading.line_id}: a reading from {reading.start} comes after one until {coverage.until}")
    mark = assess(watch, state.sight, reading)
    since = coverage.until
    blind = _cover(reading.line_id, coverage, mark)
    outcome = Judged(mark, [], blind, [])
    thresholds = thresholds_of(watch.profile)
    for part in within_service(mark, service, since):
        if isinstance(part, datetime):
            outcome.happenings.extend(end_service(state.course, part))
            outcome.notices.extend(_end_aside(reading.line_id, state.aside, part))
        elif part.verdict is not Verdict.NO_DATA:
            outcome.happenings.extend(step(state.course, thresholds, part))
            outcome.notices.extend(_customer_side(reading.line_id, state.aside, part, watch.profile.open_after_s))
    return outcome


def unseen(state: Judge, reading: Reading) -> bool:
    """Tell whether a reading begins where the line has not been observed yet."""
    return state.coverage.until is None or reading.start >= state.coverage.until


def _cover(line_id: str, coverage: Coverage, mark: Mark) -> list[Blindness]:
    """Move the observed end; return the blind stretch that this mark ends, if it ends one."""
    gap = coverage.until is not None and coverage.until < mark.start
    if gap and coverage.blind_from is None:
        coverage.blind_from, coverage.blind_reason = coverage.until, NOT_OBSERVED
    if coverage.since is None:
        coverage.since = mark.start
    coverage.until = mark.end
    if mark.verdict is Verdict.NO_DATA:
        if coverage.blind_from is None:
            coverage.blind_from, coverage.blind_reason = mark.start, mark.reason or NOT_OBSERVED
        elif coverage.blind_reason == NOT_OBSERVED and mark.reason:
            coverage.blind_reason = mark.reason
        return []
    if coverage.blind_from is None:
        return []
    start, reason = coverage.blind_from, coverage.blind_reason
    coverage.blind_from, coverage.blind_reason = None, ""
    return [Blindness(line_id, start, mark.start, reason)] if start < mark.start else []


def _customer_side(line_id: str, aside: Aside, mark: Mark, open_after_s: float) -> list[Notice]:
    """Follow the customer's side; return the notice that this mark ends, if it lasted `open_after_s`."""
    if mark.customer_side is None and mark.verdict is not Verdict.DOWN:
        return []
    if mark.customer_side:
        aside.start = aside.start or mark.start
        aside.end = mark.end
        aside.open_after_s = open_after_s
        return []
    return _end_aside(line_id, aside, mark.start)


def _end_aside(line_id: str, aside: Aside, at: datetime) -> list[Notice]:
    notice = open_notice(line_id, aside)
    aside.start = aside.end = None
    return [] if notice is None else [replace(notice, end=at)]


def open_notice(line_id: str, aside: Aside) -> Notice | None:
    """Return the notice that is not over yet, if it has lasted long enough to be one."""
    if aside.start is None or aside.end is None or aside.end - aside.start < timedelta(seconds=aside.open_after_s):
        return None
    return Notice(line_id, aside.start, None, open_after_s=aside.open_after_s, silent_to=aside.end)


def lose_sight(state: Judge, reason: str) -> None:
    """Book the time from the line's observed end on as blind for a reason, until it is seen again."""
    coverage = state.coverage
    if coverage.until is not None and coverage.blind_from is None:
        coverage.blind_from, coverage.blind_reason = coverage.until, reason


def unobserved(coverage: Coverage, bounds: Span[datetime], as_of: datetime) -> SpanSet[datetime]:
    """Return the time inside `bounds`, up to `as_of`, in which a line was never seen or is not seen yet."""
    end = min(bounds.end, as_of)
    if bounds.start >= end:
        return SpanSet()
    whole = Span(bounds.start, end)
    if coverage.since is None or coverage.until is None:
        return SpanSet([whole])
    seen_to = coverage.blind_from or coverage.until
    seen = Span(coverage.since, seen_to) if coverage.since < seen_to else None
    return SpanSet([whole]) - SpanSet([seen])
