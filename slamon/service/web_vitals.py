"""How the daemon fares, noted as it goes: what /metrics and /readyz say about polling and judging.

Times between things are monotonic; how far a line was seen is compared with how far the prober has come, so that a step
of the wall clock makes nobody unready.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

from slamon.core.quality import Verdict
from slamon.core.timespan import micros
from slamon.probes.protocol import Health
from slamon.service.companion import Seen
from slamon.store.coverage import NEVER
from slamon.store.rows import VERDICTS

SILENT_S = 5.0  # a batch comes each second
MINUTE_S = 60.0
# So many lines may be late (a name that cannot be resolved, a device that was just added) before it is ours to mend.
LATE_SHARE = 0.01
_UNSEEN = len(VERDICTS)


class Worst:
    """The largest value of the last minute or two."""

    def __init__(self) -> None:
        self._now, self._before, self._since = 0.0, 0.0, 0.0

    def note(self, value: float, at_s: float) -> None:
        """Take note of a value at a monotonic time."""
        if at_s - self._since >= MINUTE_S:
            self._before, self._now, self._since = self._now, 0.0, at_s
        self._now = max(self._now, value)

    @property
    def value(self) -> float:
        return max(self._now, self._before)


class Vitals:
    """What was seen of polling and judging since the start; `allowed_s` is how late a line's window may be."""

    def __init__(self, allowed_s: float) -> None:
        self.allowed_s = allowed_s
        self.health: Health | None = None
        self.judged = np.zeros(len(VERDICTS), np.int64)
        self.events: Counter[str] = Counter()
        self.prober_lag_ms, self.loop_lag_s = Worst(), Worst()
        self._batch_s = 0.0
        self._grown_us = NEVER
        self._until = np.empty(0, np.int64)
        self._verdicts = np.empty(0, np.uint8)

    def see(self, seen: Seen, at_s: float) -> None:
        """Take note of a judged batch at a monotonic time."""
        before, self.health, self._batch_s = self.health, seen.health, at_s
        if before is None or seen.health.lines > before.lines:
            self._grown_us = micros(seen.health.at)
        self.prober_lag_ms.note(seen.health.loop_lag_max_ms, at_s)
        self.events.update(event.kind for event in seen.events)
        rows = seen.rows
        if rows.size:
            self._grow(len(seen.ids))
            self.judged += np.bincount(rows["verdict"], minlength=len(VERDICTS))
            # In order of line and time: a line's last row is what stays.
            self._until[rows["line"]] = rows["end"]
            self._verdicts[rows["line"]] = rows["verdict"]

    def _grow(self, count: int) -> None:
        more = count - self._until.size
        if more > 0:
            self._until = np.append(self._until, np.full(more, NEVER))
            self._verdicts = np.append(self._verdicts, np.full(more, _UNSEEN, np.uint8))

    def batch_age_s(self, at_s: float) -> float | None:
        """Return how long ago the last batch came, None before the first."""
        return None if self.health is None else at_s - self._batch_s

    @property
    def overdue(self) -> int:
        """Return how many of the probed lines have no window of late; none while new lines are waited for."""
        if self.health is None:
            return 0
        since_us = micros(self.health.at) - int(self.allowed_s * 1_000_000)
        if since_us < self._grown_us:
            return 0
        return max(0, self.health.lines - int(np.count_nonzero(self._until >= since_us)))

    def by_verdict(self) -> dict[Verdict, int]:
        """Return how many lines showed what in their last window, those of late alone."""
        if self.health is None:
            return {}
        since_us = micros(self.health.at) - int(self.allowed_s * 1_000_000)
        counts = np.bincount(self._verdicts[self._until >= since_us], minlength=len(VERDICTS))
        return {verdict: int(counts[number]) for number, verdict in enumerate(VERDICTS)}

    def unready(self, at_s: float) -> str | None:
        """Return why polling is not within its schedule, None where it is."""
        age_s = self.batch_age_s(at_s)
        if age_s is None or self.health is None:
            return "the prober has not handed anything on yet"
        if age_s > SILENT_S:
            return f"the prober has said nothing for {age_s:.0f} s"
        overdue, lines = self.overdue, self.health.lines
        if not lines:
            return "the prober probes no line yet"
        if overdue > lines * LATE_SHARE:
            return f"{overdue} of {lines} lines have no window of the last {self.allowed_s:g} s"
        return None
