"""Lines that turn in wheels show exactly what they would show walking one by one: edges, counts, RTTs."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slamon.core.reading import Reading
from slamon.probes.protocol import ProbeLine
from tests.probes.skies import Far, VirtualEngine
from tests.probes.test_window import disjoint

UNTIL_S = 45.0


@st.composite
def skies(draw):
    """For each of a few targets, random spans of answering (fast, slow, too late), losing, and not being sent."""
    count = draw(st.integers(1, 4))
    plans = []
    for _ in range(count):
        spans = draw(st.lists(st.tuples(st.floats(0.3, 15), st.sampled_from("....xls-")), min_size=1, max_size=6))
        edges, at_s = [], 0.0
        for length_s, what in spans:
            at_s += length_s
            edges.append((at_s, what))
        plans.append(edges)

    def far(host: str, at_s: float) -> float | None:
        edges = plans[(int(host.rsplit(".", 1)[1]) - 1) % count]
        what = next((what for end_s, what in edges if at_s < end_s), ".")
        if what == "-":
            raise OSError(101, "Network is unreachable")
        wobble_s = int(at_s * 997) % 13 / 10_000
        return {".": 0.02 + wobble_s, "s": 0.3 + wobble_s, "l": 5.0, "x": None}[what]

    return count, far


profiles = st.tuples(
    st.sampled_from([1, 2, 5, 10]), st.integers(1, 6), st.sampled_from([400, 1000, 3000]), st.sampled_from([3, 10])
)
stall_lists = st.lists(st.tuples(st.floats(2, 35), st.floats(1.2, 6)), max_size=2).map(
    lambda spans: disjoint([(start, start + length) for start, length in spans])
)


def lines_of(count: int, profile: tuple[float, int, int, float], *, cpe: bool) -> list[ProbeLine]:
    interval_s, packets, timeout_ms, open_after_s = profile
    return [
        ProbeLine(
            f"L{number}",
            f"10.0.0.{number}",
            f"10.0.1.{number + 1}" if cpe else None,
            interval_s,
            packets,
            timeout_ms,
            open_after_s=open_after_s,
        )
        for number in range(1, count + 1)
    ]


def lived(lines: list[ProbeLine], far: Far, stalls: list[tuple[float, float]], *, wheels: bool) -> VirtualEngine:
    return VirtualEngine(lines, far, wheels=wheels).run(UNTIL_S, stalls).stop()


def shown(readings: list[Reading]) -> list[str]:
    return [
        f"{r.start:%M:%S.%f}-{r.end:%M:%S.%f} {r.blind or ''} {r.demarc} {r.cpe}".replace("TargetStats", "")
        for r in readings
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(skies(), profiles, stall_lists, st.booleans())
def test_wheels_change_nothing(sky, profile, stalls, cpe):
    """The same far end, the same stalls: every reading of every line is the same, to the microsecond."""
    count, far = sky
    lines = lines_of(count, profile, cpe=cpe)
    turning = lived(lines, far, stalls, wheels=True)
    walking = lived(lines, far, stalls, wheels=False)
    for line in lines:
        assert shown(turning.readings()[line.line_id]) == shown(walking.readings()[line.line_id])
    assert sorted(turning.socket.sent) == sorted(walking.socket.sent)
