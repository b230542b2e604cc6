"""`slamon run` with one thing more: every batch is written down before it is judged.

    python -m tests.campaign.watch CONFIG RECORD

A record is, for each batch, a line of JSON and the rows as they came (`slamon.probes.columns.ROW`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

from slamon.probes.icmp import IcmpProber
from slamon.probes.protocol import Batch, ProbeLine
from slamon.service import daemon_lock, logs
from slamon.service.daemon import Daemon
from slamon.service.site import open_site


class Recorder:
    """A prober (`Prober`) that writes down what another one hands on."""

    def __init__(self, prober: IcmpProber, record: BinaryIO) -> None:
        self._prober, self._record = prober, record
        self._roster: Sequence[str] = ()

    async def start(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Start the other one."""
        await self._prober.start(lines, references)

    async def update(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Update the other one."""
        await self._prober.update(lines, references)

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield what the other one yields."""
        async for batch in self._prober.batches():
            self._write(batch)
            yield batch

    async def stop(self) -> None:
        """Stop the other one."""
        await self._prober.stop()

    def _write(self, batch: Batch) -> None:
        fresh = list(batch.roster) != self._roster
        self._roster = list(batch.roster)
        head = {
            "roster": self._roster if fresh else None,
            "reasons": list(batch.reasons),
            "bytes": batch.rows.nbytes,
            "health": {**dataclasses.asdict(batch.health), "at": batch.health.at.timestamp()},
            "events": [[event.kind, event.at.timestamp(), event.detail] for event in batch.events],
        }
        self._record.write(json.dumps(head).encode() + b"\n" + batch.rows.tobytes())
        self._record.flush()


def main(config: str, record: str) -> None:
    """Watch until SIGTERM."""
    logs.set_up("info", "text")

    async def run(file: BinaryIO) -> None:
        await Daemon(site, Recorder(IcmpProber(), file), os.environ).run()

    with (
        open_site(config, os.environ, by="slamon") as site,
        daemon_lock.hold(site.loaded.settings.state_dir),
        Path(record).open("wb") as file,
    ):
        asyncio.run(run(file))


if __name__ == "__main__":
    main(*sys.argv[1:])
