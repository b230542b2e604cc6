"""Replayed readings in the own history: what `slamon replay` judged is counted as live windows are."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import structlog

from slamon.core.quality import Verdict, Watch, deciding
from slamon.core.reading import Reading, TargetStats
from slamon.core.timespan import micros
from slamon.service.rollups_keeping import zones_of
from slamon.service.site import Site
from slamon.store.rollups import Rollups, RollupsError, Tally
from slamon.store.rows import KEPT, VERDICTS

_UP, _NO_DATA = VERDICTS.index(Verdict.UP), VERDICTS.index(Verdict.NO_DATA)
_NONE = (0, 0, -1, -1, -1, -1)

log = structlog.get_logger()


class ReplayedRollups:
    """Counts replayed readings; a history that cannot be written is said once, and the replay goes on without it."""

    def __init__(self, site: Site) -> None:
        self._settings = site.loaded.settings
        self._zones = zones_of(site)
        self._waiting: list[tuple[object, ...]] = []
        self._numbers: dict[str, int] = {}
        self._broken = False

    def take(self, reading: Reading, watch: Watch) -> None:
        """Count a reading that was judged under a watch."""
        target = deciding(watch, reading)
        unseen = reading.blind is not None or target is None or target.sent <= 0
        number = self._numbers.setdefault(reading.line_id, len(self._numbers))
        targets = (1 if reading.demarc else 0) | (2 if reading.cpe else 0)
        head = (number, micros(reading.start), micros(reading.end), 0 if reading.blind is None else 1, 0, targets)
        row = (*head, _NO_DATA if unseen else _UP, *_columns(reading.demarc), *_columns(reading.cpe))
        self._waiting.append(row)

    def write(self) -> None:
        """Write what was counted since the last time."""
        if self._broken or not self._waiting:
            return
        tally = Tally()
        tally.add(np.array(self._waiting, KEPT))
        try:
            with Rollups.open(self._settings.state_dir) as kept:
                kept.write(tally, list(self._numbers), self._zones)
        except RollupsError as error:
            self._give_up(error)
        self._waiting, self._numbers = [], {}

    def settle(self, now: datetime) -> None:
        """Make the days that are over, and forget what is too old to be kept."""
        if self._broken:
            return
        try:
            with Rollups.open(self._settings.state_dir) as kept:
                kept.settle(now, self._settings.hourly_days, self._settings.daily_days)
        except RollupsError as error:
            self._give_up(error)

    def _give_up(self, error: RollupsError) -> None:
        self._broken = True
        log.error("history_not_written", reason=str(error))


def _columns(stats: TargetStats | None) -> tuple[int, ...]:
    if stats is None:
        return _NONE
    values = (stats.rtt_min_ms, stats.rtt_mean_ms, stats.rtt_max_ms, stats.ipdv_ms)
    return (stats.sent, stats.received, *(-1 if one is None else round(one * 1000) for one in values))
