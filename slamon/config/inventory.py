"""Loads the inventory, `lines.csv`: 100,000 rows in a few seconds, or every row that is wrong."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from slamon.config.inventory_cells import COLUMNS, Column
from slamon.config.inventory_terms import Terms
from slamon.config.problems import CONTROL, Problem, Unfit, did_you_mean, quoted
from slamon.config.textfile import decoded, read_bytes
from slamon.core.contract import Contracts
from slamon.core.inventory import Line, Period

_BY_NAME = {column.name: column for column in COLUMNS}
_PERIOD_COLUMNS = COLUMNS[1:]

# What rows were read: the number of each (the file's line, header = 1) with its period, by line.
_Rows = dict[str, list[tuple[int, Period]]]


@dataclass(frozen=True, slots=True)
class Inventory:
    """All lines by id, in the order of the file; `digest` is the SHA-256 of the file's bytes."""

    lines: Mapping[str, Line]
    digest: str


def load_inventory(
    file: Path, contracts: Contracts | None, profiles: Collection[str] | None, credentials: Collection[str] | None
) -> tuple[Inventory | None, list[Problem]]:
    """Return the inventory in a file, or everything that is wrong with it; what is None is not checked against."""
    raw, problems = read_bytes(file)
    text, unread = decoded(raw, str(file)) if raw is not None else (None, [])
    if raw is None or text is None:
        return None, problems + unread
    return parse_inventory(text, str(file), contracts, profiles, credentials, digest=_sha256(raw))


def parse_inventory(
    text: str,
    file: str,
    contracts: Contracts | None,
    profiles: Collection[str] | None = None,
    credentials: Collection[str] | None = None,
    *,
    digest: str | None = None,
) -> tuple[Inventory | None, list[Problem]]:
    """Return the inventory in a CSV text, or everything that is wrong with it; what is None is not checked against."""
    terms = Terms(contracts, profiles, credentials)
    problems: list[Problem] = []
    rows = _read_rows(text.removeprefix("\ufeff"), file, terms, problems)
    lines = {line_id: _line(line_id, found, terms, file, problems) for line_id, found in rows.items()}
    if not lines and not problems:
        problems.append(Problem(file, "", "has no line in it", "one row per line below the header"))
    if problems:
        return None, problems
    return Inventory(lines, digest or _sha256(text.encode())), []


def rows_text(inventory: Inventory) -> str:
    """Return the inventory as CSV with every column in the usual order; `parse_inventory` reads the same lines back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(column.name for column in COLUMNS)
    for line in inventory.lines.values():
        writer.writerows([line.line_id, *map(_cell, _PERIOD_COLUMNS, [period] * len(_PERIOD_COLUMNS))]
                         for period in line.periods)  # fmt: skip
    return out.getvalue()


def _cell(column: Column, period: Period) -> str:
    value = getattr(period, column.member)
    return "" if value is None else column.text(value)


def _sha256(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _read_rows(text: str, file: str, terms: Terms, problems: list[Problem]) -> _Rows:
    """Return the rows by line; what is wrong with any is added to `problems`."""
    rows: _Rows = {}
    numbered = _cells(text, file, problems)
    plan = _plan(next(numbered, (1, []))[1], file, problems)
    if plan is None:
        return rows
    unclean = CONTROL.search(text.replace("\n", "").replace("\r", "")) is not None
    for number, cells in numbered:
        if len(cells) != len(plan):
            reason = f"has {len(cells)} cells, the header has {len(plan)}"
            problems.append(Problem(file, f"row {number}", reason, "put a text that holds a comma into quotes"))
        elif (unclean or "\n" in "".join(cells)) and (bad := _control_in(plan, cells)):
            problems.append(Problem(file, f"row {number}, column {bad}", "holds a control character", "remove it"))
        elif (found := _period(plan, cells, file, number, problems)) is not None:
            line_id, period = found
            problems += [u.at(file, f"row {number}, column {u.key}") for u in terms.problems(period)]
            rows.setdefault(line_id, []).append((number, period))
    return rows


def _cells(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that hold anything, with the number of the file's line on which each begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    try:
        for cells in reader:
            if any(cells) and any(map(str.strip, cells)):
                yield number, cells
            number = reader.line_num + 1
    except csv.Error as error:
        hint = "rows from here on were not read; look for a quotation mark without its partner"
        problems.append(Problem(file, f"row {number}", f"is not CSV: {error}", hint))


def _plan(header: list[str], file: str, problems: list[Problem]) -> list[Column] | None:
    """Return the columns in the order of the header, or None where it cannot be read."""
    if not header:
        if not problems:
            problems.append(Problem(file, "", "is empty", "the first row names the columns, line_id among them"))
        return None
    before = len(problems)
    names = [name.strip() for name in header]
    for number, name in enumerate(names):
        where = f"row 1, column {number + 1}"
        if name not in _BY_NAME:
            hint = did_you_mean(name, _BY_NAME) if len(names) > 1 else "columns are separated by commas"
            problems.append(Problem(file, where, f"column {quoted(name)} is not known", hint))
        elif name in names[:number]:
            problems.append(Problem(file, where, f"column {name!r} stands twice"))
    missing = [column.name for column in COLUMNS if column.required and column.name not in names]
    problems += [Problem(file, "row 1", f"column {name!r} is missing") for name in missing]
    return [_BY_NAME[name] for name in names] if len(problems) == before else None


def _control_in(plan: list[Column], cells: list[str]) -> str | None:
    return next((c.name for c, cell in zip(plan, cells, strict=True) if CONTROL.search(cell)), None)


def _period(
    plan: list[Column], cells: list[str], file: str, number: int, problems: list[Problem]
) -> tuple[str, Period] | None:
    members: dict[str, object] = {"last_day": None}
    fit = True
    for column, cell in zip(plan, cells, strict=True):
        if cell := cell.strip():
            try:
                members[column.member] = column.parse(cell)
            except Unfit as unfit:
                problems.append(unfit.at(file, f"row {number}, column {column.name}"))
                fit = False
        elif column.required:
            problems.append(Problem(file, f"row {number}, column {column.name}", "is missing"))
            fit = False
    if not fit:
        return None
    line_id = str(members.pop("line_id"))
    return line_id, Period(**members)  # type: ignore[arg-type]  # each column's parser makes its member's type


def _line(line_id: str, rows: list[tuple[int, Period]], terms: Terms, file: str, problems: list[Problem]) -> Line:
    if len(rows) == 1:
        return Line(line_id, (rows[0][1],))
    rows = sorted(rows, key=lambda row: (row[1].first_day, row[0]))
    latest, latest_number = rows[0][1], rows[0][0]
    for number, period in rows[1:]:
        if latest.last_day is None or period.first_day <= latest.last_day:
            problems.append(_overlap(line_id, (latest_number, latest), (number, period), file))
        if latest.last_day is not None and (period.last_day is None or period.last_day > latest.last_day):
            latest, latest_number = period, number
    if len(terms.zones_and_currencies([period for _, period in rows])) > 1:
        reason = f"line {line_id} changes to a contract with another time zone or currency"
        problems.append(Problem(file, f"row {rows[-1][0]}, column contract", reason, "give it a line_id of its own"))
    return Line(line_id, tuple(period for _, period in rows))


def _overlap(line_id: str, first: tuple[int, Period], second: tuple[int, Period], file: str) -> Problem:
    (low, (number, period)) = (first, second) if first[0] < second[0] else (second, first)
    where = f"row {number}"
    if low[1] == period:
        return Problem(file, where, f"line {line_id} repeats row {low[0]}", "remove one of them")
    reason = f"the dates of line {line_id} overlap those of row {low[0]}"
    open_ended = low[1].last_day is None or period.last_day is None
    hint = "one line has one row at a time" + ("; give the earlier row its in_service_to" if open_ended else "")
    return Problem(file, where, reason, hint)
