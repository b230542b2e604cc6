"""How numbers, instants and names are written."""

import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.reports.texts import clean, days, duration, local, money, percent


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        pytest.param(0, "0 s", id="no time is 0 s"),
        pytest.param(7500, "2 h 5 min", id="whole minutes name no seconds"),
        pytest.param(107_990, "1 d 5 h 59 min 50 s", id="nothing is dropped"),
        pytest.param(86_430, "1 d 30 s", id="units that are zero are left out"),
        pytest.param(-90, "-1 min 30 s", id="a missed limit has a negative rest"),
    ],
)
def test_durations_are_written_for_people(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [("0", "0"), ("0.00", "0"), ("2", "2"), ("10", "10"), ("1.25", "1.25"), ("1.50", "1.5"), ("120", "120")],
)
def test_days_have_no_trailing_zeros(number, text):
    """Whole days are whole numbers, never ``2.00`` and never ``1E+1``."""
    assert days(Decimal(number)) == text


@pytest.mark.parametrize(("amount", "text"), [("3000", "3000.00"), ("0", "0.00"), ("96.5", "96.50")])
def test_money_has_its_cents(amount, text):
    """An inventory may say 3000; a statement says 3000.00."""
    assert money(Decimal(amount)) == text


@given(st.integers(0, 1_000_000))
def test_a_percentage_is_the_ratio_with_its_point_moved(millionths):
    """Nothing is rounded on the way from the statement to the screen."""
    ratio = f"{Decimal(millionths).scaleb(-6):.6f}"
    assert Decimal(percent(ratio)) == Decimal(ratio) * 100


def test_no_ratio_is_a_dash():
    """An empty denominator is not 0 %."""
    assert percent(None) == "-"


def test_an_instant_is_shown_in_the_zone_of_the_contract():
    """UTC in storage, the contract's time on the screen, fractions only where they exist."""
    zone = ZoneInfo("Asia/Shanghai")
    assert local(datetime(2026, 10, 3, tzinfo=UTC), zone) == "2026-10-03 08:00:00"
    assert local(datetime(2026, 10, 3, 0, 0, 0, 500_000, UTC), zone) == "2026-10-03 08:00:00.500000"


@given(st.text())
def test_a_cleaned_text_holds_nothing_that_steers_a_terminal(text):
    """No control, format, surrogate or line-separating character is left, whatever somebody entered."""
    assert not {unicodedata.category(c) for c in clean(text)} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("南宁—桂林 100M", "南宁—桂林 100M", id="a plain name stays as it is"),
        pytest.param("a\x1b[31mb", "a[31mb", id="an escape loses its teeth"),
        pytest.param("a\u202eb\u200f", "ab", id="marks that turn the direction go"),
        pytest.param("one\r\n\ttwo\n", "one two", id="breaks and tabs become a space"),
        pytest.param("南宁\u3000桂林", "南宁\u3000桂林", id="the space of Chinese writing stays"),
    ],
)
def test_names_are_cleaned(text, shown):
    assert clean(text) == shown
