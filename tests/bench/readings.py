"""Readings of a whole fleet, as a prober hands them on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from slamon.core.reading import Reading, TargetStats
from tests.bench.fleet import VANTAGE, line_id

BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
INTERVAL = timedelta(seconds=10)
GROUPS = 100  # an interval in tenths of a second: how often the daemon commits

_DEAD = TargetStats(5, 0)


def window(numbers: Iterable[int], lines: int, nth: int, *, dead: bool = False) -> Iterator[Reading]:
    """Yield the readings of some lines in their nth window; lines take their turns over the interval."""
    for number in numbers:
        start = BEGIN + nth * INTERVAL + INTERVAL * number / lines
        rtt_ms = 2.5 + (number * 7919 + nth * 104_729) % 1000 / 250
        alive = TargetStats(5, 5, rtt_ms - 0.4, rtt_ms, rtt_ms + 0.7, 0.3 + rtt_ms / 50)
        seen = _DEAD if dead else alive
        yield Reading(line_id(number), start, start + INTERVAL, demarc=seen, cpe=seen, vantage=VANTAGE)


def groups(lines: int) -> list[range]:
    """Return the lines whose windows end within the same tenth of a second, group by group."""
    edges = [lines * group // GROUPS for group in range(GROUPS + 1)]
    return [range(low, high) for low, high in pairwise(edges) if low < high]
