"""Everything about one incident, as ``slamon incident show`` prints it: every number with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from rich.console import RenderableType
from rich.text import Text

from slamon.core.contract import Contract, Limit
from slamon.core.exclusion import Adjudged
from slamon.core.facts import Complaint
from slamon.core.incident import Incident
from slamon.core.inventory import Line, Period
from slamon.core.location import Hypothesis
from slamon.core.slaclock import STATUTORY, Clock
from slamon.core.statement import IncidentStatement
from slamon.core.targets import Target, targets_of

from .language import LANGUAGES
from .table import STYLES, Item, item_grid
from .texts import clean, local
from .wording import clock_text, credit_text, decision, facts, lasting, named, value

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Subject:
    """The line of an incident, with the terms in force at its onset; times are shown in `zone`."""

    line: Line
    period: Period
    contract: Contract
    zone: ZoneInfo


def incident_view(
    shown: IncidentStatement, subject: Subject, evidence: Rows = (), history: Rows = ()
) -> Iterator[RenderableType]:
    """Yield what is printed of an incident.

    `evidence` and `history` are rows of a label and one or more texts: what readings are kept, who corrected what.
    """
    incident, zone = shown.incident, subject.zone
    yield _title(incident, subject)
    yield item_grid(_terms(subject))
    yield from _section("Instants", _instants(incident, zone))
    yield from _section("Segments", _segments(incident, zone))
    yield from _section("Complaints", (_complaint(c, subject) for c in incident.complaints))
    yield from _section("Exclusions", (_exclusion(adjudged, zone) for adjudged in shown.adjudged))
    yield from _section("Clocks", _clocks(shown.clocks, subject))
    yield from _section("Compensation", _credits(shown, subject.contract.currency), "no rule gives anything")
    yield from _section("Where the fault seems to lie", _located(shown.hypothesis))
    yield from _section("Evidence", _rows(evidence))
    yield from _section("History", _rows(history))


def _title(incident: Incident, subject: Subject) -> Text:
    title = Text.assemble((f"{clean(incident.line_id)} {named(incident)}", "bold"))
    name = clean(subject.period.name)
    title.append(f"  {name}" if name else "")
    title.append("  (departed)" if subject.line.departed else "", "yellow")
    title.append(f"\n{', '.join(facts(incident))}, {lasting(incident, subject.zone)}")
    return title


def _terms(subject: Subject) -> Iterator[Item]:
    period, contract = subject.period, subject.contract
    owner = f"{period.customer_id} {period.customer_name}".strip()
    yield "customer", "", owner
    yield "contract", "", f"{contract.id}, version of {contract.version}"
    terms = [text for text in (period.tier, period.span, period.area) if text]
    yield "terms", "", f"{', '.join(terms)}; times in {subject.zone.key}"


def _section(title: str, items: Iterable[Item], otherwise: str = "") -> Iterator[RenderableType]:
    found = list(items)
    if not found and not otherwise:
        return
    yield Text(f"\n{title}", "bold")
    yield item_grid(found or [("-", "", otherwise)])


def _instants(incident: Incident, zone: ZoneInfo) -> Iterator[Item]:
    yield "id", "", incident.id
    yield "onset", "", local(incident.onset, zone)
    for label, instant in (
        ("alarm", incident.alarm),
        ("complaint", incident.complaint),
        ("restored", incident.restored),
        ("handed back", incident.handed_back),
    ):
        if instant is not None:
            yield label, "", local(instant, zone)
    if incident.restored_earliest is not None and incident.restored_earliest != incident.restored:
        yield "at earliest", "yellow", f"{local(incident.restored_earliest, zone)}: the monitor was blind at the end"
    if incident.ended_by_service:
        yield "ended by", "", "the end of service"
    if incident.floor is not None:
        yield "no clock before", "", f"{local(incident.floor, zone)}, when the line's previous incident was restored"
    yield "evidence", "", ", ".join(incident.evidence) or "none measured"


def _segments(incident: Incident, zone: ZoneInfo) -> Iterator[Item]:
    for segment in incident.segments:
        confirmed = f", confirmed {local(segment.confirmed, zone)}" if segment.confirmed is not None else ""
        yield segment.kind, "", f"{local(segment.start, zone)} to {local(segment.end, zone)}{confirmed}"


def _complaint(complaint: Complaint, subject: Subject) -> Item:
    zone = subject.zone
    by = f" by {complaint.channel}" if complaint.channel else ""
    parts = [f"{local(complaint.at, zone)}{by}, of {complaint.category}"]
    for label, instant in (
        ("answered", complaint.answered_at),
        ("settled", complaint.settled_at),
        ("closed", complaint.closed_at),
    ):
        if instant is not None:
            parts.append(f"{label} {local(instant, zone)}")
    parts.extend(target_text(target, zone) for target in targets_of(complaint, subject.contract))
    return complaint.ticket, "", ", ".join(parts)


def target_text(target: Target, zone: ZoneInfo) -> str:
    """Return a target of a complaint in words."""
    if target.met is None:
        return f"to {target.name} by {local(target.due, zone)}"
    return f"{target.name} in time" if target.met else f"{target.name} late, it was due {local(target.due, zone)}"


def _exclusion(adjudged: Adjudged, zone: ZoneInfo) -> Item:
    end = local(adjudged.end, zone) if adjudged.end is not None else "still running"
    clause = f", clause {adjudged.clause}" if adjudged.clause else ""
    why = f": {adjudged.why}" if adjudged.why else ""
    label, style = ("accepted", "green") if adjudged.accepted else ("refused", "red")
    return label, style, f"{adjudged.kind}{clause}, {local(adjudged.start, zone)} to {end}{why}"


def _clocks(clocks: Sequence[Clock], subject: Subject) -> Iterator[Item]:
    for clock in clocks:
        end = local(clock.end, subject.zone)
        span = f"{local(clock.start, subject.zone)} {'and running, seen to' if clock.running else 'to'} {end}"
        yield clock.category, "red" if clock.breached else "", f"{clock_text(clock)}; {span}"
        yield "", "", f"limit {_limit_source(clock, subject)}"


def _limit_source(clock: Clock, subject: Subject) -> str:
    """Return where a clock's limit stands."""
    if clock.category == STATUTORY:
        return f"by law, {subject.period.area} (Telecommunications Regulations, article 32)"
    if clock.limit_s is None:
        return "not set by the contract"
    row = (part for part in (clock.category, subject.period.tier, subject.period.span) if part)
    clauses = (x.clause for x in subject.contract.limits if _holds(x, clock.category, subject.period))
    clause = next(clauses, None)
    return f"by clause {clause}: {', '.join(row)}" if clause else f"by the contract: {', '.join(row)}"


def _holds(limit: Limit, category: str, period: Period) -> bool:
    named_span = not limit.spans or period.span in limit.spans
    return limit.category == category and named_span and (period.tier or "") in limit.seconds


def _credits(shown: IncidentStatement, currency: str) -> Iterator[Item]:
    for credit in shown.credits:
        label = decision(credit)
        yield label, STYLES[label], f"{value(credit, currency)}  {credit_text(credit)}"


def _located(hypothesis: Hypothesis) -> Iterator[Item]:
    label = LANGUAGES["en"].name("cause", hypothesis.cause or "none")
    for number, reason in enumerate(hypothesis.reasons):
        yield "" if number else label, "", clean(reason)


def _rows(rows: Rows) -> Iterator[Item]:
    for row in rows:
        label, *texts = row
        yield label, "", "  ".join(texts)
