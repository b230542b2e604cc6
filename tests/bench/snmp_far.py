"""A process of its own: thousands of SNMP agents, one per address of 127.0.0.0/8, that cost next to nothing.

``python -m tests.bench.snmp_far COUNT PORTS``: it prints its UDP port and then answers until its input ends. An
answer is worked out once per question by the library and then sent again with the request's id and a clock that goes
on; all agents are alike.
"""

from __future__ import annotations

import resource
import selectors
import socket
import sys
import time

from pyasn1.codec.ber import encoder
from pysnmp.proto.api import v2c

from tests.lab.snmp_agent import V2Agent, port_objects, uptime

BEGAN_TICKS = 0x10000000  # four bytes on the wire for weeks
_UPTIME_NAME = bytes.fromhex("06082b06010201010300")
ANSWERS_AT_ONCE = 200


def address(number: int) -> str:
    """Return the address of an agent by its number."""
    return f"127.{1 + number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


def agent(ports: int) -> V2Agent:
    """Return an agent with calm ports."""
    made = V2Agent(objects=uptime(BEGAN_TICKS))
    for index in range(1, ports + 1):
        made.objects |= port_objects(index, f"GigabitEthernet0/0/{index}", f"circuit {index}", in_packets=10**12)
    return made


def field(tag: int, content: bytes) -> bytes:
    """Return a field of BER."""
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def inside(data: bytes, at: int) -> tuple[int, int]:
    """Return where a field's content begins and ends."""
    size, begins = data[at + 1], at + 2
    if size & 0x80:
        begins += size & 0x7F
        size = int.from_bytes(data[at + 2 : begins], "big")
    return begins, begins + size


class Answers:
    """Answers by what was asked, without the request's id."""

    def __init__(self, ports: int) -> None:
        self._agent = agent(ports)
        self._known: dict[bytes, tuple[bytes, int]] = {}
        self._began_s = time.monotonic()

    def answer(self, data: bytes) -> bytes:
        """Return the answer to a question."""
        begins, _ = inside(data, 0)
        _, version_ends = inside(data, begins)
        _, community_ends = inside(data, version_ends)
        pdu_begins, _ = inside(data, community_ends)
        _, id_ends = inside(data, pdu_begins)
        asked = data[community_ends : community_ends + 1] + data[id_ends:]
        known = self._known.get(asked)
        if known is None:
            known = self._known[asked] = self._worked_out(data)
        tail, clock_at = known
        if clock_at:
            ticks = BEGAN_TICKS + round((time.monotonic() - self._began_s) * 100)
            tail = tail[:clock_at] + ticks.to_bytes(4, "big") + tail[clock_at + 4 :]
        return field(0x30, data[begins:community_ends] + field(0xA2, data[pdu_begins:id_ends] + tail))

    def _worked_out(self, data: bytes) -> tuple[bytes, int]:
        """Return an answer's error fields and objects, and where the clock's four bytes stand in them."""
        from pyasn1.codec.ber import decoder  # noqa: PLC0415 - beside its only use

        message, _ = decoder.decode(data, asn1Spec=v2c.Message())
        raw = encoder.encode(self._agent._answer(message))  # noqa: SLF001 - the lab's own
        begins, _ = inside(raw, 0)
        _, version_ends = inside(raw, begins)
        _, community_ends = inside(raw, version_ends)
        pdu_begins, _ = inside(raw, community_ends)
        _, id_ends = inside(raw, pdu_begins)
        tail = raw[id_ends:]
        at = tail.find(_UPTIME_NAME)
        return tail, at + len(_UPTIME_NAME) + 2 if at >= 0 else 0


def main(count: int, ports: int) -> int:
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(count + 100, 1024), resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    waiting, answers, port = selectors.DefaultSelector(), Answers(ports), 0
    for number in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((address(number), port))
        port = port or sock.getsockname()[1]
        waiting.register(sock, selectors.EVENT_READ)
    waiting.register(sys.stdin, selectors.EVENT_READ)
    print(port, flush=True)
    while True:
        for key, _ in waiting.select():
            if not isinstance(key.fileobj, socket.socket):
                return 0
            for _ in range(ANSWERS_AT_ONCE):
                try:
                    data, who = key.fileobj.recvfrom(65536)
                except BlockingIOError:
                    break
                key.fileobj.sendto(answers.answer(data), who)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
