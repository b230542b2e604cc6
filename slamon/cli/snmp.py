"""`slamon snmp`: what the carrier's devices say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import data_stream, put_json, put_table

if TYPE_CHECKING:
    from slamon.probes.snmp.listing import Interface


@click.group("snmp")
def command() -> None:
    """Ask the carrier's devices."""


@command.command("interfaces")
@click.argument("agent", metavar="CREDENTIAL@ADDRESS")
@click.option("--csv", "as_csv", is_flag=True, help="As inventory rows to complete.")
@json_option
@pass_invocation
def interfaces(invocation: Invocation, agent: str, *, as_csv: bool, as_json: bool) -> None:
    """List the interfaces of a device, with the names by which an inventory can call them.

    CREDENTIAL is a section of the config, ADDRESS may have a port: edge@10.1.2.3:161.
    """
    from slamon.config.loaded import load
    from slamon.config.settings import find_config
    from slamon.service.snmp_ask import interfaces_of, peer_of

    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    loaded = load(find_config(invocation.config, os.environ), os.environ)
    peer = peer_of(loaded, agent)
    found = interfaces_of(peer)
    if as_csv:
        _put_csv(peer.name, found)
    elif as_json:
        put_json({"agent": peer.name, "interfaces": [_object(one) for one in found]})
    else:
        rows = [(one.index, one.name, one.alias, one.descr, one.speed_mbps, one.admin, one.oper) for one in found]
        put_table(("ifIndex", "Name", "Alias", "Description", "Mbit/s", "Admin", "Oper"), rows, "No interfaces.")


def _object(one: Interface) -> dict[str, object]:
    return {
        "index": one.index,
        "name": one.name,
        "alias": one.alias,
        "descr": one.descr,
        "speed_mbps": one.speed_mbps,
        "admin": one.admin,
        "oper": one.oper,
    }


def _put_csv(agent: str, found: list[Interface]) -> None:
    """Print inventory rows: what the device knows is filled in, the rest is for people."""
    import csv

    from slamon.config.inventory_cells import COLUMNS
    from slamon.reports.csv import cell

    out = csv.writer(data_stream(), lineterminator="\n")
    out.writerow(column.name for column in COLUMNS)
    for one in found:
        known = {
            "name": one.alias,
            "bandwidth_mbps": one.speed_mbps,
            "snmp_agent": agent,
            "snmp_interface": one.called,
        }
        out.writerow(cell(known.get(column.name)) for column in COLUMNS)
