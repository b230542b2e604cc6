"""One echo request, what became of it, and what a window's packets add up to. Times are ns of one steady clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise

from slamon.core.reading import TargetStats

MS_NS = 1_000_000
SECOND_NS = 1_000_000_000


class Outcome(Enum):
    """What became of a packet."""

    PENDING = auto()
    ANSWERED = auto()
    LOST = auto()
    UNSENT = auto()  # could not be sent: no data, never loss
    VOID = auto()  # sent, but its answer may have been lost by ourselves: no data either


@dataclass(slots=True, eq=False)
class Packet:
    """One echo request to target number `target` (0 decides), sent or due at `at_ns`."""

    at_ns: int
    target: int = 0
    outcome: Outcome = Outcome.PENDING
    rtt_ns: int | None = None
    reason: str | None = None
    voidable: bool = False

    def answer(self, rtt_ns: int | None) -> None:
        """Book a reply in time; the RTT is None where the clocks moved under it (F2)."""
        self.outcome, self.rtt_ns = Outcome.ANSWERED, rtt_ns

    def expire(self) -> None:
        """Book that no reply came in time; where we may have dropped it ourselves nothing is known."""
        self.outcome = Outcome.VOID if self.voidable else Outcome.LOST


@dataclass(frozen=True, slots=True)
class Cut:
    """A finished window ``[start_ns, end_ns)`` of a line: stats per target, None where nothing was sent to it."""

    start_ns: int
    end_ns: int
    stats: tuple[TargetStats | None, ...]
    blind: str | None = None

    @property
    def impaired(self) -> bool:
        """Tell whether any packet was lost, so that the references' word is wanted."""
        return self.blind is None and any(stats is not None and stats.received < stats.sent for stats in self.stats)


def stats_of(packets: Sequence[Packet]) -> TargetStats | None:
    """Return what the packets of one target add up to, or None where none was sent.

    IPDV is the mean absolute difference of consecutive RTTs, in the order of sending. All are whole microseconds.
    """
    known = [packet for packet in packets if packet.outcome in (Outcome.ANSWERED, Outcome.LOST)]
    if not known:
        return None
    received = sum(packet.outcome is Outcome.ANSWERED for packet in known)
    rtts_us = [in_us(packet.rtt_ns) for packet in known if packet.rtt_ns is not None]
    if not rtts_us:
        return TargetStats(len(known), received)
    steps_us = [abs(after - before) for before, after in pairwise(rtts_us)]
    return TargetStats(
        sent=len(known),
        received=received,
        rtt_min_ms=min(rtts_us) / 1000,
        rtt_mean_ms=mean(sum(rtts_us), len(rtts_us)) / 1000,
        rtt_max_ms=max(rtts_us) / 1000,
        ipdv_ms=mean(sum(steps_us), len(steps_us)) / 1000 if steps_us else None,
    )


def in_us(span_ns: int) -> int:
    """Return a span in whole microseconds, half up."""
    return (span_ns + 500) // 1000


def mean(total: int, count: int) -> int:
    """Return the mean as a whole number, half up: what rows of columns carry."""
    return (2 * total + count) // (2 * count)
