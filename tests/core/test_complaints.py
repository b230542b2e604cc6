"""Which incident a complaint belongs to, which clocks it starts."""

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
        "exactly 7200 s before the alarm joins, though the ticket was closed before it",
        Story((OUTAGE,), (complaint("10-05 08:02", closed="10-05 09:00"),)),
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

FACTS = [*JOINED, *NAMED, *SERVICE, *ASIDE]


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
    assert (says["incidents"], says["0 onset"], says["0 responsibility"]) == (1, "10-05 10:00", "customer")
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
