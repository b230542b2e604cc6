"""Sentences of the terminal's table in either language; the English ones are those of `wording`."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from slamon.core.case import Credit
from slamon.core.incident import Incident
from slamon.core.slaclock import Clock

from . import wording
from .language import Language
from .texts import clean, days, local, money


def lasting(incident: Incident, zone: ZoneInfo, language: Language) -> str:
    """Return from when to when an incident was."""
    onset = local(incident.onset, zone)
    if incident.restored is None:
        return language.word("table.since", onset=onset)
    return language.word("table.lasting", onset=onset, restored=local(incident.restored, zone))


def clock_text(clock: Clock, language: Language) -> str:
    """Return how a clock stands: what was taken, of which limit, and how much is left or over."""
    if language.code == "en":
        return wording.clock_text(clock)
    parts = [f"{language.word('restore_time')}{language.duration(clock.restore_s)}"]
    if clock.limit_s is None:
        parts.append(f"{language.word('limit')}{language.word('no_limit')}")
    else:
        parts.append(f"{language.word('limit')}{language.hours(clock.limit_s)}")
        if clock.breached:
            parts.append(language.word("over_by", time=language.duration(clock.overrun_s)))
        elif clock.running:
            parts.append(language.word("left", time=language.duration(clock.remaining_s)))
        else:
            parts.append(language.word("kept"))
    if clock.excluded_s:
        parts.append(f"{language.word('excluded')}{language.duration(clock.excluded_s)}")
    return language.word("table.comma").join(parts)


def decision(credit: Credit, language: Language) -> str:
    """Return whether a credit is paid."""
    said = wording.decision(credit)
    keys = {"paid": "paid", "awaiting": "awaiting_one", "not paid": "not_paid"}
    return said if language.code == "en" else language.word(keys[said])


def value(credit: Credit, currency: str, language: Language) -> str:
    """Return what a credit gives: money, or days with what they are worth."""
    if language.code == "en":
        return wording.value(credit, currency)
    worth = f"{money(credit.worth)} {currency}"
    if credit.days is None:
        return worth
    return f"{language.word('table.some_days', days=days(credit.days))}（{language.word('worth', amount=worth)}）"


def credit_text(credit: Credit, language: Language) -> str:
    """Return rule, clause or basis, derivation, and why it is not paid."""
    if language.code == "en":
        return wording.credit_text(credit)
    ground = language.word("clause_text", clause=credit.clause) if credit.clause else ""
    basis = f"{language.name('basis', credit.basis)}{ground}"
    why = f"；{language.say(credit.why)}" if credit.why else ""
    return clean(f"{language.name('rule', credit.rule)}（{basis}）：{language.say(credit.derivation)}{why}")


def facts(incident: Incident, language: Language) -> Iterator[str]:
    """Yield what an incident is in a few words: state, category, whose fault."""
    if language.code == "en":
        yield from wording.facts(incident)
        return
    yield language.name("state", incident.state)
    yield language.name("category", incident.category)
    yield f"{language.word('responsibility')}：{language.name('responsibility', incident.responsibility)}"
    if incident.reported is not None:
        yield language.word("no_evidence")
