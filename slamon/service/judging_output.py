"""What a judging has to record, gathered between two commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice

import numpy as np

from slamon.core.inventory import FAR_FUTURE
from slamon.core.judge import Blindness
from slamon.core.lifecycle import Phase
from slamon.core.timespan import from_micros, iso, micros
from slamon.service.history_evidence import AROUND, EVIDENCE_EVERY
from slamon.service.judging_lines import LinesAtHand
from slamon.service.pending import Pending
from slamon.service.quiet import Ints
from slamon.service.quiet_lines import EVER
from slamon.store.coverage import NEVER, pack_coverage
from slamon.store.entry import Draft, TailBatch
from slamon.store.evidence import pack_readings
from slamon.store.measured import OBSERVED, blind_drafts, state_text
from slamon.store.rows import Judged

EVIDENCE_LINES_AT_ONCE = 100  # evidence of a mass outage waits in the history, a few lines are written at a time
STIRRED = 1000  # touched lines from which on a checkpoint is cheaper than their states
SLACK = timedelta(minutes=1)  # how late a row may come and still find the minutes before it


class Output:
    """Drafts, states, tail and checkpoint of the lines at hand, until they are drained."""

    def __init__(self, at_hand: LinesAtHand) -> None:
        self._at_hand = at_hand
        self.drafts: list[Draft] = []
        self.blind: list[Blindness] = []
        self.taken: list[Judged] = []
        self.touched: set[str] = set()
        self.seen: set[str] = set()
        self.unkept: set[str] = set()
        self.due: dict[str, None] = {}
        self.rows: set[str] = set()
        self._oldest_end = EVER

    def note_judged(self, *ends: Ints) -> None:
        """Remember how old the oldest row is that was judged since the last checkpoint."""
        self._oldest_end = min(self._oldest_end, *(int(some.min(initial=EVER)) for some in ends))

    @property
    def waits(self) -> bool:
        """Tell whether something should be on disk soon."""
        return bool(self.drafts or self.blind or self.due)

    @property
    def stirred(self) -> bool:
        """Tell whether a checkpoint costs less than the states of all touched lines."""
        return len(self.touched) > STIRRED

    def adopted(self, ahead: list[str], rows: set[str]) -> None:
        """Forget what was to be recorded of lines that were taken over."""
        self.touched -= set(ahead)
        self.rows |= rows & set(ahead)
        for line_id in ahead:
            self.due.pop(line_id, None)

    def drain(self, at: datetime | None, *, stopping: bool, compact: bool) -> Pending:
        """Hand out what is to be committed (`Judging.drain`)."""
        self._write_evidence(stopping=stopping)
        pending = Pending(drafts=[*self.drafts, *blind_drafts(self.blind)])
        if self.taken:
            pending.tail.append(_tail_batch(self.taken))
        self.drafts, self.blind, self.taken = [], [], []
        if at is None:
            self.rows |= self.touched
            pending.states = {line_id: self._state(line_id) for line_id in self.touched}
            self.unkept -= self.touched
            pending.tail += self._at_hand.history.tail_of(np.array(self._numbers(self.touched), np.uint32))
        else:
            self._checkpoint(pending, at)
            if stopping:
                pending.drafts.append(self._observed(at))
        if compact:
            taken = [judged for seat in self._at_hand.seats.values() for judged in seat.taken or ()]
            pending.tail = [_tail_batch(taken)] if taken else []
            pending.tail += self._at_hand.history.whole_tail()
            pending.prune_before = FAR_FUTURE
        self.touched = set()
        return pending

    def _numbers(self, line_ids: Iterable[str]) -> list[int]:
        numbers = self._at_hand.quiet.numbers
        return sorted(numbers[line_id] for line_id in line_ids)

    def _write_evidence(self, *, stopping: bool) -> None:
        seats = self._at_hand.seats
        if stopping:
            self.due.update(dict.fromkeys(sorted(k for k, seat in seats.items() if seat.collecting is not None)))
        while self.due:
            part = [k for k in islice(self.due, EVIDENCE_LINES_AT_ONCE) if k in seats]
            for line_id in list(islice(self.due, EVIDENCE_LINES_AT_ONCE)):
                del self.due[line_id]
            self._write_part(part)
            if not stopping:
                return

    def _write_part(self, line_ids: list[str]) -> None:
        seats = {line_id: self._at_hand.seats[line_id] for line_id in line_ids}
        needed = [since for seat in seats.values() if (since := seat.needed_from) is not None]
        if not needed:
            return
        found = self._at_hand.remembered(self._numbers(seats), micros(min(needed)))
        for line_id, seat in seats.items():
            self.drafts += seat.write(line_id, seat.with_taken(found.get(self._at_hand.quiet.numbers[line_id], [])))
            self.touched.add(line_id)

    def _checkpoint(self, pending: Pending, at: datetime) -> None:
        at_hand = self._at_hand
        at_hand.write_down()
        busy = {line_id for line_id, seat in at_hand.seats.items() if not seat.calm}
        pending.states = {line_id: self._state(line_id) for line_id in busy & (self.unkept | self.touched)}
        pending.states |= dict.fromkeys(self.rows - busy)
        self.rows, self.unkept = busy, set()
        pending.checkpoint = pack_coverage(at_hand.quiet.table(), at_hand.history.ids_packed)
        pending.at = at
        pending.tail += at_hand.history.settle()
        pending.prune_before = self._needless_before()
        self._trim()
        self.seen, self._oldest_end = set(), EVER

    def _needless_before(self) -> datetime | None:
        """Return the instant before which no reading is needed any more, by a line judged since the last checkpoint.

        A restart needs the longest trailing window, the port's last word, and evidence before an onset - also before
        one that is only suspected yet.
        """
        seats = [seat for line_id in self.seen if (seat := self._at_hand.seats.get(line_id)) is not None]
        ends = [s.judge.coverage.until for s in seats if s.judge.coverage.until is not None]
        if self._oldest_end != EVER:
            ends.append(from_micros(self._oldest_end))
        onsets = [s.judge.course.onset - AROUND for s in seats if s.judge.course.phase is Phase.SUSPECT]
        waiting = [self._at_hand.seats[k].needed_from for k in self.due if k in self._at_hand.seats]
        kept = self._at_hand.kept + EVIDENCE_EVERY
        return min([*(end - kept for end in ends), *onsets, *(one for one in waiting if one is not None)], default=None)

    def _trim(self) -> None:
        quiet = self._at_hand.quiet
        newest = int(quiet.until.max(initial=NEVER))
        if newest != NEVER:
            kept = self._at_hand.kept + 2 * self._at_hand.longest_interval + SLACK
            self._at_hand.history.trim(newest - kept // timedelta(microseconds=1), self._needed)

    def _needed(self) -> Ints:
        """Return by line after which instant its rows are needed for evidence all the same."""
        quiet = self._at_hand.quiet
        found = np.full(quiet.until.size, EVER)
        for line_id, seat in self._at_hand.seats.items():
            since = seat.needed_from
            if since is not None:
                found[quiet.numbers[line_id]] = micros(since)
        return found

    def _observed(self, at: datetime) -> Draft:
        quiet = self._at_hand.quiet
        until = {k: iso(from_micros(us)) for k, us in zip(quiet.ids, quiet.until.tolist(), strict=False) if us != NEVER}
        return Draft(OBSERVED, at, {"until": until})

    def _state(self, line_id: str) -> str | None:
        seat, judge = self._at_hand.seats.get(line_id), self._at_hand.judge_of(line_id)
        return None if judge is None else state_text(judge, None if seat is None else seat.collecting)


def _tail_batch(readings: list[Judged]) -> TailBatch:
    start = min(reading.start for reading, _ in readings)
    return TailBatch(start, max(reading.end for reading, _ in readings), pack_readings(readings))
