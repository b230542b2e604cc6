"""Reads and writes readings as JSON Lines, for `slamon replay` and `slamon probe --json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Never

from slamon.config.contract_file import ID
from slamon.config.problems import InvalidInput, Problem, Unfit, quoted
from slamon.config.reading_ports import interface_json, parse_interface
from slamon.config.reading_values import (
    count_of,
    instant_of,
    only,
    quantity_of,
    required,
    shown,
    table_of,
    without_unknown,
    word_of,
)
from slamon.core.reading import Reading, TargetStats
from slamon.core.timespan import iso

_KEYS = frozenset({"line", "start", "end", "demarc", "cpe", "interface", "blind", "vantage"})
_TARGET_KEYS = frozenset({"sent", "received", "rtt_ms", "ipdv_ms"})
_RTT_KEYS = frozenset({"min", "mean", "max"})

_LONGEST_LINE_BYTES = 1 << 20
_SLACK_MS = 0.001  # a mean that was rounded may fall outside its bounds by that


def parse_reading(source: str | dict[str, Any]) -> Reading:
    """Return the reading of one JSON object, or of its text; raises `InvalidInput`."""
    try:
        return _reading(_object(source) if isinstance(source, str) else source)
    except Unfit as unfit:
        raise InvalidInput([unfit.at("reading", unfit.key)]) from None


def read_readings(file: Path) -> Iterator[tuple[int, Reading]]:
    """Yield the readings of a JSON Lines file with their line numbers.

    Raises `InvalidInput`, naming file and line, at the first line that is wrong, and where a window of a
    line overlaps the one before it or lies before it.
    """
    try:
        with file.open("rb") as raw:
            yield from parse_readings(iter(partial(raw.readline, _LONGEST_LINE_BYTES), b""), str(file))
    except OSError as error:
        raise InvalidInput([Problem(str(file), "", f"cannot be read: {error.strerror or error}")]) from None


def parse_readings(lines: Iterable[bytes], file: str) -> Iterator[tuple[int, Reading]]:
    """Yield the readings of lines of bytes, as `read_readings` does; `file` is what messages call them."""
    ends: dict[str, tuple[datetime, int]] = {}
    for number, raw in enumerate(lines, start=1):
        if not raw.strip():
            continue
        try:
            reading = _reading(_object(_decoded(raw, number)))
            _check_order(reading, ends)
        except Unfit as unfit:
            where = f"line {number}, {unfit.key}" if unfit.key else f"line {number}"
            raise InvalidInput([unfit.at(file, where)]) from None
        ends[reading.line_id] = (reading.end, number)
        yield number, reading


def reading_json(reading: Reading) -> dict[str, Any]:
    """Return the JSON object of a reading; what is unknown is left out."""
    found: dict[str, Any] = {"line": reading.line_id, "start": iso(reading.start), "end": iso(reading.end)}
    for key, target in (("demarc", reading.demarc), ("cpe", reading.cpe)):
        if target is not None:
            found[key] = _target_json(target)
    if reading.interface is not None:
        found["interface"] = interface_json(reading.interface)
    return found | without_unknown({"blind": reading.blind, "vantage": reading.vantage})


def _target_json(target: TargetStats) -> dict[str, Any]:
    rtt_ms = without_unknown({"min": target.rtt_min_ms, "mean": target.rtt_mean_ms, "max": target.rtt_max_ms})
    counts = {"sent": target.sent, "received": target.received}
    return counts | without_unknown({"rtt_ms": rtt_ms or None, "ipdv_ms": target.ipdv_ms})


def _no_constant(name: str) -> Never:
    raise Unfit(f"holds {name}, which is not JSON", "leave out what is unknown")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unfit(f"key {quoted(twice)} stands twice in one object", "nobody could say which is meant")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_members)


def _decoded(raw: bytes, number: int) -> str:
    if len(raw) >= _LONGEST_LINE_BYTES:
        raise Unfit(f"is longer than {_LONGEST_LINE_BYTES} bytes", "one object per line")
    try:
        return raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip()
    except UnicodeDecodeError as error:
        raise Unfit(f"is not UTF-8 (byte {error.start})") from None


def _object(text: str) -> dict[str, Any]:
    try:
        found = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Unfit(f"is not JSON: {error.msg} at character {error.colno}", "one object per line") from None
    except Unfit:
        raise
    except (ValueError, RecursionError):  # a number of thousands of digits, thousands of brackets
        raise Unfit("is not JSON that anybody needs") from None
    if not isinstance(found, dict):
        raise Unfit("is not an object", 'such as {"line": "GX-0001", "start": ..., "end": ..., "demarc": {...}}')
    return found


def _check_order(reading: Reading, ends: dict[str, tuple[datetime, int]]) -> None:
    before = ends.get(reading.line_id)
    if before is not None and reading.start < before[0]:
        reason = f"the window starts before that of line {before[1]} ends ({iso(before[0])})"
        raise Unfit(reason, "windows of one line do not overlap and stand in order of time", "start")


def _reading(found: dict[str, Any]) -> Reading:
    only(found, _KEYS, "")
    line_id = found.get("line")
    if type(line_id) is not str or not ID.fullmatch(line_id) or not line_id.strip("."):
        required(found, "line")
        raise Unfit(f"{shown(line_id)} is not a line's id", "letters, digits, dots, hyphens, underscores", "line")
    start, end = instant_of(found, "start"), instant_of(found, "end")
    if not start < end:
        raise Unfit("the window ends before it has begun", "start, then end", "end")
    demarc, cpe, interface = found.get("demarc"), found.get("cpe"), found.get("interface")
    return Reading(
        line_id,
        start,
        end,
        None if demarc is None else _target(demarc, "demarc"),
        None if cpe is None else _target(cpe, "cpe"),
        None if interface is None else parse_interface(interface),
        word_of(found, "blind"),
        word_of(found, "vantage"),
    )


def _target(found: object, at: str) -> TargetStats:
    table = table_of(found, _TARGET_KEYS, at)
    sent, received = count_of(table, "sent", at), count_of(table, "received", at)
    if sent is None or received is None:
        raise Unfit("is missing", "sent and received stand together", f"{at}.{'sent' if sent is None else 'received'}")
    if received > sent:
        hint = "duplicates and late replies do not count"
        raise Unfit(f"{received} replies to {sent} packets", hint, f"{at}.received")
    rtt = table.get("rtt_ms")
    ipdv_ms = quantity_of(table, "ipdv_ms", at)
    low, mean, high = (None, None, None) if rtt is None else _rtt(rtt, f"{at}.rtt_ms")
    if received == 0 and not (low is mean is high is ipdv_ms is None):
        raise Unfit("has times without a reply", "leave them out: a dead target has no RTT", at)
    return TargetStats(sent, received, low, mean, high, ipdv_ms)


def _rtt(found: object, at: str) -> tuple[float | None, float | None, float | None]:
    table = table_of(found, _RTT_KEYS, at)
    low, mean, high = (quantity_of(table, key, at) for key in ("min", "mean", "max"))
    known = [value for value in (low, mean, high) if value is not None]
    if any(later < earlier - _SLACK_MS for earlier, later in pairwise(known)):
        raise Unfit("min, mean and max are not in rising order", key=at)
    return low, mean, high
