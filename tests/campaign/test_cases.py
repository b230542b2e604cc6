"""Cases of reliability.md that need many lines at once, without a network; each names the mutant that it kills."""

import asyncio
import math
import random
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from slamon.core.reading import Reading, TargetStats
from slamon.probes.egress import Egress
from slamon.probes.icmp_engine import IcmpEngine
from slamon.probes.links import Links
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.protocol import ProbeLine
from slamon.probes.walltime import ClockReading
from slamon.service.keeping import GROUP_S
from slamon.store.measured import CLOSED, OPENED
from tests.probes.skies import WALL_NS, Far, VirtualClocks, VirtualEngine, VirtualSocket
from tests.service.places import place, row
from tests.service.playing import BASE
from tests.service.test_daemon import serving

RTT_S = 0.02
REFERENCE = "10.0.0.250"
LINES = [ProbeLine(f"L{n:03}", f"10.0.0.{n}", interval_s=2, packets=4, timeout_ms=400) for n in range(1, 201)]
VICTIMS = {f"10.0.0.{n}" for n in range(1, 201, 2)}


def well(_host: str, _at_s: float) -> float | None:
    return RTT_S


def victims(host: str, at_s: float) -> float | None:
    """Every other line cannot be sent to, dies, comes back, loses now and then, answers late."""
    if host not in VICTIMS or at_s < 5:
        return RTT_S
    if at_s < 9:
        raise OSError(113, "No route to host")
    if at_s < 16:
        return None
    return (RTT_S, None, 0.9)[int(at_s * 7) % 3]


@pytest.mark.parametrize("wheels", [True, False])
def test_f19_what_is_done_to_one_line_shows_on_no_other(wheels):
    """F19: every other line dies and worse; its neighbours' readings are the same to the microsecond as without.

    Mutant: `turning._send_on` ending at the first `OSError` (`break`) instead of going on with `todo`: packets
    to neighbours are never sent.
    """

    def readings(far: Far) -> dict[str, list[Reading]]:
        return VirtualEngine(LINES, far, wheels=wheels).run(20).stop().readings()

    alone, beside = readings(well), readings(victims)
    for line in LINES:
        if line.demarc not in VICTIMS:
            assert beside[line.line_id] == alone[line.line_id]
        else:
            assert beside[line.line_id] != alone[line.line_id]


class SlewedClocks(VirtualClocks):
    """The wall clock is slewed to and fro by a third of a millisecond, as NTP does."""

    def read(self) -> ClockReading:
        slewed_ns = round(MS_NS / 3 * math.sin(self.now_ns / SECOND_NS))
        return ClockReading(self.now_ns, self.now_ns + WALL_NS + slewed_ns, self.now_ns)


class SlewedEngine(VirtualEngine):
    """An engine on such clocks."""

    def __init__(self, lines: list[ProbeLine], far: Far) -> None:
        super().__init__([], far, wheels=True)
        self.clocks = SlewedClocks()
        self.socket = VirtualSocket(self.clocks, far)
        sockets = {4: self.socket}
        egress = Egress(Links(self.carriers), self.routes)
        self.engine = IcmpEngine(self._take, self.clocks, sockets=(sockets, {}), egress=egress)  # type: ignore[arg-type]
        self.engine.set_lines(lines, [REFERENCE])


def test_f2_readings_never_overlap_while_the_wall_clock_is_slewed():
    """F2: a line that loses packets goes to and fro between its wheel and walking; its readings tile all the time.

    By a microsecond of overlap the judge would take a whole reading for one that it has seen.
    Mutant: `Fleet.take_back` setting `ended_us` back to what the track has handed on: readings overlap.
    """

    def lossy(host: str, at_s: float) -> float | None:
        return None if host != REFERENCE and random.Random(f"{host} {at_s}").random() < 0.3 else RTT_S

    made = SlewedEngine(LINES[:40], lossy)
    for own in made.run(120).stop().readings().values():
        assert all(before.end == after.start for before, after in pairwise(own))


def test_f25_a_mass_outage_is_recorded_in_few_commits(tmp_path):
    """F25: a thousand lines are lost within a second, told in fifty slices: every alarm is on disk, in few commits.

    Two or three are usual. However busy the machine is, commits are at least `GROUP_S` apart. One commit an outage
    would be a thousand. Mutant: `Keeper._commit_soon` without that wait: 13 to 28 within half a second.
    """
    lines = [f"L{number:04}" for number in range(1000)]
    where = place(tmp_path / "site", *(row(name, "10.64.0.1", "") for name in lines))
    ten_s = timedelta(seconds=10)

    def shown(name: str, number: int, received: int) -> Reading:
        start = BASE + number * ten_s
        return Reading(name, start, start + ten_s, TargetStats(5, received, 1.0, 1.0, 1.0, 0.0) if received else DEAD)

    async def scenario() -> list[datetime]:
        async with serving(where) as service:
            for number, received in enumerate((5, 0, 0, 5, 5, 5)):
                for low in range(0, 1000, 20):
                    service.prober.feed(*(shown(name, number, received) for name in lines[low : low + 20]))
                    await asyncio.sleep(0)
                if number == 2:
                    await service.recorded(OPENED, count=1000)
            await service.recorded(CLOSED, count=1000)
            opened = service.entries(OPENED)
            assert {entry.line_id for entry in opened} == set(lines)
            assert len(opened) == 1000
            return sorted({entry.recorded_at for entry in opened})

    commits = asyncio.run(scenario())
    assert len(commits) <= 2 + (commits[-1] - commits[0]) / timedelta(seconds=GROUP_S)


DEAD = TargetStats(5, 0)
