"""A process of its own: the daemon, up to the hand-over to its prober; prints how long that took."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Sequence

from slamon.core.lifecycle import Phase
from slamon.probes.protocol import Batch, ProbeLine
from slamon.probes.scripted import ScriptedProber
from slamon.service import logs
from slamon.service.daemon import Daemon
from slamon.service.site import Site, open_site


class NotingProber(ScriptedProber):
    """Notes when it was handed its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.handed_over_ns = 0
        self.listened_to_ns = 0
        self.cpu_s = 0.0

    async def start(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Note when, then begin."""
        self.handed_over_ns, self.cpu_s = time.monotonic_ns(), time.process_time()
        await super().start(lines, references)

    async def batches(self) -> AsyncIterator[Batch]:
        """Note when the daemon begins to take readings."""
        self.listened_to_ns = time.monotonic_ns()
        async for batch in super().batches():
            yield batch


def main(config: str, began_ns: str) -> None:
    logs.set_up("error")
    with open_site(config, os.environ, by="slamon") as site:
        opened_ns = time.monotonic_ns()
        prober = NotingProber()
        asyncio.run(_run(site, prober))
        fleet, states = site.fleet(), site.ledger.states()
        told = {
            "handed_over_s": (prober.handed_over_ns - int(began_ns)) / 1e9,
            "judging_s": (prober.listened_to_ns - int(began_ns)) / 1e9,
            "opened_s": (opened_ns - int(began_ns)) / 1e9,
            "cpu_s": prober.cpu_s,
            "lines": len(prober.lines),
            "restored": sum(fleet.coverage(line.line_id).until is not None for line in prober.lines),
            "open": sum(f'"phase":"{Phase.OPEN}"' in text for text in states.values()),
        }
    print(json.dumps(told))


async def _run(site: Site, prober: NotingProber) -> None:
    daemon = Daemon(site, prober, {})
    daemon.stop()  # it begins, hands over, and ends
    await daemon.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
