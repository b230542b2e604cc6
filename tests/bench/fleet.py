"""An inventory of any size: a thousand customers' worth of lines, every row with the cells an operator fills in."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

LINES_PER_CUSTOMER = 100
LINES_PER_UPSTREAM = 200
VANTAGE = "bench"
TIERS = ("standard", "standard", "standard", "A", "A", "AA", "AAA")
SPANS = ("intra_city", "inter_city", "inter_province")
RENTS = ("800.00", "1500.00", "3000.00", "5200.00", "12000.00")
BANDWIDTHS = ("20", "50", "100", "500")

_COLUMNS = (
    *("line_id", "name", "customer_id", "customer_name", "account", "product", "span", "tier", "bandwidth_mbps"),
    *("monthly_rent", "contract", "in_service_from", "area", "demarc", "cpe", "upstream"),
)

_CONFIG = f"""\
[monitor]
vantage = "{VANTAGE}"
state_dir = "state"
"""


def line_id(number: int) -> str:
    """Return the id of a line; lines are numbered from 0."""
    return f"L{number:06d}"


def upstream(number: int) -> str:
    """Return the device on which a line hangs."""
    return f"PTN-{number // LINES_PER_UPSTREAM:04d}"


def write_site(folder: Path, lines: int) -> Path:
    """Write configuration and inventory of a site into a folder and return the configuration file."""
    with (folder / "lines.csv").open("w", encoding="utf-8", newline="") as stream:
        out = csv.writer(stream, lineterminator="\n")
        out.writerow(_COLUMNS)
        out.writerows(map(_row, range(lines)))
    config = folder / "slamon.toml"
    config.write_text(_CONFIG, encoding="utf-8")
    return config


def address(number: int) -> str:
    """Return where a line is probed."""
    host = number * 4 + 1
    return f"10.{host >> 16 & 255}.{host >> 8 & 255}.{host & 255}"


def write_probed_site(folder: Path, lines: int, profile: Mapping[str, float]) -> Path:
    """Write a site whose lines have one target each, probed by this profile, and return the configuration file."""
    config = write_site(folder, lines)
    file = folder / "lines.csv"
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    with file.open("w", encoding="utf-8", newline="") as stream:
        out = csv.DictWriter(stream, _COLUMNS, lineterminator="\n")
        out.writeheader()
        out.writerows({**row, "cpe": ""} for row in rows)
    keys = "\n".join(f"{key} = {value:g}" for key, value in profile.items())
    config.write_text(f"{_CONFIG}\n[profiles.default]\n{keys}\n", encoding="utf-8")
    return config


def _row(number: int) -> list[str]:
    customer = number // LINES_PER_CUSTOMER
    host = number * 4 + 1
    network = f"10.{host >> 16 & 255}.{host >> 8 & 255}"
    return [
        line_id(number),
        f"客户{customer:04d}专线{number % LINES_PER_CUSTOMER:02d}",
        f"C{customer:04d}",
        f"客户{customer:04d}有限公司",
        f"88{customer:06d}",
        "internet_line",
        SPANS[number % len(SPANS)],
        TIERS[number % len(TIERS)],
        BANDWIDTHS[number % len(BANDWIDTHS)],
        RENTS[number % len(RENTS)],
        "cmcc-internet-line",
        "2026-01-01",
        "rural" if number % 10 == 0 else "urban",
        address(number),
        f"{network}.{(host & 255) + 1}",
        upstream(number),
    ]
