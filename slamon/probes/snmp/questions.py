"""Many objects of one agent in as few messages as it takes: one, as long as the answer fits (tooBig halves it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slamon.probes.snmp.asking import AgentError, Asker, Oid, Peer, TooBig, Trouble, Value
from slamon.probes.snmp.objects import SYS_UPTIME

_SURELY_FIT = 8  # objects of which no answer is too long for any path
_REFUSED_AT_MOST = 50  # objects of an agent that fails as a whole over each of them


@dataclass(slots=True)
class Answers:
    """Values of one pass, and the agent's own clock as it stood at the first and at the last message."""

    values: dict[Oid, Value]
    first_ticks: int = 0
    last_ticks: int = 0

    def __getitem__(self, oid: Oid) -> Value:
        return self.values.get(oid)


class Questions:
    """Asks one agent; remembers how much it answers at once."""

    def __init__(self, asker: Asker, peer: Peer) -> None:
        self._asker, self.peer = asker, peer
        self.most = peer.credential.max_objects
        self._proven = 0
        self._refused: set[Oid] = set()
        self.messages = 0

    async def ask(self, oids: Sequence[Oid]) -> Answers:
        """Return the values of objects, each message with the agent's clock beside them; raises `AgentError`."""
        answers, at = Answers({}), 0
        oids = [oid for oid in oids if oid not in self._refused]
        while at < len(oids) or not answers.values:
            part = oids[at : at + self.most - 1]
            try:
                values = await self._get([SYS_UPTIME, *part])
            except TooBig:
                if not part:
                    raise
                self.most = max(2, (len(part) + 1) // 2)
                if len(part) == 1:
                    answers.values[part[0]] = None  # an object that fits into no message is one we do not have
                    at += 1
                continue
            except AgentError as error:
                # Some agents fail over one object instead of saying that they lack it (RFC 3416, 4.2.1).
                if not 2 <= error.number <= len(part) + 1 or len(self._refused) >= _REFUSED_AT_MOST:
                    raise
                self._refused.add(part[error.number - 2])
                oids = [oid for oid in oids if oid not in self._refused]
                continue
            ticks = values[0]
            if not isinstance(ticks, int):
                raise AgentError(
                    Trouble.ACCESS, "it does not show its sysUpTime; give us a view of SNMPv2-MIB and IF-MIB"
                )
            answers.first_ticks = ticks if at == 0 else answers.first_ticks
            answers.last_ticks = ticks
            answers.values |= dict(zip([SYS_UPTIME, *part], values, strict=True))
            at += len(part)
        return answers

    def forget(self) -> None:
        """Try again what was refused: the agent may have begun another life."""
        self._refused.clear()

    async def _get(self, oids: Sequence[Oid]) -> list[Value]:
        self.messages += 1
        try:
            values = await self._asker.get(self.peer, oids)
        except TooBig:
            raise
        except AgentError as error:
            if error.trouble is not Trouble.TIMEOUT or len(oids) <= max(self._proven, _SURELY_FIT):
                raise
            # Long answers may be lost on the way (fragments are filtered), or the agent may drop what it cannot fit.
            await self._asker.get(self.peer, [SYS_UPTIME])
            raise TooBig from None
        self._proven = max(self._proven, len(oids))
        return values
