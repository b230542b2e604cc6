"""Months of one line whose numbers were worked out by hand from agreement and law; the working stands beside."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from tests.core.filings import complaint, exclusion, maintenance
from tests.core.telling import Fact, check, sentences
from tests.core.timelines import AA, AAA, CPE_ONLY, STANDARD, A, Story, drawn, no_policy

HOUR = 60  # windows of a minute

FACTS = [
    Fact(
        "30 h of interruption at AAA are 28 started hours over the limit, worth more than 2 free days",
        Story((drawn("10-03 08:00", "x" * 30 * HOUR),)),
        # alarm 08:02 (two windows), restored 10-04 14:00: 107880 s; limit 7200; overrun 100680 = 27.97 h -> 28 hours
        # 28 x 3900/30 = 28 x 130 = 3640.00; the extension is 2 days x 3000/31 = 193.55, less
        # 3640.00 / 1.06 = 3433.96, tax 206.04; 3900 / 1.06 = 3679.25, tax 220.75
        # availability (2678400 - 108000) / 2678400 = 0.959677
        {
            "0 category": "interruption",
            "0 onset": "10-03 08:00",
            "0 alarm": "10-03 08:02",
            "0 restored": "10-04 14:00",
            "0 interruption restore_s": 107880,
            "0 interruption limit_s": 7200,
            "0 interruption breached": True,
            "0 interruption overrun_s": 100680,
            "0 applied": {"restore_overrun": "3640.00"},
            "0 not applied": {"service_extension": "2 days"},
            "credit": "3640.00",
            "credit_net": "3433.96",
            "credit_tax": "206.04",
            "extension_days": "0",
            "net": "3679.25",
            "tax": "220.75",
            "service": 2678400,
            "interrupted": 108000,
            "availability": "0.959677",
        },
    ),
    Fact(
        "exactly at the limit is met",
        Story((drawn("10-05 10:00", "x" * 122),)),
        # alarm 10:02, restored 12:02: 7200 s, the limit itself
        {
            "0 interruption restore_s": 7200,
            "0 interruption breached": False,
            "0 interruption overrun_s": 0,
            "0 applied": {},
            "credit": "0.00",
        },
    ),
    Fact(
        "AA between provinces has 4 h",
        Story(
            (drawn("10-10 00:00", "x" * 5 * HOUR),),
            periods=(replace(AA, span="inter_province", monthly_rent=Decimal("10000.00")),),
        ),
        # 00:02 to 05:00 is 17880 s; overrun 3480 -> 1 x (10000 + 2000)/30 = 400.00
        {
            "0 interruption restore_s": 17880,
            "0 interruption limit_s": 14400,
            "0 interruption overrun_s": 3480,
            "0 applied": {"restore_overrun": "400.00"},
            "sla_fee": "2000.00",
            "credit": "400.00",
        },
    ),
    Fact(
        "a complaint before the alarm starts the clock",
        Story((drawn("10-12 09:00", "x" * 6 * HOUR),), (complaint("10-12 08:30"),), (A,)),
        # 08:30 to 15:00 is 23400 s; limit of A 21600; overrun 1800 -> 1 x (3000 + 300)/30 = 110.00
        {
            "0 complaint": "10-12 08:30",
            "0 interruption from": "10-12 08:30",
            "0 interruption restore_s": 23400,
            "0 interruption limit_s": 21600,
            "0 interruption overrun_s": 1800,
            "0 applied": {"restore_overrun": "110.00"},
            "sla_fee": "300.00",
        },
    ),
    Fact(
        "a degradation of 49 h at standard is one started day over 48 h",
        Story((drawn("10-14 00:00", "~" * 49 * HOUR),), periods=(STANDARD,)),
        # 00:02 on: 176280 s; limit 172800; overrun 3480 -> 1 x 3000/30 = 100.00
        {
            "0 category": "degradation",
            "0 degradation restore_s": 176280,
            "0 degradation limit_s": 172800,
            "0 degradation overrun_s": 3480,
            "0 applied": {"restore_overrun": "100.00"},
            "sla_fee": "0.00",
            "degraded": 176400,
            "interrupted": 0,
        },
    ),
    Fact(
        "maintenance announced in time is off the clock but its hours are not charged",
        Story(
            (drawn("10-15 01:00", "x" * 4 * HOUR),),
            (maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"),),
        ),
        # the whole clock is excluded; law: 3900 x 14400/2678400 = 20.967... = 20.97
        {
            "0 interruption restore_s": 0,
            "0 interruption breached": False,
            "0 applied": {"planned_work_waiver": "20.97"},
            "0 exclusions": [("planned_maintenance", True)],
            "credit": "20.97",
            "excluded": 14400,
            "interrupted": 0,
        },
    ),
    Fact(
        "maintenance announced 23 h ahead counts, and its hours are not charged either",
        Story(
            (drawn("10-15 01:00", "x" * 4 * HOUR),),
            (maintenance("10-15 01:00", "10-15 05:00", notified="10-14 02:00", channel="sms"),),
        ),
        # 01:02 to 05:00 is 14280 s; overrun 7080 -> 2 x 130 = 260.00; beside it 20.97; together 280.97
        {
            "0 interruption restore_s": 14280,
            "0 interruption overrun_s": 7080,
            "0 applied": {"restore_overrun": "260.00", "planned_work_waiver": "20.97"},
            "0 exclusions": [("planned_maintenance", False)],
            "credit": "280.97",
            "excluded": 0,
            "interrupted": 14400,
        },
    ),
    Fact(
        "overlapping exclusions are subtracted once",
        Story(
            (drawn("10-16 00:00", "x" * 10 * HOUR),),
            (
                exclusion("10-16 00:00", "awaiting_customer", "10-16 02:00", "10-16 05:00"),
                exclusion("10-16 00:00", "force_majeure", "10-16 04:00", "10-16 06:00"),
            ),
        ),
        # 00:02 to 10:00 is 35880 s, less 02:00-06:00 = 14400: 21480; overrun 14280 -> 4 x 130 = 520.00
        {
            "0 interruption excluded_s": 14400,
            "0 interruption restore_s": 21480,
            "0 interruption overrun_s": 14280,
            "0 applied": {"restore_overrun": "520.00"},
            "excluded": 14400,
            "interrupted": 21600,
        },
    ),
    Fact(
        "an interruption that ends in a degradation is restored when the line is normal",
        Story((drawn("10-19 00:00", "x" * HOUR + "~" * 2 * HOUR),)),
        # 00:02 to 03:00 is 10680 s; overrun 3480 -> 130.00; the degradation is within its 24 h
        {
            "0 category": "interruption",
            "0 interruption restore_s": 10680,
            "0 interruption breached": True,
            "0 degradation breached": False,
            "0 applied": {"restore_overrun": "130.00"},
            "interrupted": 3600,
            "degraded": 7200,
        },
    ),
    Fact(
        "an incident across the end of the month is booked where it was restored",
        Story((drawn("10-31 22:00", "x" * 5 * HOUR),), until="12-01 00:00"),
        # 22:02 to 03:00 is 17880 s; overrun 10680 -> 3 x 130 = 390.00; November has 3 h of it
        {
            "0 interruption restore_s": 17880,
            "0 interruption overrun_s": 10680,
            "0 applied": {"restore_overrun": "390.00"},
            "credit": "390.00",
            "service": 2592000,
            "interrupted": 10800,
        },
        "2026-11",
    ),
    Fact(
        "a gap in good time is blind, not down",
        Story((drawn("10-20 00:00", "?" * 6 * HOUR),)),
        # availability of what was seen 1; lower bound (2678400 - 21600) / 2678400 = 0.991935
        {
            "incidents": 0,
            "credit": "0.00",
            "blind": 21600,
            "interrupted": 0,
            "availability": "1.000000",
            "lower_bound": "0.991935",
            "as_seen": "1.000000",
        },
    ),
    Fact(
        "the law pays where no policy does",
        Story(
            (drawn("10-05 00:00", "~" * 60 * HOUR),),
            (complaint("10-05 01:00", "degradation"),),
            (STANDARD,),
            (no_policy(),),
        ),
        # complaint 01:00 to 10-07 12:00 is 59 h, over 48 h; 3000 x 216000/2678400 = 241.935... = 241.94
        {"0 statutory restore_s": 212400, "0 applied": {"statutory_waiver": "241.94"}, "credit": "241.94"},
    ),
    Fact(
        "exactly one day blocked is one free day",
        Story((drawn("10-05 00:00", "x" * 24 * HOUR),), contracts=(no_policy(),)),
        {"0 applied": {"service_extension": "1 days"}, "extension_days": "1", "credit": "0.00"},
    ),
    Fact(
        "a line that flaps keeps its clock",
        Story((drawn("10-23 00:00", "x" * HOUR + "." * 5 + "x" * HOUR),)),
        # five good minutes close it, but the next onset is 300 s later: one incident, 00:02 to 02:05 = 7380 s
        {
            "incidents": 1,
            "0 onset": "10-23 00:00",
            "0 restored": "10-23 02:05",
            "0 segments": [("interruption", 3600), ("usable", 300), ("interruption", 3600)],
            "0 interruption restore_s": 7380,
            "0 interruption overrun_s": 180,
            "0 applied": {"restore_overrun": "130.00"},
            "interrupted": 7200,
        },
    ),
    Fact(
        "a line of which only the CPE was watched waits for a decision",
        Story((drawn("10-24 00:00", "x" * 3 * HOUR),), periods=(CPE_ONLY,)),
        # 00:02 to 03:00 is 10680 s; overrun 3480 -> 130.00, once somebody decides
        {
            "0 responsibility": "undecided",
            "0 evidence": ("cpe",),
            "0 applied": {},
            "credit": "0.00",
            "awaiting": "130.00",
            "awaiting_days": "0",
        },
    ),
    Fact(
        "the first month is charged by the days used",
        Story(periods=(replace(AAA, first_day=date(2026, 10, 11)),)),
        # 21 of 31 days: 3000 x 21/31 = 2032.258 = 2032.26; 900 x 21/31 = 609.677 = 609.68
        {"rent": "2032.26", "sla_fee": "609.68", "service": 21 * 86400, "incidents": 0},
    ),
]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_month_worked_out_by_hand(fact: Fact):
    check(fact)
