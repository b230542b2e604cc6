"""`python -m tests.reports.goldens`: writes tests/golden anew, in every format and language; look at the difference.

The statement is that of `gallery`, whose cents were worked out by hand; what is kept here is how they are shown.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from pathlib import Path

import openpyxl
from rich.console import Console

from slamon.core.memo import memos
from slamon.reports import json as statement_json
from slamon.reports.csv import write_csv
from slamon.reports.internal import internal_page
from slamon.reports.language import LANGUAGES
from slamon.reports.memos import write_memos_csv, write_memos_json
from slamon.reports.printed import printed
from slamon.reports.table import print_statement
from slamon.reports.xlsx import write_xlsx
from tests.core.test_review import of
from tests.reports.gallery import FULL_HEADER, customer, extras, lines
from tests.reports.month import CONTRACTS, OCTOBER

FOLDER = Path(__file__).resolve().parents[1] / "golden"


def _json() -> str:
    stream = io.StringIO()
    statement_json.write(stream, FULL_HEADER, [customer()])
    return stream.getvalue()


def _csv(kind: str) -> str:
    stream = io.StringIO(newline="")
    write_csv(kind, stream, FULL_HEADER, [customer()])
    return stream.getvalue()


def _memos(write: Callable[..., None]) -> str:
    stream = io.StringIO(newline="")
    write(stream, FULL_HEADER, [memo for line in lines() for memo in memos(line, OCTOBER)])
    return stream.getvalue()


def _table(code: str) -> str:
    console = Console(width=120, file=io.StringIO(), color_system=None, highlight=False, emoji=False, markup=False)
    with console.capture() as captured:
        print_statement(console, FULL_HEADER, [customer()], LANGUAGES[code])
    return captured.get()


def _page(code: str) -> str:
    return printed(FULL_HEADER, customer(), LANGUAGES[code], extras())


def _review(code: str) -> str:
    zone = CONTRACTS.versions[0].zone
    return internal_page(FULL_HEADER, of(lines()), LANGUAGES[code], zone)


def _book(code: str) -> str:
    """The cells of the workbook: place, formula or value, and what a formula gives."""
    stream = io.BytesIO()
    write_xlsx(stream, FULL_HEADER, customer(), LANGUAGES[code])
    formulas, values = (openpyxl.load_workbook(stream, data_only=only) for only in (False, True))
    rows = []
    for sheet in formulas:
        rows.append(f"[{sheet.title}] frozen {sheet.freeze_panes} filter {sheet.auto_filter.ref}")
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    value = values[sheet.title][cell.coordinate].value
                    gives = f" = {value}" if cell.data_type == "f" else ""
                    rows.append(f"{cell.coordinate} {cell.data_type} {cell.value}{gives}")
    return "\n".join(rows) + "\n"


GOLDENS: dict[str, Callable[[], str]] = {
    "statement.json": _json,
    **{f"{kind}.csv": partial(_csv, kind) for kind in ("lines", "incidents", "compensation")},
    "memos.csv": partial(_memos, write_memos_csv),
    "memos.json": partial(_memos, write_memos_json),
    **{f"table.{code}.txt": partial(_table, code) for code in LANGUAGES},
    **{f"statement.{code}.html": partial(_page, code) for code in LANGUAGES},
    **{f"review.{code}.html": partial(_review, code) for code in LANGUAGES},
    **{f"workbook.{code}.txt": partial(_book, code) for code in LANGUAGES},
}


def main() -> None:
    """Write all of them."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in GOLDENS.items():
        (FOLDER / name).write_bytes(make().encode("utf-8"))


if __name__ == "__main__":
    main()
