"""A site in a folder of the test's own: config, inventory, ledger; and what stands in it afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slamon.config.loaded import Loaded, load
from slamon.core.calendar import BillingMonth
from slamon.core.reading import Reading
from slamon.core.statement import line_statement
from slamon.core.timespan import iso
from slamon.reports.json import line_object
from slamon.service import clock
from slamon.service.archive import archive
from slamon.service.site import Site, open_site, site_of
from slamon.store.evidence import unpack_readings
from slamon.store.ledger import Ledger
from slamon.store.measured import EVIDENCE

VANTAGE = "nanning-1"
LINES = ("GX-0001", "GX-0002")

CONFIG = """
[monitor]
vantage = "nanning-1"
state_dir = "state"

[profiles.default]
interval_s = 10
open_after_s = 10
degraded_open_after_s = 30
close_after_s = 20
degraded = [ { metric = "loss_ratio", above = "0.05", window_s = 60 } ]
"""
HEADER = "line_id,customer_id,product,span,tier,monthly_rent,contract,in_service_from,demarc,cpe"


def row(line_id: str, demarc: str = "10.64.0.1", cpe: str = "10.64.0.2", tier: str = "AAA") -> str:
    """A row of the inventory."""
    return f"{line_id},C1,internet_line,intra_city,{tier},3000.00,cmcc-internet-line,2026-01-01,{demarc},{cpe}"


@dataclass(frozen=True)
class Place:
    """A folder with a config, an inventory and, once opened, a ledger."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "slamon.toml"

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @property
    def ledger_file(self) -> Path:
        return self.state_dir / "ledger.db"

    def configure(self, text: str = CONFIG) -> None:
        """Write the config."""
        self.config.write_text(text, encoding="utf-8")

    def inventory(self, *rows: str) -> None:
        """Write the inventory."""
        (self.folder / "lines.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")

    @contextmanager
    def open(self) -> Iterator[Site]:
        """Open the site as a command does."""
        with open_site(str(self.config), {}, by="test") as site:
            yield site

    def readings(self, readings: Sequence[Reading], name: str = "readings.jsonl") -> Path:
        """Write a file for `slamon replay`."""
        file = self.folder / name
        file.write_text("".join(json.dumps(reading_object(one)) + "\n" for one in readings), encoding="utf-8")
        return file


def place(folder: Path, *rows: str, config: str = CONFIG) -> Place:
    """Make a site's folder; without rows it has the two lines of `LINES`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Place(folder)
    made.configure(config)
    made.inventory(*(rows or [row(line_id) for line_id in LINES]))
    return made


def reading_object(reading: Reading) -> dict[str, Any]:
    """A reading as a line of a readings file."""
    found: dict[str, Any] = {"line": reading.line_id, "start": iso(reading.start), "end": iso(reading.end)}
    if reading.vantage is not None:
        found["vantage"] = reading.vantage
    if reading.blind is not None:
        found["blind"] = reading.blind
    for name in ("demarc", "cpe"):
        stats = getattr(reading, name)
        if stats is None:
            continue
        found[name] = {"sent": stats.sent, "received": stats.received}
        if stats.rtt_mean_ms is not None:
            found[name]["rtt_ms"] = {"min": stats.rtt_min_ms, "mean": stats.rtt_mean_ms, "max": stats.rtt_max_ms}
            found[name]["ipdv_ms"] = stats.ipdv_ms
    return found


class Prepared:
    """A site that was opened once; copies of its empty ledger are quick to make."""

    # No dataclass: Hypothesis would print all of it with each example that fails.
    def __init__(self, loaded: Loaded, ledger_file: Path) -> None:
        self.loaded = loaded
        self.ledger_file = ledger_file

    @contextmanager
    def site(self, folder: Path) -> Iterator[Site]:
        """Open the site upon a ledger in this folder, the empty one where it has none yet."""
        file = folder / "ledger.db"
        if not file.exists():
            shutil.copyfile(self.ledger_file, file)
        with Ledger.open(f"sqlite:///{file}", writer=VANTAGE, stamp=clock.stamp) as ledger:
            yield site_of(self.loaded, ledger)


def prepare(made: Place) -> Prepared:
    """Load a place's configuration and make its ledger."""
    loaded = load(made.config, {})
    file = made.folder / "empty.db"
    with Ledger.open(f"sqlite:///{file}", writer=VANTAGE, stamp=clock.stamp) as ledger:
        archive(ledger, loaded)
    return Prepared(loaded, file)


def statement(site: Site, line_id: str, month: str = "2026-10") -> dict[str, Any]:
    """A line's statement as the report prints it."""
    fleet = site.fleet()
    book = site.book(line_id, fleet)
    found = line_statement(site.terms(line_id), BillingMonth.parse(month), fleet.as_of, book.measured, book.filed)
    assert found is not None, f"{line_id} has no service in {month}"
    return line_object(found)


def unnumbered(stated: dict[str, Any]) -> dict[str, Any]:
    """A statement without its incidents' short numbers: those are the numbers of ledger entries."""
    plain = dict(stated)
    for key in ("incidents", "pending"):
        plain[key] = [{**incident, "number": None} for incident in stated[key]]
    return plain


def numbers(stated: Mapping[str, Any]) -> list[int | None]:
    """The short numbers of a statement's incidents."""
    return [incident["number"] for key in ("incidents", "pending") for incident in stated[key]]


def evidence(site: Site) -> dict[str, list[Reading]]:
    """The readings on record for each incident, as recorded."""
    found: dict[str, list[Reading]] = {}
    for entry in site.ledger.entries(kinds={EVIDENCE}):
        blobs: Any = entry.payload["blobs"]
        for key in blobs:
            readings = [reading for reading, _ in unpack_readings(site.ledger.blob(key))]
            found.setdefault(entry.subject or "", []).extend(readings)
    return found
