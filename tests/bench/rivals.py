"""What slamon is measured against, on the same wire and in the same run: fping, blackbox_exporter, and C's floor."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench import fleet, processes
from tests.bench.wire import FAR_CORE, NEAR_CORE, Count, TunWire, compiled, module, need

GAP_S = 2.0  # between two packets to a target, slamon's and its rivals'
WARM_S = 6.0
BLACKBOX = "prometheus-blackbox-exporter"
_BLACKBOX_CONFIG = "modules: {icmp: {prober: icmp, timeout: 1s, icmp: {preferred_ip_protocol: ip4}}}\n"
# fping's waits overrun the spacing asked for (-i) by so much; with the even one it misses the pace that -p keeps.
_OVERRUN_MS = 0.25
NOTHING = Count(0, 0)
_SUMMARY = re.compile(r" = (\d+)/(\d+)/")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a prober used and did while it was measured; packets as the device counted them.

    `told` is what it said itself of its whole run: packets sent and received.
    """

    cpu_s: float
    wall_s: float
    moved: Count
    told: Count = NOTHING

    @property
    def us_per_probe(self) -> float:
        return self.cpu_s / self.moved.sent * 1e6 if self.moved.sent else float("inf")

    @property
    def per_s(self) -> float:
        return self.moved.sent / self.wall_s


def fping(wire: TunWire, folder: Path, per_s: int, measured_s: float) -> Cost:
    """Let fping loop over targets at a pace; `measured_s` is a multiple of `GAP_S`, for it need not be even within."""
    need("fping")
    targets = folder / f"targets-{per_s}"
    targets.write_text("".join(f"{fleet.address(n)}\n" for n in range(round(per_s * GAP_S))), encoding="ascii")
    even_ms = 1000 / per_s
    spacing_ms = max(0.4 * even_ms, even_ms - _OVERRUN_MS)
    words = ["fping", "-q", "-l", "-p", f"{GAP_S * 1000:.0f}", "-i", f"{spacing_ms:g}", "-t", "1000"]
    command = wire.command(*words, "-f", str(targets), core=NEAR_CORE)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        cost = _measured(wire, process.pid, measured_s)
        process.send_signal(signal.SIGINT)
        counts = [(int(sent), int(got)) for sent, got in _SUMMARY.findall(process.communicate(timeout=30)[1])]
    told = Count(sum(sent for sent, _ in counts), sum(got for _, got in counts))
    return Cost(cost.cpu_s, cost.wall_s, cost.moved, told)


def floor(wire: TunWire, folder: Path, per_s: int, measured_s: float) -> Cost:
    """Let a bare C program send and receive at a pace; it measures itself."""
    program = compiled(Path(__file__).with_name("floor.c"), folder)
    words = [str(program), str(round(per_s * GAP_S)), str(per_s), f"{WARM_S:.0f}", f"{measured_s:.0f}"]
    ran = subprocess.run(wire.command(*words, core=NEAR_CORE), capture_output=True, text=True, check=True)
    told = dict(zip(ran.stdout.split()[::2], map(int, ran.stdout.split()[1::2]), strict=True))
    count = Count(told["sent"], told["answered"])
    return Cost(told["cpu_us"] / 1e6, measured_s, count, count)


def blackbox(wire: TunWire, folder: Path, per_s: int, measured_s: float) -> Cost:
    """Let blackbox_exporter ping a target at each of its requests; who requests is not counted."""
    need(BLACKBOX)
    config = folder / "blackbox.yml"
    config.write_text(_BLACKBOX_CONFIG, encoding="utf-8")
    words = [BLACKBOX, f"--config.file={config}", "--web.listen-address=127.0.0.1:9115", "--log.level=error"]
    asked = module("asking_process", per_s, WARM_S + measured_s + 2)
    with _running(wire.command(*words, core=NEAR_CORE)) as exporter:
        time.sleep(1)
        with subprocess.Popen(wire.command(*asked, core=FAR_CORE), stdout=subprocess.PIPE, text=True) as asking:
            cost = _measured(wire, exporter.pid, measured_s)
            told = json.loads(asking.communicate(timeout=60)[0])
    return Cost(cost.cpu_s, cost.wall_s, cost.moved, Count(told["asked"], told["answered"]))


@contextlib.contextmanager
def _running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _measured(wire: TunWire, pid: int, measured_s: float) -> Cost:
    time.sleep(WARM_S)
    began, used, before = time.monotonic(), processes.cpu_s(pid), wire.count()
    time.sleep(measured_s)
    wall_s, cpu_s, moved = time.monotonic() - began, processes.cpu_s(pid) - used, wire.count().since(before)
    return Cost(cpu_s, wall_s, moved)
