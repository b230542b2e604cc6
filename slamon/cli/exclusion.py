"""`slamon exclusion`: time that is not the carrier's to answer for."""

from __future__ import annotations

from pathlib import Path

import click

from slamon.cli.options import (
    Invocation,
    by_option,
    json_option,
    pass_invocation,
    reason_option,
    time_if_given,
    time_option,
    time_or_now,
)
from slamon.cli.output import put_filed, put_json, put_table

DEFAULT_KIND = "awaiting_customer"


@click.group("exclusion", short_help="Take time off an incident's clocks.")
def command() -> None:
    """Take time off an incident's clocks, where the contract accepts it."""


@command.command("add")
@click.argument("incidents", nargs=-1, required=True, metavar="INCIDENT...")
@click.option("--kind", metavar="KIND", required=True, help="customer_side, force_majeure, awaiting_customer, ...")
@time_option("--from", "When it begins.", into="start", required=True)
@time_option("--to", "When it ends.", into="end", required=True)
@reason_option()
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path),
    help="A file that proves it; it is kept in the ledger.",
)
@time_option("--notified-at", "When the customer was told.")
@by_option
@json_option
@pass_invocation
def add(
    invocation: Invocation,
    incidents: tuple[str, ...],
    *,
    kind: str,
    start: str,
    end: str,
    reason: str,
    evidence: Path | None,
    notified_at: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Record an exclusion on every INCIDENT that is named (by number or id), or on none."""
    from slamon.service.desk import when
    from slamon.service.desk_exclusions import Claim, add_exclusion, read_evidence

    claim = Claim(
        kind=kind,
        start=when(start),
        end=when(end),
        reason=reason,
        evidence=None if evidence is None else read_evidence(evidence),
        notified_at=time_if_given(notified_at),
    )
    with invocation.site(by) as site:
        filed = add_exclusion(site, incidents, claim)
    put_filed(filed, as_json=as_json)


@command.command("start")
@click.argument("incident")
@click.option("--kind", metavar="KIND", default=DEFAULT_KIND, show_default=True)
@time_option("--at", "When the clocks stop; now by default.")
@reason_option()
@by_option
@json_option
@pass_invocation
def start_(
    invocation: Invocation, incident: str, kind: str, at: str | None, reason: str, by: str | None, *, as_json: bool
) -> None:
    """Stop the clocks of INCIDENT until `exclusion stop`."""
    from slamon.service.desk_exclusions import Claim, add_exclusion

    with invocation.site(by) as site:
        filed = add_exclusion(site, [incident], Claim(kind, time_or_now(at), None, reason))
    put_filed(filed, as_json=as_json)


@command.command("stop")
@click.argument("incident")
@click.option("--kind", metavar="KIND", help="Which one, where several run.")
@time_option("--at", "When the clocks run again; now by default.")
@by_option
@json_option
@pass_invocation
def stop(
    invocation: Invocation, incident: str, kind: str | None, at: str | None, by: str | None, *, as_json: bool
) -> None:
    """Let the clocks of INCIDENT run again."""
    from slamon.service.desk_exclusions import stop_exclusion

    with invocation.site(by) as site:
        filed = stop_exclusion(site, incident, kind, time_or_now(at))
    put_filed(filed, as_json=as_json)


@command.command("list")
@click.option("--line", metavar="ID", help="Of one line.")
@json_option
@pass_invocation
def list_(invocation: Invocation, line: str | None, *, as_json: bool) -> None:
    """List exclusions with what the contract says of each."""
    from slamon.core.timespan import iso
    from slamon.reports.texts import local
    from slamon.reports.wording import named
    from slamon.service.desk import looking
    from slamon.service.desk_lists import exclusions

    with invocation.site(read_only=True) as site:
        found = list(exclusions(looking(site), line))
    if as_json:
        shown = [
            {
                "line_id": one.incident.line_id,
                "incident_id": one.incident.id,
                "number": one.incident.number,
                "kind": adjudged.kind,
                "start": iso(adjudged.start),
                "end": None if adjudged.end is None else iso(adjudged.end),
                "accepted": adjudged.accepted,
                "why": adjudged.why,
                "clause": adjudged.clause,
            }
            for one, adjudged in found
        ]
        put_json({"exclusions": shown})
        return
    rows = [
        (
            named(one.incident),
            one.incident.line_id,
            adjudged.kind,
            local(adjudged.start, one.file.zone),
            "running" if adjudged.end is None else local(adjudged.end, one.file.zone),
            "accepted" if adjudged.accepted else "refused",
            adjudged.why,
        )
        for one, adjudged in found
    ]
    put_table(("Incident", "Line", "Kind", "From", "To", "Contract", "Why"), rows, "No exclusions.")
