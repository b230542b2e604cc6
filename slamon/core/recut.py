"""Judging an episode's readings again, under a service time that was not known when they came (domain, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .incident import EndedBy, Episode, Run, Thresholds
from .lifecycle import Change, Course, Happening, end_service, step, within_service
from .quality import Mark
from .timespan import SpanSet


def recut(episode: Episode, service: SpanSet[datetime], until: datetime) -> list[Episode]:
    """Judge an episode's readings again under the service time known now; nothing is added, only cut.

    A suspension filed late restores an open episode where service ended; what is left after service resumed is
    an episode of its own if it still meets the rules. `until` is how far the lines have been observed: a later
    end of service has not come yet.
    """
    if _uncut(episode, service, until):
        return [episode]
    course = Course(episode.line_id, vantage=episode.vantage)
    happenings, since = rerun(course, episode.runs, episode.thresholds, service)
    edge = _next_end(service, since)
    ends = [edge] if edge is not None and edge <= until else []
    if episode.ended_by is EndedBy.SERVICE and episode.restored is not None:
        ends.append(episode.restored)
    if ends:
        happenings += end_service(course, min(ends))
    found = [happening.episode for happening in happenings if happening.change is Change.CLOSED]
    still_open = course.episode()
    return [*found, still_open] if still_open is not None else found


def rerun(
    course: Course, runs: Iterable[Run], thresholds: Thresholds, service: SpanSet[datetime]
) -> tuple[list[Happening], datetime | None]:
    """Take the readings of runs into a course under some service time; return what happened, and where they end."""
    happenings: list[Happening] = []
    since: datetime | None = None
    for run in runs:
        for number in range(run.count):
            mark = Mark(run.start + run.step * number, run.start + run.step * (number + 1), run.verdict, run.source)
            for part in within_service(mark, service, since):
                if isinstance(part, datetime):
                    happenings += end_service(course, part)
                else:
                    happenings += step(course, thresholds, part)
            since = mark.end
    return happenings, since


def _uncut(episode: Episode, service: SpanSet[datetime], until: datetime) -> bool:
    """Tell whether no end of service falls into the episode's readings, or before the end that it has."""
    last = episode.runs[-1].end
    if episode.restored is None:
        return any(span.start <= episode.onset and max(last, until) < span.end for span in service)
    last = episode.restored if episode.ended_by is EndedBy.SERVICE else last
    return any(span.start <= episode.onset and last <= span.end for span in service)


def _next_end(service: SpanSet[datetime], since: datetime | None) -> datetime | None:
    """Return the end of the service span in which the readings stop."""
    if since is None:
        return None
    return next((span.end for span in service if span.start < since <= span.end), None)
