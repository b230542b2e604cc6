"""Incidents and what belongs to them as JSON objects: public names, public order, nothing computed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from slamon.core import timespan
from slamon.core.case import Credit
from slamon.core.exclusion import Adjudged
from slamon.core.facts import Complaint
from slamon.core.incident import Notice
from slamon.core.slaclock import Clock
from slamon.core.statement import IncidentStatement

from .texts import days, money

Object = dict[str, Any]  # enums of the core are strings already, so they stand in it as they are

# An incident names the same few instants again and again: ends of segments, of clocks, its own.
iso = lru_cache(maxsize=1024)(timespan.iso)


def incident_object(statement: IncidentStatement) -> Object:
    """Return one incident, restored or pending."""
    incident = statement.incident
    return {
        "incident_id": incident.id,
        "number": incident.number,
        "state": incident.state,
        "category": incident.category,
        "responsibility": incident.responsibility,
        "evidence": list(incident.evidence),
        "onset": iso(incident.onset),
        "alarm": optional_instant(incident.alarm),
        "complaint": optional_instant(incident.complaint),
        "complaints": [_complaint(complaint) for complaint in incident.complaints],
        "restored": optional_instant(incident.restored),
        "restored_earliest": optional_instant(incident.restored_earliest),
        "handed_back": optional_instant(incident.handed_back),
        "segments": [
            {"kind": segment.kind, "start": iso(segment.start), "end": iso(segment.end)}
            for segment in incident.segments
        ],
        "exclusions": [_exclusion(adjudged) for adjudged in statement.adjudged],
        "clocks": [_clock(clock) for clock in statement.clocks],
        "compensation": [credit_object(credit) for credit in statement.credits],
        "hypothesis": {"cause": statement.hypothesis.cause, "reasons": [*statement.hypothesis.reasons]},
    }


def _complaint(complaint: Complaint) -> Object:
    return {
        "ticket": complaint.ticket,
        "at": iso(complaint.at),
        "category": complaint.category,
        "channel": complaint.channel,
        "answered_at": optional_instant(complaint.answered_at),
        "settled_at": optional_instant(complaint.settled_at),
        "closed_at": optional_instant(complaint.closed_at),
    }


def _exclusion(adjudged: Adjudged) -> Object:
    return {
        "kind": adjudged.kind,
        "start": iso(adjudged.start),
        "end": optional_instant(adjudged.end),
        "accepted": adjudged.accepted,
        "why": adjudged.why,
        "clause": adjudged.clause,
    }


def _clock(clock: Clock) -> Object:
    shown = {
        "category": str(clock.category),
        "start": iso(clock.start),
        "end": iso(clock.end),
        "excluded_seconds": clock.excluded_s,
        "restore_seconds": clock.restore_s,
        "limit_seconds": clock.limit_s,
        "breached": clock.breached,
        "overrun_seconds": clock.overrun_s,
    }
    if clock.running:
        shown["remaining_seconds"] = clock.remaining_s
    return shown


def credit_object(credit: Credit) -> Object:
    """Return one item of compensation, paid or not."""
    return {
        "rule": credit.rule,
        "clause": credit.clause,
        "basis": credit.basis,
        "applied": credit.applied,
        "amount": _money(credit.amount),
        "days": None if credit.days is None else days(credit.days),
        "worth": money(credit.worth),
        "derivation": credit.derivation,
        "why": credit.why,
    }


def notice_object(notice: Notice) -> Object:
    """Return one notice about the customer's side."""
    return {
        "kind": "customer_side",
        "start": iso(notice.start),
        "end": optional_instant(notice.end),
        "complaints": [_complaint(complaint) for complaint in notice.complaints],
    }


def optional_instant(instant: datetime | None) -> str | None:
    """Return an instant as text, None where there is none."""
    return None if instant is None else iso(instant)


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else money(amount)
