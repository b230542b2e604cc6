"""The internal review: every grouping pays what the statements pay."""

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.contract import Contracts
from slamon.core.facts import Category, Complaint, LineFacts
from slamon.core.incident import EndedBy
from slamon.core.inventory import Line
from slamon.core.money import ZERO
from slamon.core.review import review_line
from slamon.core.review_sums import BY, Review, joined, review
from slamon.core.statement import LineStatement, line_statement
from slamon.core.timeline import LineTerms, Measured
from slamon.core.timespan import SpanSet
from tests.reports.gallery import CREDIT, lines
from tests.reports.month import CONTRACTS, MONTH_END, OCTOBER, ONSET, PERIOD, episode, statement
from tests.reports.test_sums import months


def of(found: list[LineStatement], chronic_from: int = 3) -> Review:
    return review([review_line(line, OCTOBER, MONTH_END) for line in found], chronic_from)


def test_the_gallery_is_reviewed():
    """Worked out by hand there: two limits missed by restored incidents, one by the open one, 100.00 undecided."""
    found = of(lines())
    assert found.totals["CNY"].credit == CREDIT
    assert [(one.line_id, one.overrun_s) for one in found.breaches] == [
        ("GX-0002", 143_990 - 21_600),
        ("GX-0001", 93_590),
        ("GX-0003", 3_590),
    ]
    assert [(one.line_id, one.amount, one.days) for one in found.awaited] == [
        ("GX-0003", Decimal("100.00"), Decimal(0))
    ]
    assert [(one.line_id, one.correction.by, one.correction.reason) for one in found.corrected] == [
        ("GX-0005", "zhang", "测试割接")
    ]
    assert found.totals["CNY"].accrued == Decimal("15458.67")
    assert [one.line_id for one in found.worst][:2] == ["GX-0002", "GX-0001"]


def test_restore_times_are_by_category_and_tier():
    """The mean of 100790 s and 3590 s (the outage of GX-0005) is 52190 s; the false alarm is not among them."""
    times = {(one.category, one.tier): (one.count, one.mean_s, one.longest_s) for one in of(lines()).times.values()}
    assert times["interruption", "AAA"] == (2, 52_190, 100_790)
    assert times["degradation", "A"] == (1, 93_590, 93_590)


@settings(max_examples=50)
@given(months())
def test_every_grouping_adds_up_to_the_statements(found):
    """By customer, account, tier and span; by rule and basis, after the cap; to the cent.

    Mutant: with `credit.amount` in the place of the memo's, the rules add up to more than was paid once a cap cuts.
    """
    shown = of(found)
    due = sum((line.totals.credit for line in found), ZERO)
    days = sum((line.totals.extension_days for line in found), Decimal(0))
    for by in (*BY, "rule", "basis"):
        assert sum((group.credit for group in shown.by(by)), ZERO) == due
        assert sum((group.days for group in shown.by(by)), Decimal(0)) == days
    awaiting = sum((line.totals.awaiting for line in found), ZERO)
    assert sum((one.amount for one in shown.awaited), ZERO) == awaiting
    assert shown.service_s == sum(line.seconds.service for line in found)


def test_amounts_of_two_currencies_are_not_added():
    """Each has its own sums."""
    euro = dataclasses.replace(statement(episode(), line_id="BE-1").contract, currency="EUR")
    line = statement(episode(), line_id="BE-1")
    found = of([dataclasses.replace(line, contract=euro), statement(episode())])
    assert {key: group.credit for key, group in found.totals.items()} == {
        "EUR": Decimal("3640.00"),
        "CNY": Decimal("3640.00"),
    }
    assert [(group.key, group.currency) for group in found.by("customer")] == [("C1", "CNY"), ("C1", "EUR")]


def test_a_chronic_line_is_found_across_the_edge_of_months():
    """Two incidents late in September and one in October are three in 30 days, although October has one of them."""
    late = datetime(2026, 10, 20, tzinfo=UTC)
    onsets = [late - timedelta(days=25), late - timedelta(days=22), late - timedelta(days=2)]
    measured = Measured(
        episodes=tuple(episode(at, at + timedelta(minutes=5)) for at in onsets),
        notices=(),
        nodata=SpanSet(),
        until=late,
        numbers={},
    )
    found = line_statement(LineTerms(Line("GX-0001", (PERIOD,)), CONTRACTS), OCTOBER, late, measured, LineFacts())
    assert found is not None
    assert (len(found.incidents), found.recent) == (1, 3)
    assert [one.line_id for one in of([found]).chronic] == ["GX-0001"]
    assert of([found], chronic_from=4).chronic == []


def test_a_complaint_is_held_against_the_targets_of_its_contract():
    """Four hours to answer, 48 to settle: answered in time, settled never, and that is known since it was due."""
    contract = dataclasses.replace(
        CONTRACTS.of("cmcc-internet-line")[-1], targets={"answer_hours": 4.0, "settle_hours": 48.0}
    )
    call = Complaint(
        3, "GX-0001", ONSET, Category.INTERRUPTION, "T-1", "hotline", answered_at=ONSET + timedelta(hours=1)
    )
    terms = LineTerms(Line("GX-0001", (PERIOD,)), Contracts((contract,)))
    measured = Measured((episode(),), (), SpanSet(), MONTH_END, {})
    line = line_statement(terms, OCTOBER, MONTH_END, measured, LineFacts(complaints=(call,)))
    assert line is not None
    found = of([line])
    kept = {one.target: (one.met, one.missed, one.running) for one in found.kept.values()}
    assert kept == {"answer": (1, 0, 0), "settle": (0, 1, 0)}
    assert [(one.ticket, one.target, one.done) for one in found.late] == [("T-1", "settle", None)]


@settings(max_examples=50)
@given(months(), st.integers(0, 4))
def test_a_review_made_in_parts_is_the_review(found, cut):
    """Wherever the lines are cut, and whichever part comes first.

    Mutant: without `Group.take` adding `items`, the rules of the second part are counted nowhere.
    """
    parts = [of(found[:cut]), of(found[cut:])]
    assert joined(parts) == joined(parts[::-1]) == of(found)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 500), min_size=1, max_size=1500))
def test_the_worst_lines_are_the_worst(minutes):
    """Of however many: those interrupted longest, ties by their ids, as sorting all of them would give."""
    part = review_line(statement(), OCTOBER, MONTH_END)
    parts = [dataclasses.replace(part, line_id=f"L{n:04}", interrupted_s=60 * m) for n, m in enumerate(minutes)]
    expected = sorted((one for one in parts if one.interrupted_s), key=lambda one: (-one.interrupted_s, one.line_id))
    assert [one.line_id for one in review(parts).worst] == [one.line_id for one in expected[:100]]


def test_an_incident_that_ended_with_the_service_is_counted():
    """However it ended."""
    ended = dataclasses.replace(episode(), ended_by=EndedBy.SERVICE)
    assert of([statement(ended)]).totals["CNY"].incidents == 1
