"""A block to a server: what it does not take is found and put aside, what it cannot take now stays whole."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.sinks.delivering import REQUESTS_AT_MOST, Backoff, Outcome, Quarantine, deliver
from slamon.sinks.delivery_errors import (
    BadLines,
    BeyondRetention,
    Busy,
    NotDelivered,
    Refused,
    TooLarge,
    Unreachable,
    retry_after_s,
)
from slamon.sinks.scripted import ScriptedWriter

PLAIN = b"slamon_health,vantage=v delivery_check=true"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def block(count: int, bad: frozenset[int] = frozenset()) -> bytes:
    return b"".join(b"m,line=%s%d f=1i %d\n" % (b"BAD" if n in bad else b"L", n, n) for n in range(count))


def no_bad(part: bytes) -> NotDelivered | None:
    return BadLines("unable to parse", "") if b"BAD" in part else None


@given(st.integers(1, 200), st.frozensets(st.integers(0, 199), max_size=6))
def test_bad_lines_are_found_and_all_others_arrive(count, bad):
    """Exactly the bad lines are put aside, with the server's reason; everything else is written."""
    writer, aside = ScriptedWriter(no_bad), []
    bad = frozenset(n for n in bad if n < count)
    outcome = deliver(writer, block(count, bad), lambda lines, why: aside.append((lines, why)), PLAIN)
    assert outcome.aside == len(bad)
    assert sorted(b"".join(lines for lines, _ in aside).splitlines()) == sorted(
        line for line in block(count, bad).splitlines() if b"BAD" in line
    )
    assert {why for _, why in aside} <= {"unable to parse"}
    assert len(writer.of("m")) == count - len(bad)


def test_where_the_server_takes_no_line_at_all_nothing_is_put_aside():
    """A proxy that answers 400 to everything is no reason to throw measurements away.

    Mutant: without `_try_plain` every line of the block ends in the quarantine.
    """
    writer = ScriptedWriter(lambda _: BadLines("bad request", ""))
    aside: list[bytes] = []
    with pytest.raises(Refused, match="takes no line at all: bad request"):
        deliver(writer, block(100), lambda lines, _: aside.append(lines), PLAIN)
    assert not aside
    assert writer.requests == 2


def test_where_nothing_is_small_enough_nothing_is_put_aside():
    """A proxy that answers 413 to everything is not the lines' fault either."""
    writer = ScriptedWriter(lambda _: TooLarge("413", ""))
    with pytest.raises(Refused, match="takes no line at all: 413"):
        deliver(writer, block(100), lambda *_: pytest.fail("nothing is bad"), PLAIN)


def test_finding_bad_lines_has_an_end():
    """Where most of a large block is bad, what was not looked at is put aside as a whole."""
    writer, aside = ScriptedWriter(no_bad), []
    bad = frozenset(range(5000))
    outcome = deliver(writer, block(5000, bad), lambda lines, _: aside.append(lines), PLAIN)
    assert outcome.requests < 3 * REQUESTS_AT_MOST
    assert outcome.aside == 5000 == b"".join(aside).count(b"\n")


def test_a_request_that_is_too_large_is_halved_until_it_fits():
    """Everything arrives, and the outcome says what fits from now on."""
    writer = ScriptedWriter(lambda part: TooLarge("413", "") if len(part) > 500 else None)
    outcome = deliver(writer, block(200), lambda *_: pytest.fail("nothing is bad"), PLAIN)
    assert len(writer.of("m")) == 200
    assert outcome.largest is not None
    assert outcome.largest < 50


def test_a_single_line_that_is_too_large_is_put_aside():
    """It would never fit."""
    aside: list[bytes] = []
    writer = ScriptedWriter(lambda part: TooLarge("413", "") if b"BAD" in part else None)
    deliver(writer, block(3, frozenset({1})), lambda lines, _: aside.append(lines), PLAIN)
    assert aside == [b"m,line=BAD1 f=1i 1\n"]
    assert len(writer.of("m")) == 2


@pytest.mark.parametrize("error", [Unreachable("gone"), Busy("later"), Refused("401")], ids=lambda e: e.state)
def test_what_is_the_servers_matter_leaves_the_block_whole(error):
    """It is tried again as it is; nothing is put aside."""
    writer = ScriptedWriter()
    writer.coming.append(error)
    with pytest.raises(type(error)):
        deliver(writer, block(10), lambda *_: pytest.fail("nothing is bad"), PLAIN)


def test_points_older_than_the_server_keeps_are_its_own_matter():
    """The server wrote the others; asking line by line would take for ever."""
    writer = ScriptedWriter(lambda _: BeyondRetention("old"))
    assert deliver(writer, block(10), lambda *_: pytest.fail("nothing is bad"), PLAIN) == Outcome(requests=1, too_old=1)


def test_the_quarantine_is_bounded_and_can_be_written_again(tmp_path):
    """Reasons are comments of the line protocol; the older half goes first."""
    quarantine = Quarantine(tmp_path / "q.lp", limit_bytes=2000)
    for number in range(200):
        quarantine.put(b"m f=%di 7\n" % number, "unable to\nparse")
    kept = sorted(tmp_path.glob("q.lp*"))
    assert sum(file.stat().st_size for file in kept) <= 2000
    last = (tmp_path / "q.lp").read_text().splitlines()
    assert last[-2:] == ["# unable to parse", "m f=199i 7"]
    assert (tmp_path / "q.lp").stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_put_aside_is_not_given_up(tmp_path):
    """A quarantine that cannot be written keeps the block: it is tried again."""
    quarantine = Quarantine(tmp_path / "missing" / "q.lp")
    with pytest.raises(NotDelivered, match="cannot be written: No such file or directory; make room"):
        deliver(ScriptedWriter(no_bad), block(3, frozenset({1})), quarantine.put, PLAIN)


def test_waiting_grows_to_a_bound_and_differs_from_one_to_the_next():
    """Doubled each time up to half a minute, between half and all of it by chance."""
    least, most = Backoff(lambda: 0.0), Backoff(lambda: 0.999)
    low = [least.failed(Unreachable("x")) for _ in range(9)]
    high = [most.failed(Unreachable("x")) for _ in range(9)]
    assert low == [0.25, 0.5, 1, 2, 4, 8, 15, 15, 15]
    assert all(a < b <= 30 for a, b in zip(low, high, strict=True))


def test_a_server_that_names_a_time_is_left_alone_for_it():
    """Its own word counts more than ours."""
    backoff = Backoff(lambda: 0.0)
    assert backoff.failed(Busy("429", 120)) == 120


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("999999", 3600.0),
        ("soon", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, wait_s):
    """RFC 9110, 10.2.3; more than an hour is not waited for at once."""
    assert retry_after_s(text, NOW) == wait_s
