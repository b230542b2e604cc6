"""What is seen from each source address: its references, their word, and the rows that wait for it (F1).

References are asked from every source in use, so that one dead path blinds its own lines only. A source of a family in
which no reference is named has no word of its own: that of the machine's own choice of source stands for it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from slamon.probes.fleet import Fleet
from slamon.probes.handing import Handing
from slamon.probes.outgoing import Outgoing
from slamon.probes.protocol import ProbeEvent
from slamon.probes.resolve import literal
from slamon.probes.track import DueQueue, ReferenceTrack
from slamon.probes.vantage import SightChange, Vantage
from slamon.probes.walltime import WallTime


class Sight:
    """One source address; None is whatever the machine chooses."""

    def __init__(self, source: str | None, fleet: Fleet, wall: WallTime, outgoing: Outgoing, now_ns: int) -> None:
        self.source = source
        self.own = Vantage((), now_ns, source)
        self.handing = Handing(fleet, self.own, wall, outgoing)
        self.references: dict[str, ReferenceTrack] = {}
        self.wanted = False  # whether a window of a line that walks waits for the word

    @property
    def vantage(self) -> Vantage:
        """Return the word that holds for it: its own, or that of another."""
        return self.handing.vantage

    def hurry(self, now_ns: int, due: DueQueue) -> None:
        """Ask the references at once, as far as politeness allows: an alarm may wait for their word."""
        for track in self.references.values():
            due_ns = track.schedule.due_ns
            track.schedule.hurry(now_ns)
            if track.schedule.due_ns != due_ns:
                due.push(track)

    def renew(self, references: Collection[str], now_ns: int, due: DueQueue) -> SightChange | None:
        """Ask these references from now on."""
        change = self.own.renew(list(references), now_ns)
        for reference in set(self.references) - set(references):
            self.references.pop(reference).alive = False
        for reference in references:
            if reference not in self.references:
                track = self.references[reference] = ReferenceTrack(reference, self.source, now_ns, self.own)
                due.push(track)
        return change


class Sights:
    """All sources that were ever in use: rows of one that is no more are still handed on."""

    def __init__(self, fleet: Fleet, wall: WallTime, outgoing: Outgoing, due: DueQueue, now_ns: int) -> None:
        self._fleet, self._wall, self._outgoing, self._due, self._now_ns = fleet, wall, outgoing, due, now_ns
        self._all: dict[str | None, Sight] = {}
        self._word: object = None

    def __iter__(self) -> Iterator[Sight]:
        return iter(self._all.values())

    def of(self, source: str | None) -> Sight:
        """Return what is seen from a source."""
        found = self._all.get(source)
        if found is None:
            found = self._all[source] = Sight(source, self._fleet, self._wall, self._outgoing, self._now_ns)
        return found

    def vantage_of(self, source: str | None) -> Vantage:
        """Return the word that holds for a source."""
        return self.of(source).vantage

    def renew(self, references: Sequence[str], sources: Collection[str | None], now_ns: int) -> None:
        """Ask these references from these sources."""
        self._now_ns = now_ns
        asked = {source: _of_family(references, source) for source in sources}
        if not all(asked.values()):
            asked[None] = list(references)
        for source in {*self._all, *asked}:
            sight, wanted = self.of(source), asked.get(source, [])
            self._say(sight, sight.renew(wanted, now_ns, self._due), now_ns)
            borrows = source in asked and not wanted
            sight.handing.vantage = self.of(None).own if borrows else sight.own

    def advance(self, now_ns: int) -> None:
        """Take in what became of the references' packets."""
        for sight in self._all.values():
            self._say(sight, sight.own.advance(), now_ns)

    def _say(self, sight: Sight, change: SightChange | None, now_ns: int) -> None:
        if change is None:
            return
        kind, what = ("lost", "every reference target is lost") if change.lost else (
            "back", "a reference target answers again" if sight.references else "no reference target is named any more"
        )  # fmt: skip
        detail = what if sight.source is None else f"from {sight.source} {what}"
        at = self._wall.ending(min(change.at_ns, now_ns))
        self._outgoing.events.append(ProbeEvent(f"reference_{kind}", at, detail))

    @property
    def waits(self) -> bool:
        """Tell whether rows wait for the references' word."""
        return any(sight.handing.waits for sight in self._all.values())

    def give(self, *, at_once: bool = False) -> None:
        """Hand on what may be handed on."""
        for sight in self._all.values():
            sight.handing.give(at_once=at_once)

    def hurry(self, now_ns: int) -> None:
        """Ask the references at once whose word is waited for, as far as politeness allows."""
        for sight in self._all.values():
            if sight.wanted or sight.handing.waits:
                sight.hurry(now_ns, self._due)

    def something_new(self) -> bool:
        """Tell whether what waits may be decided otherwise than at the last call; then no word is wanted yet."""
        word = [(sight.vantage.word, sight.handing.given) for sight in self._all.values()]
        before, self._word = self._word, word
        if word == before:
            return False
        for sight in self._all.values():
            sight.wanted = False
        return True


def _of_family(references: Sequence[str], source: str | None) -> list[str]:
    """Return the references that can be asked from a source; of a name nobody knows before it is looked up."""
    family = None if source is None else literal(source)
    spelled = [(reference, literal(reference)) for reference in references]
    return [text for text, found in spelled if found is None or family is None or found.family == family.family]
