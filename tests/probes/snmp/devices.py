"""A device on a script, polled by hand at instants of our own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from slamon.config.credentials import Extra, SnmpCredential
from slamon.config.secret import Secret
from slamon.core.reading import InterfaceStats
from slamon.probes.snmp.asking import Peer
from slamon.probes.snmp.device import Device, PortLine
from slamon.probes.snmp.scripted import ScriptedAgent, ScriptedAsker

PLACE = "192.0.2.1:161"


def credential(**keys) -> SnmpCredential:
    return SnmpCredential(**{"name": "edge", "version": "2c", "community": Secret("c"), **keys})


def peer(host: str = "192.0.2.1", **keys) -> Peer:
    return Peer(host, 161, credential(**keys))


@dataclass
class Bench:
    """One agent with its device; `poll` lets time pass first."""

    agent: ScriptedAgent = field(default_factory=ScriptedAgent)
    interfaces: tuple[str, ...] = ("GE0/0/1",)
    extras: tuple[Extra, ...] = ()
    keys: dict[str, int] = field(default_factory=dict)
    now_s: float = 1000.0

    def __post_init__(self) -> None:
        self.asker = ScriptedAsker({PLACE: self.agent})
        lines = [PortLine(f"L{number}", name) for number, name in enumerate(self.interfaces)]
        where = Peer("192.0.2.1", 161, credential(extras=self.extras, **self.keys))
        self.device = Device(where, lines, self.asker, lambda: self.now_s)

    def poll(self, passed_s: float = 60.0, *, agent_s: float | None = None) -> dict[str, InterfaceStats]:
        """Let time pass for us and for the agent, then poll; return what each line showed."""
        self.now_s += passed_s
        self.agent.later(passed_s if agent_s is None else agent_s)
        return {one.line_id: one.stats for one in asyncio.run(self.device.poll())}

    def reboot(self) -> None:
        """Restart the agent: its clock begins anew."""
        self.agent.later(-1)
        for oid, value in self.agent.objects.items():
            if oid == (1, 3, 6, 1, 2, 1, 1, 3, 0):
                self.agent.objects[oid] = 100 if isinstance(value, int) else None


def bench(*ports: str, **keys) -> Bench:
    """A bench whose agent has these ports, from ifIndex 1 on, and whose lines leave by them."""
    made = Bench(interfaces=ports, **keys)
    for index, name in enumerate(ports, start=1):
        made.agent.port(index, name)
    return made
