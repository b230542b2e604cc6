"""Readings as JSON Lines: what a line gives, one bad line for each message, the way back, order, speed."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.config.problems import InvalidInput
from slamon.config.readings import parse_reading, parse_readings, read_readings, reading_json
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats

# The object of interfaces.md, word by word.
PUBLISHED = """{"line": "GX-0001", "start": "2026-10-03T08:00:00+08:00", "end": "2026-10-03T08:00:10+08:00",
 "demarc": {"sent": 5, "received": 5, "rtt_ms": {"min": 1.1, "mean": 1.3, "max": 1.9}, "ipdv_ms": 0.2},
 "cpe": {"sent": 5, "received": 4},
 "interface": {"admin": "up", "oper": "up", "speed_mbps": 100, "in_errors": 0, "out_errors": 0, "in_packets": 1200,
 "out_packets": 900, "in_octets": 1, "out_octets": 1}}"""
START = datetime(2026, 10, 3, tzinfo=UTC)


def test_the_published_object():
    """Every member arrives in the core, instants in UTC."""
    assert parse_reading(PUBLISHED) == Reading(
        "GX-0001",
        START,
        START + timedelta(seconds=10),
        TargetStats(5, 5, 1.1, 1.3, 1.9, 0.2),
        TargetStats(5, 4),
        InterfaceStats("up", "up", 100, 0, 0, 1200, 900, 1, 1),
    )
    assert parse_reading(json.loads(PUBLISHED)) == parse_reading(PUBLISHED)


def test_everything_but_the_window_is_optional():
    """A window without a target, or with a reason to be blind, is a reading; null is absent."""
    window = {"line": "L", "start": "2026-10-03T00:00:00Z", "end": "2026-10-03T00:00:00.000001Z"}
    bare = Reading("L", START, START + timedelta(microseconds=1))
    assert parse_reading(window) == bare
    nulls = dict.fromkeys(("demarc", "cpe", "interface", "blind", "vantage"))
    assert parse_reading(window | nulls) == bare
    said = parse_reading(window | {"blind": "uplink lost", "vantage": "nanning-1"})
    assert (said.blind, said.vantage) == ("uplink lost", "nanning-1")


def change(at: str, value: object) -> dict[str, object]:
    """Return the published object with the member at a path replaced; `...` takes it away."""
    found: dict[str, object] = json.loads(PUBLISHED)
    table: Any = found
    *above, key = at.split(".")
    for name in above:
        table = table[name]
    if value is ...:
        del table[key]
    else:
        table[key] = value
    return found


TIME_HINT = "ISO 8601 with an offset, such as 2026-10-03T08:00:00+08:00"
REFUSED = [
    ("a line without an id", "line", ..., "line: is missing"),
    ("an id with a slash", "line", "../x",
     "line: '../x' is not a line's id; letters, digits, dots, hyphens, underscores"),
    ("a number for an id", "line", 7, "line: this is not a line's id; letters, digits, dots, hyphens, underscores"),
    ("no start", "start", ..., "start: is missing"),
    ("a start in seconds", "start", 1791000000,
     "start: is not a time; ISO 8601 in quotes, such as 2026-10-03T08:00:00+08:00"),
    ("a time without an offset", "start", "2026-10-03T08:00:00",
     "start: '2026-10-03T08:00:00' has no offset; write 2026-10-03T08:00:00Z or 2026-10-03T08:00:00+08:00"),
    ("a time that is none", "end", "2026-10-03T25:00:00Z", f"end: '2026-10-03T25:00:00Z' is not a time; {TIME_HINT}"),
    ("a time before the calendar", "start", "0001-01-01T00:00:00+08:00",
     f"start: '0001-01-01T00:00:00+08:00' is not a time; {TIME_HINT}"),
    ("an empty window", "end", "2026-10-03T00:00:00Z", "end: the window ends before it has begun; start, then end"),
    ("a key misspelt", "demark", {}, "demark: is not known; Did you mean 'demarc'?"),
    ("a target's key misspelt", "demarc.recieved", 5, "demarc.recieved: is not known; Did you mean 'received'?"),
    ("an interface's key misspelt", "interface.in_error", 0,
     "interface.in_error: is not known; Did you mean 'in_errors'?"),
    ("a target that is a list", "cpe", [5, 5], "cpe: is not an object; such as { ... }"),
    ("packets unknown", "cpe.sent", ..., "cpe.sent: is missing; sent and received stand together"),
    ("replies unknown", "cpe.received", None, "cpe.received: is missing; sent and received stand together"),
    ("half a packet", "cpe.sent", 4.5, "cpe.sent: is not a whole number"),
    ("true packets", "cpe.sent", True, "cpe.sent: is not a whole number"),
    ("packets in quotes", "cpe.sent", "5", "cpe.sent: is not a whole number"),
    ("fewer than no packets", "cpe.received", -1, "cpe.received: is negative"),
    ("more packets than any counter", "cpe.sent", 2**64, "cpe.sent: is out of range"),
    ("more replies than packets", "cpe.received", 6,
     "cpe.received: 6 replies to 5 packets; duplicates and late replies do not count"),
    ("times of a dead target", "demarc.received", 0,
     "demarc: has times without a reply; leave them out: a dead target has no RTT"),
    ("a negative RTT", "demarc.rtt_ms.min", -0.1, "demarc.rtt_ms.min: is negative"),
    ("an RTT in quotes", "demarc.rtt_ms.mean", "1.3", "demarc.rtt_ms.mean: is not a number"),
    ("RTTs in disorder", "demarc.rtt_ms.mean", 2.0, "demarc.rtt_ms: min, mean and max are not in rising order"),
    ("an RTT's key misspelt", "demarc.rtt_ms.avg", 1.2,
     "demarc.rtt_ms.avg: is not known; known keys are max, mean, min"),
    ("a state of no interface", "interface.oper", "upp",
     "interface.oper: 'upp' is not the state of an interface; Did you mean 'up'?"),
    ("a counter below zero", "interface.in_octets", -1, "interface.in_octets: is negative"),
    ("an optical power without a number", "interface.extras", {"rx": {"unit": "dBm"}},
     "interface.extras.rx.value: is missing"),
    ("a further value without a name", "interface.extras", {"r x": {"value": 1}},
     "interface.extras.r x: is not a name; letters, digits, dots, hyphens, underscores"),
    ("a change of state at no time", "interface.last_change", "yesterday",
     f"interface.last_change: 'yesterday' is not a time; {TIME_HINT}"),
    ("blind without a reason", "blind", "", ("blind: is not a short text; 1 to 200 characters, none of them a control"
     " character")),
    ("blind as a fact", "blind", True, ("blind: is not a short text; 1 to 200 characters, none of them a control"
     " character")),
    ("a vantage that colours terminals", "vantage", "\x1b[31m", ("vantage: is not a short text; 1 to 200 characters,"
     " none of them a control character")),
]  # fmt: skip


@pytest.mark.parametrize(("at", "value", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_one_bad_reading_per_message(at, value, message):
    """One wrong member gives one message: its path, the reason, and what would be right."""
    with pytest.raises(InvalidInput) as caught:
        parse_reading(change(at, value))
    assert [str(problem) for problem in caught.value.problems] == [f"reading: {message}"]


LINES = [
    ("broken JSON", b'{"line": ', "line 2: is not JSON: Expecting value at character 9; one object per line"),
    ("a list", b"[1]",
     'line 2: is not an object; such as {"line": "GX-0001", "start": ..., "end": ..., "demarc": {...}}'),
    ("NaN", b'{"line": NaN}', "line 2: holds NaN, which is not JSON; leave out what is unknown"),
    ("a key twice", b'{"line": "A", "cpe": {"sent": 5, "sent": 0}}',
     "line 2: key 'sent' stands twice in one object; nobody could say which is meant"),
    ("infinity by overflow", (b'{"line":"L","start":"2026-10-03T00:00:00Z","end":"2026-10-03T00:01:00Z",'
     b'"cpe":{"sent":1,"received":1,"ipdv_ms":1e999}}'), "line 2, cpe.ipdv_ms: is out of range"),
    ("a number of 5,000 digits", b'{"line": ' + b"9" * 5000 + b"}", "line 2: is not JSON that anybody needs"),
    ("100,000 brackets", b"[" * 100_000, "line 2: is not JSON that anybody needs"),
    ("bytes that are no text", b'{"line": "\xff"}', "line 2: is not UTF-8 (byte 10)"),
    ("a line without an end", b"x" * (1 << 20), "line 2: is longer than 1048576 bytes; one object per line"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "message"), [row[1:] for row in LINES], ids=[row[0] for row in LINES])
def test_one_bad_line_per_message(tmp_path, raw, message):
    """What is no reading is refused with file and line number; what stood before it has been handed on."""
    file = tmp_path / "r.jsonl"
    file.write_bytes(json.dumps(json.loads(PUBLISHED)).encode() + b"\n" + raw + b"\n")
    found: list[tuple[int, Reading]] = []
    with pytest.raises(InvalidInput) as caught:
        found.extend(read_readings(file))
    assert str(caught.value) == f"{file}: {message}"
    assert [number for number, _ in found] == [1]


def line(line_id: str, first_s: int, last_s: int) -> bytes:
    start, end = (START + timedelta(seconds=second) for second in (first_s, last_s))
    return json.dumps({"line": line_id, "start": start.isoformat(), "end": end.isoformat()}).encode() + b"\n"


ORDERS = [
    ("an overlap", [line("A", 0, 10), line("A", 9, 20)]),
    ("a step back", [line("A", 60, 70), line("A", 0, 10)]),
    ("the same window twice", [line("A", 0, 10), line("A", 0, 10)]),
]


@pytest.mark.parametrize("lines", [row[1] for row in ORDERS], ids=[row[0] for row in ORDERS])
def test_windows_out_of_order_are_refused(lines):
    """Overlapping and backward windows of one line are refused with their line number and the other one's.

    Mutant tried: without the call of _check_order all three load.
    """
    with pytest.raises(InvalidInput, match=r"r\.jsonl: line 3, start: the window starts before that of line 1 ends"):
        list(parse_readings([lines[0], b"\n", *lines[1:]], "r.jsonl"))


def test_gaps_touching_windows_and_other_lines_are_fine():
    """Windows may touch or leave gaps, blank lines are skipped, and lines do not disturb each other."""
    lines = [line("A", 0, 10), line("B", 5, 15), b"  \n", line("A", 10, 20), line("B", 3600, 3601)]
    assert [(n, reading.line_id) for n, reading in parse_readings(lines, "r")] == [
        (1, "A"),
        (2, "B"),
        (4, "A"),
        (5, "B"),
    ]


def test_a_byte_order_mark_is_no_reading():
    """Files written by Windows tools begin with a mark; it is skipped."""
    assert len(list(parse_readings([b"\xef\xbb\xbf" + line("A", 0, 1)], "r"))) == 1


def test_a_file_that_is_not_there(tmp_path):
    """No file, no traceback."""
    with pytest.raises(InvalidInput, match="nope: cannot be read: No such file or directory"):
        list(read_readings(tmp_path / "nope"))


NUMBERS = st.floats(0, 1e6, allow_nan=False)
COUNTS = st.integers(0, 2**64 - 1)


@st.composite
def targets(draw: st.DrawFn) -> TargetStats:
    sent = draw(st.integers(0, 1000))
    received = draw(st.integers(0, sent))
    if received == 0:
        return TargetStats(sent, received)
    low, mean, high = sorted(draw(st.lists(NUMBERS, min_size=3, max_size=3)))
    rtt_ms = draw(st.sampled_from([(low, mean, high), (None, mean, None), (None, None, None)]))
    return TargetStats(sent, received, *rtt_ms, ipdv_ms=draw(st.none() | NUMBERS))


def or_none(kind: Callable[[], st.SearchStrategy[TargetStats]]) -> st.SearchStrategy[TargetStats | None]:
    return st.none() | kind()


STATES = st.none() | st.sampled_from(["up", "down", "lowerLayerDown", "unknown"])
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
SIGNED = st.floats(-1e6, 1e6)
EXTRAS = st.lists(
    st.builds(
        NamedValue,
        st.sampled_from(["rx_power", "tx.bias", "temp-1"]),
        SIGNED,
        st.sampled_from(["", "dBm", "℃"]),
        st.none() | SIGNED,
        st.none() | SIGNED,
    ),
    unique_by=lambda one: one.name,
).map(tuple)
INTERFACES = st.builds(
    InterfaceStats,
    STATES,
    STATES,
    st.none() | NUMBERS,
    *[st.none() | COUNTS] * 8,
    seconds=st.none() | NUMBERS,
    last_change=st.none() | INSTANTS,
    reseeded=st.none() | st.just("the agent restarted"),
    extras=EXTRAS,
)
READINGS = st.builds(
    lambda start, length, **members: Reading(start=start, end=start + length, **members),
    line_id=st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True),
    start=INSTANTS,
    length=st.timedeltas(timedelta(microseconds=1), timedelta(days=40)),
    demarc=or_none(targets),
    cpe=or_none(targets),
    interface=st.none() | INTERFACES,
    blind=st.none() | st.sampled_from(["uplink lost", "时钟跳变"]),
    vantage=st.none() | st.just("nanning-1"),
)


@given(READINGS)
def test_what_is_written_reads_back_identically(reading):
    """reading_json and parse_reading are each other's inverse, through real JSON text."""
    assert parse_reading(json.dumps(reading_json(reading))) == reading


def test_readings_load_fast_enough(tmp_path):
    """A million readings load in less than 25 s: 50,000 in less than 1.25 s of processor time (0.8 s where written)."""
    file = tmp_path / "r.jsonl"
    body = json.loads(PUBLISHED)
    with file.open("w", encoding="utf-8") as out:
        for number in range(50_000):
            at = START + timedelta(seconds=10 * (number // 10))
            window = {
                "line": f"L{number % 10}",
                "start": at.isoformat(),
                "end": (at + timedelta(seconds=10)).isoformat(),
            }
            out.write(json.dumps(body | window) + "\n")
    began = time.process_time()
    count = sum(1 for _ in read_readings(file))
    spent_s = time.process_time() - began
    assert count == 50_000
    assert spent_s < 2.5  # twice the promise: machines differ
