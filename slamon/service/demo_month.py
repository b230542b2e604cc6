"""The demo's month: readings of what happened to its lines, told here in a few words, and what people filed about it.

Nothing is computed here: the readings go through `slamon replay`, the entries through the same commands that people
use, and the statement is the product's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from slamon.core.calendar import BillingMonth, at_local
from slamon.core.timespan import Span, iso
from slamon.service.demo_site import CUT, LOSSY, PLANNED, SILENT, SLOW

ZONE = ZoneInfo("Asia/Shanghai")
MONTH_FILE = "month.jsonl"

# Windows as the prober cuts them: short where a line changes, here longer where nothing happens.
_FIRST = (timedelta(seconds=10),) * 6 + (timedelta(minutes=1),) * 5
_LONG = timedelta(minutes=30)

_UP, _LOSSY, _DOWN = (20, 20), (20, 16), (20, 0)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Fault:
    """A line was bad in a span: packets sent and received in each window of it."""

    line_id: str
    span: Span[datetime]
    packets: tuple[int, int]


def last_month(now: datetime) -> BillingMonth:
    """Return the last month that is over at an instant."""
    local = now.astimezone(ZONE)
    return BillingMonth.of(local.replace(day=1, hour=12) - timedelta(days=1), ZONE)


def faults(month: BillingMonth) -> list[Fault]:
    """Return what happened in the month: cut by digging, loss for a day, a router off, flapping, planned work."""
    found = [
        _fault(month, CUT, 9, "01:30", 5 * _HOUR, _DOWN),
        _fault(month, SLOW, 12, "08:00", 26 * _HOUR, _LOSSY),
        _fault(month, SILENT, 17, "18:00", 9.5 * _HOUR, _DOWN),
        _fault(month, PLANNED, 20, "00:00", 2 * _HOUR, _DOWN),
    ]
    # Four times out for 100 minutes with five good minutes between: each within 6 h, together one incident of nearly 7.
    for number in range(4):
        start = _at(month, 23, "10:00") + number * timedelta(minutes=105)
        found.append(Fault(LOSSY, Span(start, start + timedelta(minutes=100)), _DOWN))
    return found


def _fault(
    month: BillingMonth, line_id: str, day: int, clock: str, lasting: timedelta, packets: tuple[int, int]
) -> Fault:
    start = _at(month, day, clock)
    return Fault(line_id, Span(start, start + lasting), packets)


def _at(month: BillingMonth, day: int, clock: str) -> datetime:
    return at_local(datetime.fromisoformat(f"{month}-{day:02}T{clock}"), ZONE)


def entries(month: BillingMonth) -> list[list[str]]:
    """Return what people filed, as the commands they filed it with; readings are judged before the complaint."""

    def day(number: int, clock: str) -> str:
        return f"{month}-{number:02}T{clock}"

    work = [
        *("maintenance", "add", "--line", CUT, "--from", day(9, "02:00"), "--to", day(9, "04:00")),
        *("--notified-at", day(8, "20:00"), "--channel", "sms", "--reason", "割接"),
    ]
    in_time = [
        *("maintenance", "add", "--line", PLANNED, "--from", day(20, "00:00"), "--to", day(20, "02:00")),
        *("--notified-at", day(17, "09:00"), "--channel", "email", "--reason", "升级"),
    ]
    complaint = ["complaint", "add", SLOW, "--at", day(12, "08:20"), "--ticket", "T-0812", "--category", "degradation"]
    return [work, in_time, ["replay", MONTH_FILE], complaint]


def write_readings(folder: Path, month: BillingMonth, watched: Mapping[str, str]) -> int:
    """Write the month's readings of lines (each with the target that is watched) and return how many."""
    found = sorted(_readings(month, watched), key=lambda one: one[0])
    with (folder / MONTH_FILE).open("w", encoding="utf-8") as file:
        file.writelines(text for _, text in found)
    return len(found)


def _readings(month: BillingMonth, watched: Mapping[str, str]) -> Iterator[tuple[datetime, str]]:
    known = faults(month)
    for line_id, target in watched.items():
        own = [fault for fault in known if fault.line_id == line_id]
        for stretch, packets in _stretches(month.span(ZONE), own):
            for window in _windows(stretch):
                yield window.start, _reading(line_id, target, window, packets)


def _stretches(whole: Span[datetime], own: Sequence[Fault]) -> Iterator[tuple[Span[datetime], tuple[int, int]]]:
    """Yield the month in pieces, good and bad in turn."""
    edges = [whole.start, *(edge for fault in own for edge in (fault.span.start, fault.span.end)), whole.end]
    for number, (start, end) in enumerate(pairwise(edges)):
        yield Span(start, end), own[number // 2].packets if number % 2 else _UP


def _windows(stretch: Span[datetime]) -> Iterator[Span[datetime]]:
    start, lengths = stretch.start, iter(_FIRST)
    while start < stretch.end:
        end = min(start + next(lengths, _LONG), stretch.end)
        yield Span(start, end)
        start = end


def _reading(line_id: str, target: str, window: Span[datetime], packets: tuple[int, int]) -> str:
    sent, received = packets
    seen: dict[str, object] = {"sent": sent, "received": received}
    if received:
        seen |= {"rtt_ms": {"min": 1.1, "mean": 1.3, "max": 1.9}, "ipdv_ms": 0.2}
    reading = {"line": line_id, "start": iso(window.start), "end": iso(window.end), target: seen}
    return f"{json.dumps(reading, separators=(',', ':'))}\n"
