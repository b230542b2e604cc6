"""The demo's month is whole, and what the demo claims of its live part is checked, not assumed."""

import io
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from pathlib import Path

import pytest
from rich.console import Console

from slamon.config.loaded import load
from slamon.config.readings import read_readings
from slamon.core.calendar import BillingMonth
from slamon.core.facts import Category, Responsibility
from slamon.core.incident import Incident, Kind, Segment
from slamon.reports.board import Board, BoardIncident, BoardLine, Countdown, board_view, countdown
from slamon.service.demo_commands import DemoFailed
from slamon.service.demo_month import MONTH_FILE, ZONE, last_month, write_readings
from slamon.service.demo_site import CUT, LOSSY, QUICK, QUICKEST, write_live, write_month
from slamon.service.demo_watch import verify

MONTHS = [BillingMonth(2026, 2), BillingMonth(2026, 10), BillingMonth(2027, 1)]


@pytest.mark.parametrize("month", MONTHS, ids=str)
def test_every_line_is_read_from_the_months_first_instant_to_its_last(tmp_path: Path, month: BillingMonth):
    """No gap and no overlap: what is blind or open at the end would need an explanation that the demo does not give."""
    count = write_readings(tmp_path, month, {CUT: "demarc", LOSSY: "demarc"})
    readings = sorted((r for _, r in read_readings(tmp_path / MONTH_FILE)), key=lambda r: (r.line_id, r.start))
    assert len(readings) == count
    for line_id, found in groupby(readings, key=lambda r: r.line_id):
        own = list(found)
        assert (own[0].start, own[-1].end) == (month.span(ZONE).start, month.span(ZONE).end), line_id
        assert all(one.end == other.start for one, other in pairwise(own)), line_id


@pytest.mark.parametrize(
    ("now", "month"),
    [
        pytest.param(datetime(2026, 10, 31, 15, 59, tzinfo=UTC), "2026-09", id="one minute before November there"),
        pytest.param(datetime(2026, 10, 31, 16, 0, tzinfo=UTC), "2026-10", id="November has begun there"),
        pytest.param(datetime(2027, 1, 31, 12, 0, tzinfo=UTC), "2026-12", id="January is not over"),
    ],
)
def test_the_month_is_the_last_one_that_is_over_in_the_contracts_zone(now: datetime, month: str):
    """The contract's zone decides which month is over."""
    assert str(last_month(now)) == month


def test_both_configurations_are_valid(tmp_path: Path):
    """What the demo writes passes the loader that every operator's files pass."""
    folders = [write_live(tmp_path, MONTHS[0].first_day, QUICK), write_month(tmp_path, MONTHS[0].first_day)]
    for folder in folders:
        assert len(load(folder / "slamon.toml", {}).inventory.lines) == 6


@pytest.mark.parametrize("pace", [QUICK, QUICKEST], ids=["unhurried", "hurried"])
def test_an_interruption_opens_before_a_degradation_would(pace):
    """A cut line's alarm says interruption at once: rule (a) holds before rule (b)."""
    assert pace.open_after_s < pace.degraded_open_after_s
    assert pace.packets <= 2 * pace.interval_s


def incident(line_id: str, kind: Kind) -> Incident:
    start = datetime(2026, 10, 1, tzinfo=UTC)
    end = start + timedelta(minutes=1)
    return Incident(
        f"i-{line_id}", line_id, 1, start, start, end, end, (Segment(kind, start, end),), (), Responsibility.CARRIER
    )


@pytest.mark.parametrize(
    ("found", "says"),
    [
        pytest.param([], "recorded no incident of it: expected interruption", id="nothing was seen"),
        pytest.param([incident(CUT, Kind.INTERRUPTION)], "GX-1002 was hurt, and", id="the lossy line was missed"),
        pytest.param(
            [incident(CUT, Kind.DEGRADATION), incident(LOSSY, Kind.DEGRADATION)],
            "expected interruption, and slamon recorded degradation",
            id="the cut was taken for loss",
        ),
        pytest.param(
            [
                incident(CUT, Kind.INTERRUPTION),
                incident(LOSSY, Kind.DEGRADATION),
                incident("GX-5001", Kind.DEGRADATION),
            ],
            "that nobody caused: GX-5001",
            id="a line that nobody touched",
        ),
    ],
)
def test_a_claim_that_the_ledger_does_not_bear_out_fails_the_demo(found, says):
    """The demo compares its ledger with what it did, and fails where they differ."""
    with pytest.raises(DemoFailed, match=says):
        verify(found, Console(quiet=True))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7183, "1:59:43"), (0, "0:00:00"), (-7, "-0:00:07"), (172_800, "48:00:00"), (None, "-")],
)
def test_a_countdown_shows_hours_minutes_and_seconds(seconds: int | None, text: str):
    """Hours are not folded into days: limits are agreed in hours."""
    assert countdown(seconds) == text


def test_a_board_of_six_lines_and_two_incidents_fits_80_columns_and_24_rows():
    """Nothing of a countdown is cut off on the smallest usual terminal."""
    lines = [BoardLine(f"GX-100{n}", "南宁某银行总部互联网专线", "standard", "DEGRADED", 0.4, 12.34) for n in range(6)]
    clocks = (Countdown(Category.INTERRUPTION, 7183, 7200), Countdown("statutory", 172_790, 172_800))
    open_one = BoardIncident("#17", "GX-1001", "AAA", Category.INTERRUPTION, "23:07:21", "ticket T-1001", clocks)
    over = BoardIncident("#18", "GX-1002", "A", Category.DEGRADATION, "23:07:22", "restored 23:07:50", restored=True)
    console = Console(width=80, height=24, record=True, file=io.StringIO())
    console.print(board_view(Board("slamon", lines, [open_one, over])))
    rows = console.export_text().splitlines()
    assert len(rows) <= 24
    shown = "\n".join(rows)
    for part in ("1:59:43 of 2 h", "47:59:50 of 48 h by law", "ticket T-1001", "restored 23:07:50"):
        assert part in shown
    assert "…" not in shown
