"""Where the fault of an incident seems to lie: every row of the table, through the judge, and what moves money."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.facts import Correction, LineFacts, Responsibility, Suspension
from slamon.core.incident import Incident
from slamon.core.inventory import Line, Period
from slamon.core.judge import Judge, judge
from slamon.core.lifecycle import Course, Happening
from slamon.core.location import ALONE, LOCATION, UNMEASURED, Cause, Group, Hypothesis, Path, Vicinity, hypothesis
from slamon.core.quality import Criterion, Metric, Profile, Watch
from slamon.core.reading import InterfaceStats, NamedValue, Reading, TargetStats
from slamon.core.timeline import LineTerms, Measured, assemble
from slamon.core.timespan import SpanSet
from slamon.store.measured import judge_of, state_text
from tests.reports.month import CONTRACTS

ONSET = datetime(2026, 10, 5, 2, tzinfo=UTC)
BEFORE = ONSET - timedelta(minutes=10)
GOOD, DEAD, LOSSY = TargetStats(5, 5, 1, 1, 1, 0), TargetStats(5, 0), TargetStats(5, 4, 1, 1, 1, 0)
PROFILE = Profile(
    degraded_open_after_s=60,
    degraded=(
        Criterion(Metric.LOSS_RATIO, above=0.05),
        Criterion(Metric.ERROR_RATIO, above=0.0001, window_s=60),
        Criterion(Metric.DISCARD_RATIO, above=0.01, window_s=60),
        Criterion(Metric.SPEED_MBPS),
    ),
)
ACCESS, CORE, CUSTOMER, POWER, MONITOR = Cause


def port(oper: str = "up", admin: str = "up", **what) -> InterfaceStats:
    return InterfaceStats(admin, oper, what.pop("speed_mbps", 100), last_change=what.pop("changed", BEFORE), **what)


def extra(name: str, value: float, below: float | None = None) -> tuple[NamedValue, ...]:
    return (NamedValue(name, value, "", None, below),)


UP, DOWN = port(), port("down", changed=ONSET)
GROUP = Group("upstream RING-7", 4, [(ONSET + timedelta(seconds=20 + n), f"GX-{n}") for n in range(3)])
LONELY = Group("upstream RING-7", 4, [(ONSET + timedelta(seconds=20), "GX-0")])


@dataclass(frozen=True)
class Seen:
    """What a line shows for some readings of 10 s: targets, and polls every 6th reading from the second on."""

    demarc: TargetStats | None = DEAD
    cpe: TargetStats | None = None
    port: InterfaceStats | None = None
    readings: int = 18
    before: InterfaceStats | None = None
    after: InterfaceStats | None = None


@dataclass(frozen=True)
class Told:
    sentence: str
    seen: Seen
    cause: Cause | None
    reason: str
    vicinity: Vicinity = ALONE
    responsibility: Responsibility = Responsibility.CARRIER
    path: Path | None = None


def lived(
    seen: Seen, restart: bool = False, stops: SpanSet[datetime] | None = None
) -> tuple[LineTerms, Judge, list[Happening]]:
    """Judge good time, what was seen, and good time again."""
    has_demarc = seen.demarc is not None
    watch = Watch(has_demarc, seen.cpe is not None, 100.0, PROFILE)
    terms = terms_of(seen)
    service = terms.service(LineFacts()) - (stops or SpanSet())
    state = Judge(Course("GX-0"))
    happenings: list[Happening] = []
    good = [Reading("GX-0", *w(n), GOOD if has_demarc else None, GOOD if seen.cpe else None) for n in range(-12, 0)]
    good[6] = replace(good[6], interface=seen.before)
    bad = [
        Reading("GX-0", *w(n), seen.demarc, seen.cpe, seen.port if n % 6 == 1 else None) for n in range(seen.readings)
    ]
    end = seen.readings
    over = [replace(good[0], start=w(n)[0], end=w(n)[1], interface=None) for n in range(end, end + 20)]
    over[3] = replace(over[3], interface=seen.after)
    for reading in [*good, *bad, *over]:
        happenings += judge(state, watch, service, reading).happenings
        if restart:
            state = replace(judge_of("GX-0", state_text(state)), sight=state.sight)
    return terms, state, happenings


def w(number: int) -> tuple[datetime, datetime]:
    start = ONSET + timedelta(seconds=10 * number)
    return start, start + timedelta(seconds=10)


def terms_of(seen: Seen) -> LineTerms:
    period = Period(
        date(2025, 1, 1),
        None,
        "C1",
        "cmcc-internet-line",
        Decimal(3000),
        tier="AAA",
        span="intra_city",
        demarc=None if seen.demarc is None else "192.0.2.1",
        cpe=None if seen.cpe is None else "192.0.2.2",
        snmp_agent="edge@192.0.2.9:161",
    )
    return LineTerms(Line("GX-0", (period,)), CONTRACTS)


def incidents(terms: LineTerms, happenings: list[Happening], filed: LineFacts | None = None) -> tuple[Incident, ...]:
    episodes = {happening.episode.id: happening.episode for happening in happenings}
    measured = Measured(tuple(episodes.values()), (), SpanSet(), ONSET + timedelta(hours=1), {})
    return assemble(terms, measured, filed or LineFacts()).incidents


def located(told: Told, *, restart: bool = False) -> tuple[Incident, Hypothesis]:
    terms, _, happenings = lived(told.seen, restart)
    (incident,) = incidents(terms, happenings)
    paths = {} if told.path is None else {incident.id: told.path}
    vicinity = replace(told.vicinity, paths=paths, agent="192.0.2.9")
    has_demarc = told.seen.demarc is not None
    return incident, hypothesis(incident, has_demarc=has_demarc, vicinity=vicinity, until=ONSET + timedelta(hours=1))


UNDECIDED = Responsibility.UNDECIDED
CPE = Seen(demarc=None, cpe=DEAD)
TABLE = [
    Told(
        "the vantage's own troubles come first, unless the port contradicts",
        Seen(),
        MONITOR,
        "the vantage itself was in trouble: its own link was down",
        Vicinity(troubles=[(ONSET - timedelta(seconds=30), "its own link was down")]),
    ),
    Told(
        "a port that is down contradicts the vantage's troubles",
        Seen(port=DOWN),
        ACCESS,
        "the carrier's port is down; a cut line and a far end without power look alike",
        Vicinity(troubles=[(ONSET, "its own link was down")]),
    ),
    Told(
        "packets that pass a port that is down are the inventory's fault, or another path's",
        Seen(demarc=GOOD, port=DOWN, after=UP),
        MONITOR,
        "the carrier's port is down while packets pass: the inventory names another port, or a second path carries "
        "them",
    ),
    Told(
        "a word that still counts when the line is back does not turn it into the monitor's fault",
        Seen(port=DOWN, readings=20),
        ACCESS,
        "the carrier's port is down; a cut line and a far end without power look alike",
    ),
    Told(
        "a dying gasp is power at the customer's end",
        Seen(cpe=DEAD, port=port("down", extras=extra("dying_gasp", 1))),
        POWER,
        "the device at the customer's end told that its power fails (dying gasp)",
    ),
    Told(
        "port, demarc and CPE silent without a gasp are the access: power is possible and said",
        Seen(cpe=DEAD, port=DOWN),
        ACCESS,
        "the carrier's port is down; a cut line and a far end without power look alike",
    ),
    Told(
        "without light it is a fibre or its far end",
        Seen(port=port("down", extras=extra("rx_power_dbm", -40, below=-24))),
        ACCESS,
        "the carrier's port is down and no light arrives; a cut fibre and a far end without power look alike",
    ),
    Told(
        "light that arrives proves power at the far end",
        Seen(port=port("down", extras=extra("rx_power_dbm", -20, below=-24))),
        ACCESS,
        "the carrier's port is down while light arrives: the far end has power",
    ),
    Told(
        "a port that the carrier switched off is the carrier's doing",
        Seen(port=port("down", "down")),
        ACCESS,
        "the carrier's port was switched off by the carrier",
    ),
    Told(
        "many lines of one ring at once are the core or upstream",
        Seen(),
        CORE,
        "3 of 4 lines of upstream RING-7 fell within a minute",
        Vicinity(groups=(GROUP,)),
    ),
    Told(
        "many at once are so though each port is down",
        Seen(port=DOWN),
        CORE,
        "3 of 4 lines of upstream RING-7 fell within a minute",
        Vicinity(groups=(GROUP,)),
    ),
    Told(
        "a port that dropped between two polls is seen by its last change",
        Seen(readings=4, after=port(changed=ONSET + timedelta(seconds=35))),
        ACCESS,
        "the carrier's port dropped and came back during the incident (ifLastChange)",
    ),
    Told(
        "a demarc that is silent before a CPE that answers is the demarc itself",
        Seen(cpe=GOOD, port=UP),
        ACCESS,
        "the CPE answers through a demarc that does not: the demarc itself",
    ),
    Told(
        "a demarc that is silent behind a port that stayed up is beyond the port",
        Seen(cpe=DEAD, port=UP),
        ACCESS,
        "the carrier's port stayed up: the fault lies between it and the demarc",
    ),
    Told(
        "a CPE that is silent behind a port that stayed up seems the customer's, and stays undecided",
        replace(CPE, port=UP),
        CUSTOMER,
        "the carrier's port stayed up and has not changed; the customer's device behind it is silent",
        responsibility=UNDECIDED,
    ),
    Told(
        "a CPE behind a port that is down is the carrier's, by the port's word",
        replace(CPE, port=DOWN),
        ACCESS,
        "the carrier's port is down; a cut line and a far end without power look alike",
    ),
    Told(
        "a CPE behind a port that dropped between two polls is the carrier's, by the port's word",
        replace(CPE, readings=4, after=port(changed=ONSET + timedelta(seconds=35))),
        ACCESS,
        "the carrier's port dropped and came back during the incident (ifLastChange)",
    ),
    Told(
        "a port that changed long before witnesses nothing",
        replace(CPE, readings=4, after=port(changed=BEFORE)),
        CUSTOMER,
        "the carrier's port stayed up and has not changed; the customer's device behind it is silent",
        responsibility=UNDECIDED,
    ),
    Told(
        "lines with a CPE alone that fall together seem the carrier's, and stay undecided: no port said more",
        CPE,
        CORE,
        "3 of 4 lines of upstream RING-7 fell within a minute",
        Vicinity(groups=(GROUP,)),
        responsibility=UNDECIDED,
    ),
    Told(
        "an agent that fell silent with its line points before both",
        Seen(before=UP),
        CORE,
        "the agent of the carrier's port fell silent with the line: what leads to both",
    ),
    Told(
        "an agent that never answered points nowhere",
        Seen(),
        None,
        "nothing was seen that tells the access from the core",
    ),
    Told(
        "a path that ends at the port's device leaves the access",
        Seen(),
        ACCESS,
        "the path ended at 192.0.2.9, the device of the carrier's port",
        path=Path("192.0.2.9", 5),
    ),
    Told(
        "a line that falls alone of its ring is the access",
        Seen(),
        ACCESS,
        "of 4 lines of upstream RING-7 it fell alone",
        Vicinity(groups=(LONELY,)),
    ),
    Told(
        "a CPE that is silent and nothing else says nothing",
        CPE,
        None,
        "only the customer's device was watched; nothing tells its fault from the line's",
        responsibility=UNDECIDED,
    ),
    Told(
        "errors at the port are the access",
        Seen(demarc=GOOD, port=port(in_errors=9, in_packets=100), after=UP),
        ACCESS,
        "the carrier's port counts errors",
    ),
    Told(
        "a port that negotiated too little is the access",
        Seen(demarc=GOOD, port=port(speed_mbps=10), after=UP),
        ACCESS,
        "the carrier's port negotiated less than was contracted",
    ),
    Told(
        "weak light is the access",
        Seen(demarc=GOOD, port=port(extras=extra("rx_power_dbm", -30, below=-24)), after=UP),
        ACCESS,
        "out of bounds at the carrier's port: rx_power_dbm",
    ),
    Told(
        "discards are too much traffic, whoever sends it",
        Seen(demarc=LOSSY, port=port(out_discards=50, out_packets=100)),
        None,
        "the carrier's port discards packets: more traffic than the line takes, whoever sends it",
    ),
    Told(
        "loss on many lines at once comes from upstream",
        Seen(demarc=LOSSY),
        CORE,
        "3 of 4 lines of upstream RING-7 fell within a minute",
        Vicinity(groups=(replace(GROUP, alarms=[(at + timedelta(seconds=40), k) for at, k in GROUP.alarms]),)),
    ),
    Told(
        "loss behind a clean port comes from before it",
        Seen(demarc=LOSSY, port=UP),
        CORE,
        "the carrier's port is up and counts nothing bad: it comes from before the port",
    ),
    Told("loss alone says nothing", Seen(demarc=LOSSY), None, "nothing was seen that tells where it comes from"),
]


@pytest.mark.parametrize("told", TABLE, ids=[told.sentence for told in TABLE])
def test_where_the_fault_lies(told: Told):
    """Cause and reason, and whose fault it counts as until a person decides."""
    incident, found = located(told)
    assert (found.cause, found.reasons[0]) == (told.cause, told.reason)
    assert incident.responsibility is told.responsibility


@pytest.mark.parametrize("told", TABLE, ids=[told.sentence for told in TABLE])
def test_a_restart_at_any_reading_loses_nothing_of_it(told: Told):
    """Mutant: `sights` left out of `state_text`; the port's words before the restart are forgotten."""
    assert located(told, restart=True) == located(told)


def test_every_row_of_the_table_is_stated():
    """Each row is the first to hold in one of the cases above (the row's reason tells which)."""
    stated = {located(told)[1].reasons[0] for told in TABLE}
    assert len(stated) >= len(LOCATION) - 1  # the two rows of many at once share a sentence


def test_an_incident_that_only_a_person_reported_has_no_place():
    """Nothing was measured."""
    assert UNMEASURED.cause is None


def test_a_person_has_the_last_word():
    """The hypothesis says what was seen; whose fault it is says the person, and the hypothesis says that."""
    seen = replace(CPE, port=DOWN)
    terms, _, happenings = lived(seen)
    (plain,) = incidents(terms, happenings)
    correction = Correction(1, plain.id, responsibility=Responsibility.CUSTOMER, by="liu")
    (decided,) = incidents(terms, happenings, LineFacts(corrections=(correction,)))
    found = hypothesis(decided, has_demarc=False, vicinity=Vicinity(), until=ONSET)
    assert decided.responsibility is Responsibility.CUSTOMER
    assert found.reasons[-1] == "a person decided: customer"


@given(
    cut_s=st.integers(1, 300),
    length_s=st.integers(1, 200),
    seen=st.sampled_from([told.seen for told in TABLE]),
    cpe_only=st.booleans(),
)
def test_a_suspension_filed_late_gives_the_parts_that_a_known_one_gives(cut_s, length_s, seen: Seen, cpe_only):
    """Whose fault each part is does not depend on when the suspension was filed, nor do the targets seen."""
    if cpe_only and seen.demarc is not None:
        seen = replace(seen, demarc=None, cpe=seen.demarc)
    start = ONSET + timedelta(seconds=cut_s)
    suspension = Suspension(1, "GX-0", start, start + timedelta(seconds=length_s))
    filed = LineFacts(suspensions=(suspension,))
    terms = terms_of(seen)
    known = terms.service(LineFacts()) - terms.service(filed)
    _, _, early = lived(seen, stops=known)
    _, _, late = lived(seen)
    one, other = (incidents(terms, happenings, filed) for happenings in (early, late))
    assert [(x.id, x.responsibility, x.evidence) for x in one] == [(x.id, x.responsibility, x.evidence) for x in other]
    assert [(x.scene.worst, x.scene.target, x.scene.cpe) for x in one if x.scene] == [
        (x.scene.worst, x.scene.target, x.scene.cpe) for x in other if x.scene
    ]


@pytest.mark.parametrize("known", [True, False], ids=["known before", "filed late"])
def test_a_port_that_speaks_after_a_suspension_says_nothing_of_the_part_before_it(known: bool):
    """Only the CPE was watched; the poll that tells of the drop came when the first part had ended with its service.

    Mutant: an episode's sights not cut with it; filed late, the first part would be the carrier's.
    """
    seen = replace(CPE, after=port(changed=ONSET + timedelta(seconds=5)))
    start = ONSET + timedelta(seconds=60)
    filed = LineFacts(suspensions=(Suspension(1, "GX-0", start, start + timedelta(seconds=40)),))
    terms = terms_of(seen)
    stops = terms.service(LineFacts()) - terms.service(filed) if known else None
    _, _, happenings = lived(seen, stops=stops)
    found = incidents(terms, happenings, filed)
    assert [(one.evidence, one.responsibility) for one in found] == [(("cpe",), UNDECIDED)] * 2
