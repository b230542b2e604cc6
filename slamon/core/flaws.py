"""What makes a contract unfit to pay by: holes, overlaps, falling steps, unknown names, negatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise, product

from .contract import Contract, Limit, RestoreOverrun, StatutoryWaiver, StepTable
from .facts import Category


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a contract: the key, the reason, and what would be right."""

    key: str
    reason: str
    hint: str = ""


def flaws(contract: Contract) -> Iterator[Flaw]:
    """Yield what makes a contract unfit to pay by: holes, overlaps, falling steps, unknown names, negatives."""
    yield from _limit_flaws(contract)
    yield from _fee_flaws(contract)
    yield from _rule_flaws(contract)
    yield from _exclusion_flaws(contract)


def _limit_flaws(contract: Contract) -> Iterator[Flaw]:
    owner: dict[tuple[Category, str, str], int] = {}
    for number, limit in enumerate(contract.limits):
        key = f"limits[{number}]"
        yield from _row_flaws(contract, key, limit)
        for cell in product([limit.category], limit.spans or _spans(contract), limit.seconds):
            if cell in owner:
                reason = f"{_cell(*cell)} stands in limits[{owner[cell]}] too"
                yield Flaw(key, reason, "every cell of the table stands once")
            owner.setdefault(cell, number)
    if contract.limits:
        for cell in product(Category, _spans(contract), contract.tiers):
            if cell not in owner:
                reason = f"no limit for {_cell(*cell)}"
                yield Flaw("limits", reason, "the table has one limit for every category, span and tier")


def _row_flaws(contract: Contract, key: str, limit: Limit) -> Iterator[Flaw]:
    for span in limit.spans:
        if span not in contract.spans:
            yield Flaw(f"{key}.spans", f"span {span!r} is unknown", f"spans are {', '.join(contract.spans)}")
    for tier, seconds in limit.seconds.items():
        if tier not in contract.tiers:
            yield Flaw(f"{key}.hours", f"tier {tier!r} is unknown", f"tiers are {', '.join(contract.tiers)}")
        if seconds < 0:
            yield Flaw(f"{key}.hours.{tier}", "a limit is negative", "a limit is zero or more hours")


def _spans(contract: Contract) -> tuple[str, ...]:
    """Return the columns of the table; without spans of its own a contract has one, which has no name."""
    return contract.spans or ("",)


def _cell(category: Category, span: str, tier: str) -> str:
    return f"{category}, span {span}, tier {tier}" if span else f"{category}, tier {tier}"


def _fee_flaws(contract: Contract) -> Iterator[Flaw]:
    for tier, ratio in contract.sla_fee_ratio.items():
        if tier not in contract.tiers:
            yield Flaw(f"sla_fee_ratio.{tier}", f"tier {tier!r} is unknown", f"tiers are {', '.join(contract.tiers)}")
        if ratio < 0:
            yield Flaw(f"sla_fee_ratio.{tier}", "a fee is negative", "a share of the rent, such as 0.30")
    for tier in contract.tiers:
        if tier not in contract.sla_fee_ratio and contract.sla_fee_ratio:
            yield Flaw("sla_fee_ratio", f"no fee for tier {tier}", "every tier has its share, 0 where it is free")
    seen: set[tuple[str, date]] = set()
    for number, vat in enumerate(contract.vat):
        if (vat.product, vat.from_day) in seen:
            yield Flaw(
                f"vat[{number}]", f"{vat.product} from {vat.from_day} stands twice", "one rate a product and day"
            )
        seen.add((vat.product, vat.from_day))
        if not 0 <= vat.rate < 1:
            yield Flaw(f"vat[{number}].rate", f"{vat.rate} is no VAT rate", 'a share below one, such as "0.06"')


def _rule_flaws(contract: Contract) -> Iterator[Flaw]:
    names: dict[str, int] = {}
    for number, rule in enumerate(contract.rules):
        key = f"compensation[{number}]"
        if rule.name in names:
            yield Flaw(key, f"rule {rule.name} stands in compensation[{names[rule.name]}] too", "each rule once")
        names.setdefault(rule.name, number)
        if isinstance(rule, StepTable):
            yield from _step_flaws(key, rule)
        if isinstance(rule, StatutoryWaiver):
            for area in ("urban", "rural"):
                if area not in rule.hours:
                    yield Flaw(f"{key}.hours", f"no limit for area {area}", "hours = { urban = 48, rural = 72 }")
        if isinstance(rule, RestoreOverrun):
            for category in Category:
                if contract.limits and category not in rule.unit_hours:
                    yield Flaw(f"{key}.unit_hours", f"no unit for {category}", "a unit for each category of the limits")


def _step_flaws(key: str, rule: StepTable) -> Iterator[Flaw]:
    if not rule.steps:
        yield Flaw(f"{key}.steps", "the table is empty", "at least one step")
    for number, (low, high) in enumerate(pairwise(rule.steps), start=1):
        if high.from_minutes == low.from_minutes:
            reason = f"two steps begin at {high.from_minutes} minutes"
            yield Flaw(f"{key}.steps[{number}]", reason, "steps do not overlap")
        elif high.from_minutes < low.from_minutes:
            yield Flaw(f"{key}.steps[{number}]", "steps are not in rising order", "sort them by from_minutes")
        elif high.credit < low.credit:
            reason = f"from {high.from_minutes} minutes pays {high.credit}, less than {low.credit} for a shorter outage"
            yield Flaw(f"{key}.steps[{number}]", reason, "a longer outage never pays less")


def _exclusion_flaws(contract: Contract) -> Iterator[Flaw]:
    kinds: set[str] = set()
    for number, terms in enumerate(contract.exclusions):
        if terms.kind in kinds:
            yield Flaw(f"exclusions[{number}]", f"kind {terms.kind} stands twice", "each kind once")
        kinds.add(terms.kind)
    if "planned_maintenance" in kinds and contract.maintenance is None:
        yield Flaw(
            "maintenance",
            "planned_maintenance is an exclusion but nothing says what notice it needs",
            "[maintenance] with notice_hours and channels",
        )
