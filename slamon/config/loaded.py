"""Config, contracts and inventory together: loaded as one, or refused with everything that is wrong with any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slamon.config.contracts import ContractFile, read_contracts, stand_ins
from slamon.config.inventory import Inventory, load_inventory
from slamon.config.problems import InvalidInput
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
    if settings is None or contracts is None or inventory is None or problems:
        raise InvalidInput(problems)
    return Loaded(settings, contracts, inventory, tuple(in_force), tuple(stand_ins(ours, in_force)))
