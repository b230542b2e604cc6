"""Source addresses and several links with real packets, in namespaces of their own (F1)."""

import asyncio
from itertools import pairwise

import pytest

from tests.lab.netns import Wire
from tests.probes.watching import Watching, ends, line, watching

pytestmark = pytest.mark.lab

REFERENCES = ["10.64.9.1", "fd64::9"]


def tiles(seen: Watching) -> bool:
    return all(a.end == b.start for own in seen.readings.values() for a, b in pairwise(own))


def test_packets_leave_from_the_source_of_their_line(lab: Wire):
    """A far end that drops what comes from one source and one that drops all else: each line shows which it is.

    IPv4 and IPv6, turning in a wheel and walking (two lines that share an address walk). An address that is not this
    machine's is no data, with the reason. Mutant: `from_source` never given: the lines of the second source are up.
    """
    v4, v6 = lab.second_source()
    lab.cut_sources(v4, v6)
    lines = [
        line("wheel4", "10.64.0.1", source=v4),
        line("wheel6", "fd64::1", source=v6),
        line("walk4", "10.64.0.2", source=v4),
        line("shared4", "10.64.0.2", interval_s=2.0),
        line("other4", "10.64.0.3"),
        line("other6", "fd64::3"),
        line("nobody4", "10.64.0.4", source="10.99.0.77"),
        line("nobody6", "fd64::4", source="fd99::77"),
    ]

    async def scenario() -> None:
        async with watching(lab, lines) as seen:
            await seen.until(lambda: all(len(seen.of(each.line_id)) >= 2 for each in lines))
        shown = {name: set(seen.verdicts(name)) - {"?"} for name in seen.readings}
        assert shown == {
            "wheel4": {"x"}, "wheel6": {"x"}, "walk4": {"x"}, "shared4": {"."}, "other4": {"."}, "other6": {"."},
            "nobody4": set(), "nobody6": set(),
        }  # fmt: skip
        assert {r.blind for r in seen.of("nobody4")} == {
            "not sent: Network is unreachable from 10.99.0.77 (is it an address of this machine?)"
        }
        assert {r.blind for r in seen.of("nobody6")} == {
            "not sent: Invalid argument from fd99::77 (is it an address of this machine?)"
        }

    asyncio.run(scenario())


def test_f1_a_source_that_sees_nothing_is_blind_alone(lab: Wire):
    """F1: what comes from one source is lost, references too: its lines are blind, the others' are up; said once each.

    Mutants: those of `test_sights`.
    """
    v4, v6 = lab.second_source()
    lines = [
        line("first4", "10.64.0.1"),
        line("first6", "fd64::1"),
        line("second4", "10.64.0.2", source=v4),
        line("second6", "fd64::2", source=v6),
    ]
    second = ("second4", "second6")

    async def scenario() -> None:
        async with watching(lab, lines, REFERENCES) as seen:
            await seen.until(lambda: all(len(seen.of(each.line_id)) >= 2 for each in lines))
            lab.cut_sources(v4, v6)
            await seen.until(lambda: all(seen.verdicts(name).count("?") >= 3 for name in second))
            lab.restore_uplink()
            await seen.until(lambda: all(ends(seen.verdicts(name), "?...") for name in second))
        for name in second:
            assert set(seen.verdicts(name)) == {".", "?"}, seen.verdicts(name)
        for name in ("first4", "first6"):
            assert set(seen.verdicts(name)) == {"."}, (name, seen.verdicts(name))
        assert sorted(seen.kinds()) == ["reference_back", "reference_back", "reference_lost", "reference_lost"]
        assert {event.detail for event in seen.events if event.kind == "reference_lost"} == {
            f"from {v4} every reference target is lost",
            f"from {v6} every reference target is lost",
        }
        assert tiles(seen)

    asyncio.run(scenario())


def test_f1_a_pulled_cable_blinds_the_lines_behind_it(lab: Wire):
    """F1: one of two links loses its carrier and gets it back: its lines are blind, without one lost packet.

    The kernel says by which link each leaves. Mutants: those of `test_sights`.
    """
    lab.second_link()
    lines = [line("here4", "10.64.0.1"), line("here6", "fd64::1"), line("beside4", "10.65.0.1"),
             line("beside6", "fd64:0:1::1")]  # fmt: skip
    beside = ("beside4", "beside6")

    async def scenario() -> None:
        async with watching(lab, lines) as seen:
            await seen.until(lambda: all(len(seen.of(each.line_id)) >= 3 for each in lines))
            lab.pull_cable(out=True)
            await seen.until(lambda: all(seen.verdicts(name).count("?") >= 2 for name in beside))
            lab.pull_cable(out=False)
            await seen.until(lambda: all(ends(seen.verdicts(name), "?....") for name in beside))
        for name in beside:
            assert set(seen.verdicts(name)) == {".", "?"}, seen.verdicts(name)
            assert f"not sent: {lab.beside_link[0]} has lost its carrier" in {r.blind for r in seen.of(name)}
        for name in ("here4", "here6"):
            assert set(seen.verdicts(name)) == {"."}
        assert seen.kinds() == ["link_down", "link_up"]
        assert tiles(seen)

    asyncio.run(scenario())
