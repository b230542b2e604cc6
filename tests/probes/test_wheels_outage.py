"""Thousands of lines lost at once (F25), and what is told of each onset, in virtual time."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from slamon.core.reading import Reading
from slamon.core.timespan import from_micros
from slamon.probes.protocol import ProbeLine
from tests.probes.skies import WALL_NS, VirtualEngine
from tests.probes.watching import verdict

LINES = [
    ProbeLine(f"L{number}", f"10.1.{number // 250}.{number % 250 + 1}", interval_s=10, packets=3)
    for number in range(1000)
]
GAP_S, TIMEOUT_S = 10 / 3, 1.0
CUT_S, BACK_S = 25.0, 60.0
DEAD_HOST = "10.1.0.8"


def at(second: float):
    return from_micros((WALL_NS + round(second * 1e9)) // 1000)


@pytest.fixture(scope="module")
def storm() -> VirtualEngine:
    """All lines are lost at 25 s and come back at 60 s."""

    def far(_host: str, at_s: float) -> float | None:
        return None if CUT_S <= at_s < BACK_S else 0.02

    return VirtualEngine(LINES, far, wheels=True).run(95)


def alarm_s(readings: list[tuple[float, Reading]]) -> float:
    """Seconds from the first lost packet to the reading that confirms the alarm being told."""
    downs = [(told_s, reading) for told_s, reading in readings if verdict(reading) == "x"]
    onset = downs[0][1].start
    told_s = next(told for told, reading in downs[1:] if reading.end - onset >= timedelta(seconds=10))
    return float((at(told_s) - onset).total_seconds())


def test_every_alarm_comes_in_time(storm):
    """F25: each line's alarm is possible within `open_after_s`, a gap, the timeout and half a second.

    Confirm packets are capped at 1,000 a second; with three packets in ten seconds the usual ones are enough.
    """
    of: dict[str, list[tuple[float, Reading]]] = {}
    for told_s, reading in storm.told:
        of.setdefault(reading.line_id, []).append((told_s, reading))
    assert len(of) == len(LINES)
    assert max(alarm_s(readings) for readings in of.values()) <= 10 + GAP_S + TIMEOUT_S + 0.5


def test_no_line_shows_a_mixed_window(storm):
    """A clean cut is a clean cut for each of them, and nothing was blind."""
    for readings in storm.readings().values():
        assert "".join(verdict(reading) for reading in readings).strip(".").strip("x") == ""


def test_lost_lines_turn_in_wheels_again(storm):
    """Dead or alive, a line that is quiet costs no object: after the confirm run, and after the return.

    Mutant: `Fleet.take_back` refusing dead lines; a thousand tracks are left at 59 s.
    """
    assert not storm.engine._tracks  # noqa: SLF001
    dead = VirtualEngine(LINES[:50], lambda _, at_s: None if at_s >= CUT_S else 0.02, wheels=True).run(65)
    assert not dead.engine._tracks  # noqa: SLF001
    dead.stop()
    for readings in dead.readings().values():
        assert verdict(readings[-1]) == "x"


def test_each_onset_is_told_once_with_its_last_good_and_first_bad_packet(storm):
    assert sorted(one.line_id for one in storm.evidence) == sorted(line.line_id for line in LINES)
    for one in storm.evidence:
        assert one.last_good is not None
        assert one.last_good < at(CUT_S) <= one.first_bad < one.at
        assert (one.first_bad - one.last_good).total_seconds() == pytest.approx(GAP_S, abs=0.02)


def test_one_lost_line_disturbs_no_other():
    """F19: the neighbours go on turning while one line walks. Mutant: `Wheel.expire` losing a whole slice with it."""
    rig = VirtualEngine(LINES, lambda host, at_s: None if host == DEAD_HOST and at_s > 25 else 0.02, wheels=True)
    for at_s in (30, 40):
        rig.run(at_s)
        assert list(rig.engine._tracks) == ["L7"]  # noqa: SLF001
    rig.stop()
    assert {verdict(r) for line_id, found in rig.readings().items() if line_id != "L7" for r in found} == {"."}


def test_a_changed_line_turns_again_at_its_new_address():
    """A reload gives a line another address: it walks until it is quiet, then its wheel sends to the new one.

    Mutant: `reshape` keeping every line of a known id: it walks for ever.
    """
    rig = VirtualEngine(LINES[:50], lambda _host, _at_s: 0.02, wheels=True).run(25)
    changed = [*LINES[:7], replace(LINES[7], demarc="10.9.9.9"), *LINES[8:50]]
    rig.engine.set_lines(changed, [])
    rig.run(60)
    assert not rig.engine._tracks  # noqa: SLF001
    late = {host for at_ns, host in rig.socket.sent if at_ns > 26e9}
    assert late == {str(line.demarc) for line in changed}
    own = rig.stop().readings()["L7"]
    assert {verdict(reading) for reading in own} == {"."}
    assert all(a.end == b.start for a, b in pairwise(own))
