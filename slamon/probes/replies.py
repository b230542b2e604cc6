"""Reading what has arrived: the quick way for the reply that was expected, the careful one for all else."""

from __future__ import annotations

import struct
from collections.abc import Callable

from slamon.probes.fleet import Fleet, adopted
from slamon.probes.flights import Flight, Flights, elapsed
from slamon.probes.icmp_socket import ANCILLARY_BYTES, EchoSocket, parse
from slamon.probes.lane import DEAD_PENDING, DOUBTFUL, NO_RTT, PENDING, Lane
from slamon.probes.quoting import Quoted, quoted
from slamon.probes.track import Track
from slamon.probes.walltime import ClockReading
from slamon.probes.wheel import DEAD

DRAIN_LIMIT = 20_000
_NUMBERS = struct.Struct("!HHHHHII")
_STAMP = struct.Struct("qq")
_ALL = 0xFFFF_FFFF
_REPLY = {4: 0, 6: 129 << 8}
# An error may quote up to 576 bytes (RFC 1812) or 1,280 (RFC 4443); a quick look needs far less.
_AT_LEAST_BYTES = 256


class Replies:
    """Books replies; `wake` is told of a dead line that answered, `ended` of a single packet that was decided."""

    def __init__(
        self,
        fleet: Fleet,
        flights: Flights[Track],
        wake: Callable[[int], None],
        ended: Callable[[Flight[Track]], None],
        errors: Callable[[Quoted], None],
    ) -> None:
        self._fleet, self._flights = fleet, flights
        self._wake, self._ended, self._errors = wake, ended, errors

    def drain(self, sock: EchoSocket, clocks: ClockReading) -> bool:
        """Read what has arrived; tell whether that was everything."""
        recvmsg, unpack, stamp_of = sock.socket.recvmsg, _NUMBERS.unpack_from, _STAMP.unpack
        lanes, positions = self._fleet.lanes, self._fleet.positions
        known, offset_ns, moved_ns = len(lanes), clocks.offset_ns, self._fleet.moved_ns
        has_header, wanted, own = sock.has_ip_header, _REPLY[sock.family], sock.identifier
        size = max(_AT_LEAST_BYTES, self._fleet.largest + 64)
        start = received = 0
        try:
            for _ in range(DRAIN_LIMIT):
                try:
                    data, ancillary, _, source = recvmsg(size, ANCILLARY_BYTES)
                except BlockingIOError:
                    return True
                except OSError:
                    continue  # a pending ICMP error of some destination; the next call reads on
                if has_header and data:
                    start = (data[0] & 15) << 2
                try:
                    kind, checksum, identifier, sequence, inverse, index, complement = unpack(data, start)
                except struct.error:
                    kind = checksum = identifier = sequence = inverse = index = complement = -1
                ours = kind == wanted and identifier == own and index < known
                if ours and sequence ^ inverse == 0xFFFF and index ^ complement == _ALL:
                    lane, position = lanes[index], positions[index]
                    if (
                        source[0] == lane.hosts[position]
                        and data[start + 18 :] == lane.tail
                        and (not has_header or checksum == lane.reply_checksum)
                    ):
                        place = sequence % lane.ring * lane.n + position
                        if lane.rtt[place] == PENDING and lane.seqs[place] == sequence and len(ancillary) == 1:
                            seconds, nanos = stamp_of(ancillary[0][2])
                            sent_ns = lane.sent[place]
                            rtt_ns = seconds * 1_000_000_000 + nanos - sent_ns - offset_ns
                            if 0 <= rtt_ns <= lane.timeout_ns and sent_ns > moved_ns:
                                lane.rtt[place] = rtt_ns
                                received += 1
                                continue
                        self._odd(lane, position, index, sequence, sock.stamp(ancillary), clocks)
                        continue
                self._strange(sock, data, source[0], sock.stamp(ancillary), clocks)
            return False
        finally:
            self._flights.counters.received += received

    def _odd(
        self, lane: Lane, position: int, index: int, sequence: int, stamp_ns: int | None, clocks: ClockReading
    ) -> None:
        """Book a true reply to a packet of a wheel that is not simply the one awaited."""
        counters = self._flights.counters
        place = sequence % lane.ring * lane.n + position
        state = lane.rtt[place]
        if lane.seqs[place] == sequence and (state >= 0 or state == NO_RTT):
            counters.duplicate += 1
        elif lane.seqs[place] == sequence and state in (PENDING, DOUBTFUL, DEAD_PENDING):
            sent_ns = lane.sent[place]
            # An offset from elsewhere says that the clocks moved since the packet left.
            offset_ns = clocks.offset_ns if sent_ns > self._fleet.moved_ns else 1 << 62
            took_ns, rtt_ns = elapsed(sent_ns, sent_ns + clocks.offset_ns, offset_ns, stamp_ns, clocks)
            if took_ns > lane.timeout_ns:
                counters.late += 1
            elif lane.wheel.mode[position] == DEAD and lane is lane.wheel.lanes[0]:
                self._wake(index)
                self._settle(adopted(index, sequence), stamp_ns, clocks)
            else:
                lane.rtt[place] = NO_RTT if rtt_ns is None else rtt_ns
                counters.received += 1
        else:
            self._settle(adopted(index, sequence), stamp_ns, clocks)

    def _settle(self, number: int, stamp_ns: int | None, clocks: ClockReading) -> None:
        flight = self._flights.settle(number, stamp_ns, clocks)
        if flight is not None:
            self._ended(flight)

    def _strange(self, sock: EchoSocket, data: bytes, host: str, stamp_ns: int | None, clocks: ClockReading) -> None:
        """Look at anything else: the reply to a single packet, an error, or what only looks like ours."""
        error = quoted(data, host, sock.family, has_ip_header=sock.has_ip_header)
        if error is not None:
            if error.identifier == sock.identifier:
                self._errors(error)
            return
        arrival = parse(data, host, stamp_ns, sock.family, has_ip_header=sock.has_ip_header)
        if arrival is not None:
            flight = self._flights.land(arrival, sock.identifier, clocks)
            if flight is not None:
                self._ended(flight)
