"""Several processes, and processes that die: whatever was acknowledged is in the ledger, once."""

import contextlib
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from slamon.store import sqlite
from slamon.store.errors import LedgerBusy
from slamon.store.ledger import Ledger
from tests.store.facts import draft, stamp, url

ROOT = Path(__file__).parents[2]
KILLS = int(os.environ.get("SLAMON_KILLS", "20"))  # 1000 for the figure in docs/


def appending(path: Path, writer: str, name: str, groups: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.store.appender", url(path), writer, name, str(groups)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def acknowledged(output: str) -> list[tuple[int, str]]:
    return [(int(seq), subject) for seq, subject in (line.split() for line in output.splitlines() if " " in line)]


@pytest.mark.parametrize("writers", [("cli", "cli"), ("nanning-1", "cli")], ids=["one chain", "two chains"])
def test_two_processes_append_at_once_without_loss_or_error(tmp_path, writers):
    """Both make the ledger, both append: every entry is there once, in the place that was acknowledged.

    Mutant: "BEGIN" for "BEGIN IMMEDIATE" in `_begin`: one of the two dies of "database is locked".
    """
    path = tmp_path / "new" / "ledger.db"
    both = [appending(path, writer, f"p{number}", 150) for number, writer in enumerate(writers)]
    told = [entry for process in both for entry in acknowledged(process.communicate(timeout=60)[0])]
    assert [process.returncode for process in both] == [0, 0]
    with Ledger.open(url(path), writer="auditor", stamp=stamp) as ledger:
        assert sorted(told) == [(one.seq, one.subject) for one in ledger.entries()]
        assert len(told) == 2 * 450
        assert ledger.verify().sound


def test_f23_whatever_was_acknowledged_survives_kill_9(tmp_path):
    """F23: killed at any moment, nothing acknowledged is lost, nothing is doubled, no commit is there by half.

    Mutants: the line acknowledged before `commit` in the appender: entries are missing; "BEGIN IMMEDIATE" taken out
    (each statement a transaction of its own): the state is not that of the last entry.
    """
    path = tmp_path / "ledger.db"
    chance = random.Random(20261101)
    told = []
    for kill in range(KILLS):
        process = appending(path, "nanning-1", f"k{kill}", 0)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=chance.uniform(0, 0.15))
        process.kill()
        told += acknowledged(process.communicate()[0])
        with Ledger.open(url(path), writer="nanning-1", stamp=stamp) as ledger:
            last = ledger.last_seq()
            newest = [one.subject for one in ledger.entries(after_seq=last - 1)]
            assert list(ledger.states().values()) == newest, f"half a commit after kill {kill}"
    with Ledger.open(url(path), writer="nanning-1", stamp=stamp) as ledger:
        found = [(one.seq, one.subject) for one in ledger.entries()]
        assert set(told) <= set(found)
        assert len({subject for _, subject in found}) == len(found)
        assert ledger.verify().sound
        assert ledger.append([draft(1)]) == [len(found) + 1]
    assert len(told) > KILLS, "the processes were killed before they recorded anything"


def test_a_reader_sees_the_ledger_while_a_writer_holds_it(ledger):
    """Opening for reading, and reading, wait for nobody; what is not committed is not seen."""
    ledger.append([draft(1)])
    with ledger.transaction() as held:
        held.append([draft(2)])
        with Ledger.open(url(ledger.path), writer="x", stamp=stamp, read_only=True) as reader:
            assert [one.seq for one in reader.entries()] == [1]
            assert reader.verify().sound


def test_a_long_read_holds_back_neither_writers_nor_checkpoints(ledger):
    """A report that stops in mid-page lets others write, and the log be emptied; it goes on as of its beginning.

    Mutant: one SELECT streamed to the end instead of pages: the checkpoint is busy (1).
    """
    ledger.append([draft(number) for number in range(5_000)])
    slow = ledger.entries()
    assert next(slow).seq == 1
    ledger.append([draft(1)])
    with closing(sqlite3.connect(ledger.path)) as connection:
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert busy == 0
    assert sum(1 for _ in slow) == 4_999


def test_a_lock_that_is_never_given_back_is_told(ledger):
    """Waiting ends with a message that names the file and says that another try is worth it."""
    engine = sqlite.engine_for(ledger.path, read_only=False, busy_timeout_s=0.05)
    impatient = Ledger(engine, ledger.path, ledger._pen, stamp)  # noqa: SLF001 - the usual wait is 10 s
    with ledger.transaction(), pytest.raises(LedgerBusy, match="locked by another process") as caught:
        impatient.append([draft(1)])
    assert caught.value.retriable
    assert impatient.append([draft(1)]) == [1]
    impatient.close()


def test_a_check_and_what_depends_on_it_are_one(ledger):
    """What a transaction has read stays true until it appends: the other person waits, and then sees it."""
    engine = sqlite.engine_for(ledger.path, read_only=False, busy_timeout_s=0.05)
    other = Ledger(engine, ledger.path, ledger._pen, stamp)  # noqa: SLF001 - the usual wait is 10 s
    with ledger.transaction() as held:
        if not list(held.entries(subject="T1")):
            with pytest.raises(LedgerBusy):
                other.append([draft(1, subject="T1")])
            held.append([draft(2, subject="T1")])
    with other.transaction() as held:
        assert [one.at_us % 10_000_000 for one in held.entries(subject="T1")] == [2_000_000]
    other.close()
