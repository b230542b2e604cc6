"""What polling hands on: what ports showed, and which agents or interfaces could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from slamon.probes.snmp.asking import Trouble
from slamon.probes.snmp.device import Polled


@dataclass(frozen=True, slots=True)
class AgentNews:
    """An agent fell silent (`trouble` says why) or answers again; `at_s` is monotonic."""

    agent: str
    credential: str
    at_s: float
    lines: tuple[str, ...]
    trouble: Trouble | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PortNews:
    """An interface cannot be found at an agent that answers, or was found again."""

    agent: str
    credential: str
    at_s: float
    lines: tuple[str, ...]
    interface: str
    trouble: Trouble | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PollHealth:
    """How polling fares: counters since its start; `lag_max_s` is the longest lateness since the last word."""

    at_s: float
    agents: int = 0
    silent: int = 0
    polls: int = 0
    failed: int = 0
    confirmed: int = 0
    strangers: int = 0
    traps: int = 0
    traps_unknown: int = 0
    traps_dropped: int = 0
    lag_max_s: float = 0.0


News = AgentNews | PortNews | PollHealth | tuple[Polled, ...]
