"""`slamon report`: a month's statements."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from slamon.cli.options import MONTH, Invocation, pass_invocation
from slamon.cli.output import say
from slamon.cli.report_files import FORMATS, print_table, to_folder, to_stdout
from slamon.cli.report_job import Job, job_of


def _formats(_: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    from slamon.config.problems import did_you_mean, quoted

    names = tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))
    for name in names:
        if name not in FORMATS:
            hint = did_you_mean(name, FORMATS, "formats")
            raise click.BadParameter(f"{quoted(name)} is no format. {hint}", param=param)
    return names


@click.command("report", short_help="Print what a month costs and pays back.")
@click.argument("month", type=MONTH, metavar="YYYY-MM", required=False)
@click.option("--customer", metavar="ID", help="Only this customer.")
@click.option("--line", metavar="ID", help="Only this line.")
@click.option("--format", "formats", callback=_formats, metavar="NAMES", help=f"One or several of {','.join(FORMATS)}.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Of what people read.")
@click.option("--bom", is_flag=True, help="Begin CSV with a byte order mark, for spreadsheets that guess.")
@click.option("--internal", is_flag=True, help="The carrier's own review instead, as xlsx, html or pdf.")
@click.option(
    "--chronic",
    type=click.IntRange(1),
    default=3,
    show_default=True,
    metavar="N",
    help="In the review: lines with N incidents in 30 days.",
)
@click.option("--due", is_flag=True, help="Last month's, as [report] says, once: what the timer asks for.")
@click.option("-o", "--output", metavar="DIR", help="A folder for the files; - for stdout with a single format.")
@pass_invocation
def command(
    invocation: Invocation,
    month: str | None,
    *,
    customer: str | None,
    line: str | None,
    formats: tuple[str, ...],
    lang: str,
    bom: bool,
    internal: bool,
    chronic: int,
    due: bool,
    output: str | None,
) -> None:
    """Print what each line had in a month, what it costs, and what is paid back.

    Without a format: a table to read. One format without -o goes to stdout. CSV on stdout is the table of lines; in a
    folder it is three files, for lines, incidents and compensation. HTML, PDF and XLSX are one file for each
    customer.
    """
    if due:
        _refuse_with_due(month, customer, line, formats, output)
        from slamon.cli.report_due import make_due

        make_due(invocation)
        return
    if month is None:
        raise click.UsageError("name the month, such as 2026-10")
    _refuse(formats, output)
    if internal:
        _refuse_internal(formats)
    with invocation.site(read_only=True) as site:
        job = job_of(site, month, customer, line, lang, bom=bom)
        if internal:
            _internal(job, formats, output, chronic)
        elif not formats:
            print_table(job)
        elif output in (None, "-"):
            to_stdout(job, formats[0])
        else:
            for file in to_folder(job, formats, Path(output or ".")):
                say(str(file))


def _refuse_with_due(*given: object) -> None:
    if any(given):
        raise click.UsageError("--due takes month, formats and folder from [report]; give nothing else with it")


def _internal(job: Job, formats: tuple[str, ...], output: str | None, chronic: int) -> None:
    from slamon.cli.report_internal import internal_files, internal_stream

    if output in (None, "-"):
        sys.stdout.buffer.write(internal_stream(job, formats[0], chronic))
        return
    for file in internal_files(job, formats, Path(output or "."), chronic):
        say(str(file))


def _refuse_internal(formats: tuple[str, ...]) -> None:
    from slamon.cli.report_internal import INTERNAL_FORMATS

    if not formats or set(formats) - set(INTERNAL_FORMATS):
        raise click.UsageError(f"--internal is written as {','.join(INTERNAL_FORMATS)}: name them with --format")


def _refuse(formats: tuple[str, ...], output: str | None) -> None:
    if output is not None and not formats:
        raise click.UsageError(f"-o needs to know what to write: give --format {','.join(FORMATS)}")
    if len(formats) > 1 and output in (None, "-"):
        raise click.UsageError("several formats need a folder: give -o DIR")
