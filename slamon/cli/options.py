"""What commands share: how they were called, and options that stand on many of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from slamon.service.desk import When
    from slamon.service.site import Site

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Invocation:
    """How slamon was called."""

    config: str | None
    log_level: str
    log_format: str

    def site(self, by: str | None = None, *, read_only: bool = False) -> AbstractContextManager[Site]:
        """Open the configured site; `by` is who acts."""
        from slamon.service.desk import word
        from slamon.service.site import open_site

        name = None if by is None else word(by, "the name given with --by")
        return open_site(self.config, os.environ, name, read_only=read_only)


pass_invocation = click.make_pass_decorator(Invocation)


class Time(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions of click only
    """ISO 8601; without an offset it is local to the zone of the line's contract, which is not known here yet."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the text, once it is certain that it is a time."""
        from slamon.config.problems import quoted

        text = str(value).strip()
        try:
            datetime.fromisoformat(text)
        except ValueError:
            self.fail(f"{quoted(text)} is not an ISO 8601 time, such as 2026-10-03T08:00:00+08:00", param, ctx)
        return text


TIME = Time()


class Month(click.ParamType):  # type: ignore[type-arg]
    """``YYYY-MM``."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ANN401
        """Return the text, once it is certain that it is a month."""
        from slamon.core.calendar import BillingMonth

        try:
            return str(BillingMonth.parse(str(value).strip()))
        except ValueError as error:
            self.fail(str(error), param, ctx)


MONTH = Month()


def time_option(name: str, text: str, *, into: str | None = None, required: bool = False) -> Callable[[F], F]:
    """Return an option that takes a time; `into` names the argument where the option's name is a keyword of Python."""
    names = (name,) if into is None else (name, into)
    return click.option(*names, type=TIME, metavar="TIME", required=required, help=text)


def by_option(command: F) -> F:
    """Say who files it."""
    return click.option("--by", metavar="NAME", help="Who files it; the login name by default.")(command)


def json_option(command: F) -> F:
    """Print data instead of text."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def reason_option(text: str = "Why.") -> Callable[[F], F]:
    """Return the option that says why."""
    return click.option("--reason", metavar="TEXT", required=True, help=text)


def time_or_now(text: str | None) -> When:
    """Return the time that was given, or the present."""
    from slamon.service import clock
    from slamon.service.desk import instant, when

    return when(text) if text is not None else instant(clock.now())


def time_if_given(text: str | None) -> When | None:
    """Return the time that was given, None where none was."""
    from slamon.service.desk import when

    return None if text is None else when(text)
