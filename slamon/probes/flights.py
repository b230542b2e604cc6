"""Packets on their way: what a reply must show to be believed, and how each one that is not is counted.

A reply counts when its source address, identifier, sequence number and payload are those of a packet that is still
on its way, and the kernel stamped it within the timeout. After the timeout it is late for ever (F6), a second one is
a duplicate (F9), one from elsewhere or without our cookie is forged (F10), a damaged one is corrupt.
"""

from __future__ import annotations

import heapq
import secrets
from dataclasses import dataclass
from typing import Generic, TypeVar

from slamon.probes.icmp_socket import Arrival
from slamon.probes.packet import MS_NS, Packet
from slamon.probes.shape import COOKIE_BYTES, MIN_PAYLOAD_BYTES, SINGLE, Shape, marks, payload
from slamon.probes.walltime import ClockReading

Owner = TypeVar("Owner")

# A reply stamped in time reaches the socket's queue within this; only then is a packet called lost.
GRACE_NS = 5 * MS_NS
# When wall and steady clock move against each other by more than this during a probe, its RTT is dropped (F2).
OFFSET_TOLERANCE_NS = MS_NS
_CLOSED_KEPT = 65_536


@dataclass(slots=True)
class Counters:
    """What came of all packets since the prober started."""

    sent: int = 0
    received: int = 0
    late: int = 0
    duplicate: int = 0
    corrupt: int = 0
    forged: int = 0


@dataclass(slots=True, eq=False)
class Flight(Generic[Owner]):
    """A packet on its way, for `owner`; the wall offset is the one in force when it left."""

    owner: Owner
    packet: Packet
    host: str
    payload_bytes: int
    timeout_ns: int
    wall_ns: int = 0
    offset_ns: int = 0


class Flights(Generic[Owner]):
    """Single packets on their way, by number; the number's low 16 bits are the ICMP sequence.

    A packet that a wheel sent for a line that has left it since is adopted by a key of its own.
    """

    def __init__(self, cookie: bytes | None = None) -> None:
        self.counters = Counters()
        self.cookie = cookie or secrets.token_bytes(COOKIE_BYTES)
        self._next = 0
        self._flying: dict[int, Flight[Owner]] = {}
        self._deadlines: list[tuple[int, int]] = []
        self._closed: dict[int, tuple[str, bool]] = {}
        self._shapes: dict[tuple[int, int, int], Shape] = {}

    def number(self) -> int:
        """Return the number of the next packet."""
        self._next = self._next % (SINGLE - 1) + 1
        return self._next

    def payload(self, number: int, payload_bytes: int) -> bytes:
        """Return the payload of a packet: its numbers, our cookie, filler."""
        return payload(self.cookie, number & 0xFFFF, SINGLE | number, payload_bytes)

    def packet(self, number: int, payload_bytes: int, identifier: int, family: int) -> bytes:
        """Return a whole packet."""
        return self.shape(payload_bytes, identifier, family).packet(number & 0xFFFF, SINGLE | number)

    def shape(self, payload_bytes: int, identifier: int, family: int) -> Shape:
        """Return what packets of this size have in common."""
        found = self._shapes.get((payload_bytes, identifier, family))
        if found is None:
            found = self._shapes[payload_bytes, identifier, family] = Shape(
                identifier, family, self.cookie, payload_bytes
            )
        return found

    def launch(self, number: int, flight: Flight[Owner]) -> None:
        """Note that a packet has left."""
        self.counters.sent += 1
        self.adopt(number, flight)

    def adopt(self, number: int, flight: Flight[Owner]) -> None:
        """Take over a packet that has left already."""
        self._flying[number] = flight
        heapq.heappush(self._deadlines, (flight.packet.at_ns + flight.timeout_ns + GRACE_NS, number))

    def land(self, arrival: Arrival, identifier: int, clocks: ClockReading) -> Flight[Owner] | None:
        """Match a reply; return the flight that it ends, or None where it was counted as something else."""
        if arrival.identifier != identifier:
            return None
        number = self._believe(arrival)
        return None if number is None else self.settle(number, arrival.stamp_ns, clocks)

    def settle(self, number: int, stamp_ns: int | None, clocks: ClockReading) -> Flight[Owner] | None:
        """Book a reply that was believed; return the flight that it ends, if it is in time and the first one."""
        flight = self._flying.get(number)
        if flight is None:
            _, answered = self._closed.get(number, ("", False))
            self.counters.duplicate += answered
            self.counters.late += not answered
            return None
        elapsed_ns, rtt_ns = elapsed(flight.packet.at_ns, flight.wall_ns, flight.offset_ns, stamp_ns, clocks)
        if elapsed_ns > flight.timeout_ns:
            self.counters.late += 1
            return None
        self._close(number, answered=True)
        self.counters.received += 1
        flight.packet.answer(rtt_ns)
        return flight

    def expire(self, now_ns: int) -> list[Flight[Owner]]:
        """End the packets whose time was over by `now_ns`, up to which everything that came has been read."""
        ended: list[Flight[Owner]] = []
        while self._deadlines and self._deadlines[0][0] <= now_ns:
            number = heapq.heappop(self._deadlines)[1]
            flight = self._flying.get(number)
            if flight is not None:
                self._close(number, answered=False)
                flight.packet.expire()
                ended.append(flight)
        return ended

    def doubt(self) -> None:
        """Say that replies to what is on its way now may have been dropped by ourselves: unanswered is unknown."""
        for flight in self._flying.values():
            flight.packet.voidable = True

    def _believe(self, arrival: Arrival) -> int | None:
        """Return the number of our packet that a reply answers, if address, numbers and payload are right."""
        if not arrival.intact:
            self.counters.corrupt += 1
            return None
        found = marks(arrival.payload)
        if found is None:
            known = len(arrival.payload) >= MIN_PAYLOAD_BYTES and self.cookie in arrival.payload
            self.counters.corrupt += known
            self.counters.forged += not known
            return None
        index, cookie = found
        number = index & ~SINGLE
        flight = self._flying.get(number)
        host = flight.host if flight is not None else self._closed.get(number, (arrival.host, False))[0]
        ours = cookie == self.cookie and index & SINGLE and number & 0xFFFF == arrival.sequence
        if not ours or not number or arrival.host != host:
            self.counters.forged += 1
            return None
        if flight is not None and arrival.payload != self.payload(number, flight.payload_bytes):
            self.counters.corrupt += 1
            return None
        return number

    def _close(self, number: int, *, answered: bool) -> None:
        self._closed[number] = self._flying.pop(number).host, answered
        while len(self._closed) > _CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]


def elapsed(
    at_ns: int, wall_ns: int, offset_ns: int, stamp_ns: int | None, clocks: ClockReading
) -> tuple[int, int | None]:
    """Return how long a reply took, and its RTT: None where the clocks moved under it or the kernel set no stamp."""
    until_read_ns = max(0, clocks.steady_ns - at_ns)
    moved = abs(clocks.offset_ns - offset_ns) > OFFSET_TOLERANCE_NS
    if stamp_ns is None or moved:
        return until_read_ns, None
    rtt_ns = stamp_ns - wall_ns
    return (rtt_ns, rtt_ns) if rtt_ns >= 0 else (until_read_ns, None)
