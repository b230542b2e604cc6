"""Sentences about clocks, credits and decisions, for people who read a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from slamon.core.case import Credit
from slamon.core.incident import Incident
from slamon.core.slaclock import Clock

from .texts import clean, days, duration, local, money


def named(incident: Incident) -> str:
    """Return what people call an incident: its number, or its id while it has none."""
    return incident.id if incident.number is None else f"#{incident.number}"


def lasting(incident: Incident, zone: ZoneInfo) -> str:
    """Return from when to when an incident was."""
    onset = local(incident.onset, zone)
    return f"since {onset}" if incident.restored is None else f"{onset} to {local(incident.restored, zone)}"


def clock_text(clock: Clock) -> str:
    """Return how a clock stands: what was taken, of which limit, and how much is left or over."""
    parts = [duration(clock.restore_s)]
    if clock.limit_s is None:
        parts.append("no limit")
    else:
        parts[0] += f" of {duration(clock.limit_s)}"
        if clock.breached:
            parts.append(f"over by {duration(clock.overrun_s or 0)}")
        elif clock.running:
            parts.append(f"{duration(clock.remaining_s or 0)} remaining")
        else:
            parts.append("kept")
    if clock.excluded_s:
        parts.append(f"{duration(clock.excluded_s)} excluded")
    return ", ".join(parts)


def decision(credit: Credit) -> str:
    """Return whether a credit is paid."""
    return "paid" if credit.applied else "awaiting" if credit.awaiting else "not paid"


def value(credit: Credit, currency: str) -> str:
    """Return what a credit gives: money, or days with what they are worth."""
    if credit.days is None:
        return f"{money(credit.worth)} {currency}"
    return f"{_days(credit)} (worth {money(credit.worth)} {currency})"


def _days(credit: Credit) -> str:
    number = days(credit.days) if credit.days is not None else "0"
    return f"{number} {'day' if number == '1' else 'days'}"


def credit_text(credit: Credit) -> str:
    """Return rule, clause or basis, derivation, and why it is not paid."""
    ground = f"clause {credit.clause}" if credit.clause else f"by {credit.basis}"
    return clean(f"{credit.rule}, {ground}: {credit.derivation}{f'; {credit.why}' if credit.why else ''}")


def facts(incident: Incident) -> Iterator[str]:
    """Yield what an incident is in a few words: state, category, whose fault."""
    yield incident.state.replace("_", " ")
    yield incident.category
    yield f"responsibility {incident.responsibility}"
    if incident.reported is not None:
        yield "reported, not measured"
