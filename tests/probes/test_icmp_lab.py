"""The ICMP prober with real packets, in namespaces of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from slamon.core.reading import Reading
from slamon.probes.icmp import IcmpProber
from slamon.probes.protocol import ProbeError
from tests.lab.netns import NEAR_ADDRESS, Wire
from tests.lab.responder import Request, responder
from tests.probes.watching import GAP_S, TIMEOUT_MS, Watching, deciding, ends, line, verdict, wall, watching

pytestmark = pytest.mark.lab

# A tick, and a busy machine.
SLACK_S = 0.25


def tiles(readings: list[Reading]) -> bool:
    return all(before.end == after.start for before, after in pairwise(readings))


def spanned(readings: list[Reading], kind: str) -> tuple[float, float]:
    """The first start and the last end of the readings of a verdict."""
    chosen = [reading for reading in readings if verdict(reading) == kind]
    return chosen[0].start.timestamp(), chosen[-1].end.timestamp()


def test_a_clean_cut_shows_within_a_packet_gap_and_disturbs_nobody(lab: Wire):
    """Edges lie within one packet gap of the truth, IPv4 and IPv6; neighbours, dead or nameless, share only the socket.

    F14: a name that cannot be resolved is blind and stops nothing. F19: nobody else loses a packet.
    """
    victims = ["10.64.0.1", "fd64::1"]
    lines = [
        line("v4", "10.64.0.1", "10.64.1.1"),
        line("v6", "fd64::1"),
        line("customer", "10.64.0.2", "10.64.0.3"),
        line("good4", "10.64.0.4"),
        line("good6", "fd64::4", "fd64::5"),
        line("nameless", "line.invalid"),
        line("cpe only", None, "10.64.0.6"),
    ]

    async def scenario() -> None:
        lab.cut("10.64.0.3")
        async with watching(lab, lines) as seen:
            await seen.until(lambda: all(len(seen.of(name)) >= 2 for name in ("v4", "v6", "good4", "nameless")))
            before_cut = wall()
            lab.cut(*victims)
            after_cut = wall()
            await seen.until(lambda: all(seen.verdicts(name).count("x") >= 5 for name in ("v4", "v6")))
            before_restore = wall()
            lab.restore(*victims)
            after_restore = wall()
            await seen.until(lambda: all(ends(seen.verdicts(name), "...") for name in ("v4", "v6")))
        for name in ("v4", "v6"):
            assert seen.verdicts(name).strip(".").strip("x") == "", f"{name}: {seen.verdicts(name)}"
            start_s, end_s = spanned(seen.of(name), "x")
            assert before_cut - 0.01 <= start_s <= after_cut + GAP_S + SLACK_S
            assert before_restore - 0.01 <= end_s <= after_restore + GAP_S + SLACK_S
        for name in ("good4", "good6"):
            assert set(seen.verdicts(name)) == {"."}
        assert set(seen.verdicts("nameless")) == {"?"}
        assert "line.invalid" in str(seen.of("nameless")[0].blind)
        assert set(seen.verdicts("customer")) == {"."}
        assert {r.cpe.received for r in seen.of("customer") if r.cpe} == {0}
        assert set(seen.verdicts("cpe only")) == {"."}
        assert {r.demarc for r in seen.of("cpe only")} == {None}
        assert all(tiles(readings) for readings in seen.readings.values())
        rtts = [stats.rtt_mean_ms for r in seen.of("good4") if (stats := deciding(r)) and stats.rtt_mean_ms]
        assert 0 < min(rtts) < 5

    asyncio.run(scenario())


def test_an_alarm_is_possible_in_time(lab: Wire):
    """Two dead readings that span `open_after_s` are here within that, a gap, the timeout and half a second.

    The references' word included, which is asked for at once.
    """
    slow = line("L", "10.64.0.1", interval_s=1.5, packets=1, open_after_s=2.5)

    async def scenario() -> None:
        async with watching(lab, [slow], ["10.64.9.1"]) as seen:
            await seen.until(lambda: seen.of("L"))
            lab.cut("10.64.0.1")

            def alarm() -> bool:
                downs = [r for r in seen.of("L") if verdict(r) == "x"]
                return len(downs) >= 2 and (downs[-1].end - downs[0].start).total_seconds() >= 2.5

            await seen.until(alarm)
            onset_s = spanned(seen.of("L"), "x")[0]
            assert wall() <= onset_s + 2.5 + 1.5 + TIMEOUT_MS / 1000 + 0.5 + SLACK_S

    asyncio.run(scenario())


def test_random_loss_shows_as_its_share(lab: Wire):
    """A third of the requests lost on thirty lines: the readings add up to about a third, RTTs stand."""
    lines = [line(f"L{number}", f"10.64.0.{number}") for number in range(1, 31)]
    for number in range(1, 31):
        lab.thin(f"10.64.0.{number}", 33)

    async def scenario() -> None:
        async with watching(lab, lines) as seen:
            await seen.until(lambda: all(len(seen.of(each.line_id)) >= 4 for each in lines))
        stats = [found for readings in seen.readings.values() for r in readings if (found := deciding(r))]
        sent, received = sum(s.sent for s in stats), sum(s.received for s in stats)
        assert 0.2 < (sent - received) / sent < 0.5
        assert any(verdict(r) == "~" for readings in seen.readings.values() for r in readings)
        assert all((s.rtt_mean_ms is not None) == (s.received > 0) for s in stats)

    asyncio.run(scenario())


def test_late_double_forged_and_damaged_replies(lab: Wire):
    """F6, F9, F10: each is counted as what it is; none makes a line alive, none counts twice.

    Mutants (see test_flights): without the timeout `late` is alive; without the address and cookie `forged` is.
    """

    def late(request: Request) -> list[tuple[float, bytes]]:
        return [(TIMEOUT_MS / 1000 + 0.1, request.reply())]

    def double(request: Request) -> list[tuple[float, bytes]]:
        return [(0, request.reply()), (0.01, request.reply()), (0.02, request.reply())]

    def forged(request: Request) -> list[tuple[float, bytes]]:
        return [
            (0, request.reply(sender="10.64.0.99")),
            (0, request.reply(payload=bytes(56))),
            (0, request.reply(payload=b"")),
        ]

    def damaged(request: Request) -> list[tuple[float, bytes]]:
        return [(0, request.reply(checksum_off=1))]

    answers = {"10.64.0.1": late, "10.64.0.2": double, "10.64.0.3": forged, "10.64.0.4": damaged}
    names = ("late", "double", "forged", "damaged")
    lines = [line(name, address) for name, address in zip(names, answers, strict=True)]

    async def scenario() -> None:
        lab.cut(*answers)
        with responder(lab.far, dict(answers)):
            async with watching(lab, lines) as seen:
                await seen.until(lambda: all(len(seen.of(name)) >= 4 for name in names))
        assert set(seen.verdicts("double")) == {"."}
        for name in ("late", "forged", "damaged"):
            assert set(seen.verdicts(name).lstrip("?")) == {"x"}, name
        health = seen.counted()
        answered = sum(stats.received for r in seen.of("double") if (stats := deciding(r)))
        assert health.received == pytest.approx(answered, abs=2)
        assert health.late >= 4
        assert health.duplicate >= 2 * (answered - 2)
        assert health.forged >= 12
        assert health.corrupt >= 4

    asyncio.run(scenario())


def test_what_cannot_be_sent_is_no_data(lab: Wire):
    """The interface goes down: blind with the kernel's reason, not one lost packet; it comes back by itself.

    Mutant: `turning._send_on` leaving a packet pending after an `OSError`; the line is then DOWN.
    """

    async def scenario() -> None:
        async with watching(lab, [line("v4", "10.64.0.1"), line("v6", "fd64::1")]) as seen:
            await seen.until(lambda: seen.of("v4") and seen.of("v6"))
            lab.link_down()
            await seen.until(lambda: all(seen.verdicts(name).count("?") >= 2 for name in ("v4", "v6")))
            lab.link_up()
            await seen.until(lambda: all(ends(seen.verdicts(name), "..") for name in ("v4", "v6")))
        for name in ("v4", "v6"):
            assert set(seen.verdicts(name)) == {".", "?"}
            assert any("not sent: Network is unreachable" in (r.blind or "") for r in seen.of(name))
            assert tiles(seen.of(name))
        assert seen.counted().send_errors >= 4

    asyncio.run(scenario())


def test_a_stopped_process_is_blind_not_loss(lab: Wire):
    """F5: SIGSTOP for two seconds while packets are on their way: blind for that time, nothing lost, RTTs true.

    Mutants: `STALL_NS` huge: no blind reading. Expiring before draining: replies that waited in the socket are lost.
    """

    def slow(request: Request) -> list[tuple[float, bytes]]:
        return [(0.1, request.reply())]

    lines = [line(f"L{number}", f"10.64.0.{number}") for number in range(1, 21)]
    names = [each.line_id for each in lines]

    async def scenario() -> None:
        addresses = [str(each.demarc) for each in lines]
        lab.cut(*addresses)
        with responder(lab.far, dict.fromkeys(addresses, slow)):
            async with watching(lab, lines) as seen:
                await seen.until(lambda: all(seen.of(name) for name in names))
                pid = seen.prober.pid
                assert pid is not None
                os.kill(pid, signal.SIGSTOP)
                stopped = wall()
                asyncio.get_running_loop().call_later(2.0, os.kill, pid, signal.SIGCONT)
                await seen.until(lambda: all(ends(seen.verdicts(name), "?...") for name in names))
        assert "stall" in seen.kinds()
        for name in names:
            assert set(seen.verdicts(name)) == {".", "?"}, name
            assert tiles(seen.of(name))
            start_s, end_s = spanned(seen.of(name), "?")
            assert start_s == pytest.approx(stopped, abs=GAP_S + SLACK_S)
            assert end_s == pytest.approx(stopped + 2, abs=GAP_S + SLACK_S)
            rtts = [s.rtt_max_ms for r in seen.of(name) if (s := deciding(r)) and s.rtt_max_ms]
            assert 100 <= max(rtts) < 200

    asyncio.run(scenario())


def test_a_dead_uplink_is_blind_and_a_dead_line_is_not(lab: Wire):
    """F1: all references lost with everything else: blind, said once. A line lost alone stays lost.

    Mutant: `Vantage.say` answering SEEN always: all lines DOWN while the uplink is cut.
    """
    lines = [line("victim", "10.64.0.1"), line("good", "10.64.0.2")]

    async def scenario() -> None:
        async with watching(lab, lines, ["10.64.9.1", "fd64::9"]) as seen:
            await seen.until(lambda: seen.of("good"))
            lab.cut("10.64.0.1")
            await seen.until(lambda: seen.verdicts("victim").count("x") >= 2)
            lab.restore("10.64.0.1")
            await seen.until(lambda: ends(seen.verdicts("victim"), "x.."))
            lab.cut_uplink()
            await seen.until(lambda: seen.verdicts("good").count("?") >= 3)
            lab.restore_uplink()
            await seen.until(lambda: all(ends(seen.verdicts(name), "?...") for name in ("good", "victim")))
        assert set(seen.verdicts("good")) == {".", "?"}
        assert seen.verdicts("victim").rstrip(".").rstrip("?").strip(".").strip("x") == ""
        assert {r.blind for r in seen.of("good") if r.blind} == {"all reference targets lost"}
        assert seen.kinds() == ["reference_lost", "reference_back"]
        assert tiles(seen.of("good"))

    asyncio.run(scenario())


def test_other_pingers_disturb_nothing(lab: Wire):
    """F8: a second prober and fping ping the same addresses: nothing lost, nothing taken for another's.

    Mutant: without the filter and `identifier` in `land`, the other prober's replies are counted as forged.
    """
    lines = [line(f"L{number}", f"10.64.0.{number}", f"fd64::{number}") for number in range(1, 41)]
    addresses = [str(each.demarc) for each in lines]
    fping = lab.near.command("fping", "-q", "-l", "-p", "100", "-i", "1", *addresses)

    def enough(seen: Watching) -> bool:
        return all(len(seen.of(each.line_id)) >= 4 for each in lines)

    async def scenario() -> None:
        async with watching(lab, lines) as one, watching(lab, lines) as two:
            await one.until(lambda: enough(one))
            await two.until(lambda: enough(two))
        for seen in (one, two):
            assert {mark for each in lines for mark in seen.verdicts(each.line_id)} == {"."}
            health = seen.counted()
            assert (health.forged, health.duplicate, health.late, health.corrupt) == (0, 0, 0, 0)

    with subprocess.Popen(fping, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as other:
        try:
            asyncio.run(scenario())
        finally:
            other.terminate()


def test_a_reload_keeps_the_others_pace(lab: Wire):
    """Lines are added, changed and removed; an unchanged one has even windows all the time, a changed one no gap."""
    kept, changed = line("kept", "10.64.0.1"), line("changed", "10.64.0.2")

    async def scenario() -> None:
        async with watching(lab, [kept, changed, line("removed", "10.64.0.3")]) as seen:
            await seen.until(lambda: all(len(seen.of(name)) >= 2 for name in ("kept", "changed", "removed")))
            await seen.prober.update([kept, line("changed", "10.64.0.5", packets=1), line("added", "fd64::1")])
            await seen.until(lambda: len(seen.of("added")) >= 2 and len(seen.of("changed")) >= 5)
            removed = len(seen.of("removed"))
            await seen.until(lambda: len(seen.of("added")) >= 3)
            assert len(seen.of("removed")) == removed
        assert all(set(seen.verdicts(name)) == {"."} for name in seen.readings)
        assert all(tiles(readings) for readings in seen.readings.values())
        inner = seen.of("kept")[1:-1]
        assert all((r.end - r.start).total_seconds() == pytest.approx(1, abs=SLACK_S) for r in inner)
        assert {stats.sent for r in seen.of("changed")[-3:-1] if (stats := deciding(r))} == {1}

    asyncio.run(scenario())


def test_payload_and_dscp_are_those_of_the_line(lab: Wire):
    """A far end that drops whatever is short or not marked answers only the line that is long and marked."""
    lab.far.nft("add rule inet lab uplink ip length < 1428 drop\nadd rule inet lab uplink ip dscp != ef drop\n")
    lab.far.nft("add rule inet lab uplink icmpv6 type echo-request ip6 dscp != ef drop\n")
    lines = [
        line("both", "10.64.0.1", payload_bytes=1400, dscp=46),
        line("short", "10.64.0.2", payload_bytes=1399, dscp=46),
        line("unmarked", "10.64.0.3", payload_bytes=1400),
        line("both6", "fd64::1", dscp=46),
        line("unmarked6", "fd64::2"),
    ]

    async def scenario() -> None:
        async with watching(lab, lines) as seen:
            await seen.until(lambda: all(len(seen.of(each.line_id)) >= 2 for each in lines))
        assert {name: set(seen.verdicts(name)) - {"?"} for name in seen.readings} == {
            "both": {"."}, "short": {"x"}, "unmarked": {"x"}, "both6": {"."}, "unmarked6": {"x"}
        }  # fmt: skip

    asyncio.run(scenario())


def test_a_prober_that_died_says_so_and_can_be_started_again(lab: Wire):
    async def scenario() -> None:
        prober = IcmpProber()
        with lab.near.entered():
            await prober.start([line("L", "10.64.0.1")])
            assert prober.pid is not None
            os.kill(prober.pid, signal.SIGKILL)
            with pytest.raises(ProbeError, match="ended by itself"):
                async for _ in prober.batches():
                    pass
            await prober.start([line("L", "10.64.0.1")])
        seen = Watching(prober)
        reader = asyncio.create_task(seen.read())
        await seen.until(lambda: seen.of("L"))
        await prober.stop()
        await reader
        assert set(seen.verdicts("L")) == {"."}

    asyncio.run(scenario())


PARENT = """
import asyncio
from slamon.probes.icmp import IcmpProber
async def main():
    prober = IcmpProber()
    await prober.start([])
    print(prober.pid, flush=True)
    async for _ in prober.batches():
        pass
asyncio.run(main())
"""


def test_the_prober_never_outlives_its_daemon(lab: Wire):
    """kill -9 of the parent ends the prober: it sees the other end of its pipe closed."""
    command = lab.near.command(sys.executable, "-c", PARENT)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        descriptor = os.pidfd_open(pid)
        parent.kill()
    try:

        async def scenario() -> None:
            gone = asyncio.Event()
            asyncio.get_running_loop().add_reader(descriptor, gone.set)
            async with asyncio.timeout(10):
                await gone.wait()

        asyncio.run(scenario())
    finally:
        os.close(descriptor)


ONE_PING = """
import sys
from slamon.probes.oneshot import ping
from slamon.probes.protocol import ProbeError
try:
    print(ping(sys.argv[1], packets=2, timeout_ms=500).stats)
except ProbeError as error:
    print(error)
"""


@pytest.mark.parametrize("target", ["10.64.0.1", "fd64::1"])
def test_without_cap_net_raw_ping_sockets_are_used_or_asked_for(lab: Wire, target: str):
    """Where the kernel allows ping sockets they do; where it does not, the error says what to do."""
    python = ["setpriv", "--bounding-set=-net_raw", sys.executable, "-c", ONE_PING, target]
    lab.near.run("sysctl", "-q", "-w", "net.ipv4.ping_group_range=1 0")
    refused = lab.near.run(*python)
    assert "CAP_NET_RAW" in refused
    assert "ping_group_range" in refused
    lab.near.run("sysctl", "-q", "-w", "net.ipv4.ping_group_range=0 2147483647")
    assert "sent=2, received=2" in lab.near.run(*python)


TRACE = "import sys; from slamon.probes.oneshot import traceroute; print(traceroute(sys.argv[1], timeout_ms=300))"


def test_traceroute_is_bounded(lab: Wire):
    """It ends at the target, and after five silent hops where nobody answers."""
    reached = lab.near.run(sys.executable, "-c", TRACE, "10.64.0.1")
    assert "Hop(distance=1, address='10.64.0.1'" in reached
    assert "reached=True" in reached
    lab.cut("10.64.0.2")
    assert lab.near.run(sys.executable, "-c", TRACE, "10.64.0.2").count("address=None") == 5


def test_namespaces_are_gone_afterwards(lab: Wire):
    """The lab itself: names are unique, and its far end answers the near one only."""
    assert Path("/run/netns", lab.near.name).exists()
    assert NEAR_ADDRESS in lab.near.run("ip", "-brief", "addr")
    assert NEAR_ADDRESS not in lab.far.run("ip", "-brief", "addr")
