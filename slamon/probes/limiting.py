"""A hint at rate limiting at the far end (F7): window after window the same number of replies to more packets.

Lines lose packets at random; a limiter answers so many a second and no more. It stays a hint: nothing is judged.
"""

from __future__ import annotations

import numpy as np

from slamon.probes.columns import Rows

WINDOWS = 6
_LINES_KEPT = 10_000


class Limits:
    """Counts, per line and target, windows in a row with the same share of packets answered."""

    def __init__(self) -> None:
        self._runs: dict[int, tuple[int, int, int]] = {}

    def clear(self) -> None:
        """Forget the lines: their numbers have changed."""
        self._runs.clear()

    def take(self, rows: Rows) -> list[tuple[int, int, int]]:
        """Return the lines (by number) that have just shown the pattern, with packets answered and sent a window."""
        decided = np.where(rows["demarc_sent"] > 0, rows["demarc_sent"], rows["cpe_sent"])
        answered = np.where(rows["demarc_sent"] > 0, rows["demarc_received"], rows["cpe_received"])
        partial = (answered > 0) & (answered < decided) & (rows["blind"] == 0)
        if self._runs:
            known = np.fromiter(self._runs, np.int64)
            for line in rows["line"][~partial & (rows["blind"] == 0) & np.isin(rows["line"], known)].tolist():
                self._runs.pop(line, None)
        found = []
        for line, sent, received in zip(
            rows["line"][partial].tolist(), decided[partial].tolist(), answered[partial].tolist(), strict=True
        ):
            _, before, count = self._runs.get(line, (0, received, 0))
            count = count + 1 if before == received else 1
            if len(self._runs) < _LINES_KEPT or line in self._runs:
                self._runs[line] = sent, received, count
            if count == WINDOWS:
                found.append((line, received, sent))
        return found
