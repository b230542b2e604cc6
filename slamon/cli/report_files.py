"""The formats of a month's statements: on stdout, or as files of a folder."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from slamon.cli.files import put, written
from slamon.cli.output import console, data_stream
from slamon.cli.report_job import PRINTED_BAR_FROM_LINES, Job

if TYPE_CHECKING:
    from slamon.core.customers import CustomerStatement
    from slamon.core.memo import Memo
    from slamon.reports.printed import Extras

PRINTED = ("html", "pdf", "xlsx")  # a file for each customer
FORMATS = ("json", "csv", *PRINTED, "memo")


def print_table(job: Job) -> None:
    """Print a table to read."""
    from slamon.cli.report_pieces import customers_of
    from slamon.reports.table import print_statement

    with job.bar("working out") as done:
        found = list(customers_of(job.survey, done))
    print_statement(console(), job.header, found, job.language)


def to_stdout(job: Job, name: str) -> None:
    """Write one format to stdout."""
    if name == "json":
        _json(job, data_stream())
    elif name == "csv":
        stream = data_stream()
        stream.write("\ufeff" if job.bom else "")
        _csv(job, stream)
    elif name == "memo":
        stream = data_stream()
        stream.write("\ufeff" if job.bom else "")
        _memo_csv(job, stream)
    else:
        _one_page(job, name)


def to_folder(job: Job, names: Sequence[str], folder: Path) -> Iterator[Path]:
    """Write formats into a folder, each file whole or not at all, and yield their places."""
    printed = [name for name in names if name in PRINTED]
    for name in names:
        if name == "json":
            path = folder / f"{job.stem}.json"
            with written(path) as stream:
                _json(job, stream)
            yield path
        elif name == "csv":
            yield from _csv_files(job, folder)
        elif name == "memo":
            yield from _memo_files(job, folder)
        elif name == printed[0]:  # both kinds of a customer's page are made together
            yield from _pages(job, printed, folder)


def _json(job: Job, stream: TextIO) -> None:
    from slamon.cli.report_pieces import customer_texts, piece_of
    from slamon.reports.json import write_texts
    from slamon.service.statements import statements

    with job.bar("json") as done:
        write_texts(stream, job.header, customer_texts(statements(job.survey, piece_of, done)))


def _csv(job: Job, stream: TextIO, kind: str = "lines") -> None:
    from slamon.cli.report_pieces import customers_of
    from slamon.reports.csv import write_csv

    with job.bar(f"csv, {kind}") as done:
        write_csv(kind, stream, job.header, customers_of(job.survey, done))


def _csv_files(job: Job, folder: Path) -> Iterator[Path]:
    from slamon.reports.csv import KINDS

    for kind in KINDS:
        path = folder / f"{job.stem}-{kind}.csv"
        with written(path, encoding="utf-8-sig" if job.bom else "utf-8", newline="") as stream:
            _csv(job, stream, kind)
        yield path


def _memo_csv(job: Job, stream: TextIO) -> None:
    from slamon.reports.memos import write_memos_csv

    with job.bar("memo, csv") as done:
        write_memos_csv(stream, job.header, _memos(job, done))


def _memo_files(job: Job, folder: Path) -> Iterator[Path]:
    """Write the credit memos as CSV and as JSON."""
    from slamon.reports.memos import write_memos_json

    stem = job.stem.replace("statement", "memo", 1)
    with written(folder / f"{stem}.csv", encoding="utf-8-sig" if job.bom else "utf-8", newline="") as stream:
        _memo_csv(job, stream)
    yield folder / f"{stem}.csv"
    with written(folder / f"{stem}.json") as stream, job.bar("memo, json") as done:
        write_memos_json(stream, job.header, _memos(job, done))
    yield folder / f"{stem}.json"


def _memos(job: Job, done: Callable[[int], None]) -> Iterator[Memo]:
    from slamon.cli.report_pieces import memos_of
    from slamon.service.statements import statements

    for line in statements(job.survey, partial(memos_of, month=job.wanted.month), done):
        yield from line


def _one_page(job: Job, name: str) -> None:
    """Write the page of the one customer that was asked for to stdout."""
    from slamon.cli.report_pieces import customers_of

    _ready([name])
    found = list(customers_of(job.survey, lambda _: None))
    if len(found) != 1:
        count = "no statement" if not found else f"{len(found)} statements"
        raise click.UsageError(
            f"{name} on stdout is one customer's page, and this month has {count}: "
            "name one with --customer, or give -o DIR"
        )
    (made,) = _made(job, found[0], [name])
    if name == "html":
        data_stream().write(made[1].decode("utf-8"))
    else:
        sys.stdout.buffer.write(made[1])


def _pages(job: Job, names: Sequence[str], folder: Path) -> Iterator[Path]:
    from slamon.cli.report_pieces import customers_of

    _ready(names)
    taken: set[str] = set()
    with job.bar(", ".join(names), PRINTED_BAR_FROM_LINES) as done:
        for customer in customers_of(job.survey, lambda _: None):
            for name, content in _made(job, customer, names):
                path = folder / f"{_stem(job, customer, taken)}.{name}"
                put(path, content)
                yield path
            taken.add(customer.customer_id)
            done(len(customer.lines))  # laying a page out takes far longer than working it out


def _ready(names: Iterable[str]) -> None:
    """Find out before the work whether PDF can be made here."""
    if "pdf" in names:
        from slamon.reports.pdf import check

        check()


def _stem(job: Job, customer: CustomerStatement, taken: set[str]) -> str:
    """Return a customer's file name; a second statement of the same customer is named by its currency too."""
    parts = ["statement", str(job.wanted.month), customer.customer_id, job.wanted.line_id]
    parts.append(customer.currency if customer.customer_id in taken else None)
    return "-".join(part for part in parts if part)


def _made(job: Job, customer: CustomerStatement, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield each format of one customer's statement; HTML and PDF are one page."""
    page = _page(job, customer) if {"html", "pdf"} & set(names) else ""
    for name in names:
        if name == "html":
            yield name, page.encode("utf-8")
        elif name == "pdf":
            yield name, _pdf(page)
        else:
            yield name, _workbook(job, customer)


def _page(job: Job, customer: CustomerStatement) -> str:
    from slamon.reports.printed import printed

    return printed(job.header, customer, job.language, extras_of(job, customer))


def _workbook(job: Job, customer: CustomerStatement) -> bytes:
    from slamon.reports.xlsx import write_xlsx

    made = io.BytesIO()
    write_xlsx(made, job.header, customer, job.language)
    return made.getvalue()


def extras_of(job: Job, customer: CustomerStatement) -> Extras:
    """Return what a page shows beside the statement: the hours of its lines, where this machine keeps any."""
    from slamon.reports.printed import Extras
    from slamon.service.statements import hours_of

    return Extras(hours_of(job.survey, [(line.line.line_id, line.zone) for line in customer.lines]))


def _pdf(page: str) -> bytes:
    from slamon.reports.pdf import pdf_of

    return pdf_of(page)
