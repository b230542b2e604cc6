"""How commands print: text through rich on stdout, JSON in one line an object, warnings and bars on stderr."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console

    from slamon.service.desk import Filed

# A pipe has no width; a table for `grep` and `less -S` is not folded to that of a terminal that is not there.
PIPE_WIDTH = 200


def console() -> Console:
    """Return the console for stdout; colours only on a terminal."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPE_WIDTH
    return Console(highlight=False, emoji=False, markup=False, width=width)


def say(*sentences: str) -> None:
    """Print sentences, one a line, whatever the width."""
    from slamon.reports.texts import clean

    for sentence in sentences:
        click.echo(clean(sentence))


def warn(sentences: Iterable[str]) -> None:
    """Print warnings on stderr."""
    from slamon.reports.texts import clean

    for sentence in sentences:
        click.echo(f"Warning: {clean(sentence)}", err=True)


def data_stream() -> TextIO:
    """Return stdout for data: UTF-8 whatever the terminal speaks (RFC 8259 knows no other)."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    return sys.stdout


def put_json(value: dict[str, Any]) -> None:
    """Print an object in one line."""
    from slamon.reports.json import encode

    click.echo(encode(value), file=data_stream())


def put_filed(filed: Filed, *, as_json: bool) -> None:
    """Print what a filing did."""
    if as_json:
        shown = {"entries": filed.entries, "subjects": filed.subjects, "said": filed.said, "warnings": filed.warnings}
        put_json(shown)
        return
    say(*filed.said)
    warn(filed.warnings)


Row = Sequence[object]


def put_table(columns: Sequence[str], rows: Iterable[Row], nothing: str) -> None:
    """Print rows as a table, or a sentence where there are none."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from slamon.reports.texts import clean

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("-" if cell is None or cell == "" else clean(str(cell))) for cell in row))
    if table.row_count:
        console().print(table)
    else:
        click.echo(nothing)


@contextmanager
def progress(title: str, total: int | None, *, at_least: int = 0) -> Iterator[Callable[[int], None]]:
    """Show a bar on stderr while the block runs, where stderr is a terminal; the block tells it what was done."""
    if not sys.stderr.isatty() or (total is not None and total < at_least):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.advance(task, done)
