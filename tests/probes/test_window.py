"""Where the windows of a line begin and end (domain, section 3, "Edges"), in virtual time."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slamon.probes.pace import Pace
from slamon.probes.packet import SECOND_NS, Outcome, Packet
from slamon.probes.protocol import ProbeLine
from slamon.probes.window import LineWindows
from tests.probes.virtual import Far, VirtualLine, seconds

# Five packets in ten seconds (slots at 0, 2, 4, 6, 8, then 10, ...), timeout one second. After an outage the confirm
# packet that was already on its way adds one to the window.
LINE = ProbeLine("L", demarc="192.0.2.1")


def outage(start_s: float, end_s: float) -> Far:
    return lambda at_s: "x" if start_s <= at_s < end_s else "."


def shown(far: Far, until_s: float, line: ProbeLine = LINE, stalls: Sequence[tuple[float, float]] = ()) -> list[str]:
    return VirtualLine(line, far, list(stalls)).run(until_s).shown()


@pytest.mark.parametrize(
    ("far", "until_s", "stalls", "expected"),
    [
        pytest.param(lambda _: ".", 25, (), ["0-10 5/5", "10-20 5/5", "20-25 3/3"], id="a good line has even windows"),
        pytest.param(
            outage(13, 19.2),
            30,
            (),
            ["0-10 5/5", "10-14 2/2", "14-18 0/2", "18-19 0/1", "19-19.5 0/1", "19.5-20 1/1", "20-30 5/5"],
            id="a clean cut: no window holds both answered and lost packets",
        ),
        pytest.param(
            outage(7, 11),
            20,
            (),
            ["0-10 4/5", "10-20 4/5"],
            id="two losses across an edge are held back, and are loss once a reply came",
        ),
        pytest.param(
            outage(7, 13),
            20,
            (),
            ["0-8 4/4", "8-12 0/2", "12-13 0/1", "13-20 5/5"],
            id="three losses across an edge: the window ends before the first of them, the edge is gone",
        ),
        pytest.param(
            outage(0, 6),
            10,
            (),
            ["0-4 0/2", "4-5 0/1", "5-5.5 0/1", "5.5-6 0/1", "6-10 3/3"],
            id="a line that is dead from the start",
        ),
        pytest.param(
            lambda _: ".",
            30,
            [(13, 17)],
            ["0-10 5/5", "10-13 2/2", "13-17 blind", "17-20 1/1", "20-30 5/5"],
            id="a stall is a blind window of its own",
        ),
        pytest.param(
            outage(5, 19),
            30,
            [(9, 14)],
            [
                "0-6 3/3",
                "6-9 0/2",
                "9-14 blind",
                "14-16 blind",
                "16-17 0/1",
                "17-17.5 0/1",
                "17.5-18 0/1",
                "18-18.5 0/1",
                "18.5-19 0/1",
                "19-20 2/2",
                "20-30 5/5",
            ],
            id="an outage that a stall divides still begins at its first lost packet",
        ),
        pytest.param(
            lambda at_s: "-" if 5 < at_s < 25 else ".",
            30,
            (),
            ["0-10 3/3", "10-20 blind", "20-30 2/2"],
            id="what could not be sent is no data: fewer packets, or blind",
        ),
        pytest.param(
            lambda at_s: "x" if 3 < at_s < 7 else "-" if 7 < at_s < 13 else ".",
            20,
            (),
            ["0-10 2/4", "10-20 3/3"],
            id="two losses and then nothing but unsent packets: no third one is waited for",
        ),
        pytest.param(
            lambda at_s: "-" if 5 < at_s < 7 else "x" if 3 < at_s < 12 else ".",
            20,
            (),
            ["0-4 2/2", "4-10 0/2", "10-11 0/1", "11-11.5 0/1", "11.5-12 0/1", "12-20 5/5"],
            id="an unsent packet does not break a run of losses",
        ),
    ],
)
def test_windows(far, until_s, stalls, expected):
    assert shown(far, until_s, stalls=stalls) == expected


def test_after_the_confirm_run_windows_are_even_again():
    """Politeness: beyond the alarm a dead line gets its usual packets, and its windows their usual edges."""
    tail = shown(outage(13, 99), 60)[-4:]
    assert tail == ["29-30 0/1", "30-40 0/5", "40-50 0/5", "50-60 0/5"]


def test_windows_of_the_second_target_follow_the_deciding_one():
    """Losses of the CPE cut nothing: only the demarc decides where windows end."""
    pace = Pace.of(ProbeLine("L", demarc="192.0.2.1", cpe="192.0.2.2"))
    windows = LineWindows(pace, 0, 0, 2)
    for slot in range(6):
        demarc, cpe = Packet(slot * 2 * SECOND_NS, 0), Packet(slot * 2 * SECOND_NS, 1)
        windows.add(demarc)
        windows.add(cpe)
        demarc.answer(1_000_000)
        cpe.expire()
    [cut] = windows.advance()
    assert (cut.start_ns, cut.end_ns) == (0, 10 * SECOND_NS)
    assert [(stats.sent, stats.received) for stats in cut.stats if stats] == [(5, 5), (5, 0)]


def test_dropped_replies_are_no_loss():
    """A packet whose reply we may have dropped ourselves is neither sent nor lost.

    Mutant: `Packet.expire` without `voidable` calls it lost; this test then sees 1 of 2 answered.
    """
    windows = LineWindows(Pace.of(LINE), 0, 0, 1)
    answered, dropped, later = Packet(0), Packet(2 * SECOND_NS), Packet(10 * SECOND_NS)
    for packet in (answered, dropped, later):
        windows.add(packet)
    dropped.voidable = True
    answered.answer(1_000_000)
    dropped.expire()
    [cut] = windows.advance()
    assert cut.stats[0] is not None
    assert (cut.stats[0].sent, cut.stats[0].received) == (1, 1)


@st.composite
def fates(draw):
    """A far end as random spans of answering, losing, and not being able to send."""
    spans = draw(st.lists(st.tuples(st.floats(0.3, 30), st.sampled_from("..x-")), min_size=1, max_size=12))
    edges, at_s = [], 0.0
    for length_s, what in spans:
        at_s += length_s
        edges.append((at_s, what))
    return lambda at_s: next((what for end_s, what in edges if at_s < end_s), ".")


paces = st.builds(
    lambda interval_s, packets, timeout_ms, open_after_s: ProbeLine(
        "L", "192.0.2.1", None, interval_s, packets, timeout_ms, open_after_s=open_after_s
    ),
    st.sampled_from([0.5, 1, 2, 5, 10, 60]),
    st.integers(1, 20),
    st.sampled_from([100, 500, 1000, 3000]),
    st.sampled_from([3, 10, 30]),
)
stall_spans = st.lists(st.tuples(st.floats(0, 100), st.floats(0.6, 20)), max_size=3).map(
    lambda spans: [(start, start + length) for start, length in spans]
)


def disjoint(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if not found or start > found[-1][1]:
            found.append((start, end))
    return found


@given(fates(), paces, stall_spans, st.floats(0, 60))
def test_windows_tile_time_and_account_for_every_packet(far, line, stalls, phase_s):
    """Windows follow one another without gap or overlap; each packet counts once; nothing is lost that was not lost."""
    stalls = disjoint(stalls)
    rig = VirtualLine(line, far, list(stalls), phase_s=-phase_s).run(130)
    cuts = [cut for _, cut in rig.cuts]
    assert all(before.end_ns == after.start_ns for before, after in pairwise(cuts))
    assert not cuts or cuts[0].start_ns == 0
    for cut in cuts:
        assert cut.start_ns < cut.end_ns
        inside = [p for p in rig.packets if cut.start_ns <= p.at_ns < cut.end_ns]
        stats = cut.stats[0]
        if stats is None:
            assert cut.blind is not None
            continue
        answered = sum(p.outcome is Outcome.ANSWERED for p in inside)
        lost = sum(p.outcome is Outcome.LOST for p in inside)
        assert (stats.sent, stats.received) == (answered + lost, answered)
        assert stats.sent > 0
    for start_s, end_s in stalls:
        for cut in cuts:
            if cut.start_ns < round(end_s * SECOND_NS) and round(start_s * SECOND_NS) < cut.end_ns:
                assert cut.blind is not None


@given(fates(), paces, st.floats(0, 60))
def test_the_far_end_gets_at_most_two_packets_a_second(far, line, phase_s):
    """F7, confirm runs included: in any second at most two, and never two within 450 ms.

    Mutant: `Schedule.hurry` sending at once regardless of the last packet: 0 ms between packets seen.
    """
    rig = VirtualLine(line, far, phase_s=-phase_s).run(130)
    assert all(after.at_ns - before.at_ns >= 450_000_000 for before, after in pairwise(rig.packets))
    assert all(
        third.at_ns - first.at_ns >= 900_000_000 for first, third in zip(rig.packets, rig.packets[2:], strict=False)
    )


@given(paces, st.floats(20, 150), st.floats(0, 60))
def test_a_clean_cut_shows_no_mixed_window_and_alarms_in_time(line, cut_s, phase_s):
    """The alarm's two readings spanning `open_after_s` are out within that plus a gap, the timeout and half a second.

    Mutant: `LineWindows.hurried` without the rule for long gaps: a line with one packet a minute takes three minutes.
    """
    rig = VirtualLine(line, outage(cut_s, 1e9), phase_s=-phase_s).run(cut_s + 250)
    gap_s = Pace.of(line).gap_ns / SECOND_NS
    first_lost_s = next(p.at_ns for p in rig.packets if p.outcome is not Outcome.ANSWERED) / SECOND_NS
    downs = [(known_s, cut) for known_s, cut in rig.cuts if cut.stats[0] and not cut.stats[0].received]
    assert not [cut for _, cut in rig.cuts if cut.stats[0] and 0 < cut.stats[0].received < cut.stats[0].sent]
    assert seconds(downs[0][1].start_ns) == pytest.approx(first_lost_s, abs=0.001)
    assert cut_s <= first_lost_s <= cut_s + gap_s + 0.51
    alarm_s = next(
        known_s
        for number, (known_s, cut) in enumerate(downs)
        if number >= 1 and cut.end_ns - downs[0][1].start_ns >= line.open_after_s * SECOND_NS
    )
    assert alarm_s <= first_lost_s + line.open_after_s + gap_s + line.timeout_ms / 1000 + 0.5


@given(paces, st.floats(5, 100), st.floats(1, 200), st.floats(0, 60))
def test_an_outage_ends_at_the_first_answered_packet(line, start_s, length_s, phase_s):
    """The window of an outage of three packets or more holds no answered packet, and the next begins with one."""
    rig = VirtualLine(line, outage(start_s, start_s + length_s), phase_s=-phase_s).run(start_s + length_s + 200)
    lost = [p for p in rig.packets if p.outcome is Outcome.LOST]
    if len(lost) < 3:
        return
    revived = next(p for p in rig.packets if p.at_ns > lost[-1].at_ns)
    starts = {cut.start_ns for _, cut in rig.cuts}
    assert lost[0].at_ns in starts
    assert revived.at_ns in starts
    for _, cut in rig.cuts:
        stats = cut.stats[0]
        if lost[0].at_ns <= cut.start_ns < revived.at_ns:
            assert stats is not None
            assert stats.received == 0


@given(fates(), paces, st.floats(0, 60))
def test_a_window_is_not_held_back_for_ever(far, line, phase_s):
    """Whatever happens, a window is out within the time that three more packets need."""
    pace = Pace.of(line)
    rig = VirtualLine(line, far, phase_s=-phase_s).run(130)
    slack_ns = pace.interval_ns + 6 * pace.gap_ns + 3 * pace.timeout_ns + 2 * SECOND_NS
    assert all(known_s * SECOND_NS - cut.end_ns <= slack_ns for known_s, cut in rig.cuts)
