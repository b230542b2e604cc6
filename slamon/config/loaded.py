"""Config, contracts and inventory together: loaded as one, or refused with everything that is wrong with any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slamon.config.contacts import Contact, load_contacts
from slamon.config.contracts import ContractFile, read_contracts, stand_ins
from slamon.config.inventory import Inventory, load_inventory
from slamon.config.oncall import Known, OnCallFile, chain_problems, read_oncall
from slamon.config.problems import InvalidInput, Problem
from slamon.config.settings import Settings, read_settings
from slamon.core.contract import Contracts
from slamon.resources import contract_files


@dataclass(frozen=True, slots=True)
class Loaded:
    """What an operator configured.

    `contract_files` holds the text of each version in `contracts`, for the ledger; `notes` are sentences that
    `slamon check` shows beside "no problems".
    """

    settings: Settings
    contracts: Contracts
    inventory: Inventory
    contract_files: tuple[ContractFile, ...] = ()
    notes: tuple[str, ...] = ()
    oncall: OnCallFile | None = None
    contacts: tuple[Contact, ...] = ()


def load(path: Path, environ: Mapping[str, str], shipped: Sequence[Path] | None = None) -> Loaded:
    """Return everything that a config file leads to; raises `InvalidInput` with all problems of all files.

    What depends on a file that is wrong itself is not judged by it: a contract that cannot be read does not
    make every row that names it wrong.
    """
    ours = contract_files() if shipped is None else shipped
    settings, problems, named = read_settings(path, environ)
    in_force, wrong = read_contracts(ours, named.contracts_dir)
    contracts = None if wrong else Contracts(tuple(read.contract for read in in_force))
    problems += wrong
    inventory: Inventory | None = None
    if named.lines_file is not None:
        inventory, wrong = load_inventory(named.lines_file, contracts, named.profiles, named.credentials)
        problems += wrong
    oncall, contacts, wrong = _people(settings, contracts, inventory)
    problems += wrong
    if settings is None or contracts is None or inventory is None or problems:
        raise InvalidInput(problems)
    notes = tuple(stand_ins(ours, in_force))
    return Loaded(settings, contracts, inventory, tuple(in_force), notes, oncall, contacts)


def _people(
    settings: Settings | None, contracts: Contracts | None, inventory: Inventory | None
) -> tuple[OnCallFile | None, tuple[Contact, ...], list[Problem]]:
    """Return who is on call and whom to notify at customers', with what is wrong with either file."""
    if settings is None or settings.alerts is None:
        return None, (), []
    alerts, problems = settings.alerts, list[Problem]()
    oncall, contacts = None, tuple[Contact, ...]()
    if alerts.oncall is not None:
        lines = () if inventory is None else inventory.lines.values()
        known = Known(
            channels=alerts.channels.keys(),
            customers=None if inventory is None else {p.customer_id for line in lines for p in line.periods},
            tiers=None if contracts is None else {tier for c in contracts.versions for tier in c.tiers},
        )
        oncall, problems = read_oncall(alerts.oncall, known)
        if oncall is not None:
            problems += chain_problems(oncall.oncall, lines, str(settings.lines_file))
    if alerts.contacts is not None:
        contacts, wrong = load_contacts(alerts.contacts)
        problems += wrong
    return oncall, contacts, problems
