"""The judging of many lines: readings in, entries and states for the ledger out.

A line that is calm is a few numbers (`quiet_lines`) and its rows of the last minutes (`history`); rows that leave it
so are taken by a fast filter (`quiet`). A judge of its own is made for a line when something else comes, and goes
again afterwards. It touches neither clock nor disk: what is to be recorded is handed out as a `Pending`, and whoever
holds the ledger commits it. Live and replay use it alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt

from slamon.core.judge import Blindness, Coverage, Judge, judge, lose_sight, unseen
from slamon.core.lifecycle import DEFAULT_THRESHOLDS, Change, Happening, Phase, end_service
from slamon.core.quality import Verdict
from slamon.core.reading import InterfaceStats, Reading
from slamon.core.recut import relive
from slamon.core.timespan import SpanSet
from slamon.probes.columns import Rows
from slamon.service.history_evidence import AROUND, Seat
from slamon.service.judging_lines import LinesAtHand
from slamon.service.judging_output import Output
from slamon.service.pending import Pending
from slamon.service.quiet import Ints
from slamon.service.quiet_rows import VERDICT_AT, Intake, numbered, sift
from slamon.service.watching import Watched
from slamon.store.measured import happening_draft, notice_draft
from slamon.store.reads import Reads
from slamon.store.rows import KEPT

__all__ = ["AROUND", "Judging", "Pending"]

SLOW_AT_ONCE = 500  # rows for the judge that are made readings at the same time
SIGHTS_AT_MOST = 5000  # lines whose trailing windows stay made; those of others are made again when asked for


class Judging:
    """Judges the readings of many lines and keeps what is to be recorded."""

    def __init__(self, lines: Mapping[str, Watched]) -> None:
        self._at_hand = LinesAtHand()
        self._at_hand.enlist(lines)
        self._output = Output(self._at_hand)
        self._sighted: set[str] = set()
        self._judged: Rows = np.zeros(0, KEPT)

    def restore(self, ledger: Reads, vantage: str) -> None:
        """Take up where an earlier judging ended, as the ledger has it; `recall` comes before the first reading."""
        self._output.rows |= self._at_hand.restore(ledger, vantage)

    def recall(self, ledger: Reads, vantage: str) -> None:
        """Remember the readings of the last minutes: trailing windows, and evidence before an onset that may come."""
        self._at_hand.recall(ledger, vantage)

    def adopt(self, ledger: Reads, vantage: str) -> list[str]:
        """Take over lines that another process has observed further than this one; return their ids."""
        other = Judging(self.lines)
        other.restore(ledger, vantage)
        other.recall(ledger, vantage)
        ahead = self._at_hand.adopt(other._at_hand)
        self._sighted -= set(ahead)
        self._output.adopted(ahead, other._output.rows)
        return ahead

    @property
    def lines(self) -> Mapping[str, Watched]:
        return self._at_hand.lines

    @property
    def history_bytes(self) -> int:
        """The memory of the last minutes of all lines."""
        return self._at_hand.history.nbytes

    def relist(self, lines: Mapping[str, Watched]) -> None:
        """Judge these lines from now on; a line that left keeps its open incident, unseen from here on."""
        gone, seats = self.lines.keys() - lines.keys(), self._at_hand.seats
        collecting = sorted(line_id for line_id in gone & seats.keys() if seats[line_id].collecting is not None)
        self.lose_sight(gone, "no longer in the inventory")
        self._output.due.update(dict.fromkeys(collecting))
        self._at_hand.enlist(lines)
        for line_id, seat in self._at_hand.seats.items():
            if line_id in lines and seat.judge.course.phase is not Phase.CLEAR:
                self._recut(seat, lines[line_id].service)

    def _recut(self, seat: Seat, service: SpanSet[datetime]) -> None:
        """Judge what is going on again under the service time known now: a suspension may have been filed late."""
        relived = relive(seat.judge.course, service, seat.judge.coverage.until)
        if relived is not None:
            seat.judge.course, news = relived
            for happening in news:
                self._record(seat, happening)
            self._output.touched.add(seat.judge.course.line_id)

    def lose_sight(self, line_ids: Iterable[str] | None, reason: str) -> None:
        """Book the time from each line's observed end on as blind until it is seen again; None means all lines."""
        at_hand = self._at_hand
        ids = None if line_ids is None else set(line_ids)
        known = at_hand.quiet.numbers
        at_hand.quiet.lose_sight(None if ids is None else [known[k] for k in ids if k in known], reason)
        for line_id in at_hand.seats if ids is None else at_hand.seats.keys() & ids:
            lose_sight(at_hand.seats[line_id].judge, reason)
            at_hand.unwritten.add(line_id)
            self._output.unkept.add(line_id)

    def coverage(self, line_id: str) -> Coverage:
        """Return how far a line has been observed."""
        judged = self._at_hand.judge_of(line_id)
        return Coverage() if judged is None else judged.coverage

    def judge_of(self, line_id: str) -> Judge | None:
        """Return a line's judge, to look at."""
        return self._at_hand.judge_of(line_id)

    def count(self, phase: Phase) -> int:
        """Return how many lines are in a phase other than calm."""
        return sum(seat.judge.course.phase is phase for seat in self._at_hand.seats.values())

    def take(self, reading: Reading) -> list[Happening] | None:
        """Judge one reading; None where it lies before what the line has already been observed to."""
        judged_before = self._at_hand.judge_of(reading.line_id)
        if judged_before is not None and not unseen(judged_before, reading):
            return None
        seat = self._at_hand.seat(reading.line_id)
        self._at_hand.see([reading.line_id])
        verdict, happenings, blind = self._judge(seat, reading)
        judged = (reading, verdict)
        seat.remember(judged, self.lines[reading.line_id].watch_at(reading.start))
        self._output.taken.append(judged)
        self._output.blind += blind
        return happenings

    def note_port(self, line_id: str, port: InterfaceStats, at: datetime) -> bool:
        """Have the reading of a line in whose window ``(start, end]`` a poll of its port ended carry what it said.

        The poll waits for that reading; one that comes when its window was judged already goes into the line's next
        one, so that what is recorded, judged again, gives the same. Several polls in one window become one
        (`slamon.core.reading.as_one`). Returns False, and forgets it, where the line is not judged here.
        """
        return self._at_hand.note_port(line_id, port, at)

    def take_rows(
        self, rows: Rows, roster: Sequence[str], reasons: Sequence[str], vantage: str | None = None
    ) -> list[Happening]:
        """Judge a batch of rows (`slamon.probes.columns`); lines that are not judged here are passed over.

        `roster` names the lines that rows number, `reasons` what their `blind` numbers, 0 for none.
        """
        at_hand = self._at_hand
        at_hand.write_down()
        mine, came = numbered(rows, at_hand.roster_numbers(roster), at_hand.history, reasons, vantage)
        self._judged = mine
        if not mine.size:
            return []
        said = at_hand.say_ports(mine)
        intake = sift(mine, came, at_hand.quiet, at_hand.limits, at_hand.history, said)
        at_hand.history.add(mine[intake.fast])
        blind = intake.blind
        self._output.touched.update(one.line_id for _, one in blind)
        happenings, judged = self._take_slow(intake, blind)
        at_hand.history.add(mine[judged])
        self._judged = mine[np.sort(np.concatenate([intake.fast, judged]))]
        self._settle(mine["line"][intake.slow])
        at_hand.settle_ports()
        self._output.blind += [one for _, one in sorted(blind, key=lambda found: found[0])]
        self._output.note_judged(mine["end"][intake.fast], mine["end"][judged])
        return happenings

    def judged(self) -> tuple[Rows, Sequence[str], Sequence[str | None]]:
        """Return the rows of the last `take_rows` with their verdicts, the ids and the words that they number."""
        return self._judged, self._at_hand.quiet.ids, self._at_hand.history.words

    def _take_slow(self, intake: Intake, blind: list[tuple[int, Blindness]]) -> tuple[list[Happening], Ints]:
        """Judge rows one by one; return what happened and which were judged, in order of line and time."""
        happenings: list[Happening] = []
        judged = []
        for low in range(0, intake.slow.size, SLOW_AT_ONCE):
            places = intake.slow[low : low + SLOW_AT_ONCE]
            part = intake.rows[places]
            self._see(part["line"][intake.compared[places]])
            for place, (reading, _) in zip(places.tolist(), self._at_hand.history.judged(part), strict=True):
                seat = self._at_hand.seat(reading.line_id)
                if not unseen(seat.judge, reading):
                    continue
                verdict, found, ended = self._judge(seat, reading)
                intake.rows["verdict"][place] = VERDICT_AT[verdict]
                happenings += found
                blind += [(int(intake.came[place]), one) for one in ended]
                judged.append(place)
        return happenings, np.sort(np.array(judged, np.int64))

    def _see(self, numbers: npt.NDArray[np.uint32]) -> None:
        """Make the trailing windows of lines whose next reading may be compared with them."""
        ids = self._at_hand.quiet.ids
        wanted = {ids[number] for number in np.unique(numbers).tolist()} - self._sighted
        if self._at_hand.limits.longest_us:
            self._at_hand.see(wanted)
            self._sighted |= wanted

    def _judge(self, seat: Seat, reading: Reading) -> tuple[Verdict, list[Happening], list[Blindness]]:
        line_id, course, aside = reading.line_id, seat.judge.course, seat.judge.aside
        line = self._at_hand.lines[line_id]
        self._at_hand.fit(line_id, line, reading.start)
        if course.phase is Phase.CLEAR:
            # What an earlier episode left behind says nothing any more, and a judge made anew does not have it.
            course.vantage, course.thresholds = reading.vantage, DEFAULT_THRESHOLDS
        if aside.start is None:
            aside.open_after_s = 0
        outcome = judge(seat.judge, line.watch_at(reading.start), line.service, reading)
        self._output.seen.add(line_id)
        self._output.unkept.add(line_id)
        self._at_hand.unwritten.add(line_id)
        self._output.drafts += map(notice_draft, outcome.notices)
        for happening in outcome.happenings:
            self._record(seat, happening)
        if outcome.happenings or outcome.notices or outcome.blind:
            self._output.touched.add(line_id)
        if seat.due(reading):
            self._output.due[line_id] = None
        return outcome.mark.verdict, outcome.happenings, outcome.blind

    def _settle(self, numbers: npt.NDArray[np.uint32]) -> None:
        """Give up the judges of lines that are calm again, and windows where too many stay made."""
        at_hand = self._at_hand
        at_hand.write_down()
        for number in np.unique(numbers).tolist():
            line_id = at_hand.quiet.ids[number]
            seat = at_hand.seats[line_id]
            gone = at_hand.leave(line_id, seat)
            if gone or not seat.sighted or self._crowded:
                # What was judged is in the history by now; windows are made from there when they are asked for.
                seat.judge.sight.recent.clear()
                self._sighted.discard(line_id)
                seat.sighted = False

    @property
    def _crowded(self) -> bool:
        return len(self._sighted) > SIGHTS_AT_MOST

    def end_service(self, at: datetime) -> list[Happening]:
        """Restore open episodes of lines whose service ended some time ago, though no reading came since.

        A reading that crosses the end of service does so by itself, and is waited for.
        """
        found: list[Happening] = []
        for line_id, seat in self._at_hand.seats.items():
            line, until = self.lines.get(line_id), seat.judge.coverage.until
            if line is None or until is None or seat.judge.course.phase is Phase.CLEAR:
                continue
            edge = next((s.end for s in line.service if s.start < until <= s.end <= at), None)
            if edge is not None:
                for happening in end_service(seat.judge.course, edge):
                    self._record(seat, happening)
                    found.append(happening)
                self._output.touched.add(line_id)
        return found

    def _record(self, seat: Seat, happening: Happening) -> None:
        self._output.drafts.append(happening_draft(happening))
        if happening.change is Change.OPENED:
            seat.collect(happening.episode, happening.at)
        elif happening.change is Change.CLOSED and seat.collecting is not None:
            seat.collecting = seat.collecting._replace(until=happening.at + AROUND)

    @property
    def eventful(self) -> bool:
        """Tell whether something waits that must be on disk soon."""
        return self._output.waits

    @property
    def stirred(self) -> bool:
        """Tell whether so many lines were touched that a checkpoint costs less than their states."""
        return self._output.stirred

    def drain(self, at: datetime | None = None, *, stopping: bool = False, compact: bool = False) -> Pending:
        """Hand out what is to be committed; with `at` a checkpoint of all lines as of that instant.

        A clean stop also records how far each line was observed, and the evidence collected so far. `compact` writes
        the tail anew, with what each line needs however long ago it was judged (readings replayed line by line).
        """
        return self._output.drain(at, stopping=stopping, compact=compact)
