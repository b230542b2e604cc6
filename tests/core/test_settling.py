"""What is paid in the end: the cap, the best rule or the sum, whose fault it was; cents are worked out beside each."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from slamon.core.contract import Basis, RestoreOverrun, ServiceExtension, StatutoryWaiver, Step, StepTable
from tests.core.filings import complaint, correction, handback, maintenance, measured_id
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, CPE_ONLY, STANDARD, Story, changed, contract, drawn, no_policy, statement

HOUR = 60  # windows of a minute


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
        Story(
            (drawn("10-01 00:00", "x" * 24 * 31, 3600),),
            contracts=(changed(no_policy(), ServiceExtension, rounding="up"),),
            until="11-02 00:00",
        ),
        {"extension_days": "31", "credit": "0.00", "cut_by_cap": "0.00"},
        "2026-11",
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

FACTS = [*CAP, *COMBINE, *RESPONSIBILITY]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_what_is_paid(fact: Fact):
    check(fact)


def test_a_rule_that_the_contract_prints_as_policy_is_capped_like_one():
    """It is the basis in the file that decides about the cap, not the rule's name."""
    terms = changed(no_policy(), StatutoryWaiver, basis=Basis.POLICY)
    terms = replace(terms, cap_ratio=Fraction(1, 39))
    says = told(
        statement(Story((drawn("10-05 00:00", "~" * 60, 3600),), (complaint("10-05 00:00"),), contracts=(terms,)))
    )
    # 241.94 against a cap of 3900/39 = 100.00
    assert (says["credit"], says["cut_by_cap"]) == ("100.00", "141.94")
