"""pydantic models against parsed files: every error of the library becomes a `Problem` in our words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, TypeVar, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, PlainValidator, ValidationError
from pydantic_core import ErrorDetails

from slamon.config.problems import CONTROL, Problem, Unfit, did_you_mean, quoted
from slamon.core.money import parse_share

M = TypeVar("M", bound=BaseModel)


class Table(BaseModel):
    """A table of a file: unknown keys are refused, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


def validate(model: type[M], data: object, file: str, at: str = "") -> tuple[M | None, list[Problem]]:
    """Return the model of the data, or everything that is wrong with it; `at` is the key path of the data."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        # without the input: it may be a secret
        errors = error.errors(include_url=False, include_input=False)
        return None, [_problem(model, found, file, at) for found in errors]


def key_path(*parts: str | int) -> str:
    """Return ``limits[0].hours`` for its parts."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path and part else str(part)
    return path


# What pydantic finds, said in the words of the file. What is not here is said by the library.
_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", ""),
    "string_type": ("is not a text", "put it in quotes"),
    "int_type": ("is not a whole number", ""),
    "bool_type": ("is neither true nor false", "without quotes"),
    "list_type": ("is not a list", 'such as ["a", "b"]'),
    "tuple_type": ("is not a list", 'such as ["a", "b"]'),
    "dict_type": ("is not a table", "such as { key = value }"),
    "model_type": ("is not a table", "such as [section] with keys below it"),
    "date_type": ("is not a date", "write 2019-01-01, without quotes"),
    "date_from_datetime_inexact": ("is not a date", "write 2019-01-01, without a time"),
}

_BOUNDS: Mapping[str, tuple[str, str]] = {"greater_than_equal": ("below", "ge"), "less_than_equal": ("above", "le")}


def _problem(model: type[BaseModel], found: ErrorDetails, file: str, at: str) -> Problem:
    loc = tuple(part for part in found["loc"] if part != "[key]")
    where = key_path(at, *loc)
    cause = found.get("ctx", {}).get("error")
    if isinstance(cause, Unfit):
        return cause.at(file, where)
    if found["type"] == "extra_forbidden":
        return Problem(file, where, "is not known", did_you_mean(str(loc[-1]), _keys_at(model, loc[:-1]), "known keys"))
    if found["type"] in _BOUNDS:
        word, bound = _BOUNDS[found["type"]]
        return Problem(file, where, f"is {word} {found.get('ctx', {}).get(bound)}")
    reason, hint = _WORDS.get(found["type"], (found["msg"].replace("Input should", "should"), ""))
    return Problem(file, where, reason, hint)


def _keys_at(model: type[BaseModel], loc: tuple[str | int, ...]) -> set[str]:
    """Return the keys that the table at a place may have."""
    kind: Any = model
    for part in loc:
        table = _table_in(kind)
        if table is not None and isinstance(part, str) and part in _fields(table):
            kind = _fields(table)[part]
    table = _table_in(kind)
    return set(_fields(table)) if table is not None else set()


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _table_in(kind: object) -> type[BaseModel] | None:
    """Return the model inside ``list[Model]``, ``Model | None`` and the like."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return kind
    return next((table for part in get_args(kind) if (table := _table_in(part)) is not None), None)


def one_of(*words: str) -> AfterValidator:
    """Return a check that a text is one of some words."""

    def check(value: str) -> str:
        if value not in words:
            close = did_you_mean(value, words)
            raise Unfit(f"{quoted(value)} is not known", close or f"write {' or '.join(words)}")
        return value

    return AfterValidator(check)


def _exactly(value: object) -> Fraction:
    """Return a number or the text of one as an exact fraction; raises `Unfit`."""
    if isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        return Fraction(value)
    if isinstance(value, str):
        sign = -1 if value.startswith("-") else 1
        try:
            return sign * parse_share(value.removeprefix("-"))
        except ValueError:
            raise Unfit(f"{quoted(value)} is not a number", 'such as 10 or "0.05"') from None
    raise Unfit("is not a number", 'such as 10 or "0.05"')


def _share(value: object) -> Fraction:
    share = _exactly(value)
    if share < 0:
        raise Unfit("is negative", 'a share is zero or more, such as "1/30" or "0.05"')
    return share


def _positive(value: object) -> Fraction:
    number = _exactly(value)
    if number <= 0:
        raise Unfit("is not above zero")
    return number


def _plain_text(value: str) -> str:
    if not value.strip():
        raise Unfit("is empty")
    if CONTROL.search(value):
        raise Unfit("holds a control character")
    return value


Text = Annotated[str, AfterValidator(_plain_text)]
Number = Annotated[float, BeforeValidator(lambda value: float(_exactly(value)))]
Exact = Annotated[Fraction, PlainValidator(_exactly)]
Share = Annotated[Fraction, PlainValidator(_share)]
Positive = Annotated[Fraction, PlainValidator(_positive)]
