"""What a line showed over an hour or a day: the readings of one target, summed up, for charts and trends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Rollup:
    """One target's readings over `seconds` (3600 or 86400) from `start` on.

    Round-trip times are None where nothing came back. `blind_s` is how much of the time was not observed.
    """

    line_id: str
    target: str
    start: datetime
    seconds: int
    sent: int
    received: int
    rtt_min_ms: float | None
    rtt_mean_ms: float | None
    rtt_max_ms: float | None
    ipdv_ms: float | None
    blind_s: float
