"""Ports beside the judging: polls reach the judge, silence reaches the ledger, a dead SNMP process holds up nothing."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from slamon.core.reading import InterfaceStats
from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.asking import Trouble
from slamon.probes.snmp.device import Polled
from slamon.probes.snmp.news import AgentNews, PortNews
from slamon.probes.snmp.scripted import ScriptedPorts
from slamon.service import clock
from slamon.service.snmp_status import silent_agents
from slamon.service.snmp_watch import (
    AGENT_ANSWERING,
    AGENT_SILENT,
    PORT_FOUND,
    PORT_MISSING,
    PROBER_LOST,
    SnmpWatch,
    watch_of,
)
from slamon.store.measured import OPENED
from tests.service.places import CONFIG, HEADER, LINES, Place, row
from tests.service.test_daemon import Service, serving, until

AGENT = "edge@192.0.2.1:161"


def furnish(folder: Path, *rows: str) -> Place:
    place = Place(folder)
    place.configure(CONFIG + '\n[snmp.edge]\nversion = "2c"\ncommunity_file = "community"\ninterval_s = 30\n')
    (folder / "community").write_text("s3cr3t", encoding="ascii")
    (folder / "community").chmod(0o600)
    inventory(place, *(rows or (f"{row(LINES[0])},{AGENT},GE0/0/1", f"{row(LINES[1])},{AGENT},GE0/0/2")))
    return place


def inventory(place: Place, *rows: str) -> None:
    text = "\n".join([f"{HEADER},snmp_agent,snmp_interface", *rows])
    (place.folder / "lines.csv").write_text(f"{text}\n", encoding="utf-8")


@pytest.fixture
def somewhere(tmp_path: Path) -> Place:
    return furnish(tmp_path)


def silent(at_s: float | None = None) -> AgentNews:
    return AgentNews(AGENT, "edge", time.monotonic() if at_s is None else at_s, LINES, Trouble.TIMEOUT, "no answer")


def playing(where: Place, play: Callable[[Service, ScriptedPorts, SnmpWatch], object]) -> SnmpWatch:
    """Run a daemon with a scripted SNMP process through a scene."""

    async def scenario() -> SnmpWatch:
        ports = ScriptedPorts()
        watch = SnmpWatch(ports, settle_s=0)
        async with serving(where, companions=[watch]) as service:
            watch.connect(service.daemon.note_port)
            await play(service, ports, watch)  # type: ignore[misc] # scenes are coroutines
        return watch

    return asyncio.run(scenario())


def test_an_agent_is_polled_with_all_its_lines(somewhere):
    """Grouped by agent, with the pace of its credential; lines without a port are not."""
    inventory(
        somewhere,
        f"{row(LINES[0])},{AGENT},GE0/0/1",
        f"{row(LINES[1])},{AGENT},GE0/0/2",
        f"{row('plain')},,",
    )
    with somewhere.open() as site:
        ((peer, lines),) = watch_of(site, clock.now()).devices.items()
    assert (peer.name, peer.credential.interval_s) == (AGENT, 30)
    assert [(line.line_id, line.interface) for line in lines][:2] == [(LINES[0], "GE0/0/1"), (LINES[1], "GE0/0/2")]
    assert "plain" not in [line.line_id for line in lines]


def test_since_when_a_port_is_in_its_state_does_not_waver(somewhere):
    """An agent's clock and ours never agree to the tick; what has not changed keeps its instant."""
    found: list[tuple[str, InterfaceStats]] = []

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:
        watch.connect(lambda line_id, stats, at: found.append((line_id, stats)))  # noqa: ARG005
        ports.say((Polled(LINES[0], time.monotonic(), InterfaceStats("up", "down"), 90.0),))
        ports.say((Polled(LINES[0], time.monotonic(), InterfaceStats("up", "down"), 90.4),))
        await until(lambda: len(found) == 2)
        del service

    playing(somewhere, play)
    changes = [stats.last_change for _, stats in found]
    assert changes[0] is not None
    assert changes[0] == changes[1]
    assert abs(clock.now() - timedelta(seconds=90) - changes[0]) < timedelta(seconds=5)


def test_a_silent_agent_stands_in_the_ledger_and_in_status_until_it_answers(somewhere):
    """A notice with agent, credential's name, reason and lines; never an incident, never the community."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        ports.say(silent())
        ports.say(PortNews(AGENT, "edge", time.monotonic(), (LINES[1],), "GE0/0/2", Trouble.NO_INTERFACE, "nope\x1b["))
        await service.recorded(AGENT_SILENT)
        await service.recorded(PORT_MISSING)
        with somewhere.open() as site:
            first, second = silent_agents(site)
        assert (first.agent, first.credential, first.reason) == ("192.0.2.1:161", "edge", "timeout")
        assert (first.lines, first.line_count, first.interface) == (LINES, 2, None)
        assert (second.interface, second.detail) == ("GE0/0/2", "nope\\x1b[")
        ports.say(AgentNews(AGENT, "edge", time.monotonic(), LINES))
        ports.say(PortNews(AGENT, "edge", time.monotonic(), (LINES[1],), "GE0/0/2"))
        await service.recorded(AGENT_ANSWERING)
        await service.recorded(PORT_FOUND)
        with somewhere.open() as site:
            assert silent_agents(site) == ()

    with capture_logs() as logs:
        playing(somewhere, play)
    with somewhere.open() as site:
        assert not list(site.ledger.entries(kinds={OPENED}))
    assert "s3cr3t" not in f"{logs}{somewhere.ledger_file.read_bytes()!r}"


def test_agents_behind_a_dead_uplink_are_not_told_one_by_one(somewhere):
    """While the vantage is blind silence says nothing: who answers again was never silent, who does not is told then.

    Mutant: `_hear_agent` telling at once: two entries while the vantage is blind.
    """
    other = AgentNews("edge@192.0.2.2:161", "edge", time.monotonic(), LINES, Trouble.TIMEOUT, "no answer")

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:
        service.show("b")
        await until(lambda: watch._blind)  # noqa: SLF001 - nobody outside can see that it was noticed
        ports.say(silent())
        ports.say(other)
        await until(lambda: len(watch._held) == 2)  # noqa: SLF001
        assert service.entries(AGENT_SILENT) == []
        ports.say(AgentNews(AGENT, "edge", time.monotonic(), LINES))
        await until(lambda: len(watch._held) == 1)  # noqa: SLF001
        service.show("..")
        await service.recorded(AGENT_SILENT)
        (told,) = service.entries(AGENT_SILENT)
        assert told.payload["agent"] == "192.0.2.2:161"
        assert service.entries(AGENT_ANSWERING) == []

    playing(somewhere, play)


def test_what_was_silent_before_a_start_is_not_known_to_be_silent_now(somewhere):
    """Whoever is silent still says so again within two polls."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        ports.say(silent())
        await service.recorded(AGENT_SILENT)

    async def calm(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:
        del service, ports, watch

    playing(somewhere, play)
    with somewhere.open() as site:
        assert len(silent_agents(site)) == 1
    playing(somewhere, calm)
    with somewhere.open() as site:
        assert silent_agents(site) == ()


def test_a_dead_snmp_process_is_started_again_and_lines_go_on(somewhere):
    """Its death is on record; packets are judged all the while."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        ports.say(ProbeError("it died"))
        await service.recorded(PROBER_LOST)
        service.show("....xxxx")
        await service.recorded(OPENED, LINES[0])
        await until(lambda: ports.starts == 2)

    with capture_logs() as logs:
        playing(somewhere, play)
    assert [log["reason"] for log in logs if log["event"] == "snmp_lost"] == ["it died"]


def test_a_line_that_goes_down_has_its_port_asked_at_once(somewhere):
    """Once for each time it goes down, however long it stays so."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        service.show("....xxxxxx", LINES[0])
        await until(lambda: ports.confirmed == [LINES[0]])
        service.show("xx", LINES[0])
        service.show("...", LINES[0])
        service.show("xx", LINES[0])
        await until(lambda: ports.confirmed == [LINES[0], LINES[0]])

    playing(somewhere, play)


def test_when_the_vantage_sees_again_all_ports_are_asked(somewhere):
    """Behind a dead uplink every agent fell silent, and is asked seldom: nobody waits for that."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        service.show("....")
        service.show("bbb")
        service.show("....")
        await until(lambda: ports.confirmed == list(LINES))

    playing(somewhere, play)


def test_a_reload_changes_what_is_polled(somewhere):
    """SIGHUP: an agent less, another interface."""

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        inventory(somewhere, f"{row(LINES[0])},{AGENT},GE0/0/9", row(LINES[1]) + ",,")
        os.kill(os.getpid(), signal.SIGHUP)
        await service.recorded("service.reloaded")
        (lines,) = ports.watches[-1].devices.values()
        assert [(line.line_id, line.interface) for line in lines] == [(LINES[0], "GE0/0/9")]

    playing(somewhere, play)


def test_a_site_without_ports_starts_no_process(tmp_path):
    """Nothing is polled where nothing is named; a reload may bring some."""
    somewhere = furnish(tmp_path, row(LINES[0]) + ",,")

    async def play(service: Service, ports: ScriptedPorts, watch: SnmpWatch) -> None:  # noqa: ARG001
        assert ports.starts == 0
        inventory(somewhere, f"{row(LINES[0])},{AGENT},GE0/0/9")
        os.kill(os.getpid(), signal.SIGHUP)
        await service.recorded("service.reloaded")
        await until(lambda: ports.starts == 1)

    playing(somewhere, play)
