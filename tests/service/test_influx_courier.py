"""Delivery in virtual time: outages of the server, kills, days of backlog beside live data, the ledger's cursor."""

from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from slamon.core.quality import Verdict
from slamon.service.influx_progress import SINK
from slamon.service.influx_series import Own, Series, own_of, pack_names
from slamon.sinks.delivery_errors import BadLines, Busy, NotDelivered, Refused, TooLarge, Unreachable
from slamon.store.entry import Draft
from slamon.store.rows import Rows
from tests.service.delivered import Delivery, told, wanted
from tests.service.places import LINES, Prepared
from tests.sinks.windows import rows_of
from tests.sinks.windows import told as window

IDS = list(LINES)
DAY_WINDOWS = 8640


def windows(first: int, count: int, lines: int = 2) -> Rows:
    """Good windows of ten seconds, of lines with one target."""
    rows = np.repeat(rows_of([window(0, 0)]), count * lines)
    rows["line"] = np.tile(np.arange(lines), count)
    rows["start"] += 10_000_000 * (first + np.repeat(np.arange(count), lines))
    rows["end"] = rows["start"] + 10_000_000
    return rows


@pytest.fixture
def delivery(prepared: Prepared, tmp_path):
    with prepared.site(tmp_path) as site:
        yield Delivery(site, tmp_path / "influx", IDS)


def failure(kind: str) -> NotDelivered:
    return {
        "unreachable": Unreachable("gone"),
        "busy": Busy("503", 1.0),
        "refused": Refused("401", "put a valid one into token_file"),
        "bad": BadLines("400"),
        "large": TooLarge("413"),
    }[kind]


def note(delivery: Delivery, number: int) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=number)
    delivery.site.ledger.append([Draft("vantage.stall", at, {"detail": f"number {number}"})])


def test_f16_while_the_server_is_away_nothing_is_lost_and_the_cursor_stands(delivery: Delivery):
    """F16: an hour of refusals: windows wait on disk, the ledger's cursor does not move; then all of it arrives, once.

    Mutant: `delivered` before `_send` in `_parcel`: what failed is gone. Mutant: `keep_delivered` before
    `_send_entries`: the events of the outage never arrive.
    """
    delivery.writer.refuse = lambda _: Unreachable("refused")
    before = delivery.site.ledger.delivered(SINK)
    for batch in range(36):
        note(delivery, batch)
        delivery.see(windows(batch * 10, 10))
        delivery.step(3)
    assert delivery.site.ledger.delivered(SINK) == before
    assert delivery.courier.state == "unreachable"
    assert not delivery.writer.points
    delivery.writer.refuse = lambda _: None
    delivery.settle()
    assert told(delivery.quality(), IDS) == wanted(windows(0, 360))
    events = [fields for (series, _), fields in delivery.writer.of("slamon_health").items() if "event=" in fields]
    assert [f'event="stall",detail="number {n}"' for n in range(36)] == sorted(
        events, key=lambda e: int(e[-3:-1].split()[-1])
    )
    assert delivery.site.ledger.delivered(SINK) == delivery.site.ledger.last_seq()
    assert delivery.courier.state == "delivering"


ACTS = st.lists(
    st.sampled_from(["show", "show", "step", "step", "kill", "note", "unreachable", "busy", "refused", "bad", "large"]),
    max_size=30,
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
@given(ACTS)
def test_whatever_the_server_does_and_whenever_slamon_is_killed_all_of_it_arrives(prepared, tmp_path_factory, acts):
    """Failures of every kind, kills, restarts: every window and every event stands in the server, with its own values.

    Mutant: `seq` kept in memory only: a kill sends every event of the ledger anew (found by the count of requests),
    or with `last_seq` at the start, none of those that waited.
    """
    folder = tmp_path_factory.mktemp("delivery")
    with prepared.site(folder) as site, ExitStack():
        delivery = Delivery(site, folder / "influx", IDS)
        shown, notes = 0, 0
        for act in acts:
            if act == "show":
                delivery.see(windows(shown, 3))
                shown += 3
            elif act == "note":
                note(delivery, notes)
                notes += 1
            elif act == "step":
                delivery.step()
            elif act == "kill":
                delivery.begin()
            else:
                delivery.writer.coming.extend([failure(act)] * 2)
        delivery.writer.coming.clear()
        delivery.settle()
        assert told(delivery.quality(), IDS) == wanted(windows(0, shown))
        names = Series.of(pack_names("nanning-1", [own_of(site, line_id) for line_id in IDS]))
        direct = names.lines_of(windows(0, shown), [None]).decode().splitlines() if shown else []
        kept = {f"{series} {fields} {at}" for (series, at), fields in delivery.quality().items()}
        assert kept == set(direct)
        stalls = [fields for fields in delivery.writer.points.values() if 'event="stall"' in fields]
        assert len(stalls) == notes
        assert not delivery.aside


def test_f16_four_days_of_outage_are_replayed_beside_live_data(delivery: Delivery):
    """F16: four days without a server, in virtual time: afterwards live windows go out with the next request, while the
    backlog follows oldest first; in the end every window of all days is there exactly once.

    Mutant: `_backlog` before `_live` in `step`, with `live` only when no backlog waits: live data waits for days.
    """
    delivery.writer.refuse = lambda _: Unreachable("no route")
    for hour in range(96):
        delivery.see(windows(hour * 360, 360))
        delivery.step(2)
    days = 4 * DAY_WINDOWS
    assert delivery.spool.points == 2 * days + 1  # and one of our own health
    delivery.writer.refuse = lambda _: None
    delivery.now_s += 60
    delivery.step()
    late = []
    for minute in range(60):
        fresh = windows(days + minute * 6, 6)
        delivery.see(fresh)
        before = delivery.writer.requests
        while not wanted(fresh) <= told(delivery.quality(), IDS):
            assert delivery.writer.requests < before + 10, "live data waits for the backlog"
            delivery.step()
        late.append(delivery.writer.requests - before)
    assert max(late) <= 3
    assert delivery.spool.backlog_points > 0
    assert delivery.courier.state == "replaying"
    delivery.settle()
    assert told(delivery.quality(), IDS) == wanted(windows(0, days + 360))
    quality = [key for key in delivery.writer.order if key[0].startswith("line_quality")]
    assert len(quality) == len(set(quality)) == 2 * (days + 360)
    old = [at for _, at in quality if at < int(windows(days, 1)["start"][0]) * 1000]
    assert old == sorted(old)


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(delivery: Delivery):
    """429 and 503 with Retry-After: no request before that time is over.

    Mutant: `wait_s` left out of `Backoff.failed`: it is asked again within a second.
    """
    delivery.see(windows(0, 1))
    delivery.writer.coming.append(Busy("429", 120.0))
    delivery.courier.step()
    asked = delivery.writer.requests
    while delivery.writer.requests == asked:
        assert delivery.now_s < 125
        delivery.now_s += 1
        delivery.courier.step()
    assert delivery.now_s >= 120


def test_failures_are_told_once_with_what_to_do_and_recovery_too(delivery: Delivery):
    """One line in the log when it begins, one when it is over, not one for each try."""
    delivery.writer.refuse = lambda _: Refused("the server answered 401", "put a valid one into token_file")
    with capture_logs() as logs:
        delivery.see(windows(0, 5))
        delivery.step(10)
        delivery.writer.refuse = lambda _: None
        delivery.settle()
    said = [(one["event"], one.get("advice")) for one in logs if one["event"].startswith("influx")]
    assert said == [("influx_not_written", "put a valid one into token_file"), ("influx_recovered", None)]


def test_a_bad_line_stops_nobody(delivery: Delivery):
    """It is put aside with the server's reason; its neighbours arrive, and the spool is empty."""
    bad = windows(3, 1)["start"][0]

    def refuse(block: bytes) -> NotDelivered | None:
        return BadLines("field type conflict") if f" {bad}000\n".encode() in block else None

    delivery.writer.refuse = refuse
    delivery.see(windows(0, 10))
    delivery.settle()
    assert told(delivery.quality(), IDS) == wanted(windows(0, 10)) - {(0, int(bad) * 1000), (1, int(bad) * 1000)}
    assert {why for _, why in delivery.aside} == {"field type conflict"}
    assert b"".join(lines for lines, _ in delivery.aside).count(b"\n") == 2
    assert delivery.courier.tally.aside == 2


def test_a_window_that_nobody_could_see_stands_for_every_target(delivery: Delivery):
    """Lines with a demarc and a CPE get a point for each: sent 0, NO_DATA, no loss."""
    delivery.see(rows_of([window(0, 0, verdict=Verdict.NO_DATA, targets=0)]))
    delivery.settle()
    assert sorted(delivery.quality().values()) == ['sent=0i,received=0i,verdict="NO_DATA"'] * 2


def test_a_line_that_changes_its_tier_keeps_the_one_of_each_window():
    """The tag is that of the terms at the window's start, whenever it is sent.

    Mutant: `line.current.tier` for all windows: what is sent after the change has another series.
    """
    first = int(windows(0, 1)["start"][0])
    own: Own = ("GX-0001", 1, [(-(2**62), "standard"), (first + 15_000_000, "AAA")])
    names = pack_names("v", [own])
    lines = Series.of(names).lines_of(windows(0, 3, lines=1), [None]).decode().splitlines()
    assert [line.split("tier=")[1].split(",")[0] for line in lines] == ["standard", "standard", "AAA"]


def test_the_token_is_nowhere_in_what_waits_or_was_told(delivery: Delivery, tmp_path: Path):
    """Neither in the spool nor in the log."""
    delivery.writer.refuse = lambda _: Unreachable("refused")
    with capture_logs() as logs:
        delivery.see(windows(0, 5))
        delivery.step(3)
    assert "s3cret" not in str(logs)
    for file in tmp_path.rglob("*.spool"):
        assert b"s3cret" not in file.read_bytes()
