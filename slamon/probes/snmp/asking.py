"""What polling needs of an SNMP library: values of objects, tables, and why there are none.

Another library can stand behind `Asker`; everything else here knows nothing of the one that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from slamon.config.credentials import SnmpCredential

Oid = tuple[int, ...]
# Numbers, texts and names of objects as they came; None where the agent has no such object.
Value = int | bytes | Oid | None


class Trouble(StrEnum):
    """Why an agent gave no values; none of these says anything about a line."""

    TIMEOUT = "timeout"
    ADDRESS = "address unknown"
    AUTH_KEY = "wrong authentication key"
    PRIV_KEY = "wrong privacy key"
    USER = "unknown user"
    LEVEL = "security level not accepted"
    CONTEXT = "unknown context"
    TIME_WINDOW = "not in time window"
    ACCESS = "access denied"
    TOO_BIG = "answer too big"
    STRANGER = "answer from another address"
    MALFORMED = "answer not understood"
    AGENT = "error at the agent"
    NO_INTERFACE = "no such interface"
    AMBIGUOUS = "interface named twice"


class AgentError(Exception):
    """An agent, or one of its interfaces, could not be read; its text says what to do and holds no secret.

    `number` is that of the object which the agent refused, from 1 on; 0 where it was not a single one.
    """

    def __init__(self, trouble: Trouble, text: str, number: int = 0) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.number = number


class TooBig(AgentError):
    """The answer does not fit into one message: ask for less at once."""

    def __init__(self) -> None:
        super().__init__(Trouble.TOO_BIG, "the answer does not fit into one message, even for a single object")


@dataclass(frozen=True, slots=True)
class Peer:
    """An agent as it is asked: where, and with which credential."""

    host: str
    port: int
    credential: SnmpCredential

    @property
    def name(self) -> str:
        """Return what the inventory calls it: ``edge@10.1.2.3:161``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.credential.name}@{host}:{self.port}"

    @property
    def deadline_s(self) -> float:
        """Return how long one question may take in all: each try, and what SNMPv3 needs to get acquainted."""
        tries = self.credential.retries + 1 + (2 if self.credential.version == "3" else 0)
        return tries * self.credential.timeout_ms / 1000 + 1.0


class Asker(Protocol):
    """Asks agents; one for all of them. Every call ends within the peer's deadline, or raises `AgentError`."""

    async def get(self, peer: Peer, oids: Sequence[Oid]) -> list[Value]:
        """Return the values in the order of the objects; raises `TooBig` where less has to be asked for."""

    async def following(self, peer: Peer, oids: Sequence[Oid], most: int) -> list[Mapping[Oid, Value]]:
        """Return up to `most` objects that follow each of `oids` (GETBULK); fewer at the end of what there is."""

    def forget(self, peer: Peer) -> None:
        """Let go of what is remembered of a peer."""

    async def close(self) -> None:
        """Let go of everything."""
