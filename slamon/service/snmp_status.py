"""Agents that do not answer and interfaces that cannot be found, as the ledger has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slamon.config import addresses
from slamon.service.site import Site
from slamon.service.snmp_watch import AGENT_ANSWERING, AGENT_SILENT, PORT_FOUND, PORT_MISSING, PROBER_LOST
from slamon.store.entry import Entry

STARTED = "service.started"
_KINDS = frozenset({STARTED, PROBER_LOST, AGENT_SILENT, AGENT_ANSWERING, PORT_MISSING, PORT_FOUND})


@dataclass(frozen=True, slots=True)
class SilentAgent:
    """An agent that gives no values since an instant; with `interface` it is that one that cannot be found there."""

    agent: str
    credential: str
    since: datetime
    reason: str
    detail: str
    lines: tuple[str, ...]
    line_count: int
    interface: str | None = None


def silent_agents(site: Site) -> tuple[SilentAgent, ...]:
    """Return the agents of today's inventory that are silent now; what was before the last start says nothing."""
    asked = {line.current.snmp_agent for line in site.loaded.inventory.lines.values()}
    found: dict[tuple[str, str | None], SilentAgent] = {}
    for entry in site.ledger.entries(kinds=_KINDS):
        if entry.kind in (STARTED, PROBER_LOST):
            found.clear()
            continue
        one = _agent(entry)
        key = (f"{one.credential}@{one.agent}", one.interface)
        if entry.kind in (AGENT_SILENT, PORT_MISSING):
            found[key] = one
        else:
            found.pop(key, None)
    names = {_written(text) for text in asked if text is not None}
    return tuple(one for (name, _), one in sorted(found.items(), key=lambda item: item[1].since) if name in names)


def _written(text: str) -> str:
    """Return an agent of the inventory with its port, as it is recorded."""
    credential, host, port = addresses.agent(text)
    return f"{credential}@[{host}]:{port}" if ":" in host else f"{credential}@{host}:{port}"


def _agent(entry: Entry) -> SilentAgent:
    said: Mapping[str, Any] = entry.payload
    return SilentAgent(
        str(said["agent"]),
        str(said["credential"]),
        entry.at,
        str(said.get("reason", "")),
        str(said.get("detail", "")),
        tuple(map(str, said["lines"])),
        int(said["line_count"]),
        said.get("interface"),
    )
