"""`slamon lines`: inventory files."""

from __future__ import annotations

import os
from pathlib import Path

import click

from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import put_json, say


@click.group("lines")
def command() -> None:
    """Check inventory files."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@json_option
@pass_invocation
def check(invocation: Invocation, file: Path | None, *, as_json: bool) -> None:
    """Check the inventory in FILE, or the configured one, against the configured contracts and profiles."""
    from slamon.config.contracts import load_contracts
    from slamon.config.inventory import load_inventory
    from slamon.config.problems import InvalidInput
    from slamon.config.settings import find_config, read_settings
    from slamon.resources import contract_files

    settings, problems, named = read_settings(find_config(invocation.config, os.environ), os.environ)
    contracts, wrong = load_contracts(contract_files(), named.contracts_dir)
    problems += wrong
    target = file or named.lines_file
    if target is None:
        raise InvalidInput(problems)
    inventory, wrong = load_inventory(target, contracts, named.profiles, named.credentials)
    # A config that is wrong elsewhere is another matter; what the inventory is checked against must be known.
    needed = [*(problems if contracts is None or settings is None else []), *wrong]
    if inventory is None or needed:
        raise InvalidInput(needed)
    rows = sum(len(line.periods) for line in inventory.lines.values())
    if as_json:
        put_json({"ok": True, "file": str(target), "lines": len(inventory.lines), "rows": rows})
    else:
        say(f"{target}: {len(inventory.lines)} lines in {rows} rows, no problems")
