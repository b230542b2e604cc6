"""What every channel does: take a message, blocking, and say what became of it. Nothing raises for a failed delivery.

An answer goes on record, so it is told in our words: numbers and codes, never what a service wrote, which may repeat
a telephone number or a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class Outcome(StrEnum):
    """What became of a message."""

    SENT = "sent"
    LATER = "later"  # not now: busy, limited, unreachable
    NEVER = "never"  # this message, this way, will not be taken


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes along; only mail carries any."""

    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A message as a channel gets it.

    `key` is the same however often the message is sent. `short` is for where every character costs, `lines` and
    `reason` are for channels that must name nobody. `to` is the receiver's address on this channel, None where the
    channel has only one. `consent` says that the receiver agreed to be sent short messages.
    """

    key: str
    title: str
    body: str
    short: str = ""
    to: str | None = field(default=None, repr=False)
    reason: str = ""
    lines: tuple[str, ...] = ()
    consent: bool = True
    urgent: bool = True
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a message, and why in our words; `retry_after_s` is what the service asked for.

    `segments` and `cost` are what a short message came to; `low` is a balance that fell below what was configured.
    """

    outcome: Outcome
    said: str
    retry_after_s: float | None = None
    segments: int = 0
    cost: Decimal = Decimal(0)
    low: Decimal | None = None


class Channel(Protocol):
    """A way to reach people."""

    def send(self, parcel: Parcel) -> Answer:
        """Send a message, blocking for no longer than the channel's timeout, give or take."""


def sent(said: str) -> Answer:
    """Return that the service took it."""
    return Answer(Outcome.SENT, said)


def later(said: str, retry_after_s: float | None = None) -> Answer:
    """Return that it is worth another try."""
    return Answer(Outcome.LATER, said, retry_after_s)


def never(said: str) -> Answer:
    """Return that another try is in vain."""
    return Answer(Outcome.NEVER, said)


def attempt(channel: Channel, parcel: Parcel) -> Answer:
    """Send a message; a defect of a channel, or of a library below it, is a failed try like any other."""
    try:
        return channel.send(parcel)
    except Exception as error:  # noqa: BLE001 - any failure here is a message not delivered; its text may hold a secret
        return later(f"failed: {type(error).__name__}")


def worst(answers: list[Answer]) -> Answer:
    """Return what became of a message that went in parts: it is sent when all of them are."""
    ranked = (Outcome.SENT, Outcome.LATER, Outcome.NEVER)
    return max(answers, key=lambda answer: ranked.index(answer.outcome))
