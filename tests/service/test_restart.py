"""Stops and kills between readings, through the real ledger: nothing changes but the blind time of the stop."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from slamon.core.incident import Episode
from slamon.core.reading import Reading
from slamon.service.site import Site
from tests.service.places import LINES, VANTAGE, Prepared, statement, unnumbered
from tests.service.playing import Act, Window, in_time, pictured, play, windows

# Whoever was watched long enough is up at the end, and nothing befalls the daemon any more.
AFTERWARDS = [Window(".")] * 8


class Life(NamedTuple):
    """What two lines show, as (sign, windows, their length) one after the other, and what befalls the daemon when."""

    shown: tuple[list[tuple[str, int, float]], ...]
    acts: list[tuple[int, Act]]

    def readings(self) -> list[Reading]:
        return in_time(*(self._line(*line) for line in zip(LINES, self.shown, strict=True)))

    def within(self, readings: list[Reading]) -> list[tuple[int, Act]]:
        """The acts that come before the last good readings."""
        return [act for act in self.acts if act[0] < len(readings) - 2 * len(AFTERWARDS)]

    def _line(self, line_id: str, shown: list[tuple[str, int, float]]) -> Iterator[Reading]:
        drawn = [Window(sign, window_s) for sign, count, window_s in shown for _ in range(count)]
        return windows(line_id, drawn + AFTERWARDS)


def lives(*befall: Act) -> st.SearchStrategy[Life]:
    part = st.tuples(st.sampled_from("x~.x~.?bc"), st.integers(1, 5), st.sampled_from([10.0, 10.0, 3.5, 45.000001]))
    line = st.lists(part, min_size=3, max_size=9)
    acts = st.lists(st.tuples(st.integers(0, 50), st.sampled_from(befall)), min_size=1, max_size=8)
    return st.builds(Life, st.tuples(line, line), acts.map(lambda found: sorted(found, key=lambda act: act[0])))


def measured(site: Site, line_id: str) -> tuple[tuple[Episode, ...], object, object]:
    """What was measured of a line."""
    found = site.book(line_id).measured
    assert all(one.vantage == VANTAGE for one in found.episodes)
    episodes = tuple(sorted(found.episodes, key=lambda one: one.onset))
    return episodes, found.notices, found.nodata


@contextmanager
def twice(prepared: Prepared) -> Iterator[tuple[Site, Site]]:
    """Two sites with the same configuration and a ledger each."""
    with (
        tempfile.TemporaryDirectory() as one,
        tempfile.TemporaryDirectory() as other,
        prepared.site(Path(one)) as first,
        prepared.site(Path(other)) as second,
    ):
        yield first, second


def same(one: Site, other: Site) -> None:
    for line_id in LINES:
        assert measured(one, line_id) == measured(other, line_id)
        assert unnumbered(statement(one, line_id)) == unnumbered(statement(other, line_id))


@settings(max_examples=80)
@given(life=lives(Act.COMMIT, Act.CHECKPOINT, Act.STOP))
def test_a_clean_stop_at_any_reading_changes_nothing(prepared: Prepared, life: Life):
    """Episodes, ids, notices, blind time and statements are those of one uninterrupted run, to the microsecond."""
    readings = life.readings()
    with twice(prepared) as (stopped, whole):
        play(stopped, readings, life.within(readings))
        play(whole, readings, [])
        same(stopped, whole)
        assert stopped.ledger.verify().sound


@settings(max_examples=80)
@given(life=lives(*Act))
def test_f23_after_a_kill_what_was_committed_counts(prepared: Prepared, life: Life):
    """F23: a kill at any reading gives what an uninterrupted run gives of the readings that were committed.

    What was not committed is blind. Nothing is doubled, nothing else is lost.
    Mutant: without `held.keep_states` in Recorder.commit what was suspected or open begins anew after each stop.
    """
    readings = life.readings()
    with twice(prepared) as (killed, whole):
        lost = play(killed, readings, life.within(readings))
        kept = [reading for reading in readings if reading not in lost]
        play(whole, kept, [])
        same(killed, whole)
        assert killed.ledger.verify().sound


def test_a_checkpoint_covers_every_line(prepared: Prepared, tmp_path):
    """A kill right after a checkpoint loses nothing, of quiet lines neither."""
    readings = in_time(pictured(LINES[0], "....xxxx"), pictured(LINES[1], "........"))
    with prepared.site(tmp_path) as site:
        lost = play(site, readings, [(9, Act.CHECKPOINT), (9, Act.KILL)])
        assert lost == []


def test_f23_a_kill_forgets_what_was_in_windows_but_not_judged_for_good(prepared: Prepared):
    """Losses that another line's alarm brought to disk, but no checkpoint of this line covers, are blind: not loss.

    Mutant: without the comparison with `until` in Judging._recall they fill the trailing window: an alarm for nothing.
    """
    shown = pictured(LINES[0], "......~~......."), pictured(LINES[1], ".....xxxx......")
    readings = in_time(*shown)
    with twice(prepared) as (killed, whole):
        lost = play(killed, readings, [(11, Act.CHECKPOINT), (15, Act.COMMIT), (15, Act.KILL)])
        assert [one.line_id for one in lost] == [LINES[0]] * 2
        play(whole, [one for one in readings if one not in lost], [])
        same(killed, whole)
        assert statement(killed, LINES[0])["seconds"]["degraded"] == 0
