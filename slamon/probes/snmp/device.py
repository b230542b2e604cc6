"""One device and its ports, poll by poll.

A poll reads state and error counters of all ports in one message. It can only confirm what was there before:
whatever moved (a state, a counter of errors or discards) is read again in full within the same poll, with the port's
name, so that neither an outage nor an error is ever booked on a port that has another number by now (F12).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from slamon.core.reading import InterfaceStats, NamedValue
from slamon.probes.snmp.asking import AgentError, Asker, Peer, Trouble, Value
from slamon.probes.snmp.counting import (
    GAP,
    RENUMBERED,
    RESTARTED,
    Counts,
    Sample,
    difference,
    restarted,
    seconds_between,
)
from slamon.probes.snmp.naming import Place, entities, place, walk
from slamon.probes.snmp.objects import ADMIN_WORDS, NAMES, OPER_WORDS, TABLE_LAST_CHANGE
from slamon.probes.snmp.port_values import (
    State,
    age_s,
    changed_ticks,
    extra_oids,
    extras_of,
    full_oids,
    name_of,
    often_oids,
    sample_of,
    speed_of,
    state_of,
)
from slamon.probes.snmp.questions import Answers, Questions


@dataclass(frozen=True, slots=True)
class PortLine:
    """A line and the name of the interface by which it leaves the carrier."""

    line_id: str
    interface: str


@dataclass(frozen=True, slots=True)
class Polled:
    """What a line's port showed at a poll that ended `at_s` (monotonic); `changed_s` is the age of its state."""

    line_id: str
    at_s: float
    stats: InterfaceStats
    changed_s: float | None = None


@dataclass(slots=True)
class Port:
    """What is known of one interface; several lines may leave by it."""

    interface: str
    lines: list[str] = field(default_factory=list)
    place: Place | None = None
    trouble: AgentError | None = None
    state: State | None = None
    sample: Sample | None = None
    reseeded: str | None = None
    speed_mbps: float | None = None
    changed_ticks: int | None = None
    extras: tuple[NamedValue, ...] = ()
    read_s: float = 0.0

    def begin_anew(self, why: str) -> None:
        """Count from the next full reading on."""
        self.state, self.sample, self.reseeded = None, None, self.reseeded or why


class _Anew(Exception):
    """The agent restarted, or a number stands for another interface."""


class Device:
    """The ports of one agent; `poll` is called by one task at a time."""

    def __init__(self, peer: Peer, lines: Iterable[PortLine], asker: Asker, now: Callable[[], float]) -> None:
        self.peer = peer
        self.questions = Questions(asker, peer)
        self.ports: dict[str, Port] = {}
        self._asker, self._now = asker, now
        self._ticks: int | None = None
        self._polled_s = 0.0
        self._full_s: float | None = None
        self._walked_s: float | None = None
        self._table: Value = None
        self._table_changed = False
        self.adopt(lines)

    @property
    def lines(self) -> list[str]:
        """Return the lines whose ports are read here."""
        return sorted(line_id for port in self.ports.values() for line_id in port.lines)

    def adopt(self, lines: Iterable[PortLine]) -> None:
        """Read these lines' ports from now on; ports that stay keep what is known of them."""
        before, self.ports = self.ports, {}
        for line in lines:
            if line.interface not in self.ports:
                self.ports[line.interface] = before.get(line.interface, Port(line.interface))
                self.ports[line.interface].lines = []
            self.ports[line.interface].lines.append(line.line_id)
        if self.ports.keys() - before.keys():
            self._walked_s = None

    async def poll(self, *, in_full: bool = False) -> list[Polled]:
        """Return what the ports showed; raises `AgentError` where the agent showed nothing."""
        if in_full:
            self._full_s = None
        if self._ticks is not None and self._now() - self._polled_s > self._gap_s:
            self._begin_anew(GAP)
        if self._unplaced and self._due(self._walked_s):
            await self._resolve()
        try:
            return await self._look()
        except _Anew:
            await self._resolve()
        try:
            return await self._read_in_full(self._standing, whole=True)
        except _Anew:
            raise AgentError(Trouble.AGENT, "its interface table does not hold still") from None

    @property
    def _gap_s(self) -> float:
        return 2 * self.peer.credential.interval_s + self.peer.deadline_s

    @property
    def _standing(self) -> list[tuple[Port, Place]]:
        return [(port, port.place) for port in self.ports.values() if port.place is not None]

    @property
    def _unplaced(self) -> bool:
        return any(port.place is None for port in self.ports.values())

    def _due(self, done_s: float | None) -> bool:
        return done_s is None or self._now() - done_s >= self.peer.credential.slow_interval_s

    def _begin_anew(self, why: str) -> None:
        self._ticks = self._full_s = None
        self.questions.forget()
        for port in self.ports.values():
            port.begin_anew(why)

    async def _resolve(self) -> None:
        """Find out where the interfaces stand now."""
        table = await walk(self._asker, self.peer, NAMES)
        by_entity = any(extra.index == "entity" for extra in self.peer.credential.extras)
        parts = await entities(self._asker, self.peer) if by_entity else {}
        self._walked_s, self._table_changed = self._now(), False
        for port in self.ports.values():
            before = port.place
            try:
                found = place(port.interface, table)
                port.place, port.trouble = replace(found, entity=parts.get(found.index)), None
            except AgentError as error:
                port.place, port.trouble = None, error
            if before is not None and (port.place is None or before.index != port.place.index):
                port.begin_anew(RENUMBERED)

    async def _look(self) -> list[Polled]:
        """Read what is due; raises `_Anew`."""
        standing = self._standing
        if self._due(self._full_s):
            if self._table_changed and self._due(self._walked_s):
                raise _Anew
            return await self._read_in_full(standing, whole=True)
        answers = await self.questions.ask([TABLE_LAST_CHANGE, *often_oids(where for _, where in standing)])
        self._check_clock(answers)
        self._note(answers)
        if self._table_changed:
            return await self._read_in_full(standing, whole=True)
        moved = [(port, where) for port, where in standing if state_of(answers, where.index) != port.state]
        places = {where.index for _, where in moved}
        found = [one for port, where in standing if where.index not in places for one in self._unmoved(port, answers)]
        if moved:
            found += await self._read_in_full(moved, whole=False)
        return found

    def _check_clock(self, answers: Answers) -> None:
        if answers.last_ticks < answers.first_ticks or (
            self._ticks is not None and restarted(self._ticks, self._polled_s, answers.first_ticks, self._now())
        ):
            self._begin_anew(RESTARTED)
            raise _Anew

    def _note(self, answers: Answers) -> None:
        table = answers[TABLE_LAST_CHANGE]
        self._table_changed |= self._ticks is not None and table != self._table
        self._ticks, self._polled_s, self._table = answers.last_ticks, self._now(), table

    async def _read_in_full(self, ports: Sequence[tuple[Port, Place]], *, whole: bool) -> list[Polled]:
        """Read everything of ports; raises `_Anew` where one of them has another name, or the agent restarted."""
        places, extras = [where for _, where in ports], self.peer.credential.extras
        oids = [TABLE_LAST_CHANGE, *full_oids(places), *extra_oids(places, extras)]
        answers = await self.questions.ask(oids)
        self._check_clock(answers)
        if any(name_of(answers, where) != where.name for where in places):
            raise _Anew
        self._note(answers)
        if whole:
            self._full_s = self._now()
        return [one for port, where in ports for one in self._taken(port, where, answers)]

    def _taken(self, port: Port, where: Place, answers: Answers) -> list[Polled]:
        """Take the full reading of a port."""
        now, before = sample_of(answers, where.index, self._now()), port.sample
        counted = difference(before, now) if before is not None else port.reseeded
        port.state, port.sample, port.read_s = state_of(answers, where.index), now, self._now()
        port.speed_mbps, port.changed_ticks = speed_of(answers, where.index), changed_ticks(answers, where.index)
        port.extras = extras_of(answers, where, self.peer.credential.extras)
        port.reseeded = None
        if isinstance(counted, Counts) and before is not None:
            return self._polled(port, answers, counted, seconds=seconds_between(before, now))
        return self._polled(port, answers, Counts(), reseeded=counted if isinstance(counted, str) else None)

    def _unmoved(self, port: Port, answers: Answers) -> list[Polled]:
        """Take a reading in which a port's state and errors are what they were."""
        if self._now() - port.read_s > 2 * self.peer.credential.slow_interval_s + self.peer.deadline_s:
            port.speed_mbps, port.extras = None, ()
        known = port.sample.counts if port.sample is not None else Counts()
        none = Counts(*(None if value is None else 0 for value in _errors(known)))
        return self._polled(port, answers, none)

    def _polled(
        self, port: Port, answers: Answers, counts: Counts, *, seconds: float | None = None, reseeded: str | None = None
    ) -> list[Polled]:
        admin, oper, *_ = port.state or (None, None)
        stats = InterfaceStats(
            ADMIN_WORDS.get(admin) if isinstance(admin, int) else None,
            OPER_WORDS.get(oper) if isinstance(oper, int) else None,
            port.speed_mbps,
            counts.in_errors,
            counts.out_errors,
            counts.in_packets,
            counts.out_packets,
            counts.in_octets,
            counts.out_octets,
            counts.in_discards,
            counts.out_discards,
            seconds=seconds,
            reseeded=reseeded,
            extras=port.extras,
        )
        changed_s = age_s(port.changed_ticks, answers.last_ticks)
        return [Polled(line_id, self._now(), stats, changed_s) for line_id in port.lines]


def _errors(counts: Counts) -> tuple[int | None, ...]:
    return counts.in_errors, counts.out_errors, counts.in_discards, counts.out_discards
