"""Whoever changes, removes or reorders anything is found, and the first bad entry is named."""
# ruff: noqa: S608 - SQL put together here is the tampering

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.ledger import Broken, Ledger, blob_id
from tests.store.facts import draft, stamp, tamper, url

COUNT = 24
COLUMNS = ["payload" if name == "payload_json" else name for name in Entry._fields]
NUMBERS = {"writer_seq", "at_us", "recorded_at_us", "mono_ns"}


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """One file (a backup, so that there is no log) of two interleaved writers with blobs and personal texts."""
    folder = tmp_path_factory.mktemp("honest")
    with (
        Ledger.open(url(folder / "ledger.db"), writer="nanning-1", stamp=stamp) as daemon,
        Ledger.open(url(folder / "ledger.db"), writer="cli", stamp=stamp) as person,
    ):
        for number in range(0, COUNT, 3):
            daemon.append([draft(number, line_id="GX-1"), replace(draft(number + 1), blobs=(b"e" * (number + 1),))])
            person.append([replace(draft(number + 2, subject="S"), personal={"caller": f"li {number}"})])
        assert daemon.backup(folder / "honest.db").sound
        return folder / "honest.db", daemon.heads(), list(daemon.entries())


@pytest.fixture(scope="module")
def copied(honest, tmp_path_factory):
    """Give a fresh copy, in the same place each time."""
    target = tmp_path_factory.mktemp("copied") / "ledger.db"

    def copy():
        shutil.copy(honest[0], target)
        return target

    return copy


def problems(path: Path, known_heads: Mapping[str, str] | None = None) -> tuple[Broken, ...]:
    with Ledger.open(url(path), writer="auditor", stamp=stamp, read_only=True) as opened:
        return opened.verify(known_heads).problems


def test_an_honest_ledger_is_sound(honest):
    """All entries are counted, the heads are the writers' last, and known heads are found wherever they stand."""
    path, heads, entries = honest
    with Ledger.open(url(path), writer="auditor", stamp=stamp, read_only=True) as opened:
        found = opened.verify(heads)
        assert (found.entries, found.heads, found.problems) == (COUNT, heads, ())
        assert opened.verify({"cli": entries[2].hash}).sound


@given(
    seq=st.integers(1, COUNT),
    column=st.sampled_from(COLUMNS[1:]),
    how=st.sampled_from(["other", "blob", "null"]),
    more=st.integers(COUNT, 2**40),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_changed_column_names_its_entry(honest, copied, seq, column, how, more):
    """Any column of any entry, to another value, to NULL or to other bytes: that entry is the first bad one.

    Mutants: any column left out of `append`'s `columns`, or `FORM, *columns[1:]`: the change of it goes unseen.
    """
    path = copied()
    old = honest[2][seq - 1][COLUMNS.index(column)]
    number = column in NUMBERS
    new = {"other": old + more if number else f"{old or ''}{more}", "blob": b"\xff\xfe", "null": None}[how]
    if new == old or (new is None and column not in {"line_id", "subject", "prev_hash"}):
        return
    tamper(path, f"UPDATE entry SET {column} = ? WHERE seq = {seq}", parameters=(new,))
    assert problems(path)[0].seq == seq


@given(seq=st.integers(1, COUNT - 1))
def test_a_removed_entry_is_named(copied, seq):
    """A gap in the numbers is the first thing that is wrong."""
    path = copied()
    tamper(path, f"DELETE FROM entry WHERE seq = {seq}")
    first = problems(path)[0]
    assert first.seq == seq
    assert "missing" in first.what


@given(seq=st.integers(1, COUNT - 1))
def test_closing_the_gap_does_not_help(copied, seq):
    """Renumbering what follows changes it.

    Mutant: `seq` left out of the hash: with the last entry of a writer removed, the gap closes unseen.
    """
    path = copied()
    tamper(
        path,
        f"DELETE FROM entry WHERE seq = {seq}",
        *(f"UPDATE entry SET seq = {later - 1} WHERE seq = {later}" for later in range(seq + 1, COUNT + 1)),
    )
    assert problems(path)[0].seq == seq


@given(st.lists(st.integers(1, COUNT), min_size=2, max_size=2, unique=True).map(sorted))
def test_swapped_entries_are_named(copied, pair):
    """Of two that changed places, the first place is the first bad one, whoever wrote them."""
    path = copied()
    low, high = pair
    tamper(
        path,
        f"UPDATE entry SET seq = -1 WHERE seq = {low}",
        f"UPDATE entry SET seq = {low} WHERE seq = {high}",
        f"UPDATE entry SET seq = {high} WHERE seq = -1",
    )
    assert problems(path)[0].seq == low


@given(kept=st.integers(0, COUNT - 1))
def test_a_cut_end_is_found_by_heads_kept_outside(honest, copied, kept):
    """Without known heads a shorter chain is a chain; with them its missing end is reported for its writer."""
    path = copied()
    _, heads, entries = honest
    tamper(path, f"DELETE FROM entry WHERE seq > {kept}")
    assert problems(path) == ()
    lost = {one.writer for one in entries[kept:]}
    assert {broken.writer for broken in problems(path, heads)} == lost
    assert all("not in the chain" in broken.what for broken in problems(path, heads))


def test_what_stands_beside_the_chain_is_checked(honest, copied):
    """A blob may not change or vanish; a personal text may vanish, which is erasure, and not change."""
    evidence = honest[2][1]
    path = copied()
    tamper(path, "DELETE FROM blob WHERE sha256 = ?", parameters=(blob_id(b"e"),))
    assert [(broken.seq, "missing" in broken.what) for broken in problems(path)] == [(evidence.seq, True)]
    path = copied()
    tamper(path, "UPDATE blob SET coding = 'raw', data = 'f' WHERE sha256 = ?", parameters=(blob_id(b"e"),))
    assert [(broken.seq, "changed" in broken.what) for broken in problems(path)] == [(evidence.seq, True)]
    path = copied()
    tamper(path, "DELETE FROM personal WHERE data = 'li 0'")
    assert problems(path) == ()
    tamper(path, "UPDATE personal SET data = 'li 4' WHERE data = 'li 3'")
    assert [broken.what.startswith("personal text") for broken in problems(path)] == [True]


def test_an_index_that_hides_entries_is_found(copied):
    """A statement reads by index: whoever makes the index lie removes an incident without touching the chain.

    Mutant: `_unsound` left out of `_bad_rows`: nothing is reported.
    """
    path = copied()
    tamper(
        path,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, ', kind)', ', kind) WHERE seq <> 4') WHERE name = 'entry_line'",
    )
    tamper(path, "REINDEX entry_line", "PRAGMA writable_schema = ON",
           "UPDATE sqlite_master SET sql = replace(sql, ' WHERE seq <> 4', '') WHERE name = 'entry_line'")  # fmt: skip
    assert any("damaged" in broken.what for broken in problems(path))


@given(st.data())
@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
def test_no_byte_of_the_file_changes_what_is_read_unseen(honest, copied, data):
    """Flip a byte: a clear error, a problem reported, or every entry as it was."""
    path = copied()
    plain = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(plain) - 1))
    plain[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(plain)
    try:
        with Ledger.open(url(path), writer="auditor", stamp=stamp, read_only=True) as opened:
            if opened.verify(honest[1]).sound:
                assert list(opened.entries()) == honest[2]
                assert len(list(opened.entries(line_id="GX-1"))) == COUNT // 3
    except LedgerError:
        pass
