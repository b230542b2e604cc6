"""The spool: what is appended comes out, in order, over kills, torn writes and full disks; bounded, and it counts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.quality import Verdict
from slamon.store.frames import HEAD_BYTES, Kind, joined, rows_frame, rows_of, text_frame
from slamon.store.rows import Rows
from slamon.store.spool import Spool
from slamon.store.spool_parts import Losses, Parcel
from tests.sinks.windows import rows_of as made_of
from tests.sinks.windows import told
from tests.store.test_disk_full import small_disk

__all__ = ["small_disk"]  # the fixture of F15

ROOMY = 64 << 20
NAMES = b"names"


def text(number: int) -> bytes:
    return b"m f=1i %d\n" % number


def append(spool: Spool, number: int) -> None:
    spool.append(text_frame(text(number), 1, number))


def numbers(parcel: Parcel) -> list[int]:
    return [int(frame.payload.split()[-1]) for frame in parcel.frames]


def drained(spool: Spool) -> list[int]:
    """Everything that waits, delivered: the backlog, then what is live."""
    found = []
    while (parcel := spool.backlog(10) or spool.live(10)) is not None:
        found += numbers(parcel)
        spool.delivered(parcel)
    return found


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.spool"))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 5)),
        st.tuples(st.sampled_from(["live", "backlog"]), st.integers(1, 4)),
        st.tuples(st.sampled_from(["roll", "kill", "recovered", "undelivered"]), st.just(0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_whatever_happens_everything_comes_out_and_order_holds(tmp_path_factory, steps):
    """Appends, deliveries, kills and recoveries in any order: nothing is lost, and nothing new before its elders.

    After a kill what a file had delivered may come again; without one everything comes exactly once.
    Mutant: `self.offset` moved in `_next_of` instead of `delivered`: what was read and not confirmed is lost.
    """
    folder = tmp_path_factory.mktemp("spool")
    spool, count, killed = Spool(folder, ROOMY), 0, False
    out: list[int] = []
    for step, amount in steps:
        if step == "append":
            for _ in range(amount):
                append(spool, count)
                count += 1
        elif step in ("live", "backlog"):
            parcel = spool.live(amount) if step == "live" else spool.backlog(amount)
            if parcel is not None:
                out += numbers(parcel)
                spool.delivered(parcel)
        elif step == "undelivered":
            spool.live(3)
        elif step == "roll":
            spool.roll()
        elif step == "recovered":
            spool.recovered()
        else:
            spool, killed = Spool(folder, ROOMY), True  # the old one is just not there any more
    assert spool.points >= len(set(range(count)) - set(out))
    rest = drained(spool)
    assert set(out + rest) == set(range(count))
    assert rest == sorted(rest)
    assert killed or len(out + rest) == count
    assert (spool.points, spool.waiting_bytes) == (0, 0)
    assert spool.losses == Losses()


@given(st.integers(0, 200), st.booleans())
def test_a_torn_tail_costs_the_last_write_alone(tmp_path_factory, cut, garbage):
    """A kill in the middle of a write: all frames before it come out, and the loss is counted.

    Mutant: `intact` not asked in `read`: half a frame is delivered as if it were whole.
    """
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, ROOMY)
    for number in range(5):
        append(spool, number)
    spool.close()
    (file,) = files(folder)
    whole = file.read_bytes()
    frame = len(text_frame(text(4), 1, 4).packed())
    keep = len(whole) - min(cut, frame)
    file.write_bytes(whole[:keep] + (b"\0" * 7 if garbage else b""))
    again = Spool(folder, ROOMY)
    assert drained(again) == list(range(5 if cut == 0 else 4))
    assert bool(again.losses.torn_bytes or again.losses.damaged) == (garbage or 0 < cut < frame)


@given(st.integers(0, 10**6))
def test_a_changed_byte_costs_no_other_frame(tmp_path_factory, at):
    """What is not what was written is counted and passed over; a changed length ends the file."""
    folder = tmp_path_factory.mktemp("spool")
    spool = Spool(folder, ROOMY)
    for number in range(6):
        append(spool, number)
    spool.close()
    (file,) = files(folder)
    data = bytearray(file.read_bytes())
    data[at % len(data)] ^= 0x40
    file.write_bytes(bytes(data))
    again = Spool(folder, ROOMY)
    found = drained(again)
    hurt = (at % len(data)) // len(text_frame(text(0), 1, 0).packed())
    assert set(range(6)) - {hurt} >= set(found) >= set(range(hurt))
    losses = again.losses
    assert losses.damaged or losses.torn_bytes


def test_live_goes_first_and_the_backlog_from_its_oldest_end(tmp_path):
    """After a recovery what comes now is live, what waited is backlog; both keep their order."""
    spool = Spool(tmp_path, ROOMY)
    for number in range(4):
        append(spool, number)
    spool.recovered()
    append(spool, 100)
    live, backlog = spool.live(10), spool.backlog(2)
    assert live is not None
    assert backlog is not None
    assert (numbers(live), numbers(backlog)) == ([100], [0, 1])
    spool.delivered(backlog)
    spool.delivered(live)
    assert (spool.backlog_points, spool.points, drained(spool)) == (2, 2, [2, 3])


def test_a_delivered_file_is_gone_from_the_disk(tmp_path):
    """Deleted after the confirmation, and not before."""
    spool = Spool(tmp_path, ROOMY)
    append(spool, 1)
    spool.roll()
    parcel = spool.live(10)
    assert parcel is not None
    assert len(files(tmp_path)) == 1
    spool.delivered(parcel)
    assert not files(tmp_path)


def test_a_file_that_somebody_deletes_holds_up_nobody(tmp_path):
    """What it held is counted as damaged; what comes before and after it goes out.

    Mutant: without the except in `_next_of` the delivery stands still for ever.
    """
    spool = Spool(tmp_path, ROOMY)
    for number in range(3):
        append(spool, number)
        spool.roll()
    files(tmp_path)[1].unlink()
    assert drained(spool) == [0, 2]
    assert spool.losses.damaged == 1


def windows(first: int, count: int, lines: int = 3) -> Rows:
    """Windows of some lines, ten seconds each, one packet in each."""
    rows = np.repeat(made_of([told(0, 0, demarc_sent=1, demarc_received=1)]), count * lines)
    rows["line"] = np.tile(np.arange(lines), count)
    rows["start"] += 10_000_000 * (first + np.repeat(np.arange(count), lines))
    rows["end"] = rows["start"] + 10_000_000
    return rows


def all_rows(spool: Spool) -> Iterator[Rows]:
    while (parcel := spool.backlog(1000) or spool.live(1000)) is not None:
        yield joined([frame for frame in parcel.frames if frame.kind is Kind.ROWS])[0]
        spool.delivered(parcel)


def test_when_it_is_full_the_oldest_is_rolled_up_to_minutes_and_no_window_is_forgotten(tmp_path):
    """Every packet is still told, once; the newest windows are raw, the oldest one row a minute and line.

    Mutant: `_roll_up` that keeps only the first row of each minute: packets are missing.
    """
    spool = Spool(tmp_path, 200_000)
    for batch in range(400):
        spool.append(rows_frame(windows(batch * 6, 6), [None], NAMES))
        assert spool.nbytes <= 200_000
    losses = spool.losses
    assert losses.gone == 0
    assert losses.rolled_from > 5 * losses.rolled_to > 0
    rows = np.concatenate(list(all_rows(spool)))
    assert int(rows["demarc_sent"].sum()) == 400 * 18
    keys = set(zip(rows["line"].tolist(), rows["start"].tolist(), strict=True))
    assert len(keys) == rows.size
    assert rows["demarc_sent"][rows["start"].argmin()] > 1
    assert rows["demarc_sent"][rows["start"].argmax()] == 1


def test_when_everything_is_rolled_up_the_oldest_goes_and_is_counted(tmp_path):
    """The bound holds whatever comes; what went is said in points.

    Mutant: without the drop in `_make_room` the bound is passed.
    """
    spool = Spool(tmp_path, 60_000)
    for batch in range(500):
        spool.append(rows_frame(windows(batch * 6, 6, lines=10), [None], NAMES))
        assert spool.nbytes <= 60_000
    losses = spool.losses
    assert losses.dropped > 0
    rows = np.concatenate(list(all_rows(spool)))
    assert rows.size + losses.dropped + losses.rolled_from - losses.rolled_to == 500 * 60
    assert rows["start"].min() > windows(0, 1)["start"].min()
    assert rows["start"].max() == windows(499 * 6, 6)["start"].max()


def test_what_was_delivered_of_a_file_is_not_rolled_up_again(tmp_path):
    """A rolled row would overwrite a delivered one of its first window, and tell the others twice."""
    spool = Spool(tmp_path, 150_000)
    spool.append(rows_frame(windows(0, 3), [None], NAMES))
    spool.append(rows_frame(windows(3, 3), [None], NAMES))
    first = spool.live(1)
    assert first is not None
    spool.delivered(first)
    for batch in range(1, 300):
        spool.append(rows_frame(windows(batch * 6, 6), [None], NAMES))
    delivered, _ = rows_of(first.frames[0])
    rows = np.concatenate([delivered, *all_rows(spool)])
    assert int(rows["demarc_sent"].sum()) == 300 * 18


def test_a_parcel_of_a_file_that_was_rolled_up_meanwhile_takes_nothing_away(tmp_path):
    """Its windows come again, rolled up; idempotent is better than lost."""
    spool = Spool(tmp_path, 150_000)
    spool.append(rows_frame(windows(0, 6), [None], NAMES))
    parcel = spool.live(1)
    assert parcel is not None
    for batch in range(1, 300):
        spool.append(rows_frame(windows(batch * 6, 6), [None], NAMES))
    before = spool.points
    spool.delivered(parcel)
    assert spool.points == before


def fill(ballast: Path) -> None:
    """Take all the room there is."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)


@pytest.mark.lab
def test_f15_a_full_disk_stops_nothing_and_what_waits_in_memory_goes_out(small_disk):
    """F15: a 2 MB file system filled by somebody else: appending goes on, delivery too, and when there is room again
    what waited is on disk; nothing is lost, and the trouble has a name.

    Mutant: without `_held` in `append` the frames that found no room are gone.
    """
    spool = Spool(small_disk / "spool", 1 << 20)
    append(spool, 0)
    ballast = small_disk / "ballast"
    fill(ballast)
    big = b"#" + b"x" * 8000 + b"\n"
    for number in range(1, 40):
        spool.append(text_frame(big + text(number), 1, number))
    assert str(spool.disk_trouble) == "No space left on device"
    assert spool.points == 40
    first, second = spool.live(1), None
    assert first is not None
    spool.delivered(first)
    second = spool.live(1)
    assert second is not None
    assert (numbers(first), numbers(second)) == ([0], [1])
    spool.delivered(second)
    ballast.unlink()
    spool.retry()
    spool.close()
    assert not spool.disk_trouble
    assert drained(Spool(small_disk / "spool", 1 << 20))[-38:] == list(range(2, 40))


@pytest.mark.lab
def test_f15_a_spool_bounded_within_a_small_disk_never_fills_it(small_disk):
    """F15: bounded to half of a 2 MB file system it rolls up and drops by itself, and the disk stays usable."""
    spool = Spool(small_disk / "spool", 1 << 20)
    for batch in range(3000):
        spool.append(rows_frame(windows(batch * 6, 6, lines=20), [None], NAMES))
    spool.close()
    assert spool.disk_trouble is None
    assert spool.losses.rolled_from > 0
    assert sum(file.stat().st_size for file in files(small_disk / "spool")) <= 1 << 20
    (small_disk / "other").write_bytes(b"x" * (512 << 10))


_KILLED = """
import os
import sys
from slamon.store.frames import text_frame
from slamon.store.spool import Spool
from pathlib import Path
spool = Spool(Path(sys.argv[1]), 64 << 20)
for number in range(10**9):
    spool.append(text_frame(b"m f=1i %d\\n" % number, 1, number))
    os.write(1, b"%d\\n" % number)
"""


def test_f16_what_was_appended_outlives_a_kill(tmp_path):
    """F16: kill -9 while it appends: every frame that was said to be kept is there.

    Mutant: a buffered file in `append`: the last frames are gone with the process.
    """
    command = [sys.executable, "-c", _KILLED, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2]) as process:
        assert process.stdout is not None
        said = b""
        while said.count(b"\n") < 500:
            more = os.read(process.stdout.fileno(), 65536)
            assert more, "it ended by itself"
            said += more
        process.kill()
        said += process.stdout.read()
    last = int(said[: said.rindex(b"\n")].split(b"\n")[-1])
    found = drained(Spool(tmp_path, ROOMY))
    assert found[: last + 1] == list(range(last + 1))
    assert len(found) <= last + 2


@settings(max_examples=30)
@given(st.integers(1, 200), st.integers(0, 10))
def test_rows_come_out_as_they_went_in(count, words):
    """Few rows stand as they are, many as columns: the same rows."""
    rows = made_of([told(n % 7, n, verdict=list(Verdict)[n % 4]) for n in range(count)])
    frame = rows_frame(rows, [None, *("w" * n for n in range(words))], NAMES)
    found, said = rows_of(frame)
    assert found.tolist() == rows.tolist()
    assert len(said) == words + 1
    assert len(frame.packed()) == frame.size == HEAD_BYTES + len(frame.payload)
