"""Judging an episode's readings again, under a service time that was not known when they came (domain, section 3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from .incident import EndedBy, Episode, Run, Thresholds
from .inventory import FAR_FUTURE
from .lifecycle import Change, Course, Happening, Phase, end_service, step, within_service
from .quality import Mark
from .scene import Sights, within
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
    pieces = [*found, still_open] if still_open is not None else found
    return [replace(piece, sights=_sights(episode.sights, piece)) for piece in pieces]


def _sights(sights: Sights, piece: Episode) -> Sights:
    return within(sights, piece.onset, max(piece.runs[-1].end, piece.restored or piece.onset))


def rerun(
    course: Course, runs: Iterable[Run], thresholds: Thresholds, service: SpanSet[datetime]
) -> tuple[list[Happening], datetime | None]:
    """Take the readings of runs into a course under some service time; return what happened, and where they end."""
    happenings: list[Happening] = []
    since: datetime | None = None
    for run in runs:
        for number in range(run.count):
            start = run.start + run.step * number
            mark = Mark(start, start + run.step, run.verdict, run.source, letters=run.letters)
            for part in within_service(mark, service, since):
                if isinstance(part, datetime):
                    happenings += end_service(course, part)
                else:
                    happenings += step(course, thresholds, part)
            since = mark.end
    return happenings, since


def relive(old: Course, service: SpanSet[datetime], until: datetime | None) -> tuple[Course, list[Happening]] | None:
    """Judge what is going on again under the service time known now; None where nothing changes.

    Returns the new course and what is to be recorded beside what the old one recorded already. An episode on record
    that vanishes, or begins later now, is recorded as ended by the service that it had begun in.
    """
    course = Course(old.line_id, vantage=old.vantage)
    happenings, since = rerun(course, old.runs, old.thresholds, service)
    edge = _next_end(service, since)
    if edge is not None and until is not None and edge <= until:
        happenings += end_service(course, edge)
    if old.sights is not None:
        told = old.sights
        happenings = [h._replace(episode=replace(h.episode, sights=_sights(told, h.episode))) for h in happenings]
        if course.phase is not Phase.CLEAR:
            course.sights = within(told, course.onset, FAR_FUTURE)
    known = old.episode()
    news = [h for h in happenings if known is None or h.change is Change.CLOSED or h.episode.id != known.id]
    if course.runs == old.runs and course.phase is old.phase and not news:
        return None
    if known is not None and known.id not in {h.episode.id for h in news} and not _goes_on(course, known):
        news.insert(0, _vanished(known, [h.episode.onset for h in news]))
    return course, news


def _goes_on(course: Course, known: Episode) -> bool:
    still_open = course.episode()
    return still_open is not None and still_open.id == known.id


def _vanished(known: Episode, later_onsets: list[datetime]) -> Happening:
    """Return the end of an episode that no service time holds any more, before the one that took its place."""
    at = min(later_onsets, default=known.runs[-1].end)
    runs = tuple(
        replace(run, count=min(run.count, -((run.start - at) // run.step))) for run in known.runs if run.start < at
    )
    ended = replace(known, runs=runs, restored=at, restored_earliest=at, ended_by=EndedBy.SERVICE)
    return Happening(Change.CLOSED, at, ended)


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
