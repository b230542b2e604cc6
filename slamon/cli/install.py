"""`slamon install`: units, kernel settings, completion and a first config; `slamon uninstall` takes ours away again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from slamon.cli.options import json_option
from slamon.cli.output import put_json, put_table, say

if TYPE_CHECKING:
    from slamon.service.install import Step

root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/"),
    show_default=True,
    help="Install below this folder: an image, a package.",
)
dry_run_option = click.option("--dry-run", is_flag=True, help="Only show what would be done.")


@click.command("install", short_help="Install units, config skeleton and completion.")
@root_option
@dry_run_option
@json_option
def command(*, root: Path, dry_run: bool, as_json: bool) -> None:
    """Install what the service needs beside its venv; run again, it changes only what an upgrade changed.

    Units, kernel settings, completion and /usr/local/bin/slamon are replaced; /etc/slamon is made once and then yours.
    """
    from slamon.service import install

    steps = install.plan(install.pieces(Path(sys.prefix)), root)
    _do(steps, root, as_json=as_json, dry_run=dry_run)
    if not dry_run and not as_json:
        say(
            "Next: complete /etc/slamon/slamon.toml and lines.csv, put secrets into /etc/slamon/credentials,",
            "then: slamon check && systemctl enable --now slamon.service slamon-report.timer slamon-admin.socket",
            "and:  slamon doctor",
        )


@click.command("uninstall", short_help="Remove what install made, but for config and data.")
@root_option
@dry_run_option
@json_option
def uninstall(*, root: Path, dry_run: bool, as_json: bool) -> None:
    """Stop and remove the service; configuration, credentials and the ledger stay, and are named."""
    from slamon.service import install

    if not dry_run:
        for said in install.tell_system(root, removing=True):
            say(said)
    steps = install.plan_removal(install.pieces(Path(sys.prefix)), root)
    _do(steps, root, as_json=as_json, dry_run=dry_run, removing=True)
    if not as_json:
        say("What was measured stays in /var/lib/slamon, the venv where it is: remove them yourself if you mean to.")


def _do(steps: list[Step], root: Path, *, as_json: bool, dry_run: bool, removing: bool = False) -> None:
    from slamon.service import install

    if not dry_run:
        install.carry_out(steps, root)
    told = [] if dry_run or removing else install.tell_system(root)
    if as_json:
        done = [{"act": step.act, "path": step.piece.path} for step in steps]
        put_json({"dry_run": dry_run, "root": str(root), "steps": done, "told": told})
        return
    put_table(("Would" if dry_run else "Did", "What"), [(s.act, s.piece.path) for s in steps], "Nothing is installed.")
    say(*told)
