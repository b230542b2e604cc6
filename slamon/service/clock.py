"""The only place where slamon reads a clock."""

from __future__ import annotations

import os
import re
import time
import uuid
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


def steady_s() -> float:
    """Return the monotonic clock in seconds: for how long something took."""
    return time.monotonic()


def monotonic_us() -> int:
    """Return the monotonic clock in microseconds, as the service manager counts it (sd_notify(3))."""
    return time.monotonic_ns() // 1000


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return the id of the boot in which the monotonic clock counts, empty where nobody tells it.

    Under systemd's ``ProcSubset=pid`` the kernel's is hidden; the unit hands it over (``%b``, 32 digits).
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        told = os.environ.get("SLAMON_BOOT_ID", "")
        return str(uuid.UUID(told)) if re.fullmatch("[0-9a-f]{32}", told) else ""
