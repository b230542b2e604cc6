"""An office: a small site with a measured month, in a folder of the test's own, and the commands that work on it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from slamon import resources
from slamon.cli.main import cli
from slamon.service.site import Site, open_site
from slamon.store.ledger import Ledger, Stamp

CHINA = timezone(timedelta(hours=8))

CONFIG = """
[monitor]
vantage = "office"
state_dir = "state"
[contracts]
dir = "contracts"
[profiles.default]
open_after_s = 10
close_after_s = 60
"""
HEADER = (
    "line_id,customer_id,customer_name,account,product,span,tier,monthly_rent,contract,"
    "in_service_from,demarc,cpe,upstream"
)
LINES = f"""{HEADER}
GX-0001,C1,某银行,A-1,internet_line,intra_city,AAA,3000.00,cmcc-internet-line,2026-01-01,10.64.0.1,10.64.0.2,OLT-1
GX-0002,C1,某银行,A-2,internet_line,intra_city,AAA,3000.00,cmcc-internet-line,2026-01-01,10.64.0.5,,OLT-1
GX-0003,C2,=HYPERLINK(1),,internet_line,intra_city,standard,600.00,cmcc-internet-line,2026-01-01,,10.64.0.9,OLT-2
BE-0001,C3,Beispiel GmbH,,internet_line,,,900.00,berlin,2026-01-01,10.64.0.13,,
"""


def berlin() -> str:
    """A contract of a zone with summer time."""
    text = (resources.shipped_dir() / "contracts" / "hourly-credit.toml").read_text(encoding="utf-8")
    return text.replace('id = "hourly-credit"', 'id = "berlin"').replace("Asia/Shanghai", "Europe/Berlin")


@dataclass(frozen=True)
class Result:
    """What a command left behind: exit code, stdout, stderr."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Office:
    """A folder with everything that a command needs."""

    folder: Path

    @property
    def config(self) -> str:
        return str(self.folder / "slamon.toml")

    def run(self, *args: str) -> Result:
        """Call slamon with the office's config."""
        bare = {"COLUMNS": None, "SLAMON_CONFIG": None}  # whoever runs the tests may have set them
        found = CliRunner(env=bare).invoke(cli, ["-c", self.config, *args], prog_name="slamon")
        return Result(found.exit_code, found.stdout, found.stderr)

    def done(self, *args: str) -> str:
        """Call slamon, which must succeed; return its stdout."""
        found = self.run(*args)
        assert found.code == 0, found
        return found.out

    def json(self, *args: str) -> Any:
        """Call slamon and read the JSON that it prints."""
        return json.loads(self.done(*args))

    def line(self, line_id: str, month: str = "2026-10") -> Any:
        """A line's object in the report."""
        report = self.json("report", month, "--line", line_id, "--format", "json", "-o", "-")
        return report["customers"][0]["lines"][0]

    def incidents(self, *args: str) -> list[Any]:
        """The incidents as `incident list` has them."""
        found: list[Any] = self.json("incident", "list", "--json", *args)["incidents"]
        return found

    def entries(self) -> int:
        """How many entries the ledger has."""
        with self.ledger() as ledger:
            return ledger.last_seq()

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        """Open the ledger alone."""
        url = f"sqlite:///{self.folder / 'state' / 'ledger.db'}"
        with Ledger.open(url, writer="office", stamp=_stamp, read_only=True) as ledger:
            yield ledger

    @contextmanager
    def open(self, by: str = "tester") -> Iterator[Site]:
        """Open the site as a command does."""
        with open_site(self.config, {}, by) as site:
            yield site


def _stamp() -> Stamp:
    return Stamp(datetime(2026, 11, 1, tzinfo=UTC), 0, "")


def china(text: str) -> datetime:
    """A time of October 2026 in the lines' zone: ``03 08:00``."""
    return datetime.fromisoformat(f"2026-10-{text.replace(' ', 'T')}").replace(tzinfo=CHINA)


def reading(line_id: str, start: datetime, end: datetime, *, up: bool = True, target: str = "demarc") -> str:
    """One reading as a line of a readings file."""
    stats = {"sent": 5, "received": 5 if up else 0}
    return json.dumps({"line": line_id, "start": start.isoformat(), "end": end.isoformat(), target: stats})


def readings() -> str:
    """GX-0001 is down from 08:00 to 12:00, GX-0002 from 13:00 to the end at 14:20, the others stay up."""
    down = {"GX-0001": (china("03 08:00"), china("03 12:00")), "GX-0002": (china("03 13:00"), china("03 15:00"))}
    rows = []
    at = china("03 07:50")
    while at < china("03 14:20"):
        end = at + timedelta(minutes=1)
        for line_id in ("GX-0001", "GX-0002"):
            first, last = down[line_id]
            rows.append(reading(line_id, at, end, up=not first <= at < last))
        at = end
    rows.append(reading("GX-0003", china("03 07:50"), at, target="cpe"))
    rows.append(reading("BE-0001", china("03 07:50"), at))
    return "\n".join(rows) + "\n"


def furnish(folder: Path) -> Office:
    """Make an office without a ledger."""
    (folder / "contracts").mkdir(parents=True)
    (folder / "slamon.toml").write_text(CONFIG, encoding="utf-8")
    (folder / "lines.csv").write_text(LINES, encoding="utf-8")
    (folder / "contracts" / "berlin.toml").write_text(berlin(), encoding="utf-8")
    (folder / "r.jsonl").write_text(readings(), encoding="utf-8")
    return Office(folder)


def copied(template: Office, folder: Path) -> Office:
    """Return an office like another one."""
    shutil.copytree(template.folder, folder)
    return Office(folder)
