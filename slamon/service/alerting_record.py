"""What was told, acknowledged and overridden, as entries of the ledger and back; people stand there by id alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from slamon.core.alerting.facts import Condition, Reason
from slamon.core.alerting.people import Override
from slamon.core.alerting.telling import Ack, Cause, Told
from slamon.core.timespan import iso, parse_iso
from slamon.service import alerting_attempts
from slamon.store import filed
from slamon.store.entry import Draft, Entry

DECIDED = "notification.decided"
OVERRIDDEN = "oncall.overridden"

# Kinds of entries that begin and end a condition of the monitor: reason, what ends it, where the subject stands.
_BEGINS: dict[str, tuple[Reason, str]] = {
    "vantage.reference_lost": (Reason.BLIND_VANTAGE, ""),
    "agent.silent": (Reason.AGENT_SILENT, "agent"),
    "delivery.backlog": (Reason.DELIVERY_BACKLOG, "sink"),
}
_ENDS: dict[str, tuple[Reason, str]] = {
    "vantage.reference_back": (Reason.BLIND_VANTAGE, ""),
    "agent.answering": (Reason.AGENT_SILENT, "agent"),
    "delivery.recovered": (Reason.DELIVERY_BACKLOG, "sink"),
}
_OF_CHANNELS = frozenset({alerting_attempts.SENT, alerting_attempts.DEAD, alerting_attempts.LOW})
CONDITION_KINDS = frozenset({*_BEGINS, *_ENDS, *_OF_CHANNELS})
KINDS = CONDITION_KINDS | {DECIDED, OVERRIDDEN, filed.ACKED}


def told_draft(told: Told) -> Draft:
    """Return the entry of one decision to speak."""
    payload = {
        "reason": told.reason.value,
        "subjects": list(told.subjects),
        "cause": {
            "id": told.cause.id,
            "keys": sorted(told.cause.keys),
            "began": iso(told.cause.began),
            "joined": iso(told.cause.joined),
        },
        "chain": told.chain,
        "step": told.step,
        "persons": list(told.persons),
        "effective": iso(told.effective),
        "degraded": list(told.degraded),
        "marks": [list(mark) for mark in told.marks],
        "window": told.window,
        "over": told.over,
        "weight": told.weight,
    }
    return Draft(DECIDED, told.at, payload, subject=told.subjects[0] if told.subjects else None)


def told_of(entry: Entry) -> Told:
    """Return the decision that an entry records."""
    payload: dict[str, Any] = entry.payload
    cause = payload["cause"]
    return Told(
        reason=Reason(payload["reason"]),
        at=entry.at,
        subjects=tuple(payload["subjects"]),
        cause=Cause(cause["id"], frozenset(cause["keys"]), parse_iso(cause["began"]), parse_iso(cause["joined"])),
        chain=payload["chain"],
        step=payload["step"],
        persons=tuple(payload["persons"]),
        effective=parse_iso(payload["effective"]),
        degraded=tuple(payload["degraded"]),
        marks=tuple((mark[0], mark[1]) for mark in payload["marks"]),
        window=payload["window"],
        over=payload["over"],
        weight=payload["weight"],
    )


def ack_of(entry: Entry) -> Ack:
    """Return the acknowledgement that an entry records."""
    until = entry.payload.get("until")
    return Ack(entry.subject or "", entry.at, entry.by_name, None if until is None else parse_iso(str(until)))


def override_draft(override: Override, at: datetime, why: str) -> Draft:
    """Return the entry by which somebody stands in on a rota."""
    payload = {"person": override.person, "from": iso(override.start), "to": iso(override.end)}
    return Draft(OVERRIDDEN, at, payload, subject=override.rota, why=why)


def override_of(entry: Entry) -> Override:
    """Return who stands in, as an entry says."""
    payload: dict[str, Any] = entry.payload
    start, end = parse_iso(payload["from"]), parse_iso(payload["to"])
    return Override(entry.subject or "", payload["person"], start, end, entry.seq)


class Conditions:
    """What is wrong with the monitor itself, as entries tell it one after the other."""

    def __init__(self) -> None:
        self._found: dict[tuple[Reason, str], Condition] = {}
        self._low: dict[str, bool] = {}

    def follow(self, entries: Iterable[Entry]) -> bool:
        """Take note of entries; tell whether any mattered."""
        before = dict(self._found)
        for entry in entries:
            if entry.kind in _BEGINS:
                reason, key = _BEGINS[entry.kind]
                self._begin(reason, _subject(entry, key), entry.at)
            elif entry.kind in _ENDS:
                reason, key = _ENDS[entry.kind]
                self._end(reason, _subject(entry, key), entry.at)
            elif entry.kind in _OF_CHANNELS:
                self._of_channel(entry.kind, entry.payload, entry.at)
        return before != self._found

    def standing(self, kind: Reason, subject: str, since: datetime | None, at: datetime) -> bool:
        """Say that a condition holds since an instant (None: not, or no more); tell whether that is news."""
        before = self._found.get((kind, subject))
        if since is not None:
            self._begin(kind, subject, since)
        else:
            self._end(kind, subject, at)
        return before != self._found.get((kind, subject))

    def _of_channel(self, kind: str, payload: Mapping[str, Any], at: datetime) -> None:
        channel = str(payload.get("channel", ""))
        if kind == alerting_attempts.DEAD:
            # That the news of a dead letter could not be delivered is no further news.
            if payload.get("reason") != Reason.DELIVERY_BACKLOG.value:
                self._begin(Reason.DELIVERY_BACKLOG, channel, at)
        elif kind == alerting_attempts.LOW:
            self._low[channel] = True
            self._begin(Reason.DELIVERY_BACKLOG, f"{channel}:balance", at)
        else:
            self._end(Reason.DELIVERY_BACKLOG, channel, at)
            if not self._low.pop(channel, False):  # each send that finds the balance low says so right after
                self._end(Reason.DELIVERY_BACKLOG, f"{channel}:balance", at)

    def _begin(self, kind: Reason, subject: str, at: datetime) -> None:
        found = self._found.get((kind, subject))
        if found is None or found.until is not None:
            self._found[kind, subject] = Condition(kind, subject, at)

    def _end(self, kind: Reason, subject: str, at: datetime) -> None:
        found = self._found.get((kind, subject))
        if found is not None and found.until is None:
            self._found[kind, subject] = Condition(kind, subject, found.since, max(at, found.since), found.number)

    def all(self, over_since: datetime) -> tuple[Condition, ...]:
        """Return the conditions that hold, and those that ended since an instant; older ones are forgotten."""
        old = [key for key, one in self._found.items() if one.until is not None and one.until < over_since]
        for key in old:
            del self._found[key]
        return tuple(self._found.values())


def _subject(entry: Entry, key: str) -> str:
    return str(entry.payload.get(key, "")) if key else entry.writer
