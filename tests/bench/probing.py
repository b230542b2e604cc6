"""Starting the prober by itself on a wire, and what it told."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from typing import Any

from tests.bench.probing_process import Asked
from tests.bench.rivals import Cost
from tests.bench.wire import FAR_CORE, Count, TunWire, module


@dataclass(frozen=True, slots=True)
class Probed:
    """How a prober fared: its cost, its health at the end, and sums over the rows of its whole run."""

    cost: Cost
    peak_mib: float
    lag_ms: float
    stop_s: float
    health: dict[str, float]
    rows: dict[str, int]
    events: dict[str, int]


def probed(wire: TunWire, asked: Asked, *, privileged: bool = True) -> Probed:
    """Run the prober, pinned to the near core; who reads its batches has the far one."""
    command = module("probing_process", json.dumps(asdict(asked)))
    ran = subprocess.run(
        wire.command(*command, core=FAR_CORE, privileged=privileged), stdout=subprocess.PIPE, text=True, check=True
    )
    told: dict[str, Any] = json.loads(ran.stdout)
    health = told["health"]
    cost = Cost(
        told["cpu_s"], told["wall_s"], Count(told["sent"], told["answered"]), Count(health["sent"], health["received"])
    )
    return Probed(cost, told["peak_mib"], told["lag_ms"], told["stop_s"], health, told["whole_run"], told["events"])
