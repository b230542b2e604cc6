"""From readings to incidents: when they open and close, how they are cut, whose side they are on."""

from dataclasses import replace

import pytest

from tests.core.telling import Fact, check, sentences
from tests.core.timelines import CPE_ONLY, PROFILE, Story, drawn

PATIENT = replace(PROFILE, degraded_open_after_s=300)  # the default: five minutes of degradation make an alarm

OPENING = [
    Fact(
        "one bad reading is no incident, and its time is up",
        Story((drawn("10-05 10:00", "..x..~.."),)),
        {"incidents": 0, "up": 2678400},
    ),
    Fact(
        "two DOWN readings that span less than open_after_s are no incident",
        Story((drawn("10-05 10:00", "xx", 4),), profile=PATIENT),
        {"incidents": 0, "up": 2678400},
    ),
    Fact(
        "two DOWN readings that span exactly open_after_s are one, its alarm at the end of the second",
        Story((drawn("10-05 10:00", "xx", 5),), profile=PATIENT),
        {"incidents": 1, "0 alarm": "10-05 10:00:10", "interrupted": 10},
    ),
    Fact(
        "one long DOWN reading is no incident",
        Story((drawn("10-05 10:00", "x", 3600),)),
        {"incidents": 0, "up": 2678400},
    ),
    Fact(
        "one long degraded reading is no incident",
        Story((drawn("10-05 10:00", "~", 3600),), profile=PATIENT),
        {"incidents": 0, "up": 2678400},
    ),
    Fact(
        "degraded readings that span less than degraded_open_after_s are no incident",
        Story((drawn("10-05 10:00", "~~~~"),), profile=PATIENT),
        {"incidents": 0},
    ),
    Fact(
        "degraded readings that span exactly degraded_open_after_s are one",
        Story((drawn("10-05 10:00", "~~~~~"),), profile=PATIENT),
        {"incidents": 1, "0 alarm": "10-05 10:05", "0 onset": "10-05 10:00", "0 restored": "10-05 10:05"},
    ),
    Fact(
        "rule (a) opens sooner within a degraded run, and the onset is the start of the run",
        Story((drawn("10-05 10:00", "~xx~~"),), profile=PATIENT),
        {
            "0 onset": "10-05 10:00",
            "0 alarm": "10-05 10:03",
            "0 interruption from": "10-05 10:03",
            "0 degradation from": "10-05 10:03",
            "0 segments": [("degradation", 60), ("interruption", 120), ("degradation", 120)],
        },
    ),
    Fact(
        "an up reading breaks the run before the alarm",
        Story((drawn("10-05 10:00", "~~~~.~~~~"),), profile=PATIENT),
        {"incidents": 0},
    ),
    Fact(
        "no data breaks no run, is no reading, and lies inside its span",
        Story((drawn("10-05 10:00", "~???~"),), profile=PATIENT),
        {
            "incidents": 1,
            "0 onset": "10-05 10:00",
            "0 alarm": "10-05 10:05",
            "0 segments": [("degradation", 300)],
            "degraded": 300,
            "blind": 0,
        },
    ),
    Fact(
        "no data alone makes no second reading",
        Story((drawn("10-05 10:00", "x????."),)),
        {"incidents": 0, "blind": 240},
    ),
    Fact(
        "blind time before the first bad reading is no part of the incident",
        Story((drawn("10-05 10:00", "???xxx"),)),
        {"0 onset": "10-05 10:03", "blind": 180, "interrupted": 180},
    ),
]

CUTTING = [
    Fact(
        "DOWN and DEGRADED in turn are impaired throughout, and no DOWN run is long enough to interrupt",
        Story((drawn("10-05 10:00", "x~" * 30),)),
        {"0 category": "degradation", "0 segments": [("degradation", 3600)], "degraded": 3600, "interrupted": 0},
    ),
    Fact(
        "a single DOWN reading inside a degradation is degradation, however long",
        Story((drawn("10-05 10:00", "~~"), drawn("10-05 10:02", "x", 1800), drawn("10-05 10:32", "~~"))),
        {"0 category": "degradation", "0 segments": [("degradation", 2040)]},
    ),
    Fact(
        "DOWN readings that span less than open_after_s inside a degradation are degradation",
        Story((drawn("10-05 10:00", "~~"), drawn("10-05 10:02", "xxxx", 2), drawn("10-05 10:02:08", "~~"))),
        {"0 category": "degradation", "0 segments": [("degradation", 248)]},
    ),
    Fact(
        "a reading more and they are an interruption",
        Story((drawn("10-05 10:00", "~~"), drawn("10-05 10:02", "xxxxx", 2), drawn("10-05 10:02:10", "~~"))),
        {
            "0 category": "interruption",
            "0 segments": [("degradation", 120), ("interruption", 10), ("degradation", 120)],
            "0 interruption from": "10-05 10:02:10",
        },
    ),
    Fact(
        "good time too short to close is usable, and counts as up",
        Story((drawn("10-05 10:00", "xxxx.xxxx", 30),)),
        {
            "incidents": 1,
            "0 segments": [("interruption", 120), ("usable", 30), ("interruption", 120)],
            "interrupted": 240,
            "up": 2678400 - 240,
        },
    ),
    Fact(
        "good readings that last exactly close_after_s close, where the first of them began",
        Story((drawn("10-05 10:00", "xxxx..", 30), drawn("10-05 10:03", "~"))),
        {"incidents": 1, "0 restored": "10-05 10:02"},
    ),
    Fact(
        "no data between good readings is not counted as good",
        Story((drawn("10-05 10:00", "xxxx.??.xxxx", 29),)),
        # 29 + 29 s of good readings do not close
        {
            "incidents": 1,
            "0 segments": [
                ("interruption", 116),
                ("usable", 29),
                ("blind", 58),
                ("usable", 29),
                ("interruption", 116),
            ],
            "blind": 58,
        },
    ),
    Fact(
        "no data between good readings does not break their run",
        Story((drawn("10-05 10:00", "xxxx.??.", 30),)),
        {"0 restored": "10-05 10:02", "0 restored_earliest": "10-05 10:02", "blind": 60},
    ),
    Fact(
        "a DOWN run that good time interrupts starts anew",
        Story((drawn("10-05 10:00", "xxx.x.x", 20),)),
        # the single DOWN readings after it are too few for rule (a)
        {
            "0 segments": [
                ("interruption", 60),
                ("usable", 20),
                ("degradation", 20),
                ("usable", 20),
                ("degradation", 20),
            ]
        },
    ),
    Fact(
        "an incident that is never restored stays open",
        Story((drawn("10-31 12:00", "x" * 720),)),
        {"incidents": 0, "pending": 1, "p0 restored": None, "interrupted": 43200},
    ),
]

SIDES = [
    Fact(
        "a line without a demarc is down when its CPE is, and nobody is to blame yet",
        Story((drawn("10-05 10:00", "x" * 60),), periods=(CPE_ONLY,)),
        {"0 responsibility": "undecided", "0 evidence": ("cpe",), "interrupted": 3600},
    ),
    Fact(
        "a dead demarc is the carrier's",
        Story((drawn("10-05 10:00", "x" * 60),)),
        {"0 responsibility": "carrier", "0 evidence": ("demarc",)},
    ),
    Fact(
        "a silent CPE behind a demarc that answers is up time and a notice",
        Story((drawn("10-05 10:00", "c" * 60),)),
        {"incidents": 0, "up": 2678400, "notices": [("10-05 10:00", "10-05 11:00", 0)]},
    ),
    Fact(
        "a silent CPE does not lengthen an interruption",
        Story((drawn("10-05 10:00", "x" * 60 + "c" * 60),)),
        {"0 restored": "10-05 11:00", "notices": [("10-05 11:00", "10-05 12:00", 0)]},
    ),
    Fact(
        "an interruption ends the notice",
        Story((drawn("10-05 10:00", "c" * 60 + "x" * 60 + "c" * 60),)),
        {
            "incidents": 1,
            "notices": [("10-05 10:00", "10-05 11:00", 0), ("10-05 12:00", "10-05 13:00", 0)],
        },
    ),
]

FACTS = [*OPENING, *CUTTING, *SIDES]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_an_incident(fact: Fact):
    check(fact)
