"""A ledger with a whole month in it, made without living through it.

Three incidents a line on average (none on some, six on others): interruptions, degradations and both, from
two minutes to 25 hours; a complaint with every fiftieth, planned work on some devices, one restart of slamon.
Entries stand in order of time, as a daemon writes them: a line's entries lie far apart in the file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from slamon.core.calendar import BillingMonth
from slamon.core.incident import EndedBy, Episode, Run, Thresholds
from slamon.core.judge import Blindness, Coverage
from slamon.core.lifecycle import Change, Happening
from slamon.core.quality import Verdict
from slamon.core.timespan import iso
from slamon.service.site import open_site
from slamon.store import filed
from slamon.store.coverage import pack_coverage
from slamon.store.entry import Draft
from slamon.store.ledger import Ledger
from slamon.store.measured import blind_drafts, happening_draft
from tests.bench.fleet import LINES_PER_UPSTREAM, VANTAGE, line_id, upstream

MONTH = BillingMonth(2026, 11)
# Of eight neighbours, three incidents each on average.
INCIDENTS = (0, 2, 3, 3, 3, 3, 4, 6)
COMPLAINT_EVERY = 50
MINUTES = (2, 7, 12, 25, 70, 150, 310, 500, 1500)
GROUP = 10_000

_BEGIN = datetime(2026, 10, 31, 18, tzinfo=UTC)  # two hours into the month in the contract's zone
_SEEN_FROM, _SEEN_TO = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 30, 18, tzinfo=UTC)
_SLOT = timedelta(hours=115)
_READING = timedelta(seconds=10)
_STOPPED = datetime(2026, 11, 12, 19, tzinfo=UTC)
_THRESHOLDS = Thresholds()

_Moment = tuple[datetime, int, int, int]  # when, line, incident of the line, what (an index of _DRAFTS)


def incidents_of(lines: int) -> int:
    """Return how many incidents the month of so many lines has."""
    return sum(INCIDENTS[number % len(INCIDENTS)] for number in range(lines))


def complaints_of(lines: int) -> int:
    """Return how many complaints were filed in the month of so many lines."""
    return sum(1 for line in range(lines) for nth in range(_count(line)) if _complained(line, nth))


def write_month(config: Path, lines: int) -> None:
    """Fill the ledger of a site, the inventory recorded first as slamon does it."""
    with open_site(str(config), os.environ, by=VANTAGE) as site:
        ledger = site.ledger
        _append(ledger, _planned(lines))
        _append(ledger, blind_drafts([_blind(number) for number in range(lines)]))
        _append(ledger, (_DRAFTS[what](line, nth) for _, line, nth, what in sorted(_moments(lines))))
        seen = {line_id(number): Coverage(_SEEN_FROM, _SEEN_TO) for number in range(lines)}
        ledger.commit([], checkpoint=pack_coverage(seen), at=_SEEN_TO)


def _append(ledger: Ledger, drafts: Iterable[Draft]) -> None:
    waiting = iter(drafts)
    while group := list(islice(waiting, GROUP)):
        ledger.append(group)


def _count(line: int) -> int:
    return INCIDENTS[line % len(INCIDENTS)]


def _drawn(line: int, nth: int) -> int:
    """Return a number that looks drawn, the same at each run."""
    return (line * 2_654_435_761 + nth * 40_503 + 12_345) * 2_246_822_519 >> 7 & 0x7FFFFFFF


def _moments(lines: int) -> Iterator[_Moment]:
    for line in range(lines):
        for nth in range(_count(line)):
            episode = _episode(line, nth)
            yield episode.alarm, line, nth, 0
            if _complained(line, nth):
                yield episode.alarm + timedelta(seconds=75), line, nth, 1
            yield episode.restored or episode.alarm, line, nth, 2


def _complained(line: int, nth: int) -> bool:
    return _drawn(line, nth) % COMPLAINT_EVERY == 0


def _episode(line: int, nth: int) -> Episode:
    drawn = _drawn(line, nth)
    onset = _BEGIN + nth * _SLOT + timedelta(seconds=drawn % 300_000, microseconds=drawn % 1_000_000)
    kind = drawn // 7 % 10
    minutes = MINUTES[drawn // 11 % len(MINUTES)]
    readings = (max(minutes, 7) if kind >= 7 else minutes) * 6
    if kind < 7:
        runs = [(Verdict.DOWN, readings)]
    elif kind < 9:
        runs = [(Verdict.DEGRADED, readings)]
    else:
        runs = [(Verdict.DOWN, 6), (Verdict.DEGRADED, readings - 12), (Verdict.DOWN, 6)]
    down = runs[0][0] is Verdict.DOWN
    restored = onset + readings * _READING
    return Episode(
        line_id=line_id(line),
        onset=onset,
        alarm=onset + _READING * (2 if down else 30),
        runs=(*_runs(onset, runs), Run(Verdict.UP, restored, _READING, 6)),
        thresholds=_THRESHOLDS,
        interruption_at=onset + 2 * _READING if down else None,
        restored=restored,
        restored_earliest=restored,
        ended_by=EndedBy.UP,
        vantage=VANTAGE,
    )


def _runs(onset: datetime, counts: Iterable[tuple[Verdict, int]]) -> Iterator[Run]:
    at = onset
    for verdict, count in counts:
        yield Run(verdict, at, _READING, count, "demarc")
        at += count * _READING


def _opened(line: int, nth: int) -> Draft:
    whole = _episode(line, nth)
    first = whole.runs[0]
    seen = Run(first.verdict, first.start, first.step, (whole.alarm - whole.onset) // _READING, first.source)
    episode = Episode(
        line_id=whole.line_id,
        onset=whole.onset,
        alarm=whole.alarm,
        runs=(seen,),
        thresholds=_THRESHOLDS,
        interruption_at=whole.interruption_at,
        vantage=VANTAGE,
    )
    return happening_draft(Happening(Change.OPENED, whole.alarm, episode))


def _complaint(line: int, nth: int) -> Draft:
    episode = _episode(line, nth)
    payload = {"category": "interruption" if episode.interruption_at else "degradation", "channel": "hotline"}
    at = episode.alarm + timedelta(seconds=75)
    return Draft(filed.COMPLAINT, at, payload, line_id=episode.line_id, subject=f"T{line:06d}-{nth}")


def _closed(line: int, nth: int) -> Draft:
    episode = _episode(line, nth)
    return happening_draft(Happening(Change.CLOSED, episode.restored or episode.alarm, episode))


_DRAFTS = (_opened, _complaint, _closed)


def _planned(lines: int) -> Iterator[Draft]:
    """Yield planned work on every fifth device, announced in time."""
    for number in range(0, lines, LINES_PER_UPSTREAM * 5):
        start = _BEGIN + timedelta(hours=number // LINES_PER_UPSTREAM % 600)
        payload = {
            "from": iso(start),
            "to": iso(start + timedelta(hours=4)),
            "upstream": upstream(number),
            "notified_at": iso(start - timedelta(days=3)),
            "channel": "sms",
        }
        yield Draft(filed.MAINTENANCE, start - timedelta(days=3), payload, subject=f"M{number}", why="cut-over")


def _blind(number: int) -> Blindness:
    """Return the blind time of a line over the one restart in the month."""
    return Blindness(line_id(number), _STOPPED, _STOPPED + timedelta(seconds=20), "slamon was stopped")
