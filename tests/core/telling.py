"""What a statement says, by short names, and facts that compare it with numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from slamon.core.case import Credit
from slamon.core.statement import IncidentStatement, LineStatement
from tests.core.timelines import Story, statement
from tests.core.wallclock import shown

Told = dict[str, object]


def told(found: LineStatement) -> Told:
    """Return what a statement says, by short names: ``credit``, ``interrupted``, ``0 alarm``, ``p0 applied``.

    Incidents are numbered by onset, pending ones apart (``p0``); their clocks are named like
    ``0 interruption restore_s``. Amounts are text, instants as `shown`.
    """
    totals, seconds = found.totals, found.seconds
    says: Told = {
        "rent": f"{found.rent}",
        "sla_fee": f"{found.sla_fee}",
        "net": f"{found.net}",
        "tax": f"{found.tax}",
        "vat_rate": f"{found.vat_rate}",
        "credit": f"{totals.credit}",
        "credit_net": f"{totals.credit_net}",
        "credit_tax": f"{totals.credit_tax}",
        "cut_by_cap": f"{totals.cut_by_cap}",
        "extension_days": f"{totals.extension_days}",
        "awaiting": f"{totals.awaiting}",
        "awaiting_days": f"{totals.awaiting_days}",
        "by_basis": {basis.value: f"{amount}" for basis, amount in totals.by_basis.items() if amount},
        "line applied": _given(found.credits, applied=True),
        "service": seconds.service,
        "excluded": seconds.excluded,
        "interrupted": seconds.interrupted,
        "degraded": seconds.degraded,
        "blind": seconds.blind,
        "up": seconds.up,
        "availability": found.availability.contract,
        "lower_bound": found.availability.lower_bound,
        "as_seen": found.availability.as_seen,
        "incidents": len(found.incidents),
        "pending": len(found.pending),
        "notices": [(shown(n.start), shown(n.end), len(n.complaints)) for n in found.notices],
    }
    for number, each in enumerate(found.incidents):
        says.update(_of_incident(f"{number}", each))
    for number, each in enumerate(found.pending):
        says.update(_of_incident(f"p{number}", each))
    return says


def _of_incident(name: str, each: IncidentStatement) -> Iterator[tuple[str, object]]:
    incident = each.incident
    for key in ("onset", "alarm", "complaint", "restored", "restored_earliest"):
        yield f"{name} {key}", shown(getattr(incident, key))
    for key in ("category", "responsibility", "state"):
        yield f"{name} {key}", getattr(incident, key).value
    yield f"{name} complaints", len(incident.complaints)
    yield f"{name} evidence", incident.evidence
    yield f"{name} segments", [(s.kind.value, (s.end - s.start) / timedelta(seconds=1)) for s in incident.segments]
    yield f"{name} exclusions", [(a.kind, a.accepted) for a in each.adjudged]
    yield f"{name} clocks", [str(clock.category) for clock in each.clocks]
    for clock in each.clocks:
        yield f"{name} {clock.category} from", shown(clock.start)
        yield f"{name} {clock.category} to", shown(clock.end)
        for key in ("excluded_s", "restore_s", "limit_s", "overrun_s", "breached"):
            yield f"{name} {clock.category} {key}", getattr(clock, key)
    yield f"{name} applied", _given(each.credits, applied=True)
    yield f"{name} not applied", _given(each.credits, applied=False)
    yield f"{name} worth", {credit.rule: f"{credit.worth}" for credit in each.credits}


def _given(found: Iterable[Credit], *, applied: bool) -> dict[str, str]:
    return {c.rule: f"{c.amount}" if c.days is None else f"{c.days} days" for c in found if c.applied is applied}


@dataclass(frozen=True)
class Fact:
    """A sentence, the story it is about, and what the statement of a month must say of it."""

    sentence: str
    story: Story
    says: Told
    month: str = "2026-10"


def sentences(facts: Iterable[Fact]) -> list[str]:
    """Return the sentences, for the ids of a table."""
    return [fact.sentence for fact in facts]


def check(fact: Fact) -> None:
    """Compare what the statement says with what the fact expects, all of it at once."""
    says = told(statement(fact.story, fact.month))
    assert {key: says.get(key, "nothing") for key in fact.says} == fact.says
