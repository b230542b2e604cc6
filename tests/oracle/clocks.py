"""An incident as it stands at the end of the view, and its clocks (section 4)."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tests.oracle.arithmetic import FOREVER, SECOND, Instant, Stretch, cents, cut, length, midnight, rounded, to_second
from tests.oracle.nouns import Case, Complaint, Period, Segment, Trouble


def exclusions_of(case: Case, trouble: Trouble) -> list[dict[str, Any]]:
    """What is filed against an incident's time, and whether the contract accepts it."""
    contract = case.terms(trouble.onset)
    listed = {row["kind"]: row for row in contract.get("exclusions", [])}
    rules = contract.get("maintenance", {})
    out = []
    for w in case.works:
        early = w.start - w.notified_at >= rules.get("notice_hours", 24) * 3600 * SECOND
        accepted = "planned_maintenance" in listed and early and w.channel in rules.get("channels", ())
        out.append({"kind": "planned_maintenance", "start": w.start, "end": w.end, "accepted": accepted})
    for x in case.exclusions:
        if x.incident in (trouble.key, *trouble.keys):
            accepted = x.kind in listed and (x.evidence or not listed[x.kind].get("evidence", False))
            end = FOREVER if x.end is None else x.end
            out.append({"kind": x.kind, "start": x.start, "end": end, "accepted": accepted})
    return out


class OutOfService(Exception):
    """No period of the line holds an instant."""


def period_at(case: Case, at: Instant) -> Period:
    offset = case.zone_offset_s
    for p in case.periods:
        last = FOREVER if p.last_day is None else midnight(p.last_day + dt.timedelta(days=1), offset)
        if midnight(p.first_day, offset) <= at < last:
            return p
    raise OutOfService


def monthly_fee(contract: dict[str, Any], period: Period) -> Fraction:
    """The SLA fee of a month, rounded to the cent once."""
    if period.sla_fee is not None:
        return period.sla_fee
    ratio = contract.get("sla_fee_ratio", {}).get(period.tier, "0")
    return cents(period.rent * Fraction(ratio))


def limit_s(contract: dict[str, Any], period: Period, category: str) -> int | None:
    for row in contract.get("limits", []):
        if row["category"] == category and period.span in row["spans"]:
            return int(Fraction(str(row["hours"][period.tier])) * 3600)
    return None


@dataclass
class View:
    """An incident with only what happened before `until` (the end of the month, or of observation)."""

    trouble: Trouble
    until: Instant
    pending: bool
    end: Instant
    segments: list[Segment]
    complaints: list[Complaint]
    exclusions: list[dict[str, Any]]
    category: str
    period: Period
    contract: dict[str, Any]

    def accepted(self, *kinds: str) -> list[Stretch]:
        return [(x["start"], x["end"]) for x in self.exclusions if x["accepted"] and (not kinds or x["kind"] in kinds)]

    def interruptions(self) -> list[Stretch]:
        return rounded((s.start, s.end) for s in self.segments if s.kind == "interruption")


def view_of(case: Case, trouble: Trouble, until: Instant, *, pending: bool) -> View:
    end = until if pending else trouble.end
    segments = [replace(s, end=min(s.end, end)) for s in trouble.segments if s.start < end]
    complaints = [c for c in trouble.complaints if not pending or c.at < end]
    interrupted = any(s.kind == "interruption" for s in segments)
    category = trouble.stated or ("interruption" if interrupted else "degradation")
    try:
        period = period_at(case, trouble.onset)
    except OutOfService:  # corrected to before or after service: the terms nearest before, else the first
        before = [p for p in case.periods if midnight(p.first_day, case.zone_offset_s) <= trouble.onset]
        period = before[-1] if before else case.periods[0]
    contract, filed = case.terms(trouble.onset), exclusions_of(case, trouble)
    return View(trouble, until, pending, end, segments, complaints, filed, category, period, contract)


def clocks_end(view: View) -> Instant:
    """Where clocks end: restored, or what the contract puts in its place."""
    trouble, contract = view.trouble, view.contract
    if view.pending:
        return view.end
    if contract["clock_end"] == "handed_back" and trouble.handed_back is not None:
        return trouble.handed_back
    if contract["uncertain_end"] == "early" and trouble.earliest is not None:
        return trouble.earliest
    return view.end


def clock_spans(view: View) -> list[tuple[str, Instant, Instant]]:
    """(category, start, end) of each clock, before the previous incident is looked at."""
    trouble, normal = view.trouble, clocks_end(view)
    counting = [c for c in view.complaints if c.at < view.end]
    told = [c.at for c in counting[:1]]
    spans: list[tuple[str, Instant, Instant]] = []
    pieces = [s for s in view.segments if s.kind == "interruption"]
    if trouble.stated is not None:
        spans += [(trouble.stated, at, normal) for at in told]
    elif pieces:
        starts = [max(s.confirmed, trouble.onset) for s in pieces if s.confirmed is not None]
        starts += [
            c.at for c in counting if c.category == "interruption" or any(s.start <= c.at < s.end for s in pieces)
        ]
        usable = view.contract["interruption_ends"] == "usable"
        spans.append(("interruption", min(starts), pieces[-1].end if usable else normal))
    if trouble.stated is None and any(s.kind == "degradation" for s in view.segments):
        starts = [at for at in (trouble.alarm, *told) if at is not None]
        spans.append(("degradation", min(starts), normal))
    return spans + [("statutory", at, normal) for at in told]


def clocks_of(case: Case, view: View) -> list[dict[str, Any]]:
    """The clocks of an incident; one that would not start before its end is not shown."""
    if view.trouble.false_alarm:
        return []
    out = []
    for category, begin, stop in clock_spans(view):
        start = max(begin, view.trouble.previous_restored)
        if start >= stop:
            continue
        away = view.accepted("customer_side") if category == "statutory" else view.accepted()
        a, b = to_second(start), to_second(stop)
        excluded = length(cut(rounded(away), a, b))
        limit = (
            statutory_limit_s(view.contract, case.area)
            if category == "statutory"
            else limit_s(view.contract, view.period, category)
        )
        restore = b - a - excluded
        over = 0 if limit is None else max(0, restore - limit)
        out.append(
            {
                "category": category,
                "start": start,
                "end": stop,
                "excluded_seconds": excluded,
                "restore_seconds": restore,
                "limit_seconds": limit,
                "breached": over > 0,
                "overrun_seconds": over,
            }
        )
    return out


def rule_named(contract: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((r for r in contract.get("compensation", []) if r["rule"] == name), None)


def statutory_limit_s(contract: dict[str, Any], area: str) -> int:
    rule = rule_named(contract, "statutory_waiver") or {}
    return int(rule.get("hours", {"urban": 48, "rural": 72})[area]) * 3600
