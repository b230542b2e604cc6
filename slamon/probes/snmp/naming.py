"""From the interface's name in the inventory to its number at the device (F12).

Numbers (ifIndex) may change at each restart; names, aliases and descriptions are what people wired lines by.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slamon.config.problems import did_you_mean, quoted
from slamon.probes.snmp.asking import AgentError, Asker, Oid, Peer, TooBig, Trouble, Value
from slamon.probes.snmp.objects import ENTITY_ALIAS, IF_INDEX, NAME_WORDS, NAMES
from slamon.probes.snmp.values import text

_REPETITIONS = 25
_SURELY_FIT = 2
_WALK_S = 60.0
_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where an interface stands at its device now, the column that names it, its part (entPhysicalIndex) if known."""

    index: int
    column: Oid
    name: str
    entity: int | None = None


async def walk(asker: Asker, peer: Peer, columns: Sequence[Oid]) -> list[dict[int, Value]]:
    """Return columns of the interface table, each by ifIndex; raises `AgentError`.

    It ends within a minute, whatever the device answers: rows that do not increase end their column.
    """
    try:
        return await asyncio.wait_for(_walk(asker, peer, columns), _WALK_S)
    except TimeoutError:
        raise AgentError(Trouble.TIMEOUT, f"its interface table was not read within {_WALK_S:g} s") from None


async def _walk(asker: Asker, peer: Peer, columns: Sequence[Oid]) -> list[dict[int, Value]]:
    found: list[dict[int, Value]] = [{} for _ in columns]
    last = dict(enumerate(columns))
    most = _REPETITIONS
    while last:
        numbers = list(last)
        try:
            came = await asker.following(peer, [last[number] for number in numbers], most)
        except TooBig:
            if most == 1:
                raise
            most = max(1, most // 2)
            continue
        except AgentError as error:
            if error.trouble is not Trouble.TIMEOUT or most <= _SURELY_FIT:
                raise
            most = _SURELY_FIT  # long answers may be lost on the way
            continue
        for number, rows in zip(numbers, came, strict=True):
            after = _take(columns[number], last[number], rows, found[number])
            if after is None or len(found[number]) >= _ROWS:
                del last[number]
            else:
                last[number] = after
    return found


async def entities(asker: Asker, peer: Peer) -> dict[int, int]:
    """Return the entPhysicalIndex of each ifIndex, as far as the device maps them; raises `AgentError`."""
    try:
        return await asyncio.wait_for(_entities(asker, peer), _WALK_S)
    except TimeoutError:
        raise AgentError(Trouble.TIMEOUT, f"its table of entities was not read within {_WALK_S:g} s") from None


async def _entities(asker: Asker, peer: Peer) -> dict[int, int]:
    found: dict[int, int] = {}
    last: Oid | None = ENTITY_ALIAS
    while last is not None and len(found) < _ROWS:
        (rows,) = await asker.following(peer, [last], _REPETITIONS)
        before, last = last, None
        for oid, value in rows.items():
            if oid[: len(ENTITY_ALIAS)] != ENTITY_ALIAS or oid <= before:
                return found
            if isinstance(value, tuple) and value[:-1] == IF_INDEX:
                found[value[-1]] = oid[len(ENTITY_ALIAS)]
            before = last = oid
    return found


def _take(column: Oid, last: Oid, rows: Mapping[Oid, Value], found: dict[int, Value]) -> Oid | None:
    """Take rows of one column; return where to go on, None at its end."""
    if not rows:
        return None
    for oid, value in rows.items():
        if oid[:-1] != column or oid <= last or value is None:
            return None
        found[oid[-1]] = value
        last = oid
    return last


def place(wanted: str, table: Sequence[Mapping[int, Value]]) -> Place:
    """Return where a name stands in columns of `NAMES`; raises `AgentError` where it stands nowhere or twice."""
    for column, values in zip(NAMES, table, strict=True):
        indexes = [index for index, value in values.items() if text(value) == wanted]
        if len(indexes) > 1:
            word, shown = NAME_WORDS[column], ", ".join(map(str, sorted(indexes)[:5]))
            hint = "name it by ifName in the inventory, or give each port an alias of its own"
            raise AgentError(Trouble.AMBIGUOUS, f"{word} {quoted(wanted)} stands at ifIndex {shown}; {hint}")
        if indexes:
            return Place(indexes[0], column, wanted)
    names = {name for values in table for value in values.values() if (name := text(value))}
    hint = did_you_mean(wanted, names) or f"`slamon snmp interfaces` lists its {len(table[0]) or len(table[-1])}"
    raise AgentError(Trouble.NO_INTERFACE, f"no interface is called {quoted(wanted)}; {hint}")
