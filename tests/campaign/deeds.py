"""The injector: does to a lab what a plan says, when it says, and notes the truth of it."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign.site import Pace, Subject
from tests.campaign.truth import Edge, Truth, wall
from tests.lab.netns import Wire
from tests.lab.responder import Request, responder

Deed = Callable[[], None]


@dataclass
class Liars:
    """Far ends of the project's own, each answering as its group does while its line is in trouble."""

    timeout_s: float
    telling: dict[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> list[tuple[float, bytes]]:
        """What a request is answered with."""
        match self.telling.get(request.target):
            case "slow":
                return [(0.2, request.reply())]
            case "late":
                return [(self.timeout_s + 0.1, request.reply())]
            case "forged":
                return [(0, request.reply(sender="10.64.251.1")), (0, request.reply(payload=bytes(56)))]
            case "corrupt":
                return [(0, request.reply(checksum_off=1))]
            case "twice":  # beside the kernel's own answer
                return [(0.01, request.reply()), (0.02, request.reply())]
        return []


@dataclass
class Injector:
    """Does deeds in a lab; `prober` tells the process id of the prober at the moment."""

    lab: Wire
    lines: list[Subject]
    pace: Pace
    prober: Callable[[], int]
    truth: Truth = field(default_factory=Truth)
    dice: random.Random = field(default_factory=lambda: random.Random(3))
    liars: Liars = field(init=False)
    _plan: list[tuple[float, Deed]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.liars = Liars(self.pace.timeout_s)
        self._schedule(self.pace.found_within_s / 8.5)

    def group(self, *names: str) -> list[Subject]:
        """The lines of some groups."""
        return [line for line in self.lines if line.group in names]

    @contextlib.contextmanager
    def lying(self) -> Iterator[None]:
        """Let the far ends of the project's own answer."""
        answering = self.group("slow", "late", "forged", "corrupt", "twice")
        with responder(self.lab.far, {line.demarc: self.liars for line in answering}):
            yield

    def run(self) -> None:
        """Do everything, each thing at its second."""
        began, pause = wall(), threading.Event()
        for at_s, deed in sorted(self._plan, key=lambda planned: planned[0]):
            pause.wait(max(0.0, began + at_s - wall()))
            deed()

    def _schedule(self, unit_s: float) -> None:
        self._cut(5 * unit_s, 20 * unit_s, self.group("long"))
        self._cut(6 * unit_s, 6 * unit_s + 2.5 * self.pace.gap_s / 0.5, self.group("short"))
        self._cut(8 * unit_s, 14 * unit_s, self.group("between"))
        for name in ("slow", "late", "forged", "corrupt"):
            self._lie(8 * unit_s, 30 * unit_s, name)
        self._at(2 * unit_s, self._twice)
        self._at(40 * unit_s, self.liars.telling.clear)
        self._at(8 * unit_s, lambda: self.lab.cut(*self._customers()))
        self._at(30 * unit_s, lambda: self.lab.restore(*self._customers()))
        for line in self.group("lossy"):
            self._thin(10 * unit_s, 38 * unit_s, line)
        self._flap(10 * unit_s, 34 * unit_s)
        self._cut(36 * unit_s, 64 * unit_s, self.group("through"))
        self._blind(48 * unit_s, 53 * unit_s, "uplink", self.lab.cut_uplink, self.lab.restore_uplink)
        self._blind(
            57 * unit_s, 57 * unit_s + 2.5, "stopped", self._signal(signal.SIGSTOP), self._signal(signal.SIGCONT)
        )
        self._blind(61 * unit_s + 1, 61 * unit_s + 3, "link", self.lab.link_down, self.lab.link_up)
        self._blind(65 * unit_s, 65 * unit_s + 0.01, "killed", self._signal(signal.SIGKILL), lambda: None)
        self._cut(75 * unit_s, 86 * unit_s, self.group("mass"))
        self._at(86 * unit_s + self.pace.close_after_s + 2 * self.pace.interval_s, lambda: None)

    def _at(self, at_s: float, deed: Deed) -> None:
        self._plan.append((at_s, deed))

    def _cut(self, at_s: float, until_s: float, lines: list[Subject]) -> None:
        addresses, ids = [line.demarc for line in lines], [line.line_id for line in lines]
        self._at(at_s, lambda: self.truth.began("dead", ids, timed(lambda: self.lab.cut(*addresses))))
        self._at(until_s, lambda: self.truth.ended(ids, timed(lambda: self.lab.restore(*addresses))))

    def _lie(self, at_s: float, until_s: float, name: str) -> None:
        lines = self.group(name)
        addresses, ids = [line.demarc for line in lines], [line.line_id for line in lines]

        def begin() -> None:
            self.liars.telling |= dict.fromkeys(addresses, name)
            self.lab.cut(*addresses)

        def end() -> None:
            self.lab.restore(*addresses)
            for address in addresses:
                del self.liars.telling[address]

        self._at(at_s, lambda: self.truth.began("bad" if name == "slow" else "dead", ids, timed(begin)))
        self._at(until_s, lambda: self.truth.ended(ids, timed(end)))

    def _customers(self) -> list[str]:
        return [line.cpe for line in self.group("customer")]

    def _twice(self) -> None:
        self.liars.telling |= {line.demarc: "twice" for line in self.group("twice")}

    def _thin(self, at_s: float, until_s: float, line: Subject) -> None:
        ids = [line.line_id]
        self._at(at_s, lambda: self.truth.began("bad", ids, timed(lambda: self.lab.thin(line.demarc, 30))))
        self._at(until_s, lambda: self.truth.ended(ids, timed(lambda: self.lab.thin(line.demarc, 0))))

    def _flap(self, at_s: float, until_s: float) -> None:
        """Cut and restore lines again and again, some longer than an alarm takes, some shorter."""
        lines, step_s = self.group("flap"), self.pace.gap_s
        parties = [lines[number::5] for number in range(5)]
        for party in parties:
            now_s = at_s + self.dice.random() * step_s
            while now_s < until_s:
                lasts_s = self.dice.choice((5, 7, 10, 18, 22)) * step_s
                self._cut(now_s, now_s + lasts_s, party)
                now_s += lasts_s + self.dice.choice((4, 6, 15)) * step_s

    def _blind(self, at_s: float, until_s: float, name: str, deed: Deed, undo: Deed) -> None:
        edges: list[Edge] = []
        self._at(at_s, lambda: edges.append(timed(deed)))
        self._at(until_s, lambda: self.truth.blind.append((name, edges[0], timed(undo))))

    def _signal(self, number: int) -> Deed:
        return lambda: os.kill(self.prober(), number)


def timed(deed: Deed) -> Edge:
    """Do it, and tell between which instants it was done."""
    before = wall()
    deed()
    return Edge(before, wall())


def prober_of(daemon: int) -> int:
    """The process id of a daemon's prober; 0 while it has none."""
    for children in Path(f"/proc/{daemon}/task").glob("*/children"):
        for child in children.read_text(encoding="ascii").split():
            with contextlib.suppress(OSError):
                if b"icmp_process" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
    return 0


def cpu_s(pid: int) -> float:
    """CPU time that a process has taken, user and system."""
    words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
