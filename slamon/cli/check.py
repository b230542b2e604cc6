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
    from slamon.config.problems import Problem

Answers = dict[str, list[dict[str, Any]]]
ONE_OF = {"references": "reference", "agents": "agent", "influxdb": "InfluxDB", "channels": "channel"}


@click.command("check", short_help="Validate config, contracts and inventory.")
@click.option("--online", is_flag=True, help="Also ask reference targets, SNMP agents, InfluxDB and mail servers.")
@json_option
@pass_invocation
@click.pass_context
def command(ctx: click.Context, invocation: Invocation, *, online: bool, as_json: bool) -> None:
    """Validate config, contracts and inventory, and print all problems at once."""
    from slamon.config.loaded import load
    from slamon.config.problems import InvalidInput
    from slamon.config.settings import find_config

    try:
        loaded = _fit(load(find_config(invocation.config, os.environ), os.environ))
    except InvalidInput as invalid:
        if not as_json:
            raise
        problems = [{"file": p.file, "where": p.where, "reason": p.reason, "hint": p.hint} for p in invalid.problems]
        put_json({"ok": False, "problems": problems})
        ctx.exit(INVALID)
    notes = [*loaded.notes, *_own_notes(loaded)]
    answers: Answers = {}
    if online:
        from slamon.cli.check_online import ask

        answers = ask(loaded)
    if as_json:
        put_json({"ok": True, **_summary(loaded), "estimates": _estimates(loaded), "notes": notes, **answers})
    else:
        _print(loaded, notes)
        for what, asked in answers.items():
            _print_asked(what, asked)
    if any(not one["answered"] for asked in answers.values() for one in asked):
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
    from slamon.cli.check_online import sources_of, ways

    notes = []
    if loaded.settings.four_eyes:
        notes.append("[ledger] four_eyes is read, but this version cannot ask for a second person yet")
    notes += _alert_notes(loaded)
    if not loaded.settings.reference:
        notes.append("[monitor] reference names nothing: a dead uplink here would look like every line failing")
    asked_from = {source for _, source in ways(loaded)}
    notes += [
        f"no reference can be asked from {source}: its lines go by the references of the default source"
        for source in sources_of(loaded)
        if loaded.settings.reference and source is not None and source not in asked_from
    ]
    return notes


def _fit(loaded: Loaded) -> Loaded:
    from slamon.config.problems import InvalidInput

    problems = _channel_problems(loaded)
    if problems:
        raise InvalidInput(problems)
    return loaded


def _channel_problems(loaded: Loaded) -> list[Problem]:
    """Return what is wrong with templates of one's own, and with URLs that only Apprise itself can judge."""
    alerts = loaded.settings.alerts
    if alerts is None:
        return []
    from slamon.alerting.opening import unfit_urls
    from slamon.alerting.wording_check import template_problems
    from slamon.config.problems import Problem

    found = [] if alerts.templates is None else template_problems(alerts.templates)
    for name in unfit_urls(alerts):
        where, hint = f"alerts.channels.{name}.url", "https://appriseit.com/services/ lists them"
        found.append(Problem(str(loaded.settings.path), where, "is no URL that Apprise accepts", hint))
    return found


def _alert_notes(loaded: Loaded) -> list[str]:
    notes = []
    settings = loaded.settings
    if settings.personal_key is None:
        notes.append(
            "[ledger] personal_key_file names no key: personal texts are sealed with one that slamon keeps beside the "
            "ledger, which protects backups and not this machine"
        )
    if settings.alerts is None or settings.alerts.oncall is None:
        notes.append("[alerts] oncall names no file: nobody is told anything")
        return notes
    if settings.alerts.heartbeat is None:
        notes.append("[alerts] heartbeat_url_file names nothing: nobody would notice that slamon itself is gone")
    used = (
        {name for person in loaded.oncall.oncall.people.values() for name in person.channels}
        if loaded.oncall
        else set()
    )
    idle = sorted(settings.alerts.channels.keys() - used)
    if idle:
        notes.append(f"[alerts.channels]: {', '.join(idle)}: nobody in the on-call file is told by these")
    return notes


def _print(loaded: Loaded, notes: list[str]) -> None:
    summary = _summary(loaded)
    say(
        f"{summary['config']}: no problems",
        f"{summary['lines']} lines in {summary['inventory']}",
        f"{len(summary['contracts'])} contracts: {', '.join(summary['contracts'])}",
        f"profiles: {', '.join(summary['profiles'])}",
        *_expected(loaded),
        *(f"note: {note}" for note in notes),
    )


def _print_asked(what: str, asked: list[dict[str, Any]]) -> None:
    what = ONE_OF[what]
    say(*(f"{what} {one['address']}: {one['said']}" for one in asked if one["answered"]))
    warn(f"{what} {one['address']}: {one['said']}" for one in asked if not one["answered"])
