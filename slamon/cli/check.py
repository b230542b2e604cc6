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
@click.option("--online", is_flag=True, help="Also ask the reference targets and InfluxDB.")
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
    influx = _influx(loaded) if online else None
    if as_json:
        answers = {"references": asked, "influxdb": influx} if online else {}
        put_json({"ok": True, **_summary(loaded), "estimates": _estimates(loaded), "notes": notes, **answers})
    else:
        _print(loaded, notes, asked, online=online)
        if influx is not None:
            (say if influx["ok"] else _warn_one)(f"InfluxDB: {influx['said']}")
    if any(not one["answered"] for one in asked) or (influx is not None and not influx["ok"]):
        ctx.exit(FAILED)


def _summary(loaded: Loaded) -> dict[str, Any]:
    return {
        "config": str(loaded.settings.path),
        "inventory": str(loaded.settings.lines_file),
        "lines": len(loaded.inventory.lines),
        "contracts": [f"{c.id} {c.version}" for c in loaded.contracts.versions],
        "profiles": sorted(loaded.settings.profiles),
    }


def _estimates(loaded: Loaded) -> dict[str, Any]:
    from dataclasses import asdict

    from slamon.service.estimates import estimate

    found = estimate(loaded)
    influx = None if found.influx is None else asdict(found.influx)
    return {"targets": found.targets, "history_bytes": found.history_bytes, "influxdb": influx}


def _expected(loaded: Loaded) -> list[str]:
    from slamon.service.estimates import estimate, sentences

    return sentences(estimate(loaded), loaded)


def _own_notes(loaded: Loaded) -> list[str]:
    notes = []
    if loaded.settings.four_eyes:
        notes.append("[ledger] four_eyes is read, but this version cannot ask for a second person yet")
    if loaded.settings.snmp:
        notes.append("[snmp] is read, but this version polls no interface yet")
    if not loaded.settings.reference:
        notes.append("[monitor] reference names nothing: a dead uplink here would look like every line failing")
    return notes


def _print(loaded: Loaded, notes: list[str], asked: list[dict[str, Any]], *, online: bool) -> None:
    summary = _summary(loaded)
    say(
        f"{summary['config']}: no problems",
        f"{summary['lines']} lines in {summary['inventory']}",
        f"{len(summary['contracts'])} contracts: {', '.join(summary['contracts'])}",
        f"profiles: {', '.join(summary['profiles'])}",
        *_expected(loaded),
        *(f"note: {note}" for note in notes),
    )
    say(*(f"reference {one['address']}: {one['said']}" for one in asked if one["answered"]))
    warn(f"reference {one['address']}: {one['said']}" for one in asked if not one["answered"])
    if online:
        say("note: SNMP and alert channels are not asked by this version")


def _warn_one(sentence: str) -> None:
    warn([sentence])


def _influx(loaded: Loaded) -> dict[str, Any] | None:
    """Return whether URL, token and bucket are right, and what to do where one is not; None without InfluxDB."""
    from slamon.service import clock

    target = loaded.settings.influx
    if target is None:
        return None
    from slamon.sinks.delivery_errors import NotDelivered
    from slamon.sinks.influx_setup import ask_server, try_writing

    try:
        server = ask_server(target, clock.now)
        try_writing(target, loaded.settings.vantage, clock.now)
    except NotDelivered as error:
        return {"ok": False, "url": target.url, "version": None, "said": str(error)}
    known = f"InfluxDB {server.version}" if server.version else "a server that does not say its version"
    said = f"{target.url} answers ({known}), the token may write to bucket {target.bucket!r}"
    return {"ok": True, "url": target.url, "version": server.version or None, "said": said}


def _asked(loaded: Loaded) -> list[dict[str, Any]]:
    from slamon.probes.oneshot import ping
    from slamon.probes.protocol import ProbeError

    found: list[dict[str, Any]] = []
    for address in loaded.settings.reference:
        try:
            stats = ping(address, packets=3).stats
        except ProbeError as error:
            found.append({"address": address, "answered": False, "said": str(error)})
            continue
        got, sent = (stats.received, stats.sent) if stats is not None else (0, 0)
        found.append({"address": address, "answered": got > 0, "said": f"{got} of {sent} packets answered"})
    return found
