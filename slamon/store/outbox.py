"""What is to be sent to people, until it was: claimed once, sent at least once, in order per sequence.

A row is `waiting` until somebody claims it, `claimed` while he holds the lease, and in the end `sent` or `dead`. A
claim whose lease has run out (the holder was killed) is there to be claimed again: the same row, hence the same key.
Of one sequence (a person and an incident) only the oldest unfinished row can be claimed. What a row says is sealed as
personal texts are, and gone once it is finished; the row stays a while, so that its key cannot be queued again.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, or_, select, update

from slamon.core.timespan import from_micros, micros
from slamon.store import sqlite
from slamon.store.errors import LedgerDamaged, NotReadable
from slamon.store.ledger import Transaction
from slamon.store.personal import closed, opened
from slamon.store.reads import Reads
from slamon.store.schema import channel_month, outbox

WAITING, CLAIMED, SENT, DEAD = "waiting", "claimed", "sent", "dead"
KEPT = timedelta(days=40)

_row = outbox.c
_earlier = outbox.alias("earlier")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one receiver, on its way.

    `route` are the channels to try in turn, `leg` counts the changes from one to the next (round and round), `tries`
    those on this leg; `refused` are the channels that said never. `head` is for the record and names nobody but by
    id; `text` is what the receiver reads. `held_until` keeps it back over quiet hours: it counts as queued then.
    """

    key: str
    sequence: str
    route: tuple[str, ...]
    head: Mapping[str, Any]
    text: Mapping[str, Any]
    rank: int = 0
    leg: int = 0
    tries: int = 0
    refused: frozenset[str] = frozenset()
    queued_at: datetime | None = None
    held_until: datetime | None = None
    number: int = 0

    @property
    def channel(self) -> str:
        return self.route[self.leg % len(self.route)]


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits: how many by channel, since when the oldest; and how many were given up lately."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    oldest: datetime | None = None
    dead: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What a month's sending on a channel came to."""

    messages: int = 0
    segments: int = 0
    cost: Decimal = Decimal(0)


def queue(held: Transaction, letters: Sequence[Letter], at: datetime) -> list[str]:
    """Put letters into the box; return the keys of those that were not there before."""
    new: list[str] = []
    for letter in letters:
        known = held.execute(select(_row.id).where(_row.key == letter.key)).first()
        if known is None:
            if letter.held_until is None:
                _wake(held, letter.sequence, at)
            held.execute(sqlite.insert_new(outbox).values(**_columns(held, letter, at)))
            new.append(letter.key)
    return new


def _wake(held: Transaction, sequence: str, at: datetime) -> None:
    """Hold back no more of a sequence what was held: something that cannot wait comes after it, in this order."""
    asleep = and_(_row.sequence == sequence, _row.state == WAITING, _row.leg == 0, _row.tries == 0)
    later = and_(asleep, _row.due_us > micros(at))
    held.execute(update(outbox).where(later).values(due_us=micros(at), queued_us=micros(at)))


def _columns(held: Transaction, letter: Letter, at: datetime) -> dict[str, object]:
    due = max(at, letter.held_until or at)
    data, coding = closed(held.seal, letter.key, json.dumps(letter.text, ensure_ascii=False))
    head = {"route": letter.route, "refused": sorted(letter.refused), **letter.head}
    return {
        "key": letter.key,
        "sequence": letter.sequence,
        "state": WAITING,
        "rank": letter.rank,
        "channel": letter.channel,
        "leg": letter.leg,
        "tries": letter.tries,
        "due_us": micros(due),
        "queued_us": micros(letter.queued_at or due),
        "head": json.dumps(head, ensure_ascii=False),
        "data": data,
        "coding": coding,
    }


def claim(held: Transaction, channel: str, at: datetime, lease: timedelta) -> Letter | None:
    """Take the most urgent letter that is due on a channel and whose predecessors are finished, None where none is.

    Whoever takes it has it until the lease ends; `tries` counts this one already.
    """
    now = micros(at)
    free = or_(
        and_(_row.state == WAITING, _row.due_us <= now),
        and_(_row.state == CLAIMED, _row.lease_us <= now),
    )
    unfinished = _earlier.c.state.in_((WAITING, CLAIMED))
    before = exists().where(_earlier.c.sequence == _row.sequence, _earlier.c.id < _row.id, unfinished)
    wanted = select(outbox).where(_row.channel == channel, free, ~before).order_by(_row.rank.desc(), _row.id).limit(1)
    found = held.execute(wanted).first()
    if found is None:
        return None
    taken = {"state": CLAIMED, "lease_us": micros(at + lease), "tries": found.tries + 1}
    held.execute(update(outbox).where(_row.id == found.id).values(**taken))
    return _letter(held, found, found.tries + 1)


def _letter(held: Transaction, row: Any, tries: int) -> Letter:  # noqa: ANN401 - a row of SQLAlchemy's
    head = json.loads(row.head)
    return Letter(
        key=row.key,
        sequence=row.sequence,
        route=tuple(head.pop("route")),
        refused=frozenset(head.pop("refused")),
        head=head,
        text=_text(held, row, head),
        rank=row.rank,
        leg=row.leg,
        tries=tries,
        queued_at=from_micros(row.queued_us),
        number=row.id,
    )


def _text(held: Transaction, row: Any, head: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """Return what a letter says; without its key, what its head does: that something happened must be told."""
    try:
        found: dict[str, Any] = json.loads(opened(held.seal, row.key, row.data, row.coding))
    except (NotReadable, LedgerDamaged):
        title = " ".join(["slamon:", str(head.get("reason", "")), *map(str, head.get("lines", ())[:10])])
        body = "The words of this message are sealed with a key that is gone; see `slamon incident list --open`."
        return {"title": title, "body": body, "short": title}
    return found


def finish(held: Transaction, letter: Letter, *, sent: bool) -> None:
    """Be done with a letter: it was sent, or given up. What it said is erased."""
    with sqlite.overwriting(held.connection):
        done = {"state": SENT if sent else DEAD, "data": None, "lease_us": None, "channel": letter.channel}
        held.execute(update(outbox).where(_row.id == letter.number).values(**done))


def put_back(held: Transaction, letter: Letter, due: datetime) -> None:
    """Let a letter wait for its next try, on the channel of its leg."""
    head = {"route": letter.route, "refused": sorted(letter.refused), **letter.head}
    waiting = {
        "state": WAITING,
        "channel": letter.channel,
        "leg": letter.leg,
        "tries": letter.tries,
        "due_us": micros(due),
        "lease_us": None,
        "head": json.dumps(head, ensure_ascii=False),
    }
    held.execute(update(outbox).where(_row.id == letter.number).values(**waiting))


def release(held: Transaction, at: datetime, but: Collection[str] = ()) -> int:
    """Make claims free at once, but for these keys: for the only sender, who knows which of them nobody holds."""
    free = and_(_row.state == CLAIMED, _row.key.not_in(but))
    return held.execute(update(outbox).where(free).values(lease_us=micros(at))).rowcount


def reroute(held: Transaction, known: Sequence[str], at: datetime) -> list[Letter]:
    """Take all letters out of the way of channels that are configured no more; return those with no other way."""
    lost = []
    rows = held.execute(select(outbox).where(_row.state.in_((WAITING, CLAIMED)), _row.channel.not_in(known))).all()
    for row in rows:
        letter = _letter(held, row, row.tries)
        legs = [leg for leg in range(letter.leg, letter.leg + len(letter.route)) if _via(letter, leg) in known]
        if legs:
            put_back(held, replace(letter, leg=legs[0], tries=0), at)
        else:
            lost.append(letter)
    return lost


def _via(letter: Letter, leg: int) -> str:
    return letter.route[leg % len(letter.route)]


def next_due(reads: Reads, channel: str) -> datetime | None:
    """Return when something may have to be done on a channel, None where nothing is on its way there."""
    when = func.min(func.coalesce(_row.lease_us, _row.due_us))
    found = reads.fetch(select(when).where(_row.state.in_((WAITING, CLAIMED)), _row.channel == channel))
    return None if found[0][0] is None else from_micros(found[0][0])


def backlog(reads: Reads, since: datetime) -> Backlog:
    """Return what waits, and how many letters queued since an instant were given up."""
    unfinished = _row.state.in_((WAITING, CLAIMED))
    waiting = reads.fetch(
        select(_row.channel, func.count(), func.min(_row.queued_us)).where(unfinished).group_by(_row.channel)
    )
    dead = reads.fetch(select(func.count()).where(_row.state == DEAD, _row.queued_us >= micros(since)))
    oldest = min((row[2] for row in waiting), default=None)
    return Backlog({row[0]: row[1] for row in waiting}, None if oldest is None else from_micros(oldest), dead[0][0])


def forget(held: Transaction, at: datetime) -> None:
    """Forget letters that were finished long ago, and claims on their keys."""
    old = and_(_row.state.in_((SENT, DEAD)), _row.queued_us < micros(at - KEPT))
    held.execute(delete(outbox).where(old))


def spend(held: Transaction, channel: str, month: str, more: Spent) -> Spent:
    """Add to what a month's sending on a channel came to; return all of it."""
    before = spent(held, channel, month)
    total = Spent(before.messages + more.messages, before.segments + more.segments, before.cost + more.cost)
    row = {"messages": total.messages, "segments": total.segments, "cost": str(total.cost)}
    held.execute(sqlite.upsert(channel_month).values(channel=channel, month=month, **row))
    return total


def spendings(reads: Reads, month: str) -> dict[str, Spent]:
    """Return what a month's sending came to, by channel."""
    found = reads.fetch(select(channel_month).where(channel_month.c.month == month).order_by(channel_month.c.channel))
    return {row.channel: Spent(row.messages, row.segments, Decimal(row.cost)) for row in found}


def spent(reads: Reads, channel: str, month: str) -> Spent:
    """Return what a month's sending on a channel came to."""
    wanted: Select[Any] = select(channel_month).where(
        channel_month.c.channel == channel, channel_month.c.month == month
    )
    found = reads.fetch(wanted)
    return Spent(found[0].messages, found[0].segments, Decimal(found[0].cost)) if found else Spent()
