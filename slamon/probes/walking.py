"""Packets of what walks by itself, one by one: references, and lines that are not quiet or fit no wheel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from slamon.probes.egress import Egress
from slamon.probes.flights import Flight, Flights
from slamon.probes.icmp_socket import EchoSocket, SendError
from slamon.probes.lane import DOUBTED, UNSENT
from slamon.probes.outgoing import Outgoing
from slamon.probes.pace import MAX_LATE_NS, MIN_GAP_NS
from slamon.probes.packet import SECOND_NS, Outcome, Packet
from slamon.probes.resolve import Resolver, family_of
from slamon.probes.track import BlindSpan, DueQueue, LineTrack, Track
from slamon.probes.turning import SLICE
from slamon.probes.walltime import ClockReading

# F7: all confirm packets of the vantage together; usual packets are not counted.
CONFIRM_PER_S = 1000
_TOUCH_NS = MIN_GAP_NS * 9 // 10


class Walking:
    """Sends what is due; `touched` holds the lines that something became of since `take_touched`."""

    def __init__(
        self,
        sockets: dict[int, EchoSocket],
        missing: dict[int, str],
        flights: Flights[Track],
        outgoing: Outgoing,
        egress: Egress,
        confirm_per_s: int,
    ) -> None:
        self._egress = egress
        self._sockets, self._missing, self._flights, self._outgoing = sockets, missing, flights, outgoing
        self.resolver = Resolver()
        self.due = DueQueue()
        self.touched: deque[LineTrack] = deque()
        self.blinds: list[BlindSpan] = []
        self._gate_ns: dict[str, int] = {}
        self._confirm_per_s = confirm_per_s
        self._confirm_tokens = float(confirm_per_s)

    def pass_time(self, span_ns: int) -> None:
        """Let confirm packets be allowed again."""
        allowed = self._confirm_tokens + self._confirm_per_s * span_ns / SECOND_NS
        self._confirm_tokens = min(self._confirm_per_s, allowed)

    def touch(self, track: Track) -> None:
        """Note that something became of a track's packets."""
        if isinstance(track, LineTrack) and track.alive and not track.touched:
            track.touched = True
            self.touched.append(track)

    def take_touched(self, until_ns: int, clock: Callable[[], int]) -> Iterator[LineTrack]:
        """Yield the lines touched since they were yielded last, as far as time allows: the others keep their turn."""
        for _ in range(len(self.touched)):
            track = self.touched.popleft()
            track.touched = False
            if track.alive:
                track.catch_up(self.blinds)
                yield track
            if clock() > until_ns:
                return

    def send_due(self, rank: int, clock: Callable[[], int], clocks: ClockReading, stood_until_ns: int) -> bool:
        """Send what is due of a rank, at most a slice of it; tell whether there may be more."""
        for _ in range(SLICE):
            track = self.due.pop(rank, clock())
            if track is None:
                return False
            if isinstance(track, LineTrack):
                track.catch_up(self.blinds)
            self._serve(track, clock, clocks, stood_until_ns)
            self.due.push(track)
        if len(self._gate_ns) > 1_000_000:
            self._gate_ns.clear()
        return True

    def leave_out(self, rank: int, now_ns: int, stood_until_ns: int) -> None:
        """Pass over what is overdue and has no time left: it is blind, and does not pile up."""
        while (track := self.due.pop(rank, now_ns - MAX_LATE_NS - 1)) is not None:
            self._skip(track, now_ns, stood_until_ns)
            self.due.push(track)

    def _skip(self, track: Track, now_ns: int, stood_until_ns: int) -> None:
        if track.schedule.due_ns > stood_until_ns:  # what a stall left out is blind already
            self._outgoing.skipped += len(track.targets)
            track.add(Packet(now_ns, 0, Outcome.UNSENT, reason=LATE))
            self.touch(track)
        track.schedule.skip(now_ns)

    def _serve(self, track: Track, clock: Callable[[], int], clocks: ClockReading, stood_until_ns: int) -> None:
        schedule, now_ns = track.schedule, clock()
        if now_ns - schedule.due_ns > MAX_LATE_NS:
            self._skip(track, now_ns, stood_until_ns)
            return
        free_ns = max(self._gate_ns.get(target, 0) for target in track.targets)
        if free_ns > now_ns:
            schedule.hold(free_ns)
            return
        if schedule.is_extra:
            if self._confirm_tokens < len(track.targets):
                self._outgoing.confirm_capped += 1
                schedule.postpone()
                return
            self._confirm_tokens -= len(track.targets)
        for number, target in enumerate(track.targets):
            self._gate_ns[target] = now_ns + _TOUCH_NS
            track.add(self._send(track, number, target, clock, clocks))
        schedule.launched(now_ns, hurried=isinstance(track, LineTrack) and track.windows.hurried(now_ns))
        self.touch(track)

    def _send(self, track: Track, number: int, target: str, clock: Callable[[], int], clocks: ClockReading) -> Packet:
        at_ns = clock()
        address = self.resolver.address(target, at_ns, None if track.source is None else family_of(track.source))
        if address is None:
            return Packet(at_ns, number, Outcome.UNSENT, reason=f"{target} has no address yet")
        state, said = self._egress.of((address.host, track.source))
        if state == UNSENT:
            return Packet(at_ns, number, Outcome.UNSENT, reason=said)
        sock = self._sockets.get(address.family)
        if sock is None:
            return Packet(at_ns, number, Outcome.UNSENT, reason=self._missing[address.family])
        packet = Packet(at_ns, number, voidable=state == DOUBTED)
        flight = Flight(track, packet, address.host, track.payload_bytes, track.pace.timeout_ns)
        flight.offset_ns = clocks.offset_ns
        flight.wall_ns = at_ns + clocks.offset_ns
        serial = self._flights.number()
        data = self._flights.packet(serial, track.payload_bytes, sock.identifier, address.family)
        try:
            sock.dispatch(data, address.host, track.dscp, track.source)
        except SendError as error:
            self._outgoing.send_errors += 1
            packet.outcome, packet.reason = Outcome.UNSENT, f"not sent: {error}"
            return packet
        self._flights.launch(serial, flight)
        return packet


LATE = "the prober was late"
