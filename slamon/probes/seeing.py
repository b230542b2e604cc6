"""What this machine itself could not see, booked as blind: stalls, sleep, steps of the clock, drops, dead links."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from slamon.probes.egress import Egress
from slamon.probes.fleet import Fleet
from slamon.probes.flights import OFFSET_TOLERANCE_NS, Flights
from slamon.probes.icmp_socket import EchoSocket
from slamon.probes.outgoing import Outgoing
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import ProbeEvent
from slamon.probes.routes import Way
from slamon.probes.track import Track
from slamon.probes.walking import Walking
from slamon.probes.walltime import ClockReading, WallTime, in_seconds

LONGEST_WAIT_NS = 100 * MS_NS
# A tick later than this is blind time; a shorter one only sends late, and kernel stamps keep the RTTs true.
STALL_NS = SECOND_NS
_MARK_EVERY_NS = 200 * MS_NS


class Seeing:
    """Compares each tick with the one before; `stood_until_ns` is when the last stall ended."""

    def __init__(
        self,
        fleet: Fleet,
        walking: Walking,
        flights: Flights[Track],
        outgoing: Outgoing,
        wall: WallTime,
        egress: Egress,
    ) -> None:
        self._fleet, self._walking, self._flights, self._outgoing = fleet, walking, flights, outgoing
        self._wall, self._egress = wall, egress
        self._marked, self._marked_ns, self.stood_until_ns = egress.version, 0, 0

    def pass_time(self, before: ClockReading, clocks: ClockReading) -> None:
        """Book what happened between two ticks."""
        late_ns = clocks.steady_ns - before.steady_ns
        self._outgoing.lagged(late_ns - LONGEST_WAIT_NS)
        self._walking.pass_time(late_ns)
        if abs(clocks.offset_ns - before.offset_ns) > OFFSET_TOLERANCE_NS:
            self._fleet.moved_ns = clocks.steady_ns
        asleep_ns = clocks.asleep_ns - before.asleep_ns
        if late_ns > STALL_NS:
            self.stood_until_ns = clocks.steady_ns
        if asleep_ns > LONGEST_WAIT_NS:
            # What was under way may have come back to a sleeping machine.
            self._doubt()
            self._blind(before.steady_ns, clocks.steady_ns, "suspended", f"the machine slept {in_seconds(asleep_ns)}")
        elif late_ns > STALL_NS:
            self._blind(
                before.steady_ns, clocks.steady_ns, "stall", f"the prober stood still for {in_seconds(late_ns)}"
            )
        step = self._wall.check(clocks)
        if step is not None:
            self._blind(step.after_ns, step.at_ns, "clock_step", step.detail)

    def book_drops(self, sockets: Iterable[EchoSocket], now_ns: int) -> None:
        """Book what our own sockets dropped."""
        fresh = sum(sock.new_drops() for sock in sockets)
        if fresh:
            self._doubt()
            detail = f"the socket's buffer was full, {fresh} replies were dropped"
            self._blind(now_ns - LONGEST_WAIT_NS, now_ns, "socket_drops", detail)

    def look_at_links(self, now_ns: int) -> None:
        """Say which links were lost or came back; what was under way then says nothing."""
        changes = self._egress.look(now_ns)
        for name, carries in changes:
            kind, what = ("link_up", "carries again") if carries else ("link_down", "lost its carrier")
            self._outgoing.events.append(ProbeEvent(kind, self._wall.ending(now_ns), f"{name} {what}"))
        if any(not carries for _, carries in changes):
            self._doubt()
            self._egress.trace(self._ways())
            self._marked_ns = 0

    def trace_ways(self, now_ns: int, until_ns: int, clock: Callable[[], int]) -> None:
        """Go on asking by which link packets leave; mark those that cannot be seen just now."""
        self._egress.work(now_ns, until_ns, clock)
        if self._marked != self._egress.version and now_ns - self._marked_ns >= _MARK_EVERY_NS:
            self._marked, self._marked_ns = self._egress.version, now_ns
            self.mark()

    def mark(self) -> None:
        """Tell each lane what can be seen of its targets."""
        for wheel in self._fleet.wheels:
            for lane in wheel.lanes:
                lane.sight = self._egress.marks(lane.hosts, wheel.profile.source, self._fleet.reasons.number)

    def _ways(self) -> list[Way]:
        return [
            (host, wheel.profile.source) for wheel in self._fleet.wheels for lane in wheel.lanes for host in lane.hosts
        ]

    def _doubt(self) -> None:
        self._flights.doubt()
        self._fleet.doubt()

    def _blind(self, start_ns: int, end_ns: int, kind: str, detail: str) -> None:
        self._fleet.set_blind(start_ns, end_ns, detail)
        self._walking.blinds.append((start_ns, end_ns, detail))
        self._outgoing.events.append(ProbeEvent(kind, self._wall.ending(end_ns), detail))
