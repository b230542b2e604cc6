"""The timeline language: a line's readings as a picture, judged and turned into a statement.

A picture has one character per window: ``.`` up, ``~`` degraded, ``x`` down, ``?`` no data (the reading is missing),
``c`` the customer's side is silent (demarc up, CPE down). Around the pictures the line is up, in readings of an hour.
Times are written as the customer's clock on the wall shows them; a time without a year is of 2026.

    Story((drawn("10-03 08:00", "x" * 122),), (complaint("10-03 08:01"),))

is a line that was down from 08:00 to 10:02, and a call about it; `statement` is its October.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from slamon.config.contracts import load_contracts
from slamon.core.calendar import BillingMonth
from slamon.core.contract import Contract, Contracts, RestoreOverrun, Rule
from slamon.core.incident import Episode, Notice
from slamon.core.inventory import Line, Period
from slamon.core.judge import Judge, judge, open_notice, unobserved
from slamon.core.lifecycle import Change, Course
from slamon.core.quality import Criterion, Metric, Profile, Watch
from slamon.core.reading import Reading, TargetStats
from slamon.core.statement import LineStatement, line_statement
from slamon.core.timeline import LineTerms, Measured, Timeline, assemble
from slamon.core.timespan import Span, SpanSet
from slamon.resources import contract_files
from tests.core.filings import Record, filed
from tests.core.wallclock import LINE, local

# One criterion, and an alarm by rule (b) as quick as one by rule (a): two windows of whatever is bad.
PROFILE = Profile(
    degraded_open_after_s=10, degraded=(Criterion(Metric.LOSS_RATIO, above=0.05, window_s=60),), close_after_s=60
)


@cache
def shipped() -> Contracts:
    """Return the contracts that ship with slamon."""
    contracts, problems = load_contracts(contract_files(), None)
    assert contracts is not None, problems
    return contracts


def contract(contract_id: str = "cmcc-internet-line") -> Contract:
    """Return a shipped contract."""
    return shipped().of(contract_id)[-1]


def without(terms: Contract, *rules: type[Rule]) -> Contract:
    """Return the contract with rules left out."""
    return replace(terms, rules=tuple(rule for rule in terms.rules if not isinstance(rule, rules)))


def changed(terms: Contract, rule: type[Rule], **to: Any) -> Contract:
    """Return the contract with a member of one rule changed."""
    return replace(terms, rules=tuple(replace(r, **to) if isinstance(r, rule) else r for r in terms.rules))


def no_policy() -> Contract:
    """Return the internet line's agreement without the operator's price for missed limits."""
    return without(contract(), RestoreOverrun)


# AAA within a city for 3000.00 a month, and 900.00 for the SLA: 3900.00 in all; a thirtieth of it is 130.00.
AAA = Period(
    first_day=date(2026, 1, 1),
    last_day=None,
    customer_id="C1",
    contract="cmcc-internet-line",
    monthly_rent=Decimal("3000.00"),
    product="internet_line",
    tier="AAA",
    span="intra_city",
    bandwidth_mbps=100,
    vat_rate=Decimal("0.06"),
    demarc="10.64.0.1",
    cpe="10.64.0.2",
)
AA = replace(AAA, tier="AA")
A = replace(AAA, tier="A")
STANDARD = replace(AAA, tier="standard")
CPE_ONLY = replace(AAA, demarc=None)
# Under contracts without tiers: 3000.00 a month in all, a thirtieth is 100.00.
PLAIN = replace(AAA, tier=None, span=None)


@dataclass(frozen=True)
class Drawn:
    """A picture of windows of one length that begins at an instant."""

    at: datetime
    picture: str
    window_s: float = 60

    @property
    def end(self) -> datetime:
        return self.at + len(self.picture) * timedelta(seconds=self.window_s)


def drawn(at: str, picture: str, window_s: float = 60) -> Drawn:
    """Return a picture that begins at a local time."""
    return Drawn(local(at), picture, window_s)


_GOOD = TargetStats(sent=5, received=5, rtt_min_ms=1.0, rtt_mean_ms=1.2, rtt_max_ms=1.5, ipdv_ms=0.1)
_LOSSY = replace(_GOOD, received=2)
_DEAD = TargetStats(sent=5, received=0)
_STATS = {".": _GOOD, "~": _LOSSY, "x": _DEAD}


def reading(sign: str, start: datetime, end: datetime, period: Period = AAA) -> Reading:
    """Return the reading that a character of a picture stands for."""
    if sign == "c":
        return Reading(LINE, start, end, demarc=_GOOD, cpe=_DEAD)
    stats = _STATS[sign]
    if period.demarc is None:
        return Reading(LINE, start, end, cpe=stats)
    return Reading(LINE, start, end, demarc=stats, cpe=stats if period.cpe is not None else None)


def readings_of(picture: Drawn, period: Period = AAA) -> Iterator[Reading]:
    """Yield the readings of a picture; a ``?`` has none."""
    step = timedelta(seconds=picture.window_s)
    for number, sign in enumerate(picture.picture):
        start = picture.at + number * step
        if sign != "?":
            yield reading(sign, start, start + step, period)


def up_between(start: datetime, end: datetime, period: Period = AAA) -> Iterator[Reading]:
    """Yield good readings of an hour from one instant to another, the last one shorter."""
    while start < end:
        stop = min(start + timedelta(hours=1), end)
        yield reading(".", start, stop, period)
        start = stop


@dataclass(frozen=True)
class Story:
    """A line, its terms, what it did between `since` and `until`, and what people filed.

    The judge knows suspensions beforehand unless `suspended_late`.
    """

    pictures: tuple[Drawn, ...] = ()
    filed: tuple[Record, ...] = ()
    periods: tuple[Period, ...] = (AAA,)
    contracts: tuple[Contract, ...] = ()
    profile: Profile = PROFILE
    since: str = "10-01 00:00"
    until: str = "11-01 00:00"
    suspended_late: bool = False

    @property
    def terms(self) -> LineTerms:
        own = {c.id for c in self.contracts}
        others = tuple(c for c in shipped().versions if c.id not in own)
        return LineTerms(Line(LINE, self.periods), Contracts(self.contracts + others))

    @property
    def watch(self) -> Watch:
        period = self.periods[-1]
        return Watch(period.demarc is not None, period.cpe is not None, period.bandwidth_mbps, self.profile)


def readings(story: Story) -> Iterator[Reading]:
    """Yield the readings of a story: its pictures, and good hours around them."""
    period, at, until = story.periods[-1], local(story.since), local(story.until)
    for picture in sorted(story.pictures, key=lambda drawing: drawing.at):
        assert picture.at >= at, "pictures do not overlap"
        yield from up_between(at, picture.at, period)
        yield from readings_of(picture, period)
        at = picture.end
    yield from up_between(at, until, period)


def unchanged(state: Judge) -> Judge:
    """Leave a judge as it is."""
    return state


def measured(story: Story, between: Callable[[Judge], Judge] = unchanged) -> Measured:
    """Judge a story's readings; `between` may put another judge in place before each reading (a restart)."""
    terms, facts = story.terms, filed(story.filed)
    known = replace(facts, suspensions=()) if story.suspended_late else facts
    service = terms.service(known)
    state = Judge(Course(LINE))
    episodes: list[Episode] = []
    notices: list[Notice] = []
    blind: list[Span[datetime] | None] = []
    for each in readings(story):
        state = between(state)
        outcome = judge(state, story.watch, service, each)
        episodes.extend(h.episode for h in outcome.happenings if h.change is Change.CLOSED)
        notices.extend(outcome.notices)
        blind.extend(Span(b.start, b.end) for b in outcome.blind)
    still_open = state.course.episode()
    aside = open_notice(LINE, state.aside)
    until = local(story.until) if state.coverage.until is None else max(state.coverage.until, local(story.until))
    unseen = unobserved(state.coverage, Span(local("2000-01-01 00:00"), until), until)
    return Measured(
        episodes=tuple(episodes if still_open is None else [*episodes, still_open]),
        notices=tuple(notices if aside is None else [*notices, aside]),
        nodata=SpanSet(blind) | unseen,
        until=until,
        numbers={},
    )


def timeline(story: Story) -> Timeline:
    """Return the incidents of a story."""
    return assemble(story.terms, measured(story), filed(story.filed))


def statement(story: Story, month: str = "2026-10") -> LineStatement:
    """Return the line's statement of a month of a story."""
    what = measured(story)
    found = line_statement(story.terms, BillingMonth.parse(month), what.until, what, filed(story.filed))
    assert found is not None, "the line has no service in the month"
    return found
