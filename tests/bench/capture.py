"""What really went over a device, and when, by the kernel's own stamps: echo requests out, echo replies in."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.bench.wire import FAR_CORE, CannotMeasure, TunWire, module

PACKET = np.dtype([("at_ns", "<i8"), ("host", "<u4"), ("identifier", "<u2"), ("sequence", "<u2"), ("reply", "?")])

Packets = npt.NDArray[np.void]


class Capture:
    """A running capture; `end` gives what it caught."""

    def __init__(self, process: subprocess.Popen[str], file: Path) -> None:
        self._process, self._file = process, file

    def end(self) -> Packets:
        """Stop it and return its packets in the order they were seen."""
        _, _ = self._process.communicate(timeout=60)
        if self._process.returncode != 0:
            raise CannotMeasure("the capture missed packets")
        found: Packets = np.load(self._file)
        return found


@contextlib.contextmanager
def capture(wire: TunWire, device: str, folder: Path) -> Iterator[Capture]:
    """Capture a device until `Capture.end`."""
    file = folder / f"capture-{device}.npy"
    command = wire.command(*module("capture_process", device, file), core=FAR_CORE)
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout is None or process.stdout.readline() != "up\n":
            raise CannotMeasure(f"{device} cannot be captured")
        yield Capture(process, file)
    finally:
        process.kill()
        process.wait()


def host_number(address: str) -> int:
    """Return an IPv4 address as captures write it."""
    return int.from_bytes(bytes(map(int, address.split("."))), "big")
