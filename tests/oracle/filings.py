"""What people filed: corrections, and the incident that each complaint belongs to (section 3)."""

from collections.abc import Iterable

from tests.oracle.arithmetic import FOREVER, SECOND, Instant, Stretch
from tests.oracle.impairment import measured_in, notices_of, service_spans
from tests.oracle.nouns import Case, Correction, Key, Segment, Trouble


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
    for c in sorted(case.complaints, key=lambda c: (c.at, c.category != "interruption")):  # Civil Code 498
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
