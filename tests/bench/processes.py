"""Running a command and measuring all of its processes: wall clock, CPU, memory."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_S = 0.1
PSS_EVERY = 5  # the kernel walks all pages for it
MIB = 1 << 20
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ran, with its children.

    `peak_sum_mib` adds each process's own peak (VmHWM), whenever it was: an upper bound. `peak_pss_mib` is the
    highest sum of proportional sizes seen at one time: pages that processes share count once.
    """

    code: int
    out: str
    wall_s: float
    cpu_s: float
    peak_sum_mib: float
    peak_pss_mib: float
    processes: int


@dataclass(slots=True)
class _Peaks:
    each: dict[int, int] = field(default_factory=dict)
    pss: int = 0


def run(command: Sequence[str], *, cwd: Path | None = None) -> Ran:
    """Run a command to its end and measure it; its stderr is passed through."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=cwd)
    peaks, looks = _Peaks(), 0
    out: str | None = None
    while out is None:
        try:
            out = process.communicate(timeout=LOOK_S)[0]
        except subprocess.TimeoutExpired:
            _look(process.pid, peaks, with_pss=looks % PSS_EVERY == 0)
            looks += 1
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    total, pss = sum(peaks.each.values()) / MIB, peaks.pss / MIB
    return Ran(process.returncode, out, wall_s, cpu_s, total, pss, len(peaks.each))


def _look(pid: int, peaks: _Peaks, *, with_pss: bool) -> None:
    pss = 0
    for one in tree(pid):
        try:
            peaks.each[one] = max(peaks.each.get(one, 0), _kib(Path(f"/proc/{one}/status"), "VmHWM:") << 10)
            if with_pss:
                pss += _kib(Path(f"/proc/{one}/smaps_rollup"), "Pss:") << 10
        except OSError:
            continue  # it ended meanwhile
    peaks.pss = max(peaks.pss, pss)


def _kib(file: Path, key: str) -> int:
    for line in file.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(key):
            return int(line.split()[1])
    return 0


def cpu_s(pid: int) -> float:
    """Return what a running process has used, user and system, all of its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def memory_mib(pid: int) -> tuple[float, float]:
    """Return a running process's peak (VmHWM), and its proportional size as it is now."""
    peak = _kib(Path(f"/proc/{pid}/status"), "VmHWM:")
    return peak / 1024, _kib(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") / 1024


def tree(pid: int) -> Iterator[int]:
    """Yield a process and all its descendants."""
    yield pid
    try:
        texts = [(task / "children").read_text(encoding="ascii") for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    for child in " ".join(texts).split():
        yield from tree(int(child))
