"""The companion: what people are told, new tokens, a spool that cannot be opened yet, a thread that dies."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from slamon.config.credentials import InfluxTarget
from slamon.config.secret import Secret
from slamon.core.reading import InterfaceStats
from slamon.service.companion import Seen
from slamon.service.influx_feed import InfluxFeed
from slamon.service.influx_progress import Progress, folder_of, read_progress
from slamon.service.influx_telling import BACKLOG, RECOVERED, Telling
from slamon.service.site import Site
from slamon.sinks.delivery_errors import Refused
from slamon.sinks.scripted import ScriptedWriter
from tests.service.delivered import HEALTH, TARGET, with_target
from tests.service.places import LINES, Prepared
from tests.service.test_daemon import until
from tests.service.test_influx_courier import windows

AT = datetime(2026, 11, 20, tzinfo=UTC)


def told(*stands: tuple[int, Progress]) -> list[list[str]]:
    """What is told of a delivery that stands so, some seconds after the first look each."""
    telling = Telling()
    return [
        [kind for kind, _ in telling.look(replace(progress, at=AT + timedelta(seconds=second)))]
        for second, progress in stands
    ]


WELL = Progress(AT, "delivering")
GONE = Progress(AT, "unreachable", "no route")
LATE = Progress(AT, "replaying", backlog_points=7)
FULL = Progress(AT, "unreachable", "no route", rolled_from_points=6)
LOST = Progress(AT, "unreachable", "no route", rolled_from_points=6, lost_points=3)
NO_ROOM = Progress(AT, "delivering", disk="No space left on device")


@pytest.mark.parametrize(
    ("stands", "expected"),
    [
        ([(0, WELL), (1, GONE), (59, GONE), (60, WELL)], [[], [], [], []]),
        ([(0, GONE), (60, GONE), (61, GONE), (70, LATE), (80, WELL)], [[], [BACKLOG], [], [], [RECOVERED]]),
        ([(0, GONE), (30, WELL), (31, GONE), (89, GONE), (92, GONE)], [[], [], [], [], [BACKLOG]]),
        ([(0, FULL), (1, FULL), (2, LOST), (3, LOST)], [[BACKLOG], [], [BACKLOG], []]),
        ([(0, NO_ROOM), (1, NO_ROOM), (2, WELL)], [[BACKLOG], [], [RECOVERED]]),
        ([(0, LATE), (1, WELL)], [[], []]),
    ],
    ids=[
        "less than a minute is nobody's matter",
        "an outage is told once, its end when all that waited has arrived",
        "a minute counts from the last success",
        "a full spool is told at once, and the first loss",
        "a full disk is told, and that it is over",
        "what waited from before is no outage",
    ],
)
def test_people_are_told(stands, expected):
    """`delivery.backlog` and `delivery.recovered` in the ledger, once each."""
    assert told(*stands) == expected


def test_every_loss_is_in_the_log():
    """With how many points, each time there are more."""
    telling = Telling()
    with capture_logs() as logs:
        for lost in (0, 3, 3, 10):
            list(telling.look(replace(WELL, lost_points=lost)))
    assert [(one["event"], one["points"], one["in_all"]) for one in logs] == [
        ("influx_lost", 3, 3),
        ("influx_lost", 7, 10),
    ]


@pytest.fixture
def site(prepared: Prepared, tmp_path):
    with prepared.site(tmp_path) as plain:
        settings = replace(plain.loaded.settings, state_dir=tmp_path)
        yield with_target(replace(plain, loaded=replace(plain.loaded, settings=settings)), TARGET)


def see(feed: InfluxFeed, count: int) -> None:
    feed.see(Seen(windows(0, count), list(LINES), [None], HEALTH))


def test_a_new_token_is_used_at_once_after_a_reload(site: Site):
    """Refused with the old one, nothing is lost; the new one delivers without waiting for the next try."""
    writers: dict[str, ScriptedWriter] = {}

    def connected(target: InfluxTarget) -> ScriptedWriter:
        made = writers[target.token.reveal()] = ScriptedWriter()
        if target.token == TARGET.token:
            made.refuse = lambda _: Refused("the server answered 401", "put a valid one into token_file", 401)
        return made

    async def scenario() -> None:
        feed = InfluxFeed(connected)
        await feed.begin(site, lambda *_: None)
        running = asyncio.create_task(feed.run())
        see(feed, 5)
        await until(lambda: feed.progress().failures > 1)
        assert feed.progress().state == "refused"
        await feed.adopt(with_target(site, replace(TARGET, token=Secret("new"))))
        await until(lambda: len(writers["new"].of("line_quality")) == 10)
        running.cancel()
        await feed.end()

    asyncio.run(scenario())


def test_a_carriers_port_becomes_a_point(site: Site):
    """What SNMP polling hands on, typed; unknown values are left out."""
    writer = ScriptedWriter()

    async def scenario() -> None:
        feed = InfluxFeed(lambda _: writer)
        await feed.begin(site, lambda *_: None)
        running = asyncio.create_task(feed.run())
        feed.add_port(LINES[0], InterfaceStats("up", "down", 100, in_errors=0, out_octets=7), AT)
        await until(lambda: writer.of("line_interface"))
        running.cancel()
        await feed.end()

    asyncio.run(scenario())
    ((series, _), fields), *_ = writer.of("line_interface").items()
    assert series == "line_interface,line=GX-0001,vantage=nanning-1"
    assert fields == "oper_up=false,in_errors=0i,out_octets=7i,speed_mbps=100.0"


def test_a_spool_that_cannot_be_opened_is_tried_again(site: Site):
    """A file stands where the folder should be: `begin` fails, judging goes on, and later it works."""
    writer, blocker = ScriptedWriter(), folder_of(site.loaded.settings.state_dir)
    blocker.write_text("in the way")

    async def scenario() -> None:
        feed = InfluxFeed(lambda _: writer)
        with pytest.raises(OSError, match="File exists"):
            await feed.begin(site, lambda *_: None)
        see(feed, 5)
        blocker.unlink()
        running = asyncio.create_task(feed.run())
        await until(lambda: feed.progress().limit_bytes)
        see(feed, 5)
        await until(lambda: len(writer.of("line_quality")) == 10)
        running.cancel()
        await feed.end()

    asyncio.run(scenario())


def test_a_thread_that_dies_is_told_and_started_again(site: Site):
    """A defect in the delivery ends `run` with its cause; run again, it goes on where it was."""
    writer = ScriptedWriter()

    def broken(block: bytes) -> None:
        raise ZeroDivisionError(block[:4])

    async def scenario() -> None:
        writer.refuse = broken
        feed = InfluxFeed(lambda _: writer)
        await feed.begin(site, lambda *_: None)
        see(feed, 5)
        with pytest.raises(RuntimeError, match="a thread of the delivery") as caught:
            await feed.run()
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        writer.refuse = lambda _: None
        running = asyncio.create_task(feed.run())
        await until(lambda: len(writer.of("line_quality")) == 10)
        running.cancel()
        await feed.end()

    asyncio.run(scenario())


def test_what_is_seen_last_is_on_disk_when_it_ends(site: Site, tmp_path: Path):
    """A clean stop leaves nothing in memory, and says what waits."""

    async def scenario() -> None:
        feed = InfluxFeed(lambda _: ScriptedWriter(lambda _: Refused("401")))
        await feed.begin(site, lambda *_: None)
        running = asyncio.create_task(feed.run())
        await asyncio.sleep(0)
        see(feed, 50)
        running.cancel()
        await feed.end()

    asyncio.run(scenario())
    left = read_progress(tmp_path)
    assert left is not None
    assert left.waiting_points == 101  # and one of slamon's own health
