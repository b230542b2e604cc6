"""The composition root of the daemon: configuration, lock, ledger and prober put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from slamon.probes.icmp import IcmpProber
from slamon.service import daemon_lock
from slamon.service.companion import Companion
from slamon.service.daemon import Daemon
from slamon.service.rollups_keeping import RollupKeeping
from slamon.service.site import Site, open_site
from slamon.service.web_serving import WebServing


def run(config: str | None, environ: Mapping[str, str]) -> None:
    """Run the daemon of a site until it is told to stop.

    Raises `InvalidInput`, `LedgerError`, `ProbeError`, `AlreadyRunning`.
    """
    with open_site(config, environ, by="slamon") as site, daemon_lock.hold(site.loaded.settings.state_dir):
        asyncio.run(_run(site, environ))


async def _run(site: Site, environ: Mapping[str, str]) -> None:
    await Daemon(site, IcmpProber(), environ, companions=_companions(site)).run()


def _companions(site: Site) -> list[Companion]:
    """Return what runs beside the judging, as the configuration asks for."""
    history, delivery = RollupKeeping(), None
    found: list[Companion] = [history]
    if site.loaded.settings.influx is not None:
        from slamon.service.influx_feed import InfluxFeed  # noqa: PLC0415 - half a second that others need not wait

        feed = InfluxFeed()
        delivery = feed.standing
        found.append(feed)
    return [*found, WebServing(lambda: history.state, delivery)]
