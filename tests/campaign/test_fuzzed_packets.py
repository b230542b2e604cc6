"""Whatever arrives at the engine's socket, it goes on and believes none of it (campaign 5 for ICMP; F10)."""

import socket
import struct
from itertools import pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from slamon.probes.icmp_socket import SO_TIMESTAMPNS
from slamon.probes.packet import SECOND_NS
from slamon.probes.protocol import ProbeLine
from slamon.probes.quoting import quoted
from slamon.probes.shape import internet_checksum
from tests.probes.skies import IDENTIFIER, WALL_NS, VirtualEngine

HOSTS = ("10.0.0.1", "10.0.0.2", "10.0.0.3", "192.0.2.9", "255.255.255.255", "0.0.0.1")
RTT_S = 0.02


def ip(body: bytes, options: bytes = b"") -> bytes:
    return bytes([0x40 | (20 + len(options)) // 4]) + bytes(19) + options + body


def summed(icmp: bytes) -> bytes:
    return icmp[:2] + internet_checksum(icmp[:2] + b"\0\0" + icmp[4:]).to_bytes(2, "big") + icmp[4:]


echoes = st.builds(
    lambda kind, code, identifier, rest: summed(bytes([kind, code, 0, 0]) + identifier.to_bytes(2, "big") + rest),
    st.sampled_from([0, 8, 129, 3, 11]),
    st.integers(0, 255),
    st.sampled_from([IDENTIFIER, IDENTIFIER ^ 1, 0, 0xFFFF]),
    st.binary(max_size=80),
)
# Errors that quote something that may look like one of ours: any header length, cut short anywhere.
errors = st.builds(
    lambda kind, code, head, inner, cut: summed(bytes([kind, code]) + bytes(6) + (head + inner)[:cut]),
    st.sampled_from([3, 11, 4, 5, 12]),
    st.integers(0, 255),
    st.integers(0, 255).map(lambda first: bytes([first]) + bytes(19)),
    st.one_of(st.binary(max_size=60), echoes),
    st.integers(0, 80),
)
# A raw socket of IPv4 hands on whole IP headers, whatever they say; so there are 20 bytes at least.
packets = st.one_of(
    st.binary(min_size=20, max_size=100),
    st.builds(ip, st.one_of(echoes, errors, st.binary(max_size=60)), st.sampled_from([b"", bytes(4), bytes(40)])),
    st.builds(lambda size, fill: ip(summed(bytes(8) + bytes([fill]) * size)), st.just(65_000), st.integers(0, 255)),
)
# A true reply, spoilt: cut, a bit turned, with bytes behind it, or whole but of another identifier.
spoilings = st.tuples(
    st.sampled_from(["cut", "bit", "longer", "other host", "other identifier"]), st.integers(0, 1 << 20)
)


def spoilt(data: bytes, how: tuple[str, int]) -> bytes:
    kind, number = how
    if kind == "cut":
        return data[: 20 + number % (len(data) - 20)]
    if kind == "longer":
        return data + bytes(1 + number % 64)
    if kind == "other identifier":
        return data[:20] + summed(data[20:24] + (IDENTIFIER ^ (1 << number % 16)).to_bytes(2, "big") + data[26:])
    if kind == "bit":
        at = 20 * 8 + number % ((len(data) - 20) * 8)
        changed = bytearray(data)
        changed[at // 8] ^= 1 << at % 8
        return bytes(changed)
    return data


class NoisyEngine(VirtualEngine):
    """Lines 1 and 2 answer, line 3 is dead; between their replies comes what a list says."""

    def __init__(self, noise: list[tuple[bytes, str]], spoilings: list[tuple[str, int]], *, wheels: bool) -> None:
        lines = [ProbeLine(f"L{n}", f"10.0.0.{n}", interval_s=1, packets=2, timeout_ms=300) for n in (1, 2, 3)]
        super().__init__(lines, self.far_end, wheels=wheels)
        self.noise, self.spoilings = noise, spoilings
        true = self.socket.sendto
        arrive = self.socket.recvmsg
        waiting: list[tuple[bytes, str]] = []

        def sendto(packet: bytes, destination: tuple[str, int]) -> int:
            waiting.extend(self.noise)
            reply = ip(summed(b"\0\0\0\0" + packet[4:]))
            for how in self.spoilings:
                host = "192.0.2.9" if how[0] == "other host" else destination[0]
                waiting.append((spoilt(reply, how), host))
            return true(packet, destination)

        def recvmsg(size: int, room: int):
            if waiting:
                data, host = waiting.pop()
                stamp = struct.pack("qq", *divmod(self.clocks.now_ns + WALL_NS, SECOND_NS))
                return data[:size], [(socket.SOL_SOCKET, SO_TIMESTAMPNS, stamp)], 0, (host, 0)
            return arrive(size, room)

        self.socket.sendto, self.socket.recvmsg = sendto, recvmsg  # type: ignore[method-assign, assignment]

    @staticmethod
    def far_end(host: str, _at_s: float) -> float | None:
        return None if host == "10.0.0.3" else RTT_S


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(packets, st.sampled_from(HOSTS)), max_size=6),
    st.lists(spoilings, max_size=4),
    st.booleans(),
)
@example([], [("bit", 20)], True)  # a bit of the checksum
@example([], [("bit", 32)], True)  # a bit of the identifier
@example([], [("bit", 47)], False)
@example([], [("other identifier", 3)], False)
@example([], [("cut", 1), ("longer", 0), ("other host", 0)], True)
def test_noise_changes_no_reading(noise, spoilings, wheels):
    """Two lines stay up, the dead one stays dead, RTTs stay true, whatever comes between; nothing raises.

    Mutants: `Replies.drain` without `except struct.error`: raises. Without the comparison of `lane.tail`, of the
    checksum, of the identifier or of `lane.hosts`: a spoilt reply to the dead line makes it alive.
    """
    lived = NoisyEngine(noise, spoilings, wheels=wheels).run(6.0).stop()
    for line_id, readings in lived.readings().items():
        stats = [reading.demarc for reading in readings if reading.demarc is not None and reading.blind is None]
        assert stats
        expected = 0 if line_id == "L3" else None
        assert all(found.received == (found.sent if expected is None else 0) for found in stats), line_id
        assert all(found.rtt_max_ms in (None, RTT_S * 1000) for found in stats)
        assert all(a.end == b.start for a, b in pairwise(readings))


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=140), st.sampled_from([4, 6]), st.booleans())
def test_any_bytes_may_claim_to_quote_us(data, family, has_ip_header):
    """An error that quotes garbage is no error of ours, or one with an address; it never raises."""
    found = quoted(data, "192.0.2.1", family, has_ip_header=has_ip_header)
    assert found is None or found.target.count(".") == 3 or ":" in found.target
