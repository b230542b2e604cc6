"""Random lives of a few lines, told twice: as batches of rows, and reading by reading."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from slamon.core.contract import Contracts
from slamon.core.inventory import FAR_FUTURE, Line, Period
from slamon.core.lifecycle import Happening
from slamon.core.quality import Criterion, Metric, Profile, Watch
from slamon.core.reading import COUNTERS, InterfaceStats, NamedValue, Reading, TargetStats
from slamon.core.timeline import LineTerms
from slamon.core.timespan import Span, SpanSet
from slamon.probes.columns import readings_of, rows_of
from slamon.service.judging import Judging
from slamon.service.pending import Pending
from slamon.service.watching import Watched
from slamon.store.coverage import unpack_coverage
from slamon.store.measured import collecting_of, judge_of
from slamon.store.rows import Judged

BASE = datetime(2026, 10, 3, 15, 40, tzinfo=UTC)  # twenty minutes before midnight in Shanghai
SHANGHAI = ZoneInfo("Asia/Shanghai")
IDS = tuple(f"GX-{number:04}" for number in range(4))
# Values at, just below and just above the thresholds: rounding decides.
RTTS = (None, 0.001, 9.0, 9.999, 10.0, 10.001, 20.0)
LIMITS = (0.0, 0.1, 0.2, 0.25, 1 / 3, 9.0, 10.0, 10.0005)


def profile(draw: Random) -> Profile:
    """Some criteria of each kind, windows short enough to be left within a life."""
    metrics = tuple(Metric)
    # Every profile looks as far back: a judge of its own forgets by its own profile, so that after a change to a longer
    # window it knows less than the history does.
    criteria = [Criterion(Metric.LOSS_RATIO, 1.0, None, 120)]
    for _ in range(draw.randrange(4)):
        metric, limit = draw.choice(metrics), draw.choice(LIMITS)
        window = draw.choice((None, 20, 60.0000005, 120))
        upward = metric is not Metric.SPEED_MBPS and draw.random() < 0.95
        above, below = (limit, None) if upward else (None, limit)
        criteria.insert(draw.randrange(2), Criterion(metric, above, below, window))
    return Profile(
        degraded=tuple(criteria),
        open_after_s=draw.choice((0, 10, 25)),
        degraded_open_after_s=draw.choice((20, 60)),
        close_after_s=draw.choice((10, 60)),
    )


def watched(draw: Random, line_id: str) -> Watched:
    """A line with a demarc, a CPE or both; some change their terms at midnight, some are suspended for a while."""
    has_demarc = draw.random() < 0.7
    days = [date(2026, 1, 1)] if draw.random() < 0.7 else [date(2026, 1, 1), date(2026, 10, 4)]
    periods = tuple(Period(day, None, "C1", "cmcc-internet-line", Decimal(3000)) for day in days)
    watches = tuple(
        Watch(
            has_demarc or draw.random() < 0.1,
            not has_demarc or draw.random() < 0.5,
            draw.choice((None, 100.0, 100.0)),
            profile(draw),
            draw.choice((10.0, 25.0, 60.0)),
        )
        for _ in days
    )
    stop = BASE + timedelta(seconds=draw.randrange(3000))
    spans = [Span(BASE - timedelta(days=9), FAR_FUTURE)]
    if draw.random() < 0.3:
        spans = [Span(spans[0].start, stop), Span(stop + timedelta(seconds=draw.randrange(1, 300)), FAR_FUTURE)]
    terms = LineTerms(Line(line_id, periods), Contracts(()))
    return Watched(terms, SHANGHAI, watches, SpanSet(spans))


def stats(draw: Random, mood: str) -> TargetStats:
    """A target as the line's mood has it: dead, unsent, ragged or well."""
    if mood == "dead":
        return TargetStats(draw.choice((1, 3, 5)), 0)
    if mood == "unsent":
        return TargetStats(0, 0)
    sent = draw.choice((3, 5, 10))
    received = sent if mood == "well" else draw.randrange(1, sent + 2)
    rtt = draw.choice(RTTS[1:3] if mood == "well" else RTTS)
    ipdv = None if received < 2 else draw.choice((0.0, 0.05) if mood == "well" else RTTS)
    return TargetStats(sent, received, rtt, rtt, rtt, ipdv)


def port(draw: Random) -> InterfaceStats:
    """What a port says: mostly that all is well; thresholds, unknown counters and other states now and then."""
    if draw.random() < 0.5:
        return InterfaceStats("up", "up", 100.0, 0, 0, 1000, 1000, in_discards=0, out_discards=0, seconds=10.0)
    extras = (NamedValue("rx_power", draw.choice((-30.0, -24.0, -20.0)), "dBm", None, draw.choice((None, -24.0))),)
    said = InterfaceStats(
        draw.choice((None, "up", "up", "down")),
        draw.choice((None, "up", "up", "up", "UP", "down", "lowerLayerDown", "notPresent", "testing", "dormant")),
        draw.choice((None, 0.0, 10.0, 100.0, 1000.0)),
        seconds=draw.choice((None, 10.0)),
        last_change=draw.choice((None, BASE)),
        reseeded=draw.choice((None, "the agent was restarted")),
        extras=draw.choice(((), (), extras)),
    )
    counts: dict[str, Any] = {name: draw.choice((None, 0, 0, 1, 2, 90, 10**19)) for name in COUNTERS}
    return replace(said, **counts)


MOODS = ("well",) * 12 + ("ragged",) * 2 + ("dead", "dead", "unsent", "blind", "aside", "gap", "late")


def windows(draw: Random, line_id: str, count: int) -> list[Reading]:
    """A line's windows in order of time: moods that last, a gap here and there, a window told twice."""
    at, mood = BASE + timedelta(microseconds=draw.randrange(10**7)), "well"
    polled = draw.choice((0.0, 0.2, 0.5))
    found: list[Reading] = []
    for _ in range(count):
        if draw.random() < (0.05 if mood == "well" else 0.25):
            mood = draw.choice(MOODS)
        if mood == "gap":
            at += timedelta(seconds=draw.choice((3, 30)))
            mood = "well"
        if mood == "late" and found:
            found.append(found[-1])
            mood = "well"
        end = at + timedelta(microseconds=draw.choice((10_000_000, 10_000_000, 10_000_137, 2_500_000)))
        demarc = stats(draw, "well" if mood == "aside" else mood) if draw.random() < 0.99 else None
        cpe = stats(draw, "dead" if mood == "aside" else draw.choice(("well", mood))) if draw.random() < 0.6 else None
        blind = draw.choice(("reference targets lost", "clock step")) if mood == "blind" else None
        interface = port(draw) if draw.random() < polled else None
        found.append(Reading(line_id, at, end, demarc, cpe, interface, blind))
        at = end
    return found


def batches(draw: Random, readings: Sequence[Reading], most: int) -> list[list[Reading]]:
    """Readings as they come in, some at a time; a line's own stay in order, what lies beside them does not matter."""
    ordered, found = sorted(readings, key=lambda one: one.end), []
    while ordered:
        count = draw.randint(1, most)
        found.append(ordered[:count])
        ordered = ordered[count:]
    return found


@dataclass
class Told:
    """What came of a life: happenings, and all that was handed out."""

    happenings: list[Happening] = field(default_factory=list)
    pendings: list[Pending] = field(default_factory=list)

    def drafts(self) -> list[object]:
        return [draft for pending in self.pendings for draft in pending.drafts]

    def coverage(self) -> list[Mapping[str, object]]:
        """Every checkpoint's coverage, lines in the order of their ids."""
        packed = [pending.checkpoint for pending in self.pendings if pending.checkpoint is not None]
        return [dict(sorted(unpack_coverage(one).items())) for one in packed]

    def states(self) -> list[dict[str, object]]:
        """Every commit's states; of a calm line nothing counts but how far it was observed."""
        return [{k: _state(k, text) for k, text in sorted(one.states.items())} for one in self.pendings]


def _state(line_id: str, text: str | None) -> object:
    if text is None:
        return None
    judge = judge_of(line_id, text)
    calm = judge.course.phase == "clear" and judge.aside.start is None and collecting_of(text) is None
    return judge.coverage if calm else json.loads(text)


def as_rows(judging: Judging, readings: Sequence[Reading]) -> list[Happening]:
    """Judge readings as a batch of rows; what their ports said came before, each by itself."""
    told = set()
    for one in readings:
        until = judging.coverage(one.line_id).until
        if one.interface is not None and (until is None or until <= one.start) and (one.line_id, one.start) not in told:
            judging.note_port(one.line_id, one.interface, one.end)
        told.add((one.line_id, one.start))
    return judging.take_rows(*rows_of(readings))


def one_by_one(judging: Judging, readings: Sequence[Reading]) -> list[Happening]:
    """Judge the same, each by itself: lines that nobody knows are passed over as `Feed` always did."""
    found: list[Happening] = []
    for plain, whole in zip(readings_of(*rows_of(readings)), readings, strict=True):
        if plain.line_id in judging.lines:
            found += judging.take(replace(plain, interface=whole.interface)) or []
    return found


def changed(draw: Random, lines: Mapping[str, Watched]) -> dict[str, Watched]:
    """Some lines left out, some with other criteria."""
    found = {line_id: one for line_id, one in lines.items() if draw.random() < 0.8}
    for line_id, one in found.items():
        if draw.random() < 0.4:
            watches = tuple(replace(watch, profile=profile(draw)) for watch in one.watches)
            found[line_id] = Watched(one.terms, one.zone, watches, one.service)
    return found


def order(judged: list[Judged]) -> list[Judged]:
    """By line and time."""
    return sorted(judged, key=lambda one: (one[0].line_id, one[0].start))
