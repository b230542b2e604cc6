"""The own history when things go badly: killed in mid-write, and on a disk that is full."""

import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from slamon.core.rollup import HOUR_S
from slamon.store.rollups import FILE, Rollups, RollupsError, Tally
from tests.store.rollups_writer import FLEET, SHOWN
from tests.store.test_rollups import BASE, EVER, IDS, ZONES, rows_of, ten_seconds, write

KILLS = 8


def sent(folder: Path, line_ids: Sequence[str]) -> list[int]:
    """The packets of each line, in all hours."""
    with Rollups.open(folder, read_only=True) as kept:
        return [sum(one.sent for one in some) for some in kept.read(line_ids, EVER, HOUR_S).values()]


def test_f23_a_kill_in_mid_write_leaves_whole_writes(tmp_path: Path):
    """F23: what came back is there, once; what did not is there for all lines or for none.

    Mutant: with a commit after each chunk instead of one for all (`rollup_writing.add`), the two lines differ: red.
    """
    draw, begin = random.Random(23), 0
    for _ in range(KILLS):
        command = [sys.executable, "-m", "tests.store.rollups_writer", str(tmp_path), str(begin)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            begun = process.stdout.readline()
            threading.Event().wait(draw.uniform(0, 0.1))
            process.kill()
            told = [begun, *process.stdout.readlines()]
        acknowledged = int([one for one in told if one.endswith("\n")][-1]) + 1
        (found,) = set(sent(tmp_path, [FLEET[line] for line in SHOWN]))
        assert found in (5 * acknowledged, 5 * (acknowledged + 1))
        begin = found // 5


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.lab
def test_f15_a_full_disk_is_an_error_and_what_was_counted_is_written_later(small_disk: Path):
    """F15: the write fails as a whole, what is there stays readable, the same tally is written when there is room."""
    with Rollups.open(small_disk) as kept:
        write(kept, ten_seconds(0, BASE))
        ballast = small_disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as stream:
            while stream.write(b"x" * 4096):
                pass
        tally = Tally()
        windows = [ten_seconds(0, BASE + timedelta(hours=hour), rtt_us=1000 + hour * 7919) for hour in range(1, 400)]
        tally.add(rows_of(windows))
        for _ in range(2):
            with pytest.raises(RollupsError, match=f"{FILE}: database or disk is full"):
                kept.write(tally, IDS, ZONES)
        assert sent(small_disk, IDS)[0] == 5
        ballast.unlink()
        kept.write(tally, IDS, ZONES)
    assert sent(small_disk, IDS)[0] == 5 * 400
