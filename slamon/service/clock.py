"""The only place where slamon reads a clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from slamon.store.entry import Stamp


def now() -> datetime:
    """Return the wall clock, in UTC."""
    return datetime.now(UTC)


def stamp() -> Stamp:
    """Return when something is recorded: wall clock, monotonic clock, boot (F2)."""
    return Stamp(now(), time.monotonic_ns(), boot_id())


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return the id of the boot in which the monotonic clock counts, empty where the kernel's is hidden."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
