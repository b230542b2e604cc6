"""Row `ports`: what polls of 36,000 carriers' ports cost the judging of 100,000 lines, and what they hold."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from slamon.config.profiles import SHIPPED
from slamon.core.contract import Contracts
from slamon.core.inventory import FAR_FUTURE, Line, Period
from slamon.core.quality import Watch
from slamon.core.reading import InterfaceStats
from slamon.core.timeline import LineTerms
from slamon.core.timespan import Span, SpanSet, micros
from slamon.probes.columns import HAS_DEMARC, Rows, no_rows
from slamon.service.judging import Judging
from slamon.service.watching import Watched
from tests.bench.row import Figure, Row, Work

SHARE, SECONDS, INTERVAL_S, POLL_S = 36, 180, 10, 60  # of 100 lines 36 have a port
BASE = datetime(2026, 11, 1, tzinfo=UTC)
HOW = (
    "The judging of the main process alone, in virtual time: 100,000 calm lines, a window of each every 10 s as "
    "columns, once without ports and once with 36,000 of them polled every 60 s, all up and clean; a checkpoint is "
    "drained (not written) every 5 s. CPU of the process, the difference divided by the polls. Words of ports are kept "
    "for a quarter of an hour; what they hold is what three minutes hold, a poll."
)


@dataclass(frozen=True, slots=True)
class _Lived:
    cpu_s: float
    polls: int
    carried: int
    bytes_held: int
    judges: int


def measure(folder: Path, lines: int) -> Row:  # noqa: ARG001 - every row is called alike
    """Measure the judging with and without ports."""
    plain, ports = _live(lines, 0), _live(lines, lines * SHARE // 100)
    return Row(
        "ports",
        f"{lines:,} lines judged with {lines * SHARE // 100:,} polled ports",
        HOW,
        (
            Figure("CPU of judging a second of all lines, no ports", plain.cpu_s / SECONDS * 1000, "ms"),
            Figure("the same with ports", ports.cpu_s / SECONDS * 1000, "ms"),
            Figure("CPU a poll, in the judging", (ports.cpu_s - plain.cpu_s) / ports.polls * 1e6, "us"),
            Figure("memory a poll that is remembered", ports.bytes_held / ports.carried, "bytes"),
        ),
        (
            Work("polls that a reading carries", ports.polls, ports.carried, slack=lines * SHARE // 100 // POLL_S * 15),
            Work("lines that needed a judge of their own", 0, ports.judges),
        ),
    )


def _live(lines: int, ports: int) -> _Lived:
    judging, ids = _judging(lines)
    cpu_s, polls = 0.0, 0
    for second in range(INTERVAL_S, INTERVAL_S + SECONDS):
        rows, at = _rows(second, lines), BASE + timedelta(seconds=second)
        due = list(_polls(second, ids, ports))
        polls += len(due)
        begun = time.process_time()
        for line_id, port in due:
            judging.note_port(line_id, port, at)
        judging.take_rows(rows, ids, [""], "bench")
        if second % 5 == 0:
            judging.drain(at)
        cpu_s += time.process_time() - begun
    history = judging._at_hand.history.ports  # noqa: SLF001 - what is measured
    carried = sum(int(segment.lines.size) for segment in history._segments)  # noqa: SLF001
    return _Lived(cpu_s, polls, carried, sum(s.nbytes for s in history._segments), len(judging._at_hand.seats))  # noqa: SLF001


def _judging(lines: int) -> tuple[Judging, list[str]]:
    ids = [f"GX-{number:06}" for number in range(lines)]
    periods = (Period(date(2026, 1, 1), None, "C1", "cmcc-internet-line", Decimal(3000)),)
    watches = (Watch(has_demarc=True, has_cpe=False, bandwidth_mbps=100, profile=SHIPPED),)
    service, zone = SpanSet([Span(BASE - timedelta(days=9), FAR_FUTURE)]), ZoneInfo("Asia/Shanghai")
    terms = {line_id: LineTerms(Line(line_id, periods), Contracts(())) for line_id in ids}
    return Judging({line_id: Watched(terms[line_id], zone, watches, service) for line_id in ids}), ids


def _rows(second: int, lines: int) -> Rows:
    mine = np.arange(second % INTERVAL_S, lines, INTERVAL_S)
    rows = no_rows(mine.size)
    rows["line"], rows["targets"] = mine, HAS_DEMARC
    rows["start"] = micros(BASE) + (second - INTERVAL_S) * 1_000_000
    rows["end"] = rows["start"] + INTERVAL_S * 1_000_000
    rows["demarc_sent"] = rows["demarc_received"] = 3
    for name in ("rtt_min", "rtt_mean", "rtt_max"):
        rows[f"demarc_{name}"] = 900 + mine % 600
    rows["demarc_ipdv"] = 30
    return rows


def _polls(second: int, ids: list[str], ports: int) -> Iterator[tuple[str, InterfaceStats]]:
    for number in range(second % POLL_S, ports, POLL_S):
        octets = 1_000_000 + 7 * number
        port = InterfaceStats("up", "up", 1000.0, 0, 0, 1000 + number, 900, octets, octets, 0, 0, 60.0, BASE)
        yield ids[number * len(ids) // ports], port
