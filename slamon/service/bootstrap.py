"""The composition root of the daemon: configuration, lock, ledger and probers put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from slamon.core.reading import InterfaceStats
from slamon.probes.icmp import IcmpProber
from slamon.probes.snmp.prober import SnmpProber
from slamon.service import daemon_lock
from slamon.service.alerting import Alerting
from slamon.service.daemon import Daemon
from slamon.service.rollups_keeping import RollupKeeping
from slamon.service.site import Site, open_site
from slamon.service.snmp_watch import SnmpWatch
from slamon.service.web_serving import WebServing

if TYPE_CHECKING:
    from slamon.service.influx_feed import InfluxFeed


def run(config: str | None, environ: Mapping[str, str]) -> None:
    """Run the daemon of a site until it is told to stop.

    Raises `InvalidInput`, `LedgerError`, `ProbeError`, `AlreadyRunning`.
    """
    with open_site(config, environ, by="slamon") as site, daemon_lock.hold(site.loaded.settings.state_dir):
        asyncio.run(_run(site, environ))


async def _run(site: Site, environ: Mapping[str, str]) -> None:
    ports, copy = SnmpWatch(SnmpProber()), _copy(site)
    history = RollupKeeping()
    web = WebServing(lambda: history.state, None if copy is None else copy.standing)
    copies = [] if copy is None else [copy]
    daemon = Daemon(site, IcmpProber(), environ, companions=[ports, history, Alerting(), *copies, web])

    def take(line_id: str, stats: InterfaceStats, at: datetime) -> None:
        daemon.note_port(line_id, stats, at)
        for one in copies:
            one.add_port(line_id, stats, at)

    ports.connect(take)
    await daemon.run()


def _copy(site: Site) -> InfluxFeed | None:
    """Return what copies to InfluxDB, where the configuration asks for it."""
    if site.loaded.settings.influx is None:
        return None
    from slamon.service.influx_feed import InfluxFeed  # noqa: PLC0415 - half a second that others need not wait

    return InfluxFeed()
