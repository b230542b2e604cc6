"""A second, slow judge of one line's month, written from the text of the domain alone.

It shares no code with `slamon.core`: instants are integers of microseconds since 1970 (UTC), money is a `Fraction`,
time is accounted by walking over every stretch between two neighbouring edges. It is meant to be read beside the text.
A `Case` is what people and probes filed; `judge_month` gives the numbers of the line's object in the report.
"""

import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any, Literal

Instant = int
Stretch = tuple[Instant, Instant]
SECOND = 1_000_000
DAY_S = 86_400
FOREVER = 1 << 62
ALARMING = ("interruption", "degradation")


@dataclass(frozen=True)
class Seen:
    """One window of readings: packets of each target (sent, received), its mean RTT, and the port if it was polled."""

    start: Instant
    end: Instant
    demarc: tuple[int, int] | None = None
    cpe: tuple[int, int] | None = None
    rtt_mean_ms: Fraction | None = None
    ipdv_ms: Fraction | None = None
    port_up: bool | None = None
    blind: bool = False


@dataclass(frozen=True)
class Criterion:
    metric: Literal["loss_ratio", "rtt_mean_ms", "ipdv_ms"]
    above: Fraction
    window_s: int | None = None


@dataclass(frozen=True)
class Profile:
    open_after_s: int = 10
    degraded_open_after_s: int = 300
    close_after_s: int = 60
    degraded: tuple[Criterion, ...] = (Criterion("loss_ratio", Fraction(1, 20), 60),)


@dataclass(frozen=True)
class Period:
    first_day: dt.date
    last_day: dt.date | None
    tier: str | None
    span: str | None
    rent: Fraction
    sla_fee: Fraction | None = None


@dataclass(frozen=True)
class Complaint:
    at: Instant
    category: str
    ticket: str
    closed_at: Instant | None = None


@dataclass(frozen=True)
class Work:
    """A maintenance record."""

    start: Instant
    end: Instant
    notified_at: Instant
    channel: str


@dataclass(frozen=True)
class Key:
    """Names an incident by the onset that it had before anybody corrected it."""

    onset: Instant
    reported: bool


@dataclass(frozen=True)
class Exclusion:
    incident: Key
    kind: str
    start: Instant
    end: Instant | None
    evidence: bool


@dataclass(frozen=True)
class Correction:
    incident: Key
    onset: Instant | None = None
    restored: Instant | None = None
    responsibility: str | None = None
    false_alarm: bool = False


@dataclass(frozen=True)
class Handback:
    incident: Key
    at: Instant


@dataclass(frozen=True)
class Case:
    """Everything on file about one line; `contract` has the keys and values of a contract file.

    `newer` are later versions of the contract, each with the day from which it is in force.
    """

    month: tuple[int, int]
    contract: dict[str, Any]
    periods: tuple[Period, ...]
    seen: tuple[Seen, ...]
    profile: Profile = Profile()
    has_demarc: bool = True
    area: str = "urban"
    vat_rate: Fraction = Fraction(6, 100)
    zone_offset_s: int = 8 * 3600
    suspensions: tuple[Stretch, ...] = ()
    complaints: tuple[Complaint, ...] = ()
    works: tuple[Work, ...] = ()
    exclusions: tuple[Exclusion, ...] = ()
    corrections: tuple[Correction, ...] = ()
    handbacks: tuple[Handback, ...] = ()
    newer: tuple[tuple[dt.date, dict[str, Any]], ...] = ()

    def terms(self, at: Instant) -> dict[str, Any]:
        """The version of the contract in force at an instant."""
        begun = [terms for day, terms in self.newer if midnight(day, self.zone_offset_s) <= at]
        return begun[-1] if begun else self.contract


@dataclass
class Segment:
    kind: str
    start: Instant
    end: Instant
    confirmed: Instant | None = None  # the end of the reading by which rule (a) first held in it


@dataclass
class Trouble:
    """An incident on its way to paper; `restored` is `None` while it is open."""

    key: Key
    onset: Instant
    alarm: Instant | None
    restored: Instant | None
    earliest: Instant | None
    segments: list[Segment]
    service: Stretch
    closed_by_up: bool = False
    stated: str | None = None  # the category of a reported one
    complaints: list[Complaint] = field(default_factory=list)
    responsibility: str = "carrier"
    false_alarm: bool = False
    handed_back: Instant | None = None
    previous_restored: Instant = -FOREVER
    keys: list[Key] = field(default_factory=list)  # reported incidents that this one replaced

    @property
    def end(self) -> Instant:
        return FOREVER if self.restored is None else self.restored


# --- calendar, in the contract's zone (a fixed offset is enough for Asia/Shanghai) ---


def midnight(day: dt.date, offset_s: int) -> Instant:
    return ((day - dt.date(1970, 1, 1)).days * DAY_S - offset_s) * SECOND


def month_edges(month: tuple[int, int], offset_s: int) -> Stretch:
    year, number = month
    following = dt.date(year + number // 12, number % 12 + 1, 1)
    return midnight(dt.date(year, number, 1), offset_s), midnight(following, offset_s)


def month_of(at: Instant, offset_s: int) -> tuple[int, int]:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=(at // SECOND + offset_s) // DAY_S)
    return day.year, day.month


def months_between(start: Instant, end: Instant, offset_s: int) -> list[tuple[int, int]]:
    months, at = [], month_of(start, offset_s)
    while month_edges(at, offset_s)[0] < end:
        months.append(at)
        at = (at[0] + at[1] // 12, at[1] % 12 + 1)
    return months


# --- arithmetic ---


def to_second(at: Instant) -> int:
    """Seconds since 1970, half-up."""
    return (at + SECOND // 2) // SECOND


def cents(amount: Fraction) -> Fraction:
    return Fraction(math.floor(amount * 100 + Fraction(1, 2)), 100)


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    out: list[Stretch] = []
    for start, end in sorted(s for s in stretches if s[0] < s[1]):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out


def cut(stretches: Iterable[Stretch], start: int, end: int) -> list[Stretch]:
    return union((max(s, start), min(e, end)) for s, e in stretches)


def without(stretches: Iterable[Stretch], holes: Iterable[Stretch]) -> list[Stretch]:
    left = union(stretches)
    for a, b in holes:
        left = [p for s, e in left for p in ((s, min(e, a)), (max(s, b), e)) if p[0] < p[1]] if a < b else left
    return left


def length(stretches: Iterable[Stretch]) -> int:
    return sum(e - s for s, e in union(stretches))


def rounded(stretches: Iterable[Stretch]) -> list[Stretch]:
    return [(to_second(s), to_second(e)) for s, e in stretches]


# --- service time ---


def service_spans(case: Case) -> list[Stretch]:
    days = union(
        (
            midnight(p.first_day, case.zone_offset_s),
            midnight(p.last_day + dt.timedelta(days=1), case.zone_offset_s) if p.last_day else FOREVER,
        )
        for p in case.periods
    )
    return without(days, case.suspensions)


# --- verdicts ---


def decisive(r: Seen, *, has_demarc: bool) -> tuple[int, int] | None:
    target = r.demarc if has_demarc else r.cpe
    return None if r.blind or target is None or target[0] == 0 else target


def exceeded(criterion: Criterion, readings: list[Seen], *, has_demarc: bool) -> bool:
    counts = [(decisive(r, has_demarc=has_demarc) or (0, 0), r) for r in readings]
    if criterion.metric == "loss_ratio":
        sent = sum(c[0] for c, _ in counts)
        return Fraction(sent - sum(c[1] for c, _ in counts), sent) > criterion.above
    if criterion.metric == "rtt_mean_ms":  # a mean over all replies
        known = [(c[1], r.rtt_mean_ms) for c, r in counts if r.rtt_mean_ms is not None]
    else:  # a mean over all pairs of consecutive replies
        known = [(max(1, c[1] - 1), r.ipdv_ms) for c, r in counts if r.ipdv_ms is not None]
    weight = sum(n for n, _ in known)
    return weight > 0 and sum(n * value for n, value in known) / weight > criterion.above


PORT_COUNTS_US = 2 * 60 * SECOND  # two intervals of the port's polling


def ports_down(readings: tuple[Seen, ...]) -> list[bool]:
    """Whether the carrier's port is down in each reading; a poll's word counts for two intervals after its window."""
    out: list[bool] = []
    said: tuple[Instant, bool] | None = None
    for r in readings:
        if r.port_up is not None:
            said = (r.end, not r.port_up)
        out.append(said is not None and said[1] and r.end <= said[0] + PORT_COUNTS_US)
    return out


@cache
def verdicts(readings: tuple[Seen, ...], profile: Profile, *, has_demarc: bool) -> list[str]:
    out: list[str] = []
    down = ports_down(readings)
    for i, r in enumerate(readings):
        counts = decisive(r, has_demarc=has_demarc)
        if down[i] and not r.blind:
            out.append("DOWN")
        elif counts is None:
            out.append("NO_DATA")
        elif counts[1] == 0:
            out.append("DOWN")
        else:
            bad = False
            for criterion in profile.degraded:
                pool = [r]
                if criterion.window_s is not None:
                    window = criterion.window_s * SECOND
                    earlier = [
                        q
                        for q, verdict in zip(readings[:i], out, strict=True)
                        if q.start >= r.end - window and verdict in ("UP", "DEGRADED")
                    ]
                    if 2 * sum(q.end - q.start for q in [*earlier, r]) >= window:
                        pool = [*earlier, r]
                bad = bad or exceeded(criterion, pool, has_demarc=has_demarc)
            out.append("DEGRADED" if bad else "UP")
    return out


@dataclass(frozen=True)
class Look:
    """A stretch of one verdict: a reading, or a gap between readings."""

    start: Instant
    end: Instant
    verdict: str
    cpe_silent: bool = False
    by_port: bool = False


def looks_of(case: Case, service: Stretch) -> list[Look]:
    """The readings of one service span, judged whole, cut at its edges, with the gaps between them as NO_DATA."""
    looks: list[Look] = []
    found = verdicts(case.seen, case.profile, has_demarc=case.has_demarc)
    for r, verdict, down in zip(case.seen, found, ports_down(case.seen), strict=True):
        start, end = max(r.start, service[0]), min(r.end, service[1])
        if start >= end:
            continue
        if looks and looks[-1].end < start:
            looks.append(Look(looks[-1].end, start, "NO_DATA"))
        said = verdict in ("UP", "DEGRADED") and case.has_demarc and r.cpe is not None and r.cpe[0] > 0
        silent = said and r.cpe is not None and r.cpe[1] == 0
        looks.append(Look(start, end, verdict, silent, by_port=down and verdict == "DOWN"))
    return looks


# --- incidents out of verdicts ---


def confirmed_at(run: list[Look], at_least_s: int) -> Instant | None:
    """When at least two readings first span `at_least_s`."""
    for count, look in enumerate(run, 1):
        if count >= 2 and look.end - run[0].start >= at_least_s * SECOND:
            return look.end
    return None


def runs(looks: list[Look], kinds: tuple[str, ...]) -> list[list[Look]]:
    """Maximal runs of readings of `kinds`; NO_DATA is not counted and breaks none."""
    out: list[list[Look]] = []
    broken = True
    for look in looks:
        if look.verdict == "NO_DATA":
            continue
        if look.verdict in kinds:
            if broken:
                out.append([])
            out[-1].append(look)
            broken = False
        else:
            broken = True
    return out


def alarm_of(run: list[Look], profile: Profile) -> Instant | None:
    """The alarm in an unbroken impaired run, by rule (a) or (b), whichever comes first."""
    found = [confirmed_at(downs, profile.open_after_s) for downs in runs(run, ("DOWN",))]
    found.append(confirmed_at(run, profile.degraded_open_after_s))
    return min((at for at in found if at is not None), default=None)


def segments_of(looks: list[Look], troubled: list[Stretch], case: Case) -> list[Segment]:
    """Cuts the looks of an incident by verdict; outside `troubled` a bad reading belongs to no alarm and is usable."""

    def calm(look: Look) -> Look:
        inside = any(s <= look.start < e for s, e in troubled)
        return look if inside or look.verdict == "NO_DATA" else replace(look, verdict="UP")

    looks = [calm(look) for look in looks]
    confirmed: dict[Instant, Instant] = {}
    for run in runs(looks, ("DOWN",)):
        at = confirmed_at(run, case.profile.open_after_s)
        if at is not None:
            confirmed |= {look.start: at for look in run}
    pieces: list[Segment] = []
    for look in looks:
        kind = {"NO_DATA": "blind", "UP": "usable", "DEGRADED": "degradation"}.get(look.verdict)
        if kind is None:
            kind = "interruption" if look.start in confirmed else "degradation"
        at = confirmed.get(look.start)
        if pieces and pieces[-1].kind == kind:
            pieces[-1].end = look.end
            pieces[-1].confirmed = min((a for a in (pieces[-1].confirmed, at) if a is not None), default=None)
        else:
            pieces.append(Segment(kind, look.start, look.end, at))
    joins = case.terms(looks[0].start)["blind_joins_s"] * SECOND
    out: list[Segment] = []
    original = [p.kind for p in pieces]
    for i, piece in enumerate(pieces):
        if (
            piece.kind == "blind"
            and 0 < i < len(pieces) - 1
            and original[i - 1] == original[i + 1]
            and original[i - 1] in ALARMING
            and piece.end - piece.start <= joins
        ):
            piece.kind = original[i - 1]
        if out and out[-1].kind == piece.kind:
            out[-1].end = piece.end
            out[-1].confirmed = min((a for a in (out[-1].confirmed, piece.confirmed) if a is not None), default=None)
        else:
            out.append(piece)
    return out


def closing(looks: list[Look], after: Instant, profile: Profile) -> tuple[Instant, Instant] | None:
    """(restored, restored_earliest) by the first UP run from `after` on that lasts long enough."""
    total, first = 0, -1
    for i, look in enumerate(looks):
        if look.start < after or look.verdict == "NO_DATA":
            continue
        if look.verdict != "UP":
            total, first = 0, -1
            continue
        first = i if first < 0 else first
        total += look.end - look.start
        if total >= profile.close_after_s * SECOND:
            before = first
            while before > 0 and looks[before - 1].verdict == "NO_DATA":
                before -= 1
            return looks[first].start, looks[before].start
    return None


def measured_in(case: Case, service: Stretch) -> list[Trouble]:
    """The incidents that the readings of one service span show."""
    looks = looks_of(case, service)
    ended = service[1] < FOREVER  # an end of service restores what is open; whether it has come is the view's business
    found: list[Trouble] = []
    stretches: list[list[Stretch]] = []
    for run in runs(looks, ("DOWN", "DEGRADED")):
        alarm = alarm_of(run, case.profile)
        if alarm is None or (found and run[0].start < found[-1].end):
            continue
        onset = run[0].start
        closed = closing(looks, run[0].end, case.profile)
        if closed is None:
            restored = earliest = service[1] if ended else None
        else:
            restored, earliest = closed
        span = (onset, FOREVER if restored is None else restored)
        last = found[-1] if found else None
        gap_us = case.terms(last.onset if last else onset)["reopen_within_s"] * SECOND
        if last is not None and last.closed_by_up and last.restored is not None and onset - last.restored <= gap_us:
            last.restored, last.earliest, last.closed_by_up = restored, earliest, closed is not None
            stretches[-1].append(span)
            continue
        found.append(
            Trouble(Key(onset, reported=False), onset, alarm, restored, earliest, [], service, closed is not None)
        )
        stretches.append([span])
    for trouble, troubled in zip(found, stretches, strict=True):
        inside = [look for look in looks if trouble.onset <= look.start < trouble.end]
        if trouble.restored is not None and inside[-1].end < trouble.restored:  # nothing seen until the end of service
            inside.append(Look(inside[-1].end, trouble.restored, "NO_DATA"))
        trouble.segments = segments_of(inside, troubled, case)
        by_port = any(look.by_port for look in inside if any(a <= look.start < b for a, b in troubled))
        trouble.responsibility = "carrier" if case.has_demarc or by_port else "undecided"
    return found


def notices_of(case: Case, service: Stretch) -> list[Stretch]:
    """When the demarc answered and the CPE did not, for long enough; over at the first reading that says otherwise."""
    out: list[Stretch] = []
    run: list[Look] = []
    for look in [*looks_of(case, service), Look(service[1], service[1], "UP")]:
        if look.verdict == "NO_DATA":
            continue
        if look.cpe_silent:
            run.append(look)
            continue
        if run and run[-1].end - run[0].start >= case.profile.open_after_s * SECOND:
            out.append((run[0].start, look.start))
        run = []
    return out


# --- what people filed ---


def correct(trouble: Trouble, corrections: Iterable[Correction]) -> None:
    for c in corrections:
        if c.incident != trouble.key:
            continue
        trouble.false_alarm = trouble.false_alarm or c.false_alarm
        trouble.responsibility = c.responsibility or trouble.responsibility
        if trouble.key.reported and c.onset is not None and c.restored is not None:
            trouble.onset, trouble.restored, trouble.earliest = c.onset, c.restored, c.restored
            trouble.segments = [Segment(str(trouble.stated), c.onset, c.restored, c.onset)]
            continue
        if c.onset is not None:
            trouble.onset = c.onset
            trouble.alarm = None if trouble.alarm is None else max(trouble.alarm, c.onset)
            kept = [s for s in trouble.segments if s.end > c.onset]
            if kept:
                kept[0].start = c.onset
            trouble.segments = kept
        if c.restored is not None:
            trouble.restored = trouble.earliest = c.restored
            kept = [s for s in trouble.segments if s.start < c.restored]
            if kept:
                kept[-1].end = c.restored
            trouble.segments = kept


def replaces(measured: list[Trouble], r: Trouble) -> Trouble | None:
    """The measured incident whose alarm is the first to come while a reported one is open (or as service ends)."""
    at_end = r.end if r.end == r.service[1] else None
    during = [t for t in measured if t.alarm is not None and (r.key.onset < t.alarm < r.end or t.alarm == at_end)]
    return min(during, key=lambda t: t.alarm or 0, default=None)


def replace_reported(measured: list[Trouble], reported: list[Trouble], until: Instant) -> None:
    """Lets a measured incident whose alarm came by `until`, while a reported one was open, take its complaints."""
    for r in list(reported):
        taker = replaces(measured, r)
        if taker is not None and taker.alarm is not None and taker.alarm <= until:
            taker.complaints += r.complaints
            taker.keys.append(r.key)
            reported.remove(r)


def join(case: Case, measured: list[Trouble], notices: list[Stretch], services: list[Stretch]) -> list[Trouble]:
    """Gives each complaint its incident, opening reported ones."""
    reported: list[Trouble] = []
    for c in sorted(case.complaints, key=lambda c: c.at):
        replace_reported(measured, reported, c.at)
        service = next((s for s in services if s[0] <= c.at < s[1]), None)
        if service is None:
            continue
        within = case.terms(c.at)["complaint_joins_s"] * SECOND
        near = [t for t in [*measured, *reported] if t.service == service]  # measured ones first
        is_open = [t for t in near if min(t.onset, t.key.onset if t.key.reported else t.onset) <= c.at < t.end]
        coming = [t for t in near if t.alarm is not None and c.at < t.alarm <= c.at + within]
        gone = [t for t in near if t.restored is not None and 0 <= c.at - t.restored < within]
        if is_open:
            home = is_open[0]
            told = next((t for t in is_open if t.key.reported), None)
            if told is not None and replaces(measured, told) is None:  # only corrected spans overlap like this
                home = told
        elif coming:
            home = min(coming, key=lambda t: t.alarm or 0)
        elif gone:
            home = max(gone, key=lambda t: t.end)
        elif any(s <= c.at < e for s, e in notices):
            continue
        else:
            home = Trouble(Key(c.at, reported=True), c.at, None, None, None, [], service, stated=c.category)
            home.responsibility = "undecided"
            home.restored = home.earliest = service[1] if service[1] < FOREVER else None
            correct(home, case.corrections)
            reported.append(home)
        home.complaints.append(c)
        corrected = any(x.incident == home.key and x.restored is not None for x in case.corrections)
        if home.key.reported and not corrected and c.closed_at is not None and c.at < home.end:
            home.restored = home.earliest = min(home.end, c.closed_at)
    replace_reported(measured, reported, FOREVER)
    return [*measured, *reported]


def incidents_of(case: Case) -> tuple[list[Trouble], list[Stretch]]:
    services = service_spans(case)
    measured: list[Trouble] = []
    notices: list[Stretch] = []
    for service in services:
        measured += measured_in(case, service)
        notices += notices_of(case, service)
    for trouble in measured:
        correct(trouble, case.corrections)
    everything = sorted(join(case, measured, notices, services), key=lambda t: (t.onset, t.key.reported))
    for i, trouble in enumerate(everything):
        trouble.complaints.sort(key=lambda c: c.at)
        trouble.handed_back = next((h.at for h in case.handbacks if h.incident in (trouble.key, *trouble.keys)), None)
        earlier = [t.end for t in everything[:i] if not t.false_alarm]
        trouble.previous_restored = max(earlier, default=-FOREVER)
    return everything, notices


# --- one incident as it stands at the end of the view ---


def exclusions_of(case: Case, trouble: Trouble) -> list[dict[str, Any]]:
    """What is filed against an incident's time, and whether the contract accepts it."""
    contract = case.terms(trouble.onset)
    listed = {row["kind"]: row for row in contract.get("exclusions", [])}
    rules = contract.get("maintenance", {})
    out = []
    for w in case.works:
        early = w.start - w.notified_at >= rules.get("notice_hours", 24) * 3600 * SECOND
        accepted = "planned_maintenance" in listed and early and w.channel in rules.get("channels", ())
        out.append({"kind": "planned_maintenance", "start": w.start, "end": w.end, "accepted": accepted})
    for x in case.exclusions:
        if x.incident in (trouble.key, *trouble.keys):
            accepted = x.kind in listed and (x.evidence or not listed[x.kind].get("evidence", False))
            end = FOREVER if x.end is None else x.end
            out.append({"kind": x.kind, "start": x.start, "end": end, "accepted": accepted})
    return out


class OutOfService(Exception):
    """No period of the line holds an instant."""


def period_at(case: Case, at: Instant) -> Period:
    offset = case.zone_offset_s
    for p in case.periods:
        last = FOREVER if p.last_day is None else midnight(p.last_day + dt.timedelta(days=1), offset)
        if midnight(p.first_day, offset) <= at < last:
            return p
    raise OutOfService


def monthly_fee(contract: dict[str, Any], period: Period) -> Fraction:
    """The SLA fee of a month, rounded to the cent once."""
    if period.sla_fee is not None:
        return period.sla_fee
    ratio = contract.get("sla_fee_ratio", {}).get(period.tier, "0")
    return cents(period.rent * Fraction(ratio))


def limit_s(contract: dict[str, Any], period: Period, category: str) -> int | None:
    for row in contract.get("limits", []):
        if row["category"] == category and period.span in row["spans"]:
            return int(Fraction(str(row["hours"][period.tier])) * 3600)
    return None


@dataclass
class View:
    """An incident with only what happened before `until` (the end of the month, or of observation)."""

    trouble: Trouble
    until: Instant
    pending: bool
    end: Instant
    segments: list[Segment]
    complaints: list[Complaint]
    exclusions: list[dict[str, Any]]
    category: str
    period: Period
    contract: dict[str, Any]

    def accepted(self, *kinds: str) -> list[Stretch]:
        return [(x["start"], x["end"]) for x in self.exclusions if x["accepted"] and (not kinds or x["kind"] in kinds)]

    def interruptions(self) -> list[Stretch]:
        return rounded((s.start, s.end) for s in self.segments if s.kind == "interruption")


def view_of(case: Case, trouble: Trouble, until: Instant, *, pending: bool) -> View:
    end = until if pending else trouble.end
    segments = [replace(s, end=min(s.end, end)) for s in trouble.segments if s.start < end]
    complaints = [c for c in trouble.complaints if not pending or c.at < end]
    interrupted = any(s.kind == "interruption" for s in segments)
    category = trouble.stated or ("interruption" if interrupted else "degradation")
    try:
        period = period_at(case, trouble.onset)
    except OutOfService:  # corrected to before or after service: the terms nearest before, else the first
        before = [p for p in case.periods if midnight(p.first_day, case.zone_offset_s) <= trouble.onset]
        period = before[-1] if before else case.periods[0]
    contract, filed = case.terms(trouble.onset), exclusions_of(case, trouble)
    return View(trouble, until, pending, end, segments, complaints, filed, category, period, contract)


def clocks_end(view: View) -> Instant:
    """Where clocks end: restored, or what the contract puts in its place."""
    trouble, contract = view.trouble, view.contract
    if view.pending:
        return view.end
    if contract["clock_end"] == "handed_back" and trouble.handed_back is not None:
        return trouble.handed_back
    if contract["uncertain_end"] == "early" and trouble.earliest is not None:
        return trouble.earliest
    return view.end


def clock_spans(view: View) -> list[tuple[str, Instant, Instant]]:
    """(category, start, end) of each clock, before the previous incident is looked at."""
    trouble, normal = view.trouble, clocks_end(view)
    counting = [c for c in view.complaints if c.at < view.end]
    told = [c.at for c in counting[:1]]
    spans: list[tuple[str, Instant, Instant]] = []
    pieces = [s for s in view.segments if s.kind == "interruption"]
    if trouble.stated is not None:
        spans += [(trouble.stated, at, normal) for at in told]
    elif pieces:
        starts = [max(s.confirmed, trouble.onset) for s in pieces if s.confirmed is not None]
        starts += [
            c.at for c in counting if c.category == "interruption" or any(s.start <= c.at < s.end for s in pieces)
        ]
        usable = view.contract["interruption_ends"] == "usable"
        spans.append(("interruption", min(starts), pieces[-1].end if usable else normal))
    if trouble.stated is None and any(s.kind == "degradation" for s in view.segments):
        starts = [at for at in (trouble.alarm, *told) if at is not None]
        spans.append(("degradation", min(starts), normal))
    return spans + [("statutory", at, normal) for at in told]


def clocks_of(case: Case, view: View) -> list[dict[str, Any]]:
    """The clocks of an incident; one that would not start before its end is not shown."""
    if view.trouble.false_alarm:
        return []
    out = []
    for category, begin, stop in clock_spans(view):
        start = max(begin, view.trouble.previous_restored)
        if start >= stop:
            continue
        away = view.accepted("customer_side") if category == "statutory" else view.accepted()
        a, b = to_second(start), to_second(stop)
        excluded = length(cut(rounded(away), a, b))
        limit = (
            statutory_limit_s(view.contract, case.area)
            if category == "statutory"
            else limit_s(view.contract, view.period, category)
        )
        restore = b - a - excluded
        over = 0 if limit is None else max(0, restore - limit)
        out.append(
            {
                "category": category,
                "start": start,
                "end": stop,
                "excluded_seconds": excluded,
                "restore_seconds": restore,
                "limit_seconds": limit,
                "breached": over > 0,
                "overrun_seconds": over,
            }
        )
    return out


def rule_named(contract: dict[str, Any], name: str) -> dict[str, Any] | None:
    return next((r for r in contract.get("compensation", []) if r["rule"] == name), None)


def statutory_limit_s(contract: dict[str, Any], area: str) -> int:
    rule = rule_named(contract, "statutory_waiver") or {}
    return int(rule.get("hours", {"urban": 48, "rural": 72})[area]) * 3600


# --- compensation ---


def by_month(case: Case, stretches: list[Stretch]) -> Fraction:
    """The sum over the months touched of (seconds in that month) / (seconds of that month)."""
    total = Fraction(0)
    for s, e in union(stretches):
        for month in months_between(s * SECOND, e * SECOND, case.zone_offset_s):
            a, b = (to_second(x) for x in month_edges(month, case.zone_offset_s))
            total += Fraction(length(cut([(s, e)], a, b)), b - a)
    return total


def days_of(seconds: int, rounding: str) -> Fraction:
    days = Fraction(seconds, DAY_S)
    if rounding == "up":
        return Fraction(math.ceil(days))
    if rounding == "down":
        return Fraction(math.floor(days))
    return cents(days)


def extension(case: Case, view: View, rule: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """(days, their worth) of `service_extension`."""
    pieces = without(view.interruptions(), rounded(view.accepted()))
    long = [e - s for s, e in pieces if e - s >= rule["at_least_hours"] * 3600]
    days = sum((days_of(s, rule["rounding"]) for s in long), Fraction(0))
    a, b = month_edges(month_of(view.end - (1 if view.pending else 0), case.zone_offset_s), case.zone_offset_s)
    return days, days * view.period.rent * DAY_S * SECOND / (b - a)


def money(case: Case, view: View, found: dict[str, dict[str, Any]], rule: dict[str, Any]) -> Fraction:
    """What a rule that pays money gives, not yet rounded; `found` are the clocks by category."""
    charge = view.period.rent + monthly_fee(view.contract, view.period)
    match rule["rule"]:
        case "statutory_waiver":
            if "statutory" not in found or not found["statutory"]["breached"]:
                return Fraction(0)
            whole = rounded([(view.trouble.onset, view.end)])
            return view.period.rent * by_month(case, without(whole, rounded(view.accepted("customer_side"))))
        case "restore_overrun":
            units = [
                -(-found[category]["overrun_seconds"] // (hours * 3600))
                for category, hours in rule["unit_hours"].items()
                if category in found
            ]
            return max(units, default=0) * Fraction(rule["credit_per_unit"]) * charge
        case "step_table":
            reached = found["interruption"]["restore_seconds"] if "interruption" in found else -1
            shares = [Fraction(s["credit"]) for s in rule["steps"] if s["from_minutes"] * 60 <= reached]
            return charge * max(shares, default=Fraction(0))
        case "planned_work_waiver":
            windows = union(rounded((w.start, w.end) for w in case.works))
            return charge * by_month(case, [p for s, e in windows for p in cut(view.interruptions(), s, e)])
    raise ValueError(rule["rule"])


def earned(case: Case, view: View, clocks: list[dict[str, Any]], rule: dict[str, Any]) -> dict[str, Any]:
    """What one rule gives for one incident, whoever answers for it."""
    amount: Fraction | None = None
    days: Fraction | None = None
    if rule["rule"] == "service_extension":
        days, price = extension(case, view, rule)
        worth = cents(price)
    else:
        amount = worth = cents(money(case, view, {c["category"]: c for c in clocks}, rule))
    basis = rule.get("basis", "agreement")
    return {"rule": rule["rule"], "basis": basis, "amount": amount, "days": days, "worth": worth, "applied": False}


def earns(contract: dict[str, Any], trouble: Trouble, basis: str) -> bool:
    exempt = ["customer"] if basis == "law" else contract["exempt_responsibilities"]
    return not trouble.false_alarm and trouble.responsibility not in exempt


def compensate(case: Case, view: View, clocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rules that gave something; `applied` as if an undecided incident were decided for the customer."""
    rows: list[tuple[dict[str, Any], bool]] = []
    for rule in view.contract.get("compensation", []):
        if rule["rule"] == "cumulative_hours" or not earns(view.contract, view.trouble, rule.get("basis", "agreement")):
            continue
        row = earned(case, view, clocks, rule)
        if row["worth"] > 0 or row["days"]:
            rows.append((row, rule.get("beside", False)))
    rivals = [row for row, beside in rows if not beside]
    best = max(rivals, key=lambda row: row["worth"], default=None)  # max() keeps the earlier of equals
    for row, beside in rows:
        row["applied"] = beside or view.contract["combine"] == "sum" or row is best
    return [row for row, _ in rows]


# --- the line's month ---


def as_of(case: Case) -> Instant:
    return min(max(r.end for r in case.seen), month_edges(case.month, case.zone_offset_s)[1])


def touches_month(case: Case, trouble: Trouble) -> tuple[bool, bool]:
    """(restored in the month, pending at its end)."""
    start, end = month_edges(case.month, case.zone_offset_s)
    until = as_of(case)
    restored = start <= trouble.end < end and trouble.end <= until
    return restored, trouble.onset < until and not restored and trouble.end >= start


def marks_of(case: Case, views: list[View]) -> dict[str, list[Stretch]]:
    """What puts a second where, first match wins; `seen` is what is not blind."""
    marks: dict[str, list[Stretch]] = {"excluded": [], "interrupted": [], "degraded": [], "seen": []}
    named = {"interruption": "interrupted", "degradation": "degraded"}
    for v in views:
        if v.trouble.false_alarm or not v.segments:
            continue
        whole = rounded([(v.trouble.onset, v.end)])[0]
        marks["excluded"] += cut(rounded(v.accepted()), *whole)
        if v.trouble.responsibility in v.contract["exempt_responsibilities"]:
            marks["excluded"].append(whole)
        for s in v.segments:
            if s.kind in named:
                marks[named[s.kind]] += rounded([(s.start, s.end)])
    for span in service_spans(case):
        looks = looks_of(case, span)
        marks["seen"] += rounded((look.start, look.end) for look in looks if look.verdict != "NO_DATA")
    return marks


def kind_of(second: int, marks: dict[str, list[Stretch]]) -> str:
    for kind in ("excluded", "interrupted", "degraded"):
        if within(second, marks[kind]):
            return kind
    return "up" if within(second, marks["seen"]) else "blind"


def within(second: int, group: list[Stretch]) -> bool:
    return any(s <= second < e for s, e in group)


def seconds_of(case: Case, views: list[View], until: Instant) -> dict[str, int]:
    """Walks over every stretch between two edges; each is one thing."""
    start, end = (to_second(x) for x in (month_edges(case.month, case.zone_offset_s)[0], until))
    service = cut(rounded(service_spans(case)), start, end)
    marks = marks_of(case, views)
    edges = {start, end} | {x for group in (service, *marks.values()) for s in group for x in s}
    out = dict.fromkeys(("service", "excluded", "interrupted", "degraded", "blind", "up", "as_seen"), 0)
    for a, b in pairwise(sorted(x for x in edges if start <= x <= end)):
        if within(a, service):
            out["service"] += b - a
            out["as_seen"] += (b - a) * within(a, marks["interrupted"])
            out[kind_of(a, marks)] += b - a
    return out


def six(bad: int, whole: int) -> str | None:
    if whole == 0:
        return None
    scaled = math.floor((1 - Fraction(bad, whole)) * 10**6 + Fraction(1, 2))
    return f"{scaled // 10**6}.{scaled % 10**6:06d}"


def billed(case: Case) -> tuple[Fraction, Fraction]:
    """Rent and SLA fee by days in service; a day that is suspended from end to end costs nothing."""
    start, end = month_edges(case.month, case.zone_offset_s)
    day_us, suspended = DAY_S * SECOND, union(case.suspensions)
    days = (end - start) // day_us
    rent = fee = Fraction(0)
    for at in range(start, end, day_us):
        if any(s <= at and at + day_us <= e for s, e in suspended):
            continue
        try:
            period = period_at(case, at)
        except OutOfService:
            continue
        rent += period.rent / days
        fee += monthly_fee(case.terms(at), period) / days
    return cents(rent), cents(fee)


def last_terms(case: Case) -> tuple[Period, dict[str, Any]]:
    """The month's last period (after service, the last one there was) and the contract on its last day in the month."""
    start, end = month_edges(case.month, case.zone_offset_s)
    begun = [p for p in case.periods if midnight(p.first_day, case.zone_offset_s) < end]
    period = begun[-1] if begun else case.periods[0]
    last_day = end - DAY_S * SECOND
    if period.last_day is not None and start <= midnight(period.last_day, case.zone_offset_s):
        last_day = min(last_day, midnight(period.last_day, case.zone_offset_s))
    return period, case.terms(last_day)


def full_charge(case: Case) -> Fraction:
    """The full monthly charge of the month's last period."""
    period, contract = last_terms(case)
    return period.rent + monthly_fee(contract, period)


def cumulative(case: Case, views: list[View], until: Instant) -> list[dict[str, Any]]:
    rule = rule_named(last_terms(case)[1], "cumulative_hours")
    if rule is None:
        return []
    basis = rule.get("basis", "agreement")
    start, end = to_second(month_edges(case.month, case.zone_offset_s)[0]), to_second(until)
    pieces: list[Stretch] = []
    for v in views:
        if earns(v.contract, v.trouble, basis) and v.trouble.responsibility != "undecided":
            pieces += cut(without(v.interruptions(), rounded(v.accepted())), start, end)
    hours = -(-length(pieces) // 3600)
    amount = cents(hours * Fraction(rule["credit_per_hour"]) * full_charge(case))
    if amount == 0:
        return []
    return [
        {"rule": "cumulative_hours", "basis": basis, "amount": amount, "days": None, "worth": amount, "applied": True}
    ]


def judge_month(case: Case) -> dict[str, Any]:
    """The numbers of the line's object in the report; instants in microseconds, money and days as fractions."""
    until = as_of(case)
    start, _ = month_edges(case.month, case.zone_offset_s)
    troubles, notices = incidents_of(case)
    shown: dict[bool, list[dict[str, Any]]] = {False: [], True: []}
    views: list[View] = []
    by_basis = dict.fromkeys(("agreement", "law", "policy"), Fraction(0))
    days = awaiting = awaiting_days = Fraction(0)
    for t in troubles:
        restored, pending = touches_month(case, t)
        if not (restored or pending):
            continue
        view = view_of(case, t, until, pending=pending)
        views.append(view)
        clocks = clocks_of(case, view)
        rows = compensate(case, view, clocks)
        if t.responsibility == "undecided":
            if restored:
                awaiting += sum((r["amount"] for r in rows if r["applied"] and r["amount"]), Fraction(0))
                awaiting_days += sum((r["days"] for r in rows if r["applied"] and r["days"]), Fraction(0))
            rows = [{**r, "applied": False} for r in rows]
        if restored:
            for r in rows:
                if r["applied"]:
                    by_basis[r["basis"]] += r["amount"] or 0
                    days += r["days"] or 0
        shown[pending].append(paper(view, clocks, rows))
    whole = cumulative(case, views, until)
    for r in whole:
        by_basis[r["basis"]] += r["amount"]
    cap = cents(Fraction(last_terms(case)[1]["cap_ratio"]) * full_charge(case))
    capped = by_basis["agreement"] + by_basis["policy"]
    credit = by_basis["law"] + min(capped, cap)
    seconds = seconds_of(case, views, until)
    as_seen = seconds.pop("as_seen")
    rent, fee = billed(case)
    s = seconds
    return {
        "as_of": until,
        "rent": rent,
        "sla_fee": fee,
        "net": cents((rent + fee) / (1 + case.vat_rate)),
        "tax": rent + fee - cents((rent + fee) / (1 + case.vat_rate)),
        "seconds": seconds,
        "availability": {
            "contract": six(s["interrupted"], s["service"] - s["excluded"] - s["blind"]),
            "lower_bound": six(s["interrupted"] + s["blind"], s["service"] - s["excluded"]),
            "as_seen": six(as_seen, s["service"]),
        },
        "incidents": shown[False],
        "pending": shown[True],
        "notices": [n for n in notices if n[0] < until and n[1] > start],
        "compensation": whole,
        "credit": credit,
        "credit_net": cents(credit / (1 + case.vat_rate)),
        "credit_tax": credit - cents(credit / (1 + case.vat_rate)),
        "credit_cut_by_cap": capped - min(capped, cap),
        "extension_days": days,
        "awaiting_decision": awaiting,
        "awaiting_days": awaiting_days,
        "by_basis": by_basis,
    }


def paper(view: View, clocks: list[dict[str, Any]], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """An incident as the report shows it."""
    t = view.trouble
    counting = [c.at for c in view.complaints if c.at < view.end]
    opened = "reported" if t.stated is not None else "open"
    overlapping = [x for x in view.exclusions if x["start"] < view.end and x["end"] > t.onset]
    return {
        "state": "false_alarm" if t.false_alarm else opened if view.pending else "restored",
        "category": view.category,
        "responsibility": t.responsibility,
        "onset": t.onset,
        "alarm": None if t.alarm is None or (view.pending and t.alarm > view.end) else t.alarm,
        "complaint": counting[0] if counting else None,
        "restored": None if view.pending else t.restored,
        "restored_earliest": None if view.pending else t.earliest,
        "handed_back": None if view.pending else t.handed_back,
        "segments": [(s.kind, s.start, s.end) for s in view.segments],
        "exclusions": overlapping,
        "clocks": clocks,
        "compensation": rows,
    }
