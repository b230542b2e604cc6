"""Telling systemd how the daemon fares (sd_notify(3)); without systemd it does nothing."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping


class Notifier:
    """Sends states to the socket that the service manager named in ``$NOTIFY_SOCKET``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def send(self, *states: str) -> None:
        """Send states such as ``READY=1``; a manager that does not listen is no reason to stop, nor to wait."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.settimeout(0)
            told.connect(self._address)
            told.sendall("\n".join(states).encode())
