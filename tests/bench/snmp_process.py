"""Processes of their own for the SNMP row: ``python -m tests.bench.snmp_process WHAT PORT ...``; they print JSON.

``rounds``: our poll of a device against a bare `get_cmd` of the same objects, in turn, in one process. ``fleet``:
thousands of devices for some time. ``hour``: an hour of polls in virtual time, on scripted agents. ``soak``: tens of
thousands of polls of one agent.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from pysnmp.hlapi.v3arch.asyncio import (
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    get_cmd,
)

from slamon.config.credentials import SnmpCredential
from slamon.config.secret import Secret
from slamon.probes.snmp.asking import Peer
from slamon.probes.snmp.device import Device, PortLine
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.naming import Place
from slamon.probes.snmp.news import News
from slamon.probes.snmp.objects import NAME, OFTEN, SYS_UPTIME, TABLE_LAST_CHANGE
from slamon.probes.snmp.pacing import Poller
from slamon.probes.snmp.scripted import ScriptedAgent, ScriptedAsker
from slamon.probes.snmp.wire import news_frame
from tests.bench.snmp_far import address
from tests.lab.virtual_loop import run_virtually

PORTS = 12
ROUNDS, POLLS_A_ROUND = 9, 60
FIRST_LOOK_GAP_S = 0.015  # of the fleet, so that its start is over sooner; its own is 0.05


def credential(interval_s: int = 60) -> SnmpCredential:
    return SnmpCredential("edge", "2c", interval_s, Secret("public"), timeout_ms=5000, retries=2, max_objects=200)


def lines(number: int = 0) -> list[PortLine]:
    return [PortLine(f"L{number}-{port}", f"GigabitEthernet0/0/{port}") for port in range(1, PORTS + 1)]


def memory_mib() -> float:
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def cpu_us(work: Callable[[], Awaitable[object]], count: int) -> float:
    """Return the processor time of one call."""
    began = time.process_time()
    for _ in range(count):
        await work()
    return (time.process_time() - began) / count * 1e6


async def rounds(port: int) -> dict[str, object]:
    asker, engine = PysnmpAsker(), SnmpEngine()
    device = Device(Peer(address(0), port, credential()), lines(), asker, time.monotonic)
    oids = [SYS_UPTIME, TABLE_LAST_CHANGE, *((*column, index) for index in range(1, PORTS + 1) for column in OFTEN)]
    objects = [ObjectType(ObjectIdentity(oid)) for oid in oids]
    who = CommunityData("public", mpModel=1)  # noqa: S508 - the rival speaks what we speak, on loopback
    where = await UdpTransportTarget.create((address(1), port), timeout=5, retries=2)
    what = ContextData()

    async def ours() -> None:
        polled = await device.poll()
        if len(polled) != PORTS:
            raise RuntimeError("a poll without its ports")

    async def bare() -> None:
        trouble, status, _, binds = await get_cmd(engine, who, where, what, *objects, lookupMib=False)
        if trouble or status or len(binds) != len(oids):
            raise RuntimeError(f"a bare get without its objects: {trouble or status}")

    await ours()
    messages = device.questions.messages
    found: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        found["ours"].append(await cpu_us(ours, POLLS_A_ROUND))
        found["bare"].append(await cpu_us(bare, POLLS_A_ROUND))
    sent = device.questions.messages - messages
    full_us = await cpu_us(lambda: device.poll(in_full=True), 100)
    await asker.close()
    engine.close_dispatcher()
    ratio = statistics.median(a / b for a, b in zip(found["ours"], found["bare"], strict=True))
    return {
        "ours_us": statistics.median(found["ours"]),
        "bare_us": statistics.median(found["bare"]),
        "ratio": ratio,
        "full_us": full_us,
        "objects": len(oids),
        "messages": sent,
        "polls": ROUNDS * POLLS_A_ROUND,
    }


async def fleet(port: int, devices: int, seconds: float) -> dict[str, object]:
    """Poll a fleet at its pace; what it says is put into frames, as for the daemon."""
    sent, seen = {"ports": 0, "bytes": 0}, set[str]()

    def tell(news: News) -> None:
        sent["bytes"] += len(news_frame(news))
        if isinstance(news, tuple):
            sent["ports"] += len(news)
            seen.update(one.line_id for one in news)

    asker = PysnmpAsker()
    poller = Poller(asker, tell, time.monotonic, first_look_gap_s=FIRST_LOOK_GAP_S)
    before_mib = memory_mib()
    poller.adopt({Peer(address(number), port, credential()): lines(number) for number in range(devices)})
    find(poller)
    running = asyncio.create_task(poller.run())
    while len(seen) < devices * PORTS or poller.health().lag_max_s > 1:  # noqa: ASYNC110 - a pace is waited for
        await asyncio.sleep(1)
    poller.health()
    failed = poller.failed
    polls, cpu_s, ports, wall_s = poller.polls, time.process_time(), sent["ports"], time.monotonic()
    await asyncio.sleep(seconds)
    share = (time.process_time() - cpu_s) / (time.monotonic() - wall_s)
    health = poller.health()
    found: dict[str, object] = {
        "share": share,
        "polls": health.polls - polls,
        "ports": sent["ports"] - ports,
        "failed": health.failed - failed,
        "lag_s": health.lag_max_s,
        "memory_mib": memory_mib(),
        "before_mib": before_mib,
    }
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await asker.close()
    return found


def find(poller: Poller) -> None:
    """Say where the interfaces stand: what is measured is polling, not the start."""
    for turn in poller._turns.values():  # noqa: SLF001 - nobody outside has a use for it
        turn.device._walked_s = time.monotonic()  # noqa: SLF001
        for index, port in enumerate(turn.device.ports.values(), start=1):
            port.place = Place(index, NAME, port.interface)


async def hour(devices: int) -> dict[str, object]:
    """Poll for an hour of virtual time; memory is looked at every ten minutes."""
    agents = {f"{address(number)}:161": ScriptedAgent() for number in range(devices)}
    for agent in agents.values():
        for index in range(1, PORTS + 1):
            agent.port(index, f"GigabitEthernet0/0/{index}")
    loop = asyncio.get_running_loop()
    poller = Poller(ScriptedAsker(agents), lambda _: None, loop.time)
    poller.adopt({Peer(address(number), 161, credential()): lines(number) for number in range(devices)})
    running = asyncio.create_task(poller.run())
    memory = []
    for _ in range(60):
        await asyncio.sleep(60)
        for agent in agents.values():
            agent.later(60)
            agent.asked.clear()
        memory.append(memory_mib())
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return {"memory_mib": memory[9::10], "polls": poller.polls, "failed": poller.failed}


async def soak(port: int, polls: int) -> dict[str, object]:
    """Poll one agent over and over; memory, descriptors and tasks are looked at after each tenth."""
    asker = PysnmpAsker()
    device = Device(Peer(address(0), port, credential()), lines()[:1], asker, time.monotonic)
    looks = []
    for _ in range(10):
        for _ in range(polls // 10):
            await device.poll()
        looks.append((memory_mib(), open_files(), len(asyncio.all_tasks())))
    await asker.close()
    memory, files, tasks = zip(*looks, strict=True)
    return {"memory_mib": memory, "files": files, "tasks": tasks, "polls": polls}


def main(arguments: list[str]) -> int:
    what, *numbers = arguments
    if what == "hour":
        found = run_virtually(hour(int(numbers[0])))
    else:
        works: dict[str, Callable[..., Coroutine[None, None, dict[str, object]]]]
        works = {"rounds": rounds, "fleet": fleet, "soak": soak}
        found = asyncio.run(works[what](*map(int, numbers)))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
