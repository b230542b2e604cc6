"""Rollups: what many windows of one line and target come to, for reports and graphs; no number of a credit rests here.

Merging carries its weights along, so that the order in which rollups are merged, and how a time was split before,
changes nothing but the last bits of a mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

HOUR_S = 3600
DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rollup:
    """One target (``demarc`` or ``cpe``) of one line over an hour or a natural day that begins at `start`.

    A window counts where it begins. Packets of windows in which the vantage was blind do not count; `blind_s` are the
    seconds in which this vantage could not see the line or was not there (the reasons are in the ledger). RTT (RFC
    2681) and round-trip IPDV (RFC 3393) are means over all replies and pairs of replies, None where there were none. A
    day has 86400 `seconds` by name: where clocks change it lasts an hour more or less.

    `rtt_replies` and `ipdv_pairs` are how many the means were taken over; None where only `received` is known.
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
    blind_s: int = 0
    rtt_replies: int | None = field(default=None, compare=False)
    ipdv_pairs: int | None = field(default=None, compare=False)

    @property
    def loss_ratio(self) -> float | None:
        """Return the share of packets that were lost (RFC 7680), None where none was sent."""
        return None if self.sent <= 0 else (self.sent - min(self.received, self.sent)) / self.sent

    @property
    def rtt_weight(self) -> int:
        """Return how many replies the mean RTT was taken over."""
        if self.rtt_mean_ms is None:
            return 0
        return self.received if self.rtt_replies is None else self.rtt_replies

    @property
    def ipdv_weight(self) -> int:
        """Return how many pairs of replies the IPDV was taken over."""
        if self.ipdv_ms is None:
            return 0
        return self.received if self.ipdv_pairs is None else self.ipdv_pairs


def merged(rollups: Sequence[Rollup], start: datetime, seconds: int) -> Rollup:
    """Return rollups (at least one) of one line and target as one that begins at `start`; none may be in it twice."""
    owners = {(one.line_id, one.target) for one in rollups}
    if len(owners) != 1:
        raise ValueError(f"rollups of one line and target are merged, not of {len(owners)}")
    line_id, target = owners.pop()
    rtt_replies = sum(one.rtt_weight for one in rollups)
    ipdv_pairs = sum(one.ipdv_weight for one in rollups)
    return Rollup(
        line_id=line_id,
        target=target,
        start=start,
        seconds=seconds,
        sent=sum(one.sent for one in rollups),
        received=sum(one.received for one in rollups),
        rtt_min_ms=min((one.rtt_min_ms for one in rollups if one.rtt_min_ms is not None), default=None),
        rtt_mean_ms=_mean((one.rtt_mean_ms, one.rtt_weight) for one in rollups),
        rtt_max_ms=max((one.rtt_max_ms for one in rollups if one.rtt_max_ms is not None), default=None),
        ipdv_ms=_mean((one.ipdv_ms, one.ipdv_weight) for one in rollups),
        blind_s=sum(one.blind_s for one in rollups),
        rtt_replies=rtt_replies,
        ipdv_pairs=ipdv_pairs,
    )


def _mean(values: Iterable[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None and weight > 0]
    if len(known) == 1:
        return known[0][0]  # as it is: a product and a division would change its last bit
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None
