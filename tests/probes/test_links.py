"""The machine's own links, and the hint at rate limiting."""

import numpy as np
import pytest

from slamon.probes.columns import ROW
from slamon.probes.limiting import WINDOWS, Limits
from slamon.probes.links import Kernel, Links, ScriptedCarriers


def looked(*states: dict[str, bool]) -> tuple[list[list[tuple[str, bool]]], bool]:
    told = ScriptedCarriers()
    links, seen = Links(told), []
    for told.links in states:
        seen.append(links.look())
    return seen, links.dead


@pytest.mark.parametrize(
    ("states", "changes", "dead"),
    [
        pytest.param([{"a": True}, {"a": False}], [("a", False)], True, id="the only link lost its carrier"),
        pytest.param([{"a": True, "b": True}, {"a": False, "b": True}], [("a", False)], False, id="one of two"),
        pytest.param([{"a": False}, {"a": False}], [], False, id="a link that never carried says nothing"),
        pytest.param([{"a": True}, {}], [], False, id="a link that was taken down fails at sending"),
        pytest.param([{"a": True}, {"a": False}, {"a": True}], [("a", True)], False, id="it carries again"),
    ],
)
def test_links(states, changes, dead):
    """F1. Mutant: `Links.dead` always False; a pulled cable without references is then an outage of every line."""
    seen, is_dead = looked(*states)
    assert seen[-1] == changes
    assert is_dead is dead


def test_the_kernel_can_be_asked():
    kernel = Kernel()
    assert all(isinstance(carries, bool) for carries in kernel.carriers().values())
    kernel.close()


def rows(received: int, sent: int = 5):
    made = np.zeros(1, ROW)
    made["line"], made["demarc_sent"], made["demarc_received"] = 7, sent, received
    return made


@pytest.mark.parametrize(
    ("received", "hints"),
    [
        pytest.param([2] * 9, 1, id="the same number again and again: said once"),
        pytest.param([2, 3] * 6, 0, id="random loss"),
        pytest.param([2, 2, 2, 5, 2, 2, 2], 0, id="a clean window begins anew"),
        pytest.param([0] * 9, 0, id="a dead line"),
    ],
)
def test_a_constant_number_of_replies_is_a_hint(received, hints):
    """F7. Mutant: `Limits.take` without the comparison to the number before: random loss is called a limiter."""
    assert WINDOWS == 6
    limits = Limits()
    assert sum(len(limits.take(rows(count))) for count in received) == hints
