"""Incidents that only a customer reported: closed, replaced by measured ones, confirmed by a person."""

import pytest

from tests.core.filings import complaint, correction, reported_id, suspension
from tests.core.telling import Fact, check, sentences
from tests.core.timelines import Story, drawn

OUTAGE = drawn("10-05 10:00", "x" * 180)  # to 13:00; alarm 10:02; 10:02 to 13:00 is 10680 s, overrun 3480 -> 130.00

CARRIER = correction(reported_id("10-05 10:00"), responsibility="carrier")

REPORTED = [
    Fact(
        "a complaint that nothing measured explains opens a reported incident",
        Story((), (complaint("10-05 10:00"),)),
        {
            "incidents": 0,
            "pending": 1,
            "p0 state": "reported",
            "p0 category": "interruption",
            "p0 responsibility": "undecided",
            "p0 segments": [],
            "p0 interruption from": "10-05 10:00",
            "interrupted": 0,
        },
    ),
    Fact(
        "a closed ticket restores it; its money waits for a decision",
        Story((), (complaint("10-05 10:00", closed="10-05 15:00"),)),
        # 18000 s; limit 7200; overrun 10800 -> 3 x 130
        {
            "incidents": 1,
            "0 state": "restored",
            "0 interruption restore_s": 18000,
            "0 applied": {},
            "credit": "0.00",
            "awaiting": "390.00",
            "interrupted": 0,
        },
    ),
    Fact(
        "once the carrier is blamed it is paid, without outage time",
        Story((), (complaint("10-05 10:00", closed="10-05 15:00"), CARRIER)),
        {"0 applied": {"restore_overrun": "390.00"}, "credit": "390.00", "interrupted": 0, "as_seen": "1.000000"},
    ),
    Fact(
        "a reported degradation has the degradation clock",
        Story((), (complaint("10-05 10:00", "degradation", closed="10-06 11:00"), CARRIER)),
        # 25 h; limit 24 h; one started day
        {"0 category": "degradation", "0 degradation overrun_s": 3600, "credit": "130.00"},
    ),
    Fact(
        "a person who gives onset and restored confirms the span: it becomes outage time",
        Story(
            (),
            (
                complaint("10-05 10:00", closed="10-05 15:00"),
                correction(
                    reported_id("10-05 10:00"), onset="10-05 09:00", restored="10-05 14:00", responsibility="carrier"
                ),
            ),
        ),
        # the clock runs from the complaint: 10:00 to 14:00 = 14400; overrun 7200 -> 2 x 130; outage 09:00 to 14:00
        {
            "0 onset": "10-05 09:00",
            "0 restored": "10-05 14:00",
            "0 segments": [("interruption", 18000)],
            "0 interruption restore_s": 14400,
            "credit": "260.00",
            "interrupted": 18000,
        },
    ),
    Fact(
        "a corrected restoring alone closes it but confirms no span",
        Story((), (complaint("10-05 10:00"), correction(reported_id("10-05 10:00"), restored="10-05 14:00"))),
        {"0 restored": "10-05 14:00", "0 segments": [], "interrupted": 0},
    ),
    Fact(
        "a confirmed span of degradation is degraded time",
        Story(
            (),
            (
                complaint("10-05 10:00", "degradation"),
                correction(reported_id("10-05 10:00"), onset="10-05 10:00", restored="10-05 14:00"),
            ),
        ),
        {"0 segments": [("degradation", 14400)], "degraded": 14400, "interrupted": 0},
    ),
    Fact(
        "a complaint made after the corrected restoring starts no clock",
        Story(
            (),
            (
                complaint("10-05 10:00"),
                correction(reported_id("10-05 10:00"), onset="10-05 08:00", restored="10-05 09:30"),
            ),
        ),
        {"0 complaint": None, "0 complaints": 1, "0 clocks": [], "interrupted": 5400},
    ),
    Fact(
        "a second complaint joins the reported incident that is open",
        Story((), (complaint("10-05 10:00"), complaint("10-06 10:00"))),
        {"pending": 1, "p0 complaints": 2, "p0 complaint": "10-05 10:00"},
    ),
    Fact(
        "closing any of its tickets closes it",
        Story((), (complaint("10-05 10:00"), complaint("10-05 11:00", closed="10-05 12:00"))),
        {"incidents": 1, "0 restored": "10-05 12:00", "0 complaints": 2},
    ),
    Fact(
        "a measured incident whose alarm comes while it is open replaces it and takes its complaints",
        Story((OUTAGE,), (complaint("10-04 10:00"), complaint("10-04 20:00"))),
        # the interruption clock starts with the first call: 10-04 10:00 to 10-05 13:00 is 97200 s
        # overrun 90000 -> 25 x 130 = 3250.00
        {
            "incidents": 1,
            "pending": 0,
            "0 onset": "10-05 10:00",
            "0 complaints": 2,
            "0 responsibility": "carrier",
            "0 interruption restore_s": 97200,
            "credit": "3250.00",
        },
    ),
    Fact(
        "the end of service closes it",
        Story((), (complaint("10-05 10:00"), suspension("10-05 20:00", "10-06 20:00"))),
        {"incidents": 1, "pending": 0, "0 restored": "10-05 20:00", "0 state": "restored"},
    ),
    Fact(
        "a ticket closed after the end of service does not lengthen it",
        Story((), (complaint("10-05 10:00", closed="10-07 10:00"), suspension("10-05 20:00", "10-06 20:00"))),
        {"incidents": 1, "0 restored": "10-05 20:00"},
    ),
    Fact(
        "a reported incident that is open at the end of the month is pending there, its clock to that end",
        Story((), (complaint("10-31 20:00", closed="11-01 06:00"),), until="12-01 00:00"),
        {"incidents": 0, "pending": 1, "p0 state": "reported", "p0 interruption restore_s": 14400, "awaiting": "0.00"},
    ),
    Fact(
        "a reported incident of one month is booked in the month in which its ticket is closed",
        Story((), (complaint("10-31 20:00", closed="11-01 06:00"),), until="12-01 00:00"),
        # 10 h: overrun 8 h -> 8 x 130 = 1040.00, waiting
        {"incidents": 1, "0 interruption restore_s": 36000, "awaiting": "1040.00"},
        "2026-11",
    ),
    Fact(
        "a struck reported incident has no clock",
        Story(
            (),
            (complaint("10-05 10:00", closed="10-05 15:00"), correction(reported_id("10-05 10:00"), false_alarm=True)),
        ),
        {"0 state": "false_alarm", "0 clocks": [], "awaiting": "0.00"},
    ),
]

FACTS = [*REPORTED]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_reported_incident(fact: Fact):
    check(fact)
