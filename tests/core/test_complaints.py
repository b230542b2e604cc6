"""Which incident a complaint belongs to, which clocks it starts, and the incidents that only a customer reported."""

from dataclasses import replace

import pytest

from tests.core.filings import complaint, correction, measured_id, reported_id, suspension
from tests.core.telling import Fact, check, sentences, told
from tests.core.timelines import AAA, A, Story, contract, drawn, statement

OUTAGE = drawn("10-05 10:00", "x" * 180)  # to 13:00; alarm 10:02; 10:02 to 13:00 is 10680 s, overrun 3480 -> 130.00

JOINED = [
    Fact(
        "a complaint during an interruption, after the alarm, moves no clock but the law's",
        Story((OUTAGE,), (complaint("10-05 10:30"),)),
        {
            "incidents": 1,
            "0 complaint": "10-05 10:30",
            "0 interruption from": "10-05 10:02",
            "0 statutory from": "10-05 10:30",
            "0 statutory restore_s": 9000,
        },
    ),
    Fact(
        "a complaint between onset and alarm starts the clock",
        Story((OUTAGE,), (complaint("10-05 10:01"),)),
        {"0 interruption from": "10-05 10:01", "0 interruption restore_s": 10740},
    ),
    Fact(
        "exactly 7200 s before the alarm joins",
        Story((OUTAGE,), (complaint("10-05 08:02"),)),
        # 08:02 to 13:00 is 17880 s; overrun 10680 -> 3 x 130
        {"incidents": 1, "0 onset": "10-05 10:00", "0 interruption from": "10-05 08:02", "credit": "390.00"},
    ),
    Fact(
        "a second earlier it opens an incident of its own, which the measured one replaces as it is still open",
        Story((OUTAGE,), (complaint("10-05 08:01:59"),)),
        {"incidents": 1, "pending": 0, "0 complaints": 1, "0 interruption from": "10-05 08:01:59"},
    ),
    Fact(
        "a reported incident that was closed before the alarm stays what it is",
        Story((OUTAGE,), (complaint("10-05 07:00", closed="10-05 09:00"),)),
        {
            "incidents": 2,
            "0 onset": "10-05 07:00",
            "0 restored": "10-05 09:00",
            "0 complaints": 1,
            "1 complaints": 0,
            "1 interruption from": "10-05 10:02",
        },
    ),
    Fact(
        "a complaint after the restoring is recorded and moves nothing",
        Story((OUTAGE,), (complaint("10-05 13:30"),)),
        {"incidents": 1, "0 complaints": 1, "0 complaint": None, "0 clocks": ["interruption"]},
    ),
    Fact(
        "a complaint at the very instant of restoring is one after it",
        Story((OUTAGE,), (complaint("10-05 13:00"),)),
        {"incidents": 1, "0 complaints": 1, "0 complaint": None, "0 clocks": ["interruption"]},
    ),
    Fact(
        "a complaint 7199 s after the restoring is recorded with it",
        Story((OUTAGE,), (complaint("10-05 14:59:59"),)),
        {"incidents": 1, "pending": 0, "0 complaints": 1},
    ),
    Fact(
        "a complaint 7200 s after the restoring is about something else",
        Story((OUTAGE,), (complaint("10-05 15:00"),)),
        {"incidents": 1, "pending": 1, "0 complaints": 0, "p0 state": "reported", "p0 onset": "10-05 15:00"},
    ),
    Fact(
        "a complaint between two incidents joins the coming one first",
        Story((OUTAGE, drawn("10-05 14:00", "x" * 60)), (complaint("10-05 13:30"),)),
        {"incidents": 2, "0 complaints": 0, "1 complaints": 1, "1 interruption from": "10-05 13:30"},
    ),
    Fact(
        "the first complaint that qualifies counts, the others stand beside it",
        Story((OUTAGE,), (complaint("10-05 11:00"), complaint("10-05 09:30"), complaint("10-05 14:00"))),
        {"0 complaints": 3, "0 complaint": "10-05 09:30", "0 interruption from": "10-05 09:30"},
    ),
    Fact(
        "a contract may join for a shorter time",
        Story(
            (OUTAGE,),
            (complaint("10-05 09:00", closed="10-05 09:10"),),
            contracts=(replace(contract(), complaint_joins_s=600),),
        ),
        {"incidents": 2, "0 state": "restored", "1 interruption from": "10-05 10:02"},
    ),
]

# Degraded from 10:00 (alarm 10:02), down from 11:00 (rule (a) at 11:02), degraded again from 12:00 to 13:00.
MIXED = drawn("10-05 10:00", "~" * 60 + "x" * 60 + "~" * 60)

NAMED = [
    Fact(
        "without a complaint each clock starts with its own alarm",
        Story((MIXED,)),
        {"0 degradation from": "10-05 10:02", "0 interruption from": "10-05 11:02"},
    ),
    Fact(
        "a complaint that names an interruption starts that clock though the line was only degraded",
        Story((MIXED,), (complaint("10-05 10:30", "interruption"),)),
        # 10:30 to 13:00 is 9000 s
        {
            "0 interruption from": "10-05 10:30",
            "0 interruption restore_s": 9000,
            "0 degradation from": "10-05 10:02",
        },
    ),
    Fact(
        "a complaint of a degradation while the line is degraded does not",
        Story((MIXED,), (complaint("10-05 10:30", "degradation"),)),
        {"0 interruption from": "10-05 11:02"},
    ),
    Fact(
        "a complaint of a degradation that falls inside an interruption does",
        Story((MIXED,), (complaint("10-05 11:01", "degradation"),)),
        {"0 interruption from": "10-05 11:01"},
    ),
    Fact(
        "a complaint of a degradation before the alarm starts the degradation clock alone",
        Story((MIXED,), (complaint("10-05 09:00", "degradation"),)),
        {"0 degradation from": "10-05 09:00", "0 interruption from": "10-05 11:02"},
    ),
    Fact(
        "the first complaint that names an interruption counts, not the first one",
        Story((MIXED,), (complaint("10-05 10:10", "degradation"), complaint("10-05 10:40", "interruption"))),
        {"0 complaint": "10-05 10:10", "0 interruption from": "10-05 10:40"},
    ),
    Fact(
        "naming an interruption makes none of a mere degradation",
        Story((drawn("10-05 10:00", "~" * 60),), (complaint("10-05 10:30", "interruption"),)),
        {"0 category": "degradation", "0 clocks": ["degradation", "statutory"]},
    ),
]

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

SERVICE = [
    Fact(
        "a complaint made while the line is suspended joins nothing and opens nothing",
        Story((OUTAGE,), (suspension("10-05 08:00", "10-05 09:30"), complaint("10-05 09:00"))),
        {"incidents": 1, "pending": 0, "0 complaints": 0, "0 interruption from": "10-05 10:02"},
    ),
    Fact(
        "a complaint before a suspension does not join what comes after it",
        Story((OUTAGE,), (complaint("10-05 08:30"), suspension("10-05 09:00", "10-05 09:30"))),
        {
            "incidents": 2,
            "0 onset": "10-05 08:30",
            "0 restored": "10-05 09:00",
            "0 complaints": 1,
            "1 complaints": 0,
            "1 interruption from": "10-05 10:02",
        },
    ),
    Fact(
        "a complaint after a suspension does not join what was restored before it",
        Story((OUTAGE,), (suspension("10-05 13:10", "10-05 13:20"), complaint("10-05 13:30"))),
        {"incidents": 1, "pending": 1, "0 complaints": 0, "p0 onset": "10-05 13:30"},
    ),
    Fact(
        "an alarm that comes as service ends still takes the complaint before it",
        Story(
            (drawn("10-05 10:00", "xx"),),
            (complaint("10-05 09:30"), suspension("10-05 10:02", "10-05 13:00")),
        ),
        {"incidents": 1, "0 onset": "10-05 10:00", "0 restored": "10-05 10:02", "0 complaint": "10-05 09:30"},
    ),
    Fact(
        "a complaint in the last second of service counts",
        Story((OUTAGE,), (complaint("10-05 11:59:59"), suspension("10-05 12:00", "10-06 00:00"))),
        {"0 restored": "10-05 12:00", "0 complaint": "10-05 11:59:59", "0 statutory restore_s": 1},
    ),
    Fact(
        "a complaint as service ends is outside it",
        Story((OUTAGE,), (complaint("10-05 12:00"), suspension("10-05 12:00", "10-06 00:00"))),
        {"0 restored": "10-05 12:00", "0 complaints": 0},
    ),
]

SILENT_CPE = drawn("10-05 10:00", "c" * 120)

ASIDE = [
    Fact(
        "a complaint while the customer's side is silent is attached to the notice",
        Story((SILENT_CPE,), (complaint("10-05 11:00"),)),
        {"incidents": 0, "pending": 0, "notices": [("10-05 10:00", "10-05 12:00", 1)], "up": 2678400},
    ),
    Fact(
        "a complaint before the notice begins opens a reported incident",
        Story((SILENT_CPE,), (complaint("10-05 09:59"),)),
        {"incidents": 0, "pending": 1, "notices": [("10-05 10:00", "10-05 12:00", 0)]},
    ),
    Fact(
        "a complaint as the notice ends is not during it",
        Story((SILENT_CPE,), (complaint("10-05 12:00"),)),
        {"pending": 1, "notices": [("10-05 10:00", "10-05 12:00", 0)]},
    ),
    Fact(
        "a complaint during a notice that joins a coming incident belongs to the incident",
        Story((drawn("10-05 10:00", "c" * 60 + "x" * 180),), (complaint("10-05 10:30"),)),
        {"incidents": 1, "0 complaint": "10-05 10:30", "notices": [("10-05 10:00", "10-05 11:00", 0)]},
    ),
    Fact(
        "a complaint during a notice soon after an incident is recorded with the incident",
        Story((OUTAGE, drawn("10-05 13:00", "." * 2 + "c" * 60)), (complaint("10-05 13:30"),)),
        {"incidents": 1, "0 complaints": 1, "0 complaint": None, "notices": [("10-05 13:02", "10-05 14:02", 0)]},
    ),
    Fact(
        "a customer's side that is still silent is a notice without an end",
        Story((SILENT_CPE,), until="10-05 12:00"),
        {"notices": [("10-05 10:00", None, 0)]},
    ),
    Fact(
        "a customer's side silent for less than open_after_s is no notice",
        Story((drawn("10-05 10:00", "c" * 9, 1),)),
        {"notices": [], "up": 2678400},
    ),
    Fact(
        "silent for exactly open_after_s is one",
        Story((drawn("10-05 10:00", "c" * 10, 1),)),
        {"notices": [("10-05 10:00", "10-05 10:00:10", 0)]},
    ),
]

FACTS = [*JOINED, *NAMED, *REPORTED, *SERVICE, *ASIDE]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_complaint(fact: Fact):
    check(fact)


def test_the_order_of_filing_plays_no_part():
    """Tickets entered in any order give the same incidents."""
    calls = (complaint("10-05 09:30"), complaint("10-05 11:00", "degradation"), complaint("10-06 10:00"))
    one = told(statement(Story((OUTAGE,), calls)))
    other = told(statement(Story((OUTAGE,), calls[::-1])))
    assert one == other


def test_an_incident_that_was_replaced_hands_on_what_was_filed_on_it():
    """A responsibility decided on the reported incident's id reaches the measured one, if that has none of its own."""
    decided = correction(reported_id("10-05 07:00"), responsibility="customer")
    says = told(statement(Story((OUTAGE,), (complaint("10-05 07:00"), decided))))
    assert (says["incidents"], says["0 onset"], says["0 responsibility"]) == (1, "10-05 10:00", "carrier")
    assert says["0 complaint"] == "10-05 07:00"


def test_complaints_keep_their_tier():
    """A call of the old tier's days that joins an incident of the new tier is judged by the incident's onset."""
    story = Story((drawn("10-05 10:00", "x" * 365),), (complaint("10-05 09:55"),), periods=(A,))
    # 09:55 to 16:05 is 22200 s; limit of A 21600; 600 over -> 110.00
    assert told(statement(story))["credit"] == "110.00"
    assert told(statement(replace(story, periods=(AAA,))))["0 interruption limit_s"] == 7200


def test_a_measured_id_is_not_a_reported_one():
    """Incident ids tell measured from reported ones of the same instant."""
    assert measured_id("10-05 10:00") != reported_id("10-05 10:00")
