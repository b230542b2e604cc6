"""`slamon oncall`: who is called, and standing in for somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from slamon.cli.options import Invocation, by_option, json_option, pass_invocation, time_option
from slamon.cli.output import put_filed, put_json, put_table, say

if TYPE_CHECKING:
    from slamon.service.desk_oncall import Standing


@click.group("oncall", short_help="Who is on call.")
def command() -> None:
    """Show who is on call, and stand in for somebody; people, rotas and chains are in the file that [alerts] names."""


@command.command("show")
@time_option("--at", "When; now by default.")
@click.option("--days", type=click.IntRange(1, 366), default=14, show_default=True, help="How far ahead.")
@json_option
@pass_invocation
def show(invocation: Invocation, at: str | None, days: int, *, as_json: bool) -> None:
    """Show who is called at a time, step by step, and who is on call after that."""
    from slamon.cli.options import time_or_now
    from slamon.service.desk_oncall import on_duty, people_of

    with invocation.site(read_only=True) as site:
        zones = [rota.zone for rota in people_of(site).oncall.rotas.values()]
        people = [person.zone for person in people_of(site).oncall.people.values()]
        zone = (zones or people)[0]
        found = on_duty(site, time_or_now(at)(zone).replace(microsecond=0), timedelta(days=days))
    if as_json:
        put_json(_object(found))
        return
    from slamon.reports.texts import local

    say(f"as of {local(found.at, zone)} {zone.key}")
    steps = [
        (chain, number, ", ".join(_named(found, person) for person in persons) or "nobody", f"{wait_s:g} s")
        for chain, called in found.chains.items()
        for number, (wait_s, persons) in enumerate(called, 1)
    ]
    put_table(("Chain", "Step", "Calls", "Waits"), steps, "No chains.")
    stints = [
        (rota, local(one.start, zone), local(one.end, zone), _named(found, one.person), one.by)
        for rota, called in found.rotas.items()
        for one in called
    ]
    put_table(("Rota", "From", "To", "On call", "By"), stints, "No rotas.")


def _named(found: Standing, person: str | None) -> str:
    if person is None:
        return "nobody"
    name = found.names.get(person)
    return person if name in (None, person) else f"{person} ({name})"


def _object(found: Standing) -> dict[str, Any]:
    from slamon.core.timespan import iso

    return {
        "at": iso(found.at),
        "chains": {
            name: [{"wait_seconds": wait_s, "people": list(persons)} for wait_s, persons in steps]
            for name, steps in found.chains.items()
        },
        "rotas": {
            name: [{"from": iso(one.start), "to": iso(one.end), "person": one.person, "by": one.by} for one in stints]
            for name, stints in found.rotas.items()
        },
    }


@command.command("override")
@click.argument("rota")
@click.argument("person")
@time_option("--from", "From when on; without an offset in the rota's zone.", into="start", required=True)
@time_option("--to", "Until when.", into="end", required=True)
@click.option("--reason", metavar="TEXT", default="", help="Why.")
@by_option
@json_option
@pass_invocation
def override(
    invocation: Invocation, rota: str, person: str, *, start: str, end: str, reason: str, by: str | None, as_json: bool
) -> None:
    """Let PERSON be on call for ROTA in the place of whoever would be."""
    from slamon.service import clock
    from slamon.service.desk import when
    from slamon.service.desk_oncall import StandIn
    from slamon.service.desk_oncall import override as stand_in

    with invocation.site(by) as site:
        filed = stand_in(site, StandIn(rota, person, when(start), when(end)), reason, clock.now())
    put_filed(filed, as_json=as_json)
