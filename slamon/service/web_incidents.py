"""Measured incidents that are open, counted from the ledger: what is recorded there is what people are asked about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from slamon.core.incident import Episode
from slamon.store.book import read_fleet
from slamon.store.measured import CLOSED, OPENED, WORSENED, episode_of
from slamon.store.reads import Reads

_KINDS = frozenset({OPENED, WORSENED, CLOSED})
CATEGORIES = ("interruption", "degradation")


class OpenIncidents:
    """The open incidents of a ledger; `look` may block and belongs to a thread, `counts` may be read anywhere."""

    def __init__(self) -> None:
        self._seq: int | None = None
        self._open: dict[str, str] = {}
        self.counts: Mapping[str, int] = {}

    def look(self, ledger: Reads, vantage: str) -> None:
        """Take what the ledger has recorded since the last look into account."""
        if self._seq is None:
            seq, fleet = ledger.last_seq(), read_fleet(ledger, vantage)
            for line_id in fleet.states:
                judge = fleet.judge(line_id)
                episode = None if judge is None else judge.course.episode()
                if episode is not None:
                    self._open[line_id] = _category(episode)
            self._seq = seq
        for entry in ledger.entries(kinds=_KINDS, after_seq=self._seq):
            self._seq = entry.seq
            if entry.line_id is None:
                continue
            if entry.kind == CLOSED:
                self._open.pop(entry.line_id, None)
            else:
                self._open[entry.line_id] = _category(episode_of(entry.line_id, entry.payload))
        found = Counter(self._open.values())
        self.counts = {category: found[category] for category in CATEGORIES}


def _category(episode: Episode) -> str:
    return "degradation" if episode.interruption_at is None else "interruption"
