"""Money: one place that rounds, net and tax, shares, ratios; against `decimal` and fractions."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.money import CENT, cents, net_and_tax, parse_share, plain, ratio_text

amounts = st.decimals(0, 10**9, allow_nan=False, places=2)
exact = st.fractions(0, 10**9, max_denominator=10**6)
rates = st.decimals(0, Decimal("0.99"), allow_nan=False, places=4)


@given(st.decimals(0, 10**9, allow_nan=False, places=6))
def test_cents_round_half_up_like_decimal(amount: Decimal):
    assert cents(amount) == amount.quantize(CENT, rounding=ROUND_HALF_UP)


@given(exact)
def test_cents_are_at_most_half_a_cent_away(amount: Fraction):
    away = Fraction(cents(amount)) - amount
    assert -Fraction(1, 200) < away <= Fraction(1, 200)
    assert cents(amount).as_tuple().exponent == -2


@given(exact, exact)
def test_more_never_rounds_to_less(one: Fraction, other: Fraction):
    low, high = sorted((one, other))
    assert cents(low) <= cents(high)


@given(amounts, rates)
def test_net_and_tax_sum_to_the_gross(gross: Decimal, rate: Decimal):
    """The net is the rounded quotient, the tax what remains."""
    net, tax = net_and_tax(gross, rate)
    assert net + tax == gross
    with localcontext() as context:
        context.prec = 60
        assert abs(net - gross / (1 + rate)) <= Decimal("0.005")


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0.005", "0.01"), ("0.0049999", "0.00"), ("1.115", "1.12"), ("1.125", "1.13"), ("0", "0.00")],
)
def test_half_a_cent_is_a_cent(amount: str, rounded: str):
    assert str(cents(Decimal(amount))) == rounded


def test_thirds_are_rounded_from_the_exact_value():
    """1/3 of 0.05 is 0.01666...: a cent and two thirds."""
    assert cents(Fraction(5, 100) / 3) == Decimal("0.02")


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("1/30", Fraction(1, 30)),
        ("0.05", Fraction(1, 20)),
        ("1", Fraction(1)),
        ("0", Fraction(0)),
        ("7/2", Fraction(7, 2)),
    ],
)
def test_a_share_is_exact(text: str, share: Fraction):
    assert parse_share(text) == share


@pytest.mark.parametrize(
    "text", ["1/0", "-1/30", "1/", "/3", "1e3", "1.", ".5", "5%", " 1", "1/3.5", "nan", "", "1\n", "१"]
)
def test_what_is_no_share_is_refused_with_an_example(text: str):
    with pytest.raises(ValueError, match='is not a share; write a fraction such as "1/30"'):
        parse_share(text)


@given(st.integers(0, 10**7), st.integers(1, 10**7))
def test_a_ratio_has_six_decimals_half_up(part: int, whole: int):
    text = ratio_text(part, whole)
    assert text is not None
    with localcontext() as context:
        context.prec = 60
        expected = (Decimal(part) / Decimal(whole)).quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)
    assert Decimal(text) == expected
    assert len(text.partition(".")[2]) == 6


def test_an_empty_whole_has_no_ratio():
    assert ratio_text(0, 0) is None


@pytest.mark.parametrize(
    ("number", "text"), [(2, "2"), (Fraction(5, 4), "1.25"), (Decimal("1.50"), "1.5"), (100, "100")]
)
def test_a_derivation_prints_no_idle_zeros(number: Fraction | Decimal | int, text: str):
    assert plain(number) == text
