"""A process of its own: notes the ICMP echoes of a device with the kernel's stamps, until its input ends."""

from __future__ import annotations

import array
import select
import socket
import struct
import sys

import numpy as np

from tests.bench.capture import PACKET

_ETH_P_ALL = 3
_SO_RCVBUFFORCE, _SO_TIMESTAMPNS = 33, 35
_PACKET_STATISTICS = 6
_BUFFER_BYTES = 256 << 20
_STAMP = struct.Struct("qq")
_ECHO = struct.Struct("!BBHHH")
_HOSTS = struct.Struct("!II")


def main(device: str, file: str) -> int:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER_BYTES)
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.bind((device, _ETH_P_ALL))
    sock.setblocking(False)
    numbers = array.array("q")
    print("up", flush=True)
    going = True
    while going:
        readable, _, _ = select.select([sys.stdin], [], [], 0.05)
        going = not readable
        _drain(sock, numbers)
    _, missed = struct.unpack("II", sock.getsockopt(263, _PACKET_STATISTICS, 8))  # SOL_PACKET
    columns = np.frombuffer(numbers, np.int64).reshape(-1, len(PACKET.names or ()))
    found = np.zeros(len(columns), PACKET)
    for number, name in enumerate(PACKET.names or ()):
        found[name] = columns[:, number]
    np.save(file, found)
    return 1 if missed else 0


def _drain(sock: socket.socket, numbers: array.array[int]) -> None:
    while True:
        try:
            data, ancillary, _, _ = sock.recvmsg(64, 64)
        except BlockingIOError:
            return
        if len(data) < 28 or data[0] != 0x45 or data[9] != socket.IPPROTO_ICMP or data[20] not in {0, 8}:
            continue
        kind, _, _, identifier, sequence = _ECHO.unpack_from(data, 20)
        source, target = _HOSTS.unpack_from(data, 12)
        stamp = next(value for _, name, value in ancillary if name == _SO_TIMESTAMPNS)
        seconds, nanos = _STAMP.unpack_from(stamp)
        reply = kind == 0
        numbers.extend((seconds * 10**9 + nanos, source if reply else target, identifier, sequence, reply))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
