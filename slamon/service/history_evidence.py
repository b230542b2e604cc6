"""Evidence of incidents: which of the readings remembered are written beside an incident, and when."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from slamon.core.incident import Episode
from slamon.core.judge import Judge
from slamon.core.lifecycle import Phase
from slamon.core.quality import Watch
from slamon.core.reading import Reading
from slamon.core.timespan import iso
from slamon.store.entry import Draft, blob_id
from slamon.store.evidence import pack_readings
from slamon.store.measured import EVIDENCE, Collecting
from slamon.store.rows import Judged

AROUND = timedelta(minutes=10)  # readings kept as evidence before onset and after restored (domain, section 7)
EVIDENCE_EVERY = timedelta(minutes=5)  # how much evidence may wait for the disk; less than the tail holds
EVIDENCE_AT_MOST = 500  # readings in one blob


@dataclass(slots=True)
class Seat:
    """A line that is not calm: its judge, the evidence being collected, and what the history does not hold.

    `taken` are readings that came one by one, not as rows. `sighted` tells that the trailing windows are complete.
    `ended` are collections that a later incident cut short, still to be written.
    """

    judge: Judge
    collecting: Collecting | None = None
    taken: deque[Judged] | None = None
    sighted: bool = False
    over: bool = False
    ended: tuple[Collecting, ...] = field(default=())

    @property
    def calm(self) -> bool:
        """Tell whether the line needs no state of its own beside how far it was observed."""
        judge, idle = self.judge, self.collecting is None and not self.ended
        return idle and judge.course.phase is Phase.CLEAR and judge.aside.start is None

    @property
    def needed_from(self) -> datetime | None:
        """The instant after which this line's readings are still needed for evidence, None where nothing waits."""
        course = self.judge.course
        found = [one.kept for one in (self.collecting, *self.ended) if one is not None]
        if course.phase is Phase.SUSPECT:
            found.append(course.onset - AROUND)
        return min(found, default=None)

    def collect(self, episode: Episode, at: datetime) -> None:
        """Begin to collect for an incident that opened at an instant; what was collected before ends there."""
        if self.collecting is not None:
            until = at if self.collecting.until is None else min(at, self.collecting.until)
            self.ended = (*self.ended, self.collecting._replace(until=until))
        kept, since = episode.onset - AROUND, self.judge.coverage.since
        self.collecting = Collecting(episode.id, kept if since is None else max(kept, since), None)
        self.over = False

    def due(self, reading: Reading) -> bool:
        """Tell whether evidence should be written, with a reading the latest; the collecting may be over with it."""
        if self.collecting is None:
            return False
        until = self.collecting.until
        self.over = self.over or (until is not None and reading.start >= until)
        return self.over or bool(self.ended) or reading.end - self.collecting.kept >= EVIDENCE_EVERY

    def remember(self, judged: Judged, watch: Watch) -> None:
        """Keep a reading that came by itself as long as evidence or a window may ask for it."""
        reading, course = judged[0], self.judge.course
        kept = max(AROUND, timedelta(seconds=watch.profile.longest_window_s))
        since = (course.onset if course.phase is not Phase.CLEAR else reading.start) - kept
        needed = self.needed_from
        since = since if needed is None else min(since, needed)
        if self.taken is None:
            self.taken = deque()
        while self.taken and self.taken[0][0].end <= since:
            self.taken.popleft()
        self.taken.append(judged)

    def with_taken(self, found: list[Judged]) -> list[Judged]:
        """Return the history's readings and those that came one by one, in order of time."""
        return found if not self.taken else sorted([*found, *self.taken], key=lambda one: one[0].start)

    def write(self, line_id: str, remembered: list[Judged]) -> list[Draft]:
        """Return what of these readings (the line's, in order) is evidence not written yet; note that it is now."""
        drafts: list[Draft] = []
        for ended in self.ended:
            drafts += _drafts(line_id, ended, _part(ended, remembered))
        self.ended = ()
        if self.collecting is not None:
            part = _part(self.collecting, remembered)
            drafts += _drafts(line_id, self.collecting, part)
            if self.over:
                self.collecting, self.over = None, False
            elif part:
                self.collecting = self.collecting._replace(kept=part[-1][0].end)
        return drafts


def _part(collecting: Collecting, remembered: list[Judged]) -> list[Judged]:
    kept, until = collecting.kept, collecting.until
    return [one for one in remembered if one[0].end > kept and (until is None or one[0].start < until)]


def _drafts(line_id: str, collecting: Collecting, part: list[Judged]) -> list[Draft]:
    chunks = (part[low : low + EVIDENCE_AT_MOST] for low in range(0, len(part), EVIDENCE_AT_MOST))
    return [_draft(line_id, collecting.incident_id, chunk) for chunk in chunks]


def _draft(line_id: str, incident_id: str, part: list[Judged]) -> Draft:
    data = pack_readings(part)
    first, last = part[0][0], part[-1][0]
    payload = {"blob": blob_id(data), "count": len(part), "from": iso(first.start), "to": iso(last.end)}
    return Draft(EVIDENCE, last.end, payload, line_id=line_id, subject=incident_id, blobs=(data,))
