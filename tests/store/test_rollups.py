"""The own history against a reckoning of the same windows one by one; restarts, other writers, days, age, bad files."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.calendar import day_of, start_of_day
from slamon.core.quality import Verdict
from slamon.core.rollup import DAY_S, HOUR_S, Rollup, merged
from slamon.core.timespan import EPOCH, Span, micros
from slamon.store.cells import NotCells, no_cells, pack_cells, unpack_cells
from slamon.store.rollups import FILE, Rollups, RollupsError, Tally
from slamon.store.rows import KEPT, VERDICTS, Rows

IDS = ("GX-0001", "GX-0002", "GX-0003")
ZONES = {"GX-0001": "Asia/Shanghai", "GX-0002": "Asia/Shanghai", "GX-0003": "UTC"}
BASE = datetime(2026, 10, 3, 14, 30, tzinfo=UTC)  # an hour and a half before midnight in Shanghai
EVER = Span(EPOCH, BASE + timedelta(days=1000))
ABSENT = -1
WITH_CPE = "GX-0002"


@dataclass(frozen=True)
class Window:
    """One judged window of a line that has a demarc alone, or a CPE beside it."""

    line: int
    start: datetime
    end: datetime
    sent: int = 5
    received: int = 5
    rtt_us: int = 1300
    cpe: bool = False
    blind: bool = False

    @property
    def unseen(self) -> bool:
        return self.blind or self.sent == 0

    @property
    def pairs(self) -> int:
        return self.received - 1

    @property
    def ipdv_us(self) -> int:
        return self.rtt_us // 10

    def into(self, row: np.void) -> None:
        row["line"], row["start"], row["end"] = self.line, micros(self.start), micros(self.end)
        row["blind"] = 1 if self.blind else 0
        row["verdict"] = VERDICTS.index(Verdict.NO_DATA if self.unseen else Verdict.UP)
        row["targets"] = 3 if self.cpe else 1
        for own in ("demarc", "cpe") if self.cpe else ("demarc",):
            row[f"{own}_sent"], row[f"{own}_received"] = self.sent, self.received
            replied = self.received > 0
            row[f"{own}_rtt_min"] = self.rtt_us - 1 if replied else ABSENT
            row[f"{own}_rtt_mean"] = self.rtt_us if replied else ABSENT
            row[f"{own}_rtt_max"] = self.rtt_us + 2 if replied else ABSENT
            row[f"{own}_ipdv"] = self.ipdv_us if self.received > 1 else ABSENT


def rows_of(windows: Sequence[Window]) -> Rows:
    rows: Rows = np.zeros(len(windows), KEPT)
    for row, window in zip(rows, windows, strict=True):
        window.into(row)
    return rows


def hour_of(instant: datetime) -> datetime:
    return instant.replace(minute=0, second=0, microsecond=0)


def reckoned(windows: Sequence[Window]) -> dict[str, tuple[Rollup, ...]]:
    """The hours of windows, worked out one window at a time; shares no code with the store."""
    packets: dict[tuple[str, datetime], list[Window]] = defaultdict(list)
    blind: dict[tuple[str, datetime], timedelta] = defaultdict(timedelta)
    until: dict[int, datetime] = {}
    for one in windows:
        line_id = IDS[one.line]
        unseen = [(until.get(one.line, one.start), one.start), (one.start, one.end if one.unseen else one.start)]
        for since, upto in unseen:
            at = since
            while at < upto:
                following = min(upto, hour_of(at) + timedelta(hours=1))
                blind[line_id, hour_of(at)] += following - at
                at = following
        until[one.line] = one.end
        if not one.blind:
            packets[line_id, hour_of(one.start)].append(one)
    found: dict[str, tuple[Rollup, ...]] = dict.fromkeys(IDS, ())
    for line_id, hour in sorted({*packets, *blind}):
        for target in ("demarc", "cpe") if line_id == WITH_CPE else ("demarc",):
            lasted_s = round(blind[line_id, hour].total_seconds())
            found[line_id] += (_rollup(line_id, target, hour, packets[line_id, hour], lasted_s),)
    return found


def _rollup(line_id: str, target: str, hour: datetime, some: Sequence[Window], blind_s: int) -> Rollup:
    replied = [one for one in some if one.received]
    replies, pairs = sum(one.received for one in replied), sum(one.received - 1 for one in replied)
    rtt, ipdv = (sum(v) for v in ([w.rtt_us * w.received for w in replied], [w.ipdv_us * w.pairs for w in replied]))
    return Rollup(
        line_id,
        target,
        hour,
        HOUR_S,
        sum(one.sent for one in some),
        sum(one.received for one in some),
        min(one.rtt_us - 1 for one in replied) / 1000 if replied else None,
        rtt / replies / 1000 if replies else None,
        max(one.rtt_us + 2 for one in replied) / 1000 if replied else None,
        ipdv / pairs / 1000 if pairs else None,
        blind_s,
        replies,
        pairs,
    )


@st.composite
def lives(draw: st.DrawFn) -> list[Window]:
    """Windows of three lines in the order in which they come, with gaps, blind windows and jumps over hours."""
    ends = [BASE + timedelta(milliseconds=draw(st.integers(0, 9999))) for _ in IDS]
    found = []
    for _ in range(draw(st.integers(1, 25))):
        line = draw(st.integers(0, len(IDS) - 1))
        start = ends[line] + draw(st.sampled_from([timedelta(0)] * 4 + [timedelta(seconds=40), timedelta(hours=3.2)]))
        lasts = draw(st.sampled_from([timedelta(seconds=10)] * 4 + [timedelta(minutes=17), timedelta(hours=1.5)]))
        ends[line] = start + lasts
        sent = draw(st.sampled_from([0, 3, 5, 5]))
        received = draw(st.integers(0, sent))
        blind = draw(st.sampled_from([False, False, False, True]))
        rtt_us = draw(st.integers(2, 900_000))
        found.append(Window(line, start, ends[line], sent, received, rtt_us, IDS[line] == WITH_CPE, blind))
    return found


def near(found: dict[str, tuple[Rollup, ...]], wanted: dict[str, tuple[Rollup, ...]]) -> bool:
    """Equal, the means but for rounding."""

    def plain(one: Rollup) -> tuple[object, ...]:
        means = [None if v is None else f"{v:.9g}" for v in (one.rtt_mean_ms, one.ipdv_ms)]
        return (replace(one, rtt_mean_ms=None, ipdv_ms=None), *means)

    return {k: [*map(plain, some)] for k, some in found.items()} == {
        k: [*map(plain, some)] for k, some in wanted.items()
    }


@settings(max_examples=25)
@given(lives(), st.data())
def test_hours_are_those_of_the_windows_however_they_were_written(
    tmp_path_factory: pytest.TempPathFactory, life: list[Window], data: st.DataObject
):
    """Batches of any size, writes and restarts anywhere, a second writer beside: the hours come to the same.

    Mutants: without the gap to what the file has seen (`_Writing.chunk`) the time of a restart is not blind; with
    `blind` not asked for in `Tally.add` lost packets of blind windows count as loss: both red.
    """
    folder = tmp_path_factory.mktemp("history")
    left = list(life)
    while left:
        with Rollups.open(folder) as kept:
            for _ in range(data.draw(st.integers(1, 3))):
                tally = Tally()
                for _ in range(data.draw(st.integers(1, 3))):
                    count = data.draw(st.integers(1, 8))
                    tally.add(rows_of(left[:count]))
                    left = left[count:]
                if tally.rows:
                    kept.write(tally, IDS, ZONES)
    with Rollups.open(folder, read_only=True) as looked:
        assert near(looked.read(IDS, EVER, HOUR_S), reckoned(life))


def days_of(hours: dict[str, tuple[Rollup, ...]]) -> dict[str, tuple[Rollup, ...]]:
    """Hours merged by the pure function into the natural days of each line's zone."""
    found: dict[str, tuple[Rollup, ...]] = dict.fromkeys(IDS, ())
    for line_id, some in hours.items():
        zone = ZoneInfo(ZONES[line_id])
        by_day: dict[tuple[datetime, bool], list[Rollup]] = defaultdict(list)
        for one in some:
            by_day[start_of_day(day_of(one.start, zone), zone), one.target != "demarc"].append(one)
        found[line_id] = tuple(merged(by_day[key], key[0], DAY_S) for key in sorted(by_day))
    return found


@settings(max_examples=25)
@given(lives(), st.data())
def test_days_are_their_hours_before_and_after_they_are_made(
    tmp_path_factory: pytest.TempPathFactory, life: list[Window], data: st.DataObject
):
    """A day of the line's zone is the sum of its hours: under way, made, made again for late windows, hours forgotten.

    Mutant: without making a day again for an hour that comes late (`_Writing._hour`) the day lacks it: red.
    """
    folder = tmp_path_factory.mktemp("history")
    cut = data.draw(st.integers(0, len(life)))
    with Rollups.open(folder) as kept:
        for part in (life[:cut], life[cut:]):
            tally = Tally()
            tally.add(rows_of(part))
            if tally.rows:
                kept.write(tally, IDS, ZONES)
            kept.settle(data.draw(st.sampled_from([BASE, BASE + timedelta(hours=4), BASE + timedelta(days=9)])))
        wanted = days_of(reckoned(life))
        assert agree(kept.read(IDS, EVER, DAY_S), wanted)
        kept.settle(BASE + timedelta(days=60))
        assert not any(kept.read(IDS, EVER, HOUR_S).values())
        assert agree(kept.read(IDS, EVER, DAY_S), wanted)
        kept.settle(BASE + timedelta(days=500))
        assert not any(kept.read(IDS, EVER, DAY_S).values())


def agree(found: dict[str, tuple[Rollup, ...]], wanted: dict[str, tuple[Rollup, ...]]) -> bool:
    """Days that are the same; blind time is rounded to seconds once a rollup, so that 24 hours may be 12 s off."""
    blind = [[one.blind_s for some in each.values() for one in some] for each in (found, wanted)]
    seeing = [
        {k: tuple(replace(one, blind_s=0) for one in some) for k, some in each.items()} for each in (found, wanted)
    ]
    return near(*seeing) and all(abs(one - other) <= 12 for one, other in zip(*blind, strict=True))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Rollups]:
    with Rollups.open(tmp_path) as made:
        yield made


def write(kept: Rollups, *windows: Window) -> None:
    tally = Tally()
    tally.add(rows_of(windows))
    kept.write(tally, IDS, ZONES)


def ten_seconds(line: int, start: datetime, **what: object) -> Window:
    return Window(line, start, start + timedelta(seconds=10), **what)  # type: ignore[arg-type]  # fields of Window


def test_a_window_older_than_the_hours_that_are_kept_goes_into_its_day(kept: Rollups):
    """Readings replayed long afterwards add to the day; the hours that are forgotten do not come back."""
    write(kept, ten_seconds(0, BASE))
    kept.settle(BASE + timedelta(days=60))
    write(kept, ten_seconds(0, BASE + timedelta(seconds=10), received=0))
    (day,) = kept.read(IDS, EVER, DAY_S)["GX-0001"]
    assert (day.start, day.sent, day.received) == (datetime(2026, 10, 2, 16, 0, tzinfo=UTC), 10, 5)
    assert kept.read(IDS, EVER, HOUR_S)["GX-0001"] == ()


def test_a_stop_is_blind_time_in_every_hour_that_it_touched(kept: Rollups):
    """From 14:30:10 to 17:05: the rest of the first hour, two whole hours, five minutes; nothing is lost packets."""
    write(kept, ten_seconds(0, BASE))
    write(kept, ten_seconds(0, BASE + timedelta(hours=2, minutes=35)))
    hours = kept.read(IDS, EVER, HOUR_S)["GX-0001"]
    assert [(one.start.hour, one.sent, one.blind_s) for one in hours] == [
        (14, 5, 1790),
        (15, 0, 3600),
        (16, 0, 3600),
        (17, 5, 300),
    ]
    assert [one.loss_ratio for one in hours] == [0, None, None, 0]


def test_what_was_not_written_is_blind_after_a_kill(tmp_path: Path):
    """Windows that were counted and not written yet when the process died are unseen time, not uptime."""
    with Rollups.open(tmp_path) as kept:
        write(kept, ten_seconds(0, BASE))
        lost = Tally()
        lost.add(rows_of([ten_seconds(0, BASE + timedelta(seconds=10))]))
    with Rollups.open(tmp_path) as again:
        write(again, ten_seconds(0, BASE + timedelta(seconds=20)))
        (hour,) = again.read(IDS, EVER, HOUR_S)["GX-0001"]
    assert (hour.sent, hour.blind_s) == (10, 10)


def test_a_span_is_half_open_and_unknown_lines_are_empty(kept: Rollups):
    """What begins at the end of a span is not in it; a line that nobody knows has nothing."""
    write(kept, ten_seconds(0, BASE), ten_seconds(0, BASE + timedelta(hours=1)))
    hour = hour_of(BASE)
    found = kept.read(["GX-0001", "GX-9999"], Span(hour, hour + timedelta(hours=1)), HOUR_S)
    assert [one.start for one in found["GX-0001"]] == [hour]
    assert found["GX-9999"] == ()
    with pytest.raises(ValueError, match="3600 or 86400 seconds, not 60"):
        kept.read(IDS, EVER, 60)


def test_a_line_may_get_another_zone(kept: Rollups):
    """From then on its days are those of the new zone; what was made stays."""
    write(kept, ten_seconds(0, BASE))
    kept.settle(BASE + timedelta(days=2))
    tally = Tally()
    tally.add(rows_of([ten_seconds(0, BASE + timedelta(days=3))]))
    kept.write(tally, IDS, {**ZONES, "GX-0001": "UTC"})
    kept.settle(BASE + timedelta(days=5))
    starts = [(one.start.day, one.start.hour) for one in kept.read(IDS, EVER, DAY_S)["GX-0001"]]
    assert starts[0] == (2, 16)
    assert (6, 0) in starts


def test_a_reader_reads_while_another_process_writes(tmp_path: Path):
    """A report opens the file read-only beside the daemon, before there is one too."""
    with Rollups.open(tmp_path, read_only=True) as nothing:
        assert nothing.read(IDS, EVER, HOUR_S) == dict.fromkeys(IDS, ())
    with Rollups.open(tmp_path) as kept, Rollups.open(tmp_path) as other:
        write(kept, ten_seconds(0, BASE))
        write(other, ten_seconds(1, BASE))
        write(kept, ten_seconds(0, BASE + timedelta(seconds=10)))
        with Rollups.open(tmp_path, read_only=True) as looked:
            found = looked.read(IDS, EVER, HOUR_S)
            with pytest.raises(RollupsError, match="readonly"):
                write(looked, ten_seconds(0, BASE))
    assert [found[line_id][0].sent for line_id in IDS[:2]] == [10, 5]


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (b"no database at all, but long enough to look like one" * 30, "file is not a database"),
        (None, "is no history of this slamon"),
    ],
    ids=["other bytes are refused", "another version is refused, with what to do"],
)
def test_a_file_that_is_no_history_is_refused(tmp_path: Path, made: bytes | None, said: str):
    """The error says which file and what to do; nothing is overwritten."""
    if made is None:
        Rollups.open(tmp_path).close()
        with closing(sqlite3.connect(tmp_path / FILE)) as connection:
            connection.execute("PRAGMA user_version = 9")
    else:
        (tmp_path / FILE).write_bytes(made)
    for read_only in (False, True):
        with pytest.raises(RollupsError, match=said) as caught:
            Rollups.open(tmp_path, read_only=read_only)
        assert str(tmp_path / FILE) in str(caught.value)


def test_memory_is_bounded_while_nothing_can_be_written():
    """The oldest hours go first and are counted; the newest are kept."""
    tally = Tally()
    hours = 40_000
    for nth in range(0, hours, 8000):
        windows = [ten_seconds(400, BASE + timedelta(hours=nth + k)) for k in range(0, 8000, 400)]
        tally.add(rows_of(windows))
    held = sum(cells.nbytes for cells in tally.hours.values())
    assert held < 64 << 20
    assert tally.rows == 100


@given(st.binary(max_size=200), st.booleans())
def test_bytes_that_are_no_cells_are_refused(data: bytes, after_magic: bool):
    """Damaged parts give an error of ours, never a traceback of numpy's or zlib's."""
    whole = pack_cells(no_cells(4))
    with pytest.raises(NotCells):
        unpack_cells((whole[:15] if after_magic else b"") + data)


@given(st.lists(st.integers(0, 2**32 - 1), min_size=9, max_size=9), st.integers(0, 7), st.integers(0, 1))
def test_cells_come_back_as_they_were_packed(values: list[int], row: int, side: int):
    """Packing loses nothing."""
    cells = no_cells(8)
    for name, value in zip(cells.dtype.names or (), values, strict=False):
        cells[name][row, side] = value % 2**31 if name != "probed" else 1
    assert (unpack_cells(pack_cells(cells)) == cells).all()
