"""`slamon influx`: the bucket made, and what the ledger has written again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slamon.cli.errors import INVALID, Failure
from slamon.cli.options import Invocation, json_option, pass_invocation, time_option
from slamon.cli.output import progress, put_json, say, warn

if TYPE_CHECKING:
    from datetime import datetime

    from slamon.config.credentials import InfluxTarget
    from slamon.core.timespan import Span
    from slamon.service.site import Site


@click.group("influx", short_help="Set InfluxDB up, and write to it again.")
def command() -> None:
    """Make the bucket, and write again what the ledger has."""


@command.command("setup")
@click.option(
    "--keep-days", type=click.IntRange(0, 36_500), default=400, show_default=True, help="How long; 0: for ever."
)
@json_option
@pass_invocation
def setup(invocation: Invocation, keep_days: int, *, as_json: bool) -> None:
    """Make bucket and retention on an InfluxDB 2; print the commands for another server."""
    from slamon.service import clock
    from slamon.sinks.influx_setup import set_up

    with invocation.site(read_only=True) as site:
        made = set_up(_target(site), keep_days, clock.now)
    if as_json:
        put_json({"said": made.said, "commands": list(made.commands)})
        return
    say(made.said)
    say(*(f"  {one}" for one in made.commands))


@command.command("resend")
@time_option("--from", "Begin with this instant.", into="since", required=True)
@time_option("--to", "Up to this instant, which is not part of it.", into="until", required=True)
@json_option
@pass_invocation
def resend(invocation: Invocation, since: str, until: str, *, as_json: bool) -> None:
    """Write incidents, credits and the readings kept as evidence to InfluxDB again; nothing is doubled."""
    from slamon.service import clock
    from slamon.service.influx_progress import folder_of
    from slamon.service.influx_resend import Resending
    from slamon.service.influx_resend import resend as write_again
    from slamon.sinks.delivering import Quarantine
    from slamon.sinks.influx import InfluxWriter

    with invocation.site(read_only=True) as site:
        target, span = _target(site), _span(site, since, until)
        folder = folder_of(site.loaded.settings.state_dir)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        means = Resending(
            InfluxWriter(target, clock.now), Quarantine(folder / "quarantine.lp").put, target.batch_points
        )
        with progress("writing", None) as written:
            done = write_again(site, span, means, written)
    if as_json:
        put_json({"events": done.events, "measurements": done.measurements, "put_aside": done.aside})
        return
    say(f"{done.events} events and {done.measurements} measurements written to {target.bucket} at {target.url}")
    if done.aside:
        warn([f"{done.aside} were not taken by the server; they stand in {folder / 'quarantine.lp'} with the reason"])


def _target(site: Site) -> InfluxTarget:
    target = site.loaded.settings.influx
    if target is None:
        path = site.loaded.settings.path
        raise Failure([f"{path}: there is no [influxdb]; give url, org, bucket and token_file"], INVALID)
    return target


def _span(site: Site, since: str, until: str) -> Span[datetime]:
    from zoneinfo import ZoneInfo

    from slamon.core.calendar import parse_time
    from slamon.core.timespan import Span

    first = next(iter(site.lines.values()), None)
    zone = ZoneInfo("UTC") if first is None else site.terms(first.line_id).zone
    start, end = parse_time(since, zone), parse_time(until, zone)
    if not start < end:
        raise click.UsageError("--from lies before --to")
    return Span(start, end)
