"""What a person corrected: instants stretch or cut the outermost segment, the last word counts."""

import pytest

from tests.core.filings import complaint, correction, measured_id
from tests.core.telling import Fact, check, sentences
from tests.core.timelines import Story, drawn

ONSET = measured_id("10-05 10:00")
TRAIN = drawn("10-05 10:00", "~" * 60 + "x" * 60 + "~" * 60)  # to 13:00

CORRECTED = [
    Fact(
        "an earlier onset stretches the first segment",
        Story((TRAIN,), (correction(ONSET, onset="10-05 09:00"),)),
        {
            "0 onset": "10-05 09:00",
            "0 alarm": "10-05 10:02",
            "0 segments": [("degradation", 7200), ("interruption", 3600), ("degradation", 3600)],
            "degraded": 10800,
        },
    ),
    Fact(
        "a later onset cuts the first segment, and the alarm is never before it",
        Story((TRAIN,), (correction(ONSET, onset="10-05 10:30"),)),
        {
            "0 alarm": "10-05 10:30",
            "0 segments": [("degradation", 1800), ("interruption", 3600), ("degradation", 3600)],
            "0 degradation from": "10-05 10:30",
        },
    ),
    Fact(
        "an onset within the second segment drops the first",
        Story((TRAIN,), (correction(ONSET, onset="10-05 11:30"),)),
        {
            "0 segments": [("interruption", 1800), ("degradation", 3600)],
            "0 interruption from": "10-05 11:30",
            "interrupted": 1800,
        },
    ),
    Fact(
        "a later restoring stretches the last segment",
        Story((TRAIN,), (correction(ONSET, restored="10-05 14:00"),)),
        {
            "0 restored": "10-05 14:00",
            "0 restored_earliest": "10-05 14:00",
            "0 segments": [("degradation", 3600), ("interruption", 3600), ("degradation", 7200)],
            "0 interruption restore_s": 10680,
        },
    ),
    Fact(
        "an earlier restoring drops what comes after it",
        Story((TRAIN,), (correction(ONSET, restored="10-05 11:30"),)),
        {"0 segments": [("degradation", 3600), ("interruption", 1800)], "degraded": 3600, "interrupted": 1800},
    ),
    Fact(
        "the last word on each member counts, the others stay",
        Story(
            (TRAIN,),
            (
                correction(ONSET, onset="10-05 09:00", restored="10-05 14:00"),
                correction(ONSET, restored="10-05 12:00"),
            ),
        ),
        {"0 onset": "10-05 09:00", "0 restored": "10-05 12:00"},
    ),
    Fact(
        "an open incident that is said to be restored is restored",
        Story((drawn("10-31 20:00", "x" * 240),), (correction(measured_id("10-31 20:00"), restored="10-31 22:00"),)),
        {"pending": 0, "incidents": 1, "0 restored": "10-31 22:00", "interrupted": 7200},
    ),
    Fact(
        "a correction moves the month in which an incident is booked",
        Story(
            (drawn("10-31 20:00", "x" * 300),),
            (correction(measured_id("10-31 20:00"), restored="10-31 23:59"),),
            until="12-01 00:00",
        ),
        {"incidents": 0, "pending": 0, "interrupted": 0},
        "2026-11",
    ),
    Fact(
        "a complaint that a corrected restoring leaves behind moves no clock",
        Story((TRAIN,), (complaint("10-05 12:30"), correction(ONSET, restored="10-05 12:00"))),
        {"0 complaints": 1, "0 complaint": None, "0 clocks": ["interruption", "degradation"]},
    ),
]

FACTS = [*CORRECTED]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_correction(fact: Fact):
    check(fact)
