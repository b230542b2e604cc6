"""`slamon maintenance`: planned work and its notices."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from slamon.cli.options import (
    Invocation,
    by_option,
    json_option,
    pass_invocation,
    reason_option,
    time_if_given,
    time_option,
)
from slamon.cli.output import put_filed, put_json, put_table

if TYPE_CHECKING:
    from slamon.core.facts import Maintenance
    from slamon.core.inventory import Line
    from slamon.service.site import Site


@click.group("maintenance", short_help="Announce planned work.")
def command() -> None:
    """Announce planned work; with notice in time it leaves the SLA clock."""


@command.command("add")
@click.option("--line", "lines", metavar="ID", multiple=True, help="A line it concerns; several times if need be.")
@click.option("--upstream", metavar="ID", help="Everything below this device or ring.")
@time_option("--from", "When the work begins.", into="start", required=True)
@time_option("--to", "When it ends.", into="end", required=True)
@time_option("--notified-at", "When the customers were told.")
@click.option("--channel", metavar="NAME", help="How they were told: website, email, sms.")
@reason_option("What is done.")
@by_option
@json_option
@pass_invocation
def add(
    invocation: Invocation,
    *,
    lines: tuple[str, ...],
    upstream: str | None,
    start: str,
    end: str,
    notified_at: str | None,
    channel: str | None,
    reason: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Put planned work on record."""
    from slamon.service.desk import when
    from slamon.service.desk_maintenance import Window, add_maintenance

    window = Window(
        line_ids=lines,
        upstream=upstream,
        start=when(start),
        end=when(end),
        reason=reason,
        notified_at=time_if_given(notified_at),
        channel=channel,
    )
    with invocation.site(by) as site:
        filed = add_maintenance(site, window)
    put_filed(filed, as_json=as_json)


@command.command("cancel")
@click.argument("window")
@click.option("--reason", metavar="TEXT", default="", help="Why.")
@by_option
@json_option
@pass_invocation
def cancel(invocation: Invocation, window: str, reason: str, by: str | None, *, as_json: bool) -> None:
    """Take the planned work WINDOW (such as M-3) back."""
    from slamon.service import clock
    from slamon.service.desk_maintenance import cancel_maintenance

    with invocation.site(by) as site:
        filed = cancel_maintenance(site, window, clock.now(), reason)
    put_filed(filed, as_json=as_json)


@command.command("notify")
@click.argument("window")
@click.option("--channel", type=click.Choice(["email", "sms"]), default="email", show_default=True, help="How.")
@click.option("--via", metavar="NAME", help="Which [alerts.channels.NAME], where several fit.")
@by_option
@json_option
@pass_invocation
@click.pass_context
def notify(
    ctx: click.Context,
    invocation: Invocation,
    window: str,
    *,
    channel: str,
    via: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Tell the contacts of the customers whom the planned work WINDOW concerns, and record it as the notice.

    The notice counts once somebody at every customer was told; whoever was told already is not told again.
    Exit code 1 while it does not count.
    """
    from slamon.cli.errors import FAILED
    from slamon.service.desk_notices import notify as tell

    with invocation.site(by) as site:
        filed = tell(site, window, channel, via)
    put_filed(filed, as_json=as_json)
    if filed.warnings:
        ctx.exit(FAILED)


@command.command("list")
@click.option("--line", metavar="ID", help="What concerns one line.")
@click.option("--all", "with_cancelled", is_flag=True, help="Cancelled work too.")
@json_option
@pass_invocation
def list_(invocation: Invocation, line: str | None, *, with_cancelled: bool, as_json: bool) -> None:
    """List planned work."""
    from slamon.core.timespan import iso
    from slamon.service.desk import line_of, looking
    from slamon.service.desk_lists import planned_work

    with invocation.site(read_only=True) as site:
        found = [one for one in planned_work(looking(site)) if with_cancelled or not one[1].cancelled]
        if line is not None:
            periods = line_of(site, line).periods
            above = {period.upstream for period in periods if period.upstream}
            found = [one for one in found if line in one[1].line_ids or one[1].upstream in above]
    shown = [
        {
            "id": key,
            "from": iso(window.start),
            "to": iso(window.end),
            "lines": sorted(window.line_ids),
            "upstream": window.upstream,
            "notified_at": None if window.notified_at is None else iso(window.notified_at),
            "channel": window.channel,
            "further_notices": [{"notified_at": iso(at), "channel": by} for at, by in window.further],
            "reason": window.reason,
            "cancelled": window.cancelled,
            "by": entry.by_name,
        }
        for key, window, entry in found
    ]
    if as_json:
        put_json({"maintenance": shown})
        return
    columns = ("Id", "From", "To", "Lines", "Notified", "Channel", "Reason")
    put_table(columns, (_row(site, key, window) for key, window, _ in found), "No planned work.")


def _row(site: Site, key: str, window: Maintenance) -> tuple[object, ...]:
    """Return planned work as a row, times in the zone of the first line that it concerns."""
    from slamon.reports.texts import local

    lines = (x for x in site.lines.values() if x.line_id in window.line_ids or _below(x, window))
    zone = next((site.terms(line.line_id).zone for line in lines), ZoneInfo("UTC"))
    entered = [] if window.notified_at is None else [(window.notified_at, window.channel)]
    notices = [*entered, *window.further]
    return (
        key,
        local(window.start, zone),
        local(window.end, zone),
        " ".join([*sorted(window.line_ids), *([f"below {window.upstream}"] if window.upstream else [])]),
        ", ".join(local(at, zone) for at, _ in notices),
        ", ".join(by or "-" for _, by in notices),
        f"{window.reason}{' (cancelled)' if window.cancelled else ''}",
    )


def _below(line: Line, window: Maintenance) -> bool:
    return window.upstream is not None and any(period.upstream == window.upstream for period in line.periods)
