"""`slamon line`: the lines, and when they are suspended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from slamon.cli.options import (
    Invocation,
    by_option,
    json_option,
    pass_invocation,
    time_if_given,
    time_option,
    time_or_now,
)
from slamon.cli.output import put_filed, put_json, put_table, say

if TYPE_CHECKING:
    from slamon.core.facts import Suspension
    from slamon.core.inventory import Line, Period
    from slamon.service.desk import LineFile


@click.group("line")
def command() -> None:
    """Look at lines; suspend and resume them."""


@command.command("list")
@click.option("--customer", metavar="ID", help="Of one customer.")
@click.option("--upstream", metavar="ID", help="Below one device or ring.")
@json_option
@pass_invocation
def list_(invocation: Invocation, customer: str | None, upstream: str | None, *, as_json: bool) -> None:
    """List lines with their present terms."""
    with invocation.site(read_only=True) as site:
        found = [
            line
            for line in site.lines.values()
            if customer in (None, line.current.customer_id) and upstream in (None, line.current.upstream)
        ]
    if as_json:
        shown = [{"line_id": x.line_id, "departed": x.departed, **_period_object(x.current)} for x in found]
        put_json({"lines": shown})
        return
    put_table(
        ("Line", "Name", "Customer", "Contract", "Tier", "Span", "Demarc", "CPE", "Upstream", "In service"),
        map(_line_row, found),
        "No lines.",
    )


def _line_row(line: Line) -> tuple[object, ...]:
    now = line.current
    last = "" if now.last_day is None else str(now.last_day)
    departed = " (departed)" if line.departed else ""
    return (
        f"{line.line_id}{departed}",
        now.name,
        f"{now.customer_id} {now.customer_name}".strip(),
        *(now.contract, now.tier, now.span, now.demarc, now.cpe, now.upstream),
        f"{line.periods[0].first_day} - {last}".strip(),
    )


def _period_object(period: Period) -> dict[str, Any]:
    return {
        "in_service_from": period.first_day.isoformat(),
        "in_service_to": None if period.last_day is None else period.last_day.isoformat(),
        "name": period.name or None,
        "customer_id": period.customer_id,
        "customer_name": period.customer_name or None,
        "account": period.account or None,
        "product": period.product,
        "contract": period.contract,
        "tier": period.tier,
        "span": period.span,
        "area": period.area,
        "monthly_rent": str(period.monthly_rent),
        "sla_fee": None if period.sla_fee is None else str(period.sla_fee),
        "demarc": period.demarc,
        "cpe": period.cpe,
        "upstream": period.upstream,
        "profile": period.profile,
    }


@command.command("show")
@click.argument("line")
@json_option
@pass_invocation
def show(invocation: Invocation, line: str, *, as_json: bool) -> None:
    """Show LINE: its periods, suspensions and incidents, and how far it was observed."""
    from slamon.cli.incident_rows import COLUMNS, incident_object, incident_row
    from slamon.core.timespan import iso
    from slamon.reports.texts import local
    from slamon.service.desk import line_of, looking
    from slamon.service.desk_find import Found

    with invocation.site(read_only=True) as site:
        facts = looking(site)
        file = facts.line_file(line_of(site, line).line_id)
        coverage = facts.fleet.coverage(line)
    until = coverage.until
    incidents = [Found(file, incident) for incident in file.timeline.incidents]
    if as_json:
        shown = {
            "line_id": line,
            "departed": file.line.departed,
            "observed_to": None if until is None else iso(until),
            "periods": [_period_object(period) for period in file.line.periods],
            "suspensions": [_suspension_object(suspension) for suspension in file.book.filed.suspensions],
            "incidents": [incident_object(one) for one in incidents],
        }
        put_json(shown)
        return
    seen = "never" if until is None else f"to {local(until, file.zone)}"
    say(f"{line}{' (departed)' if file.line.departed else ''}  {file.line.current.name}".rstrip())
    say(f"observed {seen}; times in {file.zone.key}")
    _put_periods(file)
    put_table(COLUMNS, map(incident_row, incidents), "No incidents.")


def _put_periods(file: LineFile) -> None:
    from slamon.reports.texts import local

    columns = ("From", "To", "Customer", "Contract", "Tier", "Span", "Rent", "SLA fee", "Demarc", "CPE")
    rows = (
        (p.first_day, p.last_day, p.customer_id, p.contract, p.tier, p.span, p.monthly_rent, p.sla_fee, p.demarc, p.cpe)
        for p in file.line.periods
    )
    put_table(columns, rows, "No periods.")
    for one in file.book.filed.suspensions:
        end = "until it is resumed" if one.end is None else f"to {local(one.end, file.zone)}"
        say(f"suspended from {local(one.start, file.zone)} {end} ({one.reason})")


def _suspension_object(suspension: Suspension) -> dict[str, Any]:
    from slamon.core.timespan import iso

    end = None if suspension.end is None else iso(suspension.end)
    return {"from": iso(suspension.start), "to": end, "reason": suspension.reason}


@command.command("suspend")
@click.argument("line")
@time_option("--from", "Since when; now by default.", into="start")
@time_option("--to", "Until when; by default until `line resume`.", into="end")
@click.option("--reason", type=click.Choice(["arrears", "policy", "request"]), required=True)
@by_option
@json_option
@pass_invocation
def suspend(
    invocation: Invocation,
    line: str,
    start: str | None,
    end: str | None,
    reason: str,
    by: str | None,
    *,
    as_json: bool,
) -> None:
    """Suspend LINE: in that time it is neither judged nor owed anything."""
    from slamon.service.desk_lines import Ground
    from slamon.service.desk_lines import suspend as suspend_line

    with invocation.site(by) as site:
        filed = suspend_line(site, line, time_or_now(start), time_if_given(end), Ground(reason))
    put_filed(filed, as_json=as_json)


@command.command("resume")
@click.argument("line")
@time_option("--at", "When; now by default.")
@by_option
@json_option
@pass_invocation
def resume(invocation: Invocation, line: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    """End the suspension of LINE that is in force then."""
    from slamon.service.desk_lines import resume as resume_line

    with invocation.site(by) as site:
        filed = resume_line(site, line, time_or_now(at))
    put_filed(filed, as_json=as_json)
