"""From readings to verdicts, and from verdicts to incidents and notices, as section 3 of the domain says."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache

from tests.oracle.arithmetic import FOREVER, SECOND, Instant, Stretch, midnight, union, without
from tests.oracle.nouns import Case, Criterion, Key, Profile, Seen, Segment, Trouble

ALARMING = ("interruption", "degradation")


def service_spans(case: Case) -> list[Stretch]:
    days = union(
        (
            midnight(p.first_day, case.zone_offset_s),
            midnight(p.last_day + dt.timedelta(days=1), case.zone_offset_s) if p.last_day else FOREVER,
        )
        for p in case.periods
    )
    return without(days, case.suspensions)


def decisive(r: Seen, *, has_demarc: bool) -> tuple[int, int] | None:
    target = r.demarc if has_demarc else r.cpe
    return None if r.blind or target is None or target[0] == 0 else target


def exceeded(criterion: Criterion, readings: list[Seen], *, has_demarc: bool) -> bool:
    if criterion.metric == "error_ratio":  # errors / (errors + packets) of the polls that ended in these readings
        polls = [r.port_errors for r in readings if r.port_errors is not None]
        errors, packets = sum(e for e, _ in polls), sum(p for _, p in polls)
        return errors + packets > 0 and Fraction(errors, errors + packets) > criterion.above
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


Judged = tuple[str, frozenset[str]]


@cache
def judgements(readings: tuple[Seen, ...], profile: Profile, *, has_demarc: bool) -> list[Judged]:
    """The verdict of each reading, and the parts of the line whose word decided it."""
    out: list[Judged] = []
    own = "demarc" if has_demarc else "cpe"
    for i, (r, down) in enumerate(zip(readings, ports_down(readings), strict=True)):
        counts = decisive(r, has_demarc=has_demarc)
        silent = counts is not None and counts[1] == 0
        if r.blind or (counts is None and not down):
            out.append(("NO_DATA", frozenset()))
        elif silent or down:
            out.append(("DOWN", frozenset([*([own] * silent), *(["interface"] * down)])))
        else:
            parts = set()
            for criterion in profile.degraded:
                pool = [r]
                if criterion.window_s is not None:
                    window = criterion.window_s * SECOND
                    earlier = [
                        q
                        for q, (verdict, _) in zip(readings[:i], out, strict=True)
                        if q.start >= r.end - window and verdict in ("UP", "DEGRADED")
                    ]
                    if 2 * sum(q.end - q.start for q in [*earlier, r]) >= window:
                        pool = [*earlier, r]
                if exceeded(criterion, pool, has_demarc=has_demarc):
                    parts.add("interface" if criterion.metric == "error_ratio" else own)
            out.append(("DEGRADED" if parts else "UP", frozenset(parts)))
    return out


@dataclass(frozen=True)
class Look:
    """A stretch of one verdict: a reading, or a gap between readings."""

    start: Instant
    end: Instant
    verdict: str
    cpe_silent: bool = False
    parts: frozenset[str] = frozenset()
    port_since: Instant | None = None


def looks_of(case: Case, service: Stretch) -> list[Look]:
    """The readings of one service span, judged whole, cut at its edges, with the gaps between them as NO_DATA."""
    looks: list[Look] = []
    found = judgements(case.seen, case.profile, has_demarc=case.has_demarc)
    for r, (verdict, parts) in zip(case.seen, found, strict=True):
        start, end = max(r.start, service[0]), min(r.end, service[1])
        if start >= end:
            continue
        if looks and looks[-1].end < start:
            looks.append(Look(looks[-1].end, start, "NO_DATA"))
        said = verdict in ("UP", "DEGRADED") and case.has_demarc and r.cpe is not None and r.cpe[0] > 0
        silent = said and r.cpe is not None and r.cpe[1] == 0
        looks.append(Look(start, end, verdict, silent, parts, r.port_since))
    return looks


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


def closing(looks: list[Look], after: Instant, profile: Profile) -> tuple[Instant, Instant, Instant] | None:
    """(restored, restored_earliest, end of the reading that decided it) by the first UP run that lasts long enough."""
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
            return looks[first].start, looks[before].start, look.end
    return None


CLOCKS_APART = 10 * SECOND


def evidence_of(looks: list[Look], troubled: list[Stretch], watched: list[Stretch]) -> tuple[str, ...]:
    """The parts of the line that decided an impaired reading, the carrier's first.

    Where that is the CPE alone, an interruption that the port dropped with is the port's word too: a poll between
    onset and closing says that the port took its state within the incident.
    """

    def inside(look: Look, spans: list[Stretch]) -> bool:
        return look.verdict != "NO_DATA" and any(start <= look.start < end for start, end in spans)

    bad = [look for look in looks if inside(look, troubled) and look.verdict in ("DOWN", "DEGRADED")]
    parts = {part for look in bad for part in look.parts}
    seen = [look for look in looks if inside(look, watched)]
    seen_to = troubled[-1][1] if troubled[-1][1] < FOREVER else seen[-1].end
    told = [look.port_since for look in seen if look.port_since is not None]
    dropped = any(troubled[0][0] - CLOCKS_APART <= since <= seen_to + CLOCKS_APART for since in told)
    if parts == {"cpe"} and dropped and any(look.verdict == "DOWN" for look in bad):
        parts.add("interface")
    return tuple(part for part in ("demarc", "interface", "cpe") if part in parts)


def measured_in(case: Case, service: Stretch) -> list[Trouble]:
    """The incidents that the readings of one service span show."""
    looks = looks_of(case, service)
    ended = service[1] < FOREVER  # an end of service restores what is open; whether it has come is the view's business
    found: list[Trouble] = []
    stretches: list[list[Stretch]] = []
    watched: list[list[Stretch]] = []  # from each onset to the end of the reading that closed it
    for run in runs(looks, ("DOWN", "DEGRADED")):
        alarm = alarm_of(run, case.profile)
        if alarm is None or (found and run[0].start < found[-1].end):
            continue
        onset = run[0].start
        closed = closing(looks, run[0].end, case.profile)
        if closed is None:
            restored = earliest = service[1] if ended else None
            known_to = FOREVER
        else:
            restored, earliest, known_to = closed
        span = (onset, FOREVER if restored is None else restored)
        last = found[-1] if found else None
        gap_us = case.terms(last.onset if last else onset)["reopen_within_s"] * SECOND
        if last is not None and last.closed_by_up and last.restored is not None and onset - last.restored <= gap_us:
            last.restored, last.earliest, last.closed_by_up = restored, earliest, closed is not None
            stretches[-1].append(span)
            watched[-1].append((onset, known_to))
            continue
        found.append(
            Trouble(Key(onset, reported=False), onset, alarm, restored, earliest, [], service, closed is not None)
        )
        stretches.append([span])
        watched.append([(onset, known_to)])
    for trouble, troubled, known in zip(found, stretches, watched, strict=True):
        inside = [look for look in looks if trouble.onset <= look.start < trouble.end]
        if trouble.restored is not None and inside[-1].end < trouble.restored:  # nothing seen until the end of service
            inside.append(Look(inside[-1].end, trouble.restored, "NO_DATA"))
        trouble.segments = segments_of(inside, troubled, case)
        trouble.evidence = evidence_of(looks, troubled, known)
        trouble.responsibility = "undecided" if trouble.evidence == ("cpe",) else "carrier"
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
