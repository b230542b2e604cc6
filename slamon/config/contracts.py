"""Loads contracts: those that ship and the operator's own, every version of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from slamon.config.contract_file import ContractTable
from slamon.config.contract_rules import RULES
from slamon.config.problems import Problem, did_you_mean, quoted
from slamon.config.textfile import read_text
from slamon.config.tomlfile import parse_toml
from slamon.config.validation import key_path, validate
from slamon.core.contract import Contract, Contracts, Rule
from slamon.core.flaws import flaws


@dataclass(frozen=True, slots=True)
class ContractFile:
    """A contract with the file and the very text that it was read from; `parse_contract` gives it back."""

    file: str
    text: str
    contract: Contract

    @property
    def key(self) -> tuple[str, str]:
        """What no two files in force share."""
        return self.contract.id, self.contract.version


def load_contracts(shipped: Sequence[Path], folder: Path | None) -> tuple[Contracts | None, list[Problem]]:
    """Return all versions of all contracts, or everything that is wrong with any file (see `read_contracts`)."""
    found, problems = read_contracts(shipped, folder)
    return (None if problems else Contracts(tuple(read.contract for read in found))), problems


def read_contracts(shipped: Sequence[Path], folder: Path | None) -> tuple[list[ContractFile], list[Problem]]:
    """Return the contract files in force, and everything that is wrong with any file.

    A file in `folder` (``*.toml``) with a shipped contract's id and date stands in for the shipped one;
    with another date it is a further version.
    """
    files, problems = _own_files(folder)
    ours, wrong = _read_all(shipped)
    theirs, more = _read_all(files)
    problems += [*wrong, *more, *_doubled(ours), *_doubled(theirs)]
    replaced = {read.key for read in theirs}
    in_force = [read for read in ours if read.key not in replaced] + theirs
    return in_force, problems + _changed_place(in_force)


def stand_ins(shipped: Sequence[Path], in_force: Iterable[ContractFile]) -> tuple[str, ...]:
    """Return a sentence for every shipped contract that an operator's file with other terms takes the place of."""
    ours = {read.key: read.contract for read in _read_all(shipped)[0]}
    return tuple(
        f"{read.file} stands in for the shipped {read.contract.id} of {read.contract.version}"
        for read in in_force
        if ours.get(read.key, read.contract) != read.contract
    )


def _own_files(folder: Path | None) -> tuple[list[Path], list[Problem]]:
    """Return the operator's contract files, sorted by name."""
    try:
        entries = sorted(folder.iterdir()) if folder is not None else []
    except OSError as error:  # passing over it would judge by terms that no longer hold
        return [], [Problem(str(folder), "", f"cannot be read: {error.strerror or error}")]
    return [path for path in entries if path.suffix == ".toml"], []


def parse_contract(text: str, file: str) -> tuple[Contract | None, list[Problem]]:
    """Return the contract in a TOML text, or everything that is wrong with it."""
    data, problems = parse_toml(text, file)
    if data is None:
        return None, problems
    table, problems = validate(ContractTable, data, file)
    raw_rules = data.get("compensation", [])
    rules, more = _rules(raw_rules if isinstance(raw_rules, list) else [], file)
    problems += more
    if table is None or problems:
        return None, problems
    contract = _contract(table, rules)
    problems = [Problem(file, flaw.key, flaw.reason, flaw.hint) for flaw in flaws(contract)]
    if table.cap_ratio > 1 and not table.allow_over_100:
        hint = "a share up to 1, or allow_over_100 = true where the agreement says so"
        problems.append(Problem(file, "cap_ratio", "is above 100 % of the monthly charge", hint))
    return (None if problems else contract), problems


def _rules(tables: Iterable[object], file: str) -> tuple[tuple[Rule, ...], list[Problem]]:
    rules: list[Rule] = []
    problems: list[Problem] = []
    for number, data in enumerate(tables):
        key = key_path("compensation", number)
        if not isinstance(data, dict):
            continue  # the shape of the file was refused already
        name = data.get("rule")
        if not isinstance(name, str) or name not in RULES:
            problems.append(_unknown_rule(data, file, key))
            continue
        table, found = validate(RULES[name], data, file, key)
        problems += found
        if table is not None:
            rules.append(table.terms())
    return tuple(rules), problems


def _unknown_rule(data: dict[str, object], file: str, key: str) -> Problem:
    if "rule" in data:
        name = data["rule"]
        reason = f"rule {quoted(name)} is not known" if isinstance(name, str) else "is not the name of a rule"
        return Problem(file, f"{key}.rule", reason, did_you_mean(str(name), RULES, "rules"))
    for misspelt in data:
        if hint := did_you_mean(misspelt, ["rule"]):
            return Problem(file, key_path(key, misspelt), "is not known", hint)
    return Problem(file, f"{key}.rule", "is missing", did_you_mean("", RULES, "rules"))


def _contract(table: ContractTable, rules: tuple[Rule, ...]) -> Contract:
    return Contract(
        id=table.id,
        title=table.title,
        effective_from=table.effective_from,
        currency=table.currency,
        zone=table.timezone,
        tiers=tuple(table.tiers),
        spans=tuple(table.spans),
        clock_end=table.clock_end,
        interruption_ends=table.interruption_ends,
        uncertain_end=table.uncertain_end,
        complaint_joins_s=table.complaint_joins_s,
        reopen_within_s=table.reopen_within_s,
        blind_joins_s=table.blind_joins_s,
        exempt_responsibilities=frozenset(str(who) for who in table.exempt_responsibilities),
        combine=table.combine,
        cap_ratio=table.cap_ratio,
        sla_fee_ratio={tier: Fraction(share) for tier, share in table.sla_fee_ratio.items()},
        vat=tuple(vat.terms() for vat in table.vat),
        limits=tuple(limit.terms() for limit in table.limits),
        maintenance=table.maintenance.terms() if table.maintenance is not None else None,
        exclusions=tuple(exclusion.terms() for exclusion in table.exclusions),
        rules=rules,
        targets=table.complaints.targets() if table.complaints is not None else {},
    )


def _read_all(files: Iterable[Path]) -> tuple[list[ContractFile], list[Problem]]:
    found: list[ContractFile] = []
    problems: list[Problem] = []
    for path in files:
        text, wrong = read_text(path)
        if text is not None:
            contract, wrong = parse_contract(text, str(path))
            if contract is not None:
                found.append(ContractFile(str(path), text, contract))
        problems += wrong
    return found, problems


def _doubled(found: Iterable[ContractFile]) -> list[Problem]:
    first: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    for read in found:
        other = first.setdefault(read.key, read.file)
        if other != read.file:
            reason = f"{read.contract.id} of {read.contract.version} stands in {other} too"
            hint = "a changed contract is a new version: give it a later effective_from"
            problems.append(Problem(read.file, "effective_from", reason, hint))
    return problems


def _changed_place(found: Iterable[ContractFile]) -> list[Problem]:
    """Refuse versions of one contract in different zones or currencies: no month could be settled across them."""
    first: dict[str, ContractFile] = {}
    problems: list[Problem] = []
    for read in found:
        mine, other = read.contract, first.setdefault(read.contract.id, read)
        for key, value, before in (
            ("timezone", mine.zone.key, other.contract.zone.key),
            ("currency", mine.currency, other.contract.currency),
        ):
            if value != before:
                reason = f"{mine.id} of {mine.version} has {value}, {other.file} has {before}"
                problems.append(Problem(read.file, key, reason, "another zone or currency needs an id of its own"))
    return problems
