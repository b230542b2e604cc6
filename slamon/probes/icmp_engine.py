"""The probing loop: paces, sends, drains, expires, and hands on batches. It runs in a process of its own.

The order within a tick is the truth of it: the clocks are read, then everything that arrived is read, and only then
is called lost what should have arrived before the clocks were read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from slamon.probes.flights import Flight, Flights
from slamon.probes.icmp_socket import SendError, open_sockets
from slamon.probes.outgoing import Outgoing
from slamon.probes.pace import MAX_LATE_NS, MIN_GAP_NS
from slamon.probes.packet import MS_NS, SECOND_NS, Outcome, Packet
from slamon.probes.protocol import Batch, ProbeEvent, ProbeLine
from slamon.probes.resolve import Resolver
from slamon.probes.track import DueQueue, LineTrack, ReferenceTrack, Track
from slamon.probes.vantage import Vantage
from slamon.probes.walltime import ClockReading, Clocks, WallTime, in_seconds

LONGEST_WAIT_NS = 100 * MS_NS
# A tick later than this is blind time; a shorter one only sends late, and kernel stamps keep the RTTs true.
STALL_NS = SECOND_NS
_DRAIN_LIMIT = 20_000
# Replies are read between slices of sends, or they would fill the socket.
_SENDS_PER_TICK = 400
# F7: all confirm packets of the vantage together; usual packets are not counted.
CONFIRM_PER_S = 1000
_TOUCH_NS = MIN_GAP_NS * 9 // 10


class IcmpEngine:
    """Probes lines and references; `tick` does what is due, `emit` takes the batches."""

    def __init__(
        self, emit: Callable[[Batch], None], clocks: Clocks | None = None, confirm_per_s: int = CONFIRM_PER_S
    ) -> None:
        self._emit = emit
        self._machine = clocks or Clocks()
        self._sockets, self._missing = open_sockets()
        self._resolver = Resolver()
        self._flights: Flights[Track] = Flights()
        self._clocks = self._machine.read()
        self._start_ns = self._clocks.steady_ns
        self._wall = WallTime(self._clocks)
        self._vantage = Vantage((), self._start_ns)
        self._lines: dict[str, LineTrack] = {}
        self._references: dict[str, ReferenceTrack] = {}
        self._closing: list[LineTrack] = []
        self._due = DueQueue()
        self._touched: dict[LineTrack, None] = {}
        self._waiting: dict[LineTrack, None] = {}
        self._gate_ns: dict[str, int] = {}
        self._stood_until_ns = self._start_ns
        self._confirm_per_s = confirm_per_s
        self._confirm_tokens = float(confirm_per_s)
        self._outgoing = Outgoing(self._start_ns)

    @property
    def descriptors(self) -> list[int]:
        """Return what to wait on."""
        return [sock.fileno() for sock in self._sockets.values()]

    def wait_s(self) -> float:
        """Return how long nothing is due."""
        now_ns = self._machine.steady_ns()
        due_ns = self._due.next_ns()
        idle_ns = LONGEST_WAIT_NS if due_ns is None else min(due_ns - now_ns, LONGEST_WAIT_NS)
        return max(0, idle_ns) / SECOND_NS

    def set_lines(self, lines: Iterable[ProbeLine], references: Sequence[str]) -> None:
        """Replace what is probed; a line that is unchanged goes on as it was."""
        now_ns = self._machine.steady_ns()
        wanted = {line.line_id: line for line in lines}
        before = self._lines
        self._lines = {}
        for line_id, track in before.items():
            if wanted.get(line_id) == track.line:
                self._lines[line_id] = track
                continue
            track.close(now_ns)
            if line_id not in wanted:
                self._closing.append(track)
        for line_id, line in wanted.items():
            if line_id not in self._lines:
                self._lines[line_id] = LineTrack(line, self._start_ns, now_ns, before.get(line_id))
                self._due.push(self._lines[line_id])
        self._set_references(references, now_ns)
        self._waiting.update(dict.fromkeys([*self._closing, *self._lines.values()]))

    def tick(self) -> None:
        """Do everything that is due now."""
        self._take_clocks(self._machine.read())
        now_ns = self._clocks.steady_ns
        drained = self._drain()
        self._book_drops()
        if drained:
            for flight in self._flights.expire(now_ns):
                self._touch(flight.owner)
        self._send_due()
        self._advance()
        if self._outgoing.is_due(now_ns):
            self._hand_on()

    def stop(self) -> None:
        """End all lines and hand on what is known of them."""
        now_ns = self._machine.steady_ns()
        self._drain()
        self._closing.extend(self._lines.values())
        for track in self._closing:
            if track.alive:
                track.close(now_ns)
            self._outgoing.readings.extend(track.readings(self._vantage, self._wall, at_once=True))
        self._hand_on()
        self._resolver.close()
        for sock in self._sockets.values():
            sock.close()

    def _take_clocks(self, clocks: ClockReading) -> None:
        before, self._clocks = self._clocks, clocks
        late_ns = clocks.steady_ns - before.steady_ns
        self._outgoing.lagged(late_ns - LONGEST_WAIT_NS)
        self._confirm_tokens = min(
            self._confirm_per_s, self._confirm_tokens + self._confirm_per_s * late_ns / SECOND_NS
        )
        asleep_ns = clocks.asleep_ns - before.asleep_ns
        if late_ns > STALL_NS:
            self._stood_until_ns = clocks.steady_ns
        if asleep_ns > LONGEST_WAIT_NS:
            # What was under way may have come back to a sleeping machine.
            self._flights.doubt()
            self._blind(before.steady_ns, clocks.steady_ns, "suspended", f"the machine slept {in_seconds(asleep_ns)}")
        elif late_ns > STALL_NS:
            self._blind(
                before.steady_ns, clocks.steady_ns, "stall", f"the prober stood still for {in_seconds(late_ns)}"
            )
        step = self._wall.check(clocks)
        if step is not None:
            self._blind(step.after_ns, step.at_ns, "clock_step", step.detail)

    def _blind(self, start_ns: int, end_ns: int, kind: str, detail: str) -> None:
        for track in self._lines.values():
            track.windows.blind(start_ns, end_ns, detail)
            self._touch(track)
        self._outgoing.events.append(ProbeEvent(kind, self._wall.ending(end_ns), detail))

    def _drain(self) -> bool:
        """Read what has arrived; tell whether that was everything."""
        complete = True
        for sock in self._sockets.values():
            taken = 0
            for arrival in sock.drain(_DRAIN_LIMIT):
                taken += 1
                flight = self._flights.land(arrival, sock.identifier, self._clocks)
                if flight is not None:
                    self._touch(flight.owner)
            complete = complete and taken < _DRAIN_LIMIT
        return complete

    def _book_drops(self) -> None:
        fresh = sum(sock.new_drops() for sock in self._sockets.values())
        if fresh:
            self._flights.doubt()
            detail = f"the socket's buffer was full, {fresh} replies were dropped"
            self._blind(self._clocks.steady_ns - LONGEST_WAIT_NS, self._clocks.steady_ns, "socket_drops", detail)

    def _send_due(self) -> None:
        for _ in range(_SENDS_PER_TICK):
            track = self._due.pop(self._machine.steady_ns())
            if track is None:
                return
            self._serve(track, self._machine.steady_ns())
            self._due.push(track)

    def _serve(self, track: Track, now_ns: int) -> None:
        schedule = track.schedule
        if now_ns - schedule.due_ns > MAX_LATE_NS:
            if schedule.due_ns > self._stood_until_ns:  # what a stall left out is blind already
                self._outgoing.skipped += len(track.targets)
                track.add(Packet(now_ns, 0, Outcome.UNSENT, reason="the prober was late"))
                self._touch(track)
            schedule.skip(now_ns)
            return
        free_ns = max(self._gate_ns.get(target, 0) for target in track.targets)
        if free_ns > now_ns:
            schedule.hold(free_ns)
            return
        if schedule.is_extra:
            if self._confirm_tokens < len(track.targets):
                self._outgoing.confirm_capped += 1
                schedule.postpone(now_ns)
                return
            self._confirm_tokens -= len(track.targets)
        for number, target in enumerate(track.targets):
            self._gate_ns[target] = now_ns + _TOUCH_NS
            track.add(self._send(track, number, target))
        schedule.launched(now_ns, hurried=isinstance(track, LineTrack) and track.windows.hurried(now_ns))
        self._touch(track)

    def _send(self, track: Track, number: int, target: str) -> Packet:
        at_ns = self._machine.steady_ns()
        address = self._resolver.address(target, at_ns)
        if address is None:
            return Packet(at_ns, number, Outcome.UNSENT, reason=f"{target} has no address yet")
        if address.family not in self._sockets:
            return Packet(at_ns, number, Outcome.UNSENT, reason=self._missing[address.family])
        packet = Packet(at_ns, number)
        flight = Flight(track, packet, address.host, track.payload_bytes, track.pace.timeout_ns)
        flight.offset_ns = self._clocks.offset_ns
        serial = self._flights.number()
        payload = self._flights.payload(serial, track.payload_bytes)
        try:
            flight.wall_ns = self._sockets[address.family].send(address, serial & 0xFFFF, payload, track.dscp)
        except SendError as error:
            self._outgoing.send_errors += 1
            packet.outcome, packet.reason = Outcome.UNSENT, f"not sent: {error}"
            return packet
        self._flights.launch(serial, flight)
        return packet

    def _touch(self, track: Track) -> None:
        if isinstance(track, LineTrack) and track.alive:
            self._touched[track] = None

    def _advance(self) -> None:
        change = self._vantage.advance()
        if change is not None:
            kind = "reference_lost" if change.lost else "reference_back"
            detail = "every reference target is lost" if change.lost else "a reference target answers again"
            self._outgoing.events.append(ProbeEvent(kind, self._wall.ending(change.at_ns), detail))
        now_ns = self._clocks.steady_ns
        touched, self._touched = self._touched, {}
        for track in touched:
            due_ns = track.schedule.due_ns
            track.advance(now_ns)
            if track.schedule.due_ns != due_ns:
                self._due.push(track)
            if track.waits:
                self._waiting[track] = None
        waiting, self._waiting = self._waiting, {}
        for track in waiting:
            self._outgoing.readings.extend(track.readings(self._vantage, self._wall))
            if track.waits:
                self._waiting[track] = None
        if self._waiting:
            self._hurry_references(now_ns)
        self._closing = [track for track in self._closing if track.waits]

    def _hurry_references(self, now_ns: int) -> None:
        """Ask the references at once, as far as politeness allows: an alarm may wait for their word."""
        for track in self._references.values():
            due_ns = track.schedule.due_ns
            track.schedule.hurry(now_ns)
            if track.schedule.due_ns != due_ns:
                self._due.push(track)

    def _set_references(self, references: Sequence[str], now_ns: int) -> None:
        self._vantage.renew(references, now_ns)
        for reference in set(self._references) - set(references):
            self._references.pop(reference).alive = False
        for reference in references:
            if reference not in self._references:
                self._references[reference] = ReferenceTrack(reference, now_ns, self._vantage)
                self._due.push(self._references[reference])

    def _hand_on(self) -> None:
        now_ns = self._clocks.steady_ns
        drops = sum(sock.drops for sock in self._sockets.values())
        self._emit(
            self._outgoing.take(now_ns, self._wall.ending(now_ns), len(self._lines), drops, self._flights.counters)
        )
