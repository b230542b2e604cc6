"""The daemon as a whole on a wire, `slamon run` as people start it: its processes, its log, its end."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench import processes
from tests.bench.wire import NEAR_CORE, CannotMeasure, TunWire

START_AT_MOST_S, END_AT_MOST_S = 120.0, 120.0
# Packets a second for 100,000 lines: 30,000. One packet every 3.3 s.
PROFILE: Mapping[str, float] = {"interval_s": 10, "packets": 3, "timeout_ms": 1000, "open_after_s": 10}
TROUBLES = ("socket_drops", "stall", "overload", "prober_lost", "ledger_not_written")


@dataclass(frozen=True, slots=True)
class Use:
    """What all processes have used: CPU in seconds; peaks added, and proportional sizes as they are now, in MiB."""

    cpu_s: float
    by_process_s: tuple[float, ...]
    peak_mib: float
    pss_mib: float


class Watching:
    """A running daemon."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process, self._log = process, log
        self.exit_code: int | None = None

    def use(self) -> Use:
        """Return what the daemon and its prober have used so far, the daemon's own CPU first."""
        pids = list(processes.tree(self._process.pid))
        cpu_s = tuple(processes.cpu_s(pid) for pid in pids)
        memory = [processes.memory_mib(pid) for pid in pids]
        return Use(sum(cpu_s), cpu_s, sum(peak for peak, _ in memory), sum(pss for _, pss in memory))

    def told(self, event: str) -> list[dict[str, Any]]:
        """Return the log's entries of an event so far."""
        found = []
        for line in self._log.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                entry = json.loads(line)
                if entry.get("event") == event:
                    found.append(entry)
        return found

    def troubles(self) -> dict[str, int]:
        """Return how often the log told of something that disturbs measuring."""
        return {event: len(self.told(event)) for event in TROUBLES}

    def wait_until_running(self) -> None:
        """Wait for the daemon to run, and keep its prober on the near core."""
        until = time.monotonic() + START_AT_MOST_S
        while not self.told("running"):
            if self._process.poll() is not None or time.monotonic() > until:
                raise CannotMeasure(f"the daemon did not come up: {self._log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.2)
        for pid in processes.tree(self._process.pid):
            if pid != self._process.pid:
                os.sched_setaffinity(pid, {NEAR_CORE})

    def stop(self) -> None:
        """Let it end as systemd would."""
        self._process.terminate()
        self.exit_code = self._process.wait(END_AT_MOST_S)


@contextlib.contextmanager
def watching(on: TunWire, config: Path) -> Iterator[Watching]:
    """Start the daemon of a site on a wire, without CAP_NET_ADMIN; it is gone afterwards."""
    log = config.with_name("daemon.log")
    command = [sys.executable, "-m", "slamon", "-c", str(config), "--log-format", "json", "run"]
    with log.open("wb") as stream:
        process = subprocess.Popen(on.command(*command, privileged=False), stderr=stream, stdout=stream)
    try:
        yield Watching(process, log)
    finally:
        process.kill()
        process.wait()
