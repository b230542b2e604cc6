"""What is seen from each source address, and by each link of this machine (F1), in virtual time."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from slamon.core.reading import Reading
from slamon.probes.protocol import ProbeLine
from slamon.probes.sights import _of_family
from tests.probes.skies import VirtualEngine
from tests.probes.watching import verdict

REFERENCES = ("10.9.0.1", "10.9.0.2")
ONE, OTHER = "192.0.2.1", "192.0.2.2"
CUT_S, BACK_S, END_S = 20.0, 40.0, 70.0
RTT_S, FAR_RTT_S = 0.02, 0.3


def lines_from(source: str | None, net: int, count: int = 20) -> list[ProbeLine]:
    return [
        ProbeLine(f"{source or 'any'}-{n}", f"10.0.{net}.{n}", None, 2, 4, 400, open_after_s=5, source=source)
        for n in range(1, count + 1)
    ]


def shown(readings: Sequence[Reading]) -> str:
    return "".join(verdict(reading) for reading in readings)


def details(rig: VirtualEngine, kind: str) -> list[str]:
    return [event.detail for event in rig.events if event.kind == kind]


@pytest.mark.parametrize("wheels", [True, False])
def test_f1_a_dead_path_from_one_source_blinds_its_own_lines_only(wheels):
    """F1: all is lost from one source address, references too: its lines are blind, all others are up, said once.

    A line of another source that dies meanwhile is lost, in time.
    Mutants: `Sights.renew` giving every source the default's vantage: the dead path's lines are DOWN. `Sights.of`
    answering for None always: everybody is.
    """
    lines = [*lines_from(None, 1), *lines_from(ONE, 2), *lines_from(OTHER, 3)]

    def far(host: str, at_s: float) -> float | None:
        if not CUT_S <= at_s < BACK_S:
            return RTT_S
        return None if rig.socket.leaving_from == ONE or (host == "10.0.3.7" and at_s > CUT_S + 3) else RTT_S

    rig = VirtualEngine(lines, far, wheels=wheels, references=REFERENCES)
    readings = rig.run(END_S).stop().readings()
    for line in lines:
        marks = shown(readings[line.line_id])
        if line.source == ONE:
            assert marks.strip(".").strip("?") == ""
            assert "?" in marks
            assert {r.blind for r in readings[line.line_id] if r.blind} == {f"all reference targets lost from {ONE}"}
        elif line.line_id == f"{OTHER}-7":
            assert marks.strip(".").strip("x") == ""
            downs = [(told_s, r) for told_s, r in rig.told if r.line_id == line.line_id and verdict(r) == "x"]
            alarm_s = next(told for told, r in downs if (r.end - downs[0][1].start).total_seconds() >= 5)
            assert alarm_s <= CUT_S + 3 + 0.5 + 5 + 0.5 + 0.4 + 0.5
        else:
            assert set(marks) == {"."}
    assert [event.kind for event in rig.events] == ["reference_lost", "reference_back"]
    assert details(rig, "reference_lost") == [f"from {ONE} every reference target is lost"]
    assert {host: rig.socket.sources[host] for host in REFERENCES} == {host: {None, ONE, OTHER} for host in REFERENCES}
    assert all(rig.socket.sources[str(line.demarc)] == {line.source} for line in lines)


def test_each_source_that_is_lost_is_said_once():
    """The whole uplink dies: one event a source, whatever the number of lines, and everybody is blind."""
    lines = [*lines_from(None, 1), *lines_from(ONE, 2)]

    def far(_host: str, at_s: float) -> float | None:
        return None if CUT_S <= at_s < BACK_S else RTT_S

    rig = VirtualEngine(lines, far, wheels=True, references=REFERENCES)
    readings = rig.run(END_S).stop().readings()
    assert all(shown(readings[line.line_id]).strip(".").strip("?") == "" for line in lines)
    assert sorted(details(rig, "reference_lost")) == [
        "every reference target is lost",
        f"from {ONE} every reference target is lost",
    ]
    assert len(details(rig, "reference_back")) == 2


@pytest.mark.parametrize("wheels", [True, False])
def test_a_line_that_changes_its_source_leaves_no_gap(wheels):
    """A reload with another source in the midst of a dead path: the old windows have the old source's word."""
    before, after = lines_from(ONE, 2), lines_from(OTHER, 2)
    before = [replace(line, line_id=str(line.demarc)) for line in before]
    after = [replace(line, line_id=str(line.demarc)) for line in after]

    def far(_host: str, at_s: float) -> float | None:
        return None if rig.socket.leaving_from == ONE and at_s >= CUT_S else RTT_S

    rig = VirtualEngine(before, far, wheels=wheels, references=REFERENCES)
    rig.run(30)
    rig.engine.set_lines(after, REFERENCES)
    for own in rig.run(50).stop().readings().values():
        assert shown(own).strip(".").strip("?") == ""
        assert all(a.end == b.start for a, b in pairwise(own))
        assert verdict(own[-1]) == "."


def test_references_are_asked_from_sources_of_their_family():
    """A name is tried from everywhere; where no reference is of a source's family, the default's word stands for it."""
    references = ["192.0.2.9", "2001:db8::9", "name.example"]
    assert _of_family(references, None) == references
    assert _of_family(references, ONE) == ["192.0.2.9", "name.example"]
    assert _of_family(references, "2001:db8::1") == ["2001:db8::9", "name.example"]


def test_a_source_without_a_reference_of_its_family_goes_by_the_default_ones_word():
    """Only an IPv6 reference is named, and it cannot be asked here: nobody is seen, and nobody is called dead.

    Mutant: `borrows` never true: the source's lines are DOWN.
    """
    lines = lines_from(ONE, 2)

    def far(_host: str, at_s: float) -> float | None:
        return None if at_s >= CUT_S else RTT_S

    rig = VirtualEngine(lines, far, wheels=True, references=["2001:db8::9"])
    readings = rig.run(END_S).stop().readings()
    assert all("x" not in shown(readings[line.line_id]) for line in lines)


class TwoLinks:
    """Hosts of 10.0.1.* behind link a, of 10.0.2.* behind link b; the far end of a is up half a second after it."""

    def __init__(self, lines: Sequence[ProbeLine], *, wheels: bool) -> None:
        self.rig = VirtualEngine([], self.far, wheels=wheels)
        self.rig.carriers.links = {"a": True, "b": True}
        for line in lines:
            self.rig.routes.links[str(line.demarc), line.source] = (
                "a" if str(line.demarc).startswith("10.0.1.") else "b"
            )
        self.dead: dict[str, float] = {}
        self.carries_from_s = dict.fromkeys("ab", 0.0)
        self.rig.run(1.5)  # the links were seen to carry
        self.rig.engine.set_lines(lines, [])

    def far(self, host: str, at_s: float) -> float | None:
        link = self.rig.routes.links.get((host, self.rig.socket.leaving_from), "a")
        if not self.rig.carriers.links[link] or at_s < self.carries_from_s[link]:
            return None
        back_s = at_s + FAR_RTT_S
        if link == "a" and at_s < CUT_S <= back_s:  # its answer met the dead link
            return None
        return None if at_s >= self.dead.get(host, 1e9) else FAR_RTT_S

    def set(self, link: str, *, carries: bool, at_s: float) -> None:
        self.rig.run(at_s)
        self.rig.carriers.links[link] = carries
        self.carries_from_s[link] = at_s + 0.5 if carries else 1e9


@pytest.mark.parametrize("wheels", [True, False])
def test_f1_a_link_that_lost_its_carrier_blinds_the_lines_that_go_out_by_it(wheels):
    """F1: one of two links dies: the lines behind it are blind, not lost; those behind the other are watched as ever.

    Mutants: `Egress.of` never answering `UNSENT`: DOWN. `look_at_links` without `_doubt`: what was under way is lost.
    `SETTLE_NS = 0`: lost packets while the far end comes up. `_doubt` at each tick while a link is down: the line
    that truly died behind the other link is never lost.
    """
    lines = [*lines_from(None, 1), *lines_from(None, 2)]
    lines = [replace(line, line_id=str(line.demarc)) for line in lines]
    made = TwoLinks(lines, wheels=wheels)
    made.dead["10.0.2.7"] = 25.0
    made.set("a", carries=False, at_s=CUT_S)
    made.set("a", carries=True, at_s=BACK_S)
    readings = made.rig.run(END_S).stop().readings()
    for line_id, own in readings.items():
        marks = shown(own)
        if line_id.startswith("10.0.1."):
            assert set(marks) == {".", "?"}, line_id
            assert "not sent: a has lost its carrier" in {r.blind for r in own}
            assert verdict(own[-1]) == "."
        elif line_id == "10.0.2.7":
            assert marks.strip(".").strip("x") == ""
            assert "x" in marks
        else:
            assert set(marks) == {"."}, line_id
        assert all(a.end == b.start for a, b in pairwise(own))
    assert [(event.kind, event.detail) for event in made.rig.events] == [
        ("link_down", "a lost its carrier"),
        ("link_up", "a carries again"),
    ]


def test_a_way_that_is_led_by_another_link_is_seen_again():
    """The kernel's routes move to the other link while the first is dead: blind only until then.

    Mutant: `Egress.work` never asking again.
    """
    lines = [replace(line, line_id=str(line.demarc)) for line in lines_from(None, 1)]
    made = TwoLinks(lines, wheels=True)
    made.set("a", carries=False, at_s=CUT_S)
    made.rig.run(30)
    for way in made.rig.routes.links:
        made.rig.routes.links[way] = "b"
    for own in made.rig.run(50).readings().values():
        assert "x" not in shown(own)
        assert verdict(own[-1]) == "."
        assert own[-1].end.timestamp() - next(r.end.timestamp() for r in reversed(own) if r.blind) > 10


def test_without_any_link_nothing_is_sent():
    """F1: every link lost its carrier: blind, whatever the routes are; mutant: `NO_LINK` never said."""
    lines = [replace(line, line_id=str(line.demarc)) for line in lines_from(None, 1)]
    made = TwoLinks(lines, wheels=True)
    made.set("b", carries=False, at_s=CUT_S - 1)
    made.set("a", carries=False, at_s=CUT_S)
    made.rig.run(BACK_S)
    sent = [at_ns for at_ns, _ in made.rig.socket.sent if at_ns > (CUT_S + 0.1) * 1e9]
    assert not sent
    for own in made.rig.stop().readings().values():
        assert set(shown(own)) == {".", "?"}
        assert own[-1].blind == "not sent: no link of this machine carries"
