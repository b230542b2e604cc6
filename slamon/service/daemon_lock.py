"""One daemon a state directory: a lock that the kernel lets go of when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "daemon.lock"


class AlreadyRunning(Exception):
    """Another daemon uses this state directory."""


@contextmanager
def hold(state_dir: Path) -> Iterator[None]:
    """Hold the lock of a state directory; raises `AlreadyRunning`."""
    path = state_dir / LOCK
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.pread(handle, 32, 0).decode(errors="replace").strip()
            raise AlreadyRunning(f"slamon already runs on {state_dir} (process {pid or 'unknown'})") from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def daemon_pid(state_dir: Path) -> int | None:
    """Return the process id of the daemon that holds the lock, None where none does."""
    try:
        handle = os.open(state_dir / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(handle, 32, 0).decode(errors="replace").strip()
        return int(text) if text.isdecimal() else None
    else:
        return None
    finally:
        os.close(handle)
