"""Draws cases: short bursts of trouble in a month, and people's entries whose instants like to fall on edges."""

import datetime as dt
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.oracle import arithmetic, filings, nouns
from tests.oracle.arithmetic import SECOND
from tests.oracle.nouns import Case, Complaint, Correction, Criterion, Exclusion, Handback, Key, Period, Seen, Work

ZONE_S = 8 * 3600
HOUR = 3600 * SECOND
DAY = 24 * HOUR


def local(day: int, hour: int = 0, month: int = 10) -> int:
    return arithmetic.midnight(dt.date(2026, month, day), ZONE_S) + hour * HOUR


MONTH_START, MONTH_END = local(1), local(1, month=11)
WINDOWS_S = (10, 20, 30, 59, 60, 61, 300, 600, 601, 1800, 3600, 3601, 7200)
LONG_WINDOWS_S = (43_200, 86_399, 86_400, 90_000, 172_800)

GOOD, LOSSY, LITTLE_LOSS, EDGE_LOSS, DEAD = (5, 5), (5, 2), (20, 18), (20, 19), (5, 0)
SHAPES: dict[str, tuple[tuple[int, int] | None, ...]] = {
    "up": (GOOD,),
    "down": (DEAD,),
    "degraded": (LOSSY,),
    "alternate": (DEAD, LOSSY),
    "flapping": (DEAD, GOOD),
    "shaky": (LOSSY, GOOD),
    "little_loss": (LITTLE_LOSS,),
    "edge_loss": (EDGE_LOSS,),
    "not_sent": ((0, 0),),
    "gap": (None,),
}


@dataclass(frozen=True)
class Block:
    """Windows of one shape and length (microseconds), and how many."""

    shape: str
    window: int
    count: int
    rtt_ms: int = 1
    ipdv_ms: int = 0
    port: tuple[bool | None, ...] = (None,)
    port_since: int | None = None
    port_errors: tuple[int, int] | None = None


PAUSES_S = (30, 59, 60, 61, 300, 540, 599, 600, 601, 660)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    if draw(st.integers(0, 4)) == 0:  # good, blind or bad for about as long as closes, joins or continues an incident
        shape = draw(st.sampled_from(("up", "up", "gap", "down")))
        return Block(shape, draw(st.sampled_from(PAUSES_S)) * SECOND, 1)
    shape = draw(st.sampled_from([*SHAPES, "down", "down", "degraded", "up", "gap", "cpe_down", "blind", "slow"]))
    window_s = draw(
        st.one_of(
            st.sampled_from(WINDOWS_S),
            st.sampled_from(WINDOWS_S),
            st.sampled_from(LONG_WINDOWS_S),
            st.integers(10, 3600),
        )
    )
    window = window_s * SECOND
    if draw(st.integers(0, 9)) == 0:
        window += draw(st.sampled_from((SECOND // 2, 499_999, 1)))
    count = draw(st.integers(1, 2 if window_s > 7200 else 6))
    slow = shape == "slow"
    polls: list[tuple[bool | None, ...]] = [(None,)] * 6
    polls += [(False,), (False, None), (True,), (True,), (True, None), (False, None, None, True)]
    port = draw(st.sampled_from(polls))
    rtt_ms, ipdv_ms = (
        (draw(st.sampled_from((100, 101, 150, 300))), draw(st.sampled_from((0, 50, 90)))) if slow else (1, 0)
    )
    since = draw(st.sampled_from((None, None, -3600, -11, -10, 0, 30, 70, 600)))
    errors = draw(st.sampled_from((None, None, (0, 0), (0, 900), (1, 99), (1, 98), (90, 10))))
    return Block("up" if slow else shape, window, count, rtt_ms, ipdv_ms, port, since, errors)


@st.composite
def scripts(draw: st.DrawFn) -> list[Block]:
    """A short course of events that stands exactly at a threshold, or a second beside it."""

    def one(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    def block(shape: str, window_s: int, count: int = 1) -> Block:
        return Block(shape, window_s * SECOND, count)

    bad, beside = one("down", "degraded"), one(0, 0, 0, 1, -1)
    match one("day", "reopens", "blind_between", "echo", "limit", "two"):
        case "day":
            second = one(43_200, 43_200, 43_200, 43_199, 43_201, 129_600)
            return [block("down", 43_200), block("down", second), block("up", 700)]
        case "reopens":
            worse = block(one("down", "degraded"), 60, 6)
            return [block(bad, 60, 6), block("up", one(60, 600) + beside), worse, block("up", 700)]
        case "blind_between":
            gap = one(60, 600, 3600) + beside
            return [block(bad, 60, 6), block(one("gap", "blind"), gap), block(one(bad, bad, "degraded"), 60, 6)]
        case "two":
            return [block(bad, 60, 6), block("up", 700), block(one("down", "degraded"), 1200, 6), block("up", 700)]
        case "echo":
            return [block("up", 20, 3), block(bad, 20, one(1, 2)), block("up", 20, one(2, 3, 4)), block(bad, 20, 2)]
        case _:
            hours = one(1, 2, 24, 48)
            return [block(bad, 30, 2 if bad == "down" else 10), block(bad, hours * 3600 + beside), block("up", 700)]


def windows(at: int, block: Block, *, has_demarc: bool, burst: int) -> list[Seen]:
    out = []
    since = None if block.port_since is None else burst + block.port_since * SECOND
    for n in range(block.count):
        start, end = at + n * block.window, at + (n + 1) * block.window
        port = block.port[n % len(block.port)]
        if block.shape == "blind":
            out.append(Seen(start, end, blind=True))
        elif block.shape == "cpe_down":
            seen = Seen(start, end, demarc=GOOD if has_demarc else None, cpe=DEAD, port_up=port)
            out.append(seen if port is None else replace(seen, port_since=since, port_errors=block.port_errors))
        else:
            counts = SHAPES[block.shape][n % len(SHAPES[block.shape])]
            if counts is None:
                continue
            rtt, ipdv = (Fraction(block.rtt_ms), Fraction(block.ipdv_ms)) if counts[1] else (None, None)
            demarc, cpe = (counts, GOOD) if has_demarc else (None, counts)
            seen = Seen(start, end, demarc, cpe, rtt, ipdv, port)
            out.append(seen if port is None else replace(seen, port_since=since, port_errors=block.port_errors))
    return out


@st.composite
def readings(draw: st.DrawFn, *, has_demarc: bool) -> tuple[Seen, ...]:
    """A burst near an instant that matters, on a line that is up around it or not looked at."""
    at = draw(
        st.sampled_from((local(3, 8), local(19, 23), local(20), local(31, 22), local(31, 12), local(30), MONTH_END))
    )
    at += draw(st.sampled_from((0, 0, 0, -60, -30, 1, 600, -3600))) * SECOND
    good = GOOD if has_demarc else None
    seen: list[Seen] = []
    lead = draw(st.sampled_from(("month", "before", "hour", "none")))
    if lead != "none":
        begin = {"month": MONTH_START, "before": local(25, month=9), "hour": at - HOUR}[lead]
        if begin < at:
            seen.append(Seen(begin, at, good, GOOD, Fraction(1)))
    course = draw(st.lists(blocks(), min_size=1, max_size=9))
    if draw(st.integers(0, 2)) == 0:
        course = [*draw(scripts()), *course[:2]]
    burst = at
    for block in course:
        seen += windows(at, block, has_demarc=has_demarc, burst=burst)
        at += block.window * block.count
    tail = draw(st.sampled_from(("none", "minute", "month_end", "later", "later")))
    until = {"none": at, "minute": at + 60 * SECOND, "month_end": MONTH_END, "later": local(20, month=11)}[tail]
    if until > at:
        seen.append(Seen(at, until, good, GOOD, Fraction(1)))
    if not seen:
        seen.append(Seen(at, at + 60 * SECOND, good, GOOD, Fraction(1)))
    return tuple(seen)


RULES: tuple[dict[str, Any], ...] = (
    {"rule": "service_extension"},
    {"rule": "statutory_waiver", "basis": "law"},
    {"rule": "restore_overrun", "basis": "policy", "credit_per_unit": "1/30"},
    {"rule": "planned_work_waiver", "basis": "law", "beside": True},
    {"rule": "cumulative_hours", "credit_per_hour": "1/30"},
    {
        "rule": "step_table",
        "steps": [
            {"from_minutes": 1, "credit": "1/90"},
            {"from_minutes": 30, "credit": "1/30"},
            {"from_minutes": 120, "credit": "1/10"},
            {"from_minutes": 1440, "credit": "1"},
        ],
    },
)
TIERS, SPANS = ("AAA", "standard"), ("intra_city", "inter_province")
EXCLUDABLE = ("planned_maintenance", "force_majeure", "customer_side", "awaiting_customer")


@st.composite
def contracts(draw: st.DrawFn, *, tiered: bool | None = None) -> dict[str, Any]:
    """The keys and values of a contract file."""

    def one(*values: Any) -> Any:
        return draw(st.sampled_from(values))

    knobs = {
        "service_extension": {"at_least_hours": one(1, 24), "rounding": one("up", "down", "exact")},
        "statutory_waiver": {"hours": one({"urban": 48, "rural": 72}, {"urban": 1, "rural": 2})},
        "restore_overrun": {"unit_hours": {"interruption": one(1, 2), "degradation": one(1, 24)}},
    }
    chosen = draw(st.lists(st.sampled_from(RULES), unique_by=lambda r: r["rule"], max_size=6))
    if draw(st.booleans()):
        chosen = list(RULES[:4])
    data: dict[str, Any] = {
        "clock_end": one("restored", "restored", "handed_back"),
        "interruption_ends": one("normal", "usable"),
        "uncertain_end": one("late", "early"),
        "complaint_joins_s": one(7200, 7200, 600, 0),
        "reopen_within_s": one(600, 600, 60, 0),
        "blind_joins_s": one(3600, 3600, 600, 60, 0),
        "exempt_responsibilities": one(
            ["customer", "force_majeure"], [], ["force_majeure"], ["customer", "third_party"]
        ),
        "combine": one("best", "best", "sum"),
        "cap_ratio": one("1", "1", "0.5", "0.033", "0"),
        "maintenance": {"notice_hours": 24, "channels": ["website", "email", "sms"]},
        "exclusions": [
            {"kind": k, "evidence": k == "force_majeure"} for k in EXCLUDABLE if draw(st.integers(0, 5)) > 0
        ],
        "compensation": [{**r, **knobs.get(r["rule"], {})} for r in chosen],
    }
    if tiered if tiered is not None else draw(st.integers(0, 3)) > 0:
        data |= {
            "tiers": list(TIERS),
            "spans": list(SPANS),
            "sla_fee_ratio": {"AAA": "0.30", "standard": "0"},
            "limits": [
                {"category": c, "spans": [s], "hours": {t: one(0, 1, 2, 24) for t in TIERS}}
                for c in ("interruption", "degradation")
                for s in SPANS
            ],
        }
    return data


@st.composite
def periods(draw: st.DrawFn, contract: dict[str, Any]) -> tuple[Period, ...]:
    def terms(first: dt.date, last: dt.date | None) -> Period:
        tier = draw(st.sampled_from(TIERS)) if contract.get("tiers") else None
        span = draw(st.sampled_from(SPANS)) if contract.get("tiers") else None
        rent = draw(st.sampled_from((Fraction(3000), Fraction(99999, 100), Fraction(1, 2))))
        return Period(first, last, tier, span, rent, draw(st.sampled_from((None, None, Fraction(12345, 100)))))

    begin = draw(
        st.sampled_from((dt.date(2026, 1, 1), dt.date(2026, 1, 1), dt.date(2026, 10, 3), dt.date(2026, 10, 20)))
    )
    end = draw(st.sampled_from((None, None, None, dt.date(2026, 10, 20), dt.date(2026, 10, 31), dt.date(2026, 11, 1))))
    change = draw(st.sampled_from((None, dt.date(2026, 10, 4), dt.date(2026, 10, 20), dt.date(2026, 11, 1))))
    if change is None or change <= begin or (end is not None and change > end):
        return (terms(begin, end),)
    pause = draw(st.sampled_from((0, 0, 0, 1, 2)))
    second = change + dt.timedelta(days=pause)
    if end is not None and second > end:
        second = change
    return terms(begin, change - dt.timedelta(days=1)), terms(second, end)


SHIFTS_S = (0, 0, 0, 0, 1, -1, 30, -60, 600, -600, 1800, 3600, -3600, 7200, -7200, 7199, -7201, 86_400)


CRITERIA = (
    (Criterion("loss_ratio", Fraction(1, 20), 60),),
    (Criterion("loss_ratio", Fraction(1, 20), 3600),),
    (Criterion("loss_ratio", Fraction(1, 20), None), Criterion("rtt_mean_ms", Fraction(100), 300)),
    (Criterion("rtt_mean_ms", Fraction(100), 3600), Criterion("ipdv_ms", Fraction(50), 300)),
    (Criterion("loss_ratio", Fraction(1, 20), 60), Criterion("error_ratio", Fraction(1, 100), 300)),
    (Criterion("error_ratio", Fraction(1, 100), None),),
    (),
)


@dataclass(frozen=True)
class Desk:
    """Draws the instants that people write down: on edges of readings and of months, or a known while beside them."""

    draw: st.DrawFn
    edges: tuple[int, ...]
    until: int

    def one(self, *values: Any) -> Any:
        return self.draw(st.sampled_from(values))

    def some(self, most: int) -> range:
        return range(self.draw(st.integers(0, most)))

    def instant(self) -> int:
        at: int = self.one(*self.edges) + self.one(*SHIFTS_S) * SECOND
        if self.draw(st.integers(0, 19)) == 0:
            at += self.one(1, SECOND // 2, -1)
        return at if self.draw(st.integers(0, 15)) == 0 else min(at, self.until - 1)  # most file what has happened

    def stretch(self) -> tuple[int, int]:
        a, b = sorted((self.instant(), self.instant()))
        return (a, b) if a < b else (a, a + self.one(1, 60, 3600) * SECOND)

    def complaint(self, ticket: str) -> Complaint:
        at = self.instant()
        closed = at + self.one(1, 60, 3600, 7200, 7201, 90_000, 400_000) * SECOND
        closed = max(at + 1, min(closed, self.until))
        return Complaint(at, self.one("interruption", "degradation"), ticket, self.one(None, closed))

    def work(self) -> Work:
        start, end = self.stretch()
        notified_at = start - DAY - self.one(0, 0, SECOND, -SECOND, DAY)
        return Work(start, end, notified_at, self.one("email", "email", "sms", "fax"))

    def exclusion(self, key: Key) -> Exclusion:
        start, end = self.stretch()
        running = self.draw(st.integers(0, 4)) == 0
        return Exclusion(key, self.one(*EXCLUDABLE[1:]), start, None if running else end, self.one(True, False))


@st.composite
def lines(draw: st.DrawFn) -> Case:
    """A line with its terms and readings."""
    has_demarc = draw(st.integers(0, 4)) > 0
    seen = draw(readings(has_demarc=has_demarc))
    contract = draw(contracts())
    newer: tuple[tuple[dt.date, dict[str, Any]], ...] = ()
    if draw(st.integers(0, 4)) == 0:  # the same tiers and spans, or none
        other = draw(contracts(tiered="tiers" in contract))
        newer = ((draw(st.sampled_from((dt.date(2026, 10, 4), dt.date(2026, 10, 20), dt.date(2026, 11, 1)))), other),)
    month = draw(st.sampled_from(((2026, 10), (2026, 10), (2026, 11))))
    profile = nouns.Profile(
        open_after_s=draw(st.sampled_from((10, 10, 120, 0))),
        degraded_open_after_s=draw(st.sampled_from((10, 300, 300))),
        close_after_s=draw(st.sampled_from((60, 60, 600))),
        degraded=draw(st.sampled_from(CRITERIA)),
    )
    return Case(
        month=month if seen[-1].end > MONTH_END else (2026, 10),
        contract=contract,
        newer=newer,
        periods=draw(periods(contract)),
        seen=seen,
        profile=profile,
        has_demarc=has_demarc,
        area=draw(st.sampled_from(("urban", "rural"))),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Everything about one line and month."""
    case = draw(lines())
    until = case.seen[-1].end
    desk = Desk(draw, tuple(sorted({x for r in case.seen for x in (r.start, r.end)} | {MONTH_END})), until)
    if draw(st.integers(0, 3)) == 0:
        case = replace(case, suspensions=tuple(whole_seconds(desk.stretch()) for _ in range(desk.one(1, 2))))
    case = replace(case, complaints=tuple(desk.complaint(f"T-{n}") for n in desk.some(3)))
    case = replace(case, works=tuple(desk.work() for _ in desk.some(2)))
    troubles = {t.key: t for t in filings.incidents_of(case)[0]}
    if not troubles:
        return case
    corrections = {}
    for _ in desk.some(2):
        trouble = troubles[desk.one(*troubles)]
        corrections[trouble.key] = draw(correction(trouble, room(trouble, list(troubles.values()), until), desk))
    pair = sorted(troubles.values(), key=lambda t: t.onset)[:2]
    if len(pair) == 2 and pair[1].alarm is not None and desk.one(True, False, False):  # seen on site: it went on
        went_on = pair[1].alarm + desk.one(-1, 0, 1, 600, 3600) * SECOND
        if pair[0].key not in corrections and pair[0].service == pair[1].service and went_on < pair[1].end:
            corrections[pair[0].key] = Correction(pair[0].key, onset=pair[0].onset, restored=went_on)
    handbacks = []
    trouble = troubles[desk.one(*troubles)]
    if trouble.restored is not None and desk.one(True, False, False, False):
        at = min(trouble.restored + desk.one(0, 1, 600, 7200) * SECOND, max(trouble.restored, until))
        handbacks.append(Handback(trouble.key, at))
    return replace(
        case,
        exclusions=tuple(desk.exclusion(desk.one(*troubles)) for _ in desk.some(2)),
        corrections=tuple(corrections.values()),
        handbacks=tuple(handbacks),
    )


def whole_seconds(stretch: tuple[int, int]) -> tuple[int, int]:
    start = stretch[0] // SECOND * SECOND
    return start, max(start + SECOND, stretch[1] // SECOND * SECOND)


def room(trouble: nouns.Trouble, troubles: list[nouns.Trouble], until: int) -> tuple[int, int]:
    """Where a sensible correction of an incident lies: in its service, after the one before, not after the next one."""
    low = max([trouble.service[0], *(t.end for t in troubles if t.onset < trouble.onset)])
    later = [t for t in troubles if t.onset > trouble.onset]
    high = min([trouble.service[1], until, *(t.onset if t.key.reported else t.end - 1 for t in later)])
    return min(low, trouble.onset), max(high, trouble.onset + 1)


@st.composite
def correction(draw: st.DrawFn, trouble: nouns.Trouble, within: tuple[int, int], desk: Desk) -> Correction:
    """What a person corrects: the fault, or an end of the span (both ends of a reported one)."""
    key = trouble.key
    what = draw(st.sampled_from(("responsibility", "responsibility", "false_alarm", "onset", "restored", "both")))
    if what == "responsibility":
        fault = st.sampled_from(("carrier", "carrier", "customer", "third_party", "force_majeure", "undecided"))
        return Correction(key, responsibility=draw(fault))
    if what == "false_alarm":
        return Correction(key, false_alarm=True)
    low, high = within
    onset, restored = trouble.onset, trouble.restored
    end = high if restored is None else restored
    latest = onset if key.reported else end - 1  # a reported incident began when it was told, or before
    first = max(low, min(desk.instant(), latest))
    last = min(high, max(desk.instant(), onset + 1))
    if key.reported or what == "both":
        fault = st.sampled_from((None, "carrier", "carrier"))
        return Correction(key, onset=min(first, last - 1), restored=last, responsibility=draw(fault))
    return Correction(key, onset=first) if what == "onset" else Correction(key, restored=last)
