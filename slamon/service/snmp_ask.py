"""One look at a port or a device now, without the daemon."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TypeVar

from slamon.config import addresses
from slamon.config.loaded import Loaded
from slamon.config.problems import Unfit, did_you_mean, quoted
from slamon.core.inventory import Period
from slamon.core.reading import InterfaceStats
from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.asking import AgentError, Asker, Peer
from slamon.probes.snmp.device import Device, Polled, PortLine
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.listing import Interface, interfaces
from slamon.probes.snmp.objects import SYS_UPTIME
from slamon.service import clock
from slamon.service.desk import DeskError

T = TypeVar("T")
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class PortView:
    """What a line's port showed, or why that is not known."""

    agent: str
    interface: str
    stats: InterfaceStats | None = None
    trouble: str | None = None


def peer_of(loaded: Loaded, text: str) -> Peer:
    """Return the agent that ``CREDENTIAL@ADDRESS[:PORT]`` names; raises `DeskError`."""
    try:
        name, host, port = addresses.agent(text)
    except Unfit as unfit:
        raise DeskError(unfit.reason, unfit.hint) from None
    credential = loaded.settings.snmp.get(name)
    if credential is None:
        hint = did_you_mean(name, loaded.settings.snmp, "credentials") or f"add [snmp.{name}]"
        raise DeskError(f"the config has no credential {quoted(name)}", hint)
    return Peer(host, port, credential)


def with_port(loaded: Loaded, period: Period, meanwhile: Callable[[], T]) -> tuple[T, PortView | None]:
    """Do something, and look at the port before and after: its counters then cover that time.

    None where the line has no port to ask.
    """
    if period.snmp_agent is None or period.snmp_interface is None:
        return meanwhile(), None
    peer = peer_of(loaded, period.snmp_agent)
    return asyncio.run(_with_port(peer, period.snmp_interface, meanwhile))


async def _with_port(peer: Peer, interface: str, meanwhile: Callable[[], T]) -> tuple[T, PortView]:
    async with _asker() as asker:
        device = Device(peer, [PortLine("", interface)], asker, time.monotonic)
        first = asyncio.create_task(_look(device))
        done = await asyncio.to_thread(meanwhile)
        view = await first
        if view.trouble is None:
            view = await _look(device)
        return done, view


async def _look(device: Device) -> PortView:
    interface, name = next(iter(device.ports)), device.peer.name
    try:
        polled = await device.poll(in_full=True)
    except AgentError as error:
        return PortView(name, interface, trouble=f"{error.trouble}: {error}")
    missing = device.ports[interface].trouble
    if missing is not None:
        return PortView(name, interface, trouble=f"{missing.trouble}: {missing}")
    return PortView(name, interface, _dated(polled[0]))


def _dated(polled: Polled) -> InterfaceStats:
    if polled.changed_s is None:
        return polled.stats
    return replace(polled.stats, last_change=(clock.now() - timedelta(seconds=polled.changed_s)).replace(microsecond=0))


def interfaces_of(peer: Peer) -> list[Interface]:
    """Return all interfaces of a device; raises `ProbeError`."""

    async def ask() -> list[Interface]:
        async with _asker() as asker:
            return await interfaces(asker, peer)

    try:
        return asyncio.run(ask())
    except AgentError as error:
        raise ProbeError(f"{peer.name}: {error.trouble}: {error}") from None


def answering(peers: Iterable[Peer]) -> list[tuple[Peer, str | None]]:
    """Return for each agent why it does not answer, None where it does; many are asked at once."""

    async def ask_all() -> list[tuple[Peer, str | None]]:
        bound = asyncio.Semaphore(_AT_ONCE)
        async with _asker() as asker:
            return await asyncio.gather(*(_asked(asker, peer, bound) for peer in peers))

    return asyncio.run(ask_all())


async def _asked(asker: Asker, peer: Peer, bound: asyncio.Semaphore) -> tuple[Peer, str | None]:
    async with bound:
        try:
            await asker.get(peer, [SYS_UPTIME])
        except AgentError as error:
            return peer, f"{error.trouble}: {error}"
        return peer, None


@asynccontextmanager
async def _asker() -> AsyncIterator[PysnmpAsker]:
    asker = PysnmpAsker()
    try:
        yield asker
    finally:
        await asker.close()
