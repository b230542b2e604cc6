"""An engine that cannot send all that is due: important lines are watched to the last, what is left out is blind.

Each packet takes a quarter of a millisecond here: 4,000 a second at most.
"""

from itertools import pairwise

import pytest

from slamon.core.reading import Reading
from slamon.probes.protocol import ProbeLine
from slamon.probes.walking import LATE
from tests.probes.skies import VirtualEngine
from tests.probes.watching import verdict

COST_NS = 250_000
RTT_S = 0.02


def lines_of(tier: str, rank: int, count: int) -> list[ProbeLine]:
    return [
        ProbeLine(f"{tier}-{n}", f"10.{rank + 1}.{n // 250}.{n % 250 + 1}", None, 1, 2, 400, rank=rank)
        for n in range(count)
    ]


AAA, A, STANDARD = lines_of("AAA", 0, 400), lines_of("A", 2, 800), lines_of("standard", 3, 1400)


def overloaded(far, *, wheels: bool) -> dict[str, list[Reading]]:
    rig = VirtualEngine([], far, wheels=wheels)
    rig.socket.cost_ns = COST_NS
    rig.engine.set_lines([*STANDARD, *AAA, *A], [])
    found = rig.run(12).stop().readings()
    assert "overload" in {event.kind for event in rig.events}
    return found


def share_blind(readings: dict[str, list[Reading]], lines: list[ProbeLine]) -> float:
    """The share of lines that were blind, late, at any time after the first two seconds."""
    blind = [any(r.blind == LATE for r in readings.get(line.line_id, [])) for line in lines]
    return sum(blind) / len(blind)


@pytest.mark.parametrize("wheels", [True, False], ids=["turning in wheels", "walking one by one"])
def test_the_least_important_lines_are_left_out_first(wheels):
    """5,200 packets a second are due, 4,000 can leave: AAA and A are seen throughout, standard lines are blind.

    Nobody is called lost. Mutants: `_send` taking the ranks in the other order, `DueQueue.push` with one heap for all
    ranks: AAA lines are blind. `Walking._skip` with `Outcome.LOST`: DOWN.
    """
    readings = overloaded(lambda _host, _at_s: RTT_S, wheels=wheels)
    assert share_blind(readings, AAA) == 0
    assert share_blind(readings, A) == 0
    assert share_blind(readings, STANDARD) > 0.05
    assert {verdict(r) for own in readings.values() for r in own} == {".", "?"}
    assert {r.blind for own in readings.values() for r in own} == {None, LATE}


def test_important_lines_that_walk_come_before_others_that_turn():
    """All AAA lines lose packets and walk: the wheels of standard lines, which could fill every tick, come after them.

    Mutant: `_send` taking the ranks in the other order: AAA lines are blind.
    """

    def far(host: str, at_s: float) -> float | None:
        lossy = host.startswith("10.1.") and (int(at_s * 10) + int(host.rsplit(".", 1)[1])) % 5 == 0
        return None if lossy else RTT_S

    readings = overloaded(far, wheels=True)
    assert {verdict(r) for line in AAA for r in readings[line.line_id]} >= {".", "~"}
    assert share_blind(readings, AAA) == 0
    assert share_blind(readings, STANDARD) > 0.5


@pytest.mark.parametrize("wheels", [True, False], ids=["turning in wheels", "walking one by one"])
def test_lines_that_never_get_their_turn_are_told_blind(wheels):
    """The important lines alone are more than can be sent: the others are not silent, they are blind, all the time.

    Mutant: `_send` without `_leave_out`: nothing is ever said of them.
    """
    rig = VirtualEngine([], lambda _host, _at_s: RTT_S, wheels=wheels)
    rig.socket.cost_ns = COST_NS
    rig.engine.set_lines([*lines_of("AAA", 0, 2400), *STANDARD[:100]], [])
    rig.run(12)
    for line in STANDARD[:100]:
        own = rig.readings()[line.line_id]
        assert (own[-1].end - own[0].start).total_seconds() > 7
        assert all(a.end == b.start for a, b in pairwise(own))
        assert own[-1].blind == LATE
