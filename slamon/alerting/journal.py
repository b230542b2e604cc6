"""journald by its native protocol, so that other machines' collectors see alerts as fields: line ids, no names.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping

from slamon.alerting.channel import Answer, Parcel, later, sent
from slamon.alerting.web import why
from slamon.config.channels import Journal

_LINES_NAMED = 50


class JournalChannel:
    """Writes one entry a message."""

    def __init__(self, way: Journal, timeout_s: float) -> None:
        self._way = way
        self._timeout_s = timeout_s

    def send(self, parcel: Parcel) -> Answer:
        """Write an entry; its text is ours, made of reason and line ids, whatever the message says."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                told.settimeout(self._timeout_s)
                told.connect(str(self._way.socket))
                told.send(_datagram(_fields(parcel)))
        except OSError as error:
            return later(why(error))
        return sent("written to the journal")


def _fields(parcel: Parcel) -> dict[str, str]:
    more = len(parcel.lines) - _LINES_NAMED
    named = " ".join(parcel.lines[:_LINES_NAMED]) + (f" and {more} more" if more > 0 else "")
    return {
        "MESSAGE": f"slamon alert: {parcel.reason}{f' {named}' if named else ''}",
        "PRIORITY": "2" if parcel.urgent else "5",
        "SYSLOG_IDENTIFIER": "slamon",
        "SLAMON_KEY": parcel.key,
        "SLAMON_REASON": parcel.reason,
        "SLAMON_LINES": named,
    }


def _datagram(fields: Mapping[str, str]) -> bytes:
    # With its length in front of it no value can begin another field.
    parts = []
    for name, value in fields.items():
        raw = value.encode()
        parts.append(name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n")
    return b"".join(parts)
