"""What is paid for an incident: of all that the contract's rules give, what is chosen (domain, section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from .case import Case, Charge, Credit
from .contract import Basis, Contract, CumulativeHours
from .facts import Responsibility
from .incident import Kind
from .money import cents
from .phrase import Phrase
from .rules import HOUR_S, credit_of, hours, priced, started, worked_out
from .timespan import Span, SpanSet, seconds_in


def credits_of(case: Case) -> tuple[Credit, ...]:
    """Return what the contract's rules give for an incident, in the contract's order, with what is paid marked."""
    if case.incident.false_alarm:
        return ()
    found = [credit for rule in case.contract.rules if (credit := worked_out(case, rule)) is not None]
    return tuple(choose(found, case.contract, case.incident.responsibility))


AWAITING = Phrase("awaiting a decision: the responsibility is undecided")
_MORE = "{rule} is worth more"
_EARLIER = "{rule} is worth as much and stands earlier"


def choose(found: Sequence[Credit], contract: Contract, responsibility: Responsibility) -> Iterator[Credit]:
    """Mark what is paid: rules paid beside the others, and the best of the rest (or all, where they add up).

    Worth is compared in rounded amounts before the cap; of equals the earlier in the contract wins. What loses,
    is exempt or awaits a decision says so.
    """
    due = [credit for credit in found if not exempt(credit.basis, contract, responsibility)]
    best = max((credit for credit in due if not credit.beside), key=lambda credit: credit.worth, default=None)
    for credit in found:
        if credit not in due:
            yield replace(
                credit, why=Phrase("responsibility {responsibility} is exempt", responsibility=responsibility)
            )
        elif contract.combine == "best" and best is not None and not credit.beside and credit is not best:
            reason = _MORE if credit.worth < best.worth else _EARLIER
            yield replace(credit, why=Phrase(reason, rule=best.rule))
        elif responsibility is Responsibility.UNDECIDED:
            yield replace(credit, awaiting=True, why=AWAITING)
        else:
            yield replace(credit, applied=True)


def exempt(basis: Basis, contract: Contract, responsibility: Responsibility) -> bool:
    """Tell whether a responsibility frees the carrier from a rule; by law only the customer's own fault does."""
    if basis is Basis.LAW:
        return responsibility is Responsibility.CUSTOMER
    return responsibility.value in contract.exempt_responsibilities


def cumulative_credits(
    contract: Contract, cases: Sequence[Case], month: Span[int], charge: Charge
) -> tuple[Credit, ...]:
    """Return what a line earns by the hours of its month (`cumulative_hours`), which stands at no incident.

    `cases` are all incidents that touch the month, each exempt by the version in force at its onset; `charge` is that
    of the month's last period.
    """
    rules = [rule for rule in contract.rules if isinstance(rule, CumulativeHours)]
    found = (_cumulative(rule, cases, month, charge) for rule in rules)
    return tuple(credit for credit in found if credit is not None)


def _cumulative(rule: CumulativeHours, cases: Sequence[Case], month: Span[int], charge: Charge) -> Credit | None:
    earning: SpanSet[int] = SpanSet()
    for case in cases:
        responsibility = case.incident.responsibility
        barred = case.incident.false_alarm or exempt(rule.basis, case.contract, responsibility)
        if not barred and responsibility is not Responsibility.UNDECIDED:
            earning |= case.segment_seconds(Kind.INTERRUPTION) - case.excluded()
    interrupted_s = seconds_in(earning.within(month))
    if not interrupted_s:
        return None
    begun = -(-interrupted_s // HOUR_S)
    amount = cents(begun * rule.credit_per_hour * Fraction(charge.total))
    counted = Phrase(
        "{time} interrupted in the month = {units}", time=hours(interrupted_s), units=started(begun, Fraction(1))
    )
    derivation = priced(counted, rule.credit_per_hour, charge)
    return replace(credit_of(rule, derivation, amount=amount), applied=True) if amount else None
