"""A process of its own: a ledger as a killed daemon leaves it, some minutes of rows in its tail."""

from __future__ import annotations

import os
import sys

from slamon.core.timespan import MICROSECOND
from slamon.probes.columns import rows_of
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import watched_lines
from slamon.service.site import open_site
from tests.bench import readings
from tests.bench.fleet import VANTAGE
from tests.bench.start import OPEN_EVERY

DEAD = 3  # the last windows, in which every hundredth line is lost


def main(config: str, lines: str, windows: str) -> None:
    """Judge windows of all lines as batches of rows, each committed with a checkpoint, as a daemon does."""
    count, alive = range(int(lines)), int(windows) - DEAD
    batches = {
        dead: rows_of(
            reading
            for number in count
            for reading in readings.window([number], len(count), 0, dead=dead and number % OPEN_EVERY == 0)
        )
        for dead in (False, True)
    }
    interval_us = readings.INTERVAL // MICROSECOND
    with open_site(config, os.environ) as site:
        judging, recorder = Judging(watched_lines(site)), Recorder(site.ledger)
        for nth in range(int(windows)):
            rows, roster, reasons = batches[nth >= alive]
            rows = rows.copy()
            for edge in ("start", "end"):
                rows[edge] += nth * interval_us
            judging.take_rows(rows, roster, reasons, VANTAGE)
            pending = judging.drain(readings.BEGIN + (nth + 2) * readings.INTERVAL)
            pending.prune_before = None
            recorder.commit(pending)
        os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
