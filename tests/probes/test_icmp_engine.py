"""The probing loop on loopback, with clocks that the test sets (F2, F21)."""

import select
import socket
import struct
from collections.abc import Callable
from itertools import pairwise

import pytest

from slamon.core.reading import Reading
from slamon.probes.icmp_engine import CONFIRM_PER_S, IcmpEngine
from slamon.probes.icmp_socket import SO_TIMESTAMPNS, open_sockets
from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import Batch, Health, ProbeEvent, ProbeLine
from slamon.probes.walltime import ClockReading, Clocks, read_clocks
from tests.lab.netns import Wire
from tests.lab.responder import Request, responder
from tests.probes.watching import deciding, ends, line, verdict

pytestmark = pytest.mark.lab

LINES = [ProbeLine("four", "127.0.0.1", interval_s=1, packets=2), ProbeLine("six", "::1", interval_s=1, packets=2)]


class SetClocks(Clocks):
    """The machine's clocks, after it slept, after its wall clock was set, or with a loop that was late."""

    slept_s = 0.0
    late_s = 0.0
    set_s = 0.0

    def read(self) -> ClockReading:
        now = read_clocks()
        late_ns = round(self.late_s * SECOND_NS)
        gone_ns = late_ns + round(self.slept_s * SECOND_NS)
        wall_ns = now.wall_ns + gone_ns + round(self.set_s * SECOND_NS)
        return ClockReading(now.steady_ns + gone_ns, wall_ns, now.awake_ns + late_ns)

    def steady_ns(self) -> int:
        return self.read().steady_ns


class ShiftedSocket:
    """A real socket; the kernel's stamps are those of the clocks that the test set."""

    def __init__(self, sock: socket.socket, clocks: SetClocks) -> None:
        self._sock, self._clocks = sock, clocks
        self.sendto, self.fileno, self.setsockopt = sock.sendto, sock.fileno, sock.setsockopt
        self.getsockopt, self.close = sock.getsockopt, sock.close

    def recvmsg(self, size: int, ancillary_size: int):
        data, ancillary, flags, source = self._sock.recvmsg(size, ancillary_size)
        clocks = self._clocks
        shift_ns = round((clocks.late_s + clocks.slept_s + clocks.set_s) * SECOND_NS)
        shifted = []
        for level, kind, value in ancillary:
            moved = value
            if kind == SO_TIMESTAMPNS:
                seconds, nanos = STAMP.unpack(value)
                moved = STAMP.pack(*divmod(seconds * SECOND_NS + nanos + shift_ns, SECOND_NS))
            shifted.append((level, kind, moved))
        return data, shifted, flags, source


STAMP = struct.Struct("qq")


class Bench:
    """An engine and what it handed on."""

    def __init__(self, confirm_per_s: int = CONFIRM_PER_S) -> None:
        self.clocks = SetClocks()
        self.readings: list[Reading] = []
        self.events: list[ProbeEvent] = []
        self.healths: list[Health] = []
        sockets, missing = open_sockets()
        for sock in sockets.values():
            sock.socket = ShiftedSocket(sock.socket, self.clocks)  # type: ignore[assignment]
        self.engine = IcmpEngine(self._take, self.clocks, confirm_per_s, (sockets, missing))

    def _take(self, batch: Batch) -> None:
        self.readings.extend(batch.readings)
        self.events.extend(batch.events)
        self.healths.append(batch.health)

    def run_until(self, holds: Callable[[], bool]) -> None:
        deadline_ns = read_clocks().steady_ns + 10 * SECOND_NS
        while not holds():
            assert read_clocks().steady_ns < deadline_ns, "not within ten seconds"
            select.select(self.engine.descriptors, [], [], self.engine.wait_s())
            self.engine.tick()

    def verdicts(self, line_id: str) -> str:
        return "".join(verdict(reading) for reading in self.readings if reading.line_id == line_id)

    def rtts(self) -> list[float]:
        return [stats.rtt_max_ms for r in self.readings if (stats := deciding(r)) and stats.rtt_max_ms is not None]


@pytest.fixture
def bench():
    made = Bench()
    made.engine.set_lines(LINES, [])
    made.run_until(lambda: all(made.verdicts(each.line_id) for each in LINES))
    yield made
    made.engine.stop()


def after(bench: Bench) -> bool:
    return all(ends(bench.verdicts(each.line_id), "?..") for each in LINES)


def test_a_suspended_machine_is_blind(bench):
    """F21: a minute asleep is a blind minute, nothing is lost, time of day goes on by itself.

    Mutant: `Seeing.pass_time` without the look at `asleep_ns`; only a stall is said.
    """
    bench.clocks.slept_s = 60
    bench.run_until(lambda: after(bench))
    for each in LINES:
        assert set(bench.verdicts(each.line_id)) == {".", "?"}
        blind = [r for r in bench.readings if r.line_id == each.line_id and r.blind]
        assert 60 <= (blind[-1].end - blind[0].start).total_seconds() < 62
    assert [event.kind for event in bench.events] == ["suspended"]


@pytest.mark.parametrize("by_s", [pytest.param(3600.0, id="forward"), pytest.param(-1.5, id="back")])
def test_a_clock_step_is_said_and_costs_no_packet(bench, by_s):
    """F2: the step is an event, blind where it fell; RTTs stay what they were, readings never overlap.

    Mutants: `WallTime.check` that never steps: no event. `elapsed` without `moved`: RTTs of an hour.
    """
    bench.clocks.set_s = by_s
    bench.run_until(lambda: after(bench))
    assert [event.kind for event in bench.events] == ["clock_step"]
    assert max(bench.rtts()) < 50
    for each in LINES:
        own = [r for r in bench.readings if r.line_id == each.line_id]
        assert set(bench.verdicts(each.line_id)) == {".", "?"}
        gaps = [(later.start - earlier.end).total_seconds() for earlier, later in pairwise(own)]
        assert min(gaps) >= 0
        assert max(gaps) == (pytest.approx(3600, abs=0.01) if by_s > 0 else 0)


def test_a_full_socket_buffer_is_blind_and_said(lab: Wire):
    """Replies that our own socket dropped are no loss: counted, said, blind.

    Mutant: `Seeing.book_drops` without `_doubt`; packets that left before the drop and came back into it are lost.
    """

    def slow(request: Request) -> list[tuple[float, bytes]]:
        return [(0.25, request.reply())]

    lines = [line(f"L{number}", f"10.64.0.{number}", timeout_ms=1000) for number in range(1, 61)]
    addresses = [str(each.demarc) for each in lines]
    lab.cut(*addresses)
    with lab.near.entered():
        bench = Bench()
    bench.engine._sockets[4].socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)  # noqa: SLF001
    bench.engine.set_lines(lines, [])
    # A loop that is late by 0.4 s sends two dozen packets at once; their replies come at once too.
    bench.clocks.late_s = 0.4
    with responder(lab.far, dict.fromkeys(addresses, slow)):
        bench.run_until(lambda: all(len(bench.verdicts(each.line_id)) >= 4 for each in lines))
    assert "socket_drops" in [event.kind for event in bench.events]
    assert {mark for each in lines for mark in bench.verdicts(each.line_id)} == {".", "?"}
    bench.engine.stop()


def test_confirm_packets_have_a_cap_for_the_whole_vantage(lab: Wire):
    """F7: ten lines lost at once would send twenty confirm packets a second; with a cap of four they send four.

    Mutant: `Walking._serve` without the tokens; the cap is never reached.
    """
    lines = [line(f"L{number}", f"10.64.0.{number}", interval_s=1.5, packets=1) for number in range(1, 11)]
    lab.cut_uplink()
    with lab.near.entered():
        bench = Bench(confirm_per_s=4)
    bench.engine.set_lines(lines, [])
    bench.run_until(lambda: bool(bench.healths) and bench.healths[-1].confirm_capped >= 20)
    first, last = bench.healths[0], bench.healths[-1]
    span_s = (last.at - first.at).total_seconds() + 1
    usual = len(lines) * (span_s / 1.5 + 1)
    assert last.sent <= usual + 4 * (span_s + 1)
    bench.engine.stop()


def test_heartbeats_come_without_lines(bench):
    """A prober that probes nothing still says at least each second how far it has come."""
    bench.engine.set_lines([], [])
    told = len(bench.healths)
    bench.run_until(lambda: len(bench.healths) >= told + 3)
    last = [health.at for health in bench.healths[-3:]]
    assert all((later - earlier).total_seconds() < 1.3 for earlier, later in pairwise(last))
