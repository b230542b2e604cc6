"""The live part of the demo: the real daemon on real lines, two of them hurt on purpose, and a board to watch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from slamon.core.incident import Incident, State
from slamon.reports.board import Board, board_view
from slamon.reports.texts import clean
from slamon.service import clock
from slamon.service.demo_alerts import Telephone, verify_alerts
from slamon.service.demo_board import Glance, board_incidents, board_lines, glance, incidents
from slamon.service.demo_commands import Commands, DemoFailed, Running, daemon
from slamon.service.demo_net import DemoNet, NoNetwork
from slamon.service.demo_site import ADDRESSES, CUT, LOSSY, QUICK, QUICKEST, Pace
from slamon.service.site import Site, open_site

DEFAULT_S = 45.0
LEAST_S = 20.0
_UNHURRIED_S = 30.0  # below it everything is judged at the quickest pace
_TURN_S = 0.5
_SHOWN_S = 3.0  # how long both incidents stand on the board, and the restored ones
_LOOK_S = 1.0  # how long all lines are seen to be well first
TICKET = "T-1001"

_WANTED = {CUT: "interruption", LOSSY: "degradation"}


def pace_of(seconds: float) -> Pace:
    """Return how quickly lines are judged in a live part of so many seconds."""
    return QUICK if seconds >= _UNHURRIED_S else QUICKEST


@dataclass(frozen=True, slots=True)
class Part:
    """What the live part works with."""

    console: Console
    net: DemoNet
    commands: Commands
    site: Site
    started_s: float
    seconds: float
    telephone: Telephone

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.started_s


def watch(console: Console, net: DemoNet, folder: Path, environ: Mapping[str, str], seconds: float) -> None:
    """Watch, hurt and mend lines for at most so many seconds; raises `DemoFailed` where it did not come out so.

    `folder` holds a ``slamon.toml`` of the pace for so many seconds.
    """
    started_s = time.monotonic()
    commands = Commands(folder, environ, net.say)
    config = str(folder / "slamon.toml")
    telephone = Telephone(folder)
    with open_site(config, environ, by="demo"):  # the ledger is there before anybody reads it
        commands.run(["check"])
    with daemon(commands, net) as running, open_site(config, environ, read_only=True) as site:
        try:
            _play(Part(console, net, commands, site, started_s, seconds, telephone), running)
        except NoNetwork as broken:
            raise DemoFailed(str(broken)) from None
    with open_site(config, environ, read_only=True) as site:
        verify(list(incidents(site)), console)
        console.print(verify_alerts(site, set(_WANTED), telephone.titles()), style="green")


def _play(part: Part, running: Running) -> None:
    acts = _acts(part)
    with _screen(part) as show:
        wait_for = next(acts)
        while True:
            running.check()
            seen, elapsed_s = glance(part.site, clock.now()), part.elapsed_s
            show(seen, elapsed_s)
            if elapsed_s >= part.seconds:
                return
            while wait_for(seen, elapsed_s):
                try:
                    wait_for = next(acts)
                except StopIteration:
                    return
            time.sleep(_TURN_S)


Due = Callable[[Glance, float], bool]


def _acts(part: Part) -> Iterator[Due]:
    """Do one thing after the other; each yields what the next one waits for."""
    net, held = part.net, _Held()
    yield lambda seen, _: len(seen.recent) == len(part.site.lines)
    yield lambda _, elapsed_s: held.since(elapsed_s) >= _LOOK_S
    net.cut(ADDRESSES[CUT])
    net.thin_out(ADDRESSES[LOSSY])
    held.again()
    yield lambda seen, _: seen.open_on(CUT) is not None
    part.commands.run(
        ["complaint", "add", CUT, "--ticket", TICKET, "--channel", "hotline", "--category", "interruption"]
    )
    yield lambda seen, _: all(seen.open_on(line_id) for line_id in _WANTED)
    yield lambda _, elapsed_s: held.since(elapsed_s) >= _SHOWN_S
    net.mend(ADDRESSES[CUT])
    net.thicken(ADDRESSES[LOSSY])
    yield lambda seen, _: all(seen.restored_on(line_id) for line_id in _WANTED)
    held.again()
    yield lambda _, elapsed_s: held.since(elapsed_s) >= _SHOWN_S


class _Held:
    """For how long something has been so: from the first time it is asked after `again`."""

    def __init__(self) -> None:
        self._start_s: float | None = None

    def again(self) -> None:
        self._start_s = None

    def since(self, elapsed_s: float) -> float:
        if self._start_s is None:
            self._start_s = elapsed_s
        return elapsed_s - self._start_s


@contextmanager
def _screen(part: Part) -> Iterator[Callable[[Glance, float], None]]:
    """Show glances: redrawn in place on a terminal, else a line for each change and the board at the turns."""
    if part.console.is_terminal:
        with Live(console=part.console, auto_refresh=False, vertical_overflow="crop") as live:
            yield lambda seen, elapsed_s: live.update(_view(part, seen, elapsed_s), refresh=True)
    else:
        yield _Told(part).tell


def _board(part: Part, seen: Glance, elapsed_s: float) -> Board:
    at = seen.status.at.astimezone(part.site.terms(CUT).zone)
    title = (
        f"slamon  {len(part.site.lines)} lines  {at:%H:%M:%S %Z}  second {elapsed_s:.0f} of at most {part.seconds:.0f}"
    )
    return Board(title, board_lines(part.site, seen), board_incidents(part.site, seen))


def _view(part: Part, seen: Glance, elapsed_s: float) -> RenderableType:
    """Return the board, and below it what stands on the telephone of the person on call."""
    alerts = [Text(f"☎ {clean(title)}", "bold red", overflow="ellipsis") for title in part.telephone.titles()[-4:]]
    return Group(board_view(_board(part, seen, elapsed_s)), *alerts)


class _Told:
    """What was printed of a site already, so that only changes are."""

    def __init__(self, part: Part) -> None:
        self._part = part
        self._verdicts: dict[str, str] = {}
        self._incidents: dict[str, str] = {}
        self._standing: set[tuple[str, bool]] = set()

    def tell(self, seen: Glance, elapsed_s: float) -> None:
        """Print what changed, and the whole board when an incident did."""
        board = _board(self._part, seen, elapsed_s)
        verdicts = {line.line_id: line.verdict for line in board.lines if line.verdict is not None}
        for line_id, verdict in verdicts.items():
            if self._verdicts.get(line_id) != verdict:
                self._print(f"{elapsed_s:5.1f} s  {line_id} is {verdict}")
        self._verdicts = verdicts
        notes = {one.name: f"{one.category} on {one.line_id}, {one.note}" for one in board.incidents}
        for name, note in notes.items():
            if self._incidents.get(name) != note:
                self._print(f"{elapsed_s:5.1f} s  incident {name}: {note}")
        self._incidents = notes
        for title in self._part.telephone.new():
            self._print(f"{elapsed_s:5.1f} s  alert to the person on call: {clean(title)}")
        standing = {(one.name, one.restored) for one in board.incidents}
        if standing != self._standing:
            self._part.console.print(board_view(board))
        self._standing = standing

    def _print(self, text: str) -> None:
        self._part.console.print(text)


def verify(found: Sequence[Incident], console: Console) -> None:
    """Compare the ledger's incidents with what was done to the lines; raises `DemoFailed` where they differ."""
    seen = {one.line_id: one.category for one in found}
    for line_id, category in _WANTED.items():
        if line_id not in seen:
            raise DemoFailed(f"{line_id} was hurt, and slamon recorded no incident of it: expected {category}")
        if seen[line_id] != category:
            raise DemoFailed(f"{line_id} was hurt, expected {category}, and slamon recorded {seen[line_id]}")
    if len(found) > len(_WANTED):
        others = ", ".join(one.line_id for one in found if one.line_id not in _WANTED) or "more than one of a line"
        raise DemoFailed(f"slamon recorded incidents that nobody caused: {others}")
    back = (
        "are both restored" if all(one.state is State.RESTORED for one in found) else "were not both restored in time"
    )
    console.print(
        f"Checked in the ledger: {CUT}, which was cut, has an interruption; {LOSSY}, which lost packets, has "
        f"a degradation; they {back}; no other line has anything.",
        style="green",
    )
