"""An engine in virtual time: clocks that the test moves, and sockets whose far end is a function of target and time."""

from __future__ import annotations

import heapq
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from slamon.core.reading import Reading
from slamon.probes.egress import Egress, ScriptedRoutes
from slamon.probes.icmp_engine import IcmpEngine
from slamon.probes.icmp_socket import SO_TIMESTAMPNS, SendError, why
from slamon.probes.links import Links, ScriptedCarriers
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import Batch, OnsetEvidence, ProbeEvent, ProbeLine
from slamon.probes.shape import internet_checksum
from slamon.probes.walltime import ClockReading, Clocks

WALL_NS = 1_800_000_000 * SECOND_NS
TICK_NS = 5 * MS_NS
IDENTIFIER = 4711
_STAMP = struct.Struct("qq")

Far = Callable[[str, float], float | None]
"""After how many seconds a target answers a packet sent at this second: None never; raising `OSError`: not sent."""


class VirtualClocks(Clocks):
    """Steady time is what the test says; the wall clock runs along."""

    def __init__(self) -> None:
        self.now_ns = 0

    def read(self) -> ClockReading:
        return ClockReading(self.now_ns, self.now_ns + WALL_NS, self.now_ns)

    def steady_ns(self) -> int:
        return self.now_ns


@dataclass
class VirtualSocket:
    """What the engine needs of an `EchoSocket` of IPv4, and of the socket in it.

    Each packet takes `cost_ns`. While the far end is asked, `leaving_from` is the source address of the packet (None:
    the machine's choice).
    """

    clocks: VirtualClocks
    far: Far
    family: int = 4
    identifier: int = IDENTIFIER
    has_ip_header: bool = True
    drops: int = 0
    cost_ns: int = 0
    leaving_from: str | None = None
    sources: dict[str, set[str | None]] = field(default_factory=dict)
    sent: list[tuple[int, str]] = field(default_factory=list)
    _arriving: list[tuple[int, int, str, bytes]] = field(default_factory=list)

    @property
    def socket(self) -> VirtualSocket:
        return self

    def mark(self, dscp: int) -> None:
        """Every packet is alike."""

    def new_drops(self) -> int:
        return 0

    def close(self) -> None:
        """Nothing to close."""

    def stamp(self, ancillary: list[tuple[int, int, bytes]]) -> int:
        seconds, nanos = _STAMP.unpack(ancillary[0][2])
        return int(seconds) * SECOND_NS + int(nanos)

    def dispatch(self, packet: bytes, host: str, _dscp: int, source: str | None = None) -> None:
        try:
            self.leaving_from = source
            self.sendto(packet, (host, 0))
        except OSError as error:
            raise SendError(why(error)) from error

    def sendmsg(
        self, buffers: list[bytes], ancillary: list[tuple[int, int, bytes]], _flags: int, destination: tuple[str, int]
    ) -> int:
        self.leaving_from = socket.inet_ntoa(ancillary[0][2][4:8])
        return self.sendto(buffers[0], destination)

    def sendto(self, packet: bytes, destination: tuple[str, int]) -> int:
        host, now_ns = destination[0], self.clocks.now_ns
        assert internet_checksum(packet) == 0
        self.sent.append((now_ns, host))
        self.clocks.now_ns += self.cost_ns
        self.sources.setdefault(host, set()).add(self.leaving_from)
        after_s = self.far(host, now_ns / SECOND_NS)
        self.leaving_from = None
        if after_s is not None:
            reply = b"\0\0\0\0" + packet[4:]
            reply = reply[:2] + internet_checksum(reply).to_bytes(2, "big") + reply[4:]
            at_ns = now_ns + round(after_s * SECOND_NS)
            heapq.heappush(self._arriving, (at_ns, len(self.sent), host, bytes([0x45]) + bytes(19) + reply))
        return len(packet)

    def recvmsg(self, *_: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, tuple[str, int]]:
        if not self._arriving or self._arriving[0][0] > self.clocks.now_ns:
            raise BlockingIOError
        at_ns, _serial, host, data = heapq.heappop(self._arriving)
        stamp = _STAMP.pack(*divmod(at_ns + WALL_NS, SECOND_NS))
        return data, [(1, SO_TIMESTAMPNS, stamp)], 0, (host, 0)


class VirtualEngine:
    """An engine, and what it handed on; `wheels` tells whether quiet lines turn in wheels."""

    def __init__(self, lines: Sequence[ProbeLine], far: Far, *, wheels: bool, references: Sequence[str] = ()) -> None:
        self.carriers, self.routes = ScriptedCarriers(), ScriptedRoutes()
        self.clocks = VirtualClocks()
        self.socket = VirtualSocket(self.clocks, far)
        self.batches: list[Batch] = []
        self.events: list[ProbeEvent] = []
        self.evidence: list[OnsetEvidence] = []
        self.told: list[tuple[float, Reading]] = []
        self.turning: list[int] = []
        sockets = {4: self.socket}, {6: "no IPv6"}
        egress = Egress(Links(self.carriers), self.routes)
        self.engine = IcmpEngine(self._take, self.clocks, sockets=sockets, wheels=wheels, egress=egress)  # type: ignore[arg-type]
        self.engine.set_lines(lines, list(references))

    def _take(self, batch: Batch) -> None:
        self.events.extend(batch.events)
        self.evidence.extend(batch.evidence)
        self.told.extend((self.clocks.now_ns / SECOND_NS, reading) for reading in batch.readings)

    def run(self, until_s: float, stalls: Sequence[tuple[float, float]] = ()) -> VirtualEngine:
        """Tick every 5 ms, but not during stalls."""
        todo = list(stalls)
        while self.clocks.now_ns < until_s * SECOND_NS:
            self.engine.tick()
            self.clocks.now_ns += TICK_NS
            if todo and self.clocks.now_ns >= todo[0][0] * SECOND_NS:
                self.clocks.now_ns = max(self.clocks.now_ns, round(todo.pop(0)[1] * SECOND_NS) // TICK_NS * TICK_NS)
        return self

    def stop(self) -> VirtualEngine:
        self.engine.stop()
        return self

    def readings(self) -> dict[str, list[Reading]]:
        found: dict[str, list[Reading]] = {}
        for _, reading in self.told:
            found.setdefault(reading.line_id, []).append(reading)
        return found
