"""What a configuration will take: series and bytes a day in InfluxDB, and the size of the own history.

Bytes are those of a disk, measured on a real server with values as networks show them (tests/service/test_estimates.py
holds the figures against it); another server, or values that vary more, may take half or twice as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from slamon.config.loaded import Loaded
from slamon.core.inventory import Line

DAY_S = 86_400
# On disk, after compaction (TSM of InfluxDB 1.8 and 2): timestamps and constant counts take next to nothing,
# four floating-point values of RTT and IPDV nearly all.
QUALITY_POINT_BYTES = 28.0
INTERFACE_POINT_BYTES = 15.0
# As sent, without gzip.
QUALITY_LINE_BYTES = 205.0
INTERFACE_LINE_BYTES = 203.0
# Of one target (`make bench`, row history): an hour and a day of one target in the own history.
HISTORY_HOUR_BYTES = 18.0
HISTORY_DAY_BYTES = 17.0


@dataclass(frozen=True, slots=True)
class InfluxEstimate:
    """One InfluxDB: series that are there all the time, points and bytes a day, on disk and on the wire.

    `least_points_per_day` is what quiet lines alone come to where ``raw = "impaired"``; the others what every window of
    every line comes to, which an outage of everything would.
    """

    series: int
    points_per_day: int
    least_points_per_day: int
    disk_bytes_per_day: int
    least_disk_bytes_per_day: int
    sent_bytes_per_day: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a configuration takes; `history_bytes` once everything is kept as long as it may be."""

    targets: int
    history_bytes: int
    influx: InfluxEstimate | None


def estimate(loaded: Loaded) -> Estimate:
    """Return what a configuration takes with today's inventory."""
    settings, lines = loaded.settings, list(loaded.inventory.lines.values())
    targets = sum(_targets(line) for line in lines)
    of_target = settings.hourly_days * 24 * HISTORY_HOUR_BYTES + settings.daily_days * HISTORY_DAY_BYTES
    return Estimate(targets, ceil(targets * of_target), _influx(loaded, lines))


def _influx(loaded: Loaded, lines: list[Line]) -> InfluxEstimate | None:
    target, profiles, snmp = loaded.settings.influx, loaded.settings.profiles, loaded.settings.snmp
    if target is None:
        return None
    windows = quiet = ports = 0.0
    for line in lines:
        own = _targets(line)
        interval_s = profiles.get(line.current.profile, profiles["default"]).interval_s
        windows += own * DAY_S / interval_s
        quiet += own * DAY_S / (max(interval_s, target.rollup_s) if target.raw == "impaired" else interval_s)
        credential = snmp.get((line.current.snmp_agent or "").partition("@")[0])
        ports += 0 if credential is None else DAY_S / credential.interval_s
    polled = sum((line.current.snmp_agent or "").partition("@")[0] in snmp for line in lines)
    on_disk = ports * INTERFACE_POINT_BYTES
    return InfluxEstimate(
        series=sum(_targets(line) for line in lines) + polled + 1,
        points_per_day=ceil(windows + ports),
        least_points_per_day=ceil(quiet + ports),
        disk_bytes_per_day=ceil(windows * QUALITY_POINT_BYTES + on_disk),
        least_disk_bytes_per_day=ceil(quiet * QUALITY_POINT_BYTES + on_disk),
        sent_bytes_per_day=ceil(windows * QUALITY_LINE_BYTES + ports * INTERFACE_LINE_BYTES),
    )


def sentences(found: Estimate, loaded: Loaded) -> list[str]:
    """Return an estimate in words."""
    settings, influx = loaded.settings, found.influx
    kept = f"hours for {settings.hourly_days} days and days for {settings.daily_days}"
    said = [f"own history: {_size(found.history_bytes)} for {found.targets:,} targets, {kept}"]
    if influx is None:
        return said
    series, sent = f"InfluxDB: {influx.series:,} series", _size(influx.sent_bytes_per_day)
    if influx.least_points_per_day == influx.points_per_day:
        on_disk = _size(influx.disk_bytes_per_day)
        said.append(f"{series}, {influx.points_per_day:,} points a day, about {on_disk} on disk and {sent} sent")
    else:
        points = f"{influx.least_points_per_day:,} points a day while all is quiet, {influx.points_per_day:,} at most"
        on_disk = f"{_size(influx.least_disk_bytes_per_day)} to {_size(influx.disk_bytes_per_day)}"
        said.append(f"{series}, {points}: about {on_disk} on disk")
    return said


def _size(count: int) -> str:
    """Return bytes in words: whole kilobytes, or three digits of what is larger."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if count >= size:
            return f"{count / size:.3g} {unit}"
    return f"{count / 1000:.0f} kB"


def _targets(line: Line) -> int:
    return (line.current.demarc is not None) + (line.current.cpe is not None)
