"""A delivery in virtual time: a clock that tests move, a server that is a script, a spool in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from slamon.config.credentials import InfluxTarget
from slamon.config.secret import Secret
from slamon.core.timespan import from_micros
from slamon.probes.protocol import Health
from slamon.service.companion import Seen
from slamon.service.influx_courier import Courier, Lanes, Means
from slamon.service.influx_quiet import Loudness, stretches_of
from slamon.service.influx_scribe import Scribe
from slamon.service.influx_series import ids_of
from slamon.service.site import Site
from slamon.sinks.delivering import Backoff
from slamon.sinks.scripted import ScriptedWriter
from slamon.store.frames import Kind
from slamon.store.rows import Rows
from slamon.store.spool import Spool
from tests.sinks.windows import T0_US

TARGET = InfluxTarget("http://127.0.0.1:1", "noc", "slamon", Secret("s3cret-token"), batch_points=500)
HEALTH = Health(from_micros(T0_US))


def with_target(site: Site, target: InfluxTarget) -> Site:
    """The site with an InfluxDB."""
    loaded = replace(site.loaded, settings=replace(site.loaded.settings, influx=target))
    return replace(site, loaded=loaded)


@dataclass
class Delivery:
    """Scribe, spool and courier of a site, run by hand."""

    site: Site
    folder: Path
    ids: list[str]
    target: InfluxTarget = TARGET
    settle_us: int = 660_000_000
    writer: ScriptedWriter = field(default_factory=ScriptedWriter)
    aside: list[tuple[bytes, str]] = field(default_factory=list)
    now_s: float = 0.0

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Begin a run, as after a start or a kill: what the run before had in memory is gone."""
        self.site = with_target(self.site, self.target)
        self.spool = Spool(self.folder / "spool", self.target.spool_bytes)
        self.loudness = Loudness(ids_of)
        quiet = self.target.raw == "impaired"
        self.quiet = Spool(self.folder / "quiet", self.target.spool_bytes) if quiet else None
        if self.quiet is not None:
            for names, stretches in stretches_of(self.quiet.frames(frozenset({Kind.LOUD}))):
                self.loudness.recall(names, stretches)
        self.scribe = Scribe(self.site, self.spool, self.quiet, self.loudness)
        lanes = Lanes(self.spool, self.quiet, self.loudness, lambda: self.scribe.newest_us, self.settle_us)
        means = Means(self.writer, Backoff(lambda: 0.5), lambda: self.now_s, lambda *bad: self.aside.append(bad), 500)
        self.courier = Courier(self.site, lanes, means)

    def see(self, rows: Rows, words: Sequence[str | None] = (None,)) -> None:
        """Show rows and have them written down."""
        self.scribe.see(Seen(rows, self.ids, words, HEALTH))
        self.scribe.write()

    def step(self, times: int = 1) -> None:
        """Take steps; time goes by as the courier asks for."""
        for _ in range(times):
            self.now_s += self.courier.step()

    def settle(self, most: int = 5000) -> None:
        """Take steps until nothing waits, in the spool or in the ledger."""
        self.now_s += 60
        for _ in range(most):
            wait_s = self.courier.step()
            if wait_s and not self.spool.points and self.courier.seq == self.site.ledger.last_seq():
                return
            self.now_s += wait_s
        raise AssertionError(f"it never comes to rest: {self.courier.state} {self.courier.reason}")

    def quality(self) -> dict[tuple[str, int], str]:
        """The server's `line_quality`."""
        return self.writer.of("line_quality")


def wanted(rows: Rows) -> set[tuple[int, int]]:
    """Every window as ``(line, instant in ns)``."""
    return {(int(row["line"]), int(row["start"]) * 1000) for row in rows}


def told(points: dict[tuple[str, int], Any], ids: Sequence[str]) -> set[tuple[int, int]]:
    """The same of a server's points of one target."""
    numbers = {line_id: number for number, line_id in enumerate(ids)}

    def line_of(series: str) -> int:
        return numbers[dict(tag.split("=") for tag in series.split(",")[1:])["line"]]

    return {(line_of(series), instant) for series, instant in points}
