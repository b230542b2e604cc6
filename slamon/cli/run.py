"""`slamon run`: the daemon."""

from __future__ import annotations

import os

import click

from slamon.cli.options import Invocation, pass_invocation


@click.command("run", short_help="Watch the lines: the daemon.")
@pass_invocation
def command(invocation: Invocation) -> None:
    """Watch the lines, in the foreground, until SIGTERM; SIGHUP reloads config and inventory."""
    from slamon.service import bootstrap, logs

    logs.set_up(invocation.log_level, invocation.log_format)
    bootstrap.run(invocation.config, os.environ)
