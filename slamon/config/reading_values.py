"""Members of a JSON object, each checked for its kind; what is wrong is said with its place (`Unfit`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from slamon.config.problems import CONTROL, Unfit, did_you_mean, quoted

_LARGEST_COUNT = 2**64 - 1  # Counter64


def only(found: dict[str, Any], known: frozenset[str], at: str) -> None:
    """Refuse keys that are not known."""
    if not found.keys() <= known:
        strange = next(key for key in found if key not in known)
        raise Unfit("is not known", did_you_mean(strange, known, "known keys"), f"{at}{strange[:80]}")


def required(found: dict[str, Any], key: str, at: str = "") -> None:
    """Refuse the absence of a key."""
    if found.get(key) is None:
        raise Unfit("is missing", key=f"{at}{key}")


def shown(value: object) -> str:
    """Return a text in quotes, and "this" for anything else."""
    return quoted(value) if isinstance(value, str) else "this"


def instant_of(found: dict[str, Any], key: str, at: str = "") -> datetime:
    """Return an instant with an offset, in UTC."""
    text = found.get(key)
    if type(text) is not str:
        required(found, key, at)
        raise Unfit("is not a time", "ISO 8601 in quotes, such as 2026-10-03T08:00:00+08:00", f"{at}{key}")
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        hint = "ISO 8601 with an offset, such as 2026-10-03T08:00:00+08:00"
        raise Unfit(f"{quoted(text)} is not a time", hint, f"{at}{key}") from None
    raise Unfit(f"{quoted(text)} has no offset", f"write {text[:40]}Z or {text[:40]}+08:00", f"{at}{key}")


def table_of(found: object, keys: frozenset[str], at: str) -> dict[str, Any]:
    """Return an object that has only known keys."""
    if not isinstance(found, dict):
        raise Unfit("is not an object", "such as { ... }", at)
    only(found, keys, f"{at}.")
    return found


def count_of(table: dict[str, Any], key: str, at: str) -> int | None:
    """Return a whole number of things, or None where the key is absent."""
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not int:  # neither true nor 5.0
        raise Unfit("is not a whole number", key=f"{at}.{key}")
    if not 0 <= value <= _LARGEST_COUNT:
        raise Unfit("is negative" if value < 0 else "is out of range", key=f"{at}.{key}")
    return value


def quantity_of(table: dict[str, Any], key: str, at: str) -> float | None:
    """Return a number that is not negative, or None."""
    value = number_of(table, key, at)
    if value is not None and value < 0:
        raise Unfit("is negative", key=f"{at}.{key}")
    return value


def number_of(table: dict[str, Any], key: str, at: str) -> float | None:
    """Return a number, or None."""
    value = table.get(key)
    if value is None:
        return None
    if type(value) is not float and type(value) is not int:
        raise Unfit("is not a number", key=f"{at}.{key}")
    if not -1e12 < value < 1e12:
        raise Unfit("is out of range", key=f"{at}.{key}")
    return value


def word_of(found: dict[str, Any], key: str, at: str = "") -> str | None:
    """Return a short text, or None."""
    value = found.get(key)
    if value is None:
        return None
    if type(value) is not str or not value.strip() or len(value) > 200 or CONTROL.search(value):
        raise Unfit("is not a short text", "1 to 200 characters, none of them a control character", f"{at}{key}")
    return value


def without_unknown(members: dict[str, Any]) -> dict[str, Any]:
    """Return the members that are not None."""
    return {key: value for key, value in members.items() if value is not None}
