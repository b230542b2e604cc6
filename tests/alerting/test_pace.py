"""How often and when: tokens, backoff, and what follows an answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.alerting.channel import later, never, sent
from slamon.alerting.pace import LONGEST_S, Bucket, Next, Way, backoff_s, step

AT = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def way(*route: str, leg: int = 0, tries: int = 1, refused: str = "", queued_at: datetime = AT) -> Way:
    return Way(route or ("mail", "sms"), leg, tries, frozenset(refused.split()), queued_at)


def follows(where: Way, answer, at: datetime = AT) -> tuple[str, int, float]:
    found = step(where, answer, at, HOUR, lambda: 1.0)
    return found.what.value, found.leg, (found.due - at).total_seconds()


@pytest.mark.parametrize(
    ("where", "answer", "expected"),
    [
        (way(), sent(""), ("done", 0, 0)),
        (way(tries=1), later(""), ("again", 0, 5)),
        (way(tries=2), later(""), ("again", 0, 10)),
        (way(tries=3), later(""), ("other channel", 1, 0)),
        (way(tries=1), never(""), ("other channel", 1, 0)),
        (way(tries=1), later("", retry_after_s=12), ("again", 0, 12)),
        (way(tries=1), later("", retry_after_s=300), ("other channel", 1, 0)),
        (way("mail", tries=1), later("", retry_after_s=300), ("again", 0, 300)),
        (way("mail", tries=9), later(""), ("again", 0, 600)),
        (way("mail"), never(""), ("dead", 0, 0)),
        (way(leg=1, refused="mail"), never(""), ("dead", 1, 0)),
        (way(leg=1, tries=3, refused="mail"), later(""), ("again", 1, 20)),
        (way(leg=1, tries=3), later(""), ("other channel", 2, 5)),
        (way(queued_at=AT - HOUR), later(""), ("dead", 0, 0)),
        (way(queued_at=AT - HOUR), sent(""), ("done", 0, 0)),
    ],
    ids=[
        "what was sent is done",
        "a failed try is repeated a little later",
        "and again, later still",
        "after three tries the second channel's turn comes at once",
        "who says never is not asked again: the second channel at once",
        "a service's own pause is kept",
        "a long pause is not waited for while there is a second channel",
        "without a second channel it is",
        "a single channel is tried on and on, every ten minutes at last",
        "a single channel that says never is the end",
        "all channels said never: the end",
        "the only one left is tried on",
        "after the last channel the first one's turn comes again, after a while",
        "after an hour a letter is given up",
        "a success is a success, however late",
    ],
)
def test_what_follows_an_answer(where, answer, expected):
    assert follows(where, answer) == expected


@given(st.integers(1, 60), st.floats(0, 1))
def test_a_backoff_is_bounded_and_half_of_it_is_certain(tries, share):
    full = backoff_s(tries, 1)
    assert full / 2 <= backoff_s(tries, share) <= full <= LONGEST_S


@given(
    per_minute=st.integers(1, 600),
    burst=st.integers(1, 50),
    steps=st.lists(st.floats(-5, 200), min_size=1, max_size=200),
)
def test_a_bucket_never_gives_more_than_its_rate(per_minute, burst, steps):
    """In any stretch of time at most `burst` and what came back meanwhile, though the clock is set back."""
    bucket, at, latest, got = Bucket.full(per_minute, burst, AT), AT, AT, 0
    for seconds in steps:
        at += timedelta(seconds=seconds)
        behind = at < latest
        bucket, pause_s = bucket.take(at)
        got += pause_s == 0
        assert pause_s >= 0
        if not behind:
            latest = at
    forward_s = sum(max(0.0, seconds) for seconds in steps)
    assert got <= burst + forward_s * per_minute / 60 + 1e-6


def test_a_bucket_says_how_long_to_wait():
    bucket = Bucket.full(60, 2, AT)
    for _ in range(2):
        bucket, pause_s = bucket.take(AT)
        assert pause_s == 0
    bucket, pause_s = bucket.take(AT)
    assert pause_s == pytest.approx(1)
    assert bucket.take(AT + timedelta(seconds=1))[1] == 0


@given(
    answers=st.lists(st.sampled_from([later("busy"), never("no"), later("limited", 700)]), max_size=400),
    size=st.integers(1, 3),
)
def test_no_letter_is_tried_for_ever_and_none_given_up_while_a_channel_may_take_it(answers, size):
    """It dies when all channels said never, or after its time, and never before."""
    route = tuple("abc"[:size])
    at, leg, tries, refused = AT, 0, 1, frozenset[str]()
    for answer in answers:
        here = route[leg % size]
        assert here not in refused
        found = step(Way(route, leg, tries, refused, AT), answer, at, HOUR, lambda: 0.5)
        if answer.outcome == "never":
            refused |= {here}
        if found.what is Next.DEAD:
            assert refused == set(route) or at - AT >= HOUR
            return
        assert found.due >= at
        tries = tries + 1 if found.what is Next.AGAIN else 1
        at, leg = found.due, found.leg
    assert at - AT <= HOUR + timedelta(seconds=LONGEST_S + 700)
