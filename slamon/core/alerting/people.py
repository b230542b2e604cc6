"""Who can be called: people, their quiet hours, rotas. The types; `rota` and `chain` answer the questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from .policy import Policy

EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which only what cannot wait is sent: from `start` to `end` on the wall clock, over midnight if need be.

    `days` are the weekdays (0 is Monday) on which such hours begin.
    """

    start: time
    end: time
    days: frozenset[int] = EVERY_DAY


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be told something, by `channels` in order of preference."""

    id: str
    channels: tuple[str, ...]
    zone: ZoneInfo
    language: str = "zh"
    quiet: tuple[Quiet, ...] = ()


@dataclass(frozen=True, slots=True)
class Turns:
    """People who take turns of `days` days each, from `first_day` on."""

    persons: tuple[str, ...]
    first_day: date
    days: int = 7


@dataclass(frozen=True, slots=True)
class Shift:
    """A weekly pattern: on `days` (0 is Monday) from `start` to `end`, over midnight where `end` is not later."""

    person: str
    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Dates:
    """A range of days, from the hand-over on `first_day` to the hand-over on the day after `last_day`."""

    person: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in on a rota in ``[start, end)``; an entry of the ledger (`seq`), a later one goes first."""

    rota: str
    person: str
    start: datetime
    end: datetime
    seq: int = 0


@dataclass(frozen=True, slots=True)
class Rota:
    """Who is on call: overrides go before `dates`, these before `shifts`, these before `turns`; later ones first.

    Wall-clock times are read in `zone`: one that does not exist is the instant of the jump, one that happens twice
    the first of the two.
    """

    id: str
    zone: ZoneInfo
    handover: time = time(9)
    turns: Turns | None = None
    shifts: tuple[Shift, ...] = ()
    dates: tuple[Dates, ...] = ()


@dataclass(frozen=True, slots=True)
class Stint:
    """Who is on call in ``[start, end)``; `person` None is a gap.

    `by` is what says so: ``turns``, ``shifts``, ``dates`` or ``override``.
    """

    start: datetime
    end: datetime
    person: str | None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class OnCall:
    """Everything of ``oncall.toml`` that decides: people, rotas, policy (chains included), and overrides on record."""

    people: Mapping[str, Person]
    rotas: Mapping[str, Rota]
    policy: Policy = field(default_factory=Policy)
    overrides: tuple[Override, ...] = ()
