"""ICMP errors that quote our requests: who says that a packet did not get there, and why (RFC 792, RFC 4443)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

_ECHO = struct.Struct("!BBHHH")
_UNREACHABLE_V4 = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    4: "packet too big",
    9: "network prohibited",
    10: "host prohibited",
    13: "communication prohibited",
}
_UNREACHABLE_V6 = {0: "no route", 1: "communication prohibited", 3: "address unreachable", 4: "port unreachable"}
_V6_HEADER_BYTES = 40


@dataclass(frozen=True, slots=True)
class Quoted:
    """An error from `source` about our request to `target`, with the request's identifier and sequence number."""

    source: str
    target: str
    identifier: int
    sequence: int
    said: str


def quoted(data: bytes, source: str, family: int, *, has_ip_header: bool) -> Quoted | None:
    """Return the error in a packet, or None where it holds none that quotes an echo request."""
    if has_ip_header:
        data = data[(data[0] & 0x0F) * 4 :] if data else b""
    if len(data) < _ECHO.size + 20:
        return None
    said = _said(data[0], data[1], family)
    inner = data[_ECHO.size :]
    length = (inner[0] & 0x0F) * 4 if family == 4 else _V6_HEADER_BYTES
    if said is None or len(inner) < length + _ECHO.size:
        return None
    kind, _, _, identifier, sequence = _ECHO.unpack_from(inner, length)
    if kind != (8 if family == 4 else 128):
        return None
    target = str(ipaddress.ip_address(inner[16:20] if family == 4 else inner[24:40]))
    return Quoted(source, target, identifier, sequence, said)


def _said(kind: int, code: int, family: int) -> str | None:
    if kind == (3 if family == 4 else 1):
        return (_UNREACHABLE_V4 if family == 4 else _UNREACHABLE_V6).get(code, f"unreachable (code {code})")
    if kind == (11 if family == 4 else 3):
        return "time exceeded in transit" if code == 0 else f"time exceeded (code {code})"
    return None
