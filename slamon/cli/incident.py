"""`slamon incident`: what happened to lines, and what people say about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slamon.cli.options import (
    MONTH,
    Invocation,
    by_option,
    json_option,
    pass_invocation,
    reason_option,
    time_if_given,
    time_option,
    time_or_now,
)
from slamon.cli.output import console, put_filed, put_json, put_table

if TYPE_CHECKING:
    from slamon.service.desk_incidents import Meant

RESPONSIBILITIES = ("carrier", "customer", "third_party", "force_majeure", "undecided")


@click.group("incident")
def command() -> None:
    """Look at incidents, acknowledge, note, correct, hand back.

    An INCIDENT is named by its number (17 or '#17'), its id, or the beginning of its id.
    """


@command.command("list")
@click.option("--line", metavar="ID", help="Of one line.")
@click.option("--open", "open_only", is_flag=True, help="Those that are not over.")
@click.option("--month", type=MONTH, metavar="YYYY-MM", help="Those that touch a month.")
@json_option
@pass_invocation
def list_(invocation: Invocation, line: str | None, month: str | None, *, open_only: bool, as_json: bool) -> None:
    """List incidents by line and onset."""
    from slamon.cli.incident_rows import COLUMNS, incident_object, incident_row
    from slamon.core.calendar import BillingMonth
    from slamon.service.desk import looking
    from slamon.service.desk_lists import incidents

    wanted = None if month is None else BillingMonth.parse(month)
    with invocation.site(read_only=True) as site:
        found = incidents(looking(site), line, open_only=open_only, month=wanted)
        if as_json:
            put_json({"incidents": [incident_object(one) for one in found]})
        else:
            put_table(COLUMNS, map(incident_row, found), "No incidents.")


@command.command("show")
@click.argument("incident")
@json_option
@pass_invocation
def show(invocation: Invocation, incident: str, *, as_json: bool) -> None:
    """Show everything about INCIDENT: the derivation of every number, and the evidence."""
    from slamon.cli.incident_rows import evidence_rows, history_objects, history_rows, onset_rows
    from slamon.reports.incident import Subject, incident_view
    from slamon.reports.json import incident_object
    from slamon.service import clock, desk_find, desk_lists
    from slamon.service.desk import looking

    with invocation.site(read_only=True) as site:
        facts = looking(site)
        one = desk_find.incident(facts, incident)
        stated = desk_lists.as_it_stands(one, clock.now().replace(microsecond=0))
        history, evidence = desk_lists.history(facts, one), desk_lists.evidence(facts, one)
        onsets = desk_lists.onsets(facts, one)
    if as_json:
        shown = {"line_id": one.incident.line_id, **incident_object(stated)}
        kept = {"onset_evidence": onsets, "kept_readings": evidence}
        put_json({**shown, **kept, "history": history_objects(history)})
        return
    terms, onset = one.file.terms, one.incident.onset
    subject = Subject(terms.line, terms.period_at(onset), terms.contract_at(onset), terms.zone)
    out = console()
    rows = [*onset_rows(onsets, terms.zone), *evidence_rows(evidence)]
    for part in incident_view(stated, subject, rows, history_rows(history, terms.zone)):
        out.print(part)


@command.command("ack")
@click.argument("incidents", nargs=-1, required=True, metavar="INCIDENT...")
@time_option("--until", "When it expires; by default as the on-call file says ([policy] ack_expires_s).")
@by_option
@json_option
@pass_invocation
def ack(
    invocation: Invocation, incidents: tuple[str, ...], until: str | None, by: str | None, *, as_json: bool
) -> None:
    """Say that somebody looks after every INCIDENT that is named: nobody else is called until that expires."""
    from slamon.service import clock
    from slamon.service.desk_incidents import acknowledge

    with invocation.site(by) as site:
        filed = acknowledge(site, incidents, clock.now(), time_if_given(until))
    put_filed(filed, as_json=as_json)


@command.command("note")
@click.argument("incidents", nargs=-1, required=True, metavar="INCIDENT...")
@click.option("--text", metavar="TEXT", required=True, help="Personal, kept outside the chain.")
@by_option
@json_option
@pass_invocation
def note(invocation: Invocation, incidents: tuple[str, ...], text: str, by: str | None, *, as_json: bool) -> None:
    """Note something about every INCIDENT that is named."""
    from slamon.service import clock
    from slamon.service.desk_incidents import note as write_note

    with invocation.site(by) as site:
        filed = write_note(site, incidents, text, clock.now())
    put_filed(filed, as_json=as_json)


@command.command("correct")
@click.argument("incidents", nargs=-1, metavar="INCIDENT...")
@click.option("--upstream", metavar="ID", help="One cause, many lines: the open incidents below a device or ring.")
@time_option("--since", "With --upstream: incidents that touch the time from here on, open or not.")
@time_option("--until", "With --upstream: incidents that begin before.")
@time_option("--onset", "When it really began.")
@time_option("--restored", "When it was really over.")
@click.option("--responsibility", type=click.Choice(RESPONSIBILITIES), help="Whose fault it was.")
@click.option("--false-alarm/--no-false-alarm", default=None, help="Strike it out, or take that back.")
@reason_option()
@by_option
@json_option
@pass_invocation
def correct(
    invocation: Invocation,
    incidents: tuple[str, ...],
    *,
    upstream: str | None,
    since: str | None,
    until: str | None,
    onset: str | None,
    restored: str | None,
    responsibility: str | None,
    reason: str,
    by: str | None,
    false_alarm: bool | None,
    as_json: bool,
) -> None:
    """Correct every INCIDENT that is named, all or none. A correction is a new entry; nothing is overwritten."""
    from slamon.core.facts import Responsibility
    from slamon.service import clock, desk_incidents

    change = desk_incidents.Change(
        onset=time_if_given(onset),
        restored=time_if_given(restored),
        responsibility=None if responsibility is None else Responsibility(responsibility),
        false_alarm=false_alarm,
    )
    meant = _meant(incidents, upstream, since, until)
    with invocation.site(by) as site:
        filed = desk_incidents.correct(site, meant, change, reason, clock.now())
    put_filed(filed, as_json=as_json)


def _meant(incidents: tuple[str, ...], upstream: str | None, since: str | None, until: str | None) -> Meant:
    from slamon.service.desk_incidents import Cause, caused_by, these

    if bool(incidents) == (upstream is not None):
        raise click.UsageError("name incidents, or give --upstream ID: one of the two")
    if upstream is not None:
        return caused_by(Cause(upstream, time_if_given(since), time_if_given(until)))
    if since or until:
        raise click.UsageError("--since and --until go with --upstream")
    return these(incidents)


@command.command("handback")
@click.argument("incident")
@time_option("--at", "When; now by default.")
@by_option
@json_option
@pass_invocation
def handback(invocation: Invocation, incident: str, at: str | None, by: str | None, *, as_json: bool) -> None:
    """Record that both sides accepted the restored line of INCIDENT."""
    from slamon.service.desk_incidents import hand_back

    with invocation.site(by) as site:
        filed = hand_back(site, incident, time_or_now(at))
    put_filed(filed, as_json=as_json)
