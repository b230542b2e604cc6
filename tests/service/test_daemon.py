"""The daemon in this process, with a scripted prober: signals, other people's entries, dying probers, full disks."""

import asyncio
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from slamon.core.reading import Reading
from slamon.core.timespan import Span
from slamon.probes.oneshot import Hop
from slamon.probes.scripted import ScriptedProber
from slamon.service import daemon_lock
from slamon.service.companion import Companion
from slamon.service.daemon import Daemon
from slamon.service.desk import instant
from slamon.service.desk_lines import Ground, suspend
from slamon.service.judging import Judging
from slamon.service.onset import Traceroute
from slamon.service.replay import replay
from slamon.store.entry import Entry
from slamon.store.errors import LedgerError
from slamon.store.ledger import Ledger
from slamon.store.measured import CLOSED, OPENED
from tests.service.places import LINES, Place, place, row, statement
from tests.service.playing import BASE, in_time, pictured
from tests.service.runs import SLAMON
from tests.store.facts import stamp, url

DEADLINE_S = 20.0
TEN_S = timedelta(seconds=10)
# How much later than promised is still in time on a busy machine.
SLACK_S = 1.5


async def until(holds: Callable[[], object]) -> None:
    """Wait until something holds; raises `TimeoutError` at the deadline."""
    async with asyncio.timeout(DEADLINE_S):
        while not await asyncio.to_thread(holds):  # noqa: ASYNC110 - what is waited for is in a file
            await asyncio.sleep(0.02)


class Manager:
    """A service manager's end of the notify socket."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(self.path))
        self._socket.setblocking(False)
        self.told: list[str] = []

    def count(self, state: str) -> int:
        with suppress(BlockingIOError):
            while True:
                self.told += self._socket.recv(4096).decode().split("\n")
        return self.told.count(state)

    def close(self) -> None:
        self._socket.close()


@dataclass
class Service:
    """A running daemon and what one sees of it from outside."""

    place: Place
    prober: ScriptedProber
    manager: Manager
    task: asyncio.Task[None]
    daemon: Daemon
    next: dict[str, datetime] = field(default_factory=dict)

    def show(self, picture: str, *line_ids: str) -> None:
        """Let lines show a picture from where they were left off."""
        found: list[list[Reading]] = []
        for line_id in line_ids or LINES:
            since = self.next.get(line_id, BASE)
            found.append(pictured(line_id, picture, since))
            self.next[line_id] = since + len(picture) * TEN_S
        self.prober.feed(*in_time(*found))

    @property
    def judging(self) -> Judging:
        """What the daemon has in mind, to look at."""
        return self.daemon._judging  # noqa: SLF001 - nobody outside can see what is not written yet

    def entries(self, kind: str, line_id: str | None = None) -> list[Entry]:
        with Ledger.open(url(self.place.ledger_file), writer="x", stamp=stamp, read_only=True) as ledger:
            return list(ledger.entries(kinds={kind}, line_id=line_id))

    async def recorded(self, kind: str, line_id: str | None = None, count: int = 1) -> None:
        await until(lambda: len(self.entries(kind, line_id)) >= count)

    async def end(self) -> None:
        self.daemon.stop()
        async with asyncio.timeout(DEADLINE_S):
            await self.task

    async def die(self) -> None:
        """End without a last word, as a kill does."""
        self.task.cancel()
        with suppress(asyncio.CancelledError):
            await self.task
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def one_hop(target: str, _source: str | None) -> Sequence[Hop]:
    """A path that no packet is sent for."""
    return (Hop(1, target, 1.0, reached=True),)


@asynccontextmanager
async def serving(
    where: Place,
    following: Service | None = None,
    traceroute: Traceroute = one_hop,
    companions: Sequence[Companion] = (),
) -> AsyncIterator[Service]:
    """Run a daemon; it is ended cleanly unless that was done."""
    manager = Manager(where.folder)
    prober = ScriptedProber()
    try:
        with where.open() as site:
            daemon = Daemon(site, prober, {"NOTIFY_SOCKET": str(manager.path)}, traceroute, companions)
            task = asyncio.create_task(daemon.run())
            service = Service(where, prober, manager, task, daemon, dict(following.next) if following else {})
            await until(lambda: manager.count("READY=1") or task.done())
            try:
                yield service
            finally:
                if not task.done():
                    await service.end()
    finally:
        manager.close()
        manager.path.unlink()


def stated(where: Place, line_id: str) -> dict[str, Any]:
    with where.open() as site:
        return statement(site, line_id)


def unseen(where: Place, line_id: str) -> list[Span[datetime]]:
    """When a line was not seen, since it was first."""
    with where.open() as site:
        return [span for span in site.book(line_id).measured.nodata if span.start >= BASE]


def test_sighup_takes_lines_in_and_out(somewhere: Place):
    """A new line is probed, one that left is not; its open incident stays open, marked, and unseen from there on."""

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....xxxx")
            await service.recorded(OPENED, LINES[0])
            somewhere.inventory(row(LINES[1]), row("GX-0003"))
            os.kill(os.getpid(), signal.SIGHUP)
            await service.recorded("service.reloaded")
            assert {line.line_id for line in service.prober.lines} == {LINES[1], "GX-0003"}
            service.show("xxxx......", LINES[1])
            service.show("." * 14, "GX-0003")
            await service.recorded(CLOSED, LINES[1])
        left, stayed = stated(somewhere, LINES[0]), stated(somewhere, LINES[1])
        assert left["departed"] is True
        assert [one["state"] for one in left["pending"]] == ["open"]
        assert [one["state"] for one in stayed["incidents"]] == ["restored"]
        assert unseen(somewhere, LINES[0])[0].start == BASE + 8 * TEN_S
        assert stated(somewhere, "GX-0003")["seconds"]["up"] == 140

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[monitor]\nvantge = 'x'", "vantge"),
        ("[monitor]\nvantage = 'elsewhere'\nstate_dir = 'state'", "cannot change while slamon runs"),
        ("[monitor", "TOML"),
    ],
    ids=["an unknown key is refused", "another vantage needs a restart", "what is no TOML is refused"],
)
def test_sighup_with_an_invalid_config_keeps_the_old_one(somewhere: Place, text: str, said: str):
    """It is refused with its reason; lines, state and the open incident stay; mended, it is taken."""

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....xxxx")
            await service.recorded(OPENED, LINES[0])
            kept = somewhere.config.read_text()
            somewhere.configure(text)
            with capture_logs() as logs:
                os.kill(os.getpid(), signal.SIGHUP)
                await until(lambda: service.manager.count("RELOADING=1") and service.manager.count("READY=1") == 2)
            assert any(said in str(log.get("problem")) for log in logs), logs
            assert len(service.prober.lines) == 2
            assert service.entries("service.reloaded") == []
            somewhere.configure(kept)
            os.kill(os.getpid(), signal.SIGHUP)
            await service.recorded("service.reloaded")
            service.show("......")
            await service.recorded(CLOSED, LINES[0])
        assert len(stated(somewhere, LINES[0])["incidents"]) == 1

    asyncio.run(scenario())


def test_a_suspension_that_another_process_files_is_taken_within_a_second(somewhere: Place):
    """The open incident ends where service ended; later readings of the line are not judged."""

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....xxxx")
            await service.recorded(OPENED, LINES[0])
            at = BASE + 6 * TEN_S
            with somewhere.open() as other:
                await asyncio.to_thread(suspend, other, LINES[0], instant(at), None, Ground.ARREARS)
            filed = time.monotonic()
            await service.recorded(CLOSED, LINES[0])
            assert time.monotonic() - filed < 1 + SLACK_S
            service.show("xxxxxx")
        (incident,) = stated(somewhere, LINES[0])["incidents"]
        assert incident["restored"] == "2026-10-03T00:01:00Z"
        assert len(stated(somewhere, LINES[1])["pending"]) == 1

    asyncio.run(scenario())


def test_a_prober_that_dies_is_started_again_and_the_gap_is_blind(somewhere: Place):
    """The outage across the gap stays one incident, the gap joins it; the other line is blind there and no longer.

    Mutant: without `lose_sight` in Feed.take the reason is lost: the gap is only "no reading".
    """

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....xxxx", LINES[0])
            service.show("........", LINES[1])
            await service.recorded(OPENED, LINES[0])
            service.prober.fail("the prober process ended by itself (exit status -9)")
            await until(lambda: service.prober.starts == 2)
            service.next = {line_id: at + 3 * TEN_S for line_id, at in service.next.items()}
            service.show("xx......", LINES[0])
            service.show("........", LINES[1])
            await service.recorded(CLOSED, LINES[0])
            (lost,) = service.entries("vantage.prober_lost")
            assert "exit status -9" in str(lost.payload["detail"])
            (blind,) = service.entries("line.blind", LINES[1])
            assert blind.payload["reason"] == "the prober was restarted"
        (incident,) = stated(somewhere, LINES[0])["incidents"]
        assert [one["kind"] for one in incident["segments"]] == ["interruption"]
        gap = Span(BASE + 8 * TEN_S, BASE + 11 * TEN_S)
        assert unseen(somewhere, LINES[1]) == [gap]

    asyncio.run(scenario())


def test_a_prober_that_falls_silent_is_started_again(somewhere: Place):
    """A batch comes each second; after ten seconds of nothing it is taken for dead."""

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....")
            await until(lambda: service.prober.starts == 2)
            service.next = {line_id: at + TEN_S for line_id, at in service.next.items()}
            service.show("....")
            await service.recorded("vantage.prober_lost")
            (lost,) = service.entries("vantage.prober_lost")
            assert "said nothing" in str(lost.payload["detail"])
        assert unseen(somewhere, LINES[0]) == [Span(BASE + 4 * TEN_S, BASE + 5 * TEN_S)]

    asyncio.run(scenario())


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Hold the ledger's write lock."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def _said(logs: Sequence[Mapping[str, object]], event: str) -> bool:
    return any(log["event"] == event for log in logs)


def test_a_stop_while_the_ledger_is_locked_loses_nothing_and_keeps_the_order(somewhere: Place):
    """A commit that waits for the lock when SIGTERM comes, and fails, is tried again before the last one.

    Mutant: with the committing tasks cancelled at the stop (Daemon._end) nobody hears that the orphaned thread
    failed: the alarm is lost, and the restoring of an unknown incident is all that the ledger has.
    """

    async def scenario() -> None:
        async with serving(somewhere) as service:
            service.show("....")
            await service.recorded("service.started")
            with capture_logs() as logs, locked(somewhere.ledger_file):
                service.show("xxxx", LINES[0])
                await until(lambda: _said(logs, "incident_opened") and not service.judging.eventful)
                service.show("......", LINES[0])
                service.daemon.stop()
                await until(lambda: _said(logs, "ledger_not_written"))
            async with asyncio.timeout(DEADLINE_S):
                await service.task
        with somewhere.open() as site:
            assert [entry.kind for entry in site.ledger.entries(kinds={OPENED, CLOSED})] == [OPENED, CLOSED]
            assert site.fleet().coverage(LINES[0]).until == BASE + 14 * TEN_S
            assert site.ledger.verify().sound
        (incident,) = stated(somewhere, LINES[0])["incidents"]
        assert incident["state"] == "restored"

    asyncio.run(scenario())


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 3 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.lab
def test_f15_a_full_disk_stops_recording_not_judging(small_disk: Path):
    """F15: what happens while the disk is full waits in memory, in order, and is recorded when there is room.

    Mutant: without `self._waiting = work.followed_by(...)` in Keeper._save the outage is never recorded.
    """
    where = place(small_disk / "site")

    async def scenario() -> None:
        async with serving(where) as service:
            service.show("....")
            await service.recorded("service.started")
            ballast = small_disk / "ballast"
            with suppress(OSError), ballast.open("wb", buffering=0) as stream:
                while stream.write(b"x" * 4096):
                    pass
            with capture_logs() as logs:
                service.show("xxxx......xxxx", LINES[0])
                await until(lambda: sum(log["event"] == "ledger_not_written" for log in logs) >= 2)
            assert service.entries(OPENED) == []
            judged = service.judging.judge_of(LINES[0])
            assert judged is not None
            assert judged.course.phase == "open"
            ballast.unlink()
            await service.recorded(OPENED, LINES[0], count=2)
            service.show("......", LINES[0])
            await service.recorded(CLOSED, LINES[0], count=2)
            kinds = [entry.kind for kind in (OPENED, CLOSED) for entry in service.entries(kind)]
            assert kinds == [OPENED, OPENED, CLOSED, CLOSED]
        with where.open() as site:
            assert site.ledger.verify().sound
        assert unseen(where, LINES[0]) == []

    asyncio.run(scenario())


def test_sigterm_checkpoints_at_once(somewhere: Place):
    """A stop right after a reading loses none: readings that go on where it stopped leave no blind second."""

    async def scenario() -> None:
        async with serving(somewhere) as first:
            first.show("....xx")
            await until(lambda: first.judging.coverage(LINES[1]).until == BASE + 6 * TEN_S)
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(DEADLINE_S):
                await first.task
        async with serving(somewhere, first) as second:
            second.show("xx......")
            await second.recorded(CLOSED, LINES[0])
            (started,) = second.entries("service.started")[1:]
            assert started.payload["clean_stop_before"] is True
        for line_id in LINES:
            assert unseen(somewhere, line_id) == []
            assert len(stated(somewhere, line_id)["incidents"]) == 1

    asyncio.run(scenario())


@pytest.mark.parametrize("cleanly", [True, False], ids=["after a clean stop", "after a kill"])
def test_f4_a_restart_during_an_outage_is_no_second_alarm(somewhere: Place, cleanly: bool):
    """F4: the incident goes on with its onset and its id; the stop is blind, for its reason, on the line that was up.

    Mutants: without `judging.restore` in Daemon._begin there are two incidents; without `lose_sight` the stop's
    reason is lost, and with the last instant taken from the clock it would be up time.
    """

    async def scenario() -> None:
        async with serving(somewhere) as first:
            first.show("....xxxx", LINES[0])
            first.show("........", LINES[1])
            await first.recorded(OPENED, LINES[0])
            await until(lambda: _observed(somewhere, LINES[1]) == BASE + 8 * TEN_S)
            await (first.end() if cleanly else first.die())
        first.next = {line_id: at + 30 * TEN_S for line_id, at in first.next.items()}
        async with serving(somewhere, first) as second:
            second.show("xx......", LINES[0])
            second.show("........", LINES[1])
            await second.recorded(CLOSED, LINES[0])
            (blind,) = second.entries("line.blind", LINES[1])
            assert blind.payload["reason"] == ("slamon was stopped" if cleanly else "slamon was killed or crashed")
            (opened,) = second.entries(OPENED)
        (incident,) = stated(somewhere, LINES[0])["incidents"]
        assert (incident["incident_id"], incident["number"]) == (opened.subject, opened.seq)
        assert incident["onset"] == "2026-10-03T00:00:40Z"
        assert [one["kind"] for one in incident["segments"]] == ["interruption"]
        assert unseen(somewhere, LINES[1]) == [Span(BASE + 8 * TEN_S, BASE + 38 * TEN_S)]

    asyncio.run(scenario())


def _observed(where: Place, line_id: str) -> datetime | None:
    try:
        with where.open() as site:
            return site.fleet().coverage(line_id).until
    except LedgerError:
        return None


def test_a_replay_beside_the_daemon_is_taken_over(somewhere: Place):
    """What another process judged further goes on in the daemon: an outage opened there is restored here."""

    async def scenario() -> None:
        file = somewhere.readings(in_time(pictured(LINES[0], "...."), pictured(LINES[1], "....xxxx")))
        async with serving(somewhere) as service:
            service.show("........", LINES[0])
            with somewhere.open() as other:
                done = await asyncio.to_thread(replay, other, file)
            assert done.opened == 1
            with capture_logs() as logs:
                await until(lambda: _said(logs, "lines_replayed_elsewhere"))
            service.next[LINES[1]] = BASE + 8 * TEN_S
            service.show("......")
            await service.recorded(CLOSED, LINES[1])
        (incident,) = stated(somewhere, LINES[1])["incidents"]
        assert incident["restored"] == "2026-10-03T00:01:20Z"
        for line_id in LINES:
            assert unseen(somewhere, line_id) == []

    asyncio.run(scenario())


def test_a_second_daemon_is_refused(somewhere: Place):
    """One daemon a state directory: the other one says which process runs there, and changes nothing."""
    with somewhere.open(), daemon_lock.hold(somewhere.state_dir):
        assert daemon_lock.daemon_pid(somewhere.state_dir) == os.getpid()
        command = [*SLAMON, "-c", str(somewhere.config), "run"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=DEADLINE_S)
        assert done.returncode == 1
        assert f"already runs on {somewhere.state_dir} (process {os.getpid()})" in done.stderr
        assert "Traceback" not in done.stderr
    assert daemon_lock.daemon_pid(somewhere.state_dir) is None
