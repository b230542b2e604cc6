"""Loads ``oncall.toml``: who can be told, who is on call, who is called in which order, and when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from slamon.config.oncall_file import WEEKDAYS, OnCallTable, PersonTable, PolicyTable, RotaTable
from slamon.config.problems import InvalidInput, Problem, did_you_mean, quoted
from slamon.config.textfile import read_text
from slamon.config.tomlfile import parse_toml
from slamon.config.validation import validate
from slamon.core.alerting.chain import DEFAULT
from slamon.core.alerting.people import Dates, OnCall, Person, Quiet, Rota, Shift, Turns
from slamon.core.alerting.policy import Chain, Choice, Policy, Step
from slamon.core.alerting.rota import schedule
from slamon.core.facts import Category
from slamon.core.inventory import Line

# Any ordinary week; whether a weekly pattern has a gap is seen in one.
_WEEK = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Reach:
    """How a person is reached; shows as the id alone, for the rest is personal."""

    person: str
    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    sms_consent: bool = False


@dataclass(frozen=True, slots=True)
class OnCallFile:
    """What the file says: what decides, and how people are reached, by id."""

    path: Path
    oncall: OnCall
    reach: Mapping[str, Reach]


@dataclass(frozen=True, slots=True)
class Known:
    """What the file may refer to, as far as it is known; None is not known and not checked."""

    channels: Collection[str] | None = None
    customers: Collection[str] | None = None
    tiers: Collection[str] | None = None


def load_oncall(path: Path, known: Known = Known()) -> OnCallFile:
    """Return what the file says; raises `InvalidInput` with everything that is wrong with it."""
    found, problems = read_oncall(path, known)
    if found is None:
        raise InvalidInput(problems)
    return found


def read_oncall(path: Path, known: Known = Known()) -> tuple[OnCallFile | None, list[Problem]]:
    """Return what the file says, or everything that is wrong with it."""
    text, problems = read_text(path)
    data: dict[str, Any] | None = None
    if text is not None:
        data, problems = parse_toml(text, str(path))
    if data is None:
        return None, problems
    table, problems = validate(OnCallTable, data, str(path))
    if table is None:
        return None, problems
    problems = [Problem(str(path), where, reason, hint) for where, reason, hint in _wrong(table, known)]
    if problems:
        return None, problems
    rotas = {name: _rota(name, rota, table.timezone) for name, rota in table.rotas.items()}
    people = {name: _person(name, person, table.timezone) for name, person in table.people.items()}
    reach = {
        name: Reach(name, person.name, person.email, person.phone, person.sms_consent)
        for name, person in table.people.items()
    }
    return OnCallFile(path, OnCall(people, rotas, _policy(table)), reach), []


def chain_problems(oncall: OnCall, lines: Iterable[Line], file: str) -> list[Problem]:
    """Return what is wrong with the inventory's `oncall` column: chains that nobody knows."""
    named = sorted({line.current.oncall for line in lines if line.current.oncall} - oncall.policy.chains.keys())
    return [
        Problem(
            file, "column oncall", f"{quoted(name)} is no chain of the on-call file", _near(name, oncall.policy.chains)
        )
        for name in named
    ]


# --- what is wrong ---

Wrong = tuple[str, str, str]


def _wrong(table: OnCallTable, known: Known) -> Iterator[Wrong]:
    yield from _wrong_people(table, known)
    for name, rota in table.rotas.items():
        yield from _wrong_rota(name, rota, table)
    yield from _wrong_chains(table)
    yield from _wrong_choices(table, known)
    yield from _wrong_policy(table, known)


def _wrong_people(table: OnCallTable, known: Known) -> Iterator[Wrong]:
    for name, person in table.people.items():
        if name in table.rotas:
            yield f"people.{name}", "is a rota too", "a chain could not tell them apart: rename one"
        for i, channel in enumerate(person.channels):
            at = f"people.{name}.channels[{i}]"
            if known.channels is not None and channel not in known.channels:
                hint = did_you_mean(channel, known.channels, "channels") or "define it as [alerts.channels.NAME]"
                yield at, f"{quoted(channel)} is no channel", hint
            if channel in person.channels[:i]:
                yield at, f"{quoted(channel)} is there twice", ""


def _wrong_rota(name: str, rota: RotaTable, table: OnCallTable) -> Iterator[Wrong]:
    named = [(f"turns.people[{i}]", person) for i, person in enumerate(rota.turns.people if rota.turns else ())]
    named += [(f"weekly[{i}].person", shift.person) for i, shift in enumerate(rota.weekly)]
    named += [(f"dates[{i}].person", dates.person) for i, dates in enumerate(rota.dates)]
    for at, person in named:
        if person not in table.people:
            yield f"rotas.{name}.{at}", f"{quoted(person)} is nobody", _near(person, table.people)


def _wrong_chains(table: OnCallTable) -> Iterator[Wrong]:
    if DEFAULT not in table.chains:
        yield "chains", "has no chain default", "it is called for what no [[choose]] fits, and for the monitor itself"
    if table.monitor is not None and table.monitor not in table.chains:
        yield "monitor", f"{quoted(table.monitor)} is no chain", _near(table.monitor, table.chains)
    callable_names = {*table.people, *table.rotas}
    for name, chain in table.chains.items():
        calls = [(f"steps[{i}].call[{j}]", call) for i, s in enumerate(chain.steps) for j, call in enumerate(s.call)]
        unknown = [(at, call) for at, call in calls if call not in callable_names]
        for at, call in unknown:
            yield f"chains.{name}.{at}", f"{quoted(call)} is neither a person nor a rota", _near(call, callable_names)
        if not unknown and not any(_always_answers(call, table) for _, call in calls):
            hint = "name a person in one step, or give one of its rotas turns"
            yield f"chains.{name}", "has hours in which nobody is called: each of its rotas has gaps", hint


def _always_answers(call: str, table: OnCallTable) -> bool:
    rota = table.rotas.get(call)
    if rota is None or rota.turns is not None:
        return True
    stints = schedule(_rota(call, rota, table.timezone), (), _WEEK, _WEEK + timedelta(days=8))
    return all(stint.person is not None for stint in stints)


def _wrong_choices(table: OnCallTable, known: Known) -> Iterator[Wrong]:
    seen: dict[tuple[str | None, ...], int] = {}
    for i, choice in enumerate(table.choose):
        at = f"choose[{i}]"
        if choice.chain not in table.chains:
            yield f"{at}.chain", f"{quoted(choice.chain)} is no chain", _near(choice.chain, table.chains)
        if known.customers is not None and choice.customer is not None and choice.customer not in known.customers:
            yield f"{at}.customer", f"{quoted(choice.customer)} is no customer", _near(choice.customer, known.customers)
        if known.tiers is not None and choice.tier is not None and choice.tier not in known.tiers:
            yield f"{at}.tier", f"{quoted(choice.tier)} is a tier of no contract", _near(choice.tier, known.tiers)
        key = (choice.customer, choice.tier, choice.category)
        if key in seen:
            yield at, f"is for the same incidents as choose[{seen[key]}]", "leave one of them out"
        seen.setdefault(key, i)


def _wrong_policy(table: OnCallTable, known: Known) -> Iterator[Wrong]:
    policy = _policy(table)
    for name in ("tiers", "urgent_tiers"):
        for i, tier in enumerate(getattr(table.policy, name) or ()):
            if known.tiers is not None and tier not in known.tiers:
                yield f"policy.{name}[{i}]", f"{quoted(tier)} is a tier of no contract", _near(tier, known.tiers)
    if policy.digest_s < policy.update_s:
        yield "policy.digest_s", f"is below update_s ({policy.update_s:g})", "digests are further apart than the update"
    if policy.cause_s < policy.window_s:
        yield "policy.cause_s", f"is below window_s ({policy.window_s:g})", "lines join through cause_s at the longest"


def _near(word: str, known: Iterable[str]) -> str:
    return did_you_mean(word, known, "known")


# --- what it says ---


def _person(name: str, table: PersonTable, zone: ZoneInfo) -> Person:
    quiet = tuple(Quiet(one.from_, one.to, _days(one.days)) for one in table.quiet)
    return Person(name, tuple(table.channels), table.timezone or zone, table.language, quiet)


def _rota(name: str, table: RotaTable, zone: ZoneInfo) -> Rota:
    turns = table.turns
    return Rota(
        id=name,
        zone=table.timezone or zone,
        handover=table.handover,
        turns=None if turns is None else Turns(tuple(turns.people), turns.from_, turns.days),
        shifts=tuple(Shift(one.person, _days(one.days), one.from_, one.to) for one in table.weekly),
        dates=tuple(Dates(one.person, one.from_, one.to) for one in table.dates),
    )


def _days(names: Iterable[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(name) for name in names)


def _policy(table: OnCallTable) -> Policy:
    chains = {
        name: Chain(name, tuple(Step(tuple(_call(one, table) for one in s.call), s.wait_s) for s in chain.steps))
        for name, chain in table.chains.items()
    }
    choices = tuple(
        Choice(one.chain, one.customer, one.tier, None if one.category is None else Category(one.category))
        for one in table.choose
    )
    return replace(Policy(chains=chains, choices=choices, monitor_chain=table.monitor), **_said(table.policy))


def _call(name: str, table: OnCallTable) -> str:
    return f"rota:{name}" if name in table.rotas else f"person:{name}"


def _said(table: PolicyTable) -> dict[str, Any]:
    """Return the members of a policy that the file sets."""
    said: dict[str, Any] = {}
    names = {"limit_used": "limit_shares", "statutory_used": "statutory_shares"}
    for key in table.model_fields_set:
        value = getattr(table, key)
        if key in names:
            said[names[key]] = tuple(float(share) for share in value)
        elif key == "urgent_tiers":
            said[key] = frozenset(value)
        else:
            said[key] = tuple(value) if isinstance(value, list) else value
    return said
