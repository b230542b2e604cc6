"""`slamon check`: is everything that an operator wrote fit to run with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from slamon.cli.errors import FAILED, INVALID
from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import put_json, say, warn

if TYPE_CHECKING:
    from slamon.config.loaded import Loaded


@click.command("check", short_help="Validate config, contracts and inventory.")
@click.option("--online", is_flag=True, help="Also ask the reference targets.")
@json_option
@pass_invocation
@click.pass_context
def command(ctx: click.Context, invocation: Invocation, *, online: bool, as_json: bool) -> None:
    """Validate config, contracts and inventory, and print all problems at once."""
    from slamon.config.loaded import load
    from slamon.config.problems import InvalidInput
    from slamon.config.settings import find_config

    try:
        loaded = load(find_config(invocation.config, os.environ), os.environ)
    except InvalidInput as invalid:
        if not as_json:
            raise
        problems = [{"file": p.file, "where": p.where, "reason": p.reason, "hint": p.hint} for p in invalid.problems]
        put_json({"ok": False, "problems": problems})
        ctx.exit(INVALID)
    notes = [*loaded.notes, *_own_notes(loaded)]
    asked = _asked(loaded) if online else []
    if as_json:
        put_json({"ok": True, **_summary(loaded), "notes": notes, **({"references": asked} if online else {})})
    else:
        _print(loaded, notes, asked, online=online)
    if any(not one["answered"] for one in asked):
        ctx.exit(FAILED)


def _summary(loaded: Loaded) -> dict[str, Any]:
    return {
        "config": str(loaded.settings.path),
        "inventory": str(loaded.settings.lines_file),
        "lines": len(loaded.inventory.lines),
        "contracts": [f"{c.id} {c.version}" for c in loaded.contracts.versions],
        "profiles": sorted(loaded.settings.profiles),
    }


def _own_notes(loaded: Loaded) -> list[str]:
    notes = []
    if loaded.settings.four_eyes:
        notes.append("[ledger] four_eyes is read, but this version cannot ask for a second person yet")
    if loaded.settings.snmp:
        notes.append("[snmp] is read, but this version polls no interface yet")
    if not loaded.settings.reference:
        notes.append("[monitor] reference names nothing: a dead uplink here would look like every line failing")
    asked_from = {source for _, source in _ways(loaded)}
    notes += [
        f"no reference can be asked from {source}: its lines go by the references of the default source"
        for source in _sources(loaded)
        if loaded.settings.reference and source is not None and source not in asked_from
    ]
    return notes


def _print(loaded: Loaded, notes: list[str], asked: list[dict[str, Any]], *, online: bool) -> None:
    summary = _summary(loaded)
    say(
        f"{summary['config']}: no problems",
        f"{summary['lines']} lines in {summary['inventory']}",
        f"{len(summary['contracts'])} contracts: {', '.join(summary['contracts'])}",
        f"profiles: {', '.join(summary['profiles'])}",
        *(f"note: {note}" for note in notes),
    )
    say(*(f"reference {one['address']}: {one['said']}" for one in asked if one["answered"]))
    warn(f"reference {one['address']}: {one['said']}" for one in asked if not one["answered"])
    if online:
        say("note: SNMP, InfluxDB and alert channels are not asked by this version")


def _asked(loaded: Loaded) -> list[dict[str, Any]]:
    from slamon.probes.oneshot import ping
    from slamon.probes.protocol import ProbeError

    found: list[dict[str, Any]] = []
    for address, source in _ways(loaded):
        one = {"address": address} if source is None else {"address": address, "source": source}
        try:
            result = ping(address, packets=3, source=source)
        except ProbeError as error:
            found.append({**one, "answered": False, "said": str(error)})
            continue
        got, sent = (result.stats.received, result.stats.sent) if result.stats is not None else (0, 0)
        said = f"{got} of {sent} packets answered" if sent else result.pings[0].error
        found.append({**one, "answered": got > 0, "said": said if source is None else f"from {source}: {said}"})
    return found


def _ways(loaded: Loaded) -> list[tuple[str, str | None]]:
    """Return the references with the source addresses of lines' profiles that they are asked from."""
    from slamon.config.addresses import family_of

    return [
        (address, source)
        for address in loaded.settings.reference
        for source in _sources(loaded)
        if source is None or family_of(address) in (None, family_of(source))
    ]


def _sources(loaded: Loaded) -> list[str | None]:
    """Return the source addresses in use, in order."""
    profiles = loaded.settings.profiles
    return sorted({profiles[line.current.profile].source for line in loaded.inventory.lines.values()}, key=str)
