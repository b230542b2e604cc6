"""The JSON Schemas that ship with slamon: what other people's programs may rely on."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "schemas"
STATEMENT, MEMOS = "statement-1", "memos-1"


@cache
def schema(name: str) -> dict[str, Any]:
    """Return a schema (draft 2020-12) by name: `STATEMENT` or `MEMOS`."""
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found
