"""`slamon complaint`: what customers said, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from slamon.cli.output import put_filed, put_json, put_table

if TYPE_CHECKING:
    from slamon.core.facts import Complaint
    from slamon.core.incident import Incident
    from slamon.service.desk import LineFile


@click.group("complaint")
def command() -> None:
    """Take down complaints and follow their tickets."""


@command.command("add")
@click.argument("line")
@time_option("--at", "When the customer complained; now by default.")
@click.option("--ticket", metavar="NO", required=True, help="The ticket's number.")
@click.option("--caller", metavar="TEXT", help="Who called; personal, kept outside the chain.")
@click.option("--channel", metavar="TEXT", help="How it came: hotline, manager, web, ...")
@click.option("--category", type=click.Choice(["interruption", "degradation"]), required=True)
@by_option
@json_option
@pass_invocation
def add(
    invocation: Invocation,
    line: str,
    *,
    at: str | None,
    ticket: str,
    caller: str | None,
    channel: str | None,
    category: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Take down a complaint about LINE, and say which incident it belongs to."""
    from slamon.core.facts import Category
    from slamon.service.desk_complaints import add_complaint

    with invocation.site(by) as site:
        filed = add_complaint(
            site, line, time_or_now(at), ticket=ticket, category=Category(category), channel=channel, caller=caller
        )
    put_filed(filed, as_json=as_json)


def _step(invocation: Invocation, step: str, ticket: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    from slamon.service.desk_complaints import STEPS, step_complaint

    with invocation.site(by) as site:
        filed = step_complaint(site, ticket, STEPS[step], time_or_now(at))
    put_filed(filed, as_json=as_json)


@command.command("answer")
@click.argument("ticket")
@time_option("--at", "When; now by default.")
@by_option
@json_option
@pass_invocation
def answer(invocation: Invocation, ticket: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    """Record that TICKET was answered."""
    _step(invocation, "answer", ticket, at, by, as_json=as_json)


@command.command("settle")
@click.argument("ticket")
@time_option("--at", "When; now by default.")
@by_option
@json_option
@pass_invocation
def settle(invocation: Invocation, ticket: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    """Record that TICKET was settled."""
    _step(invocation, "settle", ticket, at, by, as_json=as_json)


@command.command("close")
@click.argument("ticket")
@time_option("--at", "When; now by default.")
@by_option
@json_option
@pass_invocation
def close(invocation: Invocation, ticket: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    """Close TICKET; a reported incident that nothing measured is restored as of that time."""
    _step(invocation, "close", ticket, at, by, as_json=as_json)


def _complaint_object(file: LineFile, complaint: Complaint, owner: Incident | None) -> dict[str, object]:
    from slamon.core.targets import targets_of
    from slamon.core.timespan import iso

    steps = {key: getattr(complaint, key) for key in ("answered_at", "settled_at", "closed_at")}
    return {
        "line_id": complaint.line_id,
        "ticket": complaint.ticket,
        "at": iso(complaint.at),
        "category": complaint.category,
        "channel": complaint.channel,
        **{key: None if at is None else iso(at) for key, at in steps.items()},
        "targets": [
            {"name": target.name, "due": iso(target.due), "met": target.met}
            for target in targets_of(complaint, file.terms.contract_at(complaint.at))
        ],
        "incident_id": None if owner is None else owner.id,
        "number": None if owner is None else owner.number,
    }


@command.command("list")
@click.option("--line", metavar="ID", help="Of one line.")
@click.option("--open", "open_only", is_flag=True, help="Tickets that are not closed.")
@time_option("--since", "Made at this time or later.")
@json_option
@pass_invocation
def list_(invocation: Invocation, line: str | None, since: str | None, *, open_only: bool, as_json: bool) -> None:
    """List complaints with their incidents."""
    from slamon.core.targets import targets_of
    from slamon.reports.incident import target_text
    from slamon.reports.texts import local
    from slamon.reports.wording import named
    from slamon.service.desk import looking
    from slamon.service.desk_lists import complaints

    first = time_if_given(since)
    with invocation.site(read_only=True) as site:
        found = [
            one
            for one in complaints(looking(site), line, open_only=open_only)
            if first is None or one[1].at >= first(one[0].zone)
        ]
    if as_json:
        put_json({"complaints": [_complaint_object(*one) for one in found]})
        return
    rows = [
        (
            c.ticket,
            c.line_id,
            local(c.at, file.zone),
            c.category,
            c.channel,
            *(None if at is None else local(at, file.zone) for at in (c.answered_at, c.settled_at, c.closed_at)),
            ", ".join(target_text(t, file.zone) for t in targets_of(c, file.terms.contract_at(c.at))) or None,
            None if owner is None else named(owner),
        )
        for file, c, owner in found
    ]
    columns = ("Ticket", "Line", "Made", "Category", "Channel", "Answered", "Settled", "Closed", "Targets", "Incident")
    put_table(columns, rows, "No complaints.")
