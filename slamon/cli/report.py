"""`slamon report`: a month's statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from slamon.cli.options import MONTH, Invocation, pass_invocation
from slamon.cli.output import console, data_stream, progress, say

if TYPE_CHECKING:
    from slamon.reports.model import Header
    from slamon.service.site import Site
    from slamon.service.statements import Survey, Wanted

FORMATS = ("json", "csv")
LATER = ("html", "pdf", "xlsx")
# A bar for what takes a second or more.
BAR_FROM_LINES = 300


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be reported."""

    survey: Survey
    header: Header
    wanted: Wanted

    def bar(self, title: str) -> AbstractContextManager[Callable[[int], None]]:
        return progress(title, len(self.survey.line_ids), at_least=BAR_FROM_LINES)


def _formats(_: click.Context, param: click.Parameter, value: str | None) -> tuple[str, ...]:
    from slamon.config.problems import did_you_mean, quoted

    names = tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))
    for name in names:
        if name in LATER:
            reason = f"{name} comes with a later version; this one writes {', '.join(FORMATS)}"
            raise click.BadParameter(reason, param=param)
        if name not in FORMATS:
            hint = did_you_mean(name, (*FORMATS, *LATER), "formats")
            raise click.BadParameter(f"{quoted(name)} is no format. {hint}", param=param)
    return names


@click.command("report", short_help="Print what a month costs and pays back.")
@click.argument("month", type=MONTH, metavar="YYYY-MM")
@click.option("--customer", metavar="ID", help="Only this customer.")
@click.option("--line", metavar="ID", help="Only this line.")
@click.option("--format", "formats", callback=_formats, metavar="NAMES", help="json, csv, or both: json,csv.")
@click.option("--lang", type=click.Choice(["zh", "en"]), default="en", show_default=True)
@click.option("-o", "--output", metavar="DIR", help="A folder for the files; - for stdout with a single format.")
@pass_invocation
def command(
    invocation: Invocation,
    month: str,
    *,
    customer: str | None,
    line: str | None,
    formats: tuple[str, ...],
    lang: str,
    output: str | None,
) -> None:
    """Print what each line had in a month, what it costs, and what is paid back.

    Without a format: a table to read. One format without -o goes to stdout. CSV on stdout is the table of lines; in a
    folder it is three files, for lines, incidents and compensation.
    """
    _refuse(formats, lang, output)
    with invocation.site(read_only=True) as site:
        job = _job(site, month, customer, line)
        if not formats:
            _print_table(job)
        elif output in (None, "-"):
            WRITERS[formats[0]](job, data_stream())
        else:
            for name in formats:
                for file in _files(job, name, Path(output or ".")):
                    say(str(file))


def _refuse(formats: tuple[str, ...], lang: str, output: str | None) -> None:
    if lang != "en":
        raise click.UsageError(
            "--lang zh comes with a later version; JSON and CSV have the same members in any language"
        )
    if output is not None and not formats:
        raise click.UsageError(f"-o needs to know what to write: give --format {','.join(FORMATS)}")
    if len(formats) > 1 and output in (None, "-"):
        raise click.UsageError("several formats need a folder: give -o DIR")


def _job(site: Site, month: str, customer: str | None, line: str | None) -> Job:
    from slamon.config.problems import did_you_mean, quoted
    from slamon.core.calendar import BillingMonth
    from slamon.reports.model import Header
    from slamon.service import clock
    from slamon.service.desk import DeskError, line_of
    from slamon.service.statements import Wanted, survey

    if line is not None:
        line_of(site, line)
    if customer is not None:
        known = {period.customer_id for one in site.lines.values() for period in one.periods}
        if customer not in known:
            raise DeskError(f"there is no customer {quoted(customer)}", did_you_mean(customer, known, "customers"))
    wanted = Wanted(BillingMonth.parse(month), customer, line)
    found = survey(site, wanted)
    header = Header(
        month=wanted.month,
        as_of=found.as_of,
        generated_at=clock.now(),
        ledger_heads=site.ledger.heads(),
    )
    return Job(found, header, wanted)


def _print_table(job: Job) -> None:
    from slamon.cli.report_pieces import customers_of
    from slamon.reports.table import print_statement

    with job.bar("working out") as done:
        found = list(customers_of(job.survey, done))
    print_statement(console(), job.header, found)


def _write_json(job: Job, stream: TextIO) -> None:
    from slamon.cli.report_pieces import customer_texts, piece_of
    from slamon.reports.json import write_texts
    from slamon.service.statements import statements

    with job.bar("json") as done:
        write_texts(stream, job.header, customer_texts(statements(job.survey, piece_of, done)))


def _write_csv(job: Job, stream: TextIO, kind: str = "lines") -> None:
    from slamon.cli.report_pieces import customers_of
    from slamon.reports.csv import write_csv

    with job.bar(f"csv, {kind}") as done:
        write_csv(kind, stream, job.header, customers_of(job.survey, done))


WRITERS: dict[str, Callable[[Job, TextIO], None]] = {"json": _write_json, "csv": _write_csv}


def _files(job: Job, name: str, folder: Path) -> Iterator[Path]:
    """Write the files of a format, each whole or not at all, and yield their places."""
    from slamon.cli.files import written
    from slamon.reports.csv import KINDS

    parts = ["statement", str(job.wanted.month), job.wanted.customer_id, job.wanted.line_id]
    stem = "-".join(part for part in parts if part)
    if name == "json":
        path = folder / f"{stem}.json"
        with written(path) as stream:
            _write_json(job, stream)
        yield path
        return
    for kind in KINDS:
        path = folder / f"{stem}-{kind}.csv"
        with written(path, encoding="utf-8-sig", newline="") as stream:
            _write_csv(job, stream, kind)
        yield path
