"""The bytes of our echo requests, and what their replies must look like to the last bit.

After the ICMP header stand ``~sequence, index, ~index, cookie, filler``: number and complement always add up to the
same, so that the checksum never changes, and a reply with the right complements, cookie, filler and checksum is whole.
An index with its top bit set numbers single packets (`Flights`), one without it a place of a wheel.
"""

from __future__ import annotations

import struct

_HEAD = struct.Struct("!BBHHHH")
_NUMBERS = struct.Struct("!II")
_MARK = struct.Struct("!HII")
COOKIE_BYTES = 6
MIN_PAYLOAD_BYTES = _MARK.size + COOKIE_BYTES
_FILLER = bytes(range(256)) * 256
_REQUEST = {4: 8, 6: 128}
_ALL = 0xFFFF_FFFF
SINGLE = 0x8000_0000


def tail(cookie: bytes, payload_bytes: int) -> bytes:
    """Return what follows the numbers in a payload of this size: the cookie and filler."""
    return cookie + _FILLER[: max(0, payload_bytes - MIN_PAYLOAD_BYTES)]


def payload(cookie: bytes, sequence: int, index: int, payload_bytes: int) -> bytes:
    """Return the payload of one packet."""
    return _MARK.pack(sequence ^ 0xFFFF, index, index ^ _ALL) + tail(cookie, payload_bytes)


def marks(data: bytes) -> tuple[int, bytes] | None:
    """Return index and cookie of a payload, or None where its numbers contradict each other."""
    if len(data) < MIN_PAYLOAD_BYTES:
        return None
    _, index, inverse = _MARK.unpack_from(data)
    return (index, data[_MARK.size : MIN_PAYLOAD_BYTES]) if index ^ inverse == _ALL else None


def numbers(index: int) -> bytes:
    """Return a place's own bytes of the payload, which the tail follows."""
    return _NUMBERS.pack(index, index ^ _ALL)


class Shape:
    """What all packets of one identifier, family, cookie and payload size have in common."""

    __slots__ = ("_checksum", "_identifier", "_kind", "reply_checksum", "tail")

    def __init__(self, identifier: int, family: int, cookie: bytes, payload_bytes: int) -> None:
        self._kind, self._identifier = _REQUEST[family], identifier
        self.tail = tail(cookie, payload_bytes)
        whole = _HEAD.pack(self._kind, 0, 0, identifier, 0, 0xFFFF) + numbers(0) + self.tail
        self._checksum = internet_checksum(whole)
        # A raw or ping socket of IPv6 hands on only what the kernel has checked, pseudo header included.
        self.reply_checksum = internet_checksum(b"\0" + whole[1:]) if family == 4 else None

    def head(self, sequence: int) -> bytes:
        """Return the first bytes of the packets with this sequence number."""
        return _HEAD.pack(self._kind, 0, self._checksum, self._identifier, sequence, sequence ^ 0xFFFF)

    def packet(self, sequence: int, index: int) -> bytes:
        """Return one packet."""
        return self.head(sequence) + numbers(index) + self.tail


def internet_checksum(data: bytes) -> int:
    """Return the Internet checksum (RFC 1071); over a packet that carries its own it is 0."""
    padded = data + b"\0" if len(data) % 2 else data
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
