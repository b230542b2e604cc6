"""`slamon probe LINE`: one look at a line now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from slamon.cli.options import Invocation, json_option, pass_invocation
from slamon.cli.output import put_json, say, warn

if TYPE_CHECKING:
    from slamon.core.inventory import Line
    from slamon.core.quality import Mark, Profile
    from slamon.core.reading import Reading, TargetStats
    from slamon.probes.oneshot import Ping
    from slamon.service.snmp_ask import PortView


@click.command("probe", short_help="Ping one line, ask its port and trace it now.")
@click.argument("line")
@click.option("--no-trace", is_flag=True, help="No trace.")
@json_option
@pass_invocation
def command(invocation: Invocation, line: str, *, no_trace: bool, as_json: bool) -> None:
    """Ping LINE, ask its carrier's port, trace the path to it, and say what verdict that gives. Nothing is recorded.

    --json prints the reading, as `slamon replay` takes it.
    """
    import os
    from dataclasses import replace

    from slamon.config.loaded import load
    from slamon.config.problems import did_you_mean, quoted
    from slamon.config.readings import reading_json
    from slamon.config.settings import find_config
    from slamon.service.desk import DeskError
    from slamon.service.snmp_ask import with_port

    loaded = load(find_config(invocation.config, os.environ), os.environ)
    found = loaded.inventory.lines.get(line)
    if found is None:
        hint = did_you_mean(line, loaded.inventory.lines, "lines") or "see `slamon line list`"
        raise DeskError(f"there is no line {quoted(line)}", hint)
    profile = loaded.settings.profiles[found.current.profile]
    reading, port = with_port(
        loaded, found.current, lambda: _reading(found, profile, loaded.settings.vantage, quiet=as_json)
    )
    if port is not None:
        reading = replace(reading, interface=port.stats)
        if not as_json:
            _tell_port(port)
        elif port.trouble is not None:
            warn([_silence(port)])
    if as_json:
        put_json(reading_json(reading))
        return
    mark = _mark(found, profile, reading)
    if not no_trace:
        _trace(found, profile)
    why = f": {mark.reason}" if mark.reason else ""
    say(f"verdict {mark.verdict}{why}")


def _reading(line: Line, profile: Profile, vantage: str, *, quiet: bool) -> Reading:
    from slamon.core.reading import Reading
    from slamon.service import clock

    start = clock.now()
    period = line.current
    demarc = _stats("demarc", period.demarc, profile, quiet=quiet)
    cpe = _stats("cpe", period.cpe, profile, quiet=quiet)
    return Reading(line.line_id, start, clock.now(), demarc, cpe, None, None, vantage)


def _stats(target: str, address: str | None, profile: Profile, *, quiet: bool) -> TargetStats | None:
    from slamon.probes.oneshot import ping

    if address is None:
        return None
    if not quiet:
        say(f"{target} {address}")
    told = None if quiet else _told
    found = ping(
        address,
        profile.packets,
        timeout_ms=profile.timeout_ms,
        payload_bytes=profile.payload_bytes,
        source=profile.source,
        on_ping=told,
    )
    stats = found.stats
    if stats is None and not quiet:
        warn([f"nothing could be sent to {address}: that is no data, not loss"])
    elif stats is not None and not quiet:
        rtt = "" if stats.rtt_mean_ms is None else f", RTT {stats.rtt_mean_ms:.2f} ms on average"
        say(f"  {stats.received} of {stats.sent} answered{rtt}")
    return stats


def _tell_port(port: PortView) -> None:
    from slamon.core.timespan import iso

    stats = port.stats
    if stats is None:
        warn([_silence(port)])
        return
    say(f"port {port.interface} at {port.agent}")
    since = "" if stats.last_change is None else f" since {iso(stats.last_change)}"
    speed = "speed unknown" if stats.speed_mbps is None else f"{stats.speed_mbps:g} Mbit/s"
    say(f"  {stats.oper or 'state unknown'}{since}, administratively {stats.admin or 'unknown'}, {speed}")
    if stats.reseeded is not None:
        say(f"  no counters: {stats.reseeded}")
    elif stats.seconds is not None:
        counted = ((name, getattr(stats, name)) for name in _COUNTED)
        shown = ", ".join(f"{name} {value}" for name, value in counted if value is not None)
        say(f"  in {stats.seconds:g} s: {shown or 'the agent has no counters'}")
    for one in stats.extras:
        beyond = f" ({one.exceeded})" if one.exceeded else ""
        say(f"  {one.name} {one.value:g}{f' {one.unit}' if one.unit else ''}{beyond}")


_COUNTED = ("in_errors", "out_errors", "in_discards", "out_discards", "in_packets", "out_packets")


def _silence(port: PortView) -> str:
    return f"port {port.interface} at {port.agent}: {port.trouble}; that says nothing about the line"


def _told(one: Ping) -> None:
    if one.rtt_ms is not None:
        say(f"  {one.sequence}: {one.rtt_ms:.2f} ms")
    else:
        say(f"  {one.sequence}: {'answered' if one.answered else one.error or 'no answer in time'}")


def _mark(line: Line, profile: Profile, reading: Reading) -> Mark:
    from slamon.core.quality import Sight, Watch, assess

    period = line.current
    watch = Watch(period.demarc is not None, period.cpe is not None, period.bandwidth_mbps, profile)
    return assess(watch, Sight(), reading)


def _trace(line: Line, profile: Profile) -> None:
    from slamon.probes.oneshot import traceroute
    from slamon.probes.protocol import ProbeError

    address = line.current.demarc or line.current.cpe
    if address is None:
        return
    say(f"path to {address}")
    try:
        for hop in traceroute(address, profile.source):
            rtt = "" if hop.rtt_ms is None else f"  {hop.rtt_ms:.2f} ms"
            say(f"  {hop.distance}: {hop.address or 'no answer'}{rtt}")
    except ProbeError as error:
        warn([str(error)])
