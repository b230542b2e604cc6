"""Row `dead_server`: what a dead InfluxDB does to the measuring; the same daemon without a sink, and with one."""

from __future__ import annotations

import re
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.bench import fleet
from tests.bench.icmp import FULL
from tests.bench.row import Figure, Row, Work
from tests.bench.watching import PROFILE, watching
from tests.bench.wire import TunWire, shipped_buffers, wire

WARM_S, MEASURED_S = 15.0, 40.0
NOISE = 1.25  # a ratio below this is no difference on a machine that does other things, too
METRICS = "http://127.0.0.1:8470/metrics"

HOW = (
    "`slamon run` with 100,000 lines, 10 s x 3 packets on the 20 ms TUN wire, once without [influxdb] and once with a "
    "server that refuses every connection, 40 s each after a warm-up. Lateness is that of the prober's ticks and of "
    "the main loop, the longest in the last minute, from /metrics; CPU is that of the prober's process alone."
)


@dataclass(frozen=True, slots=True)
class Lived:
    """How a daemon fared: the prober's CPU and longest lateness, the loop's, packets, what waits for the server."""

    prober_cpu_s: float
    prober_lag_ms: float
    loop_lag_ms: float
    sent: int
    troubles: int
    waiting: int


def measure(folder: Path, lines: int) -> Row:
    """Measure both, one after the other."""
    measured_s = MEASURED_S if lines >= FULL else 6.0
    with shipped_buffers(), wire(folder) as on:
        without = _live(on, folder / "without", lines, measured_s, "")
        dead = _live(on, folder / "dead", lines, measured_s, _section(folder))
    wanted = round(lines * PROFILE["packets"] / PROFILE["interval_s"] * measured_s)
    return Row(
        "dead_server",
        "a dead InfluxDB beside 100,000 lines",
        HOW,
        (
            Figure("longest lateness of the prober, no sink", without.prober_lag_ms, "ms"),
            Figure("longest lateness of the prober, dead server", dead.prober_lag_ms, "ms"),
            Figure("longest lateness of the main loop, no sink", without.loop_lag_ms, "ms"),
            Figure("longest lateness of the main loop, dead server", dead.loop_lag_ms, "ms"),
            Figure("the prober's CPU against without", dead.prober_cpu_s / without.prober_cpu_s, "x", NOISE),
            Figure("points that wait on disk at the end", dead.waiting, "points"),
        ),
        (
            Work("packets sent, no sink", wanted, without.sent, slack=wanted // 50),
            Work("packets sent, dead server", wanted, dead.sent, slack=wanted // 50),
            Work("troubles told, no sink", 0, without.troubles),
            Work("troubles told, dead server", 0, dead.troubles),
        ),
    )


def _section(folder: Path) -> str:
    token = folder / "token"
    token.write_text("bench", encoding="ascii")
    token.chmod(0o600)
    return f'[influxdb]\nurl = "http://127.0.0.1:9"\norg = "bench"\nbucket = "bench"\ntoken_file = "{token}"\n'


def _live(on: TunWire, folder: Path, lines: int, measured_s: float, section: str) -> Lived:
    folder.mkdir()
    config = fleet.write_probed_site(folder, lines, PROFILE)
    config.write_text(config.read_text(encoding="utf-8") + section, encoding="utf-8")
    with watching(on, config) as daemon:
        daemon.wait_until_running()
        time.sleep(WARM_S)
        before, moved = daemon.use(), on.count()
        time.sleep(measured_s)
        after, sent = daemon.use(), on.count().since(moved).sent
        said = _metrics(on)
        daemon.stop()
        troubles = sum(daemon.troubles().values())
    return Lived(
        prober_cpu_s=after.by_process_s[1] - before.by_process_s[1],
        prober_lag_ms=_value(said, "slamon_probe_loop_lag_seconds") * 1000,
        loop_lag_ms=_value(said, "slamon_loop_lag_seconds") * 1000,
        sent=sent,
        troubles=troubles,
        waiting=round(_value(said, "slamon_influx_waiting_points")) if section else 0,
    )


def _metrics(on: TunWire) -> str:
    with on.near.entered(), urllib.request.urlopen(METRICS, timeout=30) as answer:
        found: bytes = answer.read()
    return found.decode()


def _value(text: str, name: str) -> float:
    found = re.search(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found is not None else 0.0
