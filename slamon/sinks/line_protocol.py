"""InfluxDB's line protocol: one point as one line, without anything that the server would have to guess.

What stands in a tag or a field may come from a file or a device: control characters are written as escapes, and a
backslash in a tag as a slash, because the protocol has no way to write one before a comma or at the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from slamon.config.problems import printable

Value = bool | int | float | str | None

_KEY = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\\": "/"})
_MEASUREMENT = str.maketrans({",": r"\,", " ": r"\ ", "\\": "/"})
_TEXT = str.maketrans({"\\": r"\\", '"': r"\""})
INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Point:
    """What one series says at one instant, in nanoseconds since the epoch.

    An empty or absent tag is left out, and so is a field that is None or no number; a float stays a float even where
    it is whole.
    """

    measurement: str
    tags: Mapping[str, str | None]
    fields: Mapping[str, Value]
    at_ns: int


def head(measurement: str, tags: Mapping[str, str | None]) -> str:
    """Return what a series' lines begin with: measurement and tags in the order of their keys."""
    parts = [measurement.translate(_MEASUREMENT)]
    parts += [f"{_escaped(key)}={_escaped(value)}" for key, value in sorted(tags.items()) if value]
    return ",".join(parts)


def line(point: Point) -> str | None:
    """Return a point as a line without its end, None where it has no field to write."""
    written = [(key, value_text(value)) for key, value in point.fields.items()]
    fields = ",".join(f"{_escaped(key)}={text}" for key, text in written if text is not None)
    return f"{head(point.measurement, point.tags)} {fields} {point.at_ns}" if fields else None


def value_text(value: Value) -> str | None:
    """Return a field's value with its type, None where there is nothing to write."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}i" if -INT64 <= value < INT64 else None
    if isinstance(value, float):
        return repr(value) if isfinite(value) else None
    return f'"{printable(value).translate(_TEXT)}"'


def _escaped(text: str) -> str:
    return printable(text).translate(_KEY)
