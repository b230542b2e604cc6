"""`slamon replay`: recorded readings, judged exactly as live."""

from __future__ import annotations

from pathlib import Path

import click

from slamon.cli.options import Invocation, by_option, json_option, pass_invocation
from slamon.cli.output import progress, put_json, say


@click.command("replay", short_help="Judge recorded readings.")
@click.argument("readings", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="READINGS.jsonl")
@by_option
@json_option
@pass_invocation
def command(invocation: Invocation, readings: Path, by: str | None, *, as_json: bool) -> None:
    """Judge recorded readings into the configured ledger; what it has observed already is skipped."""
    from slamon.service.replay import count_readings, replay

    with invocation.site(by) as site:
        with progress("checking", None) as counted:
            total = count_readings(readings, site.loaded.inventory.lines, counted)
        with progress("judging", total) as judged:
            done = replay(site, readings, judged)
    if as_json:
        shown = {"judged": done.judged, "skipped": done.skipped, "opened": done.opened, "restored": done.restored}
        put_json(shown)
        return
    say(f"{done.judged} readings judged, {done.skipped} skipped (observed before)")
    say(f"{done.opened} incidents opened, {done.restored} restored")
