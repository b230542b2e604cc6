"""Committing what the judging hands out, beside others who use the same ledger."""

from __future__ import annotations

from slamon.core.judge import Coverage
from slamon.service.pending import Pending
from slamon.store.coverage import pack_coverage, unpack_coverage
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
            states, written = pending.states, self._written
            if pending.checkpoint is not None and pending.at is not None:
                written, ahead = self._merged(held, pending.checkpoint)
                held.keep_checkpoint(pending.at, written)
                states = {line_id: text for line_id, text in states.items() if line_id not in ahead}
            if states:
                held.keep_states(states)
            if pending.tail or pending.prune_before is not None:
                held.keep_tail(pending.tail, pending.prune_before)
        self._written = written
        return numbers

    def _merged(self, held: Transaction, ours: bytes) -> tuple[bytes, frozenset[str]]:
        """Return the checkpoint to write, and the lines that another process has observed further than this one."""
        stored = held.checkpoint(self._ledger.writer)
        if stored is None or stored[1] == self._written:
            return ours, frozenset()
        theirs, own = unpack_coverage(stored[1]), unpack_coverage(ours)
        ahead = frozenset(line_id for line_id, one in theirs.items() if reaches_further(one, own.get(line_id)))
        merged = {**own, **{line_id: theirs[line_id] for line_id in ahead}}
        return pack_coverage(merged), ahead


def reaches_further(one: Coverage, other: Coverage | None) -> bool:
    """Tell whether a line was observed further in one coverage than in another."""
    if one.until is None:
        return False
    return other is None or other.until is None or one.until > other.until
