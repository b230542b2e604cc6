"""Cutting an incident into segments: what the line was, second by second (domain, section 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from .incident import Episode, Kind, Run, Segment
from .quality import Verdict
from .timespan import SpanSet

IMPAIRMENTS = frozenset({Kind.INTERRUPTION, Kind.DEGRADATION})


def cut(episode: Episode, until: datetime) -> list[Segment]:
    """Return the segments of one episode from its onset to `restored`, or to `until` while it is open.

    `DOWN` runs that meet rule (a) by themselves are interruptions, shorter ones degradation; time without
    readings is blind, whatever its length (`join_blind` comes after).
    """
    end = episode.restored if episode.restored is not None else max(until, episode.runs[-1].end)
    pieces: list[Segment] = []
    for stretch in _stretches([run for run in episode.runs if run.start < end]):
        kind, confirmed = _kind(stretch, episode.thresholds.open_after_s)
        pieces.extend(Segment(kind, run.start, min(run.end, end), confirmed) for run in stretch)
    return merged(fill(pieces, end))


def _stretches(runs: Iterable[Run]) -> list[list[Run]]:
    """Group runs by verdict: a stretch of `DOWN` is not broken by time without readings."""
    stretches: list[list[Run]] = []
    for run in runs:
        if stretches and stretches[-1][-1].verdict is run.verdict:
            stretches[-1].append(run)
        else:
            stretches.append([run])
    return stretches


def _kind(stretch: Sequence[Run], open_after_s: float) -> tuple[Kind, datetime | None]:
    if stretch[0].verdict is Verdict.UP:
        return Kind.USABLE, None
    if stretch[0].verdict is Verdict.DOWN:
        confirmed = rule_a(stretch, open_after_s)
        if confirmed is not None:
            return Kind.INTERRUPTION, confirmed
    return Kind.DEGRADATION, None


def rule_a(stretch: Sequence[Run], open_after_s: float) -> datetime | None:
    """Return the end of the reading by which at least 2 readings span `open_after_s`, or None."""
    due = stretch[0].start + timedelta(seconds=open_after_s)
    before = 0
    for run in stretch:
        missing = -((run.start - due) // run.step) if run.start < due else 0
        needed = max(missing, 2 - before, 1)
        if needed <= run.count:
            return run.start + run.step * needed
        before += run.count
    return None


def fill(pieces: Sequence[Segment], end: datetime) -> list[Segment]:
    """Put blind segments between pieces, and behind the last one up to `end`."""
    filled: list[Segment] = []
    for piece in pieces:
        if filled and filled[-1].end < piece.start:
            filled.append(Segment(Kind.BLIND, filled[-1].end, piece.start))
        filled.append(piece)
    if filled and filled[-1].end < end:
        filled.append(Segment(Kind.BLIND, filled[-1].end, end))
    return filled


def merged(segments: Iterable[Segment]) -> list[Segment]:
    """Merge touching segments of one kind; the earliest confirmation stays."""
    found: list[Segment] = []
    for segment in segments:
        if found and found[-1].kind is segment.kind and found[-1].end == segment.start:
            known = [c for c in (found[-1].confirmed, segment.confirmed) if c is not None]
            found[-1] = Segment(segment.kind, found[-1].start, segment.end, min(known, default=None))
        else:
            found.append(segment)
    return found


def join_blind(segments: Sequence[Segment], blind_joins_s: float) -> list[Segment]:
    """Give short blind segments between two of the same impairment the kind of their neighbours."""
    longest = timedelta(seconds=blind_joins_s)
    found = list(segments)
    for i in range(1, len(found) - 1):
        before, blind, after = found[i - 1], found[i], found[i + 1]
        short = blind.kind is Kind.BLIND and blind.end - blind.start <= longest
        if short and before.kind is after.kind and before.kind in IMPAIRMENTS:
            found[i] = replace(blind, kind=before.kind)
    return merged(found)


def between(start: datetime, end: datetime, nodata: SpanSet[datetime]) -> list[Segment]:
    """Cut the time between two episodes of one incident: blind where nothing was seen, usable elsewhere."""
    pieces: list[Segment] = []
    at = start
    for hole in nodata:
        low, high = max(hole.start, at), min(hole.end, end)
        if low >= high:
            continue
        if at < low:
            pieces.append(Segment(Kind.USABLE, at, low))
        pieces.append(Segment(Kind.BLIND, low, high))
        at = high
    if at < end:
        pieces.append(Segment(Kind.USABLE, at, end))
    return pieces


def reshaped(segments: Sequence[Segment], onset: datetime, restored: datetime) -> tuple[Segment, ...]:
    """Stretch or cut the outermost segments to corrected instants."""
    kept = [s for s in segments if s.end > onset and s.start < restored]
    if not kept:
        return ()
    kept[0] = replace(kept[0], start=onset)
    kept[-1] = replace(kept[-1], end=restored)
    return tuple(kept)


def clipped(segments: Sequence[Segment], until: datetime) -> tuple[Segment, ...]:
    """Return what of the segments lies before an instant."""
    return tuple(s if s.end <= until else replace(s, end=until) for s in segments if s.start < until)
