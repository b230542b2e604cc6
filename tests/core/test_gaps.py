"""Blind time within and at the end of an incident, and lines that flap: what belongs together."""

from dataclasses import replace

import pytest

from tests.core.filings import complaint, correction, handback, measured_id, suspension
from tests.core.telling import Fact, check, sentences
from tests.core.timelines import Story, contract, drawn

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

FACTS = [*BLIND, *FLAPPING]


@pytest.mark.parametrize("fact", FACTS, ids=sentences(FACTS))
def test_a_gap(fact: Fact):
    check(fact)
