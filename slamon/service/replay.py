"""Judging recorded readings exactly as live, into the configured ledger."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from slamon.config.problems import InvalidInput, Problem, did_you_mean
from slamon.config.readings import read_readings
from slamon.core.facts import NOTHING_FILED
from slamon.core.lifecycle import Change
from slamon.core.reading import Reading
from slamon.service import clock
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.rollups_replay import ReplayedRollups
from slamon.service.site import Site
from slamon.service.watching import Watched, watched
from slamon.store.filed import RESUMED, SUSPENDED

COMMIT_EVERY = 20_000
SUSPENSION_KINDS = frozenset({SUSPENDED, RESUMED})


@dataclass(slots=True)
class Replayed:
    """What a replay did: readings judged and skipped (observed before), incidents opened and restored."""

    judged: int = 0
    skipped: int = 0
    opened: int = 0
    restored: int = 0


def watched_lines(site: Site) -> dict[str, Watched]:
    """Return every line of today's inventory as the judge sees it, suspensions on record included."""
    suspended = {entry.line_id for entry in site.ledger.entries(kinds=SUSPENSION_KINDS)}
    fleet = site.fleet() if suspended else None
    lines = site.loaded.inventory.lines
    found = {}
    for line_id, line in lines.items():
        facts = site.book(line_id, fleet).filed if line_id in suspended else NOTHING_FILED
        found[line_id] = watched(line, site.loaded, facts)
    return found


def count_readings(file: Path, known: Collection[str], progress: Callable[[int], None] = lambda _: None) -> int:
    """Return how many readings a file has; raises `InvalidInput` where any cannot be judged, before any is."""
    count = 0
    for row, reading in read_readings(file):
        if reading.line_id not in known:
            hint = did_you_mean(reading.line_id, known) or "lines are those of the inventory"
            problem = Problem(str(file), f"line {row}", f"no line {reading.line_id!r} in the inventory", hint)
            raise InvalidInput([problem])
        count += 1
        if count % COMMIT_EVERY == 0:
            progress(COMMIT_EVERY)
    progress(count % COMMIT_EVERY)
    return count


def replay(site: Site, file: Path, progress: Callable[[int], None] = lambda _: None) -> Replayed:
    """Judge the readings of a checked file (`count_readings`) into the ledger.

    What the ledger has observed already is skipped and counted, so that replaying twice, or again after a kill,
    changes nothing; what was judged is counted in the own history too (what a kill leaves out there is blind time).
    `progress` is told how many readings were read since it was last called.
    """
    judging = resumed(site, watched_lines(site))
    recorder, rollups = Recorder(site.ledger), ReplayedRollups(site)
    done = Replayed()
    waiting = 0
    for _, reading in read_readings(file):
        if _take(judging, reading, done):
            rollups.take(reading, judging.lines[reading.line_id].watch_at(reading.start))
        waiting += 1
        if waiting == COMMIT_EVERY:
            recorder.commit(replace(judging.drain(clock.now()), prune_before=None))
            rollups.write()
            progress(waiting)
            waiting = 0
    if done.judged:
        recorder.commit(judging.drain(clock.now(), stopping=True, compact=True))
        rollups.write()
        rollups.settle(clock.now())
    progress(waiting)
    return done


def resumed(site: Site, lines: Mapping[str, Watched]) -> Judging:
    """Return a judging that takes up where the last one ended, under the service time known now."""
    judging = Judging(lines)
    judging.restore(site.ledger, site.vantage)
    judging.recall(site.ledger, site.vantage)
    judging.relist(lines)
    return judging


def _take(judging: Judging, reading: Reading, done: Replayed) -> bool:
    """Judge a reading; tell whether it was judged, and not observed before."""
    happenings = judging.take(reading)
    if happenings is None:
        done.skipped += 1
        return False
    done.judged += 1
    for happening in happenings:
        done.opened += happening.change is Change.OPENED
        done.restored += happening.change is Change.CLOSED
    return True
