"""A port's reading as JSON, in both directions."""

from __future__ import annotations

from typing import Any

from slamon.config.contract_file import ID
from slamon.config.problems import Unfit, did_you_mean
from slamon.config.reading_values import (
    count_of,
    instant_of,
    number_of,
    quantity_of,
    shown,
    table_of,
    without_unknown,
    word_of,
)
from slamon.core.reading import InterfaceStats, NamedValue
from slamon.core.timespan import iso

_COUNTERS = ("in_errors", "out_errors", "in_packets", "out_packets", "in_octets", "out_octets")
_DISCARDS = ("in_discards", "out_discards")
_INTERFACE_KEYS = frozenset(
    {"admin", "oper", "speed_mbps", *_COUNTERS, *_DISCARDS, "seconds", "last_change", "reseeded", "extras"}
)
_EXTRA_KEYS = frozenset({"value", "unit", "above", "below"})
# RFC 2863, ifAdminStatus and ifOperStatus; compared without regard to case
_STATES = ("up", "down", "testing", "unknown", "dormant", "notPresent", "lowerLayerDown")
_STATES_FOLDED = frozenset(state.casefold() for state in _STATES)


def interface_json(interface: InterfaceStats) -> dict[str, Any]:
    """Return the JSON object of a port; what is unknown is left out."""
    plain = ("admin", "oper", "speed_mbps", *_COUNTERS, *_DISCARDS, "seconds", "reseeded")
    members = {key: getattr(interface, key) for key in plain}
    members["last_change"] = None if interface.last_change is None else iso(interface.last_change)
    members["extras"] = {one.name: _extra_json(one) for one in interface.extras} or None
    return without_unknown(members)


def _extra_json(one: NamedValue) -> dict[str, Any]:
    return without_unknown({"value": one.value, "unit": one.unit or None, "above": one.above, "below": one.below})


def parse_interface(found: object) -> InterfaceStats:
    """Return the port of one JSON object (`interface_json`); raises `Unfit`."""
    table = table_of(found, _INTERFACE_KEYS, "interface")
    counts = {key: count_of(table, key, "interface") for key in (*_COUNTERS, *_DISCARDS)}
    return InterfaceStats(
        _state(table, "admin"),
        _state(table, "oper"),
        quantity_of(table, "speed_mbps", "interface"),
        **counts,
        seconds=quantity_of(table, "seconds", "interface"),
        last_change=None if table.get("last_change") is None else instant_of(table, "last_change", "interface."),
        reseeded=word_of(table, "reseeded", "interface."),
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
    table = table_of(found, _EXTRA_KEYS, at)
    value = number_of(table, "value", at)
    if value is None:
        raise Unfit("is missing", key=f"{at}.value")
    unit = word_of(table, "unit", f"{at}.") or ""
    return NamedValue(name, value, unit, number_of(table, "above", at), number_of(table, "below", at))


def _state(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not str or value.casefold() not in _STATES_FOLDED:
        hint = (did_you_mean(value, _STATES) if type(value) is str else "") or f"write {', '.join(_STATES)}"
        raise Unfit(f"{shown(value)} is not the state of an interface", hint, f"interface.{key}")
    return value
