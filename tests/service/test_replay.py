"""Replay into the ledger: once is as good as twice, in one file or in two, whoever filed what before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slamon.core.facts import Category
from slamon.core.reading import Reading
from slamon.service.desk import instant
from slamon.service.desk_complaints import add_complaint
from slamon.service.desk_lines import Ground, suspend
from slamon.service.judging import Judging
from slamon.service.recording import Recorder
from slamon.service.replay import Replayed, replay, watched_lines
from slamon.service.site import Site
from slamon.store.measured import CLOSED, OPENED
from tests.service.places import LINES, VANTAGE, Place, Prepared, numbers, statement, unnumbered
from tests.service.playing import BASE, Act, Live, in_time, pictured, play
from tests.service.test_restart import Life, lives, same, twice

TEN_S = timedelta(seconds=10)
OUTAGE = ".....xxxxxx~~~xx......"


def after(windows: int) -> datetime:
    """The end of a picture's first windows."""
    return BASE + windows * TEN_S


def statements(site: Site) -> list[dict[str, object]]:
    return [unnumbered(statement(site, line_id)) for line_id in LINES]


def test_replaying_twice_changes_nothing(somewhere: Place):
    """The second time everything is skipped and counted; not one entry is added, not one byte of state changes."""
    readings = in_time(pictured(LINES[0], OUTAGE), pictured(LINES[1], "." * 10 + "x" * 12))
    file = somewhere.readings(readings)
    with somewhere.open() as site:
        assert replay(site, file) == Replayed(judged=len(readings), skipped=0, opened=2, restored=1)
        before = (site.ledger.last_seq(), site.ledger.heads(), site.ledger.states(), site.ledger.checkpoint(VANTAGE))
        stated = statements(site)
    with somewhere.open() as site:
        assert replay(site, file) == Replayed(judged=0, skipped=len(readings))
        after_it = (site.ledger.last_seq(), site.ledger.heads(), site.ledger.states(), site.ledger.checkpoint(VANTAGE))
        assert after_it == before
        assert statements(site) == stated


@settings(max_examples=25)
@given(life=lives(Act.STOP))
def test_a_file_cut_in_two_is_as_good_as_whole(prepared: Prepared, life: Life):
    """Wherever it is cut; and the second half may repeat some of the first."""
    readings = life.readings()
    cut = life.acts[0][0] % len(readings)
    with twice(prepared) as (halved, whole):
        place = Place(halved.ledger.path.parent)
        replay(halved, place.readings(readings[:cut], "first.jsonl"))
        replay(halved, place.readings(readings[cut // 2 :], "second.jsonl"))
        replay(whole, place.readings(readings, "whole.jsonl"))
        same(halved, whole)


def test_lines_replayed_one_after_the_other_keep_their_windows(prepared: Prepared, tmp_path):
    """A line replayed hours ahead of another one does not make that one forget its trailing windows.

    Mutant: the tail pruned by the lines seen last: the loss before the cut is forgotten, and the verdicts after it.
    """
    early = pictured(LINES[0], "." * 6 + "~" * 3 + "." * 12)
    late = pictured(LINES[1], "." * 8, since=BASE + timedelta(hours=8))
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with prepared.site(tmp_path / "one") as parted, prepared.site(tmp_path / "two") as whole:
        place = Place(tmp_path)
        for part in (early[:9], late, early[9:]):
            replay(parted, place.readings(part))
        replay(whole, place.readings([*early, *late]))
        same(parted, whole)
        assert statement(whole, LINES[0])["incidents"] != []


def test_a_checkpoint_of_the_daemon_does_not_undo_what_a_replay_judged(prepared: Prepared, tmp_path):
    """The daemon's next checkpoint may come before it looked: lines that are further keep the replay's state.

    Mutant: without the comparison of coverage in Recorder the outage that the replay opened is never closed.
    """
    with prepared.site(tmp_path) as site:
        live = Live(site)
        for one in in_time(pictured(LINES[0], "...."), pictured(LINES[1], "....")):
            live.take(one)
        live.act(Act.CHECKPOINT, after(4))
        live.judging.lose_sight(None, "the prober was restarted")  # every line has a state of its own now
        replay(site, Place(tmp_path).readings(pictured(LINES[1], "xxxx", since=after(4))))
        live.act(Act.CHECKPOINT, after(4))
        assert live.judging.adopt(site.ledger, VANTAGE) == [LINES[1]]
        for one in pictured(LINES[1], "....", since=after(8)):
            live.take(one)
        live.act(Act.STOP, after(12))
        (incident,) = statement(site, LINES[1])["incidents"]
        assert (incident["onset"], incident["restored"]) == ("2026-10-03T00:00:40Z", "2026-10-03T00:01:20Z")


@dataclass(frozen=True)
class Filing:
    """What somebody files, and the picture upon which."""

    picture: str
    file: Callable[[Site], object]


def complained(number: int, category: Category = Category.INTERRUPTION) -> Callable[[Site], object]:
    return lambda site: add_complaint(site, LINES[0], instant(after(number)), ticket="T1", category=category)


def suspended(start: int, end: int | None) -> Callable[[Site], object]:
    over = None if end is None else instant(after(end))
    return lambda site: suspend(site, LINES[0], instant(after(start)), over, Ground.ARREARS)


FILINGS = {
    "a call during an outage": Filing(OUTAGE, complained(7)),
    "a call before the alarm": Filing(OUTAGE, complained(2)),
    "a call long after": Filing(OUTAGE + "." * 30, complained(40)),
    "a suspension from within an outage on": Filing("....xxxxxxxxxxxx", suspended(8, None)),
    "a suspension within an outage": Filing("....xxxxxxxxxxxx....", suspended(7, 10)),
    "a suspension over the alarm": Filing("....xxxxxxxxxxxx....", suspended(3, 9)),
    "a suspension before the alarm came": Filing("....x" + "?" * 4 + "xxxx......", suspended(6, 8)),
    "a suspension while nothing was seen": Filing("....xxxx????????xxxx....", suspended(9, 11)),
    "a suspension after the last reading": Filing("....xxxxxxxx", suspended(40, None)),
    "a suspension across the good end": Filing("....xxxxxxxx.....", suspended(13, 14)),
    "a suspension of a degraded line": Filing("...~~~~~~~~~~........", suspended(5, 7)),
    "a suspension over all of it": Filing("....xxxxxxxx.....", suspended(2, 14)),
    "a suspension over the silence of the customer's side": Filing("...cccccccc....", suspended(5, 7)),
}


@pytest.mark.parametrize("case", FILINGS.values(), ids=FILINGS.keys())
@pytest.mark.parametrize("filed_at", ["half way", "at the end"])
def test_the_order_of_filing_and_replaying_does_not_matter(prepared: Prepared, tmp_path, case: Filing, filed_at: str):
    """Filed before the readings are judged, half way, or afterwards: the same statement, every incident numbered."""
    readings = pictured(LINES[0], case.picture)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with prepared.site(tmp_path / "one") as before, prepared.site(tmp_path / "two") as later:
        place = Place(tmp_path)
        case.file(before)
        replay(before, place.readings(readings, "all.jsonl"))
        cut = len(readings) // 2 if filed_at == "half way" else len(readings)
        replay(later, place.readings(readings[:cut], "first.jsonl"))
        case.file(later)
        replay(later, place.readings(readings[cut:], "rest.jsonl"))
        assert unnumbered(statement(later, LINES[0])) == unnumbered(statement(before, LINES[0]))
        assert None not in numbers(statement(before, LINES[0]))
        assert None not in numbers(statement(later, LINES[0]))


def relisted(site: Site, readings: list[Reading], suspend_at: int, file: Callable[[Site], object]) -> None:
    """Judge readings live; a suspension is filed, and taken into account, after some of them."""
    live = Live(site)
    for number, one in enumerate(readings):
        if number == suspend_at:
            live.act(Act.CHECKPOINT, one.start)
            file(site)
            live.judging.relist(watched_lines(site))
        live.take(one)
    live.act(Act.STOP, readings[-1].end)


@settings(max_examples=60)
@given(
    picture=st.text("xx~.?b", min_size=8, max_size=24),
    start=st.integers(0, 24),
    length=st.none() | st.integers(1, 8),
    taken=st.integers(1, 20),
)
@example(picture="....xxxx????????xxxx....", start=9, length=2, taken=10)
@example(picture="....xxxxbbbbbbbbxxxx....", start=9, length=2, taken=15)
@example(picture="....xxxxbbbbbbbbbbbb....", start=9, length=2, taken=15)
@example(picture="....x????xxxx......", start=6, length=2, taken=5)
def test_a_suspension_filed_late_over_what_is_open_is_as_good_as_one_known_before(
    prepared: Prepared, picture: str, start: int, length: int | None, taken: int
):
    """Taken into account while the line is watched, whatever it is in the middle of: the same statement as ever."""
    readings = pictured(LINES[0], picture + ".......")
    file = suspended(start, None if length is None else start + length)
    with twice(prepared) as (late, known):
        relisted(late, readings, min(taken, len(readings) - 1), file)
        file(known)
        play(known, readings, [])
        assert unnumbered(statement(late, LINES[0])) == unnumbered(statement(known, LINES[0]))
        assert None not in numbers(statement(late, LINES[0]))


def test_a_line_that_left_keeps_its_incident_marked(somewhere: Place):
    """Open or restored, under its last terms; and it is the same incident when the line comes back."""
    with somewhere.open() as site:
        replay(site, somewhere.readings(in_time(pictured(LINES[0], "....xxxx"), pictured(LINES[1], "...."))))
        (before,) = statement(site, LINES[0])["pending"]
    rows = somewhere.folder / "lines.csv"
    kept = rows.read_text()
    rows.write_text("".join(line for line in kept.splitlines(keepends=True) if not line.startswith(LINES[0])))
    with somewhere.open() as site:
        stated = statement(site, LINES[0])
        assert stated["departed"] is True
        assert stated["pending"] == [before]
    rows.write_text(kept)
    with somewhere.open() as site:
        replay(site, somewhere.readings(pictured(LINES[0], "xx....", since=after(8)), "more.jsonl"))
        stated = statement(site, LINES[0])
        assert "departed" not in stated
        assert [one["incident_id"] for one in stated["incidents"]] == [before["incident_id"]]


def test_what_could_not_be_written_is_written_later_in_order(prepared: Prepared, tmp_path):
    """Several commits that failed are one in the end: each entry once, in order, the last state, every reading kept."""
    readings = pictured(LINES[0], OUTAGE)
    with prepared.site(tmp_path) as site:
        judging = Judging(watched_lines(site))
        judging.restore(site.ledger, VANTAGE)
        waiting = judging.drain()
        for one in readings:
            judging.take(one)
            waiting = waiting.followed_by(judging.drain(one.end if one.end.second == 0 else None))
        waiting = waiting.followed_by(judging.drain(readings[-1].end, stopping=True))
        Recorder(site.ledger).commit(waiting)
        kinds = [entry.kind for entry in site.ledger.entries(kinds={OPENED, CLOSED})]
        assert kinds == [OPENED, CLOSED]
        assert sum(len(batch.data) > 0 for batch in site.ledger.tail(VANTAGE)) == len(readings)
        (incident,) = statement(site, LINES[0])["incidents"]
        assert incident["state"] == "restored"
