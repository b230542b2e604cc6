"""Agents that answer what they are told to, and a prober that says what it is told to: for tests and rehearsals."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.asking import AgentError, Oid, Peer, TooBig, Trouble, Value
from slamon.probes.snmp.news import News
from slamon.probes.snmp.objects import (
    ADMIN,
    ALIAS,
    DESCR,
    HC_IN_OCTETS,
    HC_IN_UCAST,
    HC_OUT_OCTETS,
    HC_OUT_UCAST,
    HIGH_SPEED,
    IN_DISCARDS,
    IN_ERRORS,
    LAST_CHANGE,
    NAME,
    OPER,
    OUT_DISCARDS,
    OUT_ERRORS,
    SYS_UPTIME,
)
from slamon.probes.snmp.wire import Watch


@dataclass(slots=True)
class ScriptedAgent:
    """An agent's objects; `trouble` makes it fail, `most` is what fits into one message, `delay_s` what it takes.

    A question for `fails_over` fails as a whole, as some agents do it.
    """

    objects: dict[Oid, Value] = field(default_factory=lambda: {SYS_UPTIME: 100_000})
    trouble: Trouble | None = None
    most: int | None = None
    delay_s: float = 0.0
    fails_over: Oid | None = None
    asked: list[int] = field(default_factory=list)

    def port(self, index: int, name: str, alias: str = "", **values: Value) -> None:
        """Add a port, or set some of its values: admin, oper, speed, in_errors, in_packets and the like."""
        fresh = {"admin": 1, "oper": 1, "speed": 1000, "last_change": 0, **dict.fromkeys(_COUNTERS, 0)}
        known = {} if (*NAME, index) in self.objects else fresh
        self.objects[*NAME, index] = self.objects[*DESCR, index] = name.encode()
        if alias or known:
            self.objects[*ALIAS, index] = alias.encode()
        for word, value in {**known, **values}.items():
            self.objects[*_COLUMNS[word], index] = value

    def remove(self, index: int) -> None:
        """Take a port away."""
        for oid in [oid for oid in self.objects if oid[-1] == index and len(oid) > 10]:
            del self.objects[oid]

    def later(self, seconds: float) -> None:
        """Let the agent's clock go on."""
        ticks = self.objects[SYS_UPTIME]
        self.objects[SYS_UPTIME] = (int(ticks) + round(seconds * 100)) % 2**32 if isinstance(ticks, int) else None


_COUNTERS = {
    "in_errors": IN_ERRORS,
    "out_errors": OUT_ERRORS,
    "in_discards": IN_DISCARDS,
    "out_discards": OUT_DISCARDS,
    "in_packets": HC_IN_UCAST,
    "out_packets": HC_OUT_UCAST,
    "in_octets": HC_IN_OCTETS,
    "out_octets": HC_OUT_OCTETS,
}
_COLUMNS = {"admin": ADMIN, "oper": OPER, "speed": HIGH_SPEED, "last_change": LAST_CHANGE, **_COUNTERS}


class ScriptedAsker:
    """Asks scripted agents, by their address (``host:port``); anybody else does not answer."""

    def __init__(self, agents: Mapping[str, ScriptedAgent]) -> None:
        self.agents = agents
        self.at_once = self.most_at_once = 0

    async def get(self, peer: Peer, oids: Sequence[Oid]) -> list[Value]:
        """Return the values that stand in the script."""
        agent = await self._agent(peer, len(oids))
        if agent.fails_over in oids:
            raise AgentError(Trouble.AGENT, "as the script says", oids.index(agent.fails_over) + 1)
        return [agent.objects.get(oid) for oid in oids]

    async def following(self, peer: Peer, oids: Sequence[Oid], most: int) -> list[Mapping[Oid, Value]]:
        """Return the objects that follow in the script."""
        agent = await self._agent(peer, len(oids))
        names = sorted(agent.objects)
        found: list[Mapping[Oid, Value]] = []
        for oid in oids:
            at = bisect_right(names, oid)
            found.append({name: agent.objects[name] for name in names[at : at + most]})
        return found

    def forget(self, peer: Peer) -> None:
        """Remember nothing."""

    async def close(self) -> None:
        """Do nothing."""

    async def _agent(self, peer: Peer, objects: int) -> ScriptedAgent:
        agent = self.agents.get(f"{peer.host}:{peer.port}", ScriptedAgent(trouble=Trouble.TIMEOUT))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if agent.trouble is Trouble.TIMEOUT:
                tries = peer.credential.retries + 1
                await asyncio.sleep(tries * peer.credential.timeout_ms / 1000)
            elif agent.delay_s:
                await asyncio.sleep(agent.delay_s)
        finally:
            self.at_once -= 1
        if agent.trouble is not None:
            raise AgentError(agent.trouble, "as the script says")
        agent.asked.append(objects)
        if agent.most is not None and objects > agent.most:
            raise TooBig
        return agent


class ScriptedPorts:
    """A prober of ports (`PortProber`) that says what is put into it."""

    def __init__(self) -> None:
        self._said: asyncio.Queue[News | str | ProbeError | None] = asyncio.Queue()
        self.watches: list[Watch] = []
        self.starts = 0
        self.confirmed: list[str] = []

    def say(self, one: News | str | ProbeError) -> None:
        """Have something said; an error is raised."""
        self._said.put_nowait(one)

    async def start(self, watch: Watch) -> None:
        self.starts += 1
        self.watches.append(watch)

    async def update(self, watch: Watch) -> None:
        self.watches.append(watch)

    async def confirm(self, line_ids: Iterable[str]) -> None:
        self.confirmed += line_ids

    async def news(self) -> AsyncIterator[News | str]:
        """Yield what was said."""
        while (one := await self._said.get()) is not None:
            if isinstance(one, ProbeError):
                raise one
            yield one

    async def stop(self) -> None:
        self._said.put_nowait(None)
