"""The terminal that slamon runs in, or another."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from slamon.alerting.channel import Answer, Parcel, later, sent
from slamon.config.problems import printable


class TerminalChannel:
    """Prints each message, control characters escaped, on a stream, or at the end of a file or terminal."""

    def __init__(self, stream: TextIO, path: Path | None = None) -> None:
        self._stream = stream
        self._path = path

    def send(self, parcel: Parcel) -> Answer:
        """Print a message: its title, then its text, indented."""
        body = "".join(f"    {printable(line)}\n" for line in parcel.body.splitlines())
        text = f"{printable(parcel.title)}\n{body}"
        try:
            if self._path is None:
                self._stream.write(text)
                self._stream.flush()
            else:
                with self._path.open("a", encoding="utf-8") as end:
                    end.write(text)
        except (OSError, ValueError):
            return later("nothing can be printed")
        return sent("printed")
