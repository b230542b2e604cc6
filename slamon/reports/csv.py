"""The statement as tables for spreadsheets: the numbers of the JSON, one table for each kind of row.

RFC 4180 with CRLF; the caller opens the stream with ``newline=""`` in UTF-8 (``utf-8-sig`` where Excel shall guess it).
Times are UTC as in the JSON, durations whole seconds, empty cells stand for what does not exist. A report that goes to
one stream is the table `lines`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TextIO

from . import json as statement
from .model import CustomerStatement, Header
from .texts import clean

KINDS = ("lines", "incidents", "compensation")
SINGLE_STREAM = "lines"

Row = dict[str, Any]


def write_csv(kind: str, stream: TextIO, header: Header, customers: Iterable[CustomerStatement]) -> None:
    """Write one table (of `KINDS`), header row first; raises `ValueError` for any other kind."""
    if kind not in _TABLES:
        raise ValueError(f"{kind!r} is no table of a statement; there are {', '.join(KINDS)}")
    columns, rows_of = _TABLES[kind]
    out = csv.writer(stream, lineterminator="\r\n")
    out.writerow(columns)
    month = {"month": str(header.month), "revision": header.revision}
    for customer in customers:
        owner = {**month, **statement.customer_head(customer)}
        for line in customer.lines:
            for row in rows_of({**owner, **statement.customer_line_object(customer, line)}):
                out.writerow([cell(row.get(column)) for column in columns])


_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
# Full-width forms are formulas too in the Chinese and Japanese editions of spreadsheets.
_FORMULA = tuple("=+-@＝＋－＠")


def cell(value: object) -> str:
    """Return what stands in a cell: no control characters, and nothing that a spreadsheet takes for a formula.

    A text that would begin one gets an apostrophe in front, unless it is a plain number.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = clean(str(value))
    begins = text.lstrip().startswith(_FORMULA)
    return f"'{text}" if begins and not _NUMBER.fullmatch(text) else text


_OWNER = ("month", "revision", "customer_id", "customer_name", "account", "currency", "line_id", "name")

_LINE = (
    *_OWNER,
    *("product", "contract", "contract_version", "timezone", "tier", "span"),
    *("rent", "sla_fee", "net", "tax", "vat_rate"),
    *(f"{part}_seconds" for part in ("service", "excluded", "interrupted", "degraded", "blind", "up")),
    *(f"availability_{bound}" for bound in ("contract", "lower_bound", "as_seen")),
    *("incidents", "pending"),
    *("credit", "credit_net", "credit_tax", "credit_cut_by_cap", "extension_days", "awaiting_decision"),
    *("awaiting_days", *(f"{basis}_credit" for basis in ("agreement", "law", "policy")), "departed"),
)


def _line_rows(line: Row) -> Iterator[Row]:
    yield {
        **line,
        **{f"{part}_seconds": seconds for part, seconds in line["seconds"].items()},
        **{f"availability_{bound}": ratio for bound, ratio in line["availability"].items()},
        **{f"{basis}_credit": amount for basis, amount in line["by_basis"].items()},
        "incidents": len(line["incidents"]),
        "pending": len(line["pending"]),
        "departed": line.get("departed", False),
    }


_CLOCK_PARTS = ("start", "end", "excluded_seconds", "restore_seconds", "limit_seconds", "breached", "overrun_seconds")

_INCIDENT = (
    *_OWNER,
    *("incident_id", "number", "pending", "state", "category", "responsibility", "evidence"),
    *("onset", "alarm", "complaint", "complaints", "restored", "restored_earliest", "handed_back"),
    *(
        f"{category}_{part}"
        for category in ("interruption", "degradation", "statutory")
        for part in (*_CLOCK_PARTS, "remaining_seconds")
    ),
    *("hypothesis_cause", "hypothesis_reasons"),
)


def _incident_rows(line: Row) -> Iterator[Row]:
    for incident in _incidents(line):
        clocks = {f"{clock['category']}_{part}": value for clock in incident["clocks"] for part, value in clock.items()}
        named = {
            "evidence": " ".join(incident["evidence"]),
            "complaints": " ".join(complaint["ticket"] for complaint in incident["complaints"]),
            "hypothesis_cause": incident["hypothesis"]["cause"],
            "hypothesis_reasons": "; ".join(incident["hypothesis"]["reasons"]),
        }
        yield {**line, **incident, **named, **clocks}


_COMPENSATION = (
    *_OWNER,
    *("incident_id", "number", "pending", "rule", "clause", "basis", "applied", "amount", "days", "worth"),
    *("derivation", "why"),
)


def _compensation_rows(line: Row) -> Iterator[Row]:
    """Yield every item of every incident, then those of the line itself, which name no incident."""
    for incident in _incidents(line):
        for item in incident["compensation"]:
            yield {**line, **incident, **item}
    for item in line["compensation"]:
        yield {**line, "pending": False, **item}


def _incidents(line: Row) -> Iterator[Row]:
    """Yield the incidents of a line, and then the pending ones, which earn nothing in this month."""
    for pending in (False, True):
        for incident in line["pending" if pending else "incidents"]:
            yield {**incident, "pending": pending}


_TABLES: Mapping[str, tuple[tuple[str, ...], Callable[[Row], Iterator[Row]]]] = {
    "lines": (_LINE, _line_rows),
    "incidents": (_INCIDENT, _incident_rows),
    "compensation": (_COMPENSATION, _compensation_rows),
}
