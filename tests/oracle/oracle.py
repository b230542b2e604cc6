"""A second, slow judge of one line's month, written from the text of the domain alone.

It shares no code with `slamon.core`: instants are integers of microseconds since 1970 (UTC), money is a `Fraction`,
time is accounted by walking over every stretch between two neighbouring edges. It is meant to be read beside the text.
A `Case` is what people and probes filed; `judge_month` gives the numbers of the line's object in the report.
"""

import math
from fractions import Fraction
from itertools import pairwise
from typing import Any

from tests.oracle.arithmetic import (
    DAY_S,
    SECOND,
    Instant,
    Stretch,
    cents,
    cut,
    length,
    midnight,
    month_edges,
    rounded,
    to_second,
    union,
    without,
)
from tests.oracle.clocks import OutOfService, View, clocks_of, monthly_fee, period_at, rule_named, view_of
from tests.oracle.credits import compensate, earns
from tests.oracle.filings import incidents_of
from tests.oracle.impairment import looks_of, service_spans
from tests.oracle.nouns import Case, Period, Trouble


def as_of(case: Case) -> Instant:
    return min(max(r.end for r in case.seen), month_edges(case.month, case.zone_offset_s)[1])


def touches_month(case: Case, trouble: Trouble) -> tuple[bool, bool]:
    """(restored in the month, pending at its end)."""
    start, end = month_edges(case.month, case.zone_offset_s)
    until = as_of(case)
    restored = start <= trouble.end < end and trouble.end <= until
    return restored, trouble.onset < until and not restored and trouble.end >= start


def marks_of(case: Case, views: list[View]) -> dict[str, list[Stretch]]:
    """What puts a second where, first match wins; `seen` is what is not blind."""
    marks: dict[str, list[Stretch]] = {"excluded": [], "interrupted": [], "degraded": [], "seen": []}
    named = {"interruption": "interrupted", "degradation": "degraded"}
    for v in views:
        if v.trouble.false_alarm or not v.segments:
            continue
        whole = rounded([(v.trouble.onset, v.end)])[0]
        marks["excluded"] += cut(rounded(v.accepted()), *whole)
        if v.trouble.responsibility in v.contract["exempt_responsibilities"]:
            marks["excluded"].append(whole)
        for s in v.segments:
            if s.kind in named:
                marks[named[s.kind]] += rounded([(s.start, s.end)])
    for span in service_spans(case):
        looks = looks_of(case, span)
        marks["seen"] += rounded((look.start, look.end) for look in looks if look.verdict != "NO_DATA")
    return marks


def kind_of(second: int, marks: dict[str, list[Stretch]]) -> str:
    for kind in ("excluded", "interrupted", "degraded"):
        if within(second, marks[kind]):
            return kind
    return "up" if within(second, marks["seen"]) else "blind"


def within(second: int, group: list[Stretch]) -> bool:
    return any(s <= second < e for s, e in group)


def seconds_of(case: Case, views: list[View], until: Instant) -> dict[str, int]:
    """Walks over every stretch between two edges; each is one thing."""
    start, end = (to_second(x) for x in (month_edges(case.month, case.zone_offset_s)[0], until))
    service = cut(rounded(service_spans(case)), start, end)
    marks = marks_of(case, views)
    edges = {start, end} | {x for group in (service, *marks.values()) for s in group for x in s}
    out = dict.fromkeys(("service", "excluded", "interrupted", "degraded", "blind", "up", "as_seen"), 0)
    for a, b in pairwise(sorted(x for x in edges if start <= x <= end)):
        if within(a, service):
            out["service"] += b - a
            out["as_seen"] += (b - a) * within(a, marks["interrupted"])
            out[kind_of(a, marks)] += b - a
    return out


def six(bad: int, whole: int) -> str | None:
    if whole == 0:
        return None
    scaled = math.floor((1 - Fraction(bad, whole)) * 10**6 + Fraction(1, 2))
    return f"{scaled // 10**6}.{scaled % 10**6:06d}"


def billed(case: Case) -> tuple[Fraction, Fraction]:
    """Rent and SLA fee by days in service; a day that is suspended from end to end costs nothing."""
    start, end = month_edges(case.month, case.zone_offset_s)
    day_us, suspended = DAY_S * SECOND, union(case.suspensions)
    days = (end - start) // day_us
    rent = fee = Fraction(0)
    for at in range(start, end, day_us):
        if any(s <= at and at + day_us <= e for s, e in suspended):
            continue
        try:
            period = period_at(case, at)
        except OutOfService:
            continue
        rent += period.rent / days
        fee += monthly_fee(case.terms(at), period) / days
    return cents(rent), cents(fee)


def last_terms(case: Case) -> tuple[Period, dict[str, Any]]:
    """The month's last period (after service, the last one there was) and the contract on its last day in the month."""
    start, end = month_edges(case.month, case.zone_offset_s)
    begun = [p for p in case.periods if midnight(p.first_day, case.zone_offset_s) < end]
    period = begun[-1] if begun else case.periods[0]
    last_day = end - DAY_S * SECOND
    if period.last_day is not None and start <= midnight(period.last_day, case.zone_offset_s):
        last_day = min(last_day, midnight(period.last_day, case.zone_offset_s))
    return period, case.terms(last_day)


def full_charge(case: Case) -> Fraction:
    """The full monthly charge of the month's last period."""
    period, contract = last_terms(case)
    return period.rent + monthly_fee(contract, period)


def cumulative(case: Case, views: list[View], until: Instant) -> list[dict[str, Any]]:
    rule = rule_named(last_terms(case)[1], "cumulative_hours")
    if rule is None:
        return []
    basis = rule.get("basis", "agreement")
    start, end = to_second(month_edges(case.month, case.zone_offset_s)[0]), to_second(until)
    pieces: list[Stretch] = []
    for v in views:
        if earns(v.contract, v.trouble, basis) and v.trouble.responsibility != "undecided":
            pieces += cut(without(v.interruptions(), rounded(v.accepted())), start, end)
    hours = -(-length(pieces) // 3600)
    amount = cents(hours * Fraction(rule["credit_per_hour"]) * full_charge(case))
    if amount == 0:
        return []
    return [
        {"rule": "cumulative_hours", "basis": basis, "amount": amount, "days": None, "worth": amount, "applied": True}
    ]


def judge_month(case: Case) -> dict[str, Any]:
    """The numbers of the line's object in the report; instants in microseconds, money and days as fractions."""
    until = as_of(case)
    start, _ = month_edges(case.month, case.zone_offset_s)
    troubles, notices = incidents_of(case)
    shown: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    views: list[View] = []
    by_basis = dict.fromkeys(("agreement", "law", "policy"), Fraction(0))
    days = awaiting = awaiting_days = Fraction(0)
    for t in troubles:
        restored, pending = touches_month(case, t)
        if not (restored or pending):
            continue
        view = view_of(case, t, until, pending=pending)
        views.append(view)
        clocks = clocks_of(case, view)
        rows = compensate(case, view, clocks)
        if t.responsibility == "undecided":
            if restored:
                awaiting += sum((r["amount"] for r in rows if r["applied"] and r["amount"]), Fraction(0))
                awaiting_days += sum((r["days"] for r in rows if r["applied"] and r["days"]), Fraction(0))
            rows = [{**r, "applied": False} for r in rows]
        if restored:
            for r in rows:
                if r["applied"]:
                    by_basis[r["basis"]] += r["amount"] or 0
                    days += r["days"] or 0
        shown[pending].append(paper(view, clocks, rows))
    whole = cumulative(case, views, until)
    for r in whole:
        by_basis[r["basis"]] += r["amount"]
    cap = cents(Fraction(last_terms(case)[1]["cap_ratio"]) * full_charge(case))
    capped = by_basis["agreement"] + by_basis["policy"]
    credit = by_basis["law"] + min(capped, cap)
    seconds = seconds_of(case, views, until)
    as_seen = seconds.pop("as_seen")
    rent, fee = billed(case)
    s = seconds
    return {
        "as_of": until,
        "rent": rent,
        "sla_fee": fee,
        "net": cents((rent + fee) / (1 + case.vat_rate)),
        "tax": rent + fee - cents((rent + fee) / (1 + case.vat_rate)),
        "seconds": seconds,
        "availability": {
            "contract": six(s["interrupted"], s["service"] - s["excluded"] - s["blind"]),
            "lower_bound": six(s["interrupted"] + s["blind"], s["service"] - s["excluded"]),
            "as_seen": six(as_seen, s["service"]),
        },
        "incidents": shown[False],
        "pending": shown[True],
        "notices": [n for n in notices if n[0] < until and n[1] > start],
        "compensation": whole,
        "credit": credit,
        "credit_net": cents(credit / (1 + case.vat_rate)),
        "credit_tax": credit - cents(credit / (1 + case.vat_rate)),
        "credit_cut_by_cap": capped - min(capped, cap),
        "extension_days": days,
        "awaiting_decision": awaiting,
        "awaiting_days": awaiting_days,
        "by_basis": by_basis,
    }


def paper(view: View, clocks: list[dict[str, Any]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """An incident as the report shows it."""
    t = view.trouble
    counting = [c.at for c in view.complaints if c.at < view.end]
    opened = "reported" if t.stated is not None else "open"
    overlapping = [x for x in view.exclusions if x["start"] < view.end and x["end"] > t.onset]
    return {
        "state": "false_alarm" if t.false_alarm else opened if view.pending else "restored",
        "category": view.category,
        "responsibility": t.responsibility,
        "evidence": ["complaint"] if t.stated is not None else list(t.evidence),
        "onset": t.onset,
        "alarm": None if t.alarm is None or (view.pending and t.alarm > view.end) else t.alarm,
        "complaint": counting[0] if counting else None,
        "restored": None if view.pending else t.restored,
        "restored_earliest": None if view.pending else t.earliest,
        "handed_back": None if view.pending else t.handed_back,
        "segments": [(s.kind, s.start, s.end) for s in view.segments],
        "exclusions": overlapping,
        "clocks": clocks,
        "compensation": rows,
    }
