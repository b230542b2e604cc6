"""All lines that are judged: the columns of the calm ones, the seats of the others, and the last minutes of both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np

from slamon.core.calendar import start_of_day
from slamon.core.judge import Coverage, Judge
from slamon.core.lifecycle import Course
from slamon.core.quality import Watch, port_exceeds, port_speaks
from slamon.core.reading import InterfaceStats
from slamon.core.timespan import MICROSECOND, from_micros, micros
from slamon.service.history import History
from slamon.service.history_evidence import AROUND, Seat
from slamon.service.port_words import PortWords, Word
from slamon.service.quiet import Bools, Ints, LimitTable, look
from slamon.service.quiet_lines import EVER, QuietLines
from slamon.service.quiet_rows import Said
from slamon.service.watching import Watched
from slamon.store.coverage import NEVER, unpack_coverage
from slamon.store.evidence import unpack_readings
from slamon.store.measured import collecting_of, judge_of
from slamon.store.ports import MAGIC as PORTS_MAGIC
from slamon.store.reads import Reads
from slamon.store.rows import HAS_PORT, MAGIC, Judged, Rows


class LinesAtHand:
    """What is remembered of lines between two readings; `unwritten` are seats whose coverage the columns lack."""

    def __init__(self) -> None:
        self.lines: dict[str, Watched] = {}
        self.quiet = QuietLines()
        self.history = History(self.quiet.ids)
        self.limits = LimitTable()
        self.words = PortWords()
        self.seats: dict[str, Seat] = {}
        self.unwritten: set[str] = set()
        self.kept = AROUND  # how long a reading is needed for windows, the port, and evidence of what begins now
        self.longest_interval = timedelta(0)
        self._roster: tuple[Sequence[str], Ints] | None = None

    def enlist(self, lines: Mapping[str, Watched]) -> None:
        """Have these lines judged from now on, and no others."""
        self.write_down()
        before, self.lines, self._roster = self.lines, dict(lines), None
        watches = {id(w): w for line in lines.values() for w in line.watches}.values()
        spans = [max(w.profile.longest_window_s, 2 * w.interface_interval_s) for w in watches]
        self.kept = max(AROUND, timedelta(seconds=max(spans, default=0)))
        self.longest_interval = timedelta(seconds=max((w.profile.interval_s for w in watches), default=0))
        changed, renewed = [], []
        for line_id, line in self.lines.items():
            if before.get(line_id) is not line:
                number = self.quiet.number(line_id)
                if self._fitted(number, line):
                    changed.append(number)
                if self._weigh(number, line):
                    renewed.append(number)
        self._relearn(changed)
        self._doubt(renewed)
        gone = [self.quiet.numbers[line_id] for line_id in before.keys() - self.lines.keys()]
        self.words.drop(gone)
        self.quiet.polled[gone] = False

    def _weigh(self, number: int, line: Watched) -> bool:
        """Find out until when the last word of a line's port matters, under the watches that it has now.

        Returns whether there is a word.
        """
        word = self.words.last(number)
        if word is not None:
            self.quiet.port_to[number] = NEVER
            for watch in line.watches:
                self._heed(number, watch, word)
        return word is not None

    def _doubt(self, numbers: Collection[int]) -> None:
        """Leave it to the judge what errors and discards on record come to, until they have left the window."""
        if not numbers:
            return
        chosen, quiet = set(numbers), self.quiet
        seen = quiet.until[list(numbers)]
        for line, start in self.history.ports.bad_since(int(seen.min()) - self.limits.longest_us):
            if line in chosen:
                quiet.loud_from[line] = max(quiet.loud_from[line], start)

    def _heed(self, number: int, watch: Watch, word: Word) -> None:
        if port_speaks(watch, word.port):
            until = micros(word.at) + timedelta(seconds=2 * watch.interface_interval_s) // MICROSECOND
            self.quiet.port_to[number] = max(self.quiet.port_to[number], until)

    def note_port(self, line_id: str, port: InterfaceStats, at: datetime) -> bool:
        """Keep a poll of a line's port until its reading comes; False where the line is not judged here."""
        if line_id not in self.lines:
            return False
        number = self.quiet.numbers[line_id]
        self.words.wait(number, at, port)
        self.quiet.polled[number] = True
        return True

    def say_ports(self, rows: Rows) -> Said:
        """Put waiting polls into the rows (in order of line and time) that they belong to.

        Returns which rows a port's word concerns.
        """
        quiet = self.quiet
        lines = rows["line"].astype(np.int64)
        stirred: Bools = rows["end"] <= quiet.port_to[lines]
        loud: Bools = np.zeros(rows.size, np.bool_)
        if not self.words.waiting:
            return Said(stirred, loud)
        places = np.flatnonzero(quiet.polled[lines])
        observed = quiet.until[lines[places]].tolist()
        before, until = -1, NEVER
        for place, number, known in zip(places.tolist(), lines[places].tolist(), observed, strict=True):
            start, end = int(rows["start"][place]), int(rows["end"][place])
            if number != before:
                before, until = number, known
            if start < until:
                continue  # told twice: it will not be judged
            until = end
            port = self.words.take(number, end)
            if port is not None:
                rows["targets"][place] |= HAS_PORT
                loud[place] = self._say(number, start, end, port)
                stirred[place] = loud[place]
            stirred[place] |= end <= quiet.port_to[number]
        return Said(stirred, loud)

    def _say(self, number: int, start: int, end: int, port: InterfaceStats) -> bool:
        """Take a word into the history of its line; tell whether its counters exceed a criterion by themselves."""
        watch = self.lines[self.quiet.ids[number]].watch_at(from_micros(start))
        word = Word(from_micros(end), port)
        self.history.ports.add(number, start, end, port)
        self.words.say(number, word)
        self.quiet.port_to[number] = NEVER
        self._heed(number, watch, word)
        return port_exceeds(watch, port)

    def settle_ports(self) -> None:
        """After a batch: of each port its last word is remembered, and polls wait only where they do."""
        polled = np.flatnonzero(self.quiet.polled)
        for number in polled.tolist():
            self.words.settle(number)
        self.quiet.polled[polled] = False
        self.quiet.polled[list(self.words.waiting)] = True

    def _fitted(self, number: int, line: Watched, at: datetime | None = None) -> bool:
        """Find the watch that holds at an instant (else where the line was observed to); tell whether it is another."""
        quiet, low, high, watch = self.quiet, NEVER, EVER, line.watches[0]
        if len(line.watches) > 1:
            until = int(quiet.until[number])
            if at is None and until == NEVER:
                return False
            low, high, watch = _in_force(line, from_micros(until) if at is None else at)
        known, found = int(quiet.fit_from[number]) < EVER, self.limits.number_of(watch)
        same = known and found == int(quiet.watch[number])
        quiet.watch[number], quiet.fit_from[number], quiet.fit_until[number] = found, low, high
        return not same

    def fit(self, line_id: str, line: Watched, at: datetime) -> None:
        """Have the fast filter use the watch that holds at an instant."""
        number = self.quiet.numbers[line_id]
        begins = micros(at)
        if not self.quiet.fit_from[number] <= begins < self.quiet.fit_until[number] and self._fitted(number, line, at):
            # Earlier rows are compared anew under this watch: the judge does it until they have left the window.
            self.quiet.loud_from[number] = max(self.quiet.loud_from[number], self.quiet.until[number])

    def _relearn(self, numbers: Collection[int]) -> None:
        """Look again which rows of some lines are loud."""
        if not numbers:
            return
        quiet = self.quiet
        chosen: Bools = np.zeros(quiet.since.size, np.bool_)
        chosen[list(numbers)] = True
        quiet.loud_from[chosen] = NEVER
        seen = quiet.until[chosen & (quiet.until != NEVER)]
        for rows in self.history.each(int(seen.min(initial=EVER)) - self.limits.longest_us):
            mine = rows[chosen[rows["line"]]]
            if mine.size:
                lines = mine["line"].astype(np.int64)
                loud = look(mine, self.limits.of(quiet.watch[lines])).loud
                quiet.note_loud(lines[loud], mine["start"][loud])
        self._doubt(numbers)

    def seat(self, line_id: str) -> Seat:
        """Return a line's seat, made from the columns where it was calm."""
        seat = self.seats.get(line_id)
        if seat is None:
            number = self.quiet.number(line_id)
            seat = self.seats[line_id] = Seat(Judge(Course(line_id), coverage=self.quiet.coverage(number)))
            self._tell_port(number, seat)
            self.quiet.seated[number] = True
        return seat

    def _tell_port(self, number: int, seat: Seat) -> None:
        """Tell a judge what its port said last, in readings that were judged already."""
        until = seat.judge.coverage.until
        word = None if until is None else self.words.last(number, until)
        if word is not None:
            seat.judge.sight.port, seat.judge.sight.port_at = word.port, word.at

    def judge_of(self, line_id: str) -> Judge | None:
        """Return a line's judge, made to look at where it is calm."""
        seat, number = self.seats.get(line_id), self.quiet.numbers.get(line_id)
        if seat is not None:
            return seat.judge
        if number is None or int(self.quiet.until[number]) == NEVER:
            return None
        return Judge(Course(line_id), coverage=self.quiet.coverage(number))

    def see(self, line_ids: Iterable[str]) -> None:
        """Complete the trailing windows of seated lines from what is remembered."""
        seats = [(self.quiet.numbers[k], seat) for k in line_ids if not (seat := self.seat(k)).sighted]
        if not seats:
            return
        numbers = sorted(number for number, _ in seats)
        until = min((micros(s.judge.coverage.until) for _, s in seats if s.judge.coverage.until), default=NEVER)
        remembered = self.remembered(numbers, until - self.limits.longest_us if until != NEVER else None)
        for number, seat in seats:
            recent = seat.judge.sight.recent
            before = recent[0][0].start if recent else None
            found = seat.with_taken(remembered.get(number, []))
            recent.extendleft(reversed([one for one in found if before is None or one[0].start < before]))
            seat.sighted = True

    def remembered(self, numbers: list[int], after_us: int | None) -> dict[int, list[Judged]]:
        """Return the readings of some lines (in order) that end after an instant, by their number."""
        rows = self.history.gather(np.array(numbers, np.uint32), after_us)
        found: dict[int, list[Judged]] = {}
        for number, judged in zip(rows["line"].tolist(), self.history.judged(rows), strict=True):
            found.setdefault(number, []).append(judged)
        return found

    def write_down(self) -> None:
        """Bring the columns up to date with the seats."""
        for line_id in self.unwritten:
            seat = self.seats.get(line_id)
            if seat is not None:
                self.quiet.put(self.quiet.numbers[line_id], seat.judge.coverage)
        self.unwritten.clear()

    def leave(self, line_id: str, seat: Seat) -> bool:
        """Give up the seat of a line that is calm again (its coverage is written down), and tell whether it was."""
        if not seat.calm:
            return False
        until = seat.judge.coverage.until
        if seat.taken and until is not None:
            kept = max(AROUND, timedelta(microseconds=self.limits.longest_us))
            if seat.taken[-1][0].end > until - kept:
                return False
        number = self.quiet.numbers[line_id]
        self._keep_word(number, seat, self.lines.get(line_id))
        self.quiet.seated[number] = False
        del self.seats[line_id]
        return True

    def _keep_word(self, number: int, seat: Seat, line: Watched | None) -> None:
        """Remember the port's last word of a line that is given up: it may have come in a reading by itself."""
        port, at = seat.judge.sight.port, seat.judge.sight.port_at
        known = self.words.last(number)
        if port is not None and at is not None and (known is None or known.at < at):
            self.words.say(number, Word(at, port))
            self.words.settle(number)
            if line is not None:
                self._weigh(number, line)

    def roster_numbers(self, roster: Sequence[str]) -> Ints:
        """Return the numbers of a prober's lines, -1 for those that are not judged here."""
        if self._roster is None or not (self._roster[0] is roster or self._roster[0] == roster):
            self._roster = roster, self.quiet.numbers_of(roster, self.lines)
        return self._roster[1]

    def restore(self, ledger: Reads, vantage: str) -> set[str]:
        """Take up what the ledger has; return the lines that have a state there."""
        stored = ledger.checkpoint(vantage)
        if stored is not None:
            self.quiet.take_table(unpack_coverage(stored[1]))
        states = ledger.states()
        for line_id, text in states.items():
            self._restore_line(line_id, text)
        for line_id, line in self.lines.items():
            if len(line.watches) > 1:
                self._fitted(self.quiet.numbers[line_id], line)
        return set(states)

    def recall(self, ledger: Reads, vantage: str) -> None:
        """Remember the readings of the last minutes."""
        tail = [batch.data for batch in ledger.tail(vantage)]
        packed = [data for data in tail if data.startswith(MAGIC)]
        self.history.load(packed, self.quiet.number, lambda: self.quiet.until)
        said = [data for data in tail if data.startswith(PORTS_MAGIC)]
        self.history.ports.load(said, self.quiet.number, lambda: self.quiet.until)
        self._recall_ports()
        for data in tail:
            if not data.startswith((MAGIC, PORTS_MAGIC)):
                for judged in unpack_readings(data):
                    self._recall(judged)
        self._relearn(range(len(self.quiet.ids)))

    def _recall_ports(self) -> None:
        for number, (end, port) in self.history.ports.latest().items():
            line_id = self.quiet.ids[number]
            self.words.say(number, Word(from_micros(end), port))
            if line_id in self.seats:
                self._tell_port(number, self.seats[line_id])
            if line_id in self.lines:
                self._weigh(number, self.lines[line_id])

    def _restore_line(self, line_id: str, text: str) -> None:
        restored, number = judge_of(line_id, text), self.quiet.number(line_id)
        known = self.quiet.coverage(number)
        if not _further(restored.coverage, known):
            restored.coverage = known
        seat = Seat(restored, collecting_of(text))
        self.quiet.put(number, restored.coverage)
        if not seat.calm:
            self.seats[line_id] = seat
            self.quiet.seated[number] = True

    def _recall(self, judged: Judged) -> None:
        reading = judged[0]
        line, number = self.lines.get(reading.line_id), self.quiet.numbers.get(reading.line_id)
        if line is None or number is None or micros(reading.end) > int(self.quiet.until[number]):
            return  # it was not judged for good: after a kill that time is blind
        seat = self.seat(reading.line_id)
        seat.remember(judged, line.watch_at(reading.start))
        if reading.interface is not None:
            seat.judge.sight.port, seat.judge.sight.port_at = reading.interface, reading.end

    def adopt(self, other: LinesAtHand) -> list[str]:
        """Take over the lines that the other has observed further; return their ids."""
        self.write_down()
        ahead: dict[int, int] = {}
        for line_id, theirs in other.quiet.numbers.items():
            ours = self.quiet.number(line_id)
            if other.quiet.until[theirs] > self.quiet.until[ours]:
                ahead[theirs] = ours
        if not ahead:
            return []
        self.quiet.adopt(other.quiet, ahead)
        self.history.take_over(other.history, ahead)
        self.words.take_over(other.words, ahead)
        ids = [other.quiet.ids[theirs] for theirs in ahead]
        for line_id in ids:
            self.seats.pop(line_id, None)
            if line_id in other.seats:
                self.seats[line_id] = other.seats[line_id]
        return ids


def _in_force(line: Watched, at: datetime) -> tuple[int, int, Watch]:
    """Return from when until when which watch holds, around an instant."""
    day = at.astimezone(line.zone).date()
    starts = [period.first_day for period in line.terms.line.periods]
    past, coming = [d for d in starts if d <= day][1:], [d for d in starts if d > day]
    low = micros(start_of_day(past[-1], line.zone)) if past else NEVER
    return low, micros(start_of_day(coming[0], line.zone)) if coming else EVER, line.watch_at(at)


def _further(one: Coverage, other: Coverage) -> bool:
    return other.until is None or (one.until is not None and one.until >= other.until)
