"""What `slamon check` says a configuration takes: by hand for a few lines, and against what a real server took."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from slamon.config.credentials import InfluxTarget
from slamon.config.loaded import load
from slamon.config.secret import Secret
from slamon.core.reading import InterfaceStats
from slamon.core.timespan import micros
from slamon.service import estimates
from slamon.service.estimates import Estimate, InfluxEstimate, estimate
from slamon.sinks.influx import InfluxWriter
from slamon.sinks.line_protocol import line
from slamon.sinks.points import interface_point
from slamon.sinks.quality_lines import quality_lines, series_heads
from slamon.store.rollups import FILE, Rollups, Tally
from tests.bench.history_process import windows
from tests.cli.office import Office
from tests.lab.influx import Influx1, influx1, until
from tests.service.places import CONFIG, Place, place, row

INFLUX = '[influxdb]\nurl = "http://127.0.0.1:8086"\norg = "noc"\nbucket = "slamon"\ntoken = "${TOKEN}"\n'
BEGIN = datetime(2026, 10, 5, tzinfo=UTC)
LINES, WINDOWS, POLLS = 40, 1500, 600


def estimated(where: Place, more: str = "") -> Estimate:
    where.configure(CONFIG + more)
    return estimate(load(where.config, {"TOKEN": "t"}))


def test_a_small_site_by_hand(tmp_path: Path):
    """Two lines with two targets each and one with a demarc alone, a window each 10 s: 5 series, 43,200 points."""
    where = place(tmp_path, row("GX-1"), row("GX-2"), row("GX-3", cpe=""))
    assert estimated(where) == Estimate(5, 5 * (35 * 24 * 18 + 400 * 17), None)
    points = 5 * 8640
    every = InfluxEstimate(6, points, points, points * 28, points * 28, points * 205)
    assert estimated(where, INFLUX).influx == every
    some = estimated(where, f'{INFLUX}raw = "impaired"\nrollup_s = 300\n').influx
    assert some is not None
    assert (some.points_per_day, some.least_points_per_day) == (points, 5 * 288)
    assert estimated(where, "[history]\nhourly_days = 2\ndaily_days = 35\n").history_bytes == 5 * (48 * 18 + 35 * 17)


def test_check_prints_the_estimates(tmp_path: Path):
    """In sentences and as JSON: series, bytes a day, the own history."""
    where = place(tmp_path, row("GX-1"), config=CONFIG + INFLUX)
    (where.folder / "token").write_text("t")
    (where.folder / "token").chmod(0o600)
    where.configure(CONFIG + INFLUX.replace('token = "${TOKEN}"', 'token_file = "token"'))
    office = Office(where.folder)
    said = office.done("check")
    assert "own history: 44 kB for 2 targets, hours for 35 days and days for 400" in said
    assert "InfluxDB: 3 series, 17,280 points a day, about 484 kB on disk and 3.54 MB sent" in said
    told = json.loads(office.done("check", "--json"))["estimates"]
    assert (told["history_bytes"], told["influxdb"]["series"]) == (43_840, 3)
    where.configure(CONFIG)
    assert "InfluxDB" not in office.done("check")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Influx1, Path]]:
    """The real server, told to write what it holds to its files at once."""
    folder = tmp_path_factory.mktemp("influx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION", "1s")
        with influx1(folder) as made:
            yield made, folder


def on_disk(folder: Path, database: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(f"data/{database}/**/*.tsm"))


def taken(server: Influx1, folder: Path, database: str, blocks: Iterator[bytes]) -> tuple[int, int]:
    """Write blocks to a database of their own; return bytes sent, and bytes on disk once nothing waits any more."""
    server.query(f"CREATE DATABASE {database}", "")
    writer = InfluxWriter(InfluxTarget(server.url, "noc", f"{database}/autogen", Secret("unused")), lambda: BEGIN)
    sent = 0
    for block in blocks:
        sent += len(block)
        writer.write(block)
    writer.close()

    def written() -> bool:
        left = sum(file.stat().st_size for file in folder.glob(f"wal/{database}/**/*.wal"))
        return on_disk(folder, database) > 0 and left == 0

    until(written, "the server wrote its files")
    return sent, on_disk(folder, database)


def quality() -> Iterator[bytes]:
    draw = np.random.default_rng(3)
    heads = series_heads([(f"GX-{number:06}", "AAA") for number in range(LINES)], "demarc", "nanning-1")
    for low in range(0, WINDOWS, 100):
        made = [
            windows(draw, np.arange(LINES), micros(BEGIN) + nth * 10_000_000, 10, 5) for nth in range(low, low + 100)
        ]
        rows = np.concatenate(made)
        yield quality_lines(rows, heads[rows["line"]], "demarc")


def ports() -> Iterator[bytes]:
    draw = np.random.default_rng(4)
    for nth in range(POLLS):
        texts = []
        for number in range(LINES):
            packets, octets = draw.integers(10_000, 60_000, 2), draw.integers(5_000_000, 40_000_000, 2)
            stats = InterfaceStats("up", "up", 100.0, 0, 0, *packets.tolist(), *octets.tolist())
            at = BEGIN + timedelta(seconds=60 * nth)
            texts.append(line(interface_point(f"GX-{number:06}", "nanning-1", stats, at)) or "")
        yield "".join(f"{text}\n" for text in texts).encode()


@pytest.mark.parametrize("what", ["quality", "interface"])
def test_the_bytes_of_a_point_are_those_of_a_real_server(server: tuple[Influx1, Path], what: str):
    """On disk within a third of what the estimate says, on the wire within a tenth."""
    made, folder = server
    blocks, count = (quality(), LINES * WINDOWS) if what == "quality" else (ports(), LINES * POLLS)
    sent, stored = taken(made, folder, what, blocks)
    on_wire = estimates.QUALITY_LINE_BYTES if what == "quality" else estimates.INTERFACE_LINE_BYTES
    kept = estimates.QUALITY_POINT_BYTES if what == "quality" else estimates.INTERFACE_POINT_BYTES
    assert 0.9 < sent / count / on_wire < 1.1, sent / count
    assert 0.67 < stored / count / kept < 1.5, stored / count


def test_the_bytes_of_the_history_are_those_of_the_file(tmp_path: Path):
    """A day of 1,000 lines, within a third of what the estimate says."""
    draw, count = np.random.default_rng(5), 1000
    ids = [f"GX-{number:06}" for number in range(count)]
    with Rollups.open(tmp_path) as kept:
        for hour in range(24):
            tally = Tally()
            for nth in range(3):
                start = BEGIN + timedelta(hours=hour, minutes=20 * nth)
                tally.add(windows(draw, np.arange(count), micros(start), 1200, 600))
            kept.write(tally, ids, {})
    taken_bytes = (tmp_path / FILE).stat().st_size / count / 24
    assert 0.67 < taken_bytes / estimates.HISTORY_HOUR_BYTES < 1.5, taken_bytes
