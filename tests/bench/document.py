"""The page of figures, docs/benchmarks.md, written from the raw results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_HEAD = """\
# Benchmarks

Written by `make bench`; don't edit. Goals are those of the product's requirements; what is missed says so. A run fails
when the work differed from what was asked for, not when a goal is missed. Figures without a goal are there to read.
"""

Values = Mapping[str, Any]


def page(rows: Iterable[Values], raw: str) -> str:
    """Return the page of the newest results of each row; `raw` is where they stand, relative to the checkout."""
    parts = [_HEAD]
    for row in rows:
        parts += [f"## {row['title']}\n", f"{row['how']}\n", _table(row["figures"])]
        parts.append(f"Work: {_work(row['work'])}.\n")
        parts.append(
            f"Command: `{row['command']}`; raw: `{raw}/{row['name']}.json`. Measured {row['at']} on: {_on(row)}.\n"
        )
    return "\n".join(parts)


def _table(figures: Sequence[Values]) -> str:
    lines = ["| figure | measured | goal | |", "|---|---|---|---|"]
    lines += [f"| {f['what']} | {f['shown']} | {f['shown_goal']} | {_marked(f['verdict'])} |" for f in figures]
    return "\n".join(lines) + "\n"


def _marked(verdict: str) -> str:
    return f"**{verdict}**" if verdict == "missed" else verdict


def _work(work: Sequence[Values]) -> str:
    return ", ".join(f"{one['what']} {one['found']:,} of {one['expected']:,}" for one in work)


def _on(row: Values) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["machine"].items())
