"""The judging of many lines: readings in, entries and states for the ledger out.

`Judging` holds one judge a line. It touches neither clock nor disk: what is to be recorded is handed out as a
`Pending`, and whoever holds the ledger commits it. Live and replay use it alike.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slamon.core.inventory import FAR_FUTURE
from slamon.core.judge import Blindness, Coverage, Judge, judge, lose_sight, unseen
from slamon.core.lifecycle import Change, Course, Happening, Phase, end_service
from slamon.core.quality import Verdict, recall
from slamon.core.reading import Reading
from slamon.core.recut import relive
from slamon.core.timespan import SpanSet, iso
from slamon.service.watching import Watched
from slamon.store.coverage import pack_coverage, unpack_coverage
from slamon.store.entry import Draft, TailBatch, blob_id
from slamon.store.evidence import pack_readings, unpack_readings
from slamon.store.measured import (
    EVIDENCE,
    OBSERVED,
    Collecting,
    blind_drafts,
    collecting_of,
    happening_draft,
    judge_of,
    notice_draft,
    state_text,
)
from slamon.store.reads import Reads

AROUND = timedelta(minutes=10)  # readings kept as evidence before onset and after restored (domain, section 7)
EVIDENCE_EVERY = timedelta(minutes=5)  # how much evidence may wait for the disk; less than the tail holds
EVIDENCE_AT_MOST = 500
GRACE = timedelta(minutes=2)  # how long readings from before an end of service may still come in


@dataclass(slots=True)
class Pending:
    """What is to be committed in one transaction."""

    drafts: list[Draft] = field(default_factory=list)
    states: dict[str, str | None] = field(default_factory=dict)
    checkpoint: bytes | None = None
    at: datetime | None = None
    tail: list[TailBatch] = field(default_factory=list)
    prune_before: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.drafts or self.states or self.checkpoint is not None or self.tail)

    def followed_by(self, later: Pending) -> Pending:
        """Return both as one, in order: what could not be written yet loses nothing."""
        return Pending(
            drafts=[*self.drafts, *later.drafts],
            states={**self.states, **later.states},
            checkpoint=later.checkpoint if later.checkpoint is not None else self.checkpoint,
            at=later.at if later.checkpoint is not None else self.at,
            tail=[*self.tail, *later.tail],
            prune_before=later.prune_before or self.prune_before,
        )


@dataclass(slots=True)
class _Seat:
    """One line: its judge, the readings of the last minutes, and the evidence being collected."""

    judge: Judge
    recent: deque[tuple[Reading, Verdict]] = field(default_factory=deque)
    collecting: Collecting | None = None
    evidence: list[tuple[Reading, Verdict]] = field(default_factory=list)


class Judging:
    """Judges the readings of many lines and keeps what is to be recorded."""

    def __init__(self, lines: Mapping[str, Watched]) -> None:
        self._lines = dict(lines)
        self._seats: dict[str, _Seat] = {}
        self._pending = Pending()
        self._blind: list[Blindness] = []
        self._fresh: list[tuple[Reading, Verdict]] = []
        self._touched: set[str] = set()
        self._seen: set[str] = set()
        self._rows: set[str] = set()
        self._unkept: set[str] = set()

    def restore(self, ledger: Reads, vantage: str) -> None:
        """Take up where an earlier judging ended, as the ledger has it; `recall` comes before the first reading."""
        stored = ledger.checkpoint(vantage)
        if stored is not None:
            for line_id, coverage in unpack_coverage(stored[1]).items():
                self._seats[line_id] = _Seat(Judge(Course(line_id), coverage=coverage))
        for line_id, text in ledger.states().items():
            self._restore_line(line_id, text)

    def recall(self, ledger: Reads, vantage: str) -> None:
        """Remember the readings of the last minutes: trailing windows, and evidence before an onset that may come."""
        for batch in ledger.tail(vantage):
            for reading, verdict in unpack_readings(batch.data):
                self._recall(reading, verdict)

    def _restore_line(self, line_id: str, text: str) -> None:
        self._rows.add(line_id)
        restored = judge_of(line_id, text)
        known = self._seats.get(line_id)
        if known is None or _further(restored.coverage, known.judge.coverage):
            self._seats[line_id] = _Seat(restored, collecting=collecting_of(text))
        else:
            restored.coverage = known.judge.coverage
            self._seats[line_id] = _Seat(restored, collecting=collecting_of(text))

    def adopt(self, ledger: Reads, vantage: str) -> list[str]:
        """Take over lines that another process has observed further than this one; return their ids."""
        other = Judging(self._lines)
        other.restore(ledger, vantage)
        other.recall(ledger, vantage)
        ahead = [
            line_id
            for line_id, seat in other._seats.items()
            if line_id not in self._seats or _beyond(seat.judge.coverage, self._seats[line_id].judge.coverage)
        ]
        for line_id in ahead:
            self._seats[line_id] = other._seats[line_id]
            self._touched.discard(line_id)
        self._rows |= other._rows & set(ahead)
        return ahead

    def _recall(self, reading: Reading, verdict: Verdict) -> None:
        seat, line = self._seats.get(reading.line_id), self._lines.get(reading.line_id)
        if seat is None or line is None:
            return
        until = seat.judge.coverage.until
        if until is None or reading.end > until:
            return  # it was not judged for good: after a kill that time is blind
        recall(line.watch_at(reading.start), seat.judge.sight, reading, verdict)
        seat.recent.append((reading, verdict))
        if seat.collecting is not None and reading.end > seat.collecting.kept:
            seat.evidence.append((reading, verdict))

    @property
    def lines(self) -> Mapping[str, Watched]:
        return self._lines

    def relist(self, lines: Mapping[str, Watched]) -> None:
        """Judge these lines from now on; a line that left keeps its open incident, unseen from here on."""
        self.lose_sight(self._lines.keys() - lines.keys(), "no longer in the inventory")
        self._lines = dict(lines)
        for line_id, line in lines.items():
            seat = self._seats.get(line_id)
            if seat is not None and seat.judge.course.phase is not Phase.CLEAR:
                self._recut(seat, line.service)

    def _recut(self, seat: _Seat, service: SpanSet[datetime]) -> None:
        """Judge what is going on again under the service time known now: a suspension may have been filed late."""
        relived = relive(seat.judge.course, service, seat.judge.coverage.until)
        if relived is not None:
            seat.judge.course, news = relived
            for happening in news:
                self._record(seat, happening)
            self._touched.add(seat.judge.course.line_id)

    def lose_sight(self, line_ids: Iterable[str] | None, reason: str) -> None:
        """Book the time from each line's observed end on as blind until it is seen again; None means all lines."""
        for line_id in list(self._seats) if line_ids is None else line_ids:
            seat = self._seats.get(line_id)
            if seat is not None:
                lose_sight(seat.judge, reason)
                self._unkept.add(line_id)

    def coverage(self, line_id: str) -> Coverage:
        """Return how far a line has been observed."""
        seat = self._seats.get(line_id)
        return seat.judge.coverage if seat is not None else Coverage()

    def judge_of(self, line_id: str) -> Judge | None:
        """Return a line's judge, to look at."""
        seat = self._seats.get(line_id)
        return seat.judge if seat is not None else None

    def take(self, reading: Reading) -> list[Happening] | None:
        """Judge one reading; None where it lies before what the line has already been observed to."""
        line_id = reading.line_id
        line, seat = self._lines[line_id], self._seats.get(line_id)
        if seat is None:
            seat = self._seats[line_id] = _Seat(Judge(Course(line_id)))
        if not unseen(seat.judge, reading):
            return None
        self._seen.add(line_id)
        self._unkept.add(line_id)
        if seat.judge.course.phase is Phase.CLEAR:
            seat.judge.course.vantage = reading.vantage
        outcome = judge(seat.judge, line.watch_at(reading.start), line.service, reading)
        judged = (reading, outcome.mark.verdict)
        self._fresh.append(judged)
        self._keep(seat, judged)
        self._blind.extend(outcome.blind)
        self._pending.drafts.extend(map(notice_draft, outcome.notices))
        for happening in outcome.happenings:
            self._record(seat, happening)
        if outcome.happenings or outcome.notices or outcome.blind:
            self._touched.add(line_id)
        return outcome.happenings

    def end_service(self, at: datetime) -> list[Happening]:
        """Restore open episodes of lines whose service ended some time ago, though no reading came since.

        A reading that crosses the end of service does so by itself, and is waited for.
        """
        found: list[Happening] = []
        for line_id, seat in self._seats.items():
            line, until = self._lines.get(line_id), seat.judge.coverage.until
            if line is None or until is None or seat.judge.course.phase is Phase.CLEAR:
                continue
            edge = next((s.end for s in line.service if s.start < until <= s.end <= at), None)
            if edge is not None:
                for happening in end_service(seat.judge.course, edge):
                    self._record(seat, happening)
                    found.append(happening)
                self._touched.add(line_id)
        return found

    def _record(self, seat: _Seat, happening: Happening) -> None:
        self._pending.drafts.append(happening_draft(happening))
        episode = happening.episode
        if happening.change is Change.OPENED:
            self._flush_evidence(seat)
            since = episode.onset - AROUND
            seat.collecting = Collecting(episode.id, since, None)
            seat.evidence = [one for one in seat.recent if one[0].end > since]
        elif happening.change is Change.CLOSED and seat.collecting is not None:
            seat.collecting = seat.collecting._replace(until=happening.at + AROUND)

    def _keep(self, seat: _Seat, judged: tuple[Reading, Verdict]) -> None:
        """Remember a reading as evidence: of an incident, or of one that may come."""
        reading = judged[0]
        recent, course = seat.recent, seat.judge.course
        since = (course.onset if course.phase is not Phase.CLEAR else reading.start) - AROUND
        while recent and recent[0][0].end <= since:
            recent.popleft()
        recent.append(judged)
        if seat.collecting is None:
            return
        if seat.collecting.until is not None and reading.start >= seat.collecting.until:
            self._flush_evidence(seat)
            seat.collecting = None
            self._touched.add(reading.line_id)
            return
        seat.evidence.append(judged)
        waits = reading.end - seat.evidence[0][0].start
        if len(seat.evidence) >= EVIDENCE_AT_MOST or (waits >= EVIDENCE_EVERY and seat.collecting.kept < reading.start):
            self._flush_evidence(seat)

    def _flush_evidence(self, seat: _Seat) -> None:
        if seat.collecting is None or not seat.evidence:
            return
        data = pack_readings(seat.evidence)
        first, last = seat.evidence[0][0], seat.evidence[-1][0]
        payload = {"blob": blob_id(data), "count": len(seat.evidence), "from": iso(first.start), "to": iso(last.end)}
        self._pending.drafts.append(
            Draft(
                EVIDENCE, last.end, payload, line_id=first.line_id, subject=seat.collecting.incident_id, blobs=(data,)
            )
        )
        self._touched.add(first.line_id)
        seat.collecting = seat.collecting._replace(kept=last.end)
        seat.evidence = []

    @property
    def eventful(self) -> bool:
        """Tell whether something waits that must be on disk soon."""
        return bool(self._pending.drafts or self._blind)

    def drain(self, at: datetime | None = None, *, stopping: bool = False, compact: bool = False) -> Pending:
        """Hand out what is to be committed; with `at` a checkpoint of all lines as of that instant.

        A clean stop also records how far each line was observed, and the evidence collected so far. `compact` writes
        the tail anew, with what each line needs however long ago it was judged (readings replayed line by line).
        """
        if stopping:
            for seat in self._seats.values():
                self._flush_evidence(seat)
        pending, self._pending = self._pending, Pending()
        pending.drafts.extend(blind_drafts(self._blind))
        self._blind = []
        if self._fresh:
            pending.tail = [_tail_batch(self._fresh)]
            self._fresh = []
        if at is None:
            self._rows |= self._touched
            pending.states = {line_id: self._state(line_id) for line_id in self._touched}
            self._unkept -= self._touched
        else:
            self._checkpoint(pending, at)
            if stopping:
                pending.drafts.append(self._observed(at))
        if compact:
            recent = [judged for seat in self._seats.values() for judged in seat.recent]
            pending.tail, pending.prune_before = [_tail_batch(recent)] if recent else [], FAR_FUTURE
        self._touched = set()
        return pending

    def _checkpoint(self, pending: Pending, at: datetime) -> None:
        coverage = {line_id: seat.judge.coverage for line_id, seat in self._seats.items()}
        busy = {line_id for line_id, seat in self._seats.items() if not seat.judge.quiet or seat.collecting is not None}
        changed = busy & (self._unkept | self._touched)
        pending.states = {line_id: self._state(line_id) for line_id in changed}
        pending.states |= dict.fromkeys(self._rows - busy)
        self._rows, self._unkept = busy, set()
        pending.checkpoint, pending.at = pack_coverage(coverage), at
        pending.prune_before = self._needless_before()
        self._seen = set()

    def _needless_before(self) -> datetime | None:
        """Return the instant before which no reading is needed any more, by a line judged since the last checkpoint.

        A restart needs the longest trailing window, the port's last word, and evidence before an onset - also before
        one that is only suspected yet.
        """
        if not self._seen:
            return None
        watches = [watch for line in self._lines.values() for watch in line.watches]
        spans = [max(w.profile.longest_window_s, 2 * w.interface_interval_s) for w in watches]
        kept = max(AROUND, timedelta(seconds=max(spans, default=0))) + EVIDENCE_EVERY
        seats = [self._seats[line_id] for line_id in self._seen]
        ends = [s.judge.coverage.until - kept for s in seats if s.judge.coverage.until is not None]
        onsets = [s.judge.course.onset - AROUND for s in seats if s.judge.course.phase is Phase.SUSPECT]
        return min([*ends, *onsets], default=None)

    def _observed(self, at: datetime) -> Draft:
        until = {
            line_id: iso(seat.judge.coverage.until)
            for line_id, seat in self._seats.items()
            if seat.judge.coverage.until is not None
        }
        return Draft(OBSERVED, at, {"until": until})

    def _state(self, line_id: str) -> str:
        seat = self._seats[line_id]
        return state_text(seat.judge, seat.collecting)


def _further(one: Coverage, other: Coverage) -> bool:
    return other.until is None or (one.until is not None and one.until >= other.until)


def _beyond(one: Coverage, other: Coverage) -> bool:
    return one.until is not None and (other.until is None or one.until > other.until)


def _tail_batch(readings: list[tuple[Reading, Verdict]]) -> TailBatch:
    start = min(reading.start for reading, _ in readings)
    return TailBatch(start, max(reading.end for reading, _ in readings), pack_readings(readings))
