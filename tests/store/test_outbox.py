"""The outbox: claimed once, in order per sequence, free again when a lease runs out, empty of words when done."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slamon.store import outbox
from slamon.store.ledger import Ledger
from slamon.store.outbox import Letter, Spent
from slamon.store.personal import Seal
from tests.store.facts import BASE, stamp, url

LEASE = timedelta(seconds=60)
S = timedelta(seconds=1)


def letter(key: str, sequence: str = "li|I-1", **changes) -> Letter:
    given = {"route": ("mail", "sms"), "head": {"reason": "opened", "person": "li"}, "text": {"title": f"某银行 {key}"}}
    return Letter(key, sequence, **{**given, **changes})


def queued(ledger: Ledger, *letters: Letter) -> list[str]:
    with ledger.transaction() as held:
        return outbox.queue(held, letters, BASE)


def claimed(ledger: Ledger, channel: str = "mail", at=BASE) -> str | None:
    with ledger.transaction() as held:
        found = outbox.claim(held, channel, at, LEASE)
    return None if found is None else found.key


def test_a_letter_is_claimed_once_and_again_when_the_lease_ran_out(ledger):
    """Nobody else gets it before; then it comes with the same key, its words, and a count of the tries."""
    assert queued(ledger, letter("k1")) == ["k1"]
    assert claimed(ledger, "sms") is None
    assert claimed(ledger) == "k1"
    assert claimed(ledger, at=BASE + LEASE - S) is None
    with ledger.transaction() as held:
        again = outbox.claim(held, "mail", BASE + LEASE, LEASE)
    assert again is not None
    assert (again.key, again.tries, again.text) == ("k1", 2, {"title": "某银行 k1"})
    assert again.queued_at == BASE


def test_a_key_is_queued_once_for_ever(ledger):
    """Also when its letter was sent already."""
    assert queued(ledger, letter("k1"), letter("k1")) == ["k1"]
    with ledger.transaction() as held:
        found = outbox.claim(held, "mail", BASE, LEASE)
        assert found is not None
        outbox.finish(held, found, sent=True)
    assert queued(ledger, letter("k1"), letter("k2")) == ["k2"]


def test_of_a_sequence_only_the_oldest_unfinished_letter_goes(ledger):
    """On whichever channel it is; other sequences pass it, the more urgent first."""
    queued(ledger, letter("a1", "a"), letter("a2", "a"), letter("b1", "b", rank=2), letter("a3", "a", route=("sms",)))
    assert [claimed(ledger), claimed(ledger), claimed(ledger)] == ["b1", "a1", None]
    assert claimed(ledger, "sms") is None
    with ledger.transaction() as held:
        first = outbox.claim(held, "mail", BASE + LEASE, LEASE)  # b1 again: its lease is over as well
        second = outbox.claim(held, "mail", BASE + LEASE, LEASE)
        assert first is not None
        assert second is not None
        outbox.finish(held, second, sent=False)
    assert claimed(ledger, at=BASE + LEASE) == "a2"


def test_a_letter_is_held_over_quiet_hours(ledger):
    """It is due at their end, and not before."""
    queued(ledger, letter("k1", held_until=BASE + 5 * S))
    assert claimed(ledger, at=BASE + 4 * S) is None
    assert outbox.next_due(ledger, "mail") == BASE + 5 * S
    assert claimed(ledger, at=BASE + 5 * S) == "k1"


def test_what_was_held_goes_first_when_something_that_cannot_wait_comes_after_it(ledger):
    """At night a degradation waits for the morning; when it worsens, both are told at once, in their order.

    Mutant: `queue` without `_wake`: the worsening waits for the morning behind what was held.
    """
    queued(ledger, letter("quiet", held_until=BASE + 600 * S), letter("other", "wang|I-1", held_until=BASE + 600 * S))
    queued(ledger, letter("urgent"))
    assert claimed(ledger) == "quiet"
    with ledger.transaction() as held:
        assert outbox.claim(held, "mail", BASE, LEASE) is None
    assert outbox.next_due(ledger, "mail") == BASE


def test_a_letter_that_is_put_back_goes_by_its_next_channel(ledger):
    """What refused it stays known."""
    queued(ledger, letter("k1"))
    with ledger.transaction() as held:
        one = outbox.claim(held, "mail", BASE, LEASE)
        assert one is not None
        moved = replace(one, leg=1, tries=0, refused=frozenset({"mail"}))
        outbox.put_back(held, moved, BASE + S)
    assert claimed(ledger, at=BASE + S) is None
    with ledger.transaction() as held:
        two = outbox.claim(held, "sms", BASE + S, LEASE)
    assert two is not None
    assert (two.leg, two.tries, two.refused, two.head) == (1, 1, frozenset({"mail"}), letter("").head)


def test_channels_that_are_gone_are_left(ledger):
    """A letter goes on by the next way it knows; without one it is handed back."""
    queued(ledger, letter("k1"), letter("k2", "b", route=("mail",)))
    with ledger.transaction() as held:
        lost = outbox.reroute(held, ["sms"], BASE)
    assert [one.key for one in lost] == ["k2"]
    assert claimed(ledger, "sms") == "k1"


def test_the_backlog_says_what_waits_since_when_and_what_was_given_up(ledger):
    queued(ledger, letter("k1"), letter("k2", "b", queued_at=BASE - S), letter("k3", "c", route=("sms",)))
    with ledger.transaction() as held:
        one = outbox.claim(held, "sms", BASE, LEASE)
        assert one is not None
        outbox.finish(held, one, sent=False)
    found = outbox.backlog(ledger, BASE - S)
    assert (found.waiting, found.oldest, found.dead) == ({"mail": 2}, BASE - S, 1)


def test_what_a_month_cost_adds_up(ledger):
    with ledger.transaction() as held:
        outbox.spend(held, "sms", "2026-11", Spent(1, 2, Decimal("0.08")))
        outbox.spend(held, "sms", "2026-11", Spent(1, 3, Decimal("0.12")))
    assert outbox.spent(ledger, "sms", "2026-11") == Spent(2, 5, Decimal("0.20"))
    assert outbox.spent(ledger, "sms", "2026-12") == Spent()


@pytest.mark.parametrize("state", ["on its way", "finished"])
def test_no_word_of_a_letter_can_be_read_in_the_file(tmp_path, state):
    """Sealed while it waits, gone once it is done: neither the file nor its log holds a character of it."""
    path = tmp_path / "ledger.db"
    with Ledger.open(url(path), writer="x", stamp=stamp, seal=Seal(b"k" * 32)) as ledger:
        queued(ledger, letter("k1", text={"title": "CANARY某银行"}))
        if state == "finished":
            with ledger.transaction() as held:
                one = outbox.claim(held, "mail", BASE, LEASE)
                assert one is not None
                assert one.text == {"title": "CANARY某银行"}
                outbox.finish(held, one, sent=True)
            with closing(sqlite3.connect(path)) as raw:
                assert raw.execute("SELECT data FROM outbox").fetchone() == (None,)
        everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"CANARY" not in everything
    assert "某银行".encode() not in everything


def test_a_letter_whose_key_is_gone_still_says_that_something_happened(tmp_path):
    """By what its head tells: the reason and the lines; nobody waits for the key of a site that is on fire."""
    path = tmp_path / "ledger.db"
    with Ledger.open(url(path), writer="x", stamp=stamp, seal=Seal(b"k" * 32)) as ledger:
        queued(ledger, letter("k1", head={"reason": "opened", "lines": ["GX-0001"]}))
    with Ledger.open(url(path), writer="x", stamp=stamp, seal=Seal(b"o" * 32)) as ledger, ledger.transaction() as held:
        found = outbox.claim(held, "mail", BASE, LEASE)
    assert found is not None
    assert found.text["title"] == "slamon: opened GX-0001"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    deeds=st.lists(st.sampled_from(["queue", "claim mail", "claim sms", "sent", "failed", "killed"]), max_size=40),
    draw=st.randoms(use_true_random=False),
)
def test_whatever_happens_nothing_is_lost_doubled_or_overtaken(tmp_path_factory, deeds, draw):
    """Every letter ends sent exactly once, each sequence in the order in which it was queued."""
    folder = tmp_path_factory.mktemp("box")
    with Ledger.open(url(folder / "ledger.db"), writer="x", stamp=stamp) as ledger:
        at = BASE
        made: list[Letter] = []
        hands: dict[str, Letter] = {}
        sent: list[Letter] = []
        for deed in [*deeds, *(["claim mail", "claim sms", "sent", "sent", "killed"] * (len(deeds) + 1))]:
            at += S
            with ledger.transaction() as held:
                if deed == "queue":
                    one = letter(f"k{len(made)}", draw.choice("abc"), route=draw.choice([("mail", "sms"), ("sms",)]))
                    made.append(one)
                    outbox.queue(held, [one], at)
                elif deed.startswith("claim"):
                    found = outbox.claim(held, deed.split()[1], at, LEASE)
                    if found is not None:
                        assert found.key not in hands
                        hands[found.key] = found
                elif deed == "killed":
                    hands.clear()
                    outbox.release(held, at)
                elif hands:
                    one = hands.pop(draw.choice(sorted(hands)))
                    if deed == "sent":
                        outbox.finish(held, one, sent=True)
                        sent.append(one)
                    else:
                        outbox.put_back(held, replace(one, leg=one.leg + 1), at)
        assert sorted(one.key for one in sent) == sorted(one.key for one in made)
        for sequence in "abc":
            keys = [one.key for one in sent if one.sequence == sequence]
            assert keys == sorted(keys, key=lambda key: int(key[1:]))
