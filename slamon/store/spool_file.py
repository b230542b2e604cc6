"""One file of the spool: frames appended at its end, read from its beginning, gone when all of it is delivered."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from slamon.store.frames import HEAD_BYTES, Frame, Kind, head_of, intact

SUFFIX = ".spool"


@dataclass(slots=True, eq=False)
class SpoolFile:
    """A file and how much of it has been delivered.

    `size` is what is on disk, `offset` up to where it is delivered, `names` what numbers the rows from there on;
    `points` are those after `offset`. `handle` is open while it is written. `rolled` files hold no raw windows.
    """

    number: int
    path: Path
    size: int = 0
    offset: int = 0
    names: bytes = b""
    points: int = 0
    first_us: int | None = None
    last_us: int | None = None
    handle: int | None = None
    written_names: bytes = b""
    rolled: bool = False
    unsynced: bool = False
    damaged: int = 0

    @property
    def left(self) -> bool:
        """Tell whether anything waits in it."""
        return self.offset < self.size

    def append(self, frame: Frame) -> int:
        """Write a frame, its names before it where they are new, and return the bytes; all of it or nothing.

        Raises `OSError`.
        """
        data = frame.packed()
        if frame.names != self.written_names:
            data = Frame(Kind.NAMES, frame.names, 0, frame.first_us, frame.last_us).packed() + data
        if self.handle is None:
            raise ValueError(f"{self.path} is closed")
        try:
            _write_all(self.handle, data)
        except OSError:
            with suppress(OSError):
                os.ftruncate(self.handle, self.size)
                os.lseek(self.handle, self.size, os.SEEK_SET)
            raise
        self.written_names = frame.names
        self.size += len(data)
        self.points += frame.points
        self.unsynced = True
        self._bound(frame.first_us, frame.last_us)
        return len(data)

    def _bound(self, first_us: int, last_us: int) -> None:
        self.first_us = first_us if self.first_us is None else min(self.first_us, first_us)
        self.last_us = last_us if self.last_us is None else max(self.last_us, last_us)

    def sync(self) -> None:
        """Have what was written survive a loss of power; raises `OSError`."""
        if self.unsynced and self.handle is not None:
            os.fdatasync(self.handle)
            self.unsynced = False

    def close(self) -> None:
        """Write no more into it."""
        if self.handle is not None:
            with suppress(OSError):
                self.sync()
            os.close(self.handle)
            self.handle = None

    def read(self, most_points: int) -> tuple[list[Frame], int, bytes]:
        """Return frames from `offset` on (one at least, where there is one), where they end, and the names there.

        Raises `OSError`. A frame that is not what was written is counted in `damaged` and passed over.
        """
        found: list[Frame] = []
        at, names, points = self.offset, self.names, 0
        with self.path.open("rb") as file:
            file.seek(at)
            while at < self.size and (not found or points < most_points):
                head = file.read(HEAD_BYTES)
                said = head_of(head)
                if said is None:
                    self.damaged += 1
                    at = self.size  # nobody can tell where the next one begins
                    break
                payload = file.read(said.size)
                at += HEAD_BYTES + said.size
                if not intact(head, payload):
                    self.damaged += max(1, said.points)
                elif said.kind == Kind.NAMES:
                    names = payload
                else:
                    found.append(Frame(Kind(said.kind), payload, said.points, said.first_us, said.last_us, names))
                    points += said.points
        return found, at, names

    def scan(self, kinds: frozenset[Kind]) -> Iterator[Frame]:
        """Yield the frames of some kinds that wait; others are not even read. Raises `OSError`."""
        at, names = self.offset, self.names
        with self.path.open("rb") as file:
            while at < self.size and (said := head_of(head := file.read(HEAD_BYTES))) is not None:
                at += HEAD_BYTES + said.size
                if said.kind == Kind.NAMES or said.kind in kinds:
                    payload = file.read(said.size)
                    if said.kind == Kind.NAMES:
                        names = payload
                    elif intact(head, payload):
                        yield Frame(Kind(said.kind), payload, said.points, said.first_us, said.last_us, names)
                file.seek(at)

    def survey(self) -> int:
        """Find out what a file from an earlier run holds; return how many bytes at its end are torn."""
        whole = self.path.stat().st_size
        at, names = 0, b""
        with self.path.open("rb") as file:
            while (said := head_of(file.read(HEAD_BYTES))) is not None and at + HEAD_BYTES + said.size <= whole:
                at += HEAD_BYTES + said.size
                if said.kind == Kind.NAMES:
                    names = b"?"  # read when it is needed
                self._bound(said.first_us, said.last_us)
                self.points += said.points
                file.seek(at)
        self.size, self.written_names = at, names
        return whole - at


def created(folder: Path, number: int) -> SpoolFile:
    """Make an empty file; raises `OSError`."""
    path = folder / f"{number:012}{SUFFIX}"
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    return SpoolFile(number, path, handle=handle)


def _write_all(handle: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
