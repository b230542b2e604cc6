"""The own history beside a running daemon: what a line showed stands in its hours, also after a kill."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from structlog.testing import capture_logs

from slamon.core.reading import Reading
from slamon.core.rollup import DAY_S, HOUR_S, Rollup
from slamon.core.timespan import Span
from slamon.service import clock
from slamon.service.replay import replay
from slamon.service.rollups_keeping import RollupKeeping
from slamon.store.rollups import FILE, Rollups
from tests.service.places import LINES, Place, place
from tests.service.playing import BASE, in_time, pictured
from tests.service.test_daemon import serving, until

BEGAN = clock.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
DAY = Span(BASE - timedelta(days=1), BASE + timedelta(days=2))


def keeping(write_s: float = 60.0) -> RollupKeeping:
    """A companion for which it is the evening of the day that the readings tell of."""
    return RollupKeeping(write_s, 0.05, lambda: BASE + timedelta(hours=12))


def hours(
    where: Place, line_id: str = LINES[0], seconds: int = HOUR_S, span: Span[datetime] = DAY
) -> tuple[Rollup, ...]:
    with Rollups.open(where.state_dir, read_only=True) as looked:
        return looked.read([line_id], span, seconds)[line_id]


def test_what_the_daemon_judged_stands_in_the_hours(somewhere: Place):
    """Both targets of both lines, lost packets as loss; the day is that of the contract's zone (Shanghai)."""

    async def scenario() -> None:
        async with serving(somewhere, companions=[keeping()]) as service:
            service.show("..xx......")
        demarc, cpe = hours(somewhere)
        assert (demarc.target, cpe.target, demarc.start, demarc.blind_s) == ("demarc", "cpe", BASE, 0)
        assert demarc.loss_ratio == 0.2
        assert demarc.rtt_min_ms is not None
        assert [one.loss_ratio for one in hours(somewhere, LINES[1])] == [0.2, 0.2]
        assert hours(somewhere, seconds=DAY_S)[0].start == datetime(2026, 10, 2, 16, 0, tzinfo=UTC)

    asyncio.run(scenario())


def test_the_time_of_a_stop_is_blind(somewhere: Place):
    """Two minutes between the last window before a restart and the first one after it."""

    async def scenario() -> None:
        async with serving(somewhere, companions=[keeping()]) as first:
            first.show("......")
        first.next = {line_id: at + timedelta(minutes=2) for line_id, at in first.next.items()}
        async with serving(somewhere, first, companions=[keeping()]) as second:
            second.show("......")
        (demarc, _) = hours(somewhere)
        assert (demarc.loss_ratio, demarc.blind_s) == (0, 120)

    asyncio.run(scenario())


def test_a_history_that_cannot_be_written_holds_up_nothing_and_is_caught_up(somewhere: Place):
    """While another process keeps it locked the log says so; what was counted is written once it can be.

    Mutant: with the tally forgotten before it is written (`RollupKeeping._put`) the packets of that time are gone.
    """

    async def scenario() -> None:
        kept = keeping(write_s=0.0)
        with capture_logs() as logs:
            async with serving(somewhere, companions=[kept]) as service:
                service.show("..")
                await until(lambda: kept.state.writes)
                with closing(sqlite3.connect(somewhere.state_dir / FILE, isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    service.show("..")
                    await until(lambda: any(one["event"] == "history_not_written" for one in logs))
                    other.execute("ROLLBACK")
                service.show("....")
        assert [one.sent for one in hours(somewhere)] == [40, 40]
        assert kept.state.failures >= 1
        assert kept.state.rows == 16

    asyncio.run(scenario())


def recent(line_id: str, picture: str) -> list[Reading]:
    """Readings of today: what is older than the hours that are kept stands in its day alone."""
    return pictured(line_id, picture, BEGAN)


def test_replayed_readings_fill_the_history_as_live_ones_do(somewhere: Place, tmp_path: Path):
    """The same readings give the same hours, whether a daemon judged them or a replay did; again changes nothing.

    Mutant: without asking `_take` whether a reading was judged, a second replay doubles every packet: red.
    """
    other = place(tmp_path / "other")
    readings = in_time(*(recent(line_id, "..xx..~~....?...") for line_id in LINES))

    async def scenario() -> None:
        kept = RollupKeeping(count_s=0.05)
        async with serving(somewhere, companions=[kept]) as service:
            service.prober.feed(*readings)

    asyncio.run(scenario())
    span = Span(BEGAN - timedelta(days=1), BEGAN + timedelta(days=1))
    for part in (readings[:-4], readings, readings):
        with other.open() as site:
            replay(site, other.readings(part))
    for seconds in (HOUR_S, DAY_S):
        live, replayed = (hours(one, seconds=seconds, span=span) for one in (somewhere, other))
        assert live == replayed
        assert sum(one.sent for one in live) > 0
    assert sum(one.blind_s for one in hours(other, span=span)) > 0
