"""What the reference targets say about the vantage (F1)."""

import pytest

from slamon.probes.packet import Outcome, Packet
from slamon.probes.vantage import SightChange, Vantage, Word


def asked(vantage: Vantage, **pictures: str) -> list[SightChange]:
    """Ask references once a second: ``.`` answered, ``x`` lost, ``-`` not sent, ``?`` nothing known; times in s."""
    fates = {".": Outcome.ANSWERED, "x": Outcome.LOST, "-": Outcome.UNSENT, "?": Outcome.VOID}
    changes = []
    for at, outcomes in enumerate(zip(*pictures.values(), strict=True), start=1):
        for reference, outcome in zip(pictures, outcomes, strict=True):
            vantage.add(reference, Packet(at, outcome=fates[outcome]))
        if (change := vantage.advance()) is not None:
            changes.append(change)
    return changes


@pytest.mark.parametrize(
    ("pictures", "span", "word"),
    [
        pytest.param({"a": "....."}, (1, 4), Word.SEEN, id="a reference answered after the window"),
        pytest.param({"a": "....."}, (1, 6), Word.NOT_YET, id="nothing is said before a reference answered after it"),
        pytest.param({"a": "...xx"}, (4, 5), Word.BLIND, id="two lost in a row: blind"),
        pytest.param({"a": "...xx"}, (1, 3), Word.SEEN, id="the time before stays seen"),
        pytest.param({"a": "..x.."}, (2, 4), Word.SEEN, id="one lost packet of a reference is only that"),
        pytest.param({"a": "...xx", "b": "....."}, (4, 5), Word.SEEN, id="one of two references answers: seen"),
        pytest.param({"a": "...xx", "b": "...xx"}, (4, 5), Word.BLIND, id="all references lost: blind"),
        pytest.param({"a": "..xx..", "b": "..xx.."}, (4, 5), Word.BLIND, id="blind until the first answered packet"),
        pytest.param({"a": "..xx..", "b": "..xx.."}, (5, 6), Word.SEEN, id="seen again from that packet on"),
        pytest.param({"a": "...--"}, (4, 5), Word.BLIND, id="a reference packet that cannot be sent proves no sight"),
        pytest.param({"a": "...??"}, (4, 5), Word.NOT_YET, id="replies that we dropped ourselves say nothing"),
    ],
)
def test_word(pictures, span, word):
    """F1. Mutant: `Vantage.say` answering SEEN always; every blind row of this table fails."""
    vantage = Vantage(list(pictures), 0)
    asked(vantage, **pictures)
    assert vantage.say(*span) is word


def test_without_references_everything_was_seen():
    assert Vantage((), 0).say(0, 1 << 62) is Word.SEEN


def test_the_loss_and_the_return_are_said_once_each():
    vantage = Vantage(["a", "b"], 0)
    assert asked(vantage, a="..xxxxx..", b="..xxxxxx.") == [
        SightChange(lost=True, at_ns=2),
        SightChange(lost=False, at_ns=8),
    ]


def test_references_that_are_taken_away_take_their_doubt_with_them():
    """A reload without references ends the blind time; what was blind stays so."""
    vantage = Vantage(["a"], 0)
    asked(vantage, a="..xxx")
    vantage.renew([], 6)
    assert not vantage.lost
    assert vantage.say(3, 4) is Word.BLIND
    assert vantage.say(7, 8) is Word.SEEN
