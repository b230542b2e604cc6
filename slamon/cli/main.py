"""The `slamon` command."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from slamon import __version__
from slamon.cli.errors import FAILED, INTERRUPTED, failure_of, printable_errors
from slamon.cli.options import Invocation

# Each command stands in the module of its name, and is loaded when it is called or explained.
COMMANDS = (
    *("demo", "check", "run", "probe", "status", "replay"),
    *("incident", "complaint", "maintenance", "exclusion", "line", "lines", "snmp"),
    *("oncall", "alert"),
    *("report", "ledger", "influx", "doctor", "install", "uninstall", "errand"),
)
# What is never done by the service's user for somebody else.
HERE = frozenset({"demo", "run", "install", "uninstall", "errand"})


class Commands(click.Group):
    """The commands, loaded one by one, and the place where errors become messages."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the commands in the order of a first acquaintance."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"slamon.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called, or say which one may have been meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from slamon.config.problems import did_you_mean, quoted

            hint = did_you_mean(args[0], COMMANDS) or "see `slamon --help`"
            raise click.UsageError(f"there is no command {quoted(args[0])}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's signature
        """Read the options that stand before the command."""
        with printable_errors():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run a command; whatever goes wrong is told in our words (`slamon.cli.errors`)."""
        try:
            with printable_errors():
                return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED) from None
        except Exception as error:  # noqa: BLE001 - the outermost place; a traceback is nobody's answer
            raise failure_of(error, debug=ctx.params.get("log_level") == "debug") from None


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog='Shell completion: eval "$(_SLAMON_COMPLETE=bash_source slamon)" (or zsh_source, fish_source).',
)
@click.version_option(__version__, prog_name="slamon", message="%(prog)s %(version)s")
@click.option(
    "-c",
    "--config",
    metavar="FILE",
    help="Default: $SLAMON_CONFIG, then ./slamon.toml, then /etc/slamon/slamon.toml.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="What the log on stderr tells; debug also shows tracebacks.",
)
@click.option("--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def cli(ctx: click.Context, config: str | None, log_level: str, log_format: str) -> None:
    """Watch dedicated lines, run their SLA clocks, and compute what an outage costs.

    `slamon demo` shows it all without a config. `slamon COMMAND --help` explains a command. Times are ISO 8601; without
    an offset they are in the time zone of the line's contract.
    """
    ctx.obj = Invocation(config, log_level, log_format)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a name still shows the rest
    code = _done_elsewhere(sys.argv[1:])
    if code is not None:
        sys.exit(code)
    cli(prog_name="slamon")


def _done_elsewhere(words: list[str]) -> int | None:
    """Let the service's user do it, for a member of the slamon group; None where that is not the way."""
    if not words or words[0] not in COMMANDS or words[0] in HERE or {"-h", "--help"} & set(words):
        return None
    from slamon.service import errand

    if not errand.sent_elsewhere(None, os.environ):
        return None
    try:
        return errand.send(words, os.environ)
    except OSError as error:
        click.echo(f"Error: {errand.SOCKET}: {error.strerror or error}", err=True)
        return FAILED
