"""Credit memos: items that add up to the statement, with numbers that stay."""

import dataclasses
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.calendar import BillingMonth
from slamon.core.contract import Basis
from slamon.core.memo import memo_number, memos
from slamon.core.money import ZERO
from slamon.core.quality import Verdict
from slamon.core.statement import LineStatement
from tests.reports.gallery import lines
from tests.reports.month import OCTOBER, ONSET, PERIOD, episode, statement


def sums(line: LineStatement) -> tuple[Decimal, ...]:
    found = list(memos(line, OCTOBER))
    days = sum((one.extension_days for one in found), Decimal(0))
    return (*(sum((getattr(one, part) for one in found), ZERO) for part in ("amount", "net", "tax", "cut")), days)


def due(line: LineStatement) -> tuple[Decimal, ...]:
    totals = line.totals
    return totals.credit, totals.credit_net, totals.credit_tax, totals.cut_by_cap, totals.extension_days


def test_the_gallery_adds_up():
    """Line by line: amount, net, tax, what the cap cut, and free days."""
    assert [sums(line) for line in lines()] == [due(line) for line in lines()]


def test_what_is_not_paid_has_no_memo():
    """Neither what awaits a decision, nor what is pending, nor what lost against another rule."""
    assert [[one.rule for one in memos(line, OCTOBER)] for line in lines()] == [
        ["restore_overrun"],
        ["planned_work_waiver"],
        [],
        [],
        [],
    ]


def test_the_cap_is_used_up_in_the_order_of_the_incidents():
    """40 h over at 100.00 an hour and a cap of 3000.00: 2900.00 (29 h) are paid in full, then 100.00 of 1000.00."""
    period = dataclasses.replace(PERIOD, tier="standard", monthly_rent=Decimal("3000.00"))
    later = ONSET + timedelta(days=5)
    first = episode(ONSET, ONSET + timedelta(hours=37))
    line = statement(first, episode(later, later + timedelta(hours=18)), period=period)
    found = list(memos(line, OCTOBER))
    assert [(one.amount, one.cut) for one in found] == [
        (Decimal("2900.00"), Decimal("0.00")),
        (Decimal("100.00"), Decimal("900.00")),
    ]
    assert sums(line) == due(line)


def test_net_amounts_add_up_although_each_is_rounded():
    """Three items of 0.10 at 9 %: 0.09 each would be 0.27, the statement says 0.30 / 1.09 = 0.275..., 0.28."""
    period = dataclasses.replace(PERIOD, tier="standard", monthly_rent=Decimal("3.00"))
    faults = [ONSET + timedelta(days=5 * n) for n in range(3)]
    line = statement(*(episode(at, at + timedelta(hours=8, minutes=30)) for at in faults), period=period)
    found = list(memos(line, OCTOBER))
    assert [one.amount for one in found] == [Decimal("0.10")] * 3
    assert sum(one.net for one in found) == line.totals.credit_net == Decimal("0.28")
    assert all(one.net + one.tax == one.amount for one in found)


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from([Verdict.DOWN, Verdict.DEGRADED])), max_size=6),
    st.integers(0, 1_000_000),
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(1, 7)]),
    st.sampled_from([Decimal("0.09"), Decimal("0.06"), Decimal(0)]),
)
def test_memos_add_up_to_the_statement(faults, rent, cap_ratio, vat_rate):
    """Whatever the cap, the rate and the rent.

    Mutant: with `net_and_tax(amount)` for each item alone the net amounts miss the statement's by cents.
    """
    period = dataclasses.replace(PERIOD, monthly_rent=Decimal(rent) / 100, vat_rate=vat_rate)
    at, found = ONSET, []
    for hours, verdict in faults:
        found.append(episode(at, at + timedelta(hours=hours), verdict=verdict))
        at += timedelta(hours=hours + 5)
    line = _capped(statement(*found, period=period), cap_ratio)
    assert sums(line) == due(line)
    assert all(one.amount >= 0 and one.cut >= 0 for one in memos(line, OCTOBER))


def _capped(line: LineStatement, cap_ratio: Fraction) -> LineStatement:
    """The line as a contract with a lower cap would have it."""
    from slamon.core.case import charge_of  # noqa: PLC0415
    from slamon.core.statement import totals  # noqa: PLC0415

    contract = dataclasses.replace(line.contract, cap_ratio=cap_ratio)
    earned = [credit for shown in line.incidents for credit in shown.credits]
    charge = charge_of(line.period, contract)
    return dataclasses.replace(
        line, contract=contract, totals=totals([*earned, *line.credits], charge, contract, line.vat_rate)
    )


def test_a_number_stays_and_tells_items_apart():
    """The same item has the same number in every process and version; any other part gives another."""
    one = memo_number("GX-0001", OCTOBER, "id", "restore_overrun")
    assert one == "202610-IBXW-RFIR-VHJW-SE32"  # sha256sum and base32 of a shell say so
    others = {
        memo_number("GX-0002", OCTOBER, "id", "restore_overrun"),
        memo_number("GX-0001", BillingMonth(2026, 11), "id", "restore_overrun"),
        memo_number("GX-0001", OCTOBER, "id2", "restore_overrun"),
        memo_number("GX-0001", OCTOBER, None, "restore_overrun"),
        memo_number("GX-0001", OCTOBER, "id", "step_table"),
        memo_number("GX-0001", OCTOBER, "id", "restore_overrun", 1),
    }
    assert len(others - {one}) == 6


def test_numbers_do_not_depend_on_what_else_happened():
    """A further incident of the line changes no number of the others."""
    later = ONSET + timedelta(days=9)
    alone = [one.number for one in memos(statement(episode()), OCTOBER)]
    together = [one.number for one in memos(statement(episode(), episode(later, later + timedelta(hours=9))), OCTOBER)]
    assert alone == together[:1]


def test_the_law_is_outside_of_the_cap():
    """A waiver by law is paid although the cap is used up."""
    line = lines()[1]
    capped = _capped(line, Fraction(0))
    assert [(one.basis, one.amount) for one in memos(capped, OCTOBER)] == [(Basis.LAW, Decimal("4.58"))]
