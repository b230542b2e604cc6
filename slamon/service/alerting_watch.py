"""Follows the ledger, keeps what alerting must know at hand, and turns plans into decisions and letters on record.

All of it blocks and belongs to one thread. Decisions and letters are recorded in one transaction: what was decided
was queued. Where the ledger cannot be written, letters are handed back to be sent as they are, and the decisions are
recorded when it can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from slamon.core.alerting.facts import AlertIncident, Reason, Window
from slamon.core.alerting.people import OnCall, Override
from slamon.core.alerting.planning import plan
from slamon.core.alerting.telling import Ack, Message, Past, Plan, Scene, Told
from slamon.service.alerting_record import (
    CONDITION_KINDS,
    DECIDED,
    KINDS,
    OVERRIDDEN,
    Conditions,
    ack_of,
    override_of,
    told_draft,
    told_of,
)
from slamon.service.alerting_views import DECIDED_WITHIN, Names, hypothesis_of, views
from slamon.service.desk_maintenance import announced_in_time
from slamon.service.site import Site
from slamon.store import filed, outbox
from slamon.store.book import LINE_KINDS, read_fleet
from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.filed import fold_maintenance
from slamon.store.measured import CLOSED, ONSET
from slamon.store.outbox import Letter

AT_ONCE = 500  # lines looked at anew in one turn; in a mass outage the others follow in the next
WINDOWS_AHEAD = timedelta(days=2)
OVER_FOR = timedelta(days=1)

log = structlog.get_logger()

# Makes the letter of a message; None where its receiver can be told nothing (any more).
Writing = Callable[[Message], Letter | None]


@dataclass(frozen=True, slots=True)
class Turn:
    """What a turn came to: letters queued, letters that must go without the ledger, and when to look again."""

    queued: int = 0
    unwritten: tuple[Letter, ...] = ()
    next_at: datetime | None = None


class Watch:
    """What alerting has at hand of one site."""

    def __init__(self, site: Site, oncall: OnCall, write: Writing) -> None:
        self._site = site
        self._oncall = oncall
        self._write = write
        self._seq = 0
        self._told: list[Told] = []
        self._unrecorded: list[Told] = []
        self._acks: list[Ack] = []
        self._overrides: list[Override] = []
        self._conditions = Conditions()
        self._windows: tuple[Window, ...] = ()
        self._window_names: dict[int, str] = {}
        self._dirty: dict[str, None] = {}
        self._views: dict[str, tuple[AlertIncident, ...]] = {}
        self._hints: dict[str, str] = {}
        self._next_at: datetime | None = None
        self._news = True
        self._restored = False

    def restore(self, at: datetime) -> None:
        """Read what was told and acknowledged so far, and which lines there is something to say about."""
        site, self._restored = self._site, True
        self._seq = site.ledger.last_seq()
        since = at - DECIDED_WITHIN
        self._follow(entry for entry in site.ledger.entries(kinds=KINDS) if entry.seq <= self._seq)
        self._told = [one for one in self._told if one.at >= since]
        self._dirty = dict.fromkeys(_lines_of_interest(site, since, self._seq))
        self._read_windows(at)

    def adopt(self, site: Site, oncall: OnCall, write: Writing) -> None:
        """Go on with a configuration that was loaded anew: every line is looked at again."""
        self._site, self._write = site, write
        self._oncall = replace(oncall, overrides=tuple(self._overrides))
        self._dirty = dict.fromkeys([*self._views, *self._dirty])
        self._news = True

    def standing(self, kind: Reason, trouble: Mapping[str, datetime | None], at: datetime) -> None:
        """Take note of trouble that no entry tells: subjects, and since when each has it; None has none."""
        for subject, since in trouble.items():
            self._news |= self._conditions.standing(kind, subject, since, at)

    def turn(self, at: datetime) -> Turn:
        """Look what happened, and record what follows; raises `LedgerError` where the ledger cannot be read."""
        if not self._restored:
            self.restore(at)
        self._look(at)
        if not self._news and (self._next_at is None or at < self._next_at):
            return Turn(next_at=self._next_at)
        found = plan(self._oncall, self._scene(at), Past((*self._told,), (*self._acks,)), at)
        letters = [letter for letter in map(self._write, found.messages) if letter is not None]
        unwritten = self._recorded(found, letters, at)
        self._told += found.told
        since = at - DECIDED_WITHIN
        self._told = [one for one in self._told if one.at >= since]
        self._news = bool(found.told or self._unrecorded)  # what was said may make more due
        self._next_at = found.next_at
        return Turn(len(letters) - len(unwritten), unwritten, found.next_at)

    def _scene(self, at: datetime) -> Scene:
        return Scene(
            tuple(incident for found in self._views.values() for incident in found),
            self._conditions.all(at - OVER_FOR),
            tuple(window for window in self._windows if _concerns(window, at)),
        )

    def _recorded(self, found: Plan, letters: Sequence[Letter], at: datetime) -> tuple[Letter, ...]:
        told = [*self._unrecorded, *found.told]
        if not told and not letters:
            return ()
        try:
            with self._site.ledger.transaction() as held:
                outbox.queue(held, letters, at)
                held.append([told_draft(one) for one in told])
        except LedgerError as error:
            log.error("alerts_not_recorded", reason=str(error), letters=len(letters))
            self._unrecorded = told
            return tuple(letters)
        self._unrecorded = []
        for one in found.told:
            log.info("alert", reason=one.reason.value, subjects=len(one.subjects), persons=len(one.persons))
        return ()

    def _look(self, at: datetime) -> None:
        last = self._site.ledger.last_seq()
        if last > self._seq:
            entries = [one for one in self._site.ledger.entries(after_seq=self._seq) if one.kind != DECIDED]
            self._seq = max(last, entries[-1].seq) if entries else last
            self._follow(entries)
            touched = [entry.line_id for entry in entries if entry.kind in LINE_KINDS and entry.line_id]
            self._dirty |= dict.fromkeys(touched)
            if any(entry.kind in filed.MAINTENANCE_KINDS for entry in entries):
                self._read_windows(at)
                self._dirty |= dict.fromkeys(self._views)
        stale = [line_id for line_id, found in self._views.items() if any(_stale(one, at) for one in found)]
        self._dirty |= dict.fromkeys(stale)
        if self._dirty:
            self._look_at_lines(at)

    def _look_at_lines(self, at: datetime) -> None:
        chosen = list(self._dirty)[:AT_ONCE]
        fleet = read_fleet(self._site.ledger, self._site.vantage)
        seen = dict(views(self._site, fleet, Names(self._window_names), chosen, at))
        for line_id in chosen:
            del self._dirty[line_id]
            found = seen.get(line_id, ())
            if found:
                self._views[line_id] = tuple(replace(one, hypothesis=self._hints.get(one.id)) for one in found)
                continue
            for one in self._views.pop(line_id, ()):
                self._hints.pop(one.id, None)
        self._news = True

    def _follow(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.kind == DECIDED:
                self._told.append(told_of(entry))
            elif entry.kind == filed.ACKED:
                self._acks.append(ack_of(entry))
                self._news = True
            elif entry.kind == OVERRIDDEN:
                self._overrides.append(override_of(entry))
                self._oncall = replace(self._oncall, overrides=tuple(self._overrides))
                self._news = True
            elif entry.kind == ONSET:
                self._hint(entry)
            elif entry.kind in CONDITION_KINDS:
                self._news |= self._conditions.follow([entry])

    def _hint(self, entry: Entry) -> None:
        """Remember how far a traceroute came at an incident's onset; whoever speaks of it next says so."""
        if entry.line_id not in self._views or entry.line_id not in self._site.lines:
            return
        hint = hypothesis_of(entry.payload, self._site.lines[entry.line_id].current)
        if hint is not None:
            self._hints[entry.subject or ""] = hint
            self._dirty[entry.line_id] = None

    def _read_windows(self, at: datetime) -> None:
        entries = list(self._site.ledger.entries(kinds=filed.MAINTENANCE_KINDS))
        names = {entry.seq: entry.subject or "" for entry in entries if entry.kind == filed.MAINTENANCE}
        self._window_names = names
        found = [one for one in fold_maintenance(entries) if one.end > at - OVER_FOR]
        self._windows = tuple(
            Window(
                id=names[one.seq],
                start=one.start,
                end=one.end,
                line_ids=tuple(sorted(one.line_ids)),
                upstream=one.upstream,
                in_time=announced_in_time(self._site, one),
                cancelled=one.cancelled,
            )
            for one in found
        )
        self._news = True


def _concerns(window: Window, at: datetime) -> bool:
    return window.start < at + WINDOWS_AHEAD and window.end > at - OVER_FOR


def _stale(incident: AlertIncident, at: datetime) -> bool:
    """Tell whether what is at hand of an incident holds no more, though nothing was recorded."""
    edges = [incident.fresh_until, *(clock.steady_until for clock in incident.clocks)]
    return incident.open and any(edge is not None and edge <= at for edge in edges)


def _lines_of_interest(site: Site, since: datetime, upto: int) -> Iterable[str]:
    """Yield the lines with something open, or something that was over lately."""
    fleet = site.fleet()
    for line_id in fleet.states:
        judge = fleet.judge(line_id)
        if judge is not None and judge.course.episode() is not None:
            yield line_id
    for entry in site.ledger.entries(kinds={CLOSED, filed.COMPLAINT}):
        # A complaint that opened an incident is open until somebody closes it, however old it is.
        if entry.seq <= upto and entry.line_id and (entry.kind == filed.COMPLAINT or entry.at >= since):
            yield entry.line_id
