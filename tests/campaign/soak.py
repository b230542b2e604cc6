"""Campaign 4, the running part: a daemon on real packets whose lines fail and come back, for as long as it takes.

``python -m tests.campaign.soak [MINUTES]`` (as root). 500 lines in a namespace, a window of 5 s each; every 20 seconds
another ten lines are cut for 15 s, so that incidents open and close all the time; history, pages and the judging run
as in service, and `/metrics` is asked at each sample. Memory and descriptors of all its processes are read each minute.

Judged: after the first 20 minutes (evidence and the last minutes of every line fill their room) neither memory nor
descriptors grow: the last quarter's highest is at most 5 % above the highest of the quarter after those 20 minutes.
"""

from __future__ import annotations

import itertools
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from slamon.store.measured import OPENED
from tests.lab.netns import Wire, wire
from tests.service.places import Place, place, row
from tests.service.runs import Runs, running

MINUTES = 60
LINES = 500
SETTLED_MINUTES = 20
SLACK = 1.05
ASK = "from urllib.request import urlopen; urlopen('http://127.0.0.1:8470/metrics', timeout=5).read()"
CUT_EVERY_S, CUT_FOR_S, AT_ONCE = 20.0, 15.0, 10
CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "state"
reference = ["10.64.200.1", "10.64.200.2"]
[profiles.default]
interval_s = 5
packets = 3
timeout_ms = 500
open_after_s = 5
close_after_s = 10
[web]
listen = "127.0.0.1:8470"
"""


@dataclass(frozen=True)
class Sample:
    """What all processes of a daemon take."""

    minute: float
    rss_kib: int
    descriptors: int
    processes: int


def address(number: int) -> str:
    return f"10.64.{1 + number // 250}.{1 + number % 250}"


def main(minutes: float) -> int:
    """Run, print a line a minute, and return the exit code."""
    pause = threading.Event()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory() as folder, wire() as lab:
        where = place(Path(folder) / "site", *(row(f"L{n:04d}", address(n), "") for n in range(LINES)), config=CONFIG)
        with running(where, lab.near.command()) as daemon:
            began, next_sample = time.monotonic(), 1.0
            for number in itertools.count():
                elapsed = (time.monotonic() - began) / 60
                if elapsed >= minutes:
                    break
                if elapsed >= next_sample:
                    samples.append(_sampled(daemon, lab, elapsed))
                    next_sample += 1
                _fail_some(lab, number, pause)
            opened = len(daemon.entries(OPENED))
            daemon.stop()
        found = _entries(where)
    return _judged(samples, opened, found)


def _fail_some(lab: Wire, number: int, pause: threading.Event) -> None:
    cut = [address((number * AT_ONCE + one) % LINES) for one in range(AT_ONCE)]
    lab.cut(*cut)
    pause.wait(CUT_FOR_S)
    lab.restore(*cut)
    pause.wait(CUT_EVERY_S - CUT_FOR_S)


def _sampled(daemon: Runs, lab: Wire, minute: float) -> Sample:
    assert daemon.process is not None
    pids = _family(daemon.process.pid)
    rss = sum(_rss_kib(pid) for pid in pids)
    descriptors = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in pids)
    page = (
        "import urllib.request; print(len(urllib.request.urlopen('http://127.0.0.1:8470/metrics', timeout=5).read()))"
    )
    lab.near.run(sys.executable, "-c", page)
    sample = Sample(minute, rss, descriptors, len(pids))
    print(f"{minute:6.1f} min  {rss / 1024:7.1f} MiB  {descriptors} descriptors  {len(pids)} processes", flush=True)  # noqa: T201
    return sample


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(own for child in children for own in _family(int(child)))]


def _rss_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0])


def _entries(where: Place) -> bool:
    with where.open() as site:
        return site.ledger.verify().sound


def _judged(samples: list[Sample], opened: int, sound: bool) -> int:
    settled = [one for one in samples if one.minute >= SETTLED_MINUTES]
    quarter = max(1, len(settled) // 4)
    first, last = settled[:quarter], settled[-quarter:]
    if not first or first is last:
        print(f"too short to judge: {SETTLED_MINUTES} minutes are for settling")  # noqa: T201
        return 1
    flat = all(
        max(getattr(one, name) for one in last) <= SLACK * max(getattr(one, name) for one in first)
        for name in ("rss_kib", "descriptors")
    )
    print(  # noqa: T201
        f"{opened} incidents, chain {'sound' if sound else 'BROKEN'}; {_highest(first)} in the first quarter, "
        f"{_highest(last)} in the last: {'flat' if flat else 'GROWING'}"
    )
    return 0 if flat and sound and opened else 1


def _highest(samples: list[Sample]) -> str:
    rss, descriptors = max(one.rss_kib for one in samples), max(one.descriptors for one in samples)
    return f"at most {rss / 1024:.1f} MiB and {descriptors} descriptors"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES))
