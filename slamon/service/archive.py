"""Every version of contract and inventory that was used stands in the ledger; a line that left is found there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from slamon.config.contracts import parse_contract
from slamon.config.inventory import Inventory, parse_inventory, rows_text
from slamon.config.loaded import Loaded
from slamon.core.contract import Contracts
from slamon.core.inventory import Line
from slamon.core.timeline import LineTerms, assemble
from slamon.service import clock
from slamon.store.book import Fleet, read_fleet, read_line
from slamon.store.entry import Draft, Entry, blob_id
from slamon.store.ledger import Ledger
from slamon.store.measured import FOUND
from slamon.store.reads import Reads

INVENTORY = "config.inventory"
CONTRACT = "config.contract"


def archive(ledger: Ledger, loaded: Loaded) -> None:
    """Record the contracts and the inventory in use, where the ledger does not have them yet."""
    drafts = _contract_drafts(ledger, loaded)
    last = _last_inventory(ledger)
    changed: list[str] = []
    if last is None or last.payload["digest"] != loaded.inventory.digest:
        before = _archived(ledger, last) if last is not None else {}
        changed = [line_id for line_id, line in before.items() if loaded.inventory.lines.get(line_id) != line]
        drafts.append(_inventory_draft(loaded.inventory, before))
    if drafts:
        ledger.append(drafts)
    if changed:
        register_found(ledger, loaded, changed)


def _contract_drafts(ledger: Ledger, loaded: Loaded) -> list[Draft]:
    known = {entry.subject for entry in ledger.entries(kinds={CONTRACT})}
    texts = {blob_id(file.text.encode()): file for file in loaded.contract_files}
    return [
        Draft(CONTRACT, clock.now(), {"file": Path(file.file).name}, subject=key, blobs=(file.text.encode(),))
        for key, file in texts.items()
        if key not in known
    ]


def _inventory_draft(inventory: Inventory, before: Mapping[str, Line]) -> Draft:
    gone = {line_id: line for line_id, line in before.items() if line_id not in inventory.lines}
    payload = {
        "digest": inventory.digest,
        "lines": len(inventory.lines),
        "departed": {line_id: rows_text(Inventory({line_id: line}, "")) for line_id, line in gone.items()},
    }
    return Draft(INVENTORY, clock.now(), payload, blobs=(rows_text(inventory).encode(),))


def _last_inventory(ledger: Reads) -> Entry | None:
    last: Entry | None = None
    for last in ledger.entries(kinds={INVENTORY}):  # noqa: B007 - the last one is what is wanted
        pass
    return last


def _archived(ledger: Reads, entry: Entry) -> dict[str, Line]:
    blobs: Any = entry.payload["blobs"]
    return _lines(ledger.blob(blobs[0]).decode())


def _lines(text: str) -> dict[str, Line]:
    inventory, _ = parse_inventory(text, "the ledger's inventory", None)
    return {} if inventory is None else dict(inventory.lines)


def departed_lines(ledger: Reads, loaded: Loaded) -> dict[str, Line]:
    """Return the lines that were in the inventory once and are not any more, marked so, with their last terms."""
    today = loaded.inventory
    texts: dict[str, str] = {}
    last: Entry | None = None
    for last in ledger.entries(kinds={INVENTORY}):
        departed: Any = last.payload["departed"]
        texts.update(departed)
    found: dict[str, Line] = {}
    for line_id, text in texts.items():
        if line_id not in today.lines:
            found.update(_lines(text))
    if last is not None and last.payload["digest"] != today.digest:  # left just now, and nobody has recorded it yet
        found.update({k: line for k, line in _archived(ledger, last).items() if k not in today.lines})
    return {line_id: replace(line, departed=True) for line_id, line in found.items()}


def archived_contracts(ledger: Reads, contracts: Contracts) -> Contracts:
    """Return the contracts in use and, for ids that no file has any more, the versions that the ledger kept."""
    versions = {(c.id, c.version): c for c in contracts.versions}
    for entry in ledger.entries(kinds={CONTRACT}):
        kept, _ = parse_contract(ledger.blob(entry.subject or "").decode(), str(entry.payload["file"]))
        if kept is not None and kept.id not in contracts.ids():
            versions[kept.id, kept.version] = kept
    return Contracts(tuple(versions.values()))


def register_found(ledger: Ledger, loaded: Loaded, line_ids: list[str]) -> None:
    """Give a number to incidents that only a change of service time brought forth (a suspension filed late)."""
    fleet = read_fleet(ledger, loaded.settings.vantage)
    drafts: list[Draft] = []
    for line_id in line_ids:
        line = loaded.inventory.lines.get(line_id)
        if line is not None:
            drafts += found_drafts(ledger, fleet, LineTerms(line, loaded.contracts))
    if drafts:
        ledger.append(drafts)


def found_drafts(ledger: Reads, fleet: Fleet, terms: LineTerms) -> list[Draft]:
    """Return entries for a line's incidents that no entry names yet."""
    line_id = terms.line.line_id
    book = read_line(ledger, fleet, line_id)
    return [
        Draft(
            FOUND, incident.onset, {"derived_from": list(incident.derived_from)}, line_id=line_id, subject=incident.id
        )
        for incident in assemble(terms, book.measured, book.filed).incidents
        if incident.number is None
    ]
