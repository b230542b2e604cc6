"""The protocol's own rules, and the prober that plays a script."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from slamon.core.reading import Reading, TargetStats
from slamon.probes.icmp import IcmpProber
from slamon.probes.oneshot import ping
from slamon.probes.pace import Pace, phase_of
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import Health, ProbeError, ProbeEvent, ProbeLine, Prober, batch_of_readings
from slamon.probes.scripted import ScriptedProber

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
LINE = ProbeLine("L", "192.0.2.1")
READING = Reading("L", NOON, NOON + timedelta(seconds=10), TargetStats(5, 5))


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, "nothing to probe"),
        ({"demarc": "192.0.2.1", "interval_s": 0.2}, "at least 0.5"),
        ({"demarc": "192.0.2.1", "packets": 0}, "at least 1"),
        ({"demarc": "192.0.2.1", "dscp": 64}, "0 to 63"),
    ],
)
def test_a_line_that_cannot_be_probed_is_refused(members, said):
    with pytest.raises(ValueError, match=said):
        ProbeLine("L", **members)


@pytest.mark.parametrize(
    ("interval_s", "packets", "gap_ms"),
    [(10, 5, 2000), (10, 3, 3333), (1, 2, 500), (1, 5, 500), (0.5, 3, 500), (2.2, 9, 550), (60, 1, 60_000)],
)
def test_packets_are_spread_over_the_interval_at_most_two_a_second(interval_s, packets, gap_ms):
    """F7. Mutant: `Pace.of` without the bound; five packets in a second are 200 ms apart."""
    pace = Pace.of(ProbeLine("L", "192.0.2.1", interval_s=interval_s, packets=packets))
    assert pace.gap_ns // MS_NS == gap_ms
    assert pace.gap_ns >= 500 * MS_NS


def test_phases_are_spread_and_stay_the_same():
    """A thousand lines started at once do not send at once; a line keeps its phase for good."""
    phases = [phase_of(f"GX-{number:04d}", 10 * SECOND_NS, 0) for number in range(1000)]
    seconds = [-phase // SECOND_NS for phase in phases]
    assert all(60 < seconds.count(second) < 140 for second in set(seconds))
    assert phases == [phase_of(f"GX-{number:04d}", 10 * SECOND_NS, 0) for number in range(1000)]


def test_the_scripted_prober_hands_on_its_script_then_what_is_fed():
    async def scenario() -> None:
        fake = ScriptedProber([batch_of_readings([READING], Health(at=NOON))])
        prober: Prober = fake
        await prober.start([LINE], ["192.0.2.9"])
        fake.feed(READING, events=[ProbeEvent("clock_step", NOON)])
        await prober.update([])
        await prober.stop()
        found = [batch async for batch in prober.batches()]
        assert [batch.readings for batch in found] == [(READING,), (READING,)]
        assert found[1].health.at == READING.end
        assert (fake.lines, fake.references, fake.starts) == ((), (), 1)

    asyncio.run(scenario())


def test_the_scripted_prober_can_die():
    async def scenario() -> None:
        fake = ScriptedProber()
        fake.fail("the prober process ended by itself")
        with pytest.raises(ProbeError, match="by itself"):
            await anext(fake.batches())

    asyncio.run(scenario())


def test_a_prober_that_was_not_started_says_so():
    async def scenario() -> None:
        prober: Prober = IcmpProber()
        with pytest.raises(ProbeError, match="not started"):
            await anext(prober.batches())
        await prober.stop()

    asyncio.run(scenario())


def test_a_name_without_an_address_is_an_error_not_a_loss():
    with pytest.raises(ProbeError, match="no such host name"):
        ping("line.invalid")
