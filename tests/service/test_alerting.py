"""Alerting through the running daemon: told, escalated, acknowledged, restored; storms, restarts, planned work."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from slamon.alerting.channel import never
from slamon.alerting.scripted import ScriptedChannel
from slamon.service import clock
from slamon.service.alerting import Alerting
from slamon.service.alerting_attempts import DEAD, SENT
from slamon.service.alerting_record import DECIDED
from slamon.service.desk import instant
from slamon.service.desk_incidents import acknowledge
from slamon.service.desk_maintenance import Window, add_maintenance
from slamon.store.measured import CLOSED, OPENED
from tests.alerting.receivers import receiver
from tests.service.alerts import ALERTS, Channels, Lately, staffed
from tests.service.fast import Fast
from tests.service.places import CONFIG, Place, row
from tests.service.test_daemon import Service, serving, until


@asynccontextmanager
async def alerted(where: Place, channels: Channels) -> AsyncIterator[Service]:
    async with serving(where, companions=[Alerting(opening=channels.open)]) as service:
        yield service


def only_incident(service: Service) -> str:
    (opened,) = service.entries(OPENED)
    return opened.subject or ""


def test_told_escalated_acknowledged_restored(tmp_path: Path):
    """Who is on call hears it at once; nobody answers, so the next one does; an ack stops it; both hear the end."""
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site")

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await until(lambda: channels.reasons("first") == ["opened"])
            assert channels.reasons("second") == []
            await until(lambda: channels.reasons("second") == ["escalated"])
            with where.open() as other:
                await asyncio.to_thread(acknowledge, other, [only_incident(service)], clock.now())
            service.prober.feed(*lately.show("......", "GX-0001"))
            await service.recorded(CLOSED)
            await until(lambda: channels.reasons("first")[-1:] == ["restored"])
            await until(lambda: channels.reasons("second")[-1:] == ["restored"])
            await service.recorded(SENT, count=4)
            assert len(service.entries(SENT)) == 4
            decided = [entry.payload["reason"] for entry in service.entries(DECIDED)]
            assert decided == ["opened", "escalated", "restored"]

    asyncio.run(scenario())
    assert channels.reasons("first") == ["opened", "restored"]
    assert channels.reasons("second") == ["escalated", "restored"]
    opened = channels.given("first")[0]
    assert "GX-0001" in opened.title
    assert "incident ack" in opened.body


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_a_restart_tells_nobody_twice_and_forgets_nobody(tmp_path: Path, ending: str):
    """The next life knows what was told and goes on escalating (F4)."""
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site", wait_s=4)

    async def scenario() -> None:
        async with alerted(where, channels) as first:
            first.prober.feed(*lately.show("....xx", "GX-0001"))
            await until(lambda: channels.reasons("first") == ["opened"])
            await first.recorded(SENT)
            if ending == "kill":
                await first.die()
        async with alerted(where, channels):
            await until(lambda: channels.reasons("second") == ["escalated"])
        assert channels.reasons("first") == ["opened"]

    asyncio.run(scenario())


def test_f17_a_storm_of_1000_lines_is_a_handful_of_messages(tmp_path: Path):
    """F17: lines that share nothing fail at once: the first few are told one by one, then all others in one message.

    Mutant: `grouping.causes_of` gives each incident a cause of its own: a thousand messages.
    """
    channels, lately = Channels(), Lately()
    ids = [f"GX-{n:04d}" for n in range(1, 1001)]
    where = staffed(tmp_path / "site", *(row(line_id) for line_id in ids), wait_s=3600)

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", *ids))
            await until(lambda: channels.given("first"))
            await service.recorded(OPENED, count=1000)
            told: list[Any] = [entry.payload for entry in service.entries(DECIDED)]
            assert len(told[0]["subjects"]) > 100

    asyncio.run(scenario())
    assert 1 <= len(channels.given("first")) <= 8
    assert max(len(parcel.lines) for parcel in channels.given("first")) > 5


def test_f20_planned_work_mutes_alerts_and_never_measurement(tmp_path: Path):
    """F20: the outage inside announced work is recorded whole, and wakes nobody; a line beside it does.

    Mutant: `AlertIncident.muted_at` returns False: the on-call is told of the line under work.
    """
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site", wait_s=3600)
    now = clock.now()
    window = Window(
        ("GX-0001",), None, instant(now - timedelta(hours=1)), instant(now + timedelta(hours=8)), "cut-over"
    )

    async def scenario() -> None:
        with where.open() as site:
            add_maintenance(site, window)
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await service.recorded(OPENED, "GX-0001")
            service.prober.feed(*lately.show("....xx", "GX-0002"))
            await until(lambda: channels.given("first"))
            assert len(service.entries(OPENED)) == 2

    asyncio.run(scenario())
    assert [parcel.lines for parcel in channels.given("first")] == [("GX-0002",)]


def test_a_message_that_no_channel_takes_is_itself_told(tmp_path: Path):
    """The dead letter of one person is a condition that the chain hears of, by the other channel."""
    channels, lately = Channels(first=ScriptedChannel([never("HTTP 403")] * 9)), Lately()
    where = staffed(tmp_path / "site", wait_s=3600)
    oncall = where.folder / "oncall.toml"
    oncall.write_text(
        oncall.read_text().replace('["first", "second"]', '["first"]').replace('["zhang"]', '["zhang", "li"]')
    )

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await service.recorded(DEAD)
            await until(lambda: "delivery_backlog" in channels.reasons("second"))

    asyncio.run(scenario())


def test_sighup_takes_channels_in_and_out(tmp_path: Path):
    """A channel that is added is used from then on, by whoever the on-call file now gives it to."""
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site", wait_s=3600)

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            where.configure(CONFIG + ALERTS + '\n[alerts.channels.third]\nkind = "terminal"\n')
            oncall = where.folder / "oncall.toml"
            oncall.write_text(oncall.read_text().replace('["first", "second"]', '["third"]'))
            os.kill(os.getpid(), signal.SIGHUP)
            await service.recorded("service.reloaded")
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await until(lambda: channels.reasons("third") == ["opened"])

    asyncio.run(scenario())
    assert channels.reasons("first") == []


def test_the_heartbeat_is_sent_while_all_is_well_and_withheld_in_doubt(tmp_path: Path):
    """Nothing before the first batch of readings; then it comes."""
    channels, lately = Channels(), Lately()
    with receiver() as outside:
        beats = ALERTS.replace("[alerts]\n", f'[alerts]\nheartbeat_url = "{outside.url}/ping"\n')
        where = staffed(tmp_path / "site", alerts=beats)
        where.config.chmod(0o600)
        fast = Fast(600)

        async def scenario() -> None:
            alerting = Alerting(fast.means(), channels.open)
            async with serving(where, companions=[alerting]) as service:
                with capture_logs() as logs:
                    await until(lambda: any(log["event"] == "heartbeat_withheld" for log in logs))
                    assert outside.got == []
                    while not outside.got:
                        service.prober.feed(*lately.show(".", "GX-0001"))
                        await asyncio.sleep(0.02)

        asyncio.run(scenario())


def test_without_alerts_in_the_config_nothing_is_told(tmp_path: Path):
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site", alerts="")

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await service.recorded(OPENED)
            assert service.entries(DECIDED) == []

    asyncio.run(scenario())
    assert channels.of == {}


@contextmanager
def nothing_said_of(*words: str):
    """Fail when a log event of the block holds one of these words."""
    with capture_logs() as logs:
        yield
    assert not [log for log in logs for word in words if word in str(log)]


def test_no_name_number_or_word_of_a_message_reaches_log_or_chain(tmp_path: Path):
    """Receivers' names, addresses and the customer's name stay with the channels; in the file stands none of them."""
    channels, lately = Channels(), Lately()
    where = staffed(tmp_path / "site", wait_s=1)
    lines = where.folder / "lines.csv"
    lines.write_text(
        lines.read_text().replace("line_id,", "customer_name,line_id,").replace("GX-000", "CANARY银行,GX-000")
    )
    words = ("CANARY", "canary", "1390000")

    async def scenario() -> None:
        async with alerted(where, channels) as service:
            service.prober.feed(*lately.show("....xx", "GX-0001"))
            await until(lambda: channels.reasons("second") == ["escalated"])
            await service.recorded(SENT, count=2)
            for entry in service.entries(SENT) + service.entries(DECIDED):
                assert not [word for word in words if word in str(entry)]

    with nothing_said_of(*words):
        asyncio.run(scenario())
    assert "CANARY银行" in channels.given("first")[0].title + channels.given("first")[0].body
