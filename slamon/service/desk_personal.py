"""Erasing what was said about people, on their request: the words go, what was decided stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from slamon.service.desk import DeskError, Filed, free_text
from slamon.service.site import Site
from slamon.store.entry import Draft, Entry

ERASED = "personal.erased"


def erase(site: Site, numbers: Sequence[int], reason: str, at: datetime) -> Filed:
    """Erase the personal texts of these entries, and put on record that and why."""
    why = free_text(reason, "the reason")
    refs = [ref for number in numbers for ref in _refs(_entry(site, number))]
    draft = Draft(ERASED, at, {"entries": sorted(numbers), "refs": refs}, why=why)
    count = site.ledger.erase(refs, draft)
    texts = f"{count} personal {'text' if count == 1 else 'texts'}"
    gone = () if count == len(refs) else (f"{len(refs) - count} had been erased before",)
    said = f"{texts} erased; backups made before still hold them"
    return Filed((site.ledger.last_seq(),), tuple(map(str, numbers)), (said,), gone)


def _entry(site: Site, number: int) -> Entry:
    found = next(iter(site.ledger.entries(after_seq=number - 1)), None) if number > 0 else None
    if found is None or found.seq != number:
        raise DeskError(f"there is no entry {number}", "`slamon ledger export` shows their numbers (seq)")
    return found


def _refs(entry: Entry) -> list[str]:
    refs = entry.payload.get("personal")
    if not isinstance(refs, dict) or not refs:
        raise DeskError(f"entry {entry.seq} ({entry.kind}) refers to no personal text")
    return [str(ref) for ref in refs.values()]
