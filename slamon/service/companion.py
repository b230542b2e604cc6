"""Whatever runs beside the judging and must never hold it up: a copy for graphs, metrics, messages to people.

A companion sees what was judged and acts on its own time. When it fails it is started again; judging goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from slamon.probes.columns import Rows
from slamon.probes.protocol import Health, ProbeEvent
from slamon.service.site import Site

AGAIN_S = 5.0

# Records something about the service with the next commit: kind, payload, the instant it is about (None: now).
Note = Callable[[str, Mapping[str, object], datetime | None], None]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """What one batch came to: rows with their verdicts (`slamon.store.rows.KEPT`), and how the prober fares.

    A row's `line` numbers `ids`, its `blind` numbers `words` (0: not blind). Rows belong to the companion's eyes
    only while `see` runs: what is kept is copied.
    """

    rows: Rows
    ids: Sequence[str]
    words: Sequence[str | None]
    health: Health
    events: tuple[ProbeEvent, ...] = ()


class Companion(Protocol):
    """Runs beside the judging of a site; all methods belong to the daemon's loop, what blocks goes to a thread."""

    @property
    def name(self) -> str:
        """What it is called in the log."""

    async def begin(self, site: Site, note: Note) -> None:
        """Get ready, once, before the first batch; what cannot work yet is no error, it is tried again in `run`."""

    async def adopt(self, site: Site) -> None:
        """Go on with a configuration that was loaded anew."""

    def see(self, seen: Seen) -> None:
        """Take note of a judged batch; returns at once."""

    async def run(self) -> None:
        """Do the work, for ever; cancelled at the end."""

    async def end(self) -> None:
        """Put away what is at hand, within a second or two; comes after the last batch."""


async def keep_running(companion: Companion) -> None:
    """Run a companion for ever: one that failed is started again after a while, and the log says why."""
    while True:
        try:
            await companion.run()
        except Exception:
            log.exception("companion_failed", companion=companion.name)
        await asyncio.sleep(AGAIN_S)


async def guarded(companion: Companion, work: Awaitable[None], doing: str) -> None:
    """Await one step of a companion; its failure is logged and concerns nobody else."""
    try:
        await work
    except Exception:
        log.exception("companion_failed", companion=companion.name, doing=doing)
