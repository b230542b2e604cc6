"""`slamon doctor`: what keeps this site from watching truly, and what to do."""

from __future__ import annotations

import os

import click

from slamon.cli.errors import FAILED
from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import progress, put_json, put_table


@click.command("doctor", short_help="Examine machine, ledger and service, and say what to do.")
@json_option
@pass_invocation
@click.pass_context
def command(ctx: click.Context, invocation: Invocation, *, as_json: bool) -> None:
    """Examine the machine, the ledger and the running service, and say what to do about what is not well.

    Exits with 1 where slamon cannot do its work. The whole ledger is read; that may take minutes on a large one.
    """
    from slamon.service.doctor import Level, examine

    with progress("examining", None):
        found = examine(invocation.config, os.environ, _answers)
    if as_json:
        findings = [{"about": f.about, "level": f.level, "said": f.said, "do": f.do} for f in found]
        put_json({"ok": all(f.level is not Level.BAD for f in found), "findings": findings})
    else:
        worst_first = sorted(found, key=lambda f: -list(Level).index(f.level))
        put_table(("", "What", "Found", "Do"), [(f.level, f.about, f.said, f.do) for f in worst_first], "Nothing.")
    if any(f.level is Level.BAD for f in found):
        ctx.exit(FAILED)


def _answers(address: str) -> bool | str:
    from slamon.probes.oneshot import ping
    from slamon.probes.protocol import ProbeError

    try:
        stats = ping(address, packets=2).stats
    except ProbeError as error:
        return str(error)
    return stats is not None and stats.received > 0
