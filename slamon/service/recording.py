"""Committing what the judging hands out, beside others who use the same ledger."""

from __future__ import annotations

from collections.abc import Mapping

from slamon.core.judge import Coverage
from slamon.service.judging import Pending
from slamon.store.book import pack_coverage, unpack_coverage
from slamon.store.ledger import Ledger, Transaction


class Recorder:
    """Commits one judging's work; a checkpoint that another process wrote meanwhile is laid together with ours."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._written: bytes | None = None

    def commit(self, pending: Pending) -> list[int]:
        """Put everything on disk in one transaction and return the entries' numbers; raises `LedgerError`."""
        if not pending:
            return []
        with self._ledger.transaction() as held:
            numbers = held.append(pending.drafts)
            if pending.states:
                held.keep_states(pending.states)
            written = self._written
            if pending.checkpoint is not None and pending.at is not None:
                written = self._merged(held, pending.checkpoint)
                held.keep_checkpoint(pending.at, written)
            if pending.tail or pending.prune_before is not None:
                held.keep_tail(pending.tail, pending.prune_before)
        self._written = written
        return numbers

    def _merged(self, held: Transaction, ours: bytes) -> bytes:
        stored = held.checkpoint(self._ledger.writer)
        if stored is None or stored[1] == self._written:
            return ours
        return pack_coverage(furthest(unpack_coverage(stored[1]), unpack_coverage(ours)))


def furthest(one: Mapping[str, Coverage], other: Mapping[str, Coverage]) -> dict[str, Coverage]:
    """Return for each line the coverage that reaches further; of equals the second."""
    found = dict(one)
    for line_id, coverage in other.items():
        known = found.get(line_id)
        if known is None or known.until is None or (coverage.until is not None and coverage.until >= known.until):
            found[line_id] = coverage
    return found
