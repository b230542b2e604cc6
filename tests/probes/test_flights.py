"""What a reply must show to be believed (F2, F6, F8, F9, F10), without a network."""

import pytest

from slamon.probes.flights import GRACE_NS, Flight, Flights
from slamon.probes.icmp_socket import Arrival, parse
from slamon.probes.packet import MS_NS, SECOND_NS, Outcome, Packet
from slamon.probes.shape import MIN_PAYLOAD_BYTES, internet_checksum
from slamon.probes.walltime import ClockReading

HOST, OURS = "192.0.2.1", 4711
WALL_NS = 1_800_000_000 * SECOND_NS


def at(steady_ns: int, ahead_ns: int = 0) -> ClockReading:
    return ClockReading(steady_ns, steady_ns + WALL_NS + ahead_ns, steady_ns)


class Sky:
    """One packet of 56 bytes on its way since 0, timeout one second."""

    def __init__(self) -> None:
        self.flights: Flights[str] = Flights()
        self.number = self.flights.number()
        self.packet = Packet(0)
        self.flights.launch(self.number, Flight("L", self.packet, HOST, 56, SECOND_NS, WALL_NS, WALL_NS))

    def reply(self, after_ms: float = 20, read_ms: float | None = None, ahead_ms: float = 0, **changed: object) -> bool:
        """Let a reply arrive; tell whether it was believed and in time."""
        stamp_ns = WALL_NS + round((after_ms + ahead_ms) * MS_NS)
        members: dict[str, object] = {
            "host": HOST,
            "identifier": OURS,
            "sequence": self.number,
            "payload": self.flights.payload(self.number, 56),
            "stamp_ns": stamp_ns,
            "intact": True,
        }
        arrival = Arrival(**{**members, **changed})  # type: ignore[arg-type]
        read_ns = round((read_ms if read_ms is not None else after_ms) * MS_NS)
        return self.flights.land(arrival, OURS, at(read_ns, round(ahead_ms * MS_NS))) is not None

    def counted(self) -> dict[str, int]:
        counters = self.flights.counters
        names = ("received", "late", "duplicate", "corrupt", "forged")
        return {name: count for name in names if (count := getattr(counters, name))}


def test_a_true_reply_in_time_has_the_rtt_of_the_kernels_stamp():
    """F5: read 3 s late by a stalled process, it is still in time and 20 ms. Mutant: elapsed by the reading clock."""
    sky = Sky()
    assert sky.reply(after_ms=20, read_ms=3000)
    assert sky.packet.rtt_ns == 20 * MS_NS
    assert sky.counted() == {"received": 1}


def test_a_late_reply_is_late_for_ever():
    """F6. Mutant: `land` without the comparison to the timeout; the packet is then answered after 1.2 s."""
    sky = Sky()
    assert not sky.reply(after_ms=1200)
    sky.flights.expire(SECOND_NS + GRACE_NS)
    assert not sky.reply(after_ms=1300)
    assert sky.packet.outcome is Outcome.LOST
    assert sky.counted() == {"late": 2}


def test_a_second_reply_is_a_duplicate():
    """F9. Mutant: `_close` leaving the flight open; two received of one sent."""
    sky = Sky()
    assert sky.reply()
    assert not sky.reply(after_ms=25)
    assert sky.counted() == {"received": 1, "duplicate": 1}


@pytest.mark.parametrize(
    ("changed", "counted"),
    [
        pytest.param({"host": "192.0.2.66"}, {"forged": 1}, id="from another address"),
        pytest.param({"sequence": 2}, {"forged": 1}, id="with another sequence number"),
        pytest.param({"payload": bytes(56)}, {"forged": 1}, id="without our cookie"),
        pytest.param({"payload": Flights[str]().payload(1, 56)}, {"forged": 1}, id="with another process's cookie"),
        pytest.param({"payload": b""}, {"forged": 1}, id="empty, as icmplib accepts it"),
        pytest.param({"identifier": 4712}, {}, id="of another process: not ours to count (F8)"),
        pytest.param({"intact": False}, {"corrupt": 1}, id="with a wrong checksum"),
    ],
)
def test_what_is_not_our_packets_reply_answers_nothing(changed, counted):
    """F8, F10. Mutants: `_believe` without the address, the cookie or the sequence; each lets one row through."""
    sky = Sky()
    assert not sky.reply(**changed)
    assert sky.packet.outcome is Outcome.PENDING
    assert sky.counted() == counted


def test_a_damaged_payload_is_corrupt():
    sky = Sky()
    payload = bytearray(sky.flights.payload(sky.number, 56))
    payload[-1] ^= 1
    assert not sky.reply(payload=bytes(payload))
    assert not sky.reply(payload=bytes(payload[:MIN_PAYLOAD_BYTES]))
    assert sky.counted() == {"corrupt": 2}


def test_cookies_of_two_processes_differ():
    """F8: the same number, another process. Mutant: a constant cookie."""
    assert Flights[str]().payload(1, 16) != Flights[str]().payload(1, 16)


@pytest.mark.parametrize("ahead_ms", [pytest.param(5000, id="forward"), pytest.param(-5000, id="back")])
def test_a_clock_step_during_a_probe_drops_its_rtt(ahead_ms):
    """F2: the reply counts, its RTT does not. Mutant: `elapsed` without `moved`: 5,020 ms, or a late reply."""
    sky = Sky()
    assert sky.reply(after_ms=20, ahead_ms=ahead_ms)
    assert sky.packet.outcome is Outcome.ANSWERED
    assert sky.packet.rtt_ns is None


def test_replies_that_we_may_have_dropped_are_unknown():
    sky = Sky()
    sky.flights.doubt()
    sky.flights.expire(2 * SECOND_NS)
    assert sky.packet.outcome is Outcome.VOID


def echo_reply(payload: bytes, ip_options: bytes = b"") -> bytes:
    header = bytes([0x40 | (20 + len(ip_options)) // 4]) + bytes(19) + ip_options
    icmp = b"\x00\x00\x00\x00" + OURS.to_bytes(2, "big") + b"\x00\x07" + payload
    return header + icmp[:2] + internet_checksum(icmp).to_bytes(2, "big") + icmp[4:]


@pytest.mark.parametrize("options", [b"", bytes(4), bytes(40)], ids=["no IP options", "4 bytes", "40 bytes"])
def test_the_length_of_the_ip_header_is_respected(options):
    arrival = parse(echo_reply(b"payload!", options), HOST, None, 4, has_ip_header=True)
    assert arrival == Arrival(HOST, OURS, 7, b"payload!", None, intact=True)


def test_any_bytes_can_be_parsed():
    """Cut short anywhere or damaged anywhere, a packet is refused, shown as damaged, or true."""
    data = echo_reply(b"odd")
    for length in range(len(data)):
        found = parse(data[:length], HOST, None, 4, has_ip_header=True)
        assert found is None or not found.intact
    for bit in range(20 * 8, len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        found = parse(bytes(damaged), HOST, None, 4, has_ip_header=True)
        assert found is None or not found.intact
