"""One campaign from end to end: lay out, watch, injure, stop, and hold everything against everything."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from slamon.core.calendar import BillingMonth
from slamon.service import clock
from slamon.store.measured import OPENED
from tests.campaign import second_judge
from tests.campaign.against_truth import Bench, Findings, every_incident
from tests.campaign.deeds import Injector, cpu_s, prober_of
from tests.campaign.recorded import Recorded, read
from tests.campaign.site import Pace, Subject, lay_out
from tests.core.wallclock import SHANGHAI
from tests.lab.netns import Wire
from tests.service.places import Place
from tests.service.runs import Runs, running, until

ROOT = Path(__file__).resolve().parents[2]
SLOW_S = 300.0


@dataclass
class Watched(Runs):
    """A daemon that writes its readings down."""

    @property
    def record(self) -> Path:
        return self.place.folder / "record"

    def start(self) -> None:
        """Start it."""
        python = [sys.executable, "-m", "tests.campaign.watch", str(self.place.config), str(self.record)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, *python], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def prober(self) -> int:
        """The process id of its prober."""
        until(lambda: prober_of(self.pid), "a prober")
        return prober_of(self.pid)


@dataclass
class Outcome:
    """What came of a campaign."""

    findings: Findings
    judged_otherwise: list[str]
    recorded: Recorded
    report: dict[str, dict[str, Any]]
    others: dict[str, dict[str, Any]]
    cpu_share: dict[str, float]
    log: str
    sound: bool
    commits: int
    incidents: int = field(init=False)

    def __post_init__(self) -> None:
        self.incidents = sum(len(list(every_incident(line))) for line in self.report.values())


def campaign(lab: Wire, folder: Path, lines: list[Subject], pace: Pace) -> Outcome:
    """Run one."""
    site = lay_out(folder / "site", pace, lines)
    beside = lay_out(folder / "beside", pace, [line for line in lines if line.group == "steady"][:10])
    watched = Watched(site, lab.near.command())
    with _alive(watched), running(beside, lab.near.command()) as other, _pinging(lab, lines):
        month = BillingMonth.of(clock.now(), SHANGHAI)
        injector = Injector(lab, lines, pace, watched.prober)
        with injector.lying():
            until(lambda: _all_seen(watched, lines), "all lines seen", SLOW_S)
            began = clock.now()
            before = cpu_s(watched.pid)
            injector.run()
            probers = cpu_s(watched.prober())
            main = cpu_s(watched.pid) - before
        span_s = (clock.now() - began).total_seconds()
        since_kill_s = clock.now().timestamp() - injector.truth.blind[-1][2].after
        watched.signal(signal.SIGTERM)
        assert watched.process is not None
        assert watched.process.wait(SLOW_S) == 0, watched.said()
        other.stop()
    recorded, report = read(watched.record), _report(site, month)
    entries = watched.entries(OPENED)
    opened = {str(entry.subject): entry.recorded_at.timestamp() for entry in entries}
    mass = {line.line_id for line in lines if line.group == "mass"}
    with watched.ledger() as ledger:
        sound = ledger.verify().sound
    month_of = (month.year, month.month)
    return Outcome(
        Bench(pace, lines, injector.truth, recorded, report, opened).findings(),
        list(second_judge.differences(lines, pace, recorded, report, month_of)),
        recorded,
        report,
        _report(beside, month),
        {"main": main / span_s, "prober": probers / since_kill_s},
        watched.said(),
        sound,
        len({entry.recorded_at for entry in entries if entry.line_id in mass}),
    )


def _all_seen(watched: Watched, lines: list[Subject]) -> bool:
    if not watched.record.exists() or not watched.record.stat().st_size:
        assert watched.process is not None
        assert watched.process.poll() is None, watched.said()
        return False
    return all(found.until is not None for found in watched.coverage([line.line_id for line in lines]))


@contextlib.contextmanager
def _alive(watched: Watched) -> Iterator[None]:
    watched.start()
    try:
        yield
    finally:
        if watched.process is not None and watched.process.poll() is None:
            watched.process.kill()
            watched.process.wait()


@contextlib.contextmanager
def _pinging(lab: Wire, lines: list[Subject]) -> Iterator[None]:
    """F8: other pingers of the same addresses, one of them some twenty packets a second fast."""
    steady = [line.demarc for line in lines if line.group == "steady"]
    v4 = [address for address in steady if ":" not in address]
    commands = [["fping", "-q", "-l", "-p", "500", "-i", "10", *v4[:20]], ["ping", "-q", "-i", "0.05", v4[0]]]
    with contextlib.ExitStack() as stack:
        for command in commands:
            child = subprocess.Popen(lab.near.command(*command), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            stack.callback(child.wait)
            stack.callback(child.kill)
        yield


def _report(place: Place, month: BillingMonth) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-P", "-m", "slamon", "-c", str(place.config), "report", str(month)]
    done = subprocess.run(
        [*command, "--format", "json", "-o", "-"], capture_output=True, text=True, check=False, timeout=SLOW_S
    )
    assert done.returncode == 0, done.stderr
    printed = json.loads(done.stdout)
    return {line["line_id"]: line for customer in printed["customers"] for line in customer["lines"]}
