"""A reader of line protocol of the tests' own, made from its description: what was written is what a server reads."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    measurement: str
    tags: dict[str, str]
    fields: dict[str, bool | int | float | str]
    at_ns: int


def read_line(text: str) -> Line:
    """Read one line; raises `ValueError` where a server would."""
    head, rest = _cut(text, " ")
    fields, instant = _cut(rest, " ", quotes=True)
    measurement, *tags = _split(head, ",")
    return Line(
        _plain(measurement),
        dict(_pair(tag) for tag in tags),
        {key: _value(text) for key, text in (_pair(one, quotes=True) for one in _split(fields, ",", quotes=True))},
        int(instant),
    )


def _cut(text: str, mark: str, *, quotes: bool = False) -> tuple[str, str]:
    first, *others = _split(text, mark, quotes=quotes)
    if not others:
        raise ValueError(f"no {mark!r} in {text!r}")
    return first, text[len(first) + 1 :]


def _split(text: str, mark: str, *, quotes: bool = False) -> list[str]:
    parts, start, at, quoted = [], 0, 0, False
    while at < len(text):
        if text[at] == "\\" and at + 1 < len(text):
            at += 2
            continue
        if quotes and text[at] == '"':
            quoted = not quoted
        elif text[at] == mark and not quoted:
            parts.append(text[start:at])
            start = at + 1
        at += 1
    if quoted:
        raise ValueError(f"an open quote in {text!r}")
    return [*parts, text[start:]]


def _pair(text: str, *, quotes: bool = False) -> tuple[str, str]:
    key, value = _cut(text, "=", quotes=quotes)
    if not key or not value:
        raise ValueError(f"a key or a value is missing: {text!r}")
    return _plain(key), value if quotes else _plain(value)


def _plain(text: str) -> str:
    return text.replace("\\,", ",").replace("\\=", "=").replace("\\ ", " ")


def _value(text: str) -> bool | int | float | str:
    if text.startswith('"'):
        return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if text in ("true", "false"):
        return text == "true"
    return int(text[:-1]) if text.endswith("i") else float(text)
