"""Contracts: what makes one unfit to pay by, which version is in force, what the shipped ones hold."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from slamon.core.contract import (
    Contract,
    Contracts,
    ExclusionTerms,
    Limit,
    RestoreOverrun,
    Rule,
    StatutoryWaiver,
    Step,
    StepTable,
    VatRate,
)
from slamon.core.facts import Category
from slamon.core.flaws import flaws
from tests.core.timelines import contract, shipped
from tests.core.wallclock import local

SOUND = contract()
ROW, ROW_FAR, ROW_SLOW = SOUND.limits


def limits(*rows: Limit) -> Contract:
    return replace(SOUND, limits=rows)


def rule(kind: type[Rule], **to: Any) -> Contract:
    return replace(SOUND, rules=tuple(replace(r, **to) if isinstance(r, kind) else r for r in SOUND.rules))


def steps(*rows: tuple[int, str]) -> Contract:
    table = StepTable(steps=tuple(Step(Fraction(minutes), Fraction(credit)) for minutes, credit in rows))
    return replace(SOUND, rules=(table,))


VAT = VatRate("internet_line", date(2016, 5, 1), Decimal("0.06"))

FLAWS = [
    pytest.param(
        limits(ROW, replace(ROW_FAR, seconds={"AAA": 14400, "AA": 14400, "A": 21600}), ROW_SLOW),
        "limits",
        "no limit for interruption, span inter_province, tier standard",
        id="a hole: one cell of a row is missing",
    ),
    pytest.param(
        limits(replace(ROW, spans=("intra_city",)), ROW_FAR, ROW_SLOW),
        "limits",
        "no limit for interruption, span inter_city, tier AAA",
        id="a hole: a span is in no row",
    ),
    pytest.param(
        limits(ROW, ROW_FAR),
        "limits",
        "no limit for degradation, span intra_city, tier AAA",
        id="a hole: a category has no row",
    ),
    pytest.param(
        limits(ROW, replace(ROW_FAR, spans=("inter_city", "inter_province")), ROW_SLOW),
        "limits[1]",
        "interruption, span inter_city, tier AAA stands in limits[0] too",
        id="an overlap: two rows for one cell",
    ),
    pytest.param(
        limits(replace(ROW, seconds={**ROW.seconds, "AAAA": 3600}), ROW_FAR, ROW_SLOW),
        "limits[0].hours",
        "tier 'AAAA' is unknown",
        id="an unknown tier in a row",
    ),
    pytest.param(
        limits(replace(ROW, spans=("intra_city", "inter_city", "abroad")), ROW_FAR, ROW_SLOW),
        "limits[0].spans",
        "span 'abroad' is unknown",
        id="an unknown span in a row",
    ),
    pytest.param(
        limits(replace(ROW, seconds={**ROW.seconds, "AAA": -1}), ROW_FAR, ROW_SLOW),
        "limits[0].hours.AAA",
        "a limit is negative",
        id="a negative limit",
    ),
    pytest.param(steps(), "compensation[0].steps", "the table is empty", id="a step table without steps"),
    pytest.param(
        steps((30, "1/30"), (60, "1/90")),
        "compensation[0].steps[1]",
        "from 60 minutes pays 1/90, less than 1/30 for a shorter outage",
        id="a step that pays less for a longer outage",
    ),
    pytest.param(
        steps((30, "1/90"), (30, "1/30")),
        "compensation[0].steps[1]",
        "two steps begin at 30 minutes",
        id="two steps that overlap",
    ),
    pytest.param(
        steps((60, "1/90"), (30, "1/30")),
        "compensation[0].steps[1]",
        "steps are not in rising order",
        id="steps out of order",
    ),
    pytest.param(
        rule(StatutoryWaiver, hours={"urban": Fraction(48)}),
        "compensation[1].hours",
        "no limit for area rural",
        id="a law without a limit for an area",
    ),
    pytest.param(
        rule(RestoreOverrun, unit_hours={Category.INTERRUPTION: Fraction(1)}),
        "compensation[2].unit_hours",
        "no unit for degradation",
        id="an overrun without a unit for a category",
    ),
    pytest.param(
        replace(SOUND, rules=(*SOUND.rules, RestoreOverrun(unit_hours=dict.fromkeys(Category, Fraction(1))))),
        "compensation[4]",
        "rule restore_overrun stands in compensation[2] too",
        id="a rule that stands twice",
    ),
    pytest.param(
        replace(SOUND, sla_fee_ratio={**SOUND.sla_fee_ratio, "gold": Fraction(1)}),
        "sla_fee_ratio.gold",
        "tier 'gold' is unknown",
        id="a fee for an unknown tier",
    ),
    pytest.param(
        replace(SOUND, sla_fee_ratio={**SOUND.sla_fee_ratio, "A": Fraction(-1, 10)}),
        "sla_fee_ratio.A",
        "a fee is negative",
        id="a negative fee",
    ),
    pytest.param(
        replace(SOUND, sla_fee_ratio={"AAA": Fraction(3, 10), "AA": Fraction(1, 5), "A": Fraction(1, 10)}),
        "sla_fee_ratio",
        "no fee for tier standard",
        id="a tier without a fee",
    ),
    pytest.param(
        replace(SOUND, vat=(VAT, replace(VAT, rate=Decimal("0.09")))),
        "vat[1]",
        "internet_line from 2016-05-01 stands twice",
        id="two VAT rates of one product and day",
    ),
    pytest.param(
        replace(SOUND, vat=(replace(VAT, rate=Decimal(6)),)),
        "vat[0].rate",
        "6 is no VAT rate",
        id="a VAT rate of 600 %",
    ),
    pytest.param(
        replace(SOUND, vat=(replace(VAT, rate=Decimal("-0.06")),)),
        "vat[0].rate",
        "-0.06 is no VAT rate",
        id="a negative VAT rate",
    ),
    pytest.param(
        replace(SOUND, exclusions=(*SOUND.exclusions, ExclusionTerms("force_majeure"))),
        "exclusions[4]",
        "kind force_majeure stands twice",
        id="an exclusion that stands twice",
    ),
    pytest.param(
        replace(SOUND, maintenance=None),
        "maintenance",
        "planned_maintenance is an exclusion but nothing says what notice it needs",
        id="planned work without terms of notice",
    ),
]


@pytest.mark.parametrize(("terms", "key", "reason"), FLAWS)
def test_a_flaw_is_found_with_key_and_reason(terms: Contract, key: str, reason: str):
    found = [(flaw.key, flaw.reason) for flaw in flaws(terms)]
    assert (key, reason) in found
    assert all(flaw.hint for flaw in flaws(terms))


def test_all_flaws_are_found_at_once():
    """An operator mends a file once, not flaw by flaw."""
    terms = replace(limits(replace(ROW, seconds={**ROW.seconds, "AAA": -1})), maintenance=None)
    assert {"limits[0].hours.AAA", "limits", "maintenance"} <= {flaw.key for flaw in flaws(terms)}


def test_equal_steps_are_no_flaw():
    """A longer outage may pay as much as a shorter one."""
    assert list(flaws(steps((30, "1/30"), (60, "1/30")))) == []


@pytest.mark.parametrize("terms", shipped().versions, ids=lambda terms: f"{terms.id} of {terms.version}")
def test_what_ships_is_sound(terms: Contract):
    assert list(flaws(terms)) == []


def test_four_contracts_ship():
    """To prove that nothing is hard-wired."""
    assert shipped().ids() == {"cmcc-internet-line", "cmcc-data-line", "hourly-credit", "step-table"}


NEW = replace(SOUND, effective_from=date(2026, 10, 10))
BOTH = Contracts((NEW, SOUND))


@pytest.mark.parametrize(
    ("instant", "version"),
    [
        pytest.param("2018-12-31 00:00", "2019-01-01", id="before the first version: the first"),
        pytest.param("10-09 23:59:59", "2019-01-01", id="the second before: the old one"),
        pytest.param("10-10 00:00", "2026-10-10", id="from local midnight on: the new one"),
    ],
)
def test_the_version_in_force_is_that_of_the_local_day(instant: str, version: str):
    assert BOTH.at(SOUND.id, local(instant)).version == version
    assert BOTH.on(SOUND.id, local(instant).astimezone(SOUND.zone).date()).version == version


def test_an_unknown_contract_is_a_key_error():
    """Nothing is guessed."""
    with pytest.raises(KeyError, match="nobody"):
        BOTH.on("nobody", date(2026, 10, 10))
    with pytest.raises(KeyError, match="nobody"):
        BOTH.at("nobody", local("10-10 00:00"))


def test_versions_come_oldest_first():
    assert [c.version for c in BOTH.of(SOUND.id)] == ["2019-01-01", "2026-10-10"]
