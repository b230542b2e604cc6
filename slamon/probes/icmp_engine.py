"""The probing loop: paces, sends, drains, expires, and hands on batches. It runs in a process of its own.

The order within a tick is the truth of it: the clocks are read, then everything that arrived is read, and only then
is called lost what should have arrived before the clocks were read.

Quiet lines turn in wheels (`Fleet`); a line that loses a packet leaves its wheel and walks by itself (`Walking`,
`LineTrack`) until it is quiet again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from slamon.probes.egress import Egress
from slamon.probes.fleet import Fleet, shared_addresses
from slamon.probes.flights import Flight, Flights
from slamon.probes.icmp_socket import EchoSocket, open_sockets
from slamon.probes.limiting import Limits
from slamon.probes.onsets import Onsets
from slamon.probes.outgoing import Outgoing
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import Batch, ProbeEvent, ProbeLine, next_roster
from slamon.probes.quoting import Quoted
from slamon.probes.replies import Replies
from slamon.probes.seeing import LONGEST_WAIT_NS, Seeing
from slamon.probes.sights import Sights
from slamon.probes.track import LineTrack, Track
from slamon.probes.turning import is_overdue, serve
from slamon.probes.walking import CONFIRM_PER_S, LATE, Walking
from slamon.probes.walltime import Clocks, WallTime
from slamon.probes.wheel import Profile, Wheel

__all__ = ["CONFIRM_PER_S", "IcmpEngine"]

# Wake-ups dominate the cost of few packets, bursts the harm of many.
# The tick up to so many packets a second: some tens of packets each.
_TICKS_NS = ((2000, 20 * MS_NS), (10_000, 10 * MS_NS))
_TICK_NS = 4 * MS_NS
_CLOSE_EVERY_NS = 50 * MS_NS
# A mass outage is worked off in portions of this, so that no tick becomes a stall.
_WORK_AT_MOST_NS = 50 * MS_NS
_FOREVER_NS = 1 << 62
# A tick ends after this: wheels of low importance wait, clocks and heartbeats do not.
_TICK_AT_MOST_NS = 200 * MS_NS


class IcmpEngine:
    """Probes lines and references; `tick` does what is due, `emit` takes the batches."""

    def __init__(
        self,
        emit: Callable[[Batch], None],
        clocks: Clocks | None = None,
        confirm_per_s: int = CONFIRM_PER_S,
        sockets: tuple[dict[int, EchoSocket], dict[int, str]] | None = None,
        *,
        wheels: bool = True,
        egress: Egress | None = None,
    ) -> None:
        self._emit, self._turns = emit, wheels
        self._machine = clocks or Clocks()
        self._stamper = self._machine.stamper()
        self._sockets, missing = sockets or open_sockets()
        self._flights: Flights[Track] = Flights()
        self._clocks = self._machine.read()
        self._start_ns = self._close_ns = self._tick_ns = now_ns = self._clocks.steady_ns
        self._wall = WallTime(self._clocks)
        self._outgoing = outgoing = Outgoing(now_ns)
        self._fleet = Fleet(self._sockets, self._flights, outgoing.reasons, now_ns)
        self._egress = egress or Egress()
        self._walking = Walking(self._sockets, missing, self._flights, outgoing, self._egress, confirm_per_s)
        self._sights = Sights(self._fleet, self._wall, outgoing, self._walking.due, now_ns)
        self._seeing = Seeing(self._fleet, self._walking, self._flights, outgoing, self._wall, self._egress)
        self._onsets, self._limits = Onsets(self._wall), Limits()
        self._replies = Replies(self._fleet, self._flights, self._wake, self._ended, self._hear_error)
        self._late = self._outgoing.reasons.number(LATE)
        self._lines: dict[str, ProbeLine] = {}
        self._profiles: dict[str, Profile] = {}
        self._roster: list[str] = []
        self._numbers: dict[str, int] = {}
        self._tracks: dict[str, LineTrack] = {}
        self._closing: list[LineTrack] = []
        self._waiting: dict[LineTrack, None] = {}
        self._ready: deque[LineTrack] = deque()
        self._losing: deque[int] = deque()
        self._turn_ns = _tick_ns(0)

    @property
    def descriptors(self) -> list[int]:
        """Return what replies arrive on."""
        return [sock.fileno() for sock in self._sockets.values()]

    def wait_s(self) -> float:
        """Return how long nothing is due."""
        now_ns = self._machine.steady_ns()
        due_ns = self._walking.due.next_ns()
        until_ns = now_ns + LONGEST_WAIT_NS if due_ns is None else due_ns
        if len(self._fleet) or self._tracks:
            until_ns = max(min(until_ns, self._tick_ns + LONGEST_WAIT_NS // 2), self._tick_ns + self._turn_ns)
        if len(self._fleet):
            next_ns = min(wheel.due_ns(j) for wheel in self._fleet.wheels for j in range(wheel.packets))
            until_ns = min(until_ns, max(next_ns, self._tick_ns + self._turn_ns))
        return max(0, min(until_ns - now_ns, LONGEST_WAIT_NS)) / SECOND_NS

    def set_lines(self, lines: Iterable[ProbeLine], references: Sequence[str]) -> None:
        """Replace what is probed; a line that is unchanged goes on as it was."""
        now_ns = self._machine.steady_ns()
        self._clocks = self._machine.read()
        self._let_go(_FOREVER_NS)
        wanted = {line.line_id: line for line in lines}
        shared = shared_addresses(wanted.values(), references)
        turning = {line_id: found for line_id, line in wanted.items() if (found := self._profile(line, shared))}
        self._profiles = dict(turning)
        before = self._leave(wanted, turning, now_ns)
        for line_id, line in wanted.items():
            if line_id in self._tracks or (line_id in self._fleet and line_id not in before):
                continue
            if line_id not in turning or line_id in before:
                track = LineTrack(line, self._start_ns, now_ns, before.get(line_id))
                track.blinds_known = len(self._walking.blinds)
                self._walk(track)
        kept = {line_id: (profile, wanted[line_id]) for line_id, profile in turning.items()}
        idle = not self._lines
        self._fleet.set_lines(kept, self._tracks, self._machine.steady_ns)
        if idle:
            # Nothing was due while the first lines were laid out: that is no stall.
            self._clocks = self._machine.read()
        self._roster = next_roster(list(self._lines), wanted.values())
        self._lines = wanted
        self._limits.clear()
        self._numbers = {line_id: number for number, line_id in enumerate(self._roster)}
        self._fleet.number(self._numbers)
        self._sights.renew(references, {line.source for line in wanted.values()} or {None}, now_ns)
        self._seeing.mark()
        self._ready.extend([*self._closing, *self._tracks.values()])
        self._turn_ns = _tick_ns(self._fleet.per_s)

    def _profile(self, line: ProbeLine, shared: set[str]) -> Profile | None:
        if not self._turns or not shared.isdisjoint(line.targets):
            return None
        known, before = self._profiles.get(line.line_id), self._lines.get(line.line_id)
        return known if known is not None and (before is line or before == line) else self._fleet.profile(line)

    def _leave(self, wanted: dict[str, ProbeLine], turning: dict[str, Profile], now_ns: int) -> dict[str, LineTrack]:
        """End what is removed or changed; return the tracks that changed lines go on from."""
        before: dict[str, LineTrack] = {}
        for line_id, line in self._lines.items():
            same = wanted.get(line_id) is line or wanted.get(line_id) == line
            if same and (line_id in turning) == (line_id in self._fleet):
                continue
            track = self._tracks.get(line_id)
            if track is None:
                track = self._release(self._fleet.place(line_id))
            if same:
                if line_id not in turning:
                    track.place = None
                else:
                    del turning[line_id]  # it walks already, and goes on walking
                continue
            track.catch_up(self._walking.blinds)
            track.close(now_ns)
            del self._tracks[line_id]
            if line_id in wanted:
                before[line_id] = track
            else:
                self._closing.append(track)
        return before

    def tick(self) -> None:
        """Do everything that is due now."""
        before, self._clocks = self._clocks, self._machine.read()
        self._seeing.pass_time(before, self._clocks)
        now_ns = self._tick_ns = self._clocks.steady_ns
        drained = self._drain()
        self._seeing.book_drops(self._sockets.values(), now_ns)
        self._seeing.look_at_links(now_ns)
        if drained:
            self._expire(now_ns)
        self._send()
        self._seeing.trace_ways(now_ns, self._stamper() + _WORK_AT_MOST_NS, self._stamper)
        self._advance()
        if now_ns - self._close_ns >= _CLOSE_EVERY_NS and not self._losing:
            self._close()
        if self._outgoing.is_due(now_ns):
            self.hand_on()

    def stop(self) -> None:
        """End all lines and hand on what is known of them."""
        now_ns = self._machine.steady_ns()
        self._clocks = self._machine.read()
        self._drain()
        self._expire(now_ns)
        self._let_go(_FOREVER_NS)
        self._close()
        for place in [self._fleet.place(line_id) for line_id in self._lines if line_id in self._fleet]:
            line = self._fleet.where(place)
            if line[0].lines[line[1]].line_id not in self._tracks:
                self._release(place)
        self._sights.give(at_once=True)
        self._closing.extend(self._tracks.values())
        for track in self._closing:
            if track.alive:
                track.catch_up(self._walking.blinds)
                track.close(now_ns)
            self._give(track, at_once=True)
        self.hand_on()
        self._walking.resolver.close()
        self._egress.close()
        for sock in self._sockets.values():
            sock.close()

    def hand_on(self) -> None:
        """Hand on what is known so far."""
        now_ns = self._clocks.steady_ns
        drops = sum(sock.drops for sock in self._sockets.values())
        at = self._wall.ending(now_ns)
        health = self._outgoing.health(at, len(self._lines), drops, self._flights.counters)
        batch = self._outgoing.take(now_ns, health, self._roster)
        for number, received, sent in self._limits.take(batch.rows):
            detail = f"{self._roster[number]}: {received} of {sent} packets answered, window after window"
            self._outgoing.events.append(ProbeEvent("rate_limited", at, detail))
        self._emit(batch)

    def _drain(self) -> bool:
        """Read what has arrived; tell whether that was everything."""
        complete = True
        for sock in self._sockets.values():
            complete &= self._replies.drain(sock, self._clocks)
        return complete

    def _expire(self, now_ns: int) -> None:
        for wheel in self._fleet.wheels:
            for position in wheel.expire(now_ns):
                if wheel.is_turning(position):
                    self._losing.append(wheel.lanes[0].index[position])
        self._let_go(_WORK_AT_MOST_NS)
        for flight in self._flights.expire(now_ns):
            self._walking.touch(flight.owner)

    def _let_go(self, at_most_ns: int) -> None:
        """Let lines that lost a packet walk; a mass outage is worked off over some ticks, so that the clocks go on."""
        until_ns = self._stamper() + at_most_ns
        while self._losing and self._stamper() < until_ns:
            place = self._losing.popleft()
            wheel, position = self._fleet.where(place)
            if wheel.is_turning(position):
                self._release(place)

    def _send(self) -> None:
        """Send what is due, the most important lines first, whether they turn or walk; what is too late is left out.

        After each slice of less important ones it looks at the more important ones again.
        """
        until_ns = self._clocks.steady_ns + _TICK_AT_MOST_NS
        ranks = sorted({*self._walking.due.ranks, *(wheel.profile.rank for wheel in self._fleet.wheels)})
        while any(self._serve(rank) for rank in ranks):
            self._drain()
            if self._stamper() >= until_ns:
                self._leave_out()
                return

    def _serve(self, rank: int) -> bool:
        """Send a slice of each that is due of a rank; tell whether there may be more."""
        more = self._walking.send_due(rank, self._stamper, self._clocks, self._seeing.stood_until_ns)
        for wheel in self._fleet.wheels:
            if wheel.profile.rank == rank and self._turn(wheel, self._stamper()):
                more = True
        return more

    def _leave_out(self) -> None:
        """Pass over what is overdue and has no time left: it is blind, and does not pile up."""
        for rank in self._walking.due.ranks:
            self._walking.leave_out(rank, self._stamper(), self._seeing.stood_until_ns)
        for wheel in self._fleet.wheels:
            while is_overdue(wheel, self._stamper()) and self._turn(wheel, self._stamper()):
                pass

    def _turn(self, wheel: Wheel, now_ns: int) -> bool:
        """Send the next slice of a wheel; tell whether anything was due."""
        if wheel.must_close():
            self._make_room(wheel)
        done = serve(wheel, now_ns, self._stamper, self._seeing.stood_until_ns, self._late)
        if done is None:
            return False
        sent, errors, skipped = done
        self._flights.counters.sent += sent
        self._outgoing.send_errors += errors
        self._outgoing.skipped += skipped
        return True

    def _make_room(self, wheel: Wheel) -> None:
        for position in wheel.expire(self._clocks.steady_ns):
            if wheel.is_turning(position):
                self._losing.append(wheel.lanes[0].index[position])
        self._let_go(_FOREVER_NS)
        self._shut(wheel)

    def _release(self, place: int) -> LineTrack:
        """Let a line that is not quiet walk by itself."""
        handing = self._sights.of(self._fleet.source(place)).handing
        track = self._fleet.release(place, self._clocks, handing.taken)
        track.blinds_known = len(self._walking.blinds)
        self._walk(track)
        return track

    def _wake(self, index: int) -> None:
        """Let a dead line that answered walk by itself; `index` is that of its deciding target."""
        self._release(index)

    def _walk(self, track: LineTrack) -> None:
        self._tracks[track.line.line_id] = track
        self._walking.due.push(track)
        self._walking.touch(track)

    def _ended(self, flight: Flight[Track]) -> None:
        self._walking.touch(flight.owner)

    def _hear_error(self, error: Quoted) -> None:
        self._onsets.hear(error, self._clocks.steady_ns)

    def _close(self) -> None:
        self._close_ns = self._clocks.steady_ns
        for wheel in self._fleet.wheels:
            self._shut(wheel)
        self._sights.give()

    def _shut(self, wheel: Wheel) -> None:
        """Close what can be closed of a wheel."""
        self._sights.of(wheel.profile.source).handing.take(wheel, wheel.close(self._fleet.blind))

    def _advance(self) -> None:
        now_ns = self._clocks.steady_ns
        self._sights.advance(now_ns)
        until_ns = self._stamper() + _WORK_AT_MOST_NS
        for track in self._walking.take_touched(until_ns, self._stamper):
            due_ns = track.schedule.due_ns
            track.advance(now_ns)
            if track.schedule.due_ns != due_ns:
                self._walking.due.push(track)
            self._outgoing.evidence.extend(self._onsets.tell(track, now_ns))
            self._give_or_wait(track)
            if not track.waits and self._fleet.take_back(track, now_ns):
                track.alive = False
                del self._tracks[track.line.line_id]
        if self._sights.waits:
            self._sights.give()
        if self._sights.something_new():
            self._ready.extend(self._waiting)
            self._waiting.clear()
        while self._ready and self._stamper() <= until_ns + _WORK_AT_MOST_NS:
            track = self._ready.popleft()
            self._give_or_wait(track)
            self._walking.touch(track)
        self._sights.hurry(now_ns)
        self._closing = [track for track in self._closing if track.waits]

    def _give_or_wait(self, track: LineTrack) -> None:
        self._give(track)
        if track.waits:
            self._waiting[track] = None
            self._sights.of(track.line.source).wanted = True

    def _give(self, track: LineTrack, *, at_once: bool = False) -> None:
        """Hand on a line's own windows, after those that its wheel has closed."""
        if track.came_from is not None and track.behind >= 0:
            handing = self._sights.of(self._fleet.source(track.came_from)).handing
            if track.behind > handing.given:
                if not at_once:
                    return
                handing.give(at_once=True)
            track.behind = -1
            track.ended_us = max(track.ended_us, self._fleet.ended_us[track.came_from])
        number = self._numbers.get(track.line.line_id)
        for reading in track.readings(self._sights.vantage_of, self._wall, at_once=at_once):
            if number is not None:
                self._outgoing.add(number, reading)


def _tick_ns(per_s: float) -> int:
    return next((tick_ns for most_per_s, tick_ns in _TICKS_NS if per_s <= most_per_s), _TICK_NS)
