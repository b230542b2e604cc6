"""What leaves the clock and what does not: planned work, force majeure, the customer's side, stop-clocks."""

from dataclasses import replace

import pytest

from slamon.core.contract import Contract
from tests.core.filings import complaint, exclusion, maintenance, measured_id
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, PLAIN, Story, contract, drawn, statement

NIGHT = drawn("10-15 01:00", "x" * 240)  # 01:00 to 05:00, alarm 01:02: 14280 s; overrun 7080 -> 2 x 130 = 260.00
# Article 35: 3900 x 14400/2678400 = 20.9677 -> 20.97 for four planned hours, announced or not.


def work(**how) -> Story:
    """Return a night's outage under planned work from 01:00 to 05:00."""
    return Story((NIGHT,), (maintenance("10-15 01:00", "10-15 05:00", **how),))


OFF = {"0 exclusions": [("planned_maintenance", True)], "0 interruption restore_s": 0, "credit": "20.97"}
COUNTS = {"0 exclusions": [("planned_maintenance", False)], "0 interruption restore_s": 14280, "credit": "280.97"}


def notifying(days: int) -> tuple[Contract]:
    """Return the agreement where force majeure must be notified within so many days."""
    terms = contract()
    changed = [replace(e, notify_within_days=days) if e.kind == "force_majeure" else e for e in terms.exclusions]
    return (replace(terms, exclusions=tuple(changed)),)


def storm(**how) -> Story:
    """Return ten hours of outage, of which the first four are claimed as force majeure."""
    claim = exclusion("10-16 00:00", "force_majeure", "10-16 00:00", "10-16 04:00", **how)
    return Story((drawn("10-16 00:00", "x" * 600),), (claim,))


# 00:02 to 10:00 is 35880 s. Less 00:02-04:00 = 14280: 21600; overrun 14400 -> exactly 4 x 130 = 520.00.
STORM_OUT = {"0 exclusions": [("force_majeure", True)], "0 interruption restore_s": 21600, "credit": "520.00"}
# All of it: overrun 28680 -> 8 x 130 = 1040.00
STORM_IN = {"0 exclusions": [("force_majeure", False)], "0 interruption restore_s": 35880, "credit": "1040.00"}

PLANNED = [
    Fact("notice exactly 24 h ahead is in time", work(notified="10-14 01:00"), OFF),
    Fact("notice a second later is late", work(notified="10-14 01:00:01"), COUNTS),
    Fact("notice after the work began is late", work(notified="10-15 02:00"), COUNTS),
    Fact("no notice on record is no notice", work(notified=None), COUNTS),
    Fact("website is an agreed channel", work(notified="10-13 09:00", channel="website"), OFF),
    Fact("sms is an agreed channel", work(notified="10-13 09:00", channel="sms"), OFF),
    Fact("a phone call is not an agreed channel", work(notified="10-13 09:00", channel="phone"), COUNTS),
    Fact("no channel on record is not an agreed channel", work(notified="10-13 09:00", channel=None), COUNTS),
    Fact(
        "work that overruns its window counts from there",
        Story((drawn("10-15 01:00", "x" * 480),), (maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"),)),
        # 01:02 to 09:00 is 28680 s; less 01:02-05:00 = 14280: 14400; overrun 7200 -> 2 x 130 = 260.00; beside it 20.97
        {
            "0 interruption excluded_s": 14280,
            "0 interruption restore_s": 14400,
            "0 applied": {"restore_overrun": "260.00", "planned_work_waiver": "20.97"},
            "excluded": 14400,
            "interrupted": 14400,
        },
    ),
    Fact(
        "work in which nothing failed takes nothing away",
        replace(work(notified="10-13 09:00"), pictures=()),
        {"incidents": 0, "excluded": 0, "up": 2678400, "credit": "0.00"},
    ),
    Fact(
        "only the part of the window in which the line had failed is excluded",
        Story((drawn("10-15 03:00", "x" * 60),), (maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"),)),
        # 3900 x 3600/2678400 = 5.2419 -> 5.24
        {"excluded": 3600, "0 interruption restore_s": 0, "credit": "5.24"},
    ),
    Fact(
        "a degradation during planned work waives no charge",
        Story((drawn("10-15 01:00", "~" * 240),), (maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"),)),
        {"0 applied": {}, "excluded": 14400, "degraded": 0},
    ),
    Fact(
        "cancelled work excludes nothing and waives nothing",
        replace(
            work(notified=None),
            filed=(replace(maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"), cancelled=True),),
        ),
        {"0 exclusions": [], "0 interruption restore_s": 14280, "credit": "260.00"},
    ),
    Fact(
        "work on the line's upstream is work on the line",
        replace(work(notified="10-13 09:00", upstream="PTN-7"), periods=(replace(AAA, upstream="PTN-7"),)),
        OFF,
    ),
    Fact(
        "work on another upstream is none of the line's",
        replace(work(notified="10-13 09:00", upstream="PTN-8"), periods=(replace(AAA, upstream="PTN-7"),)),
        {"0 exclusions": [], "credit": "260.00"},
    ),
    Fact(
        "two windows that overlap are subtracted, and waived, once",
        Story(
            (NIGHT,),
            (
                maintenance("10-15 01:00", "10-15 04:00", notified="10-13 09:00"),
                maintenance("10-15 02:00", "10-15 05:00", notified="10-13 09:00"),
            ),
        ),
        {"0 interruption excluded_s": 14280, "excluded": 14400, "credit": "20.97"},
    ),
    Fact(
        "of two windows only the announced one leaves the clock, both are waived",
        Story(
            (NIGHT,),
            (
                maintenance("10-15 01:00", "10-15 03:00", notified="10-13 09:00"),
                maintenance("10-15 03:00", "10-15 05:00", notified=None),
            ),
        ),
        # 03:00 to 05:00 is the limit itself
        {"0 interruption restore_s": 7200, "0 applied": {"planned_work_waiver": "20.97"}, "excluded": 7200},
    ),
    Fact(
        "planned work across the end of the month is waived by the seconds of each month",
        Story(
            (drawn("10-31 22:00", "x" * 240),),
            (maintenance("10-31 22:00", "11-01 02:00", notified="10-29 09:00"),),
            until="12-01 00:00",
        ),
        # 3900 x (7200/2678400 + 7200/2592000) = 10.4839 + 10.8333 = 21.3172 -> 21.32
        {"0 applied": {"planned_work_waiver": "21.32"}, "excluded": 7200},
        "2026-11",
    ),
    Fact(
        "it cannot be entered by hand",
        Story((NIGHT,), (exclusion("10-15 01:00", "planned_maintenance", "10-15 01:00", "10-15 05:00"),)),
        {"0 exclusions": [("planned_maintenance", False)], "0 applied": {"restore_overrun": "260.00"}},
    ),
    Fact(
        "a contract without a rule of law still takes announced work off its clock",
        Story(
            (drawn("10-15 01:00", "x" * 240),),
            (maintenance("10-15 01:00", "10-15 05:00", notified="10-13 09:00"),),
            (replace(PLAIN, contract="hourly-credit"),),
        ),
        {"line applied": {}, "excluded": 14400},
    ),
]

CLAIMED = [
    Fact("force majeure with evidence leaves the clock", storm(), STORM_OUT),
    Fact("force majeure without evidence counts", storm(evidence=None), STORM_IN),
    Fact(
        "notified within the days that the contract sets",
        replace(storm(notified="10-18 00:00"), contracts=notifying(2)),
        STORM_OUT,
    ),
    Fact(
        "a second after those days is too late",
        replace(storm(notified="10-18 00:00:01"), contracts=notifying(2)),
        STORM_IN,
    ),
    Fact("without any notice on record it counts", replace(storm(), contracts=notifying(15)), STORM_IN),
    Fact(
        "a notice in time does not make up for missing evidence",
        replace(storm(evidence=None, notified="10-16 06:00"), contracts=notifying(15)),
        STORM_IN,
    ),
    Fact(
        "the customer's side needs no evidence",
        Story(
            (drawn("10-16 00:00", "x" * 600),),
            (exclusion("10-16 00:00", "customer_side", "10-16 00:00", "10-16 04:00", evidence=None),),
        ),
        {"0 exclusions": [("customer_side", True)], "0 interruption restore_s": 21600},
    ),
    Fact(
        "a kind that the contract does not list is not accepted",
        Story((drawn("10-16 00:00", "x" * 600),), (exclusion("10-16 00:00", "weather", "10-16 00:00", "10-16 04:00"),)),
        {"0 exclusions": [("weather", False)], "0 interruption restore_s": 35880, "excluded": 0},
    ),
    Fact(
        "an exclusion counts only where it overlaps the incident",
        Story(
            (drawn("10-16 02:00", "x" * 240),),
            (exclusion("10-16 02:00", "awaiting_customer", "10-16 00:00", "10-16 03:00"),),
        ),
        # 02:02 to 06:00 is 14280 s, less 02:02-03:00 = 3480: 10800; accounting 02:00-03:00
        {"0 interruption excluded_s": 3480, "0 interruption restore_s": 10800, "excluded": 3600, "interrupted": 10800},
    ),
    Fact(
        "an exclusion outside its incident takes nothing",
        Story(
            (drawn("10-16 02:00", "x" * 240),),
            (exclusion("10-16 02:00", "awaiting_customer", "10-17 00:00", "10-17 03:00"),),
        ),
        {"0 interruption excluded_s": 0, "excluded": 0},
    ),
    Fact(
        "an exclusion belongs to its incident alone",
        Story(
            (drawn("10-16 00:00", "x" * 60), drawn("10-16 03:00", "x" * 60)),
            (exclusion("10-16 00:00", "awaiting_customer", "10-16 00:00", "10-16 04:00"),),
        ),
        {"0 exclusions": [("awaiting_customer", True)], "1 exclusions": [], "excluded": 3600, "interrupted": 3600},
    ),
    Fact(
        "the same exclusion filed twice is subtracted once",
        Story(
            (drawn("10-16 00:00", "x" * 600),),
            (
                exclusion("10-16 00:00", "awaiting_customer", "10-16 01:00", "10-16 02:00"),
                exclusion("10-16 00:00", "awaiting_customer", "10-16 01:00", "10-16 02:00"),
            ),
        ),
        {"0 interruption excluded_s": 3600, "excluded": 3600},
    ),
    Fact(
        "a stop-clock that still runs stops the clock until the line is restored",
        Story(
            (drawn("10-16 00:00", "x" * 600),), (exclusion("10-16 00:00", "awaiting_customer", "10-16 02:02", None),)
        ),
        # two hours had run: the limit itself
        {"0 interruption restore_s": 7200, "0 interruption breached": False, "excluded": 28680},
    ),
    Fact(
        "a running stop-clock of an open incident stops the clock as far as was observed",
        Story(
            (drawn("10-16 00:00", "x" * 600),),
            (exclusion("10-16 00:00", "awaiting_customer", "10-16 02:02", None),),
            until="10-16 10:00",
        ),
        {"p0 interruption restore_s": 7200, "p0 interruption excluded_s": 28680, "excluded": 28680},
    ),
    Fact(
        "an exclusion of blind or degraded time within the incident is excluded time",
        Story(
            (drawn("10-16 00:00", "x" * 60 + "?" * 90 + "~" * 60),),
            (exclusion("10-16 00:00", "awaiting_customer", "10-16 00:30", "10-16 03:00"),),
        ),
        {"excluded": 9000, "interrupted": 1800, "blind": 0, "degraded": 1800},
    ),
    Fact(
        "an incident without segments excludes no time",
        Story(
            (),
            (
                complaint("10-16 00:00", closed="10-16 04:00"),
                maintenance("10-16 00:00", "10-16 02:00", notified="10-14 00:00"),
            ),
        ),
        # its clock loses the two hours all the same
        {"0 interruption restore_s": 7200, "0 exclusions": [("planned_maintenance", True)], "excluded": 0},
    ),
    Fact(
        "an exclusion that begins after the end of the month has not happened yet",
        Story(
            (drawn("10-31 20:00", "x" * 420),),
            (exclusion("10-31 20:00", "awaiting_customer", "11-01 00:00", "11-01 02:00"),),
            until="12-01 00:00",
        ),
        {"p0 exclusions": [], "p0 interruption restore_s": 14280},
    ),
    Fact(
        "an exclusion across the end of the month counts to that end",
        Story(
            (drawn("10-31 20:00", "x" * 420),),
            (exclusion("10-31 20:00", "awaiting_customer", "10-31 23:00", "11-01 02:00"),),
            until="12-01 00:00",
        ),
        {"p0 interruption excluded_s": 3600, "p0 interruption restore_s": 10680, "excluded": 3600},
    ),
]

FACTS = [*PLANNED, *CLAIMED]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_an_exclusion(fact: Fact):
    check(fact)


WHY = [
    ("10-14 02:00", "sms", "notified 23 h ahead; the contract requires 24 h"),
    ("10-13 09:00", "phone", "notified by phone; the contract requires one of website, email, sms"),
    (None, "sms", "no notice on record; the contract requires 24 h"),
    ("10-15 02:00", "sms", "notified after the start; the contract requires 24 h"),
    ("10-13 01:00", "sms", "notified 48 h ahead by sms"),
]


@pytest.mark.parametrize(("notified", "channel", "why"), WHY, ids=[why for *_, why in WHY])
def test_the_statement_says_why(notified: str | None, channel: str, why: str):
    """Every decision on planned work is given with its reason and its clause."""
    (incident,) = statement(work(notified=notified, channel=channel)).incidents
    assert [(a.why, a.clause) for a in incident.adjudged] == [(why, "3.3")]


def test_exclusions_stand_as_recorded():
    """A window is shown whole, not cut to the incident."""
    story = replace(work(notified="10-13 09:00"), pictures=(drawn("10-15 03:00", "x" * 30),))
    (incident,) = statement(story).incidents
    assert [(a.start, a.end) for a in incident.adjudged] == [(NIGHT.at, NIGHT.end)]


def test_the_order_of_filing_changes_nothing():
    """Exclusions in any order give the same clocks and the same money."""
    entries = (
        exclusion("10-16 00:00", "awaiting_customer", "10-16 02:00", "10-16 05:00"),
        exclusion("10-16 00:00", "force_majeure", "10-16 04:00", "10-16 06:00"),
        maintenance("10-16 05:30", "10-16 07:00", notified="10-14 00:00"),
    )
    pictures = (drawn("10-16 00:00", "x" * 600),)
    assert told(statement(Story(pictures, entries))) == told(statement(Story(pictures, entries[::-1])))


def test_an_exclusion_names_its_incident_by_id():
    """One filed on an id that nothing has is nobody's."""
    stray = replace(exclusion("10-16 00:00", "awaiting_customer", "10-16 00:00", "10-16 04:00"), incident_id="x")
    says = told(statement(Story((drawn("10-16 00:00", "x" * 600),), (stray,))))
    assert says["0 exclusions"] == []
    assert measured_id("10-16 00:00") != "x"
