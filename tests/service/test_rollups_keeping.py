"""The own history beside a running daemon: what a line showed stands in its hours, also after a kill."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from slamon.core.rollup import DAY_S, HOUR_S, Rollup
from slamon.core.timespan import Span
from slamon.service.rollups_keeping import RollupKeeping
from slamon.store.rollups import FILE, Rollups
from tests.service.places import LINES, Place
from tests.service.playing import BASE
from tests.service.test_daemon import serving, until

DAY = Span(BASE - timedelta(days=1), BASE + timedelta(days=2))


def keeping(write_s: float = 60.0) -> RollupKeeping:
    """A companion for which it is the evening of the day that the readings tell of."""
    return RollupKeeping(write_s, lambda: BASE + timedelta(hours=12))


def hours(where: Place, line_id: str = LINES[0], seconds: int = HOUR_S) -> tuple[Rollup, ...]:
    with Rollups.open(where.state_dir, read_only=True) as looked:
        return looked.read([line_id], DAY, seconds)[line_id]


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
        Rollups.open(somewhere.state_dir).close()
        kept = keeping(write_s=0.0)
        with capture_logs() as logs:
            async with serving(somewhere, companions=[kept]) as service:
                with closing(sqlite3.connect(somewhere.state_dir / FILE, isolation_level=None)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    service.show("....")
                    await until(lambda: any(one["event"] == "history_not_written" for one in logs))
                    other.execute("ROLLBACK")
                service.show("....")
        assert [one.sent for one in hours(somewhere)] == [40, 40]
        assert kept.state.failures >= 1
        assert kept.state.rows == 16

    asyncio.run(scenario())
