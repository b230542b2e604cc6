"""The live board of a terminal: how each line is, which incidents are open, how much of each limit is left.

It takes plain rows, so that whoever knows them can fill it; it fits 80 columns and 24 rows with half a dozen lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slamon.core.slaclock import STATUTORY

from .texts import clean

VERDICT_STYLES = {"UP": "green", "DEGRADED": "bold yellow", "DOWN": "bold red", "NO_DATA": "magenta"}
CATEGORY_STYLES = {"interruption": "red", "degradation": "yellow"}
UNKNOWN = "-"
_SHORT_S = 900  # a quarter of an hour before the limit a countdown turns yellow


@dataclass(frozen=True, slots=True)
class BoardLine:
    """One line as it was seen last; None where nothing is known (a dead line has no RTT)."""

    line_id: str
    name: str
    tier: str
    verdict: str | None = None
    loss_ratio: float | None = None
    rtt_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Countdown:
    """One clock of an incident; seconds, `limit_s` None where nothing sets a limit, negative `remaining_s` is over."""

    category: str
    remaining_s: int | None
    limit_s: int | None


@dataclass(frozen=True, slots=True)
class BoardIncident:
    """One incident, open or just restored; `note` says where it stands, `onset` is a local time."""

    name: str
    line_id: str
    tier: str
    category: str
    onset: str
    note: str
    countdowns: tuple[Countdown, ...] = ()
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Board:
    """Everything on it; `title` and `captions` are its first and last rows."""

    title: str
    lines: Sequence[BoardLine]
    incidents: Sequence[BoardIncident] = field(default=())
    captions: Sequence[str] = field(default=())


def board_view(board: Board) -> RenderableType:
    """Return what is shown of a board."""
    parts: list[RenderableType] = [Text(clean(board.title), "bold", no_wrap=True, overflow="ellipsis")]
    parts += [Text(), _lines(board.lines), Text(), _incidents(board.incidents), Text()]
    parts += [Text(clean(caption), "dim", no_wrap=True, overflow="ellipsis") for caption in board.captions]
    return Group(*parts)


def countdown(seconds: int | None) -> str:
    """Return seconds as hours, minutes and seconds with a sign where the limit is over: ``1:59:43``, ``-0:00:07``."""
    if seconds is None:
        return UNKNOWN
    minutes, second = divmod(abs(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{'-' if seconds < 0 else ''}{hours}:{minute:02}:{second:02}"


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def _lines(lines: Sequence[BoardLine]) -> RenderableType:
    table = _table()
    table.add_column("Line", no_wrap=True)
    table.add_column("Name", no_wrap=True, overflow="ellipsis")
    table.add_column("Tier", no_wrap=True)
    table.add_column("Verdict", no_wrap=True, min_width=8)
    table.add_column("Recent loss", justify="right", no_wrap=True, min_width=5)
    table.add_column("RTT ms", justify="right", no_wrap=True, min_width=6)
    for line in lines:
        table.add_row(
            Text(clean(line.line_id)),
            Text(clean(line.name), "dim"),
            Text(clean(line.tier) or UNKNOWN),
            Text(line.verdict or UNKNOWN, VERDICT_STYLES.get(line.verdict or "", "dim")),
            Text(UNKNOWN if line.loss_ratio is None else f"{line.loss_ratio:.0%}"),
            Text(UNKNOWN if line.rtt_ms is None else f"{line.rtt_ms:.2f}"),
        )
    return table


def _incidents(incidents: Sequence[BoardIncident]) -> RenderableType:
    if not incidents:
        return Text("No incident.", "green")
    table = _table()
    table.add_column("No.", no_wrap=True)
    table.add_column("Line", no_wrap=True)
    table.add_column("What", no_wrap=True)
    table.add_column("Since", no_wrap=True)
    table.add_column("Remaining of limit", no_wrap=True)
    table.add_column("Now", no_wrap=True, overflow="ellipsis")
    for one in incidents:
        table.add_row(
            Text(clean(one.name), "dim" if one.restored else "bold"),
            Text(clean(one.line_id)),
            Text(one.category, CATEGORY_STYLES.get(one.category, "")),
            Text(one.onset),
            Text("\n").join([_countdown(clock) for clock in one.countdowns] or [Text(UNKNOWN)]),
            Text(clean(one.note), "green" if one.restored else ""),
        )
    return table


def _countdown(clock: Countdown) -> Text:
    if clock.limit_s is None or clock.remaining_s is None:
        return Text(f"{clock.category}: no limit")
    left = clock.remaining_s
    style = "bold red" if left < 0 else "bold yellow" if left < _SHORT_S else "bold cyan"
    law = " by law" if clock.category == STATUTORY else ""
    return Text.assemble((f"{countdown(left):>8}", style), f" of {clock.limit_s / 3600:g} h{law}")
