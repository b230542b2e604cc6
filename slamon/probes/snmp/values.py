"""The library's values as plain ones."""

from __future__ import annotations

from typing import Any

from pyasn1.type import univ

from slamon.probes.snmp.asking import Value


def value_of(came: Any) -> Value:  # noqa: ANN401 - pyasn1 has no types
    """Return a number, the bytes of a text, an object's number, or None where there is no such object.

    The exceptions of SNMPv2 (noSuchObject, noSuchInstance, endOfMibView; RFC 3416) are kinds of Null.
    """
    if isinstance(came, univ.Null):  # before OctetString, whose kind it is in pyasn1
        return None
    if isinstance(came, univ.Integer):
        return int(came)
    if isinstance(came, univ.OctetString):
        found: bytes = came.asOctets()
        return found
    if isinstance(came, univ.ObjectIdentifier):
        oid: tuple[int, ...] = came.asTuple()
        return oid
    return None


def count(value: Value) -> int | None:
    """Return a counter or gauge; None where the agent sent something else."""
    return value if isinstance(value, int) and value >= 0 else None


def text(value: Value) -> str | None:
    """Return a name that a device sent: UTF-8, else GB 18030 as older equipment writes it, else byte by byte."""
    if not isinstance(value, bytes):
        return None
    raw = value.rstrip(b"\0")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1")
