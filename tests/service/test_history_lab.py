"""`slamon run` as a process on real lines: its pages, and the hours that a lost uplink and a kill leave."""

from datetime import timedelta

import pytest

from slamon.core.rollup import HOUR_S, Rollup
from slamon.core.timespan import Span
from slamon.service import clock
from slamon.store.rollups import Rollups
from tests.lab.netns import Wire
from tests.service.places import Place, place, row
from tests.service.runs import Runs, running, until
from tests.web.test_pages import Answer, ask

pytestmark = pytest.mark.lab

CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "state"
reference = ["10.64.9.1"]

[profiles.default]
interval_s = 2
packets = 4
timeout_ms = 500
"""
PORT = 8470
LINE, PACKETS_PER_S = "still4", 2


def asked(lab: Wire, path: str) -> Answer | None:
    """Ask the daemon from where it runs."""
    with lab.near.entered():
        try:
            return ask(PORT, path)
        except OSError:
            return None


def shows(lab: Wire, text: str) -> bool:
    """Whether a sample stands in the metrics."""
    answer = asked(lab, "/metrics")
    return answer is not None and f"\n{text}\n" in answer.text


def total(where: Place) -> tuple[int, int, int]:
    """Packets sent and received, and blind seconds, of the line's demarc in all hours."""
    now = clock.now()
    span = Span(now - timedelta(hours=3), now + timedelta(hours=1))
    with Rollups.open(where.state_dir, read_only=True) as kept:
        hours: list[Rollup] = [one for one in kept.read([LINE], span, HOUR_S)[LINE] if one.target == "demarc"]
    return sum(one.sent for one in hours), sum(one.received for one in hours), sum(one.blind_s for one in hours)


def ready(lab: Wire, runs: Runs) -> None:
    runs.await_entry("service.started")
    until(lambda: (answer := asked(lab, "/readyz")) is not None and answer.status == 200, "ready")


def test_the_pages_and_the_hours_of_a_real_daemon(lab: Wire, tmp_path):
    """A lost uplink is blind time and no loss; a kill -9 loses what was not written and shows it as blind time.

    The packets of all runs together are no more than the pace allows: nothing was counted twice.
    """
    site = place(tmp_path / "site", row(LINE, "10.64.0.5", "10.64.1.5"), config=CONFIG)
    began = clock.now()
    with running(site, lab.near.command()) as runs:
        ready(lab, runs)
        assert shows(lab, "slamon_lines 1.0")
        runs.await_observed(LINE)
        until(lambda: shows(lab, 'slamon_lines_by_verdict{verdict="up"} 1.0'), "the line is up")
        lab.cut_uplink()
        runs.await_entry("vantage.reference_lost")
        lab.restore_uplink()
        runs.await_entry("vantage.reference_back")
        runs.await_observed(LINE)
        runs.stop()
        sent, received, blind_s = total(site)
        assert sent == received > 0
        assert blind_s > 0
        runs.start()
        ready(lab, runs)
        runs.kill()
        assert total(site) == (sent, received, blind_s)
        killed = clock.now()
        runs.start()
        ready(lab, runs)
        runs.await_observed(LINE)
        runs.stop()
    ended = clock.now()
    more_sent, more_received, more_blind_s = total(site)
    assert more_sent == more_received > sent
    assert more_sent <= (ended - began).total_seconds() * PACKETS_PER_S
    assert more_blind_s - blind_s >= 2
    assert killed < ended
