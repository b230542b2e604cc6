"""Readings played into judgings that are stopped and killed, as the daemon's might be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from slamon.core.reading import Reading
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import watched_lines
from slamon.service.site import Site
from slamon.store.book import read_fleet
from tests.core.timelines import reading
from tests.core.wallclock import local
from tests.service.places import VANTAGE

BASE = local("10-03 08:00")


class Act(StrEnum):
    """What befalls the daemon between two readings."""

    COMMIT = "commit"
    CHECKPOINT = "checkpoint"
    STOP = "stop"
    KILL = "kill"


@dataclass(frozen=True)
class Window:
    """What a line shows for a while, from where it was left off: `sign` as in pictures, ``b`` a blind reading."""

    sign: str
    window_s: float = 10


def windows(line_id: str, shown: Iterable[Window], since: datetime = BASE) -> Iterator[Reading]:
    """Yield a line's readings; a ``?`` is time without one."""
    at = since
    for window in shown:
        end = at + timedelta(seconds=window.window_s)
        if window.sign == "b":
            yield Reading(line_id, at, end, blind="reference targets lost", vantage=VANTAGE)
        elif window.sign != "?":
            yield replace(reading(window.sign, at, end), line_id=line_id, vantage=VANTAGE)
        at = end


def pictured(line_id: str, picture: str, since: datetime = BASE, window_s: float = 10) -> list[Reading]:
    """A picture's readings."""
    return list(windows(line_id, [Window(sign, window_s) for sign in picture], since))


def in_time(*lines: Iterable[Reading]) -> list[Reading]:
    """The readings of several lines as they come in: by their ends."""
    return sorted((one for line in lines for one in line), key=lambda one: (one.end, one.line_id))


class Live:
    """One judging upon a ledger, and another after each stop or kill, as `slamon run` does it."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._taken: list[Reading] = []
        self.lost: list[Reading] = []
        self._begin("slamon was stopped")

    def _begin(self, reason: str) -> None:
        lines = watched_lines(self._site)
        self.judging = Judging(lines)
        self.judging.restore(self._site.ledger, VANTAGE)
        self.judging.recall(self._site.ledger, VANTAGE)
        self.judging.relist(lines)
        self.judging.lose_sight(None, reason)
        self.recorder = Recorder(self._site.ledger)

    def take(self, one: Reading) -> None:
        assert self.judging.take(one) is not None, f"{one} was skipped"
        self._taken.append(one)

    def act(self, act: Act, at: datetime) -> None:
        """Do it at an instant of the readings."""
        if act is Act.COMMIT:
            self.recorder.commit(self.judging.drain())
        elif act is Act.CHECKPOINT:
            self.recorder.commit(self.judging.drain(at))
        elif act is Act.STOP:
            self.recorder.commit(self.judging.drain(at, stopping=True))
            self._begin("slamon was stopped")
        else:
            self._count_lost()
            self._begin("slamon was killed or crashed")

    def _count_lost(self) -> None:
        fleet = read_fleet(self._site.ledger, VANTAGE)
        until = {line_id: fleet.coverage(line_id).until for line_id in self._site.lines}
        kept: list[Reading] = []
        lost: list[Reading] = []
        for one in self._taken:
            known = until[one.line_id]
            (kept if known is not None and one.end <= known else lost).append(one)
        self._taken = kept
        self.lost += lost


def play(site: Site, readings: Sequence[Reading], acts: Sequence[tuple[int, Act]]) -> list[Reading]:
    """Play readings, acting after the numbered ones; a clean stop ends it. Return what kills lost."""
    live = Live(site)
    due: dict[int, list[Act]] = {}
    for number, act in acts:
        due.setdefault(number, []).append(act)
    for number, one in enumerate(readings):
        live.take(one)
        for act in due.get(number, ()):
            live.act(act, one.end)
    live.act(Act.STOP, readings[-1].end)
    return live.lost
