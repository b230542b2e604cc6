"""What the figures were measured on, without names of hosts or places."""

from __future__ import annotations

import os
import platform
import sqlite3
from pathlib import Path


def facts() -> dict[str, str]:
    """Return cores, memory, processor, kernel and versions; where a fact cannot be read it is left out."""
    load = os.getloadavg()[0]
    found = {
        "cores": str(os.cpu_count()),
        "processor": _line("/proc/cpuinfo", "model name"),
        "memory": _memory(),
        "kernel": platform.release().partition("-")[0],
        "Python": platform.python_version(),
        "SQLite": sqlite3.sqlite_version,
        "load before the run": f"{load:.1f}",
    }
    return {name: value for name, value in found.items() if value}


def _line(file: str, key: str) -> str:
    try:
        text = Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(key)), "")


def _memory() -> str:
    kib = _line("/proc/meminfo", "MemTotal").split()
    return f"{int(kib[0]) / (1 << 20):.0f} GiB" if kib else ""
