"""What the rules of a contract give for an incident (section 5)."""

import math
from fractions import Fraction
from typing import Any

from tests.oracle.arithmetic import (
    DAY_S,
    SECOND,
    Stretch,
    cents,
    cut,
    length,
    month_edges,
    month_of,
    months_between,
    rounded,
    to_second,
    union,
    without,
)
from tests.oracle.clocks import View, monthly_fee
from tests.oracle.nouns import Case, Trouble


def by_month(case: Case, stretches: list[Stretch]) -> Fraction:
    """The sum over the months touched of (seconds in that month) / (seconds of that month)."""
    total = Fraction(0)
    for s, e in union(stretches):
        for month in months_between(s * SECOND, e * SECOND, case.zone_offset_s):
            a, b = (to_second(x) for x in month_edges(month, case.zone_offset_s))
            total += Fraction(length(cut([(s, e)], a, b)), b - a)
    return total


def days_of(seconds: int, rounding: str) -> Fraction:
    days = Fraction(seconds, DAY_S)
    if rounding == "up":
        return Fraction(math.ceil(days))
    if rounding == "down":
        return Fraction(math.floor(days))
    return cents(days)


def extension(case: Case, view: View, rule: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """(days, their worth) of `service_extension`."""
    pieces = without(view.interruptions(), rounded(view.accepted()))
    long = [e - s for s, e in pieces if e - s >= rule["at_least_hours"] * 3600]
    days = sum((days_of(s, rule["rounding"]) for s in long), Fraction(0))
    a, b = month_edges(month_of(view.end - (1 if view.pending else 0), case.zone_offset_s), case.zone_offset_s)
    return days, days * view.period.rent * DAY_S * SECOND / (b - a)


def money(case: Case, view: View, found: dict[str, dict[str, Any]], rule: dict[str, Any]) -> Fraction:
    """What a rule that pays money gives, not yet rounded; `found` are the clocks by category."""
    charge = view.period.rent + monthly_fee(view.contract, view.period)
    match rule["rule"]:
        case "statutory_waiver":
            if "statutory" not in found or not found["statutory"]["breached"]:
                return Fraction(0)
            whole = rounded([(view.trouble.onset, view.end)])
            return view.period.rent * by_month(case, without(whole, rounded(view.accepted("customer_side"))))
        case "restore_overrun":
            units = [
                -(-found[category]["overrun_seconds"] // (hours * 3600))
                for category, hours in rule["unit_hours"].items()
                if category in found
            ]
            return max(units, default=0) * Fraction(rule["credit_per_unit"]) * charge
        case "step_table":
            reached = found["interruption"]["restore_seconds"] if "interruption" in found else -1
            shares = [Fraction(s["credit"]) for s in rule["steps"] if s["from_minutes"] * 60 <= reached]
            return charge * max(shares, default=Fraction(0))
        case "planned_work_waiver":
            windows = union(rounded((w.start, w.end) for w in case.works))
            return charge * by_month(case, [p for s, e in windows for p in cut(view.interruptions(), s, e)])
    raise ValueError(rule["rule"])


def earned(case: Case, view: View, clocks: list[dict[str, Any]], rule: dict[str, Any]) -> dict[str, Any]:
    """What one rule gives for one incident, whoever answers for it."""
    amount: Fraction | None = None
    days: Fraction | None = None
    if rule["rule"] == "service_extension":
        days, price = extension(case, view, rule)
        worth = cents(price)
    else:
        amount = worth = cents(money(case, view, {c["category"]: c for c in clocks}, rule))
    basis = rule.get("basis", "agreement")
    return {"rule": rule["rule"], "basis": basis, "amount": amount, "days": days, "worth": worth, "applied": False}


def earns(contract: dict[str, Any], trouble: Trouble, basis: str) -> bool:
    exempt = ["customer"] if basis == "law" else contract["exempt_responsibilities"]
    return not trouble.false_alarm and trouble.responsibility not in exempt


def compensate(case: Case, view: View, clocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that gave something; `applied` as if an undecided incident were decided for the customer."""
    rows: list[tuple[dict[str, Any], bool]] = []
    for rule in view.contract.get("compensation", []):
        if rule["rule"] == "cumulative_hours" or not earns(view.contract, view.trouble, rule.get("basis", "agreement")):
            continue
        row = earned(case, view, clocks, rule)
        if row["worth"] > 0 or row["days"]:
            rows.append((row, rule.get("beside", False)))
    rivals = [row for row, beside in rows if not beside]
    best = max(rivals, key=lambda row: row["worth"], default=None)  # max() keeps the earlier of equals
    for row, beside in rows:
        row["applied"] = beside or view.contract["combine"] == "sum" or row is best
    return [row for row, _ in rows]
