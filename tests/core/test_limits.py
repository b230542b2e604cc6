"""Every cell of the restore-time table (clause 3.9): exactly at the limit is met, one second more is breached."""

from dataclasses import replace

import pytest

from tests.core.telling import told
from tests.core.timelines import AAA, Story, drawn, statement

# Hours for AAA, AA, A, standard, as the agreement prints them.
TABLE = {
    ("interruption", "intra_city"): (2, 4, 6, 8),
    ("interruption", "inter_city"): (2, 4, 6, 8),
    ("interruption", "inter_province"): (4, 4, 6, 8),
    ("degradation", "intra_city"): (24, 24, 48, 48),
    ("degradation", "inter_city"): (24, 24, 48, 48),
    ("degradation", "inter_province"): (24, 24, 48, 48),
}
TIERS = ("AAA", "AA", "A", "standard")
# A thirtieth of 3000.00 with 30, 20, 10 and 0 % on top: what one started unit of overrun earns.
UNIT = {"AAA": "130.00", "AA": "120.00", "A": "110.00", "standard": "100.00"}

CELLS = [
    pytest.param(category, span, tier, hours, id=f"{category} {span} {tier}: {hours} h")
    for (category, span), row in TABLE.items()
    for tier, hours in zip(TIERS, row, strict=True)
]


def fault(category: str, span: str, tier: str, picture: str, more_s: int) -> dict[str, object]:
    """Tell of a fault whose alarm comes after two windows of an hour, and that ends `more_s` after the picture."""
    sign = "x" if category == "interruption" else "~"
    whole = drawn("10-05 00:00", picture.replace("#", sign), 3600)
    tail = (replace(whole, at=whole.end, picture=sign, window_s=more_s),) if more_s else ()
    return told(statement(Story((whole, *tail), periods=(replace(AAA, tier=tier, span=span),))))


@pytest.mark.parametrize(("category", "span", "tier", "hours"), CELLS)
def test_exactly_at_the_limit_is_met(category: str, span: str, tier: str, hours: int):
    """Two hours until the alarm, then the limit itself: met, nothing is paid."""
    says = fault(category, span, tier, "#" * (2 + hours), 0)
    assert says[f"0 {category} restore_s"] == says[f"0 {category} limit_s"] == hours * 3600
    assert says[f"0 {category} breached"] is False
    assert says["0 applied"] == {}


@pytest.mark.parametrize(("category", "span", "tier", "hours"), CELLS)
def test_one_second_over_the_limit_is_breached(category: str, span: str, tier: str, hours: int):
    """A second more is one started unit: a thirtieth of the charge."""
    says = fault(category, span, tier, "#" * (2 + hours), 1)
    assert says[f"0 {category} overrun_s"] == 1
    assert says[f"0 {category} breached"] is True
    assert says["0 applied"] == {"restore_overrun": UNIT[tier]}
