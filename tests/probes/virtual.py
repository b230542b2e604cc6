"""A line in virtual time: its real schedule and windows, and a far end that is a function of the send time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from slamon.probes.pace import Pace, Schedule
from slamon.probes.packet import MS_NS, SECOND_NS, Cut, Outcome, Packet
from slamon.probes.protocol import ProbeLine
from slamon.probes.window import LineWindows

RTT_NS = 20 * MS_NS

Far = Callable[[float], str]
"""What becomes of a packet sent at this second: ``.`` answered, ``x`` lost, ``-`` could not be sent."""


def seconds(ns: int) -> float:
    return round(ns / SECOND_NS, 3)


@dataclass
class VirtualLine:
    """One line, run by `run`; `cuts` holds each window with the instant at which it was handed on."""

    line: ProbeLine
    far: Far
    stalls: list[tuple[float, float]] = field(default_factory=list)
    phase_s: float = 0.0
    cuts: list[tuple[float, Cut]] = field(default_factory=list)
    packets: list[Packet] = field(default_factory=list)

    def run(self, until_s: float) -> VirtualLine:
        """Probe from 0 to `until_s`, then close."""
        pace = Pace.of(self.line)
        phase_ns = round(self.phase_s * SECOND_NS)
        windows = LineWindows(pace, phase_ns, 0, 1)
        schedule = Schedule(pace, phase_ns, 0)
        flying: list[tuple[int, Packet]] = []
        until_ns = round(until_s * SECOND_NS)
        stalls = [(round(a * SECOND_NS), round(b * SECOND_NS)) for a, b in self.stalls]
        while True:
            now_ns = min([schedule.due_ns, *(at for at, _ in flying)])
            if now_ns > until_ns:
                break
            while stalls and now_ns >= stalls[0][0]:
                start_ns, end_ns = stalls.pop(0)
                now_ns = max(now_ns, end_ns)
                windows.blind(start_ns, end_ns, "stall")
            for at_ns, packet in [entry for entry in flying if entry[0] <= now_ns]:
                flying.remove((at_ns, packet))
                if self.far(packet.at_ns / SECOND_NS) == ".":
                    packet.answer(RTT_NS)
                else:
                    packet.expire()
            hurried = windows.hurried(now_ns)
            self._take(now_ns, windows.advance())
            if not hurried and windows.hurried(now_ns):
                schedule.hurry(now_ns)
            if schedule.due_ns <= now_ns:
                self._send(now_ns, windows, schedule, flying, pace)
            self._take(now_ns, windows.advance())
        self._take(until_ns, windows.close(until_ns))
        return self

    def _send(
        self, now_ns: int, windows: LineWindows, schedule: Schedule, flying: list[tuple[int, Packet]], pace: Pace
    ) -> None:
        if now_ns - schedule.due_ns > 500 * MS_NS:
            schedule.skip(now_ns)
            return
        packet = Packet(now_ns)
        what = self.far(now_ns / SECOND_NS)
        if what == "-":
            packet.outcome, packet.reason = Outcome.UNSENT, "not sent: Network is unreachable"
        else:
            flying.append((now_ns + (RTT_NS if what == "." else pace.timeout_ns), packet))
        self.packets.append(packet)
        windows.add(packet)
        schedule.launched(now_ns, hurried=windows.hurried(now_ns))

    def _take(self, now_ns: int, cuts: list[Cut]) -> None:
        self.cuts.extend((now_ns / SECOND_NS, cut) for cut in cuts)

    def shown(self) -> list[str]:
        """Return the windows as ``start-end received/sent`` or ``start-end blind``, times in seconds."""
        found = []
        for _, cut in self.cuts:
            stats = cut.stats[0]
            what = "blind" if cut.blind is not None or stats is None else f"{stats.received}/{stats.sent}"
            found.append(f"{seconds(cut.start_ns):g}-{seconds(cut.end_ns):g} {what}")
        return found

    def verdicts(self) -> list[tuple[float, float, str]]:
        """Return start, end and what a judge without criteria on loss would make of it: U, P(artial), D or ?."""
        return [(seconds(cut.start_ns), seconds(cut.end_ns), verdict(cut)) for _, cut in self.cuts]


def verdict(cut: Cut) -> str:
    """Return U for all answered, P for some, D for none, ? for blind."""
    stats = cut.stats[0]
    if cut.blind is not None or stats is None:
        return "?"
    return "U" if stats.received == stats.sent else "P" if stats.received else "D"
