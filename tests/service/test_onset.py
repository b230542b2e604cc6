"""What is on record of an incident's onset: packets, errors, the path; and how many traceroutes that takes."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from slamon.core.incident import Episode
from slamon.core.lifecycle import DEFAULT_THRESHOLDS, Change, Happening
from slamon.probes.oneshot import Hop
from slamon.probes.protocol import OnsetEvidence, ProbeError, ProbeLine, QuotedError
from slamon.service.onset import (
    AT_ONCE,
    KEPT,
    KEPT_AT_MOST,
    STOPPED,
    TOO_MANY,
    UNDER_WAY,
    WAITING_AT_MOST,
    Onsets,
    Traceroute,
)
from slamon.store.entry import Draft, Entry
from slamon.store.measured import ONSET, OPENED
from tests.cli.office import Office
from tests.service.places import LINES, Place
from tests.service.playing import BASE, pictured
from tests.service.test_daemon import TEN_S, one_hop, serving, until

LOST = BASE + 4 * TEN_S + timedelta(milliseconds=1250)
ROUTER_SAID = QuotedError("10.9.9.1", "host unreachable", LOST + timedelta(seconds=1), 3)
PATH = (Hop(1, "10.9.9.1", 0.41234), Hop(2, None, None), Hop(3, "10.9.9.7", 12.0))


def seen(line_id: str, first_bad: datetime = LOST, *errors: QuotedError) -> OnsetEvidence:
    """What the prober tells of a line that was lost."""
    return OnsetEvidence(line_id, first_bad + timedelta(seconds=6), first_bad - timedelta(seconds=2), first_bad, errors)


def opened(line_id: str, onset: datetime = BASE + 4 * TEN_S) -> Happening:
    """The opening of a line's incident."""
    alarm = onset + 2 * TEN_S
    return Happening(Change.OPENED, alarm, Episode(line_id, onset, alarm, (), DEFAULT_THRESHOLDS))


async def onset_of(where: Place, traceroute: Traceroute, *evidence: OnsetEvidence) -> Entry:
    """The entry of a line's outage under a daemon."""
    async with serving(where, traceroute=traceroute) as service:
        service.prober.feed(*pictured(LINES[0], "....xxxx"), evidence=evidence)
        await service.recorded(ONSET, count=2)
        first, entry = service.entries(ONSET)
        assert first.payload["traceroute_skipped"] == UNDER_WAY
        (opening,) = service.entries(OPENED)
        assert (entry.subject, entry.line_id) == (opening.subject, LINES[0])
        assert entry.at == opening.at
        assert entry.seq > opening.seq
        return entry


def test_an_incidents_onset_is_on_record_and_shown(somewhere: Place):
    """Last good and first bad packet, what routers said, and the path; as JSON and for people."""
    asked: list[str] = []

    def traceroute(target: str, _source: str | None) -> Sequence[Hop]:
        asked.append(target)
        return PATH

    entry = asyncio.run(onset_of(somewhere, traceroute, seen(LINES[1]), seen(LINES[0], LOST, ROUTER_SAID)))
    assert len(asked) == 1
    assert entry.payload == {
        "last_good": "2026-10-03T00:00:39.250000Z",
        "first_bad": "2026-10-03T00:00:41.250000Z",
        "errors": [{"source": "10.9.9.1", "said": "host unreachable", "at": "2026-10-03T00:00:42.250000Z", "count": 3}],
        "traceroute": [
            {"hop": 1, "address": "10.9.9.1", "rtt_ms": 0.412},
            {"hop": 2, "address": None, "rtt_ms": None},
            {"hop": 3, "address": "10.9.9.7", "rtt_ms": 12.0},
        ],
        "traceroute_skipped": None,
    }
    office = Office(somewhere.folder)
    assert office.json("incident", "show", str(entry.subject), "--json")["onset_evidence"] == [entry.payload]
    shown = office.done("incident", "show", str(entry.subject))
    for text in ("2026-10-03 08:00:39.250", "2026-10-03 08:00:41.250", "10.9.9.1 said", "host unreachable (3 x"):
        assert text in shown
    for text in ("10.9.9.1  0.4 ms", "no answer", "10.9.9.7  12.0 ms"):
        assert text in shown


def test_a_traceroute_that_cannot_be_says_why(somewhere: Place):
    """The rest is on record all the same, nothing known of the packets included."""

    def traceroute(target: str, _source: str | None) -> Sequence[Hop]:
        raise ProbeError(f"no raw socket for {target}")

    payload = asyncio.run(onset_of(somewhere, traceroute)).payload
    assert (payload["last_good"], payload["first_bad"], payload["errors"]) == (None, None, [])
    assert payload["traceroute"] is None
    assert str(payload["traceroute_skipped"]).startswith("no raw socket for 10.")
    name = Office(somewhere.folder).incidents()[0]["incident_id"]
    assert "none: no raw socket for 10." in Office(somewhere.folder).done("incident", "show", name)


def latest(kept: Sequence[Draft]) -> list[Draft]:
    """The last entry of each incident, which stands for those before it."""
    return list({draft.subject: draft for draft in kept}.values())


class Gate:
    """Traceroutes that last until they are let through."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._lock = threading.Lock()
        self.asked: list[str] = []
        self.under_way = self.most = 0

    def __call__(self, target: str, source: str | None) -> Sequence[Hop]:
        with self._lock:
            self.asked.append(target)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self._open.wait()
        with self._lock:
            self.under_way -= 1
        return one_hop(target, source)

    def let_through(self) -> None:
        self._open.set()


@contextmanager
def gate() -> Iterator[Gate]:
    """A gate that is open in the end, so that no thread stays."""
    made = Gate()
    try:
        yield made
    finally:
        made.let_through()


def line_of(line_id: str) -> ProbeLine:
    """A line; those of even numbers are the less important ones."""
    return ProbeLine(line_id, demarc=line_id, rank=1 if int(line_id) % 2 == 0 else 0)


def test_f7_at_most_ten_traceroutes_at_once():
    """F7: one for each incident, ten under way, the others wait.

    Mutant: without `len(self._running) < AT_ONCE` in Onsets._begin all thirty are under way together.
    """
    kept: list[Draft] = []

    async def scenario(slow: Gate) -> None:
        onsets = Onsets(kept.append, line_of, slow)
        onsets.follow([opened(str(number)) for number in range(30)])
        await until(lambda: slow.under_way >= AT_ONCE)
        assert {draft.payload["traceroute_skipped"] for draft in kept} == {UNDER_WAY}
        slow.let_through()
        await until(lambda: len(kept) == 60)

    with gate() as slow:
        asyncio.run(scenario(slow))
    assert slow.most <= AT_ONCE
    assert sorted(slow.asked, key=int) == [str(number) for number in range(30)]
    assert len({draft.subject for draft in kept}) == 30
    assert all(draft.payload["traceroute_skipped"] is None for draft in latest(kept))


def test_f7_a_mass_outage_takes_few_traceroutes_the_most_important_lines_first():
    """F7: of 400 lines 10 and 50 get one; the others' packets and errors are on record at once.

    Mutant: without the limit in Onsets._open all 400 wait for theirs.
    """
    kept: list[Draft] = []

    async def scenario(slow: Gate) -> None:
        onsets = Onsets(kept.append, line_of, slow)
        lines = [str(number) for number in range(400)]
        onsets.hear(seen(line_id) for line_id in lines)
        onsets.follow(map(opened, lines))
        assert onsets.skipped == 400 - AT_ONCE - WAITING_AT_MOST
        assert len(kept) == 400
        assert {draft.payload["traceroute_skipped"] for draft in kept} == {TOO_MANY, UNDER_WAY}
        slow.let_through()
        await until(lambda: len(kept) == 400 + AT_ONCE + WAITING_AT_MOST)

    with gate() as slow:
        asyncio.run(scenario(slow))
    assert sorted(slow.asked, key=int) == [str(number) for number in range(1, 120, 2)]
    assert all(draft.payload["first_bad"] is not None for draft in kept)


def test_a_stop_waits_for_no_traceroute():
    """What was seen is on record; that the path is missing, too."""
    kept: list[Draft] = []

    async def scenario(slow: Gate) -> None:
        onsets = Onsets(kept.append, line_of, slow)
        onsets.hear([seen("7")])
        onsets.follow([opened(str(number)) for number in range(15)])
        onsets.stop()
        assert len(latest(kept)) == 15

    with gate() as slow:
        asyncio.run(scenario(slow))
    assert {draft.payload["traceroute_skipped"] for draft in latest(kept)} == {STOPPED}
    assert [draft.line_id for draft in latest(kept) if draft.payload["first_bad"] is not None] == ["7"]


def test_a_kill_while_the_path_is_asked_for_loses_the_path_only(somewhere: Place):
    """What was seen is on record as soon as the incident is, and says that the path was not known yet.

    Mutant: without the first `_write` in Onsets.follow nothing of the onset is on record.
    """

    async def scenario(slow: Gate) -> None:
        async with serving(somewhere, traceroute=slow) as service:
            service.prober.feed(*pictured(LINES[0], "....xxxx"), evidence=[seen(LINES[0], LOST, ROUTER_SAID)])
            await service.recorded(ONSET)
            await until(lambda: slow.asked)
            await service.die()

    with gate() as slow:
        asyncio.run(scenario(slow))
    office = Office(somewhere.folder)
    (one,) = office.json("incident", "show", office.incidents()[0]["incident_id"], "--json")["onset_evidence"]
    assert one["first_bad"] == "2026-10-03T00:00:41.250000Z"
    assert [error["said"] for error in one["errors"]] == ["host unreachable"]
    assert (one["traceroute"], one["traceroute_skipped"]) == (None, UNDER_WAY)


def test_a_line_that_is_not_probed_any_more_gets_no_traceroute():
    """There is no address to ask for."""
    kept: list[Draft] = []
    onsets = Onsets(kept.append, lambda _: None, one_hop)
    onsets.follow([opened("7")])
    (draft,) = kept
    assert draft.payload["traceroute_skipped"] == "the line is not probed any more"


@pytest.mark.parametrize(
    ("first_bad", "known"),
    [(LOST, True), (BASE - timedelta(minutes=5), False)],
    ids=["what was seen of this outage belongs to it", "what was seen of an earlier, short loss does not"],
)
def test_evidence_belongs_to_its_own_outage(first_bad: datetime, *, known: bool):
    """An outage too short for an incident leaves evidence behind that a later incident must not show.

    Mutant: without `found.at <= episode.onset` in Onsets._take the earlier loss is shown as this one's.
    """
    kept: list[Draft] = []
    onsets = Onsets(kept.append, lambda _: None, one_hop)
    onsets.hear([seen("7", first_bad)])
    onsets.follow([opened("7")])
    assert (kept[0].payload["first_bad"] is not None) is known


def test_evidence_that_comes_after_the_alarm_is_taken_when_the_path_is_known():
    """A second entry is written when the traceroute is done, with what is known by then."""
    kept: list[Draft] = []

    async def scenario(slow: Gate) -> None:
        onsets = Onsets(kept.append, line_of, slow)
        onsets.follow([opened("7")])
        onsets.hear([seen("7")])
        slow.let_through()
        await until(lambda: len(kept) == 2)

    with gate() as slow:
        asyncio.run(scenario(slow))
    assert kept[0].payload["first_bad"] is None
    assert kept[1].payload["first_bad"] == "2026-10-03T00:00:41.250000Z"


def test_what_is_remembered_is_bounded_in_age_and_number():
    """The latest of each line, for an hour, of 100,000 lines at most: short losses leave no heap behind.

    Mutant: without the `while` in Onsets.hear all of it stays.
    """
    onsets = Onsets(lambda _: None, line_of, one_hop)
    onsets.hear([seen("1"), seen("2"), seen("1", LOST + KEPT + TEN_S)])
    assert onsets.remembered == 1
    onsets.hear(seen(str(number), LOST + KEPT + TEN_S) for number in range(KEPT_AT_MOST + 10))
    assert onsets.remembered == KEPT_AT_MOST
