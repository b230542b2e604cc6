"""A process of its own: a ledger as a killed daemon leaves it, some minutes of readings in its tail."""

from __future__ import annotations

import os
import sys

from slamon.core.quality import Verdict
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import watched_lines
from slamon.service.site import Site, open_site
from slamon.store.entry import TailBatch
from slamon.store.evidence import pack_readings
from tests.bench import readings
from tests.bench.start import OPEN_EVERY

JUDGED = 3  # the last windows are judged; those before only fill the tail


def main(config: str, lines: str, windows: str) -> None:
    with open_site(config, os.environ) as site:
        _fill_tail(site, int(lines), int(windows) - JUDGED)
        judging, recorder = Judging(watched_lines(site)), Recorder(site.ledger)
        for nth in range(int(windows) - JUDGED, int(windows)):
            for number in range(int(lines)):
                dead = number % OPEN_EVERY == 0
                judging.take(next(readings.window([number], int(lines), nth, dead=dead)))
            pending = judging.drain(readings.BEGIN + (nth + 2) * readings.INTERVAL)
            pending.prune_before = None
            recorder.commit(pending)
        os._exit(0)


def _fill_tail(site: Site, lines: int, windows: int) -> None:
    """Keep the windows before as a daemon does every five seconds, half of the lines each time."""
    for nth in range(windows):
        for half in (range(lines // 2), range(lines // 2, lines)):
            found = [(reading, Verdict.UP) for reading in readings.window(half, lines, nth)]
            batch = TailBatch(found[0][0].start, found[-1][0].end, pack_readings(found))
            site.ledger.commit([], tail=[batch])


if __name__ == "__main__":
    main(*sys.argv[1:])
