"""The spool: what waits for a server, on disk, bounded in bytes.

The law of this file.

* What was appended is in the file system when `append` returns: it outlives a kill at any moment. `sync` makes it
  outlive a loss of power, too; the daemon calls it every few seconds.
* Frames leave in the order in which they came, in two queues: *live*, which began when this run or the last recovery
  began, and the *backlog* before it. Live goes first; the backlog from its oldest end.
* A file goes when all of it is delivered. After a kill what was delivered of a file is delivered again: points are
  idempotent, so nothing is doubled.
* Within its bound nothing is lost. When it is full, the oldest raw file is rolled up to minutes, again and again; when
  all are, the oldest goes. Both are counted.
* On a full disk frames wait in memory, a few of them, and can be sent from there.
"""

from __future__ import annotations

import threading
from collections import deque
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from slamon.store.frames import Frame, Kind
from slamon.store.spool_file import SUFFIX, SpoolFile, created
from slamon.store.spool_parts import READ_POINTS, Losses, Parcel, rolled_up_file

LARGEST_FILE = 16 << 20
HELD_BYTES = 64 << 20
FRESH_FILES = 2  # how many files of live data may wait before the older ones become backlog


class Spool:
    """A folder of files; one thread appends, another delivers."""

    def __init__(self, folder: Path, limit_bytes: int, file_bytes: int | None = None) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._file_bytes = file_bytes or max(16_384, min(LARGEST_FILE, limit_bytes // 32))
        self._lock = threading.Lock()
        self._held: deque[Frame] = deque()
        self._held_bytes = 0
        self._files: list[SpoolFile] = []
        self._losses = Losses()
        self.disk_trouble: str | None = None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            self._take_up(path)
        for left in folder.glob(f"*{SUFFIX}.part"):
            left.unlink()
        self._live_from = self._next = self._files[-1].number + 1 if self._files else 1

    def _take_up(self, path: Path) -> None:
        file = SpoolFile(int(path.name.removesuffix(SUFFIX)), path)
        torn = file.survey()
        if torn:
            self._losses = replace(self._losses, torn_bytes=self._losses.torn_bytes + torn)
        if file.size:
            self._files.append(file)
        else:
            path.unlink()

    # --- the appending side ---

    def append(self, frame: Frame) -> None:
        """Keep a frame; on disk, or in memory where the disk takes nothing more."""
        with self._lock:
            self._held.append(frame)
            self._held_bytes += frame.size
            self._write_held()
            while self._held_bytes > HELD_BYTES and len(self._held) > 1:
                gone = self._held.popleft()
                self._held_bytes -= gone.size
                self._losses = replace(self._losses, memory=self._losses.memory + gone.points)

    def retry(self) -> None:
        """Write what waits in memory, if the disk takes it now."""
        with self._lock:
            self._write_held()

    def _write_held(self) -> None:
        try:
            while self._held:
                self._write(self._held[0])
                self._held_bytes -= self._held.popleft().size
        except OSError as error:
            self.disk_trouble = error.strerror or str(error)
        else:
            self.disk_trouble = None

    def _write(self, frame: Frame) -> None:
        need = frame.size + len(frame.names) + 64
        file = self._open_file
        if file is not None and file.size and file.size + need > self._file_bytes:
            self._shut(file)
        self._make_room(need)
        file = self._open_file
        if file is None:
            file = created(self._folder, self._next)
            self._next += 1
            self._files.append(file)
            self._trim_live()
        file.append(frame)

    @property
    def _open_file(self) -> SpoolFile | None:
        return self._files[-1] if self._files and self._files[-1].handle is not None else None

    def _shut(self, file: SpoolFile) -> None:
        file.close()
        if not file.left:
            self._remove(file)

    def _trim_live(self) -> None:
        waiting = [one for one in self._files if one.number >= self._live_from and one.left]
        if len(waiting) > FRESH_FILES:
            self._live_from = self._files[-1].number

    def roll(self) -> None:
        """Begin a new file with the next frame."""
        with self._lock:
            self._roll()

    def _roll(self) -> None:
        file = self._open_file
        if file is not None:
            self._shut(file)

    def sync(self) -> None:
        """Have everything that was written survive a loss of power."""
        with self._lock:
            try:
                if self._files:
                    self._files[-1].sync()
            except OSError as error:
                self.disk_trouble = error.strerror or str(error)

    def close(self) -> None:
        """Write what waits, and no more after it."""
        with self._lock:
            self._write_held()
            for file in self._files:
                file.close()

    # --- the bound ---

    @property
    def _bytes(self) -> int:
        return sum(file.size for file in self._files)

    def _make_room(self, need: int) -> None:
        """Roll up, then drop, the oldest files until there is room for more within the bound."""
        while self._bytes + need > self._limit - self._file_bytes:
            closed = [file for file in self._files if file.handle is None]
            raw = next((file for file in closed if not file.rolled), None)
            if raw is not None:
                self._roll_up(raw)
            elif closed:
                self._losses = replace(self._losses, dropped=self._losses.dropped + closed[0].points)
                self._remove(closed[0])
            elif self._files and self._files[-1].size:
                self._roll()
            else:
                return  # one frame alone is larger than the bound: it is kept all the same

    def _roll_up(self, file: SpoolFile) -> None:
        """Replace what waits in a file by rolled rows; without room for that it stays as it is."""
        try:
            fresh = rolled_up_file(file)
        except FileNotFoundError:
            self._give_up(file)
            return
        self._note_damage(file)
        if fresh is None:
            file.rolled = True
            return
        before, after = self._losses.rolled_from, self._losses.rolled_to
        self._losses = replace(self._losses, rolled_from=before + file.points, rolled_to=after + fresh.points)
        self._files[self._files.index(file)] = fresh

    def _remove(self, file: SpoolFile) -> None:
        file.close()
        with suppress(OSError):
            file.path.unlink(missing_ok=True)
        self._files.remove(file)

    def _give_up(self, file: SpoolFile) -> None:
        """Forget a file that cannot be read: somebody deleted it, or the disk is failing."""
        self._losses = replace(self._losses, damaged=self._losses.damaged + file.points)
        self._remove(file)

    def _note_damage(self, file: SpoolFile) -> None:
        if file.damaged:
            self._losses = replace(self._losses, damaged=self._losses.damaged + file.damaged)
            file.damaged = 0

    # --- the delivering side ---

    def live(self, most_points: int) -> Parcel | None:
        """Return what came last and is to go first, oldest of it first; None where nothing waits."""
        with self._lock:
            parcel = self._next_of([file for file in self._files if file.number >= self._live_from], most_points)
            if parcel is not None or not self._held:
                return parcel
            return Parcel((self._held[0],), None, 0, b"")

    def backlog(self, most_points: int) -> Parcel | None:
        """Return the oldest of what waits from before; None where nothing does."""
        with self._lock:
            return self._next_of([file for file in self._files if file.number < self._live_from], most_points)

    def oldest_closed(self) -> Parcel | None:
        """Return all that waits in the oldest file that is written no more."""
        with self._lock:
            return self._next_of([file for file in self._files[:1] if file.handle is None], READ_POINTS)

    def _next_of(self, files: list[SpoolFile], most_points: int) -> Parcel | None:
        for file in files:
            while file.left:
                try:
                    frames, end, names = file.read(most_points)
                except OSError:
                    self._give_up(file)
                    break
                self._note_damage(file)
                if frames:
                    return Parcel(tuple(frames), file, end, names)
                file.offset, file.names = end, names
            if file.handle is None and not file.left and file in self._files:
                self._remove(file)
        return None

    def delivered(self, parcel: Parcel) -> None:
        """Forget what a server has confirmed."""
        with self._lock:
            if parcel.file is None:
                if self._held and self._held[0] is parcel.frames[0]:
                    self._held_bytes -= self._held.popleft().size
                return
            file = parcel.file
            if not any(one is file for one in self._files) or file.offset >= parcel.end:
                return  # it was rolled up or dropped meanwhile
            file.offset, file.names = parcel.end, parcel.names
            file.points = max(0, file.points - parcel.points)
            if not file.left and file.handle is None:
                self._remove(file)

    def recovered(self) -> None:
        """Let live data begin now: what waits from an outage is replayed beside it."""
        with self._lock:
            self._roll()
            self._live_from = self._next

    # --- how it stands ---

    @property
    def losses(self) -> Losses:
        return self._losses

    @property
    def points(self) -> int:
        """Points that wait, on disk and in memory."""
        with self._lock:
            return sum(file.points for file in self._files) + sum(frame.points for frame in self._held)

    @property
    def backlog_points(self) -> int:
        """Points that wait from before the last recovery."""
        with self._lock:
            return sum(file.points for file in self._files if file.number < self._live_from)

    @property
    def nbytes(self) -> int:
        """The bytes on disk."""
        with self._lock:
            return self._bytes

    @property
    def waiting_bytes(self) -> int:
        """The bytes of what waits, on disk and in memory."""
        with self._lock:
            return sum(file.size - file.offset for file in self._files) + self._held_bytes

    @property
    def oldest_us(self) -> int | None:
        """The earliest instant that anything tells of that waits."""
        with self._lock:
            known = [file.first_us for file in self._files if file.left and file.first_us is not None]
            return min([*known, *(frame.first_us for frame in self._held)], default=None)

    def frames(self, kinds: frozenset[Kind]) -> list[Frame]:
        """Return what waits on disk of some kinds, in order."""
        with self._lock:
            return [frame for file in self._files for frame in file.scan(kinds)]
