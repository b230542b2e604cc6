"""From a reading to a verdict (domain, section 3).

`assess` judges one reading of one line by the criteria of its profile. What it must remember - the readings
of trailing windows and the last word of the carrier's port - is the `Sight` it takes and returns.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from .fusion import PORT_SAYS, Packets, Part, Says, Verdict, fuse, joined, port_state
from .reading import InterfaceStats, Reading, TargetStats
from .scene import Sight as PortSight
from .scene import letters, port_scene

__all__ = [
    "IMPAIRED",
    "INTERFACE_METRICS",
    "PORT_RATIOS",
    "PORT_STATES",
    "Criterion",
    "Mark",
    "Metric",
    "Profile",
    "Sight",
    "Verdict",
    "Watch",
    "assess",
    "deciding",
    "port_exceeds",
    "port_speaks",
    "recall",
]

NO_PORT = PortSight()
IMPAIRED = frozenset({Verdict.DOWN, Verdict.DEGRADED})


class Metric(StrEnum):
    """What a criterion looks at."""

    LOSS_RATIO = "loss_ratio"
    RTT_MEAN_MS = "rtt_mean_ms"
    IPDV_MS = "ipdv_ms"
    ERROR_RATIO = "error_ratio"
    DISCARD_RATIO = "discard_ratio"
    SPEED_MBPS = "speed_mbps"


PORT_RATIOS = frozenset({Metric.ERROR_RATIO, Metric.DISCARD_RATIO})  # of the polls that ended in a window
PORT_STATES = frozenset({Metric.SPEED_MBPS})  # the port's last word, for as long as it counts
INTERFACE_METRICS = PORT_RATIOS | PORT_STATES


@dataclass(frozen=True, slots=True)
class Criterion:
    """A line is degraded when `metric` is above (or below) the threshold.

    `below` None together with `above` None means "below the contracted bandwidth". `window_s` is the trailing
    window, None for the reading alone.
    """

    metric: Metric
    above: float | None = None
    below: float | None = None
    window_s: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """How lines are probed and judged; times in seconds unless the name says otherwise."""

    name: str = "default"
    interval_s: float = 10
    packets: int = 5
    timeout_ms: int = 1000
    payload_bytes: int = 56
    dscp: int = 0
    source: str | None = None
    open_after_s: float = 10
    degraded_open_after_s: float = 300
    close_after_s: float = 60
    degraded: tuple[Criterion, ...] = ()

    @property
    def longest_window_s(self) -> float:
        return max((criterion.window_s or 0 for criterion in self.degraded), default=0)


@dataclass(frozen=True, slots=True)
class Watch:
    """What the judge must know of a line to assess it: its targets, contracted speed and criteria."""

    has_demarc: bool
    has_cpe: bool
    bandwidth_mbps: float | None
    profile: Profile
    interface_interval_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading reduced to what incidents are made of.

    `source` is the part of the line that decided: ``demarc``, ``cpe`` or ``interface``, several joined by ``+``.
    `customer_side` tells that the demarc answered and the CPE did not (None: the reading does not say). `letters`
    (of `DOWN` ones) and `port` are what tells where a fault lies (`scene`).
    """

    start: datetime
    end: datetime
    verdict: Verdict
    source: str | None = None
    customer_side: bool | None = None
    reason: str | None = None
    letters: str | None = None
    port: PortSight = NO_PORT


@dataclass(slots=True)
class Sight:
    """What `assess` remembers of a line: judged readings of the longest window, and the port's last state."""

    recent: deque[tuple[Reading, Verdict]] = field(default_factory=deque)
    port: InterfaceStats | None = None
    port_at: datetime | None = None


def deciding(watch: Watch, reading: Reading) -> TargetStats | None:
    """Return the target that decides: the demarc, or the CPE where no demarc is configured."""
    return reading.demarc if watch.has_demarc else reading.cpe


def assess(watch: Watch, sight: Sight, reading: Reading) -> Mark:
    """Return the mark of a reading and remember the reading in `sight`."""
    port = _port_state(watch, sight, reading)
    target = deciding(watch, reading)
    mark = _mark(watch, sight, reading, target, port)
    _remember(watch, sight, reading, mark.verdict)
    return mark


def _mark(
    watch: Watch, sight: Sight, reading: Reading, target: TargetStats | None, port: InterfaceStats | None
) -> Mark:
    state = port_state(port)
    packets = _packets(reading, target)
    fused = fuse(packets, state)
    own = "demarc" if watch.has_demarc else "cpe"
    if fused.verdict is not None:
        source = joined({own if part is Part.TARGET else "interface" for part in fused.parts})
        reason = _why(packets, reading, target, f"carrier port is {state}" if Part.PORT in fused.parts else None)
        showed = letters(target, reading.cpe) if fused.verdict is Verdict.DOWN else None
        return Mark(reading.start, reading.end, fused.verdict, source, None, reason, showed, _port_sight(reading, port))
    found = list(_exceeded(watch, sight, reading, port))
    verdict = Verdict.DEGRADED if found else Verdict.UP
    source = joined({"interface" if excess.by_port else own for excess in found} or {own})
    sight_of_port = _port_sight(reading, port, sorted({excess.name for excess in found if excess.by_port}))
    reason = "; ".join(excess.says for excess in found) or None
    aside = _customer_side(watch, reading)
    return Mark(reading.start, reading.end, verdict, source, aside, reason, None, sight_of_port)


def _port_sight(reading: Reading, port: InterfaceStats | None, troubles: Sequence[str] = ()) -> PortSight:
    if port is None:
        return NO_PORT
    said = None if reading.interface is None else port_scene(reading.interface)
    return PortSight(spoke=True, port=said, troubles=tuple(troubles))


def _packets(reading: Reading, target: TargetStats | None) -> Packets:
    if reading.blind is not None:
        return Packets.BLIND
    if target is None or target.sent <= 0:
        return Packets.UNSENT
    return Packets.SILENT if target.received <= 0 else Packets.ANSWERED


def _why(packets: Packets, reading: Reading, target: TargetStats | None, port: str | None) -> str | None:
    if packets is Packets.BLIND:
        return reading.blind
    if packets is Packets.UNSENT and port is None:
        return "no packets were sent to the target that decides"
    silent = f"0 of {target.sent} packets answered" if target is not None and packets is Packets.SILENT else None
    return "; ".join(said for said in (silent, port) if said) or None


class _Excess(NamedTuple):
    """A criterion, or a named value's own bound, that is exceeded."""

    name: str
    by_port: bool
    says: str


def _exceeded(watch: Watch, sight: Sight, reading: Reading, port: InterfaceStats | None) -> Iterator[_Excess]:
    """Yield what is exceeded: the profile's criteria in their order, then the port's named values."""
    for criterion in watch.profile.degraded:
        value = _measure(watch, sight, reading, criterion, port)
        if value is not None and _exceeds(criterion, value, watch.bandwidth_mbps):
            says = _excess(criterion, value, watch.bandwidth_mbps)
            yield _Excess(criterion.metric.value, criterion.metric in INTERFACE_METRICS, says)
    for extra in port.extras if port is not None else ():
        if extra.exceeded is not None:
            yield _Excess(extra.name, by_port=True, says=f"{extra.name} {extra.value:.6g} is {extra.exceeded}")


def port_speaks(watch: Watch, port: InterfaceStats) -> bool:
    """Tell whether the state of a port says anything against its line: down, too slow, a named value out of bounds."""
    if PORT_SAYS[port_state(port)].says is Says.DOWN or any(extra.exceeded for extra in port.extras):
        return True
    speed = port.speed_mbps
    return speed is not None and any(
        criterion.metric in PORT_STATES and _exceeds(criterion, speed, watch.bandwidth_mbps)
        for criterion in watch.profile.degraded
    )


def port_exceeds(watch: Watch, port: InterfaceStats) -> bool:
    """Tell whether the counters of one poll exceed a criterion by themselves."""
    for criterion in watch.profile.degraded:
        if criterion.metric in PORT_RATIOS:
            value = _port_ratio(criterion.metric, [port])
            if value is not None and _exceeds(criterion, value, watch.bandwidth_mbps):
                return True
    return False


def _port_state(watch: Watch, sight: Sight, reading: Reading) -> InterfaceStats | None:
    """Return the port's state in force: from this reading, or the last one for two of its intervals."""
    if reading.interface is not None:
        sight.port, sight.port_at = reading.interface, reading.end
        return reading.interface
    if sight.port_at is None or reading.end > sight.port_at + timedelta(seconds=2 * watch.interface_interval_s):
        return None
    return sight.port


def _customer_side(watch: Watch, reading: Reading) -> bool | None:
    """Tell whether the demarc answered while the CPE did not (domain, section 3, customer side)."""
    if not watch.has_demarc or reading.demarc is None or reading.cpe is None or reading.cpe.sent <= 0:
        return None
    return reading.demarc.received > 0 and reading.cpe.received == 0


def _measure(
    watch: Watch, sight: Sight, reading: Reading, criterion: Criterion, port: InterfaceStats | None
) -> float | None:
    if criterion.metric is Metric.SPEED_MBPS:
        return port.speed_mbps if port is not None else None
    readings = _window(sight, reading, criterion.window_s)
    if criterion.metric in PORT_RATIOS:
        return _port_ratio(criterion.metric, [r.interface for r in readings if r.interface is not None])
    targets = [target for r in readings if (target := deciding(watch, r)) is not None]
    return _MEASURES[criterion.metric](targets)


def _window(sight: Sight, reading: Reading, window_s: float | None) -> list[Reading]:
    """Return the readings of the trailing window, `DOWN` and `NO_DATA` ones skipped, or the reading alone.

    The reading alone is judged while the readings kept cover less than half of the window.
    """
    if not window_s:
        return [reading]
    opens = reading.end - timedelta(seconds=window_s)
    kept: list[Reading] = []
    observed = reading.end - reading.start
    for earlier, verdict in reversed(sight.recent):
        if earlier.start < opens:
            break
        if verdict is Verdict.UP or verdict is Verdict.DEGRADED:
            kept.append(earlier)
            observed += earlier.end - earlier.start
    if observed < timedelta(seconds=window_s) / 2:
        return [reading]
    kept.reverse()
    return [*kept, reading]


def _loss_ratio(targets: list[TargetStats]) -> float | None:
    sent = sum(target.sent for target in targets)
    return (sent - sum(min(target.received, target.sent) for target in targets)) / sent if sent else None


def _rtt_mean_ms(targets: list[TargetStats]) -> float | None:
    """Return the mean RTT over all replies of the window (each reading weighs by its replies)."""
    return _weighted([(t.rtt_mean_ms, t.received) for t in targets])


def _ipdv_ms(targets: list[TargetStats]) -> float | None:
    """Return the mean absolute RTT difference (each reading weighs by its pairs of replies)."""
    return _weighted([(t.ipdv_ms, max(1, t.received - 1)) for t in targets])


def _weighted(values: list[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None and weight > 0]
    if len(known) == 1:
        return known[0][0]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


_MEASURES = {Metric.LOSS_RATIO: _loss_ratio, Metric.RTT_MEAN_MS: _rtt_mean_ms, Metric.IPDV_MS: _ipdv_ms}


_PORT_COUNTERS = {
    Metric.ERROR_RATIO: (("in_errors", "in_packets"), ("out_errors", "out_packets")),
    Metric.DISCARD_RATIO: (("in_discards", "in_packets"), ("out_discards", "out_packets")),
}


def _port_ratio(metric: Metric, ports: list[InterfaceStats]) -> float | None:
    """Return bad / (bad + packets) over both directions of some polls; None where nothing is known or nothing passed.

    A direction of a poll counts where both of its counters are known: one of them alone is no share of anything.
    """
    bad = whole = 0
    for port in ports:
        for bad_name, packets_name in _PORT_COUNTERS[metric]:
            wrong, packets = getattr(port, bad_name), getattr(port, packets_name)
            if wrong is not None and packets is not None:
                bad += wrong
                whole += wrong + packets
    return bad / whole if whole > 0 else None


def _exceeds(criterion: Criterion, value: float, bandwidth_mbps: float | None) -> bool:
    if criterion.above is not None:
        return value > criterion.above
    below = criterion.below if criterion.below is not None else bandwidth_mbps
    return below is not None and 0 < value < below


def _excess(criterion: Criterion, value: float, bandwidth_mbps: float | None) -> str:
    over = f" over {criterion.window_s:g} s" if criterion.window_s else ""
    if criterion.above is not None:
        return f"{criterion.metric} {value:.6g}{over} is above {criterion.above:g}"
    limit = criterion.below if criterion.below is not None else bandwidth_mbps
    return f"{criterion.metric} {value:.6g}{over} is below {limit:g}"


def recall(watch: Watch, sight: Sight, reading: Reading, verdict: Verdict) -> None:
    """Remember a reading that was judged before: a restart begins with the trailing windows where they were."""
    if reading.interface is not None:
        sight.port, sight.port_at = reading.interface, reading.end
    _remember(watch, sight, reading, verdict)


def _remember(watch: Watch, sight: Sight, reading: Reading, verdict: Verdict) -> None:
    sight.recent.append((reading, verdict))
    opens = reading.end - timedelta(seconds=watch.profile.longest_window_s)
    while sight.recent and sight.recent[0][0].start < opens:
        sight.recent.popleft()
