"""Row `loss`: what the prober loses by itself at 50,000 packets a second, also when it stands still for a while."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.icmp import FULL, INTERVAL_S, PACKETS, WARM_S
from tests.bench.probing import Probed, probed
from tests.bench.probing_process import Asked
from tests.bench.row import Figure, Row, Work
from tests.bench.wire import TunWire, shipped_buffers, wire

STALL_MS = 250

HOW = (
    "100,000 lines at 10 s x 5 packets on the 20 ms TUN wire, which loses nothing, for 60 s after a warm-up; once "
    "undisturbed, once with the prober process stopped (SIGSTOP) for 250 ms in the middle. The prober runs without "
    "CAP_NET_ADMIN, as the service does, with the buffers of the shipped sysctl drop-in. Lost are packets of readings "
    "that are not blind, over the whole run, warm-up and stop included; the device's counters and the far end's say "
    "what was sent and answered. Drops of the socket are none or blind, never loss."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure the loss that is the prober's own."""
    measured_s = 60 if lines >= FULL else 6
    with shipped_buffers():
        plain, far = _run(folder, lines, measured_s, 0)
        stalled, far_stalled = _run(folder, lines, measured_s, STALL_MS)
    return Row(
        "loss",
        "self-inflicted loss at 50,000 packets a second",
        HOW,
        (*_figures("undisturbed", plain), *_figures(f"stalled for {STALL_MS} ms", stalled)),
        (
            *_work("undisturbed", plain, far, lines),
            *_work("stalled", stalled, far_stalled, lines),
        ),
    )


def _run(folder: Path, lines: int, measured_s: float, stall_ms: int) -> tuple[Probed, dict[str, int]]:
    with wire(folder) as on:
        return _probed(on, lines, measured_s, stall_ms), on.live.end()


def _probed(on: TunWire, lines: int, measured_s: float, stall_ms: int) -> Probed:
    asked = Asked(lines, INTERVAL_S, PACKETS, WARM_S, measured_s, stall_ms=stall_ms)
    return probed(on, asked, privileged=False)


def _figures(which: str, found: Probed) -> Iterator[Figure]:
    yield Figure(f"{which}: packets a second", found.cost.per_s, "/s")
    yield Figure(f"{which}: packets lost in readings", found.rows["lost"], "packets", 0)
    yield Figure(f"{which}: dropped by the socket", found.health["socket_drops"], "packets", 0)
    yield Figure(f"{which}: due and not sent", found.health["skipped"] + found.health["send_errors"], "packets", 0)
    yield Figure(f"{which}: blind readings", found.rows["blind_rows"], "readings")
    yield Figure(f"{which}: longest lateness of a tick", found.lag_ms, "ms")
    yield Figure(f"{which}: time to stop (it is killed after 12 s)", found.stop_s, "s")
    yield Figure(f"{which}: memory of the prober, peak", found.peak_mib, "MiB")


def _work(which: str, found: Probed, far: dict[str, int], lines: int) -> Iterator[Work]:
    wanted = round(lines * PACKETS / INTERVAL_S * found.cost.wall_s)
    yield Work(f"{which}: packets sent in {found.cost.wall_s:.1f} s", wanted, found.cost.moved.sent, slack=wanted // 50)
    yield Work(f"{which}: packets that reached the far end", int(found.health["sent"]), far["seen"])
    yield Work(f"{which}: socket drops without blind readings", 0, _unbooked(found))


def _unbooked(found: Probed) -> int:
    return 0 if found.rows["blind_rows"] else int(found.health["socket_drops"])
