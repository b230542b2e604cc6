"""`slamon run` on real lines in namespaces: what the report says is what was done to them."""

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from slamon.core.timespan import SpanSet, iso, parse_iso
from slamon.service import clock
from slamon.service.site import open_site
from slamon.store.measured import CLOSED, OPENED, WORSENED
from tests.lab.netns import Wire
from tests.service.places import Place, place, row
from tests.service.runs import Runs, running

pytestmark = pytest.mark.lab

GAP_S = 0.5
TIMEOUT_S = 0.5
# The kernel's rule comes a little after the command is given, and the machine is busy.
SLACK_S = 0.5
WINDOW_S = 10  # trailing, for loss
INTERVAL_S = 2

CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "state"
reference = ["10.64.9.1", "fd64::9:1"]

[profiles.default]
interval_s = 2
packets = 4
timeout_ms = 500
open_after_s = 4
degraded_open_after_s = 8
close_after_s = 6
degraded = [ { metric = "loss_ratio", above = "0.02", window_s = 10 } ]
"""
ROWS = [
    row("cut4", "10.64.0.1", "10.64.1.1"),
    row("cut6", "fd64::1", ""),
    row("thin4", "10.64.0.3", ""),
    row("thin6", "fd64::3", ""),
    row("still4", "10.64.0.5", "10.64.1.5"),
    row("still6", "fd64::5", ""),
    row("customer", "10.64.0.7", "10.64.1.7"),
]
CUT = ("10.64.0.1", "fd64::1")
THINNED = ("10.64.0.3", "fd64::3")
ALL = [line.split(",")[0] for line in ROWS]


@pytest.fixture
def site(tmp_path) -> Place:
    return place(tmp_path / "site", *ROWS, config=CONFIG)


def sums(line: dict[str, Any]) -> bool:
    seconds = dict(line["seconds"])
    return int(seconds.pop("service")) == sum(seconds.values())


def near(shown: str, before: datetime, after: datetime, *, late_s: float = GAP_S + TIMEOUT_S) -> None:
    """An edge lies between the instant of the deed and one packet gap and timeout behind it."""
    at = parse_iso(shown)
    assert before - timedelta(milliseconds=20) <= at, f"{shown} is before {iso(before)}"
    assert at <= after + timedelta(seconds=late_s + SLACK_S), f"{shown} is too long after {iso(after)}"


def unseen(place: Place, line_id: str, since: datetime) -> SpanSet[datetime]:
    """When the ledger says that a line was not seen, from an instant on."""
    with open_site(str(place.config), {}, read_only=True) as opened:
        nodata = opened.book(line_id).measured.nodata
    return SpanSet(span for span in nodata if span.end > since)


def total_s(spans: SpanSet[datetime]) -> float:
    return sum((span.end - span.start).total_seconds() for span in spans)


@dataclass
class Deeds:
    """What was done to the lines, and between which two instants."""

    cut: tuple[datetime, datetime]
    restored: tuple[datetime, datetime]
    uplink_lost: tuple[datetime, datetime]


def timed(*deeds: Callable[[], None]) -> tuple[datetime, datetime]:
    """Do it, and tell before and after which instants."""
    before = clock.now()
    for deed in deeds:
        deed()
    return before, clock.now()


def played(lab: Wire, runs: Runs) -> Deeds:
    """Cut two lines and thin out two, restore all, lose the uplink for a while; people file meanwhile."""
    runs.await_entry("service.started")
    runs.await_observed(*ALL)
    cut = timed(lambda: lab.cut(*CUT), lambda: lab.thin(THINNED[0], 30), lambda: lab.thin(THINNED[1], 30))
    for line_id in ("cut4", "cut6"):
        runs.await_entry(OPENED, line_id)
    _file(runs, cut[0])
    for line_id in ("thin4", "thin6"):
        runs.await_entry(OPENED, line_id)
    restored = timed(lambda: lab.restore(*CUT), lambda: lab.thin(THINNED[0], 0), lambda: lab.thin(THINNED[1], 0))
    for line_id in ("cut4", "cut6", "thin4", "thin6"):
        runs.await_entry(CLOSED, line_id)
    lost = timed(lab.cut_uplink, lambda: runs.await_entry("vantage.reference_lost"), lab.restore_uplink)
    runs.await_entry("vantage.reference_back")
    runs.await_observed(*ALL)
    return Deeds(cut, restored, lost)


def test_the_report_says_what_was_done_to_the_lines(lab: Wire, site: Place):
    """Cuts are interruptions with edges of a packet, thinning is degradation, a lost uplink is blind; others are up.

    Complaint and planned work, filed by the CLI meanwhile, stand in the statement of the very incident.
    """
    lab.cut("10.64.1.7")
    with running(site, lab.near.command()) as runs:
        deeds = played(lab, runs)
        runs.stop()
        lines = runs.report()
    for line_id in ("cut4", "cut6"):
        (incident,) = lines[line_id]["incidents"]
        assert incident["category"] == "interruption"
        near(incident["onset"], *deeds.cut)
        near(incident["restored"], *deeds.restored)
        assert [segment["kind"] for segment in incident["segments"]] == ["interruption"]
        assert lines[line_id]["seconds"]["degraded"] == 0
    for line_id in ("thin4", "thin6"):
        _was_thinned(lines[line_id], deeds)
    for line_id in ("still4", "still6", "customer"):
        assert (lines[line_id]["incidents"], lines[line_id]["pending"]) == ([], [])
        assert lines[line_id]["seconds"]["interrupted"] == lines[line_id]["seconds"]["degraded"] == 0
    (notice,) = lines["customer"]["notices"]
    assert notice["end"] is None
    assert all(sums(line) and not line["pending"] for line in lines.values())
    _was_filed(lines)
    for line_id in ALL:
        _was_blind(unseen(site, line_id, deeds.cut[0]), *deeds.uplink_lost)


def _was_blind(blind: SpanSet[datetime], lost: datetime, back: datetime) -> None:
    # Windows are blind as a whole, and it takes losses, and then a reply, of the reference to know.
    edge_s = INTERVAL_S + GAP_S + TIMEOUT_S + SLACK_S
    assert 0 < total_s(blind) <= (back - lost).total_seconds() + 2 * edge_s
    assert all(lost - timedelta(seconds=edge_s) <= span.start for span in blind)


def _file(runs: Runs, cut: datetime) -> None:
    """Take down a complaint about one line and planned work on another."""
    ago, ahead = cut - timedelta(hours=30), cut + timedelta(hours=1)
    runs.slamon("complaint", "add", "cut4", "--ticket", "T1", "--category", "interruption", "--channel", "hotline")
    runs.slamon("maintenance", "add", "--line", "cut6", "--from", iso(cut - timedelta(minutes=5)), "--to", iso(ahead),
                "--notified-at", iso(ago), "--channel", "email", "--reason", "cut-over")  # fmt: skip


def _was_filed(lines: dict[str, dict[str, Any]]) -> None:
    (complained,), (planned,) = lines["cut4"]["incidents"], lines["cut6"]["incidents"]
    assert [complaint["ticket"] for complaint in complained["complaints"]] == ["T1"]
    assert complained["complaint"] is not None
    assert [(e["kind"], e["accepted"]) for e in planned["exclusions"]] == [("planned_maintenance", True)]
    assert lines["cut6"]["seconds"]["interrupted"] == 0
    assert lines["cut6"]["seconds"]["excluded"] > 0
    assert lines["cut4"]["seconds"]["interrupted"] > 0


def _was_thinned(line: dict[str, Any], deeds: Deeds) -> None:
    (incident,) = line["incidents"]
    assert incident["category"] == "degradation"
    assert line["seconds"]["interrupted"] == 0
    onset, end = parse_iso(incident["onset"]), parse_iso(incident["restored"])
    # The first window with a loss: it may have begun before, and with bad luck the first losses come late.
    assert deeds.cut[0] - timedelta(seconds=INTERVAL_S + SLACK_S) <= onset
    assert onset <= deeds.cut[1] + timedelta(seconds=5 * INTERVAL_S)
    # The end is reported late by up to the trailing window.
    assert deeds.restored[0] - timedelta(seconds=WINDOW_S) <= end
    assert end <= deeds.restored[1] + timedelta(seconds=WINDOW_S + 2 * INTERVAL_S + SLACK_S)
    # Where the machine itself stalled, or chance let a window through, a window of it is blind or usable.
    other = [part for part in incident["segments"] if part["kind"] in ("blind", "usable")]
    other_s = sum((parse_iso(part["end"]) - parse_iso(part["start"])).total_seconds() for part in other)
    assert other_s <= 2 * INTERVAL_S
    assert abs(line["seconds"]["degraded"] + other_s - (end - onset).total_seconds()) <= 1 + len(other)


def test_f23_kill_9_in_a_loop_with_an_incident_open(lab: Wire, site: Place):
    """F23: eight kills, early, late and in between: one incident, one alarm, a sound chain, and stops that are blind.

    Mutants are tried where they are quick: test_restart (no state rows) and test_daemon (no `lose_sight`).
    """
    dice = random.Random(23)
    with running(site, lab.near.command()) as runs:
        runs.await_entry("service.started")
        runs.await_observed(*ALL)
        cut = clock.now()
        lab.cut("10.64.0.1")
        was_cut = clock.now()
        runs.await_entry(OPENED, "cut4")
        stops: list[tuple[datetime, datetime]] = []
        for number in range(8):
            runs.kill()
            killed = clock.now()
            runs.start()
            runs.await_entry("service.started", count=number + 2)
            stops.append((killed, clock.now()))
            # At once, after a first batch or two, or after a checkpoint of this life.
            if dice.random() < 0.5:
                runs.await_observed(*ALL)
        runs.await_observed(*ALL)
        restored = clock.now()
        lab.restore("10.64.0.1")
        was_restored = clock.now()
        runs.await_entry(CLOSED, "cut4")
        runs.stop()
        lines = runs.report()

        (incident,) = lines["cut4"]["incidents"]
        near(incident["onset"], cut, was_cut)
        near(incident["restored"], restored, was_restored)
        assert [segment["kind"] for segment in incident["segments"]] == ["interruption"]
        assert {entry.subject for entry in runs.entries(OPENED)} == {incident["incident_id"]}
        assert (len(runs.entries(OPENED)), len(runs.entries(WORSENED)), len(runs.entries(CLOSED))) == (1, 0, 1)
        assert all(sums(line) for line in lines.values())
        assert lines["still4"]["seconds"]["interrupted"] == lines["still4"]["seconds"]["degraded"] == 0
        with runs.ledger() as ledger:
            assert ledger.verify().sound
        blind = unseen(site, "still4", cut)
        for killed, begun in stops:
            assert any(span.start <= killed < span.end for span in blind), f"{iso(killed)} is not blind"
            assert killed < begun
        # At most what was not checkpointed when the kill came (every 5 s, and a window), and a window after the start.
        most_s = sum((begun - killed).total_seconds() + 5 + 3 * INTERVAL_S + SLACK_S for killed, begun in stops)
        assert total_s(blind) <= most_s


def test_a_reload_and_a_suspension_take_effect_while_it_runs(lab: Wire, site: Place):
    """SIGHUP adds a line and takes one with an open incident away; a suspension ends an open incident."""
    with running(site, lab.near.command()) as runs:
        runs.await_entry("service.started")
        runs.await_observed(*ALL)
        lab.cut("10.64.0.1", "10.64.0.5")
        for line_id in ("cut4", "still4"):
            runs.await_entry(OPENED, line_id)
        runs.slamon("line", "suspend", "still4", "--from", iso(clock.now()), "--reason", "arrears")
        runs.await_entry(CLOSED, "still4")

        kept = [line for line in ROWS if not line.startswith("cut4,")]
        site.inventory(*kept, row("new", "10.64.0.11", ""))
        runs.signal(signal.SIGHUP)
        runs.await_entry("service.reloaded")
        runs.await_observed("new")
        runs.stop()
        lines = runs.report()
        (pending,) = lines["cut4"]["pending"]
        assert (pending["state"], lines["cut4"]["departed"]) == ("open", True)
        (ended,) = lines["still4"]["incidents"]
        assert ended["state"] == "restored"
        assert lines["new"]["pending"] == []
