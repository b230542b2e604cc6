"""Counters of a port between two polls: a difference, or the reason why there is none (F11).

Nothing is estimated: after a restart of the agent, a reset of its counters, a gap between polls or a difference that
the port could not have carried, counting begins anew.
"""

from __future__ import annotations

from dataclasses import dataclass

RESTARTED = "the agent restarted"
RESET = "the port's counters were reset"
BACKWARDS = "a counter went backwards"
IMPOSSIBLE = "more than the port can carry"
GAP = "a gap between polls"
RENUMBERED = "the port has another number"

_TICKS_S = 100
_TICKS_END = 2**32  # sysUpTime begins anew after 497 days
_DRIFT_S = 10.0  # what a slow answer and a wrong crystal may come to
_DRIFT_RATIO = 0.05
_FASTEST_MBPS = 1_600_000.0  # where the port's own speed is unknown
_LATE_S = 10.0  # agents bring their counters up to date every few seconds only
_MARGIN = 1.1
_SHORTEST_BITS = 8 * (64 + 20)  # the shortest frame with its gap (IEEE 802.3)


@dataclass(frozen=True, slots=True)
class Counts:
    """A port's counters; errors and discards have 32 bits, the others 64. None where the agent has none."""

    in_errors: int | None = None
    out_errors: int | None = None
    in_discards: int | None = None
    out_discards: int | None = None
    in_packets: int | None = None
    out_packets: int | None = None
    in_octets: int | None = None
    out_octets: int | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Counters as they stood at one poll: by the agent's clock (`uptime_ticks`, hundredths) and by ours (`at_s`)."""

    uptime_ticks: int
    at_s: float
    counts: Counts
    discontinuity: int | None = None
    speed_mbps: float | None = None


def restarted(before_ticks: int, before_s: float, now_ticks: int, now_s: float) -> bool:
    """Tell whether an agent began anew between two polls: its clock does not show the time that has passed."""
    passed_s = now_s - before_s
    expected = before_ticks + passed_s * _TICKS_S
    if now_ticks < before_ticks and expected >= _TICKS_END:
        expected -= _TICKS_END
    tolerance = (_DRIFT_S + passed_s * _DRIFT_RATIO) * _TICKS_S
    return abs(expected - now_ticks) > tolerance or (now_ticks < before_ticks and expected >= before_ticks)


def seconds_between(before: Sample, now: Sample) -> float:
    """Return the time between two samples by the agent's clock."""
    return (now.uptime_ticks - before.uptime_ticks) % _TICKS_END / _TICKS_S


def difference(before: Sample, now: Sample) -> Counts | str:
    """Return what was counted between two samples, or the reason why that is not known."""
    if restarted(before.uptime_ticks, before.at_s, now.uptime_ticks, now.at_s):
        return RESTARTED
    if before.discontinuity != now.discontinuity:
        return RESET
    deltas = [_delta(before.counts, now.counts, name) for name in Counts.__slots__]
    if any(delta is not None and delta < 0 for delta in deltas):
        return BACKWARDS
    found = Counts(*deltas)
    speed_mbps = max(before.speed_mbps or 0.0, now.speed_mbps or 0.0) or _FASTEST_MBPS
    if not _possible(found, speed_mbps, seconds_between(before, now)):
        return IMPOSSIBLE
    return found


def _delta(before: Counts, now: Counts, name: str) -> int | None:
    earlier, later = getattr(before, name), getattr(now, name)
    return None if earlier is None or later is None else later - earlier


def _possible(found: Counts, speed_mbps: float, seconds: float) -> bool:
    """Tell whether a port of that speed can have carried it; what it discards may have come from faster ones."""
    bits = speed_mbps * 1e6 * (seconds + _LATE_S) * _MARGIN
    octets = (found.in_octets, found.out_octets)
    packets = (found.in_packets, found.out_packets, found.in_errors, found.out_errors)
    return all(n is None or n * 8 <= bits for n in octets) and all(
        n is None or n * _SHORTEST_BITS <= bits for n in packets
    )
