"""Workbooks by XlsxWriter: every cell of a declared kind, so that no text becomes a formula, a link or a number.

Rows are written as they come and held no longer. Durations are days with the format ``[h]:mm:ss``, times the zone's
wall clock without a zone (Excel knows none), amounts numbers with two decimals. Equal contents give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO
from zoneinfo import ZoneInfo

import xlsxwriter

from slamon.core.timespan import from_second, whole_second

from .texts import clean

TEXT_AT_MOST = 32_767  # of one cell; Excel refuses a file with more
ROWS_AT_MOST = 1_048_576
DAY_S = 86_400

# Kinds of cells with the format of their numbers.
FORMATS: dict[str, str] = {
    "text": "@",
    "money": "#,##0.00",
    "count": "#,##0",
    "days": "0.##",
    "ratio": "0.0000%",
    "rate": "0.##%",
    "time": "yyyy-mm-dd hh:mm:ss",
    "day": "yyyy-mm-dd",
    "duration": "[h]:mm:ss",
}
_WIDTHS = {"money": 14, "count": 9, "days": 9, "ratio": 11, "rate": 8, "time": 19, "day": 11, "duration": 12}
SUMMED = ("money", "count", "duration", "days")

Value = str | int | Decimal | datetime | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, the kind of its cells, and how many signs wide it is (None: as its kind needs)."""

    title: str
    kind: str = "text"
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of a column: a formula over its cells, with the value that was worked out elsewhere."""

    column: int
    value: Decimal | int


@dataclass(slots=True)
class Workbook:
    """A workbook under way; `close` it to have it whole."""

    book: xlsxwriter.Workbook
    styles: dict[str, xlsxwriter.format.Format] = field(default_factory=dict)

    def style(self, kind: str, role: str = "") -> xlsxwriter.format.Format:
        """Return the look of a cell: its kind, and whether it is a ``total`` or a ``title``."""
        key = f"{kind} {role}"
        if key not in self.styles:
            look: dict[str, object] = {"num_format": FORMATS[kind], "valign": "top", "font_size": 10}
            look |= {"bold": True} if role else {}
            look |= {"bottom": 1, "bg_color": "#E8EEF2", "text_wrap": True} if role == "title" else {}
            look |= {"top": 1} if role == "total" else {}
            look |= {"text_wrap": True} if role == "wrapped" else {}
            if role == "wrapped":
                look["bold"] = False
            self.styles[key] = self.book.add_format(look)
        return self.styles[key]

    def close(self) -> None:
        self.book.close()


def workbook(stream: BinaryIO, title: str, created: datetime) -> Workbook:
    """Begin a workbook; `created` is its only date."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    book = xlsxwriter.Workbook(stream, options)
    book.set_properties({"title": clean(title), "author": "slamon", "created": created.replace(tzinfo=None)})
    return Workbook(book)


def letters(column: int) -> str:
    """Return what a spreadsheet calls a column: ``A``, ``AB``."""
    return str(xlsxwriter.utility.xl_col_to_name(column))


def wall(instant: datetime | None, zone: ZoneInfo) -> datetime | None:
    """Return an instant as the clock on a wall of the zone shows it, to the second."""
    if instant is None:
        return None
    return from_second(whole_second(instant)).astimezone(zone).replace(tzinfo=None)


def write_table(
    made: Workbook, name: str, columns: Sequence[Column], rows: Iterable[Sequence[Value]], totals: Sequence[Total] = ()
) -> int:
    """Write a sheet: sums on top, titles below them, both frozen, a filter over the rows; return how many rows.

    The sums stand above the titles so that a filter never hides them; they follow it (SUBTOTAL).
    """
    sheet = made.book.add_worksheet(name)
    for number, column in enumerate(columns):
        width = column.width or _WIDTHS.get(column.kind, 16)
        sheet.set_column(number, number, width)
    first = 2 if totals else 1
    rows = rows if isinstance(rows, Sequence) else list(rows)
    if len(rows) > ROWS_AT_MOST - first:
        raise ValueError(f"{len(rows):,} rows are more than a sheet holds ({ROWS_AT_MOST:,})")
    last = first + len(rows) - 1
    for total in totals:
        kind = columns[total.column].kind
        letter = letters(total.column)
        formula = f"=SUBTOTAL(109,{letter}{first + 1}:{letter}{max(last, first) + 1})"
        sheet.write_formula(0, total.column, formula, made.style(kind, "sum"), number_of(total.value, kind))
    for number, column in enumerate(columns):
        sheet.write_string(first - 1, number, clean(column.title), made.style("text", "title"))
    kinds = [(column.kind, made.style(column.kind)) for column in columns]
    for row, values in enumerate(rows, first):
        for number, value in enumerate(values):
            if value is not None:
                put(sheet, (row, number), value, *kinds[number])
    sheet.freeze_panes(first, 1)
    sheet.autofilter(first - 1, 0, max(last, first - 1), len(columns) - 1)
    sheet.repeat_rows(first - 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    return len(rows)


def put(
    sheet: xlsxwriter.worksheet.Worksheet,
    place: tuple[int, int],
    value: Value,
    kind: str,
    style: xlsxwriter.format.Format,
) -> None:
    """Write one cell as its kind says; a text is a text, whatever it begins with."""
    row, column = place
    if kind == "text":
        sheet.write_string(row, column, clean(str(value))[:TEXT_AT_MOST], style)
    elif kind in {"time", "day"}:
        sheet.write_datetime(row, column, value, style)
    else:
        sheet.write_number(row, column, number_of(value, kind), style)


def number_of(value: object, kind: str) -> float:
    """Return what a number's cell holds: days for a duration, doubles as every spreadsheet has them."""
    number = float(value)  # type: ignore[arg-type]
    return number / DAY_S if kind == "duration" else number


def write_facts(made: Workbook, name: str, rows: Iterable[tuple[str, Value, str, str]]) -> None:
    """Write a sheet of labels and values: label, value, kind, and a formula for it where there is one."""
    sheet = made.book.add_worksheet(name)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 46)
    for number, (label, value, kind, formula) in enumerate(rows):
        heading = value is None and kind == "text"
        sheet.write_string(number, 0, clean(label), made.style("text", "title" if heading else "wrapped"))
        if value is None:
            continue
        if formula:
            sheet.write_formula(number, 1, formula, made.style(kind, "sum"), number_of(value, kind))
        else:
            put(sheet, (number, 1), value, kind, made.style(kind, "wrapped"))
    sheet.freeze_panes(1, 1)
