"""SNMP: what a poll costs beside the library's own call, a fleet of thousands of devices, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.row import Figure, Row, Work
from tests.bench.wire import CannotMeasure

GOAL_RATIO = 1.15
DEVICES, PORTS, FLEET_S = 3000, 12, 60
SOAK_POLLS = 50_000
INTERVAL_S, SLOW_INTERVAL_S = 60, 300

_HOW = (
    "Agents on addresses of 127.0.0.0/8, in a process of their own that costs the polling process nothing. Ratio: a "
    "device's poll as it is (one message; values checked, compared with the poll before, made readings) against a "
    "bare `get_cmd` of the same 74 objects (12 ports: states, errors, discards; the agent's clock and the age of its "
    "table), in the same process, in turn, 9 rounds of 60; `lookupMib=False`, engine, target and objects reused. "
    "Fleet: 3,000 devices with 12 ports each, every 60 s, by the poller of the SNMP process, readings put into the "
    "daemon's frames, from when all were seen once; what is read every 5 minutes besides is added from what such a "
    "poll costs."
)
_HOW_LONG = (
    "Hour: 3,000 scripted agents with 12 ports each, polled every 60 s of virtual time by the poller of the SNMP "
    "process, memory looked at every 10 minutes. Soak: polls of one agent over a socket, with pysnmp; memory, "
    "descriptors and tasks looked at after each tenth, growth of memory from the third look on."
)


def measure(folder: Path, lines: int) -> Row:  # noqa: ARG001 - every row is called alike
    with _agents(DEVICES, PORTS) as port:
        one = _run("rounds", port)
        many = _run("fleet", port, DEVICES, FLEET_S)
    full_extra = DEVICES / SLOW_INTERVAL_S * (one["full_us"] - one["ours_us"]) / 1e6
    polls = round(DEVICES * FLEET_S / INTERVAL_S)
    return Row(
        "snmp",
        "SNMP: 3,000 devices with 12 ports, every minute",
        _HOW,
        (
            Figure("CPU of a poll, against a bare get_cmd", one["ratio"], "x", GOAL_RATIO),
            Figure("CPU of a poll", one["ours_us"], "us"),
            Figure("CPU of a bare get_cmd", one["bare_us"], "us"),
            Figure("CPU of a poll that reads everything", one["full_us"], "us"),
            Figure("fleet: share of a core, states and errors", 100 * many["share"], "%"),
            Figure("fleet: with everything every 5 minutes", 100 * (many["share"] + full_extra), "%"),
            Figure("fleet: memory of the process", many["memory_mib"], "MiB"),
            Figure("fleet: longest lateness of a poll", 1000 * many["lag_s"], "ms"),
        ),
        (
            Work("messages a poll", one["polls"], one["messages"]),
            Work("fleet: polls", polls, many["polls"], slack=polls // 50),
            Work("fleet: ports read", polls * PORTS, many["ports"], slack=polls * PORTS // 50),
            Work("fleet: polls without an answer", 0, many["failed"]),
        ),
    )


def measure_long(folder: Path, lines: int) -> Row:  # noqa: ARG001 - every row is called alike
    with _agents(1, PORTS) as port:
        long = _run("soak", port, SOAK_POLLS)
    hour = _run("hour", DEVICES)
    return Row(
        "snmp-long",
        "SNMP: an hour of polls, and 50,000 of one agent",
        _HOW_LONG,
        (
            Figure("hour: memory after 10 minutes", hour["memory_mib"][0], "MiB"),
            Figure("hour: memory after 60 minutes", hour["memory_mib"][-1], "MiB"),
            Figure("hour: growth of memory", _growth(hour["memory_mib"]), "MiB", 2),
            Figure("soak: memory at the end", long["memory_mib"][-1], "MiB"),
            Figure("soak: growth of memory", _growth(long["memory_mib"][2:]), "MiB", 2),
        ),
        (
            Work("hour: polls", DEVICES * 60, hour["polls"], slack=DEVICES),
            Work("hour: polls without an answer", 0, hour["failed"]),
            Work("soak: polls", SOAK_POLLS, long["polls"]),
            Work("soak: descriptors at the end, against the start", long["files"][0], long["files"][-1]),
            Work("soak: tasks at the end, against the start", long["tasks"][0], long["tasks"][-1]),
        ),
    )


def _growth(memory_mib: list[float]) -> float:
    return max(0.0, memory_mib[-1] - memory_mib[0])


@contextlib.contextmanager
def _agents(count: int, ports: int) -> Iterator[int]:
    """Start the agents; yield their UDP port."""
    command = [sys.executable, "-m", "tests.bench.snmp_far", str(count), str(ports)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        said = process.stdout.readline() if process.stdout is not None else ""
        if not said.strip().isdecimal():
            raise CannotMeasure("the agents did not come up")
        yield int(said)
    finally:
        process.kill()
        process.wait()


def _run(what: str, *numbers: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.bench.snmp_process", what, *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise CannotMeasure(f"the process of {what} failed")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
