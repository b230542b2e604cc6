"""What the daemon sees of a prober: lines in, batches of readings out.

A prober measures and never judges. It runs apart from everything else; what it could not see it hands on as
blind readings with a reason, never as loss. Whatever sends the packets, this stays as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slamon.core.reading import Reading
from slamon.probes.columns import Rows, readings_of, rows_of

# Politeness (F7): two packets per second and target at most, confirm runs included.
MIN_GAP_MS = 500
MIN_INTERVAL_S = 0.5


class ProbeError(Exception):
    """A probe that could not run; its text says what to do. A timeout is a measurement, not an error."""


@dataclass(frozen=True, slots=True)
class ProbeLine:
    """A line to probe: its targets (addresses or host names) and its pace.

    Packets are spread evenly over the interval; what would be more than two per second is left out. A payload
    below 16 bytes is sent with 16, which our cookie needs. `rank` is the order of importance under overload,
    lower first; `open_after_s` bounds the confirm run; `source` is an address of this machine to send from.
    """

    line_id: str
    demarc: str | None = None
    cpe: str | None = None
    interval_s: float = 10.0
    packets: int = 5
    timeout_ms: int = 1000
    payload_bytes: int = 56
    dscp: int = 0
    open_after_s: float = 10.0
    rank: int = 0
    source: str | None = None

    def __post_init__(self) -> None:
        if not self.demarc and not self.cpe:
            raise ValueError(f"line {self.line_id} has nothing to probe: give demarc, cpe or both")
        if self.interval_s < MIN_INTERVAL_S:
            raise ValueError(f"line {self.line_id}: interval_s is {self.interval_s:g}; at least {MIN_INTERVAL_S:g}")
        if self.packets < 1 or self.timeout_ms < 1:
            raise ValueError(f"line {self.line_id}: packets and timeout_ms are at least 1")
        if not 0 <= self.payload_bytes <= 65_000 or not 0 <= self.dscp <= 63:
            raise ValueError(f"line {self.line_id}: payload_bytes is 0 to 65000, dscp 0 to 63")

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the addresses to probe; the first one decides."""
        return tuple(address for address in (self.demarc, self.cpe) if address)


@dataclass(frozen=True, slots=True)
class ProbeEvent:
    """Something about the vantage itself that people should know.

    `kind`: ``clock_step``, ``suspended``, ``stall``, ``overload``, ``socket_drops``, ``reference_lost``,
    ``reference_back``, ``link_down``, ``link_up``; ``rate_limited`` is a hint about the far end of one line.
    """

    kind: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """How the prober itself fares: counters since its start; `at` is how far it has come.

    `loop_lag_max_ms` is the longest lateness of a tick since the batch before. `skipped` counts packets that were
    due and not sent because the prober was late, `confirm_capped` confirm packets beyond the vantage's cap.
    """

    at: datetime
    lines: int = 0
    sent: int = 0
    received: int = 0
    late: int = 0
    duplicate: int = 0
    corrupt: int = 0
    forged: int = 0
    send_errors: int = 0
    socket_drops: int = 0
    skipped: int = 0
    confirm_capped: int = 0
    loop_lag_max_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class QuotedError:
    """An ICMP error that quoted a packet of ours: who sent it, what it said, how often since the first one."""

    source: str
    said: str
    at: datetime
    count: int = 1


@dataclass(frozen=True, slots=True)
class OnsetEvidence:
    """What was seen when a line was lost, told `at` its third lost packet.

    `last_good` and `first_bad` are the instants at which the last answered and the first lost packet left (None: no
    answered one is known); `traceroute` is filled in by whoever asks for one (`slamon.probes.oneshot`).
    """

    line_id: str
    at: datetime
    last_good: datetime | None
    first_bad: datetime
    errors: tuple[QuotedError, ...] = ()
    traceroute: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a prober hands on at once: rows in time order per line, its health, what happened to it.

    `rows` (`slamon.probes.columns.ROW`) number their lines by `roster`, the ids in the order of the last `start` or
    `update` that the prober had taken, and their blind reasons by `reasons` (0: not blind).
    """

    rows: Rows
    roster: Sequence[str]
    reasons: Sequence[str]
    health: Health
    events: tuple[ProbeEvent, ...] = ()
    evidence: tuple[OnsetEvidence, ...] = ()

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Return the rows as readings, one object each: for few rows."""
        return tuple(readings_of(self.rows, self.roster, self.reasons))


def batch_of_readings(
    readings: Iterable[Reading],
    health: Health,
    events: Iterable[ProbeEvent] = (),
    evidence: Iterable[OnsetEvidence] = (),
) -> Batch:
    """Return a batch made of readings: for scripts and tests."""
    rows, roster, reasons = rows_of(readings)
    return Batch(rows, roster, reasons, health, tuple(events), tuple(evidence))


def next_roster(before: Sequence[str], lines: Iterable[ProbeLine]) -> list[str]:
    """Return the ids by which rows are numbered from now on: the lines, then those that are no longer probed.

    The removed ones are still spoken of, for as long as their last windows take.
    """
    ids = [line.line_id for line in lines]
    known = set(ids)
    return [*ids, *(line_id for line_id in before if line_id not in known)]


class Prober(Protocol):
    """Probes lines at their own pace and hands on batches of readings.

    Readings of a line never overlap and follow one another without gaps, except over a stop of the prober, a
    suspended machine or a step of the wall clock. A batch comes at least each second, without readings if need be.
    """

    async def start(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Begin to probe; raises `ProbeError` where probing is not possible at all."""

    async def update(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Replace the set of lines and references; what is unchanged keeps its pace."""

    def batches(self) -> AsyncIterator[Batch]:
        """Yield batches until `stop`; raises `ProbeError` when the prober died."""

    async def stop(self) -> None:
        """Stop; the last batches still come, then `batches` ends. Stopping twice is harmless."""
