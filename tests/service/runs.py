"""`slamon` as processes of their own, and waiting for what they should do, never longer than a deadline."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slamon.core.calendar import BillingMonth
from slamon.core.judge import Coverage
from slamon.service import clock
from slamon.store.book import read_fleet
from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.ledger import Ledger
from tests.core.wallclock import SHANGHAI
from tests.service.places import VANTAGE, Place

DEADLINE_S = 30.0
SLAMON = (sys.executable, "-P", "-m", "slamon")


def until(holds: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait until something holds."""
    over = time.monotonic() + deadline_s
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < over, f"{what}: not within {deadline_s:g} s"
        pause.wait(0.05)


@dataclass
class Runs:
    """A place whose daemon runs as a process, inside a namespace where `inside` leads there."""

    place: Place
    inside: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.log = self.place.folder / "daemon.log"

    def start(self) -> None:
        """Start the daemon."""
        with self.log.open("ab") as log:
            command = [*self.inside, *SLAMON, "-c", str(self.place.config), "run"]
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def signal(self, number: int) -> None:
        """Send the daemon a signal."""
        assert self.process is not None
        assert self.process.poll() is None, self.said()
        self.process.send_signal(number)

    def stop(self) -> None:
        """End the daemon cleanly."""
        self.signal(signal.SIGTERM)
        assert self.process is not None
        assert self.process.wait(timeout=DEADLINE_S) == 0, self.said()

    def kill(self) -> None:
        """End the daemon at once."""
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(timeout=DEADLINE_S)

    def said(self) -> str:
        """What the daemon wrote to its log."""
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def slamon(self, *arguments: str) -> str:
        """Run a command of the real CLI and return what it printed."""
        command = [*SLAMON, "-c", str(self.place.config), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
        assert done.returncode == 0, f"{arguments}: {done.stderr}"
        return done.stdout

    def report(self) -> dict[str, dict[str, Any]]:
        """This month's statements by line, as `slamon report` prints them."""
        month = BillingMonth.of(clock.now(), SHANGHAI)
        printed = json.loads(self.slamon("report", str(month), "--format", "json", "-o", "-"))
        return {line["line_id"]: line for customer in printed["customers"] for line in customer["lines"]}

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Look into the ledger."""
        url = f"sqlite:///{self.place.ledger_file}"
        with Ledger.open(url, writer=VANTAGE, stamp=clock.stamp, read_only=True) as ledger:
            yield ledger

    def entries(self, kind: str, line_id: str | None = None) -> list[Entry]:
        """The entries of a kind."""
        with self.ledger() as ledger:
            return list(ledger.entries(kinds={kind}, line_id=line_id))

    def coverage(self, line_ids: Sequence[str]) -> list[Coverage]:
        """How far lines were observed."""
        with self.ledger() as ledger:
            fleet = read_fleet(ledger, VANTAGE)
        return [fleet.coverage(line_id) for line_id in line_ids]

    def await_entry(self, kind: str, line_id: str | None = None, count: int = 1) -> None:
        """Wait until there are that many entries of a kind."""

        def recorded() -> bool:
            try:
                return len(self.entries(kind, line_id)) >= count
            except LedgerError:  # it is being made
                return False

        until(recorded, f"{count} x {kind} {line_id or ''}")

    def await_observed(self, *line_ids: str) -> None:
        """Wait until lines have been seen, and go on being seen, beyond this instant."""
        now = clock.now()

        def observed() -> bool:
            found = self.coverage(line_ids)
            return all(one.until is not None and one.until > now and one.blind_from is None for one in found)

        until(observed, f"{', '.join(line_ids)} observed")


@contextmanager
def running(place: Place, inside: Sequence[str] = ()) -> Iterator[Runs]:
    """Run a place's daemon; whatever happens it is gone afterwards."""
    runs = Runs(place, inside)
    runs.start()
    try:
        yield runs
    finally:
        if runs.process is not None and runs.process.poll() is None:
            os.kill(runs.process.pid, signal.SIGKILL)
            runs.process.wait()
