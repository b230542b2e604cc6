"""A far end that answers pings as it is told: late, twice, damaged, or in another's name.

It takes echo requests off the far link before the kernel's firewall sees them (so `Wire.cut` silences the kernel's
own answer) and sends what a function makes of each. IPv4 only.
"""

from __future__ import annotations

import contextlib
import heapq
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.lab.netns import Namespace

_ETH_P_IP = 0x0800


@dataclass(frozen=True)
class Request:
    """An echo request as it arrived."""

    source: str
    target: str
    icmp: bytes

    def reply(self, sender: str | None = None, payload: bytes | None = None, checksum_off: int = 0) -> bytes:
        """Return an IP packet that answers it, from `sender` instead of its target and so on."""
        body = self.icmp[4:8] + (self.icmp[8:] if payload is None else payload)
        checksum = (_checksum(b"\0\0\0\0" + body) + checksum_off) & 0xFFFF
        icmp = struct.pack("!BBH", 0, 0, checksum) + body
        addresses = socket.inet_aton(sender or self.target) + socket.inet_aton(self.source)
        # Length and checksum of the IP header are filled in by the kernel.
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, socket.IPPROTO_ICMP, 0) + addresses + icmp


Answers = Callable[[Request], list[tuple[float, bytes]]]
"""What is sent for a request: packets, each after so many seconds."""


@contextlib.contextmanager
def responder(far: Namespace, answers: dict[str, Answers]) -> Iterator[None]:
    """Answer requests to the addresses given, until the block is left."""
    with far.entered():
        taking = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP))
        giving = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    ours, theirs = socket.socketpair()
    thread = threading.Thread(target=_serve, args=(taking, giving, theirs, answers), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ours.close()
        thread.join(5)
        for sock in (taking, giving, theirs):
            sock.close()


def _serve(taking: socket.socket, giving: socket.socket, stop: socket.socket, answers: dict[str, Answers]) -> None:
    waiting: list[tuple[float, int, str, bytes]] = []
    count = 0
    while True:
        wait_s = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable, _, _ = select.select([taking, stop], [], [], wait_s)
        if stop in readable:
            return
        if taking in readable:
            request = _request(taking.recv(65_536))
            if request is not None and request.target in answers:
                for after_s, packet in answers[request.target](request):
                    count += 1
                    heapq.heappush(waiting, (time.monotonic() + after_s, count, request.source, packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, source, packet = heapq.heappop(waiting)
            giving.sendto(packet, (source, 0))


def _request(packet: bytes) -> Request | None:
    header = (packet[0] & 0xF) * 4
    icmp = packet[header : struct.unpack_from("!H", packet, 2)[0]]
    if packet[9] != socket.IPPROTO_ICMP or len(icmp) < 8 or icmp[0] != 8:
        return None
    return Request(socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]), icmp)


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
