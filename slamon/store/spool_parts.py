"""What the spool hands out, what it counts, and a file of it rolled up to minutes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby

from slamon.store.frames import Frame, Kind, joined, rows_frame
from slamon.store.spool_file import SpoolFile
from slamon.store.thinning import rolled_up

MINUTE_US = 60_000_000
READ_POINTS = 1 << 30
ROLLED_AT_ONCE = 200_000  # rows of a file that are made at the same time while it is rolled up


@dataclass(frozen=True, slots=True)
class Parcel:
    """Frames to deliver together; `file` None: they are from memory."""

    frames: tuple[Frame, ...]
    file: SpoolFile | None
    end: int
    names: bytes

    @property
    def points(self) -> int:
        return sum(frame.points for frame in self.frames)


@dataclass(frozen=True, slots=True)
class Losses:
    """What the spool could not keep as it came, in points: `rolled_up` from how many and to how many, the rest gone.

    `dropped`: the bound was reached with everything rolled up; `torn` bytes and `damaged` points: a kill in the middle
    of a write, or a file that is not what was written; `memory`: the disk was full for longer than memory holds.
    """

    rolled_from: int = 0
    rolled_to: int = 0
    dropped: int = 0
    torn_bytes: int = 0
    damaged: int = 0
    memory: int = 0

    @property
    def gone(self) -> int:
        """Points that will never arrive in any form."""
        return self.dropped + self.damaged + self.memory


def rolled_up_file(file: SpoolFile) -> SpoolFile | None:
    """Replace a file by one with what waits in it rolled up, and return that; None where even that has no room.

    Raises `OSError` for other trouble with the disk; the file is as it was then.
    """
    part = file.path.with_name(file.path.name + ".part")
    fresh = SpoolFile(file.number, file.path, rolled=True)
    try:
        fresh.handle = os.open(part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        for frame in _rolled(file):
            fresh.append(frame)
        fresh.sync()
        part.replace(file.path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return None
    finally:
        fresh.close()
    return fresh


def _rolled(file: SpoolFile) -> Iterator[Frame]:
    """Yield what waits in a file with its rows rolled up to minutes, some lines after the others."""
    frames, _, _ = file.read(READ_POINTS)
    yield from (frame for frame in frames if frame.kind is not Kind.ROWS)
    for names, group in groupby((f for f in frames if f.kind is Kind.ROWS), key=lambda frame: frame.names):
        chosen = list(group)
        parts = 1 + sum(frame.points for frame in chosen) // ROLLED_AT_ONCE
        for part in range(parts):
            found, words = joined(chosen, part, parts)
            if found.size:
                yield rows_frame(rolled_up(found, MINUTE_US), words, names)
