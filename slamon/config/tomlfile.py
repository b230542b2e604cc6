"""Reads TOML so that whatever is wrong with a file comes back as a `Problem`."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from slamon.config.problems import Problem, Unfit

_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,15})?")


def parse_toml(text: str, file: str) -> tuple[dict[str, Any] | None, list[Problem]]:
    """Return the tables of a TOML text; numbers with a point come as exact `Decimal`."""
    try:
        return tomllib.loads(text, parse_float=_exact), []
    except Unfit as error:
        return None, [error.at(file, "")]
    except ValueError as error:
        return None, [Problem(file, "", f"is not TOML: {error}")]
    except RecursionError:
        return None, [Problem(file, "", "is not TOML that anybody needs: nested too deeply")]


def _exact(text: str) -> Decimal:
    plain = text.replace("_", "")
    if not _NUMBER.fullmatch(plain):
        # inf, nan and 1e999999999 are TOML, but no quantity of ours; the last would also fill the memory as a fraction
        raise Unfit(f"{text[:40]} is not a plain number", "write digits with at most 15 decimals, such as 0.05")
    return Decimal(plain)
