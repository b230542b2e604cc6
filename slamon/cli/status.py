"""`slamon status`: how things stand now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import put_json, put_table, say

if TYPE_CHECKING:
    from slamon.service.influx_progress import Progress
    from slamon.service.site import Site
    from slamon.service.snmp_status import SilentAgent
    from slamon.service.status import OpenIncident, Status


@click.command("status", short_help="Show open incidents and blind spots.")
@json_option
@pass_invocation
def command(invocation: Invocation, *, as_json: bool) -> None:
    """Show open incidents with the time that is left, blind spots, and when lines were last seen."""
    from slamon.service import clock
    from slamon.service.status import status

    with invocation.site(read_only=True) as site:
        found = status(site, clock.now().replace(microsecond=0))
        zones = {one.incident.line_id: site.terms(one.incident.line_id).zone for one in found.open}
    if as_json:
        put_json(_object(found))
    else:
        _print(found, zones, _zone(site))


def _zone(site: Site) -> ZoneInfo:
    """Return the zone of the first line, in which what is of no single line is shown."""
    first = next(iter(site.lines.values()), None)
    return ZoneInfo("UTC") if first is None else site.terms(first.line_id).zone


def _object(found: Status) -> dict[str, Any]:
    from slamon.core.timespan import iso

    return {
        "vantage": found.vantage,
        "at": iso(found.at),
        "daemon_pid": found.daemon_pid,
        "lines": found.lines,
        "last_poll": None if found.last_poll is None else iso(found.last_poll),
        "last_poll_age_seconds": _age_s(found),
        "checkpoint_at": None if found.checkpoint_at is None else iso(found.checkpoint_at),
        "open": [_incident(one) for one in found.open],
        "blind": [{"line_id": one.line_id, "since": iso(one.since), "reason": one.reason} for one in found.blind],
        "customer_side": list(found.customer_side),
        "suspect": list(found.suspect),
        "silent_agents": [_agent(one) for one in found.silent_agents],
        "backlogs": found.backlogs,
        "delivery": None if found.delivery is None else found.delivery.object,
    }


def _agent(one: SilentAgent) -> dict[str, Any]:
    from slamon.core.timespan import iso

    return {
        "agent": one.agent,
        "credential": one.credential,
        "interface": one.interface,
        "since": iso(one.since),
        "reason": one.reason,
        "detail": one.detail,
        "lines": list(one.lines),
        "line_count": one.line_count,
    }


def _age_s(found: Status) -> int | None:
    return None if found.last_poll is None else round((found.at - found.last_poll).total_seconds())


def _incident(one: OpenIncident) -> dict[str, Any]:
    from slamon.core.timespan import iso

    incident = one.incident
    return {
        "incident_id": incident.id,
        "number": incident.number,
        "line_id": incident.line_id,
        "state": incident.state,
        "category": incident.category,
        "responsibility": incident.responsibility,
        "tier": one.tier,
        "onset": iso(incident.onset),
        "departed": one.departed,
        "remaining_seconds": one.remaining_s,
        "clocks": [
            {
                "category": str(clock.category),
                "start": iso(clock.start),
                "restore_seconds": clock.restore_s,
                "excluded_seconds": clock.excluded_s,
                "limit_seconds": clock.limit_s,
                "remaining_seconds": clock.remaining_s,
                "breached": clock.breached,
            }
            for clock in one.clocks
        ],
    }


def _print(found: Status, zones: dict[str, ZoneInfo], zone: ZoneInfo) -> None:
    from slamon.reports.texts import duration, local
    from slamon.reports.wording import clock_text, named

    running = f"slamon runs (process {found.daemon_pid})" if found.daemon_pid else "slamon does not run"
    age = _age_s(found)
    if age is None or found.last_poll is None:
        seen = "nothing was observed yet"
    else:
        ago = f"{duration(age)} ago" if age >= 0 else "in the future, by a replay"
        seen = f"last seen {local(found.last_poll.replace(microsecond=0), zone)} {zone.key}, {ago}"
    say(f"{found.vantage}: {running}; {found.lines} lines; {seen}")
    rows = [
        (
            named(one.incident),
            f"{one.incident.line_id}{' (departed)' if one.departed else ''}",
            one.name or one.customer_name,
            one.tier,
            one.incident.category,
            local(one.incident.onset.replace(microsecond=0), zones[one.incident.line_id]),
            "; ".join(f"{clock.category} {clock_text(clock)}" for clock in one.clocks),
        )
        for one in found.open
    ]
    put_table(("No.", "Line", "Name", "Tier", "Category", "Since", "Clocks"), rows, "No open incidents.")
    for blind in found.blind[:20]:
        say(f"blind: {blind.line_id} since {local(blind.since, zone)} ({blind.reason})")
    if len(found.blind) > 20:
        say(f"blind: {len(found.blind) - 20} lines more; see --json")
    if found.customer_side:
        say(f"customer side: {', '.join(found.customer_side[:20])}")
    _print_agents(found.silent_agents, zone)
    say(*(f"waiting for {name}: {count}" for name, count in found.backlogs.items() if count))
    if found.delivery is not None:
        say(_delivery(found.delivery, zone))


def _print_agents(agents: tuple[SilentAgent, ...], zone: ZoneInfo) -> None:
    from slamon.reports.texts import local

    for one in agents[:20]:
        lines = f"{', '.join(one.lines[:5])}{' ...' if one.line_count > 5 else ''}"
        count = "1 line" if one.line_count == 1 else f"{one.line_count} lines"
        since = local(one.since.replace(microsecond=0), zone)
        what = f"agent {one.credential}@{one.agent}"
        say(f"{what}: {one.reason} since {since}: {one.detail} (no port for {count}: {lines})")
    if len(agents) > 20:
        say(f"agents: {len(agents) - 20} more; see --json")


def _delivery(found: Progress, zone: ZoneInfo) -> str:
    """Return how the copy to InfluxDB stands, in one sentence."""
    from slamon.reports.texts import local

    at = local(found.at.replace(microsecond=0), zone)
    said = f"InfluxDB: {found.state} at {at}, {found.sent_points} points sent since the daemon began"
    if found.reason:
        said += f"; {found.reason}"
    if found.waiting_points:
        share = 100 * found.waiting_bytes / found.limit_bytes if found.limit_bytes else 0
        oldest = "" if found.oldest is None else f", the oldest of {local(found.oldest.replace(microsecond=0), zone)}"
        said += f"; {found.waiting_points} points wait on disk ({share:.0f} % of the spool){oldest}"
    if found.backlog_points:
        said += f"; {found.backlog_points} of them are replayed beside live data"
    if found.rolled_from_points or found.lost_points:
        said += f"; {found.rolled_from_points} were rolled up to minutes for want of room, {found.lost_points} are lost"
    if found.aside_points:
        said += f"; {found.aside_points} were not taken by the server and stand in quarantine.lp"
    return said
