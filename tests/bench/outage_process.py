"""A process of its own: judges the failing of every line and commits it as the daemon does; prints what it took."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import watched_lines
from slamon.service.site import open_site
from tests.bench import readings

CHECKPOINT_EVERY = readings.GROUPS // 2  # 5 s
LOST = 2  # windows


class Stopwatch:
    """CPU of this process by what it was spent on."""

    def __init__(self) -> None:
        self.cpu_s = {"judging": 0.0, "commits": 0.0, "checkpoints": 0.0}

    @contextmanager
    def on(self, what: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.cpu_s[what] += time.process_time() - began


def main(config: str, lines: str) -> None:
    with open_site(config, os.environ) as site:
        judging, recorder = Judging(watched_lines(site)), Recorder(site.ledger)
        for reading in readings.window(range(int(lines)), int(lines), 0):
            judging.take(reading)
        recorder.commit(judging.drain(readings.BEGIN + readings.INTERVAL))
        gc.collect()
        gc.freeze()  # as the daemon does when it has begun
        told = _outage(judging, recorder, int(lines))
        print(json.dumps(told), flush=True)
        os._exit(0)  # whatever was not on disk when it was acknowledged is lost now


def _outage(judging: Judging, recorder: Recorder, lines: int) -> dict[str, object]:
    watch, acknowledged, commits, wall_s = Stopwatch(), 0, 0, 0.0
    for nth in range(1, 1 + LOST):
        for number, group in enumerate(readings.groups(lines), 1):
            found = list(readings.window(group, lines, nth, dead=True))
            began = time.monotonic()
            with watch.on("judging"):
                for reading in found:
                    judging.take(reading)
            if judging.eventful:
                with watch.on("commits"):
                    acknowledged += len(recorder.commit(judging.drain()))
                commits += 1
            if number % CHECKPOINT_EVERY == 0:
                with watch.on("checkpoints"):
                    acknowledged += len(recorder.commit(judging.drain(found[-1].end)))
                commits += 1
            wall_s += time.monotonic() - began
    return {"acknowledged": acknowledged, "commits": commits, "cpu_s": watch.cpu_s, "wall_s": wall_s}


if __name__ == "__main__":
    main(*sys.argv[1:])
