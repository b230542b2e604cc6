"""Loads contracts: those that ship and the operator's own, every version of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

from slamon.config.contract_file import ContractTable
from slamon.config.contract_rules import RULES
from slamon.config.problems import Problem, did_you_mean, quoted
from slamon.config.tomlfile import parse_toml, read_text
from slamon.config.validation import key_path, validate
from slamon.core.contract import Contract, Contracts, Rule, flaws

# The files as they were read: what each contract stands in.
_Found = list[tuple[str, Contract]]


def load_contracts(shipped: Sequence[Path], folder: Path | None) -> tuple[Contracts | None, list[Problem]]:
    """Return all versions of all contracts, or everything that is wrong with any file.

    A file in `folder` (``*.toml``) with a shipped contract's id and date stands in for the shipped one;
    with another date it is a further version.
    """
    ours, problems = _read_all(shipped)
    theirs, more = _read_all(own_files(folder))
    problems += [*more, *_doubled(ours), *_doubled(theirs)]
    replaced = {(contract.id, contract.effective_from) for _, contract in theirs}
    kept = [(file, c) for file, c in ours if (c.id, c.effective_from) not in replaced]
    problems += _changed_place(kept + theirs)
    if problems:
        return None, problems
    return Contracts(tuple(contract for _, contract in kept + theirs)), []


def stand_ins(shipped: Sequence[Path], folder: Path | None) -> tuple[str, ...]:
    """Return a sentence for every shipped contract that an operator's file with other terms takes the place of."""
    ours = {(contract.id, contract.effective_from): contract for _, contract in _read_all(shipped)[0]}
    return tuple(
        f"{file} stands in for the shipped {contract.id} of {contract.version}"
        for file, contract in _read_all(own_files(folder))[0]
        if ours.get((contract.id, contract.effective_from), contract) != contract
    )


def own_files(folder: Path | None) -> list[Path]:
    """Return the operator's contract files, sorted by name."""
    return sorted(folder.glob("*.toml")) if folder is not None else []


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
    problems += _table_without_spans(contract, file)
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


def _table_without_spans(contract: Contract, file: str) -> list[Problem]:
    """Find holes and overlaps of a limit table that has tiers but no spans; `flaws` walks the cells of spans."""
    if contract.spans or not contract.limits:
        return []
    problems: list[Problem] = []
    cells: set[tuple[str, str]] = set()
    for number, limit in enumerate(contract.limits):
        for tier in limit.seconds:
            if (limit.category, tier) in cells:
                reason = f"{limit.category}, tier {tier} stands twice"
                hint = "every cell of the table stands once"
                problems.append(Problem(file, key_path("limits", number), reason, hint))
            cells.add((limit.category, tier))
    for category in ("interruption", "degradation"):
        for tier in contract.tiers:
            if (category, tier) not in cells:
                hint = "the table has one limit for every category and tier"
                problems.append(Problem(file, "limits", f"no limit for {category}, tier {tier}", hint))
    return problems


def _read_all(files: Iterable[Path]) -> tuple[_Found, list[Problem]]:
    found: _Found = []
    problems: list[Problem] = []
    for path in files:
        text, unread = read_text(path)
        contract, wrong = parse_contract(text, str(path)) if text is not None else (None, unread)
        problems += wrong
        if contract is not None:
            found.append((str(path), contract))
    return found, problems


def _doubled(found: _Found) -> list[Problem]:
    first: dict[tuple[str, str], str] = {}
    problems: list[Problem] = []
    for file, contract in found:
        other = first.setdefault((contract.id, contract.version), file)
        if other != file:
            reason = f"{contract.id} of {contract.version} stands in {other} too"
            hint = "a changed contract is a new version: give it a later effective_from"
            problems.append(Problem(file, "effective_from", reason, hint))
    return problems


def _changed_place(found: _Found) -> list[Problem]:
    """Refuse versions of one contract in different zones or currencies: no month could be settled across them."""
    first: dict[str, tuple[str, Contract]] = {}
    problems: list[Problem] = []
    for file, contract in found:
        other_file, other = first.setdefault(contract.id, (file, contract))
        for key, mine, theirs in (
            ("timezone", contract.zone.key, other.zone.key),
            ("currency", contract.currency, other.currency),
        ):
            if mine != theirs:
                reason = f"{contract.id} of {contract.version} has {mine}, {other_file} has {theirs}"
                problems.append(Problem(file, key, reason, "another zone or currency needs an id of its own"))
    return problems
