"""One attempt to deliver: what is handed to a channel, and how its answer stands in the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from slamon.alerting.channel import Answer, Parcel
from slamon.alerting.pace import Next, Step
from slamon.store.entry import Draft
from slamon.store.outbox import Letter

SENT = "notification.sent"
FAILED = "notification.failed"
DEAD = "notification.dead"
LOW = "notification.low_balance"
ATTEMPTS = frozenset({SENT, FAILED, DEAD})


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody is reached on a channel; None where the channel knows by itself."""

    to: str | None = field(default=None, repr=False)
    consent: bool = True


# The address of a person on a channel, None where the person has none there (any more).
Addresses = Callable[[str, str], Address | None]


def month_of(at: datetime) -> str:
    """Return the month under which sending is counted, in UTC as the ledger's times are."""
    return f"{at:%Y-%m}"


def parcel_of(letter: Letter, address: Address) -> Parcel:
    """Return a letter as its channel gets it."""
    head, text = letter.head, letter.text
    return Parcel(
        key=letter.key,
        title=str(text.get("title", "")),
        body=str(text.get("body", "")),
        short=str(text.get("short", "")),
        to=address.to,
        reason=str(head.get("reason", "")),
        lines=tuple(head.get("lines", ())),
        consent=address.consent,
        urgent=bool(head.get("urgent", True)),
    )


def attempt_draft(letter: Letter, answer: Answer, found: Step, at: datetime) -> Draft:
    """Return the entry of one attempt: who (by id), how, what was answered (in our words), and what follows."""
    kind = SENT if found.what is Next.DONE else DEAD if found.what is Next.DEAD else FAILED
    payload: dict[str, object] = {
        "key": letter.key,
        "reason": letter.head.get("reason"),
        "person": letter.head.get("person"),
        "cause": letter.head.get("cause"),
        "channel": letter.channel,
        "leg": letter.leg,
        "attempt": letter.tries,
        "answer": answer.said,
    }
    if kind == FAILED:
        payload["next"] = found.what.value
    if answer.segments:
        payload |= {"segments": answer.segments, "cost": str(answer.cost)}
    return Draft(kind, at, payload, subject=letter.head.get("subject"))
