"""The terminal that slamon runs in."""

from __future__ import annotations

from typing import TextIO

from slamon.alerting.channel import Answer, Parcel, later, sent
from slamon.config.problems import printable


class TerminalChannel:
    """Prints each message, control characters escaped."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def send(self, parcel: Parcel) -> Answer:
        """Print a message: its title, then its text, indented."""
        body = "".join(f"    {printable(line)}\n" for line in parcel.body.splitlines())
        try:
            self._stream.write(f"{printable(parcel.title)}\n{body}")
            self._stream.flush()
        except (OSError, ValueError):
            return later("nothing can be printed")
        return sent("printed")
