"""The review of a month: the lines' parts added up, by whatever people ask about, in each currency for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .money import ratio_text
from .review import Awaited, Breach, Corrected, LineReview, Promise
from .review_groups import Group, Kept, LineRank, RestoreTimes

WORST = 100
CHRONIC = 3


BY = ("customer", "account", "tier", "span")
_ITEMS = ("rule", "basis")


@dataclass(slots=True)
class Review:
    """A month's review under way: `add` each line once, then read it."""

    chronic_from: int = CHRONIC
    totals: dict[str, Group] = field(default_factory=dict)
    groups: dict[str, dict[tuple[str, str], Group]] = field(default_factory=lambda: {by: {} for by in (*BY, *_ITEMS)})
    times: dict[tuple[str, str | None], RestoreTimes] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)
    breaches: list[Breach] = field(default_factory=list)
    awaited: list[Awaited] = field(default_factory=list)
    late: list[Promise] = field(default_factory=list)
    corrected: list[Corrected] = field(default_factory=list)
    chronic: list[LineRank] = field(default_factory=list)
    complaints: int = 0
    service_s: int = 0
    interrupted_s: int = 0
    blind_s: int = 0
    _worst: list[tuple[int, LineRank]] = field(default_factory=list)
    _blindest: list[tuple[int, LineRank]] = field(default_factory=list)

    def add(self, line: LineReview) -> None:
        """Add one line."""
        for by, key, name in _places(line):
            _add_line(_group(self.groups[by], key, name, line.currency), line)
        _add_line(self.totals.setdefault(line.currency, Group(line.currency, "", line.currency)), line)
        for paid in line.paid:
            for by, key in (("rule", paid.rule), ("basis", paid.basis)):
                group = _group(self.groups[by], key, "", line.currency)
                group.items += 1
                group.credit += paid.amount
                group.days += paid.days
        self._add_times(line)
        self._add_lists(line)

    def _add_times(self, line: LineReview) -> None:
        for restore in line.restores:
            key = (restore.category, restore.tier)
            times = self.times.setdefault(key, RestoreTimes(*key))
            times.count += 1
            times.sum_s += restore.restore_s
            times.longest_s = max(times.longest_s, restore.restore_s)
        self.service_s += line.service_s
        self.interrupted_s += line.interrupted_s
        self.blind_s += line.blind_s

    def _add_lists(self, line: LineReview) -> None:
        self.breaches += line.breaches
        self.awaited += line.awaited
        self.corrected += line.corrected
        self.complaints += line.complaints
        for promise in line.promises:
            kept = self.kept.setdefault(promise.target, Kept(promise.target))
            kept.met += promise.met is True
            kept.missed += promise.met is False
            kept.running += promise.met is None
            if promise.met is False:
                self.late.append(promise)
        if line.recent >= self.chronic_from:
            self.chronic.append(_rank(line))
        _keep(self._worst, line.interrupted_s, line)
        _keep(self._blindest, line.blind_s, line)

    def take(self, other: Review) -> None:
        """Add another part of the same month's review: other lines, added up elsewhere."""
        for by, groups in other.groups.items():
            for (currency, key), group in groups.items():
                _group(self.groups[by], key, group.name, currency).take(group)
        for currency, whole in other.totals.items():
            self.totals.setdefault(currency, Group(currency, "", currency)).take(whole)
        for place, times in other.times.items():
            own = self.times.setdefault(place, RestoreTimes(*place))
            own.count += times.count
            own.sum_s += times.sum_s
            own.longest_s = max(own.longest_s, times.longest_s)
        for name, kept in other.kept.items():
            mine = self.kept.setdefault(name, Kept(name))
            mine.met, mine.missed, mine.running = (
                mine.met + kept.met,
                mine.missed + kept.missed,
                mine.running + kept.running,
            )
        for part in ("breaches", "awaited", "late", "corrected", "chronic", "_worst", "_blindest"):
            getattr(self, part).extend(getattr(other, part))
        for count in ("complaints", "service_s", "interrupted_s", "blind_s"):
            setattr(self, count, getattr(self, count) + getattr(other, count))

    def sorted(self) -> Review:
        """Put the lists into the order in which they are read."""
        self.breaches.sort(key=lambda one: (-one.overrun_s, one.line_id, one.onset))
        self.awaited.sort(key=lambda one: (one.currency, -one.amount, -one.days, one.line_id, one.onset))
        self.late.sort(key=lambda one: (one.due, one.ticket, one.target))
        self.corrected.sort(key=lambda one: one.correction.seq)
        self.chronic.sort(key=lambda one: (-one.recent, one.line_id))
        self._worst, self._blindest = _first(self._worst), _first(self._blindest)
        return self

    @property
    def worst(self) -> list[LineRank]:
        """The lines that were interrupted longest, at most `WORST` of them."""
        return [rank for _, rank in _first(self._worst)]

    @property
    def blindest(self) -> list[LineRank]:
        """The lines that were not observed longest, at most `WORST` of them."""
        return [rank for _, rank in _first(self._blindest)]

    @property
    def blind_ratio(self) -> str | None:
        """The share of service time that nobody observed, six decimals."""
        return ratio_text(self.blind_s, self.service_s)

    def by(self, what: str) -> Sequence[Group]:
        """Return the groups of one kind, the largest credit first in each currency."""
        return sorted(self.groups[what].values(), key=lambda one: (one.currency, -one.credit, one.key))


def review(lines: Iterable[LineReview], chronic_from: int = CHRONIC) -> Review:
    """Return the review of lines; they are held no longer than they are added."""
    found = Review(chronic_from)
    for line in lines:
        found.add(line)
    return found.sorted()


def joined(parts: Iterable[Review], chronic_from: int = CHRONIC) -> Review:
    """Return the review of a month whose lines were added up in parts; the parts may come in any order."""
    found = Review(chronic_from)
    for part in parts:
        found.take(part)
    return found.sorted()


def _places(line: LineReview) -> Iterable[tuple[str, str, str]]:
    yield "customer", line.customer_id, line.customer_name
    yield "account", line.account, ""
    yield "tier", line.tier or "", ""
    yield "span", line.span or "", ""


def _group(groups: dict[tuple[str, str], Group], key: str, name: str, currency: str) -> Group:
    found = groups.get((currency, key))
    if found is None:
        found = groups[currency, key] = Group(key, name, currency)
    found.name = found.name or name
    return found


def _add_line(group: Group, line: LineReview) -> None:
    group.lines += 1
    group.items += len(line.paid)
    group.incidents += line.incidents
    group.breaches += len(line.breaches)
    group.charge += line.charge
    group.credit += line.credit
    group.cut_by_cap += line.cut_by_cap
    group.days += line.days
    group.awaiting += line.awaiting
    group.awaiting_days += line.awaiting_days
    group.accrued += line.accrued


def _rank(line: LineReview) -> LineRank:
    return LineRank(
        line_id=line.line_id,
        name=line.name,
        customer_id=line.customer_id,
        tier=line.tier,
        availability=line.availability,
        interrupted_s=line.interrupted_s,
        blind_s=line.blind_s,
        incidents=line.incidents,
        recent=line.recent,
    )


def _keep(found: list[tuple[int, LineRank]], seconds: int, line: LineReview) -> None:
    """Keep the lines with most seconds, and from time to time let the rest go."""
    if seconds:
        found.append((seconds, _rank(line)))
        if len(found) >= 10 * WORST:
            found[:] = _first(found)


def _first(found: list[tuple[int, LineRank]]) -> list[tuple[int, LineRank]]:
    return sorted(found, key=lambda one: (-one[0], one[1].line_id))[:WORST]
