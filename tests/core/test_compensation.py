"""What incidents earn: rules, cap, ways to combine, responsibilities; the cents are worked out beside each case."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from slamon.core.contract import (
    Basis,
    Contract,
    RestoreOverrun,
    Rule,
    ServiceExtension,
    StatutoryWaiver,
    Step,
    StepTable,
)
from tests.core.filings import complaint, correction, exclusion, handback, maintenance, measured_id
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, CPE_ONLY, PLAIN, STANDARD, Story, contract, drawn, no_policy, statement, without

HOUR = 60  # windows of a minute


def changed(terms: Contract, rule: type[Rule], **to: Any) -> Contract:
    """Return the contract with a member of one rule changed."""
    return replace(terms, rules=tuple(replace(r, **to) if isinstance(r, rule) else r for r in terms.rules))


def rounding(how: str) -> tuple[Contract]:
    return (changed(no_policy(), ServiceExtension, rounding=how),)


FORTY_HOURS = drawn("10-03 08:00", "x" * 40 * HOUR)

CAP = [
    Fact(
        "a month's credit stops at the full charge, and what is cut off is shown",
        Story((FORTY_HOURS,)),
        # alarm 08:02: 143880 s; overrun 136680 = 37.97 h -> 38 x 130 = 4940.00; cap 3900; cut 1040
        # 3900/1.06 = 3679.245 -> 3679.25, tax 220.75
        {
            "0 applied": {"restore_overrun": "4940.00"},
            "by_basis": {"policy": "4940.00"},
            "credit": "3900.00",
            "cut_by_cap": "1040.00",
            "credit_net": "3679.25",
            "credit_tax": "220.75",
        },
    ),
    Fact(
        "the cap counts all incidents of the month together",
        Story((drawn("10-03 00:00", "x" * 20 * HOUR), drawn("10-13 00:00", "x" * 20 * HOUR))),
        # each: 71880 s; overrun 64680 = 17.97 h -> 18 x 130 = 2340.00; together 4680 -> 3900, cut 780
        {"0 applied": {"restore_overrun": "2340.00"}, "credit": "3900.00", "cut_by_cap": "780.00"},
    ),
    Fact(
        "what the law gives stands outside the cap",
        Story((FORTY_HOURS,), (maintenance("10-03 08:00", "10-03 12:00", notified=None),)),
        # 3900 (capped) + 3900 x 14400/2678400 = 20.97
        {"by_basis": {"policy": "4940.00", "law": "20.97"}, "credit": "3920.97", "cut_by_cap": "1040.00"},
    ),
    Fact(
        "a contract may cap at half of the charge",
        Story((FORTY_HOURS,), contracts=(replace(contract(), cap_ratio=Fraction(1, 2)),)),
        {"credit": "1950.00", "cut_by_cap": "2990.00"},
    ),
    Fact(
        "the cap is the charge of the month's last period, though the incident is paid by its own",
        Story(
            (FORTY_HOURS,),
            periods=(replace(AAA, last_day=date(2026, 10, 15)), replace(STANDARD, first_day=date(2026, 10, 16))),
        ),
        # 4940 by the charge of AAA; cap 3000, the full charge of standard
        {"credit": "3000.00", "cut_by_cap": "1940.00"},
    ),
    Fact(
        "free days are not money: the cap leaves them alone",
        Story((drawn("10-01 00:00", "x" * 24 * 31, 3600),), contracts=rounding("up"), until="11-02 00:00"),
        {"extension_days": "31", "credit": "0.00", "cut_by_cap": "0.00"},
        "2026-11",
    ),
]

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

COMBINE = [
    Fact(
        "the best rule counts, the others are shown",
        Story(
            (drawn("10-05 00:00", "~" * 60 * HOUR),), (complaint("10-05 00:02", "degradation"),), periods=(STANDARD,)
        ),
        # law 3000 x 216000/2678400 = 241.94; overrun 60 h - 2 min - 48 h -> one started day = 100.00
        {
            "0 applied": {"statutory_waiver": "241.94"},
            "0 not applied": {"restore_overrun": "100.00"},
            "credit": "241.94",
        },
    ),
    Fact(
        "where rules add up, both are paid",
        Story(
            (drawn("10-05 00:00", "~" * 60 * HOUR),),
            (complaint("10-05 00:02", "degradation"),),
            (STANDARD,),
            (replace(contract(), combine="sum"),),
        ),
        {"0 applied": {"statutory_waiver": "241.94", "restore_overrun": "100.00"}, "credit": "341.94"},
    ),
    Fact(
        "of equals the earlier rule of the contract is paid",
        Story(
            (drawn("10-05 00:00", "x" * 150),),
            contracts=(
                replace(
                    contract(),
                    rules=(
                        StepTable(steps=(Step(Fraction(60), Fraction(1, 30)),)),
                        *(r for r in contract().rules if isinstance(r, RestoreOverrun)),
                    ),
                ),
            ),
        ),
        # 8880 s: the step from 60 min and one started hour of overrun are both 130.00
        {"0 applied": {"step_table": "130.00"}, "0 not applied": {"restore_overrun": "130.00"}},
    ),
    Fact(
        "of equals the earlier rule is paid, whichever it is",
        Story(
            (drawn("10-05 00:00", "x" * 150),),
            contracts=(
                replace(
                    contract(),
                    rules=(
                        *(r for r in contract().rules if isinstance(r, RestoreOverrun)),
                        StepTable(steps=(Step(Fraction(60), Fraction(1, 30)),)),
                    ),
                ),
            ),
        ),
        {"0 applied": {"restore_overrun": "130.00"}, "0 not applied": {"step_table": "130.00"}},
    ),
    Fact(
        "worth is compared before the cap",
        Story(
            (drawn("10-05 00:00", "x" * 30 * HOUR),),
            contracts=(replace(contract(), cap_ratio=Fraction(1, 100)),),
        ),
        # 3640.00 against 2 days = 193.55; the cap of 39.00 comes after
        {"0 applied": {"restore_overrun": "3640.00"}, "credit": "39.00", "cut_by_cap": "3601.00"},
    ),
    Fact(
        "of two overrun clocks the larger credit counts",
        Story((drawn("10-05 00:00", "x" * HOUR + "~" * 30 * HOUR),)),
        # interruption 00:02 to normal: 111480 s; overrun 104280 = 28.97 h -> 29 x 130 = 3770.00
        # degradation: 111480 - 86400 = 25080 -> 1 x 130
        {"0 applied": {"restore_overrun": "3770.00"}, "credit": "3770.00"},
    ),
    Fact(
        "where the interruption clock ends with the interruption, the degradation is what is late",
        Story(
            (drawn("10-05 00:00", "x" * HOUR + "~" * 30 * HOUR),),
            contracts=(replace(contract(), interruption_ends="usable"),),
        ),
        # interruption 00:02 to 01:00 = 3480 s, met; degradation one started day: 130.00
        {
            "0 interruption to": "10-05 01:00",
            "0 interruption restore_s": 3480,
            "0 interruption breached": False,
            "0 applied": {"restore_overrun": "130.00"},
        },
    ),
    Fact(
        "where the clock ends with the hand-back, testing time counts",
        Story(
            (drawn("10-05 10:00", "x" * 122),),
            (handback("10-05 10:00", "10-05 12:32"),),
            contracts=(replace(contract(), clock_end="handed_back"),),
        ),
        # 10:02 to 12:32 is 9000 s; overrun 1800 -> 130.00; the outage itself stays 122 min
        {
            "0 interruption to": "10-05 12:32",
            "0 interruption restore_s": 9000,
            "credit": "130.00",
            "interrupted": 7320,
        },
    ),
    Fact(
        "the shipped contract does not wait for a hand-back",
        Story((drawn("10-05 10:00", "x" * 122),), (handback("10-05 10:00", "10-05 12:32"),)),
        {"0 interruption to": "10-05 12:02", "credit": "0.00"},
    ),
    Fact(
        "an incident that was not handed back ends when it was restored",
        Story((drawn("10-05 10:00", "x" * 122),), contracts=(replace(contract(), clock_end="handed_back"),)),
        {"0 interruption to": "10-05 12:02", "credit": "0.00"},
    ),
]

# 60 h of interruption, complained of at its onset: 3 free days (60 h = 2.5 days), the law's waiver
# 3000 x 216000/2678400 = 241.94, and (216000 - 7200)/3600 = 58 started hours x 130 = 7540.00
ALL = {"service_extension": "3 days", "statutory_waiver": "241.94", "restore_overrun": "7540.00"}
LAW_ONLY = {"statutory_waiver": "241.94"}


def blamed(who: str) -> Story:
    """Return a story of 60 h whose rules all add up, under somebody's responsibility."""
    return Story(
        (drawn("10-05 00:00", "x" * 60, 3600),),
        (complaint("10-05 00:00"), correction(measured_id("10-05 00:00"), responsibility=who)),
        contracts=(replace(contract(), combine="sum"),),
    )


RESPONSIBILITY = [
    Fact("the carrier owes everything", blamed("carrier"), {"0 applied": ALL, "excluded": 0, "interrupted": 216000}),
    Fact(
        "the fault of a third party is not exempt",
        blamed("third_party"),
        {"0 applied": ALL, "extension_days": "3", "excluded": 0},
    ),
    Fact(
        "the customer's own fault earns nothing, not even by law, and its time is excluded",
        blamed("customer"),
        # as seen: (2678400 - 216000)/2678400 = 0.919355
        {
            "0 applied": {},
            "credit": "0.00",
            "awaiting": "0.00",
            "excluded": 216000,
            "interrupted": 0,
            "availability": "1.000000",
            "as_seen": "0.919355",
        },
    ),
    Fact(
        "force majeure frees from agreement and policy, not from the law",
        blamed("force_majeure"),
        {"0 applied": LAW_ONLY, "credit": "241.94", "extension_days": "0", "excluded": 216000, "interrupted": 0},
    ),
    Fact(
        "what is undecided earns nothing yet, and is listed before the cap",
        blamed("undecided"),
        # 241.94 + 7540.00; 3 days
        {"0 applied": {}, "credit": "0.00", "awaiting": "7781.94", "awaiting_days": "3", "interrupted": 216000},
    ),
    Fact(
        "a contract may exempt third parties, but never from the law",
        replace(
            blamed("third_party"),
            contracts=(
                replace(contract(), combine="sum", exempt_responsibilities=frozenset({"customer", "third_party"})),
            ),
        ),
        {"0 applied": LAW_ONLY, "excluded": 216000},
    ),
    Fact(
        "a contract that does not exempt force majeure pays for it",
        replace(
            blamed("force_majeure"),
            contracts=(replace(contract(), combine="sum", exempt_responsibilities=frozenset({"customer"})),),
        ),
        {"0 applied": ALL, "excluded": 0},
    ),
    Fact(
        "the last word on a responsibility counts",
        replace(
            blamed("customer"),
            filed=(*blamed("customer").filed, correction(measured_id("10-05 00:00"), responsibility="carrier")),
        ),
        {"0 responsibility": "carrier", "0 applied": ALL},
    ),
    Fact(
        "a false alarm stays visible and has no time, no clock, no credit",
        Story(
            (drawn("10-05 00:00", "x" * 60, 3600),),
            (complaint("10-05 00:00"), correction(measured_id("10-05 00:00"), false_alarm=True)),
        ),
        {
            "incidents": 1,
            "0 state": "false_alarm",
            "0 clocks": [],
            "0 applied": {},
            "0 not applied": {},
            "interrupted": 0,
            "excluded": 0,
            "up": 2678400,
            "as_seen": "1.000000",
        },
    ),
    Fact(
        "a false alarm that was taken back counts again",
        Story(
            (drawn("10-05 00:00", "x" * 3 * HOUR),),
            (
                correction(measured_id("10-05 00:00"), false_alarm=True),
                correction(measured_id("10-05 00:00"), false_alarm=False),
            ),
        ),
        {"0 state": "restored", "credit": "130.00"},
    ),
    Fact(
        "a person's decision on a line of which only the CPE was watched pays at once",
        Story(
            (drawn("10-24 00:00", "x" * 3 * HOUR),),
            (correction(measured_id("10-24 00:00"), responsibility="carrier"),),
            (CPE_ONLY,),
        ),
        {"credit": "130.00", "awaiting": "0.00"},
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


FACTS = [*CAP, *DAYS, *LAW, *COMBINE, *RESPONSIBILITY, *CUMULATIVE]


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


def test_a_rule_that_the_contract_prints_as_policy_is_capped_like_one():
    """It is the basis in the file that decides about the cap, not the rule's name."""
    terms = changed(no_policy(), StatutoryWaiver, basis=Basis.POLICY)
    terms = replace(terms, cap_ratio=Fraction(1, 39))
    says = told(
        statement(Story((drawn("10-05 00:00", "~" * 60, 3600),), (complaint("10-05 00:00"),), contracts=(terms,)))
    )
    # 241.94 against a cap of 3900/39 = 100.00
    assert (says["credit"], says["cut_by_cap"]) == ("100.00", "141.94")
