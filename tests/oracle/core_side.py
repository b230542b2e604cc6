"""Drives `slamon.core` with a case of the oracle and says what it says in the oracle's words."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from slamon.core import contract as terms_of
from slamon.core import facts, inventory
from slamon.core.calendar import BillingMonth
from slamon.core.case import Credit
from slamon.core.incident import incident_id
from slamon.core.judge import Judge, judge, open_notice, unobserved
from slamon.core.lifecycle import Change, Course
from slamon.core.quality import Criterion, Metric, Profile, Watch
from slamon.core.reading import InterfaceStats, Reading, TargetStats
from slamon.core.statement import IncidentStatement, LineStatement, line_statement
from slamon.core.timeline import LineTerms, Measured
from slamon.core.timespan import Span, SpanSet, from_micros, micros
from tests.oracle import arithmetic, nouns, oracle

LINE = "GX-0001"
CONTRACT = "drawn"


def decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / Decimal(value.denominator)


def rule(row: dict[str, Any]) -> terms_of.Rule:
    """Return one row of ``[[compensation]]`` as core has it."""
    base: dict[str, Any] = {
        "basis": terms_of.Basis(row.get("basis", "agreement")),
        "beside": row.get("beside", False),
    }
    match row["rule"]:
        case "service_extension":
            at_least = Fraction(row["at_least_hours"])
            return terms_of.ServiceExtension(**base, at_least_hours=at_least, rounding=row["rounding"])
        case "statutory_waiver":
            return terms_of.StatutoryWaiver(**base, hours={k: Fraction(v) for k, v in row["hours"].items()})
        case "restore_overrun":
            units = {facts.Category(k): Fraction(v) for k, v in row["unit_hours"].items()}
            return terms_of.RestoreOverrun(**base, unit_hours=units, credit_per_unit=Fraction(row["credit_per_unit"]))
        case "planned_work_waiver":
            return terms_of.PlannedWorkWaiver(**base)
        case "cumulative_hours":
            return terms_of.CumulativeHours(**base, credit_per_hour=Fraction(row["credit_per_hour"]))
        case "step_table":
            steps = [terms_of.Step(Fraction(s["from_minutes"]), Fraction(s["credit"])) for s in row["steps"]]
            return terms_of.StepTable(**base, steps=tuple(steps))
        case other:
            raise ValueError(f"no such rule: {other}")


def contract(data: dict[str, Any], effective_from: date = date(2019, 1, 1)) -> terms_of.Contract:
    """Return a contract dictionary (keys of a contract file) as core has it."""
    plain = ("clock_end", "interruption_ends", "uncertain_end", "complaint_joins_s", "reopen_within_s", "blind_joins_s")
    return terms_of.Contract(
        id=CONTRACT,
        title="drawn by Hypothesis",
        effective_from=effective_from,
        currency="CNY",
        zone=ZoneInfo("Asia/Shanghai"),
        tiers=tuple(data.get("tiers", ())),
        spans=tuple(data.get("spans", ())),
        exempt_responsibilities=frozenset(data["exempt_responsibilities"]),
        combine=data["combine"],
        cap_ratio=Fraction(data["cap_ratio"]),
        sla_fee_ratio={k: Fraction(v) for k, v in data.get("sla_fee_ratio", {}).items()},
        limits=tuple(
            terms_of.Limit(
                facts.Category(row["category"]),
                {tier: hours * 3600 for tier, hours in row["hours"].items()},
                tuple(row["spans"]),
            )
            for row in data.get("limits", [])
        ),
        maintenance=terms_of.NoticeTerms(data["maintenance"]["notice_hours"], tuple(data["maintenance"]["channels"])),
        exclusions=tuple(
            terms_of.ExclusionTerms(row["kind"], evidence=row.get("evidence", False)) for row in data["exclusions"]
        ),
        rules=tuple(rule(row) for row in data["compensation"]),
        **{key: data[key] for key in plain},
    )


def terms(case: nouns.Case) -> LineTerms:
    periods = tuple(
        inventory.Period(
            first_day=p.first_day,
            last_day=p.last_day,
            customer_id="C1",
            contract=CONTRACT,
            monthly_rent=decimal(p.rent),
            product="internet_line",
            tier=p.tier,
            span=p.span,
            sla_fee=None if p.sla_fee is None else decimal(p.sla_fee),
            vat_rate=decimal(case.vat_rate),
            area=case.area,
            demarc="10.64.0.1" if case.has_demarc else None,
            cpe="10.64.0.2",
        )
        for p in case.periods
    )
    versions = (contract(case.contract), *(contract(data, day) for day, data in case.newer))
    return LineTerms(inventory.Line(LINE, periods), terms_of.Contracts(versions))


def known_as(key: nouns.Key) -> str:
    return incident_id(LINE, from_micros(key.onset), reported=key.reported)


def filed(case: nouns.Case) -> facts.LineFacts:
    """Return what people filed; `seq` is the order of the case."""

    def when(at: int | None) -> Any:
        return None if at is None else from_micros(at)

    return facts.LineFacts(
        complaints=tuple(
            facts.Complaint(
                n, LINE, from_micros(c.at), facts.Category(c.category), c.ticket, closed_at=when(c.closed_at)
            )
            for n, c in enumerate(case.complaints)
        ),
        maintenance=tuple(
            facts.Maintenance(
                n, when(w.start), when(w.end), frozenset({LINE}), None, when(w.notified_at), channel=w.channel
            )
            for n, w in enumerate(case.works)
        ),
        exclusions=tuple(
            facts.Exclusion(
                n, known_as(x.incident), x.kind, when(x.start), when(x.end), evidence="e.pdf" if x.evidence else None
            )
            for n, x in enumerate(case.exclusions)
        ),
        corrections=tuple(
            facts.Correction(
                n,
                known_as(c.incident),
                when(c.onset),
                when(c.restored),
                None if c.responsibility is None else facts.Responsibility(c.responsibility),
                c.false_alarm or None,
            )
            for n, c in enumerate(case.corrections)
        ),
        handbacks=tuple(facts.Handback(n, known_as(h.incident), when(h.at)) for n, h in enumerate(case.handbacks)),
        suspensions=tuple(
            facts.Suspension(n, LINE, when(start), when(end)) for n, (start, end) in enumerate(case.suspensions)
        ),
    )


def reading(seen: nouns.Seen) -> Reading:
    def target(counts: tuple[int, int] | None) -> TargetStats | None:
        if counts is None or not counts[1]:
            return None if counts is None else TargetStats(*counts)
        rtt, ipdv = (None if value is None else float(value) for value in (seen.rtt_mean_ms, seen.ipdv_ms))
        return TargetStats(*counts, rtt_mean_ms=rtt, ipdv_ms=ipdv)

    start, end = from_micros(seen.start), from_micros(seen.end)
    errors, packets = seen.port_errors or (None, None)
    since = None if seen.port_since is None else from_micros(seen.port_since)
    port = None
    if seen.port_up is not None:
        oper = "up" if seen.port_up else "down"
        port = InterfaceStats("up", oper, in_errors=errors, in_packets=packets, last_change=since)
    blind = "stopped" if seen.blind else None
    return Reading(LINE, start, end, target(seen.demarc), target(seen.cpe), port, blind)


def measured(case: nouns.Case, *, suspended_late: bool) -> Measured:
    """Judge the readings; where `suspended_late`, suspensions were filed only after they had been judged."""
    known = facts.NOTHING_FILED if suspended_late else filed(case)
    service = terms(case).service(known)
    criteria = tuple(Criterion(Metric(c.metric), float(c.above), window_s=c.window_s) for c in case.profile.degraded)
    p = case.profile
    profile = Profile(
        open_after_s=p.open_after_s,
        degraded_open_after_s=p.degraded_open_after_s,
        close_after_s=p.close_after_s,
        degraded=criteria,
    )
    watch = Watch(case.has_demarc, has_cpe=True, bandwidth_mbps=100, profile=profile, interface_interval_s=60)
    state = Judge(Course(LINE))
    episodes, notices, blind = [], [], []
    for seen in case.seen:
        outcome = judge(state, watch, service, reading(seen))
        episodes += [h.episode for h in outcome.happenings if h.change is Change.CLOSED]
        notices += outcome.notices
        blind += [Span(b.start, b.end) for b in outcome.blind]
    until = from_micros(case.seen[-1].end)
    if (episode := state.course.episode()) is not None:
        episodes.append(episode)
    if (notice := open_notice(LINE, state.aside)) is not None:
        notices.append(notice)
    unseen = unobserved(state.coverage, Span(from_micros(0), until), until)
    return Measured(tuple(episodes), tuple(notices), SpanSet(blind) | unseen, until, {})


def judged(case: nouns.Case, *, suspended_late: bool = False) -> LineStatement | None:
    known = measured(case, suspended_late=suspended_late)
    return line_statement(terms(case), BillingMonth(*case.month), known.until, known, filed(case))


def told(found: LineStatement) -> dict[str, Any]:
    """Say a statement in the words of `oracle.judge_month`."""
    totals, seconds = found.totals, found.seconds
    names = ("service", "excluded", "interrupted", "degraded", "blind", "up")
    return {
        "rent": found.rent,
        "sla_fee": found.sla_fee,
        "net": found.net,
        "tax": found.tax,
        "seconds": {name: getattr(seconds, name) for name in names},
        "availability": {name: getattr(found.availability, name) for name in ("contract", "lower_bound", "as_seen")},
        "incidents": [_incident(each) for each in found.incidents],
        "pending": [_incident(each) for each in found.pending],
        "notices": [(micros(n.start), None if n.end is None else micros(n.end)) for n in found.notices],
        "compensation": [_credit(c) for c in found.credits],
        "credit": totals.credit,
        "credit_net": totals.credit_net,
        "credit_tax": totals.credit_tax,
        "credit_cut_by_cap": totals.cut_by_cap,
        "extension_days": totals.extension_days,
        "awaiting_decision": totals.awaiting,
        "awaiting_days": totals.awaiting_days,
        "by_basis": {basis.value: amount for basis, amount in totals.by_basis.items()},
    }


def _credit(c: Credit) -> dict[str, Any]:
    return {
        "rule": c.rule,
        "basis": c.basis.value,
        "amount": c.amount,
        "days": c.days,
        "worth": c.worth,
        "applied": c.applied,
    }


def _incident(each: IncidentStatement) -> dict[str, Any]:
    x = each.incident
    at = {
        key: getattr(x, key) for key in ("onset", "alarm", "complaint", "restored", "restored_earliest", "handed_back")
    }
    return {
        "state": x.state.value,
        "category": x.category.value,
        "responsibility": x.responsibility.value,
        "evidence": list(x.evidence),
        **{key: None if value is None else micros(value) for key, value in at.items()},
        "segments": [(s.kind.value, micros(s.start), micros(s.end)) for s in x.segments],
        "exclusions": [
            {
                "kind": a.kind,
                "start": micros(a.start),
                "end": arithmetic.FOREVER if a.end is None else micros(a.end),
                "accepted": a.accepted,
            }
            for a in each.adjudged
        ],
        "clocks": [
            {
                "category": str(c.category),
                "start": micros(c.start),
                "end": micros(c.end),
                "excluded_seconds": c.excluded_s,
                "restore_seconds": c.restore_s,
                "limit_seconds": c.limit_s,
                "breached": c.breached,
                "overrun_seconds": c.overrun_s or 0,
            }
            for c in each.clocks
        ],
        "compensation": [_credit(c) for c in each.credits if not (c.why or "").endswith("is exempt")],
    }


def comparable(line: dict[str, Any], case: nouns.Case) -> dict[str, Any]:
    """Drop what either side may leave out: rules that give nothing or are exempt, exclusions that touch nothing."""
    line = {key: value for key, value in line.items() if key != "as_of"}
    until = oracle.as_of(case)
    for key in ("incidents", "pending"):
        line[key] = [_comparable_incident(i, until) for i in line[key]]
    line["notices"] = [n[0] for n in line["notices"]]
    return line


def _comparable_incident(i: dict[str, Any], until: int) -> dict[str, Any]:
    end = until if i["restored"] is None else i["restored"]
    return {
        **i,
        "exclusions": sorted(
            (x["kind"], x["start"], x["end"], x["accepted"])
            for x in i["exclusions"]
            if x["start"] < end and x["end"] > i["onset"]
        ),
        "clocks": sorted(i["clocks"], key=lambda c: c["category"]),
        "compensation": sorted(i["compensation"], key=lambda c: c["rule"]),
    }
