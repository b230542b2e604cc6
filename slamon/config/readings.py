"""Reads and writes readings as JSON Lines, for `slamon replay` and `slamon probe --json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Never

from slamon.config.contract_file import ID
from slamon.config.problems import CONTROL, InvalidInput, Problem, Unfit, did_you_mean, quoted
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats
from slamon.core.timespan import iso

_KEYS = frozenset({"line", "start", "end", "demarc", "cpe", "interface", "blind", "vantage"})
_TARGET_KEYS = frozenset({"sent", "received", "rtt_ms", "ipdv_ms"})
_RTT_KEYS = frozenset({"min", "mean", "max"})
_COUNTERS = ("in_errors", "out_errors", "in_packets", "out_packets", "in_octets", "out_octets")
_DISCARDS = ("in_discards", "out_discards")
_INTERFACE_KEYS = frozenset(
    {"admin", "oper", "speed_mbps", *_COUNTERS, *_DISCARDS, "seconds", "last_change", "reseeded", "extras"}
)
_EXTRA_KEYS = frozenset({"value", "unit", "above", "below"})
# RFC 2863, ifAdminStatus and ifOperStatus; compared without regard to case
_STATES = ("up", "down", "testing", "unknown", "dormant", "notPresent", "lowerLayerDown")
_STATES_FOLDED = frozenset(state.casefold() for state in _STATES)

_LARGEST_COUNT = 2**64 - 1  # Counter64
_LONGEST_LINE_BYTES = 1 << 20
_SLACK_MS = 0.001  # a mean that was rounded may fall outside its bounds by that


def parse_reading(source: str | dict[str, Any]) -> Reading:
    """Return the reading of one JSON object, or of its text; raises `InvalidInput`."""
    try:
        return _reading(_object(source) if isinstance(source, str) else source)
    except Unfit as unfit:
        raise InvalidInput([unfit.at("reading", unfit.key)]) from None


def parse_interface(found: object) -> InterfaceStats:
    """Return the port of one JSON object (`interface_json`); raises `Unfit`."""
    return _interface(found)


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
    return found | _known({"blind": reading.blind, "vantage": reading.vantage})


def interface_json(interface: InterfaceStats) -> dict[str, Any]:
    """Return the JSON object of a port; what is unknown is left out."""
    plain = ("admin", "oper", "speed_mbps", *_COUNTERS, *_DISCARDS, "seconds", "reseeded")
    members = {key: getattr(interface, key) for key in plain}
    members["last_change"] = None if interface.last_change is None else iso(interface.last_change)
    members["extras"] = {one.name: _extra_json(one) for one in interface.extras} or None
    return _known(members)


def _extra_json(one: NamedValue) -> dict[str, Any]:
    return _known({"value": one.value, "unit": one.unit or None, "above": one.above, "below": one.below})


def _target_json(target: TargetStats) -> dict[str, Any]:
    rtt_ms = _known({"min": target.rtt_min_ms, "mean": target.rtt_mean_ms, "max": target.rtt_max_ms})
    counts = {"sent": target.sent, "received": target.received}
    return counts | _known({"rtt_ms": rtt_ms or None, "ipdv_ms": target.ipdv_ms})


def _known(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


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
    _only(found, _KEYS, "")
    line_id = found.get("line")
    if type(line_id) is not str or not ID.fullmatch(line_id) or not line_id.strip("."):
        _required(found, "line")
        raise Unfit(f"{_shown(line_id)} is not a line's id", "letters, digits, dots, hyphens, underscores", "line")
    start, end = _instant(found, "start"), _instant(found, "end")
    if not start < end:
        raise Unfit("the window ends before it has begun", "start, then end", "end")
    demarc, cpe, interface = found.get("demarc"), found.get("cpe"), found.get("interface")
    return Reading(
        line_id,
        start,
        end,
        None if demarc is None else _target(demarc, "demarc"),
        None if cpe is None else _target(cpe, "cpe"),
        None if interface is None else _interface(interface),
        _word(found, "blind"),
        _word(found, "vantage"),
    )


def _only(found: dict[str, Any], known: frozenset[str], at: str) -> None:
    if not found.keys() <= known:
        strange = next(key for key in found if key not in known)
        raise Unfit("is not known", did_you_mean(strange, known, "known keys"), f"{at}{strange[:80]}")


def _required(found: dict[str, Any], key: str, at: str = "") -> None:
    if found.get(key) is None:
        raise Unfit("is missing", key=f"{at}{key}")


def _shown(value: object) -> str:
    return quoted(value) if isinstance(value, str) else "this"


def _instant(found: dict[str, Any], key: str, at: str = "") -> datetime:
    text = found.get(key)
    if type(text) is not str:
        _required(found, key, at)
        raise Unfit("is not a time", "ISO 8601 in quotes, such as 2026-10-03T08:00:00+08:00", f"{at}{key}")
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "ISO 8601 with an offset, such as 2026-10-03T08:00:00+08:00"
        raise Unfit(f"{quoted(text)} is not a time", hint, f"{at}{key}") from None
    raise Unfit(f"{quoted(text)} has no offset", f"write {text[:40]}Z or {text[:40]}+08:00", f"{at}{key}")


def _target(found: object, at: str) -> TargetStats:
    table = _table(found, _TARGET_KEYS, at)
    sent, received = _count(table, "sent", at), _count(table, "received", at)
    if sent is None or received is None:
        raise Unfit("is missing", "sent and received stand together", f"{at}.{'sent' if sent is None else 'received'}")
    if received > sent:
        hint = "duplicates and late replies do not count"
        raise Unfit(f"{received} replies to {sent} packets", hint, f"{at}.received")
    rtt = table.get("rtt_ms")
    ipdv_ms = _quantity(table, "ipdv_ms", at)
    low, mean, high = (None, None, None) if rtt is None else _rtt(rtt, f"{at}.rtt_ms")
    if received == 0 and not (low is mean is high is ipdv_ms is None):
        raise Unfit("has times without a reply", "leave them out: a dead target has no RTT", at)
    return TargetStats(sent, received, low, mean, high, ipdv_ms)


def _rtt(found: object, at: str) -> tuple[float | None, float | None, float | None]:
    table = _table(found, _RTT_KEYS, at)
    low, mean, high = (_quantity(table, key, at) for key in ("min", "mean", "max"))
    known = [value for value in (low, mean, high) if value is not None]
    if any(later < earlier - _SLACK_MS for earlier, later in pairwise(known)):
        raise Unfit("min, mean and max are not in rising order", key=at)
    return low, mean, high


def _interface(found: object) -> InterfaceStats:
    table = _table(found, _INTERFACE_KEYS, "interface")
    counts = {key: _count(table, key, "interface") for key in (*_COUNTERS, *_DISCARDS)}
    return InterfaceStats(
        _state(table, "admin"),
        _state(table, "oper"),
        _quantity(table, "speed_mbps", "interface"),
        **counts,
        seconds=_quantity(table, "seconds", "interface"),
        last_change=None if table.get("last_change") is None else _instant(table, "last_change", "interface."),
        reseeded=_word(table, "reseeded", "interface."),
        extras=_extras(table.get("extras")),
    )


def _extras(found: object) -> tuple[NamedValue, ...]:
    if found is None:
        return ()
    if not isinstance(found, dict):
        raise Unfit("is not an object", 'such as {"rx_power": {"value": -19.2}}', "interface.extras")
    return tuple(_extra(name, one) for name, one in found.items())


def _extra(name: str, found: object) -> NamedValue:
    at = f"interface.extras.{name[:80]}"
    if not ID.fullmatch(name):
        raise Unfit("is not a name", "letters, digits, dots, hyphens, underscores", at)
    table = _table(found, _EXTRA_KEYS, at)
    value = _number(table, "value", at)
    if value is None:
        raise Unfit("is missing", key=f"{at}.value")
    unit = _word(table, "unit", f"{at}.") or ""
    return NamedValue(name, value, unit, _number(table, "above", at), _number(table, "below", at))


def _table(found: object, known: frozenset[str], at: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise Unfit("is not an object", "such as { ... }", at)
    _only(found, known, f"{at}.")
    return found


def _count(table: dict[str, Any], key: str, at: str) -> int | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not int:  # neither true nor 5.0
        raise Unfit("is not a whole number", key=f"{at}.{key}")
    if not 0 <= value <= _LARGEST_COUNT:
        raise Unfit("is negative" if value < 0 else "is out of range", key=f"{at}.{key}")
    return value


def _quantity(table: dict[str, Any], key: str, at: str) -> float | None:
    value = _number(table, key, at)
    if value is not None and value < 0:
        raise Unfit("is negative", key=f"{at}.{key}")
    return value


def _number(table: dict[str, Any], key: str, at: str) -> float | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not float and type(value) is not int:
        raise Unfit("is not a number", key=f"{at}.{key}")
    if not -1e12 < value < 1e12:
        raise Unfit("is out of range", key=f"{at}.{key}")
    return value


def _state(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not str or value.casefold() not in _STATES_FOLDED:
        hint = (did_you_mean(value, _STATES) if type(value) is str else "") or f"write {', '.join(_STATES)}"
        raise Unfit(f"{_shown(value)} is not the state of an interface", hint, f"interface.{key}")
    return value


def _word(found: dict[str, Any], key: str, at: str = "") -> str | None:
    value = found.get(key)
    if value is None:
        return None
    if type(value) is not str or not value.strip() or len(value) > 200 or CONTROL.search(value):
        raise Unfit("is not a short text", "1 to 200 characters, none of them a control character", f"{at}{key}")
    return value
