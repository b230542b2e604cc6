"""docs/log-events.md: every event that the daemon logs, found in the code: other people search for these names."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from slamon.service.feeding import INCIDENT_EVENTS

SLAMON = Path(__file__).resolve().parents[2] / "slamon"
LEVELS = ("debug", "info", "warning", "error", "exception", "critical")

_PAGE = """# What the daemon logs

Found in the code (`make docs`). One event a line on stderr, as text or (`--log-format json`, as the unit has it) as JSON
with `event`, `level`, `timestamp` and the fields below. Names are stable. An event of one name is told at most 100 times
in ten seconds; the next one says how many were left out (`left_out`). An `exception` is a defect of slamon and carries a
traceback. No event holds a secret or a person's name or address.

Beside these: {incidents} (info; `line`, `incident`, `category`, `at`), and what a prober says about its vantage, by its kind
(warning; `detail`, `at`): `clock_step`, `suspended`, `stall`, `overload`, `socket_drops`, `reference_lost`,
`reference_back`, `link_down`, `link_up`, `rate_limited`.

| event | level | fields |
|---|---|---|
{rows}
"""


class Told(NamedTuple):
    """One place that logs."""

    event: str
    level: str
    fields: tuple[str, ...]


def page() -> str:
    """Return the page."""
    found: dict[str, list[Told]] = defaultdict(list)
    for told in all_told():
        found[told.event].append(told)
    rows = []
    for event, places in sorted(found.items()):
        levels = dict.fromkeys(place.level for place in places)
        fields = dict.fromkeys(field for place in places for field in place.fields)
        rows.append(f"| `{event}` | {', '.join(levels)} | {', '.join(f'`{field}`' for field in fields)} |")
    incidents = ", ".join(f"`{name}`" for name in INCIDENT_EVENTS.values())
    return _PAGE.format(rows="\n".join(rows), incidents=incidents)


def all_told() -> list[Told]:
    """Return every call of a logger whose event is a name in the code."""
    return [told for path in sorted(SLAMON.rglob("*.py")) for told in _of(ast.parse(path.read_text(encoding="utf-8")))]


def _of(tree: ast.Module) -> Iterator[Told]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("log", "_log")):
            continue
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            fields = tuple(keyword.arg for keyword in node.keywords if keyword.arg)
            yield Told(node.args[0].value, node.func.attr, fields)
