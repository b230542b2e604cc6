"""From readings to incidents: when they open and close, how they are cut, what blind time and flapping make of them."""

from dataclasses import replace

import pytest

from tests.core.filings import complaint, correction, handback, measured_id, suspension
from tests.core.telling import Fact, check, sentences
from tests.core.timelines import CPE_ONLY, PROFILE, Story, contract, drawn

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

# Down 10:00 to 12:02 (10:02 to 12:02 is the limit itself), then half an hour of nothing, then up.
DARK_END = Story((drawn("10-05 10:00", "x" * 122 + "?" * 30),))

BLIND = [
    Fact(
        "blind time of exactly an hour between two interruptions is interruption",
        Story((drawn("10-05 10:00", "xx" + "?" * 60 + "xx"),)),
        {"0 segments": [("interruption", 3840)], "interrupted": 3840, "blind": 0},
    ),
    Fact(
        "a second more stays blind",
        Story((drawn("10-05 10:00", "xx"), drawn("10-05 10:02", "?", 3601), drawn("10-05 11:02:01", "xx"))),
        {
            "0 segments": [("interruption", 120), ("blind", 3601), ("interruption", 120)],
            "interrupted": 240,
            "blind": 3601,
        },
    ),
    Fact(
        "blind time between two degradations is degradation",
        Story((drawn("10-05 10:00", "~~??~~"),)),
        {"0 segments": [("degradation", 360)], "degraded": 360, "blind": 0},
    ),
    Fact(
        "blind time between an interruption and a degradation stays blind",
        Story((drawn("10-05 10:00", "xx??~~"),)),
        {"0 segments": [("interruption", 120), ("blind", 120), ("degradation", 120)], "blind": 120},
    ),
    Fact(
        "blind time beside good time stays blind",
        Story((drawn("10-05 10:00", "xxxx??.xxxx", 30),)),
        {"0 segments": [("interruption", 120), ("blind", 60), ("usable", 30), ("interruption", 120)], "blind": 60},
    ),
    Fact(
        "each short gap joins, one after the other",
        Story((drawn("10-05 10:00", "xx??xx????xx"),)),
        {"0 segments": [("interruption", 720)], "blind": 0},
    ),
    Fact(
        "a single DOWN reading after a gap belongs to the DOWN run before it",
        Story((drawn("10-05 10:00", "xx??x~"),)),
        {"0 segments": [("interruption", 300), ("degradation", 60)]},
    ),
    Fact(
        "a contract may let longer gaps join",
        Story((drawn("10-05 10:00", "xx" + "?" * 120 + "xx"),), contracts=(replace(contract(), blind_joins_s=7200),)),
        {"0 segments": [("interruption", 7440)]},
    ),
    Fact(
        "where the end lies in blind time, the clock ends late",
        DARK_END,
        # 10:02 to 12:32 is 9000 s; overrun 1800 -> 130.00
        {
            "0 restored": "10-05 12:32",
            "0 restored_earliest": "10-05 12:02",
            "0 segments": [("interruption", 7320), ("blind", 1800)],
            "0 interruption to": "10-05 12:32",
            "0 interruption overrun_s": 1800,
            "credit": "130.00",
            "interrupted": 7320,
            "blind": 1800,
        },
    ),
    Fact(
        "where the contract says so, the clock ends early, and nothing else does",
        replace(DARK_END, contracts=(replace(contract(), uncertain_end="early"),)),
        {
            "0 restored": "10-05 12:32",
            "0 interruption to": "10-05 12:02",
            "0 interruption breached": False,
            "credit": "0.00",
            "interrupted": 7320,
            "blind": 1800,
        },
    ),
    Fact(
        "an early end in the old month is still booked where it was restored",
        Story(
            (drawn("10-31 20:00", "x" * 230 + "?" * 20),),
            contracts=(replace(contract(), uncertain_end="early"),),
            until="12-01 00:00",
        ),
        # 20:02 to 23:50 is 13680 s; overrun 6480 -> 2 x 130
        {"incidents": 1, "0 restored": "11-01 00:10", "0 interruption to": "10-31 23:50", "credit": "260.00"},
        "2026-11",
    ),
    Fact(
        "a corrected restoring leaves no doubt about the end",
        replace(DARK_END, filed=(correction(measured_id("10-05 10:00"), restored="10-05 12:10"),)),
        {
            "0 restored": "10-05 12:10",
            "0 restored_earliest": "10-05 12:10",
            "0 segments": [("interruption", 7320), ("blind", 480)],
            "blind": 1800,
        },
    ),
    Fact(
        "an incident whose line went blind is open to as far as was observed, and that is blind",
        Story((drawn("10-05 10:00", "x" * 60 + "?" * 60),), until="10-05 12:00"),
        {"pending": 1, "p0 segments": [("interruption", 3600), ("blind", 3600)], "blind": 3600, "interrupted": 3600},
    ),
]

FLAPPING = [
    Fact(
        "an onset exactly reopen_within_s after the restoring continues the incident",
        Story((drawn("10-05 10:00", "x" * 60 + "." * 10 + "x" * 60),)),
        # 10:02 to 12:10 is 7680 s; overrun 480 -> 130.00
        {
            "incidents": 1,
            "0 segments": [("interruption", 3600), ("usable", 600), ("interruption", 3600)],
            "0 interruption restore_s": 7680,
            "credit": "130.00",
            "interrupted": 7200,
            "up": 2678400 - 7200,
        },
    ),
    Fact(
        "a second later it is a new incident with a clock of its own",
        Story((drawn("10-05 10:00", "x" * 60), drawn("10-05 11:00", ".", 601), drawn("10-05 11:10:01", "x" * 60))),
        {
            "incidents": 2,
            "0 interruption restore_s": 3480,
            "1 interruption from": "10-05 11:12:01",
            "credit": "0.00",
        },
    ),
    Fact(
        "a chain of three is one incident",
        Story((drawn("10-05 10:00", ("x" * 30 + "." * 8) * 2 + "x" * 30),)),
        {
            "incidents": 1,
            "0 restored": "10-05 11:46",
            "0 segments": [
                ("interruption", 1800),
                ("usable", 480),
                ("interruption", 1800),
                ("usable", 480),
                ("interruption", 1800),
            ],
        },
    ),
    Fact(
        "a bad reading between that belongs to no alarm is usable",
        Story((drawn("10-05 10:00", "xxx..x..~..xxx"),)),
        {"incidents": 1, "0 segments": [("interruption", 180), ("usable", 480), ("interruption", 180)]},
    ),
    Fact(
        "blind time between is blind",
        Story((drawn("10-05 10:00", "xxx..???..xxx"),)),
        {
            "incidents": 1,
            "0 segments": [
                ("interruption", 180),
                ("usable", 120),
                ("blind", 180),
                ("usable", 120),
                ("interruption", 180),
            ],
            "blind": 180,
        },
    ),
    Fact(
        "a degradation that comes back as an interruption is one incident with two clocks",
        Story((drawn("10-05 10:00", "~" * 30 + "." * 5 + "x" * 30),)),
        {
            "incidents": 1,
            "0 category": "interruption",
            "0 degradation from": "10-05 10:02",
            "0 interruption from": "10-05 10:37",
        },
    ),
    Fact(
        "a contract may see every failure as a new one",
        Story(
            (drawn("10-05 10:00", "x" * 60 + "." * 5 + "x" * 60),), contracts=(replace(contract(), reopen_within_s=0),)
        ),
        {"incidents": 2},
    ),
    Fact(
        "an end of service does not count as a restoring that is continued",
        Story((drawn("10-05 10:00", "x" * 60),), (suspension("10-05 10:20", "10-05 10:25"),)),
        {
            "incidents": 2,
            "0 restored": "10-05 10:20",
            "1 onset": "10-05 10:25",
            "1 alarm": "10-05 10:27",
            "interrupted": 3300,
        },
    ),
    Fact(
        "a reported incident's end does not count either",
        Story((drawn("10-05 10:00", "x" * 60),), (complaint("10-05 07:00", closed="10-05 09:55"),)),
        {"incidents": 2, "1 onset": "10-05 10:00"},
    ),
    Fact(
        "across the end of the month it stays one incident, booked where it was restored at last",
        Story((drawn("10-31 23:00", "x" * 55 + "." * 8 + "x" * 57),), until="12-01 00:00"),
        # 23:02 to 01:00 is 7080 s: within the limit
        {"incidents": 1, "0 onset": "10-31 23:00", "0 interruption restore_s": 7080, "interrupted": 57 * 60},
        "2026-11",
    ),
    Fact(
        "the hand-back of the second failure is the incident's",
        Story(
            (drawn("10-05 10:00", "x" * 60 + "." * 5 + "x" * 60),),
            (handback("10-05 11:05", "10-05 12:30"),),
            contracts=(replace(contract(), clock_end="handed_back"),),
        ),
        {"0 interruption to": "10-05 12:30"},
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

FACTS = [*OPENING, *CUTTING, *BLIND, *FLAPPING, *SIDES, *CORRECTED]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_an_incident(fact: Fact):
    check(fact)
