"""Checking that nothing in the ledger was changed, removed or put in another order.

What a chain cannot show by itself is that its end was cut off, or that all of it was written anew: for that,
heads that were kept outside are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Table, select

from slamon.store import query
from slamon.store.chain import decoded
from slamon.store.entry import Entry, blob_id, chained_hash, personal_ref
from slamon.store.errors import LedgerDamaged, LedgerError, NotReadable
from slamon.store.personal import Seal, opened
from slamon.store.query import Fetch, Wanted
from slamon.store.schema import blob, personal

# A damaged file may answer with anything, such as text where only numbers can be: that too is a finding.
_UNREADABLE = (LedgerError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that is not as it was recorded; `seq` and `writer` are None where no entry can be named."""

    seq: int | None
    writer: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check found: the first bad entry first, at most one for each writer's chain."""

    entries: int
    heads: Mapping[str, str]
    problems: tuple[Broken, ...]
    sealed: int = 0  # personal texts that could not be checked: their key is not here

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


@dataclass(slots=True)
class _Chains:
    """Where the check stands: per writer its number and hash last seen, and whether it is broken already."""

    heads: dict[str, tuple[int, str]] = field(default_factory=dict)
    broken: dict[str, Broken] = field(default_factory=dict)
    missing: Broken | None = None
    entries: int = 0
    last_seq: int = 0
    blobs: dict[str, int] = field(default_factory=dict)
    sealed: int = 0


def verify(
    fetch: Fetch, soundness: Callable[[], str | None], known_heads: Mapping[str, str], seal: Seal | None = None
) -> Verification:
    """Return what is wrong with the ledger as of its newest entry now.

    `soundness` says what is wrong with the file itself; known heads are writer -> hash; `seal` opens personal texts.
    """
    chains = _Chains()
    wanted_heads = set(known_heads.values())
    seen_heads: set[tuple[str, str]] = set()
    found: list[Broken] = []
    try:
        for one in query.in_order(fetch, Wanted(), 0, query.last_seq(fetch)):
            _check(chains, one)
            if one.hash in wanted_heads:
                seen_heads.add((one.writer, one.hash))
    except _UNREADABLE as error:
        found.append(Broken(chains.last_seq + 1, None, f"the entries from here on cannot be read: {error}"))
    found += chains.broken.values()
    if chains.missing is not None:
        found.append(chains.missing)
    found.sort(key=lambda broken: broken.seq or 0)
    found += _lost_heads(known_heads, seen_heads, chains)
    found += _bad_rows(fetch, soundness, chains, seal)
    heads = {writer: head for writer, (_, head) in chains.heads.items()}
    return Verification(chains.entries, heads, tuple(found), chains.sealed)


def _check(chains: _Chains, one: Entry) -> None:
    chains.entries += 1
    if one.seq != chains.last_seq + 1 and chains.missing is None:
        first, upto = chains.last_seq + 1, one.seq - 1
        which = f"entry {first} is" if first == upto else f"entries {first} to {upto} are"
        chains.missing = Broken(first, None, f"{which} missing")
    chains.last_seq = one.seq
    writer_seq, head = chains.heads.get(one.writer, (0, None))
    chains.heads[one.writer] = (one.writer_seq, one.hash)
    if one.writer not in chains.broken and (what := _flaw(one, writer_seq, head)) is not None:
        chains.broken[one.writer] = Broken(one.seq, one.writer, what)
    if one.writer not in chains.broken and '"blobs":[' in one.payload_json:
        for key in _listed(one):
            chains.blobs.setdefault(key, one.seq)


def _flaw(one: Entry, writer_seq: int, head: str | None) -> str | None:
    try:
        if chained_hash(one[:-1]) != one.hash:
            return "its content does not match its hash: it was changed"
    except (TypeError, ValueError):
        return "a column holds what was never recorded there: it was changed"
    if one.writer_seq != writer_seq + 1:
        return f"it is number {one.writer_seq} of its writer and follows number {writer_seq}: entries were removed"
    if one.prev_hash != head:
        return "it does not follow the entry before it: that one was changed or replaced"
    return None


def _listed(one: Entry) -> list[str]:
    keys = one.payload.get("blobs", [])
    return [str(key) for key in keys] if isinstance(keys, list) else []


def _lost_heads(known: Mapping[str, str], seen: set[tuple[str, str]], chains: _Chains) -> Iterator[Broken]:
    for writer, head in known.items():
        if (writer, head) not in seen:
            last = chains.heads.get(writer)
            rest = f"it now ends with number {last[0]}" if last else "no entry of this writer is left"
            yield Broken(
                None,
                writer,
                f"the known head {head} is not in the chain ({rest}): its end was cut off, or it was rewritten",
            )


def _bad_rows(
    fetch: Fetch, soundness: Callable[[], str | None], chains: _Chains, seal: Seal | None
) -> Iterator[Broken]:
    """Yield the problems of what stands beside the chain, and of the file itself."""
    for check in (_bad_blobs(fetch, chains.blobs), _bad_personal(fetch, chains, seal), _unsound(soundness)):
        try:
            yield from check
        except _UNREADABLE as error:
            yield Broken(None, None, str(error))


def _bad_blobs(fetch: Fetch, referenced: Mapping[str, int]) -> Iterator[Broken]:
    present: set[str] = set()
    for key, coding, data in _rows(fetch, blob):
        present.add(key)
        try:
            same = blob_id(decoded(coding, data)) == key
        except LedgerError:
            same = False
        if not same:
            yield Broken(referenced.get(key), None, f"blob {key} was changed")
    for key, seq in referenced.items():
        if key not in present:
            yield Broken(seq, None, f"blob {key}, to which it refers, is missing")


def _bad_personal(fetch: Fetch, chains: _Chains, seal: Seal | None) -> Iterator[Broken]:
    # A row that is missing was erased, which is a right; one that is there says what was said.
    for ref, salt, data, coding in _rows(fetch, personal):
        try:
            same = personal_ref(salt, opened(seal, ref, data, coding)) == ref
        except NotReadable:
            chains.sealed += 1
            continue
        except (LedgerDamaged, TypeError, AttributeError):
            same = False
        if not same:
            yield Broken(None, None, f"personal text {ref} was changed")


def _unsound(soundness: Callable[[], str | None]) -> Iterator[Broken]:
    if (what := soundness()) is not None:
        yield Broken(None, None, f"the database file is damaged: {what}")


def _rows(fetch: Fetch, table: Table) -> Iterator[Any]:
    key = next(iter(table.primary_key.columns))
    page = select(table).order_by(key).limit(256)
    following = page
    while rows := fetch(following):
        yield from rows
        following = page.where(key > rows[-1][0])
