"""F15: a full disk stops recording, not reading, and costs nothing that was acknowledged."""

import subprocess

import pytest

from slamon.store.errors import LedgerDiskFull, LedgerError
from slamon.store.ledger import Ledger
from tests.store.facts import draft, stamp, url


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def fill(ledger: Ledger, told: list[int]) -> None:
    """Append until the disk is full."""
    for number in range(100_000):
        told += ledger.commit([draft(number + one) for one in range(20)], states={"GX-1": str(number)})


@pytest.mark.lab
def test_f15_a_full_disk_loses_nothing_acknowledged(small_disk):
    """F15: a typed error; the last state is readable; recording goes on when there is room; the chain holds.

    Mutant: `_FULL` empty in sqlite.py: a bare LedgerError, which nobody would try again.
    """
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (1 << 20))
    told: list[int] = []
    with Ledger.open(url(small_disk / "ledger.db"), writer="nanning-1", stamp=stamp) as ledger:
        with pytest.raises(LedgerDiskFull, match="make room") as caught:
            fill(ledger, told)
        assert caught.value.retriable
        with pytest.raises(LedgerDiskFull):
            fill(ledger, told)
        assert [one.seq for one in ledger.entries()] == told
        assert ledger.states() == {"GX-1": str(len(told) // 20 - 1)}
        with Ledger.open(url(ledger.path), writer="x", stamp=stamp, read_only=True) as reader:
            assert reader.last_seq() == told[-1]
        ballast.unlink()
        assert ledger.append([draft(1)]) == [told[-1] + 1]
        assert ledger.verify().sound


@pytest.fixture
def frozen_disk(small_disk):
    """The small disk, to be made read-only; it is made writable again before it is taken away."""

    def freeze() -> None:
        subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    yield small_disk, freeze
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)


@pytest.mark.lab
def test_a_ledger_on_a_read_only_disk_can_be_read(frozen_disk):
    """What stands in it is read as ever; who would write is told why not.

    Mutant: without `immutable=1` SQLite wants to make shared memory beside the file, and nothing can be read.
    """
    folder, freeze = frozen_disk
    with Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp) as ledger:
        ledger.append([draft(1), draft(2)])
    freeze()
    with Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp, read_only=True) as ledger:
        assert [entry.seq for entry in ledger.entries()] == [1, 2]
        assert ledger.verify().sound
    with pytest.raises(LedgerError, match="cannot be opened"):
        Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp)
