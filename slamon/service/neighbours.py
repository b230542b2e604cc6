"""What stands on record around a line: lines that hang on the same thing, troubles of the vantage (`core.location`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from slamon.core.inventory import Period
from slamon.core.location import Group, Vicinity
from slamon.core.timeline import Measured
from slamon.service.site import Site
from slamon.store.measured import OPENED
from slamon.store.reads import Reads

TROUBLES: Mapping[str, str] = {
    "vantage.reference_lost": "all reference targets were lost",
    "vantage.link_down": "its own link was down",
    "vantage.overload": "it was overloaded",
    "vantage.socket_drops": "its socket dropped replies",
}
ASKED_AT_ONCE = 500  # lines of one group whose alarms are looked up by themselves; beyond, all alarms are read once


class Neighbours:
    """The groups of all lines of a site, by today's inventory; alarms are read when they are first asked for."""

    def __init__(self, site: Site, reads: Reads) -> None:
        self._site = site
        self._reads = reads
        self._groups: dict[str, Group] = {}

    def read(self) -> None:
        """Read every alarm now: processes that are forked afterwards share what was read."""
        _ = self._all, self._troubles, self._members

    def around(self, line_id: str, measured: Measured) -> Measured:
        """Return a line's record with what is on record around it; one without an episode needs none."""
        if not measured.episodes:
            return measured
        period = self._site.lines[line_id].current
        credential = self._site.loaded.settings.snmp.get((period.snmp_agent or "").partition("@")[0])
        vicinity = Vicinity(
            groups=tuple(self._group(name) for name in _names(period) if len(self._members[name]) > 1),
            troubles=self._troubles,
            paths=measured.vicinity.paths,
            agent=_device(period),
            port_interval_s=60.0 if credential is None else credential.interval_s,
        )
        return replace(measured, vicinity=vicinity)

    @cached_property
    def _members(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for line_id, line in self._site.lines.items():
            for name in _names(line.current):
                found[name].append(line_id)
        return found

    @cached_property
    def _troubles(self) -> list[tuple[datetime, str]]:
        return sorted((at, said) for kind, said in TROUBLES.items() for at, _ in self._reads.times(kind))

    @cached_property
    def _all(self) -> dict[str, list[tuple[datetime, str]]]:
        """The alarms of all groups, by name."""
        found: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
        for at, line_id in self._reads.times(OPENED):
            line = self._site.lines.get(line_id)
            for name in () if line is None else _names(line.current):
                found[name].append((at, line_id))
        return found

    def _group(self, name: str) -> Group:
        if name not in self._groups:
            members = self._members[name]
            few = "_all" not in self.__dict__ and len(members) <= ASKED_AT_ONCE
            alarms = self._reads.times(OPENED, members) if few else self._all.get(name, [])
            self._groups[name] = Group(name, len(members), alarms)
        return self._groups[name]


def _names(period: Period) -> list[str]:
    device = _device(period)
    named = [("upstream", period.upstream), ("device", device)]
    return [f"{kind} {name}" for kind, name in named if name]


def _device(period: Period) -> str | None:
    """Return the address of the device of a line's port."""
    if period.snmp_agent is None:
        return None
    address = period.snmp_agent.rpartition("@")[2]
    host, colon, port = address.rpartition(":")
    return host.strip("[]") if colon and port.isdigit() and (":" not in host or host.endswith("]")) else address
