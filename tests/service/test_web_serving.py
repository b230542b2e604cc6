"""The pages of a running daemon, asked over HTTP on loopback: what they say of lines, incidents, ledger and history."""

import asyncio
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from slamon.core.quality import Verdict
from slamon.core.timespan import micros
from slamon.probes.protocol import Health, ProbeEvent
from slamon.service.companion import Companion, Seen
from slamon.service.influx_progress import Progress
from slamon.service.rollups_keeping import HistoryState, RollupKeeping
from slamon.service.web_samples import of_delivery, of_history, of_polling, of_site
from slamon.service.web_serving import WebServing
from slamon.service.web_vitals import Vitals
from slamon.sinks.metrics import FAMILIES
from slamon.store.measured import CLOSED, OPENED
from slamon.store.rows import KEPT, VERDICTS, Rows
from tests.lab.influx import free_port
from tests.service.places import CONFIG, LINES, Place
from tests.service.playing import BASE
from tests.service.test_daemon import serving, until
from tests.web.test_pages import Answer, ask


def listening(where: Place, port: int, more: str = "") -> None:
    where.configure(f'{CONFIG}\n[web]\nlisten = "127.0.0.1:{port}"\n{more}')


def companions() -> Sequence[Companion]:
    history = RollupKeeping()
    return [history, WebServing(lambda: history.state)]


def asked(port: int, path: str, **more: str) -> Answer | None:
    try:
        return ask(port, path, **more)
    except OSError:
        return None


async def answered(port: int, path: str = "/healthz") -> Answer:
    found: list[Answer] = []

    def answers() -> bool:
        answer = asked(port, path)
        found.extend([] if answer is None else [answer])
        return bool(found)

    await until(answers)
    return found[0]


def values(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    """The samples of a text by name and label values."""
    families = text_string_to_metric_families(text)
    return {(one.name, tuple(one.labels.values())): one.value for family in families for one in family.samples}


def test_the_pages_tell_of_the_daemon(somewhere: Place):
    """Ready once lines are polled; windows by verdict, the open incident until it is restored, commits, no names."""

    async def scenario() -> None:
        port = free_port()
        listening(somewhere, port)

        def sample(name: str, *labels: str) -> float | None:
            answer = asked(port, "/metrics")
            return None if answer is None else values(answer.text).get((name, labels))

        async with serving(somewhere, companions=companions()) as service:
            assert (await answered(port)).text == "alive\n"
            first = await asyncio.to_thread(ask, port, "/readyz")
            assert (first.status, first.text) == (503, "the prober has not handed anything on yet\n")
            service.show("....xxxx", LINES[0])
            service.show("........", LINES[1])
            await service.recorded(OPENED, LINES[0])
            assert (await asyncio.to_thread(ask, port, "/readyz")).status == 200
            await until(lambda: sample("slamon_incidents_open", "interruption") == 1)
            answer = await asyncio.to_thread(ask, port, "/metrics")
            found = values(answer.text)
            assert found["slamon_windows_judged_total", ("up",)] == 12
            assert found["slamon_windows_judged_total", ("down",)] == 4
            assert found["slamon_lines", ()] == 2
            assert found["slamon_lines_by_verdict", ("down",)] == 1
            assert found["slamon_lines_overdue", ()] == 0
            assert found["slamon_ledger_commits_total", ()] > 0
            assert found["slamon_ledger_entries_total", ()] > 0
            assert found["slamon_history_write_failures_total", ()] == 0
            assert found["process_resident_memory_bytes", ()] > 0
            assert not any(name.startswith("slamon_influx") for name, _ in found)
            assert not [word for word in (*LINES, "C1") if word in answer.text]
            service.show("......", LINES[0])
            await service.recorded(CLOSED, LINES[0])
            await until(lambda: sample("slamon_incidents_open", "interruption") == 0)

    asyncio.run(scenario())


def test_an_incident_that_was_open_before_a_restart_is_counted(somewhere: Place):
    """What is open stands in the ledger, not in the memory of the daemon."""

    async def scenario() -> None:
        port = free_port()
        listening(somewhere, port)
        async with serving(somewhere) as first:
            first.show("....xxxx", LINES[0])
            await first.recorded(OPENED, LINES[0])
        async with serving(somewhere, first, companions=companions()):
            await until(
                lambda: (a := asked(port, "/metrics")) and 'incidents_open{category="interruption"} 1' in a.text
            )

    asyncio.run(scenario())


def test_a_port_that_is_taken_holds_up_nothing(somewhere: Place):
    """The log says so once, lines are judged meanwhile, and a reload with another port serves there at once."""

    async def scenario() -> None:
        port = free_port()
        listening(somewhere, port)
        with capture_logs() as logs, socket.create_server(("127.0.0.1", port)):
            async with serving(somewhere, companions=companions()) as service:
                service.show("....xxxx", LINES[0])
                await service.recorded(OPENED, LINES[0])
                await until(lambda: any(one["event"] == "web_not_served" for one in logs))
                free = free_port()
                listening(somewhere, free)
                os.kill(os.getpid(), signal.SIGHUP)
                assert (await answered(free)).status == 200
        (said,) = [one for one in logs if one["event"] == "web_not_served"]
        assert f"127.0.0.1 port {port}" in said["reason"]

    asyncio.run(scenario())


def test_a_token_that_comes_with_a_reload_is_asked_for(somewhere: Place):
    """SIGHUP takes the new token at once, and it stands neither in the log nor in an answer."""

    async def scenario() -> None:
        port, token = free_port(), "0123456789abcdef"
        listening(somewhere, port)
        with capture_logs() as logs:
            async with serving(somewhere, companions=companions()) as service:
                await answered(port)
                (somewhere.folder / "token").write_text(token)
                (somewhere.folder / "token").chmod(0o600)
                listening(somewhere, port, 'token_file = "token"')
                os.kill(os.getpid(), signal.SIGHUP)
                await service.recorded("service.reloaded")
                await until(lambda: (a := asked(port, "/readyz")) and a.status == 401)
                known = await asyncio.to_thread(lambda: ask(port, "/metrics", Authorization=f"Bearer {token}"))
                assert known.status == 200
        assert token not in str(logs)
        assert token not in known.text

    asyncio.run(scenario())


# --- readiness, with time in hand ---

ALLOWED_S = 26.0


def seen(lines: int, at_s: float, chosen: Sequence[int], verdict: Verdict = Verdict.UP) -> Seen:
    """A batch in which some lines end a window."""
    at = BASE + timedelta(seconds=at_s)
    rows: Rows = np.zeros(len(chosen), KEPT)
    rows["line"], rows["end"], rows["verdict"] = chosen, micros(at), VERDICTS.index(verdict)
    return Seen(rows, [f"L{n}" for n in range(lines)], [None], Health(at=at, lines=lines))


def test_readiness_is_the_schedule():
    """New lines are waited for; one late line of a hundred is not ours to mend, two are; silence is after five seconds.

    Mutant: without `_grown_us` a daemon is unready until the first windows of all its lines have ended.
    """
    vitals, everyone = Vitals(ALLOWED_S), range(100)
    assert vitals.unready(0) == "the prober has not handed anything on yet"
    vitals.see(seen(100, 0, []), 0)
    assert vitals.unready(1) is None
    vitals.see(seen(100, 20, everyone), 20)
    vitals.see(seen(100, 40, everyone[1:]), 40)
    vitals.see(seen(100, 50, []), 50)
    assert (vitals.overdue, vitals.unready(50)) == (1, None)
    vitals.see(seen(100, 70, everyone[2:]), 70)
    assert vitals.unready(70) == "2 of 100 lines have no window of the last 26 s"
    vitals.see(seen(120, 71, []), 71)
    assert vitals.unready(71) is None
    assert vitals.unready(77) == "the prober has said nothing for 6 s"


def test_a_dead_line_is_polled_all_the_same():
    """Down is a result: a fleet that is down is ready."""
    vitals = Vitals(ALLOWED_S)
    for at_s in range(0, 120, 10):
        vitals.see(seen(3, at_s, range(3), Verdict.DOWN), at_s)
    assert (vitals.unready(111), vitals.by_verdict()[Verdict.DOWN]) == (None, 3)


def test_a_step_of_the_wall_clock_makes_nobody_unready():
    """How far lines were seen is compared with how far the prober has come, both of one clock."""
    vitals = Vitals(ALLOWED_S)
    vitals.see(seen(3, 0, range(3)), 0)
    vitals.see(seen(3, 86_400, range(3)), 1)
    assert vitals.unready(1) is None


@pytest.mark.parametrize(("after_s", "worst"), [(1, 0.5), (61, 0.5), (130, 0.1)])
def test_the_worst_of_a_minute_is_forgotten_after_two(after_s: float, worst: float):
    """A scrape each minute sees every peak; an old one goes."""
    vitals = Vitals(ALLOWED_S)
    vitals.loop_lag_s.note(0.5, 1000)
    for at_s in range(1000, 1001 + int(after_s)):
        vitals.loop_lag_s.note(0.1, at_s)
    assert vitals.loop_lag_s.value == worst


def test_events_of_the_vantage_are_counted():
    """Each kind by itself."""
    vitals = Vitals(ALLOWED_S)
    event = ProbeEvent("clock_step", BASE)
    vitals.see(replace(seen(1, 0, [0]), events=(event, event)), 0)
    assert vitals.events == {"clock_step": 2}


def test_every_family_has_a_source_and_every_source_a_family(somewhere: Place):
    """What is gathered is what is listed: no misspelt name is dropped in silence, none is listed in vain."""
    vitals = Vitals(ALLOWED_S)
    vitals.see(seen(1, 0, [0]), 0)
    with somewhere.open() as site:
        found = of_site(site) | of_polling(vitals) | of_history(HistoryState()) | of_delivery(Progress(BASE))
    of_serving = {"slamon_incidents_open", "slamon_http_requests_total"}  # those that `WebServing.samples` adds
    assert found.keys() | of_serving == {family.name for family in FAMILIES}
    labels = {family.name: len(family.labels) for family in FAMILIES}
    for name, value in found.items():
        assert isinstance(value, dict) == bool(labels[name]), name
        if isinstance(value, dict):
            assert all(len(key) == labels[name] for key in value), name


def test_without_a_web_nothing_is_served(somewhere: Place):
    """``listen = "off"``: no socket is opened, and judging goes on."""

    async def scenario() -> None:
        somewhere.configure(f'{CONFIG}\n[web]\nlisten = "off"\n')
        with capture_logs() as logs:
            async with serving(somewhere, companions=companions()) as service:
                service.show("....xxxx", LINES[0])
                await service.recorded(OPENED, LINES[0])
        assert not [one for one in logs if str(one["event"]).startswith("web_")]

    asyncio.run(scenario())
