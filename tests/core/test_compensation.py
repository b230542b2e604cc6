"""What each rule gives: free days, the law's waiver, hours of a month, steps; cents are worked out beside each."""

from dataclasses import replace

import pytest

from slamon.core.contract import Contract, ServiceExtension, StatutoryWaiver
from tests.core.filings import complaint, correction, exclusion, measured_id
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, PLAIN, Story, changed, drawn, no_policy, statement, without

HOUR = 60  # windows of a minute


def rounding(how: str) -> tuple[Contract]:
    return (changed(no_policy(), ServiceExtension, rounding=how),)


DAYS = [
    Fact(
        "one second short of a day earns no day",
        Story((drawn("10-05 00:00", "x" * 23, 3600), drawn("10-05 23:00", "x", 3599)), contracts=rounding("up")),
        {"0 applied": {}, "extension_days": "0", "interrupted": 86399},
    ),
    Fact(
        "a second more than a day, rounded up, is two days",
        Story((drawn("10-05 00:00", "x" * 24, 3600), drawn("10-06 00:00", "x", 1)), contracts=rounding("up")),
        {"0 applied": {"service_extension": "2 days"}, "0 worth": {"service_extension": "193.55"}},
    ),
    Fact(
        "47 h rounded up are two days",
        Story((drawn("10-05 00:00", "x" * 47, 3600),), contracts=rounding("up")),
        # 2 x 3000/31 = 193.548 -> 193.55
        {"extension_days": "2", "0 worth": {"service_extension": "193.55"}},
    ),
    Fact(
        "47 h rounded down are one day",
        Story((drawn("10-05 00:00", "x" * 47, 3600),), contracts=rounding("down")),
        {"extension_days": "1", "0 worth": {"service_extension": "96.77"}},
    ),
    Fact(
        "47 h exactly are 1.96 days",
        Story((drawn("10-05 00:00", "x" * 47, 3600),), contracts=rounding("exact")),
        # 47/24 = 1.9583 -> 1.96; 1.96 x 3000/31 = 189.677 -> 189.68
        {"extension_days": "1.96", "0 worth": {"service_extension": "189.68"}},
    ),
    Fact(
        "the days of each interruption are rounded, then added",
        Story((drawn("10-05 00:00", "x" * 25 + "~" * 2 + "x" * 25, 3600),), contracts=rounding("up")),
        # 25 h and 25 h: 2 + 2, where 50 h would be 3
        {"0 applied": {"service_extension": "4 days"}},
    ),
    Fact(
        "an interruption of less than a day beside a long one adds nothing",
        Story((drawn("10-05 00:00", "x" * 25 + "~" * 2 + "x" * 23, 3600),), contracts=rounding("up")),
        {"0 applied": {"service_extension": "2 days"}},
    ),
    Fact(
        "an exclusion may raise the days",
        Story(
            (drawn("10-05 00:00", "x" * 49, 3600),),
            (exclusion("10-05 00:00", "awaiting_customer", "10-06 00:15", "10-06 00:45"),),
            contracts=rounding("up"),
        ),
        # 49 h would be 3 days; 24.25 h and 24.25 h are 2 + 2
        {"0 applied": {"service_extension": "4 days"}},
    ),
    Fact(
        "an exclusion may cut an interruption below a day",
        Story(
            (drawn("10-05 00:00", "x" * 30, 3600),),
            (exclusion("10-05 00:00", "awaiting_customer", "10-05 12:00", "10-05 13:00"),),
            contracts=rounding("up"),
        ),
        # 12 h and 17 h
        {"0 applied": {}},
    ),
    Fact(
        "an exclusion that was not accepted cuts nothing",
        Story(
            (drawn("10-05 00:00", "x" * 30, 3600),),
            (exclusion("10-05 00:00", "force_majeure", "10-05 12:00", "10-05 13:00", evidence=None),),
            contracts=rounding("up"),
        ),
        {"0 applied": {"service_extension": "2 days"}},
    ),
    Fact(
        "a degradation of days earns no free day",
        Story((drawn("10-05 00:00", "~" * 72, 3600),), contracts=rounding("up")),
        {"0 applied": {}},
    ),
    Fact(
        "a day across the end of the month is worth a day of the month of restoring",
        Story((drawn("10-31 12:00", "x" * 24, 3600),), contracts=rounding("up"), until="12-01 00:00"),
        # 3000 / 30
        {"extension_days": "1", "0 worth": {"service_extension": "100.00"}},
        "2026-11",
    ),
]

LAW = [
    Fact(
        "exactly 48 h after the report is repaired in time",
        Story((drawn("10-05 00:00", "~" * 50, 3600),), (complaint("10-05 02:00"),), contracts=(no_policy(),)),
        {"0 statutory restore_s": 172800, "0 statutory breached": False, "0 applied": {}},
    ),
    Fact(
        "a second later the rent of the whole fault is waived",
        Story((drawn("10-05 00:00", "~" * 50, 3600),), (complaint("10-05 01:59:59"),), contracts=(no_policy(),)),
        # 3000 x 180000/2678400 = 201.6129 -> 201.61: the rent alone, without the SLA fee
        {"0 statutory overrun_s": 1, "0 applied": {"statutory_waiver": "201.61"}},
    ),
    Fact(
        "the waiver of two months is the sum of both shares, rounded once",
        Story(
            (drawn("10-29 22:00", "~" * 84, 3600),),
            (complaint("10-30 00:00", "degradation"),),
            contracts=(no_policy(),),
            until="12-01 00:00",
        ),
        # 50 h of October and 34 h of November: 3000 x (180000/2678400 + 122400/2592000)
        # = 201.6129 + 141.6667 = 343.2796 -> 343.28; the clock has 82 h
        {"0 statutory restore_s": 295200, "0 applied": {"statutory_waiver": "343.28"}},
        "2026-11",
    ),
    Fact(
        "a rural line has 72 h",
        Story(
            (drawn("10-05 00:00", "~" * 72, 3600),),
            (complaint("10-05 00:00", "degradation"),),
            (replace(AAA, area="rural"),),
            (no_policy(),),
        ),
        {"0 statutory limit_s": 259200, "0 statutory breached": False, "0 applied": {}},
    ),
    Fact(
        "a rural line's rent is waived beyond 72 h",
        Story(
            (drawn("10-05 00:00", "~" * 73, 3600),),
            (complaint("10-05 00:00", "degradation"),),
            (replace(AAA, area="rural"),),
            (no_policy(),),
        ),
        # 3000 x 262800/2678400 = 294.3548 -> 294.35
        {"0 applied": {"statutory_waiver": "294.35"}},
    ),
    Fact(
        "the customer's own time leaves the statutory clock and the waiver",
        Story(
            (drawn("10-05 00:00", "~" * 60, 3600),),
            (
                complaint("10-05 00:00", "degradation"),
                exclusion("10-05 00:00", "customer_side", "10-05 10:00", "10-05 16:00"),
            ),
            contracts=(no_policy(),),
        ),
        # 54 h, over 48; 3000 x 194400/2678400 = 217.7419 -> 217.74
        {"0 statutory excluded_s": 21600, "0 statutory restore_s": 194400, "0 applied": {"statutory_waiver": "217.74"}},
    ),
    Fact(
        "nothing but the customer's own time leaves the statutory clock",
        Story(
            (drawn("10-05 00:00", "~" * 60, 3600),),
            (
                complaint("10-05 00:00", "degradation"),
                exclusion("10-05 00:00", "force_majeure", "10-05 00:00", "10-06 00:00"),
                exclusion("10-05 00:00", "awaiting_customer", "10-06 00:00", "10-06 06:00"),
            ),
            contracts=(no_policy(),),
        ),
        # 3000 x 216000/2678400 = 241.94; the agreement's clock, from the complaint, has 60 h less 30 h
        {
            "0 statutory excluded_s": 0,
            "0 degradation excluded_s": 108000,
            "0 degradation restore_s": 108000,
            "0 applied": {"statutory_waiver": "241.94"},
        },
    ),
    Fact(
        "without a complaint the law has no clock",
        Story((drawn("10-05 00:00", "~" * 60, 3600),), contracts=(no_policy(),)),
        {"0 clocks": ["degradation"], "0 applied": {}},
    ),
    Fact(
        "the second agreement has no table: only the law pays",
        Story(
            (drawn("10-05 00:00", "x" * 60, 3600),),
            (complaint("10-05 00:00"),),
            (replace(PLAIN, contract="cmcc-data-line", product="circuit"),),
        ),
        # 3000 x 216000/2678400 = 241.94; no limit, no breach
        {
            "0 interruption limit_s": None,
            "0 interruption breached": False,
            "0 applied": {"statutory_waiver": "241.94"},
            "by_basis": {"law": "241.94"},
            "sla_fee": "0.00",
        },
    ),
]

HOURLY = replace(PLAIN, contract="hourly-credit")
STEPS = replace(PLAIN, contract="step-table")

CUMULATIVE = [
    Fact(
        "hours of a month are summed before they are started",
        Story((drawn("10-05 00:00", "x" * 90), drawn("10-06 00:00", "x" * 61)), periods=(HOURLY,)),
        # 151 min -> 3 started hours x 100.00 (two incidents alone would be 2 + 2)
        {"0 applied": {}, "line applied": {"cumulative_hours": "300.00"}, "credit": "300.00"},
    ),
    Fact(
        "accepted exclusions leave the sum",
        Story(
            (drawn("10-05 00:00", "x" * 90), drawn("10-06 00:00", "x" * 61)),
            (exclusion("10-05 00:00", "customer_side", "10-05 00:30", "10-05 01:01"),),
            (HOURLY,),
        ),
        # 151 - 31 = 120 min, exactly two hours
        {"line applied": {"cumulative_hours": "200.00"}, "excluded": 1860},
    ),
    Fact(
        "a second more than an hour is two started hours",
        Story((drawn("10-05 00:00", "x" * 60), drawn("10-05 01:00", "x", 1)), periods=(HOURLY,)),
        {"line applied": {"cumulative_hours": "200.00"}},
    ),
    Fact(
        "the month's charge is the most that hours earn",
        Story((drawn("10-05 00:00", "x" * 31, 3600),), periods=(HOURLY,)),
        {
            "line applied": {"cumulative_hours": "3100.00"},
            "by_basis": {"agreement": "3100.00"},
            "credit": "3000.00",
            "cut_by_cap": "100.00",
        },
    ),
    Fact(
        "only the hours of the month count",
        Story((drawn("10-31 22:30", "x" * 4 * HOUR),), periods=(HOURLY,), until="12-01 00:00"),
        # October 90 min -> 2 hours, though the incident is pending
        {"pending": 1, "line applied": {"cumulative_hours": "200.00"}},
    ),
    Fact(
        "the next month counts its own hours",
        Story((drawn("10-31 22:30", "x" * 4 * HOUR),), periods=(HOURLY,), until="12-01 00:00"),
        # November 150 min -> 3 hours
        {"line applied": {"cumulative_hours": "300.00"}},
        "2026-11",
    ),
    Fact(
        "degraded hours are no interrupted hours",
        Story((drawn("10-05 00:00", "~" * 90),), periods=(HOURLY,)),
        {"line applied": {}, "credit": "0.00"},
    ),
    Fact(
        "hours that nobody has decided on do not count yet, and are not listed as awaiting",
        Story((drawn("10-05 00:00", "x" * 90),), periods=(replace(HOURLY, demarc=None),)),
        {"line applied": {}, "awaiting": "0.00"},
    ),
    Fact(
        "the customer's hours and false alarms do not count",
        Story(
            (drawn("10-05 00:00", "x" * 90), drawn("10-06 00:00", "x" * 90), drawn("10-07 00:00", "x" * 30)),
            (
                correction(measured_id("10-05 00:00"), responsibility="customer"),
                correction(measured_id("10-06 00:00"), false_alarm=True),
            ),
            (HOURLY,),
        ),
        {"line applied": {"cumulative_hours": "100.00"}},
    ),
]


def restored_after(seconds: int) -> Story:
    """Return an interruption whose clock, from the alarm after two windows of 10 s, runs for so long."""
    return Story(
        (drawn("10-05 00:00", "xx", 10), replace(drawn("10-05 00:00:20", "x", 1), window_s=seconds)), periods=(STEPS,)
    )


EDGES = [
    # (seconds, share of 3000.00): 1/90 = 33.333, 1/30, 1/10, 1/5, the whole
    (1799, {}),
    (1800, {"step_table": "33.33"}),
    (3599, {"step_table": "33.33"}),
    (3600, {"step_table": "100.00"}),
    (43199, {"step_table": "100.00"}),
    (43200, {"step_table": "300.00"}),
    (86399, {"step_table": "300.00"}),
    (86400, {"step_table": "600.00"}),
    (259199, {"step_table": "600.00"}),
    (259200, {"step_table": "3000.00"}),
]


@pytest.mark.parametrize(("seconds", "applied"), EDGES, ids=[f"restored after {s} s" for s, _ in EDGES])
def test_a_step_begins_with_its_minute(seconds: int, applied: dict[str, str]):
    """A step holds from its minute on, that minute included, until the next one."""
    says = told(statement(restored_after(seconds)))
    assert says["0 interruption restore_s"] == seconds
    assert says["0 applied"] == applied


FACTS = [*DAYS, *LAW, *CUMULATIVE]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_what_is_earned(fact: Fact):
    check(fact)


def test_rules_by_law_bind_where_no_rule_prices_them():
    """The statutory clock is shown under every contract; without the rule nothing is waived."""
    bare = without(no_policy(), StatutoryWaiver)
    says = told(
        statement(Story((drawn("10-05 00:00", "~" * 60, 3600),), (complaint("10-05 00:00"),), contracts=(bare,)))
    )
    assert says["0 statutory breached"] is True
    assert says["0 applied"] == {}
