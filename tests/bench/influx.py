"""Row `influx`: what a point costs slamon on its way to a real server, beside the library's own way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point as LibraryPoint
from influxdb_client.client.write_api import SYNCHRONOUS

from slamon.config.credentials import InfluxTarget
from slamon.config.secret import Secret
from slamon.service import clock
from slamon.service.influx_series import Library, Own, pack_names
from slamon.sinks.influx import InfluxWriter
from slamon.store.frames import rows_frame, rows_of
from slamon.store.rows import KEPT, Rows
from slamon.store.spool import Spool
from tests.bench import fleet
from tests.bench.row import Figure, Row, Work
from tests.lab.influx import influx1

BATCH = 10_000  # windows of 100,000 lines that come in a second
BATCHES, RIVAL_POINTS = 30, 20_000
Point: Any = LibraryPoint  # the library ships no types
CLIENT_GOAL_US, SPOOL_GOAL_US = 3.0, 5.0
T0_US = 1_790_000_000_000_000

HOW = (
    "Windows of 100,000 lines, 10,000 in a batch, as the judge hands them on: written to the spool (with its fdatasync "
    "at the end), read back, made into one block of line protocol for each 5,000 and written through influxdb-client "
    "to InfluxDB 1.6 behind nginx, one connection, no gzip. CPU (user and system) of this process; the server's is not "
    "counted. The client side is reading, formatting and sending; 200,000 points per second of CPU are 5 us a point. "
    "Beside it the library's own way: a Point object for each, written synchronously in the same sizes."
)


def measure(folder: Path, lines: int) -> Row:
    """Measure spool and client."""
    batches = BATCHES if lines >= 100_000 else 3
    shown = [_windows(lines, nth) for nth in range(batches)]
    own: list[Own] = [(fleet.line_id(n), 1, [(-(2**62), fleet.TIERS[n % len(fleet.TIERS)])]) for n in range(lines)]
    names = pack_names(fleet.VANTAGE, own)
    count = sum(rows.size for rows in shown)
    spool = Spool(folder / "spool", 2 << 30)
    written_s = _cpu(lambda: _append(spool, shown, names))
    nbytes = spool.nbytes
    library = Library()
    library.series(names)
    begun = time.process_time()
    list(library.blocks([rows_frame(shown[0], [None], names)], 5000))  # the heads of all series are made once
    heads_s = time.process_time() - begun
    drained_s = _cpu(lambda: _drain(Spool(folder / "spool", 2 << 30)))
    with influx1(folder / "server") as server:
        target = InfluxTarget(server.url, "bench", server.bucket, Secret("bench"), timeout_s=60)
        made = Spool(folder / "again", 2 << 30)
        _append(made, shown, names)
        sent_s = _cpu(lambda: _send(made, library, InfluxWriter(target, clock.now)))
        stored = server.count("line_quality", "sent")
        rival_s = _cpu(lambda: _rival(server.url, server.bucket, shown[0], min(RIVAL_POINTS, count)))
        rival_stored = server.count("rival", "sent")
    ours, rival = sent_s / count * 1e6, rival_s / min(RIVAL_POINTS, count) * 1e6
    return Row(
        "influx",
        "a point's way to InfluxDB",
        HOW,
        (
            Figure("client side, CPU a point", ours, "us", CLIENT_GOAL_US),
            Figure("influxdb-client's Point objects, CPU a point", rival, "us"),
            Figure("ratio to Point objects", ours / rival, "x"),
            Figure("spool write, CPU a point", written_s / count * 1e6, "us", SPOOL_GOAL_US),
            Figure("spool drain, CPU a point", drained_s / count * 1e6, "us", SPOOL_GOAL_US),
            Figure("spool, bytes a point", nbytes / count, "B"),
            Figure("series of all lines made, once", heads_s, "s"),
        ),
        (
            Work("points in the server", len({(r["line"], r["start"]) for rows in shown for r in rows}), stored),
            Work("points in the server by the rival", min(RIVAL_POINTS, count), rival_stored),
        ),
    )


def _windows(lines: int, nth: int) -> Rows:
    """Return a tenth of the lines' windows, ten seconds each, round trips as they are."""
    draw = np.random.default_rng(nth)
    mine = np.arange(lines)[nth % 10 :: 10]
    rows = np.zeros(mine.size, KEPT)
    rows["line"] = mine
    rows["start"] = T0_US + nth * 1_000_000 + draw.integers(0, 1_000_000, mine.size)
    rows["end"] = rows["start"] + 10_000_000
    rows["targets"], rows["demarc_sent"], rows["demarc_received"] = 1, 3, 3
    rows["demarc_rtt_min"] = draw.integers(800, 30_000, mine.size)
    rows["demarc_rtt_mean"] = rows["demarc_rtt_min"] + draw.integers(0, 900, mine.size)
    rows["demarc_rtt_max"] = rows["demarc_rtt_mean"] + draw.integers(0, 900, mine.size)
    rows["demarc_ipdv"] = draw.integers(0, 900, mine.size)
    for name in ("rtt_min", "rtt_mean", "rtt_max", "ipdv"):
        rows[f"cpe_{name}"] = -1
    return rows


def _cpu(work: Callable[[], None]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _append(spool: Spool, shown: list[Rows], names: bytes) -> None:
    for rows in shown:
        spool.append(rows_frame(rows, [None], names))
    spool.sync()
    spool.close()


def _drain(spool: Spool) -> None:
    while (parcel := spool.backlog(5000)) is not None:
        for frame in parcel.frames:
            rows_of(frame)
        spool.delivered(parcel)


def _send(spool: Spool, library: Library, writer: InfluxWriter) -> None:
    while (parcel := spool.live(5000) or spool.backlog(5000)) is not None:
        for block in library.blocks(parcel.frames, 5000):
            writer.write(block)
        spool.delivered(parcel)


def _rival(url: str, bucket: str, rows: Rows, count: int) -> None:
    with InfluxDBClient(url=url, token="bench", org="bench", timeout=60_000) as client:  # noqa: S106 - nobody asks
        api = client.write_api(write_options=SYNCHRONOUS)
        for low in range(0, count, 5000):
            api.write(bucket, "bench", list(_points(rows, range(low, min(count, low + 5000)))))


def _points(rows: Rows, numbers: range) -> Iterator[Any]:
    for number in numbers:
        row = rows[number % rows.size]
        yield (
            Point("rival")
            .tag("line", fleet.line_id(number))
            .tag("target", "demarc")
            .tag("tier", "AAA")
            .tag("vantage", fleet.VANTAGE)
            .field("sent", int(row["demarc_sent"]))
            .field("received", int(row["demarc_received"]))
            .field("loss_ratio", 0.0)
            .field("rtt_min_ms", row["demarc_rtt_min"] / 1000)
            .field("rtt_mean_ms", row["demarc_rtt_mean"] / 1000)
            .field("rtt_max_ms", row["demarc_rtt_max"] / 1000)
            .field("ipdv_ms", row["demarc_ipdv"] / 1000)
            .field("verdict", "UP")
            .time(datetime.fromtimestamp(int(row["start"]) / 1e6, UTC))
        )
