"""Row `daemon`: 100,000 lines in one daemon, what it costs and holds, beside fping and blackbox_exporter."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from slamon.service import clock
from slamon.service.influx_progress import read_progress
from slamon.service.site import open_site
from slamon.store.measured import OPENED
from tests.bench import fleet, rivals
from tests.bench.icmp import FULL
from tests.bench.rivals import Cost
from tests.bench.row import Figure, Row, Work
from tests.bench.watching import PROFILE, Use, watching
from tests.bench.wire import Count, TunWire, shipped_buffers, wire
from tests.lab.influx import Influx1, influx1

FPING_PER_S, BLACKBOX_PER_S = 5_000, 1_000
SHARE_GOAL, FPING_GOAL, BLACKBOX_GOAL = 40, 0.6, 1 / 30
MEMORY_GOAL_MIB, LINE_GOAL_KB = 600, 5
WARM_S = 25.0
FRESH = timedelta(seconds=30)

HOW = (
    "`slamon run` with 100,000 lines of one target, 10 s x 3 packets, on the 20 ms TUN wire: probing, judging, the "
    "ledger (SQLite on disk), the own history, and every window written to a real InfluxDB (1.6 behind nginx, on the "
    "same two cores; what the server uses is not counted). CPU (user and system) and memory are "
    "those of all its processes, over 90 s after a warm-up; memory in all adds each process's peak since its start, "
    "memory a line is the proportional size of all processes at the end, divided by the lines. Evidence reaches back "
    "as far as the daemon has run (2 minutes of its 10), so that memory is not yet what 10 minutes need: the growth "
    "stands beside it. Rivals on the same wire in the same run: fping at 5,000 packets a second (it cannot go "
    "faster), blackbox_exporter at 1,000 requests a second, whose client is not counted."
)


@dataclass(frozen=True, slots=True)
class Lived:
    """A daemon's measured time, and how it was found afterwards."""

    cost: Cost
    by_process_s: tuple[float, ...]
    begin: Use
    end: Use
    troubles: dict[str, int]
    exit_code: int
    observed: int
    opened: int
    windows: int


def measure(folder: Path, lines: int) -> Row:
    """Measure the whole daemon in an empty folder."""
    measured_s, rival_s = (90, 24) if lines >= FULL else (10, 4)
    config = fleet.write_probed_site(folder, lines, PROFILE)
    fping_per_s, blackbox_per_s = (max(100, rate * lines // FULL) for rate in (FPING_PER_S, BLACKBOX_PER_S))
    with shipped_buffers(), wire(folder) as on:
        with on.near.entered(), influx1(folder / "influx") as server:
            _write_to(server, config)
            ours = live(on, config, lines, measured_s)
            stored = server.count("line_quality", "sent")
        sent = read_progress(config.parent / "state")
        fping = rivals.fping(on, folder, fping_per_s, rival_s)
        blackbox = rivals.blackbox(on, folder, blackbox_per_s, rival_s)
    wanted = round(lines * PROFILE["packets"] / PROFILE["interval_s"] * ours.cost.wall_s)
    return Row(
        "daemon",
        f"{lines:,} lines in one daemon, 10 s x 3 packets",
        HOW,
        (
            *_costs(ours, fping, blackbox),
            *sizes(ours, lines),
            Figure("points written to InfluxDB", stored, "points"),
            Figure("points that waited at the end", 0 if sent is None else sent.waiting_points, "points"),
        ),
        (
            # Beside windows, what was confirmed holds some points of slamon's own health.
            Work("windows confirmed are in the server", 0 if sent is None else sent.sent_points, stored, slack=200),
            Work("windows written of those seen", ours.windows, stored, slack=ours.windows // 8),
            Work("packets sent by slamon", wanted, ours.cost.moved.sent, slack=wanted // 50),
            Work("packets answered of them", ours.cost.moved.sent, ours.cost.moved.answered, slack=lines // 10),
            *untroubled(ours, lines),
            *_rival_work("fping", fping, fping_per_s),
            *_rival_work("blackbox_exporter", blackbox, blackbox_per_s),
        ),
    )


def _write_to(server: Influx1, config: Path) -> None:
    token = config.with_name("token")
    token.write_text("bench", encoding="ascii")
    token.chmod(0o600)
    section = f'[influxdb]\nurl = "{server.url}"\norg = "bench"\nbucket = "{server.bucket}"\ntoken_file = "{token}"\n'
    config.write_text(config.read_text(encoding="utf-8") + section, encoding="utf-8")


def live(on: TunWire, config: Path, lines: int, measured_s: float) -> Lived:
    """Let a daemon run for so long after its warm-up."""
    with watching(on, config) as daemon:
        daemon.wait_until_running()
        ran = time.monotonic()
        time.sleep(WARM_S)
        began, begin, before = time.monotonic(), daemon.use(), on.count()
        time.sleep(measured_s)
        wall_s, end, moved = time.monotonic() - began, daemon.use(), on.count().since(before)
        stopped_at = clock.now()
        ran_s = time.monotonic() - ran
        daemon.stop()
        troubles = daemon.troubles()
        exit_code = daemon.exit_code if daemon.exit_code is not None else 1
    by_process = tuple(b - a for a, b in zip(begin.by_process_s, end.by_process_s, strict=True))
    observed, opened = _on_disk(config, lines, stopped_at)
    windows = round(lines * ran_s / PROFILE["interval_s"])
    return Lived(
        Cost(end.cpu_s - begin.cpu_s, wall_s, moved),
        by_process,
        begin,
        end,
        troubles,
        exit_code,
        observed,
        opened,
        windows,
    )


def _on_disk(config: Path, lines: int, stopped_at: datetime) -> tuple[int, int]:
    """Return how many lines the ledger has observed up to the stop, and how many incidents it holds."""
    with open_site(str(config), os.environ, read_only=True) as site:
        found = site.fleet()
        until = (found.coverage(fleet.line_id(number)).until for number in range(lines))
        observed = sum(one is not None and one > stopped_at - FRESH for one in until)
        return observed, len(list(site.ledger.entries(kinds={OPENED})))


def _costs(ours: Lived, fping: Cost, blackbox: Cost) -> list[Figure]:
    share = ours.cost.cpu_s / ours.cost.wall_s * 100
    names = ("judge and ledger", "prober")
    parts = zip(names, ours.by_process_s, strict=False)
    us = ours.cost.us_per_probe
    return [
        Figure("packets a second", ours.cost.per_s, "/s"),
        Figure("CPU, all processes", share, "% of a core", SHARE_GOAL),
        *(Figure(f"of it {name}", cpu_s / ours.cost.wall_s * 100, "% of a core") for name, cpu_s in parts),
        Figure("CPU per probe", us, "us"),
        Figure("fping, CPU per probe", fping.us_per_probe, "us"),
        Figure("ratio to fping at 5,000/s", us / fping.us_per_probe, "x", FPING_GOAL),
        Figure("blackbox_exporter, CPU per probe", blackbox.us_per_probe, "us"),
        Figure("ratio to blackbox_exporter at 1,000/s", us / blackbox.us_per_probe, "x", BLACKBOX_GOAL),
    ]


def sizes(ours: Lived, lines: int) -> list[Figure]:
    """Return the figures of its memory."""
    a_line = ours.end.pss_mib * (1 << 20) / 1000 / lines
    return [
        Figure("memory, sum of peaks", ours.end.peak_mib, "MiB", MEMORY_GOAL_MIB),
        Figure("memory at the end, shared pages once", ours.end.pss_mib, "MiB"),
        Figure("memory a line", a_line, "kB", LINE_GOAL_KB),
        Figure("growth in the measured time", ours.end.pss_mib - ours.begin.pss_mib, "MiB"),
    ]


def untroubled(ours: Lived, lines: int) -> list[Work]:
    """Return what must hold of any run on a wire that loses nothing."""
    return [
        Work("lines observed up to the end", lines, ours.observed),
        Work("false incidents", 0, ours.opened),
        Work("exit code", 0, abs(ours.exit_code)),
        *(Work(f"told of {event}", 0, count) for event, count in ours.troubles.items()),
    ]


def _rival_work(name: str, cost: Cost, per_s: int) -> list[Work]:
    wanted = round(per_s * cost.wall_s)
    told: Count = cost.told
    return [
        Work(f"packets sent by {name}", wanted, cost.moved.sent, slack=wanted // 50 + 1),
        Work(f"packets answered to {name}, whole run", told.sent, told.answered, slack=per_s // 10 + 1),
    ]
