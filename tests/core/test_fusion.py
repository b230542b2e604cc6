"""What packets and the carrier's port say together: every cell of both tables, and what holds of all of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.core.fusion import FUSION, PORT_SAYS, Packets, PortState, Says, port_state
from slamon.core.quality import Criterion, Metric, Profile, Sight, Verdict, Watch, assess
from slamon.core.reading import COUNTERS, InterfaceStats, NamedValue, Reading, TargetStats, as_one
from tests.core.fusion_page import page

START = datetime(2026, 10, 5, 2, tzinfo=UTC)
GOOD, DEAD, UNSENT = TargetStats(5, 5, 1.0, 1.2, 1.5, 0.1), TargetStats(5, 0), TargetStats(0, 0)
PROFILE = Profile(
    degraded=(
        Criterion(Metric.LOSS_RATIO, above=0.05),
        Criterion(Metric.ERROR_RATIO, above=0.0001),
        Criterion(Metric.DISCARD_RATIO, above=0.01),
        Criterion(Metric.SPEED_MBPS),
    )
)
WATCH = Watch(has_demarc=True, has_cpe=True, bandwidth_mbps=100, profile=PROFILE)
CPE_ONLY = replace(WATCH, has_demarc=False)
UP, DEGRADED, DOWN, NO_DATA = Verdict.UP, Verdict.DEGRADED, Verdict.DOWN, Verdict.NO_DATA


def at(minute: float, **what) -> Reading:
    """A reading of a minute."""
    start = START + timedelta(minutes=minute)
    return Reading("GX-0001", start, start + timedelta(minutes=1), **what)


def port(oper: str | None = "up", admin: str = "up", **what) -> InterfaceStats:
    return InterfaceStats(admin, oper, 100, **what)


def told(reading: Reading, watch: Watch = WATCH) -> tuple[Verdict, str | None, str | None]:
    mark = assess(watch, Sight(), reading)
    return mark.verdict, mark.source, mark.reason


SILENT = "0 of 5 packets answered"
CASES = [
    ("an agent that is not reached says nothing: the demarc decides", at(0, demarc=DEAD), (DOWN, "demarc", SILENT)),
    ("an agent that is not reached says nothing of a line that answers", at(0, demarc=GOOD), (UP, "demarc", None)),
    (
        "a port that is up does not excuse a demarc that is silent",
        at(0, demarc=DEAD, interface=port()),
        (DOWN, "demarc", SILENT),
    ),
    (
        "a port that is down and a demarc that is silent both decide",
        at(0, demarc=DEAD, interface=port("down")),
        (DOWN, "demarc+interface", f"{SILENT}; carrier port is down"),
    ),
    (
        "a port that is down is down though the demarc answers",
        at(0, demarc=GOOD, interface=port("down")),
        (DOWN, "interface", "carrier port is down"),
    ),
    (
        "a port that is down needs no packet as a witness",
        at(0, demarc=UNSENT, interface=port("down")),
        (DOWN, "interface", "carrier port is down"),
    ),
    (
        "a port that is up makes no data of nothing",
        at(0, interface=port()),
        (NO_DATA, None, "no packets were sent to the target that decides"),
    ),
    (
        "a blind monitor believes no port",
        at(0, demarc=DEAD, blind="uplink", interface=port("down")),
        (NO_DATA, None, "uplink"),
    ),
    (
        "a port that the carrier switched off is down, and says so",
        at(0, demarc=DEAD, interface=port("down", "down")),
        (DOWN, "demarc+interface", f"{SILENT}; carrier port is administratively down"),
    ),
    (
        "a module that is missing is a port that is down",
        at(0, demarc=GOOD, interface=port("notPresent")),
        (DOWN, "interface", "carrier port is not present"),
    ),
    (
        "a port whose lower layer is down is down",
        at(0, demarc=GOOD, interface=port("lowerLayerDown")),
        (DOWN, "interface", "carrier port is lower layer down"),
    ),
    ("a port in a test leaves it to the packets", at(0, demarc=GOOD, interface=port("testing")), (UP, "demarc", None)),
    ("a dormant port leaves it to the packets", at(0, demarc=GOOD, interface=port("dormant")), (UP, "demarc", None)),
    (
        "a port that is switched off and still up is up",
        at(0, demarc=GOOD, interface=port("up", "down")),
        (UP, "demarc", None),
    ),
    (
        "packets lost and errors counted both decide",
        at(0, demarc=TargetStats(100, 90, 1, 1, 1, 0), interface=port(in_errors=1, in_packets=99)),
        (DEGRADED, "demarc+interface", "loss_ratio 0.1 is above 0.05; error_ratio 0.01 is above 0.0001"),
    ),
    (
        "discards above their threshold degrade, by the port",
        at(0, demarc=GOOD, interface=port(out_discards=2, out_packets=98)),
        (DEGRADED, "interface", "discard_ratio 0.02 is above 0.01"),
    ),
    (
        "errors of one direction are no share of the other's packets",
        at(0, demarc=GOOD, interface=port(in_errors=9, out_packets=9)),
        (UP, "demarc", None),
    ),
    (
        "a named value beyond its bound degrades, by the port",
        at(0, demarc=GOOD, interface=port(extras=(NamedValue("rx_power", -30.0, "dBm", None, -24.0),))),
        (DEGRADED, "interface", "rx_power -30 is below -24 dBm"),
    ),
    (
        "a named value on its bound is fine",
        at(0, demarc=GOOD, interface=port(extras=(NamedValue("rx_power", -24.0, "dBm", None, -24.0),))),
        (UP, "demarc", None),
    ),
]


@pytest.mark.parametrize(("reading", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_packets_and_port(reading: Reading, expected: tuple[Verdict, str | None, str | None]):
    """The law: down if the demarc is silent or the carrier's port is operationally down (domain, section 3)."""
    assert told(reading) == expected


def test_a_silent_cpe_behind_a_port_that_is_down_reaches_the_carriers_part():
    """Where no demarc is configured the port says what the CPE cannot."""
    assert told(at(0, cpe=DEAD, interface=port("down")), CPE_ONLY)[:2] == (DOWN, "interface+cpe")


def test_a_silent_cpe_behind_a_port_that_is_up_stays_a_cpes():
    """The port's silence about a fault proves nothing against the customer either."""
    assert told(at(0, cpe=DEAD, interface=port()), CPE_ONLY)[:2] == (DOWN, "cpe")


def test_the_tables_have_a_row_for_everything():
    """No state and no pair is left to chance; only packets that came back leave it to the criteria."""
    assert set(PORT_SAYS) == set(PortState)
    assert set(FUSION) == {(packets, says) for packets in Packets for says in Says}
    open_rows = {packets for (packets, _), fused in FUSION.items() if fused.verdict is None}
    assert open_rows == {Packets.ANSWERED}


def test_the_law_holds_of_every_row():
    """Down exactly if packets were lost to the last, or the port is down - unless the monitor could not see."""
    for (packets, says), fused in FUSION.items():
        down = packets is not Packets.BLIND and (packets is Packets.SILENT or says is Says.DOWN)
        assert (fused.verdict is DOWN) == down
        assert bool(fused.parts) == down


@pytest.mark.parametrize("oper", ["UP", "Down", "LOWERLAYERDOWN", "NotPresent", "teSting", None, "seven"])
def test_a_ports_state_is_read_without_regard_to_case(oper: str | None):
    """And what no agent should say is unknown, which says nothing."""
    expected = PortState.SILENT if oper is None else PortState.UNKNOWN if oper == "seven" else None
    assert expected in (None, port_state(port(oper)))
    assert port_state(port(oper)) == port_state(port(None if oper is None else oper.swapcase()))


def test_the_page_is_printed_from_the_tables():
    """Mutant: a row of `FUSION` changed without the page (``python -m tests.core.fusion_page > docs/fusion.md``)."""
    assert (Path(__file__).parents[2] / "docs/fusion.md").read_text("utf-8").splitlines() == list(page())


counts = st.none() | st.integers(0, 10**6)
ports = st.builds(
    InterfaceStats,
    st.sampled_from([None, "up", "down"]),
    st.sampled_from([None, "up", "down", "dormant"]),
    st.none() | st.floats(0, 1000),
    *[counts] * 8,
    st.none() | st.floats(0, 600),
)
targets = st.sampled_from([GOOD, DEAD, UNSENT, TargetStats(5, 4, 1, 1, 1, 0), None])


@given(target=targets, said=ports, name=st.sampled_from([n for n in COUNTERS if n.endswith(("errors", "discards"))]))
def test_a_bad_count_that_becomes_unknown_never_makes_a_verdict_worse(target, said: InterfaceStats, name: str):
    """An unknown value exceeds nothing."""
    order = (UP, DEGRADED, DOWN, NO_DATA)
    less: dict[str, Any] = {name: None}
    verdicts = [told(at(0, demarc=target, interface=one))[0] for one in (replace(said, **less), said)]
    assert order.index(verdicts[0]) <= order.index(verdicts[1])


@given(target=targets, said=ports)
def test_counts_without_the_packets_of_their_direction_change_nothing(target, said: InterfaceStats):
    """One number alone is no share of anything.

    Mutant: a direction counted though its packets are unknown; its errors alone are a ratio of 1.
    """
    without = replace(said, in_packets=None, out_packets=None)
    nothing: dict[str, Any] = dict.fromkeys(COUNTERS)
    assert told(at(0, demarc=target, interface=without)) == told(
        at(0, demarc=target, interface=replace(said, **nothing))
    )


@given(draw=st.integers(0, 2**32).map(Random), said=ports)
def test_an_agent_that_goes_silent_changes_nothing_after_two_intervals(draw: Random, said: InterfaceStats):
    """Whatever its last word was, a reading that ends later is judged as if no port were asked."""
    sight = Sight()
    assess(WATCH, sight, at(0, demarc=GOOD, interface=said))
    plain = Sight()
    assess(WATCH, plain, at(0, demarc=GOOD))
    # 2 x 60 s after 10:01 is 10:03; the reading from 10:03 on ends later.
    for minute in range(3, 9):
        target = draw.choice((GOOD, DEAD, UNSENT))
        mine, other = (assess(WATCH, one, at(minute, demarc=target)) for one in (sight, plain))
        assert (mine.verdict, mine.source, mine.reason) == (other.verdict, other.source, other.reason)


@given(st.lists(ports, min_size=1, max_size=5))
def test_polls_of_one_window_become_one(polls: list[InterfaceStats]):
    """The last state that is known; a counter is the sum of all polls that count at all, or unknown.

    Mutant: unknown counters passed over in the sum; errors of one minute are divided by the packets of two.
    """
    one = as_one(polls)
    known = [poll for poll in polls if any(getattr(poll, name) is not None for name in COUNTERS)]
    said = [poll for poll in known if any(getattr(poll, name) for name in COUNTERS) or packets_known(poll)]
    counting = said or known
    for name in COUNTERS:
        values = [getattr(poll, name) for poll in counting]
        assert getattr(one, name) == (None if not values or None in values else sum(values))
    assert one.oper == next((poll.oper for poll in reversed(polls) if poll.oper is not None), None)


def packets_known(poll: InterfaceStats) -> bool:
    return poll.in_packets is not None or poll.out_packets is not None


def test_a_calm_poll_beside_a_full_one_takes_no_packets_away():
    """A poll without packets, in which nothing moved, is covered by the full one after it: one ratio over both.

    Mutant tried: with calm polls among those that count, the packets of the two are unknown, and so is the ratio.
    """
    calm = InterfaceStats("up", "up", 1000, 0, 0, in_discards=0, out_discards=0)
    full = InterfaceStats("up", "up", 1000, 5, 0, 995, 1000, 1, 1, 0, 0, seconds=61)
    one = as_one([calm, full])
    assert (one.in_errors, one.in_packets, one.seconds) == (5, 995, 61)
    assert as_one([calm, calm]).in_errors == 0
