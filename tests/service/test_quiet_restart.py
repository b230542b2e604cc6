"""Rows through the real ledger: what a restart finds of them is what it finds of readings handed over one by one."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.reading import InterfaceStats, Reading
from slamon.core.timespan import iso
from slamon.probes.columns import rows_of
from slamon.service.site import Site
from tests.service.batches import port
from tests.service.places import LINES, VANTAGE, Prepared, statement
from tests.service.playing import BASE, Act, Live, pictured, play
from tests.service.test_evidence import LONG, ORDINARY, STOPS, complete
from tests.service.test_restart import Life, lives, same


class LiveRows(Live):
    """A judging that is fed by a prober's rows."""

    def take(self, one: Reading) -> None:
        before = self.judging.coverage(one.line_id).until
        if one.interface is not None:
            self.judging.note_port(one.line_id, one.interface, one.end)
        self.judging.take_rows(*rows_of([one]), VANTAGE)
        assert before is None or before <= one.start, f"{one} was skipped"
        self._taken.append(one)


def play_rows(site: Site, readings: Sequence[Reading], acts: Sequence[tuple[int, Act]]) -> list[Reading]:
    """Play readings as rows, acting after the numbered ones; a clean stop ends it. Return what kills lost."""
    live = LiveRows(site)
    for number, one in enumerate(readings):
        live.take(one)
        for _, act in (found for found in acts if found[0] == number):
            live.act(act, one.end)
    live.act(Act.STOP, readings[-1].end)
    return live.lost


@pytest.mark.parametrize("acts", STOPS.values(), ids=STOPS.keys())
def test_evidence_of_rows_is_complete_and_exact(prepared: Prepared, tmp_path, acts):
    """Also what the tail had to bring back: the ten minutes before an onset that came after a kill."""
    readings = pictured(LINES[0], ORDINARY)
    with prepared.site(tmp_path) as site:
        assert play_rows(site, readings, acts) == []
        complete(site, readings)


def test_evidence_of_a_long_outage_survives_a_kill(prepared: Prepared, tmp_path):
    """F23, of rows: the history is trimmed many times before the end, what evidence waits for is not."""
    readings = pictured(LINES[0], LONG)
    acts = [(number, Act.CHECKPOINT) for number in range(0, 800, 3)]
    with prepared.site(tmp_path) as site:
        play_rows(site, readings, sorted([*acts, (800, Act.CHECKPOINT), (800, Act.KILL)]))
        complete(site, readings)


def with_ports(readings: Sequence[Reading], seed: int) -> list[Reading]:
    """Some of the readings carry what their port said."""
    draw = Random(seed)
    return [replace(one, interface=port(draw)) if draw.random() < 0.3 else one for one in readings]


@settings(max_examples=60, deadline=None)
@given(life=lives(*Act), seed=st.integers(0, 2**32))
def test_f23_ports_committed_before_a_kill_count(prepared: Prepared, life: Life, seed: int):
    """Stops and kills at any reading: what ports said before still counts, and stands in windows and evidence.

    Mutants: the tail without ports' words (a port that is down is forgotten by a restart); words not told to a judge
    that was restored from its state.
    """
    readings = with_ports(life.readings(), seed)
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        prepared.site(Path(one)) as killed,
        prepared.site(Path(other)) as whole,
    ):
        lost = play_rows(killed, readings, life.within(readings))
        play(whole, [reading for reading in readings if reading not in lost], [])
        same(killed, whole)


@pytest.mark.parametrize("act", [Act.COMMIT, Act.CHECKPOINT], ids=["its transition's commit", "a checkpoint"])
def test_f23_a_port_that_was_down_before_a_kill_still_is(prepared: Prepared, tmp_path, act: Act):
    """Only the commit that its alarm caused lies between the port's word and the kill; the demarc answers throughout.

    Mutant: `History.tail_of` without the ports' part; the incident is restored by the first reading after the kill.
    """
    plain = pictured(LINES[0], "." * 60)
    down = InterfaceStats("up", "down", last_change=BASE)
    readings = [replace(one, interface=down) if number == 12 else one for number, one in enumerate(plain)]
    folders = tmp_path / "killed", tmp_path / "whole"
    for folder in folders:
        folder.mkdir()
    with prepared.site(folders[0]) as killed, prepared.site(folders[1]) as whole:
        assert play_rows(killed, readings, [(13, act), (13, Act.KILL)]) == []
        play(whole, readings, [])
        same(killed, whole)
        (incident,) = statement(killed, LINES[0])["incidents"]
    assert incident["evidence"] == ["interface"]
    assert (incident["onset"], incident["restored"]) == (iso(readings[12].start), iso(readings[25].start))


@pytest.mark.parametrize("acts", STOPS.values(), ids=STOPS.keys())
def test_evidence_of_ports_is_complete_and_exact(prepared: Prepared, tmp_path, acts):
    """What ports said in the ten minutes before an onset and after a restoring comes back from the tail, exactly."""
    quiet = InterfaceStats("up", "up", 100.0, 0, 0, 2**63, 10, in_discards=0, seconds=60.0, last_change=BASE)
    plain = pictured(LINES[0], ORDINARY)
    readings = [replace(one, interface=quiet) if number % 6 == 0 else one for number, one in enumerate(plain)]
    with prepared.site(tmp_path) as site:
        assert play_rows(site, readings, acts) == []
        complete(site, readings)


@settings(max_examples=60, deadline=None)
@given(life=lives(*Act))
def test_f23_rows_committed_before_a_kill_count(prepared: Prepared, life: Life):
    """Stops and kills at any row: episodes, notices, blind time and statements are those of one run of readings."""
    readings = life.readings()
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        prepared.site(Path(one)) as killed,
        prepared.site(Path(other)) as whole,
    ):
        lost = play_rows(killed, readings, life.within(readings))
        play(whole, [reading for reading in readings if reading not in lost], [])
        same(killed, whole)
