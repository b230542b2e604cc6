"""Addresses as operators write them: literals or names; names are resolved later, when they can be (F14)."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from slamon.config.problems import Unfit, quoted

_OCTET = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
# 0.x.x.x, multicast and the reserved rest can answer nobody.
_IPV4 = re.compile(rf"(?:22[0-3]|2[01]\d|1\d\d|[1-9]\d?)(?:\.{_OCTET}){{3}}", re.ASCII)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?")
_SCOPE = re.compile(r"[A-Za-z0-9._-]{1,15}")
_HINT = "an IPv4 or IPv6 address such as 10.1.2.3 or 2001:db8::1, or a host name"


def address(text: str) -> str:
    """Return the address of a host, IPv6 in its short form; raises `Unfit`."""
    if _IPV4.fullmatch(text):
        return text
    if ":" in text:
        return _ipv6(text)
    last = text.rstrip(".").rpartition(".")[2]
    if len(text) > 253 or last.isdecimal() or not _HOSTNAME.fullmatch(text):
        raise Unfit(f"{quoted(text)} is not an address", _HINT)
    return text


@lru_cache(maxsize=8192)
def _ipv6(text: str) -> str:
    try:
        found = ipaddress.IPv6Address(text)
    except ValueError:
        raise Unfit(f"{quoted(text)} is not an address", _HINT) from None
    if found.is_multicast or found.is_unspecified:
        raise Unfit(f"{text} is not the address of one host", _HINT)
    if found.scope_id is not None and not _SCOPE.fullmatch(found.scope_id):
        raise Unfit(f"{quoted(text)} names no interface after %", "such as fe80::1%eth0")
    return str(found)


def family_of(text: str) -> int | None:
    """Return 4 or 6 for an address without a scope, None for a host name or anything else."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text).version
    except ValueError:
        return None


def host_and_port(text: str, default_port: int | None = None) -> tuple[str, int]:
    """Return host and port of ``10.1.2.3:161`` or ``[2001:db8::1]:161``; raises `Unfit`."""
    match = re.fullmatch(r"\[([^\[\]]+)\](?::(\d{1,5}))?|([^:\[\]]+)(?::(\d{1,5}))?", text, re.ASCII)
    if match is None and default_port is not None and text.count(":") > 1:
        return address(text), default_port
    if match is None:
        raise Unfit(f"{quoted(text)} is not host:port", "such as 10.1.2.3:161 or [2001:db8::1]:161")
    port = match[2] or match[4]
    if port is None and default_port is None:
        raise Unfit(f"{quoted(text)} has no port", f"such as {text}:8470")
    number = int(port) if port is not None else default_port or 0
    if not 0 < number < 65536:
        raise Unfit(f"port {number} does not exist", "ports are 1 to 65535")
    return address(match[1] or match[3]), number


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach the host."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def agent(text: str) -> tuple[str, str, int]:
    """Return credential, host and port of ``edge@10.1.2.3:161`` (port 161 where none is given); raises `Unfit`."""
    credential, at, place = text.partition("@")
    if not at or not credential or not place:
        raise Unfit(f"{quoted(text)} is not CREDENTIAL@ADDRESS[:PORT]", "such as edge@10.1.2.3:161")
    host, port = host_and_port(place, default_port=161)
    return credential, host, port
