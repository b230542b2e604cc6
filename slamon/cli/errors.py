"""The one place where an error becomes a message and an exit code: 0 done, 1 failed, 2 usage, 3 input, 4 integrity."""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

FAILED, USAGE, INVALID, INTEGRITY, INTERRUPTED = 1, 2, 3, 4, 130


class Failure(click.ClickException):
    """What is wrong, in one or a few lines, and the exit code that says which kind of wrong it is."""

    def __init__(self, lines: Sequence[str], exit_code: int = FAILED) -> None:
        super().__init__("\n".join(lines))
        self.lines = tuple(lines)
        self.exit_code = exit_code  # type: ignore[misc]  # click reads it from the instance

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature; errors go to stderr
        """Print the lines on stderr, control characters escaped."""
        from slamon.config.problems import printable

        for number, line in enumerate(self.lines):
            click.echo(f"{'Error: ' if number == 0 else ''}{printable(line)}", err=True)


@contextmanager
def printable_errors() -> Iterator[None]:
    """Let no usage error carry what was typed to the terminal as it is: click quotes some of it, not all."""
    try:
        yield
    except click.UsageError as error:
        from slamon.config.problems import CONTROL

        shown = CONTROL.sub(lambda found: found[0] if found[0] in "\n\t" else "?", error.message)
        error.message = shown  # type: ignore[misc]  # what click prints
        raise


def failure_of(error: Exception, *, debug: bool) -> Failure:
    """Return how an error is told; an unexpected one is a defect of slamon, its traceback only shown for `debug`."""
    known = _known(error)
    if known is not None:
        return known
    if debug:
        click.echo("".join(traceback.format_exception(error)), err=True, nl=False)
    what = " ".join(str(error).split())[:300]
    lines = [f"this is a defect of slamon: {type(error).__name__}: {what}"]
    if not debug:
        lines.append("run it again with --log-level debug for the traceback, and report both")
    return Failure(lines)


def _known(error: Exception) -> Failure | None:
    from slamon.config.problems import InvalidInput
    from slamon.core.calendar import LocalTimeError

    if isinstance(error, InvalidInput):
        problems = [str(problem) for problem in error.problems]
        count = f"{len(problems)} problems" if len(problems) > 1 else ""
        return Failure([*([count] if count else []), *problems], INVALID)
    if isinstance(error, LocalTimeError):
        return Failure([str(error)], USAGE)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        denied = isinstance(error, PermissionError) and error.filename
        hint = ["run it as root, or as a member of the group slamon"] if denied else []
        return Failure([f"{place}{error.strerror or error}", *hint])
    return _of_the_service(error)


def _of_the_service(error: Exception) -> Failure | None:
    from slamon.core.proration import UnknownVatRate
    from slamon.probes.protocol import ProbeError
    from slamon.reports.pdf import CannotPrint
    from slamon.service.daemon_lock import AlreadyRunning
    from slamon.service.desk import DeskError
    from slamon.sinks.delivery_errors import NotDelivered
    from slamon.store.errors import LedgerDamaged, LedgerError

    if isinstance(error, LedgerDamaged):
        return Failure([str(error)], INTEGRITY)
    if isinstance(error, LedgerError | DeskError | ProbeError | AlreadyRunning | NotDelivered):
        return Failure([str(error)])
    if isinstance(error, CannotPrint):
        return Failure([str(error)])
    if isinstance(error, UnknownVatRate):
        return Failure([str(error)], INVALID)
    return None
