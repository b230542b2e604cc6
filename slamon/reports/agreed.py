"""What a statement says of its contracts: which, how they are read, what words mean, and why nothing was credited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from slamon.core.contract import Contract, CumulativeHours
from slamon.core.slaclock import STATUTORY
from slamon.core.statement import IncidentStatement, LineStatement

from .language import Language


def contracts_of(lines: Sequence[LineStatement]) -> list[Contract]:
    """Return the contract versions by which the lines and their incidents are judged, each once, in order."""
    judged = [shown.contract for line in lines for shown in (*line.incidents, *line.pending)]
    found = {(one.id, one.effective_from): one for one in (*(line.contract for line in lines), *judged)}
    return [found[key] for key in sorted(found)]


def definitions_of(lines: Sequence[LineStatement]) -> Iterator[str]:
    """Yield the definitions that the statement uses, in the order of the glossary."""
    shown = [one for line in lines for one in (*line.incidents, *line.pending)]
    clocks = {clock.category for one in shown for clock in one.clocks}
    yield from ("interruption", "degradation", "onset", "clock")
    if STATUTORY in clocks:
        yield "statutory"
    if any(adjudged.from_window for one in shown for adjudged in one.adjudged):
        yield "planned"
    yield from ("excluded", "blind", "seconds", "month")


def readings(contract: Contract, language: Language) -> Iterator[str]:
    """Yield how a contract is read where its words leave a choice (every default favours the customer)."""
    for key, value in (
        ("clock_end", contract.clock_end),
        ("interruption_ends", contract.interruption_ends),
        ("uncertain_end", contract.uncertain_end),
        ("combine", contract.combine),
    ):
        yield language.word(f"reading.{key}.{value}")
    for key, seconds in (
        ("complaint_joins", contract.complaint_joins_s),
        ("reopen_within", contract.reopen_within_s),
        ("blind_joins", contract.blind_joins_s),
    ):
        yield language.word(f"reading.{key}", time=language.duration(seconds))
    yield language.word("reading.cap", ratio=language.share(contract.cap_ratio))
    parties = [language.name("responsibility", one) for one in sorted(contract.exempt_responsibilities)]
    if parties:
        yield language.word("reading.exempt", parties=language.list_of(parties))
    else:
        yield language.word("reading.exempt.none")
    yield language.word("reading.favour")


def why_nothing(shown: IncidentStatement, line: LineStatement) -> str:
    """Return why no rule gave anything for an incident, as a name of the glossary's ``nothing``."""
    if shown.incident.false_alarm:
        return "false_alarm"
    if line.credits and any(isinstance(rule, CumulativeHours) for rule in shown.contract.rules):
        return "line_rule"
    if not shown.clocks:
        return "no_clock"
    if any(clock.breached for clock in shown.clocks):
        return "no_price"
    if shown.incident.restored is None:
        return "so_far"
    agreed = [clock for clock in shown.clocks if clock.category != STATUTORY]
    return "no_limit" if agreed and all(clock.limit_s is None for clock in agreed) else "kept"
