"""All interfaces of a device, for people who write an inventory."""

from __future__ import annotations

from dataclasses import dataclass

from slamon.probes.snmp.asking import Asker, Peer, Value
from slamon.probes.snmp.naming import walk
from slamon.probes.snmp.objects import (
    ADMIN,
    ADMIN_WORDS,
    ALIAS,
    DESCR,
    HIGH_SPEED,
    NAME,
    OPER,
    OPER_WORDS,
)
from slamon.probes.snmp.values import count, text


@dataclass(frozen=True, slots=True)
class Interface:
    """One row of a device's interface table; unknown is None."""

    index: int
    name: str | None
    alias: str | None
    descr: str | None
    speed_mbps: int | None
    admin: str | None
    oper: str | None

    @property
    def called(self) -> str:
        """Return what an inventory calls it by: ifName, else ifDescr."""
        return self.name or self.descr or ""


async def interfaces(asker: Asker, peer: Peer) -> list[Interface]:
    """Return a device's interfaces by ifIndex; raises `AgentError`."""
    names, aliases, descrs, speeds, admins, opers = await walk(
        asker, peer, (NAME, ALIAS, DESCR, HIGH_SPEED, ADMIN, OPER)
    )
    return [
        Interface(
            index,
            text(names.get(index)) or None,
            text(aliases.get(index)) or None,
            text(descrs.get(index)) or None,
            count(speeds.get(index)) or None,
            _word(ADMIN_WORDS, admins.get(index)),
            _word(OPER_WORDS, opers.get(index)),
        )
        for index in sorted(names.keys() | descrs.keys())
    ]


def _word(words: dict[int, str], value: Value) -> str | None:
    return words.get(value) if isinstance(value, int) else None
