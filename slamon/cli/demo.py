"""`slamon demo`: what the product is, in under a minute."""

from __future__ import annotations

import os

import click

from slamon.cli.output import console


@click.command("demo", short_help="See it all on lines of its own; needs no config.")
@click.option("--seconds", type=click.IntRange(min=1), metavar="N", help="Watch live at most this long; 45 by default.")
@click.pass_context
def command(ctx: click.Context, seconds: int | None) -> None:
    """Watch some lines of its own, cut and degrade them, and print what that costs. Needs no config."""
    from slamon.service.demo import main

    ctx.exit(main(seconds, console(), os.environ))
