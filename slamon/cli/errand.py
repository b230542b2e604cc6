"""`slamon errand`: systemd starts it for each command of the slamon group (`slamon.service.errand`)."""

from __future__ import annotations

import os
import signal
import socket
import sys

import click

from slamon.cli.options import Invocation, pass_invocation


@click.command("errand", hidden=True)
@pass_invocation
def command(invocation: Invocation) -> None:
    """Run the command that the connection on standard input brings."""
    from slamon.service import errand, identity

    talk = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    try:
        asked = errand.receive(talk)
    except errand.NoErrand as refused:
        raise click.UsageError(f"this is no errand: {refused}") from None
    identity.assume(asked.uid)
    errand.take_streams(asked)
    os.environ.update(asked.environ)
    # A caller who hangs up ends the command; what it was recording is on disk or rolled back.
    errand.watch(talk, lambda: os.kill(os.getpid(), signal.SIGINT))
    errand.answer(talk, _run(invocation, asked.words))


def _run(invocation: Invocation, words: tuple[str, ...]) -> int:
    from slamon.cli.main import COMMANDS, HERE, cli

    if not words or words[0] not in COMMANDS or words[0] in HERE:
        click.echo("Error: this cannot be done for others; run it as root", err=True)
        return 2
    given = ["--config", invocation.config] if invocation.config else []
    options = ["--log-level", invocation.log_level, "--log-format", invocation.log_format]
    try:
        cli.main([*given, *options, *words], prog_name="slamon", standalone_mode=True)
    except SystemExit as ended:
        code = ended.code
    return code if isinstance(code, int) else 0
