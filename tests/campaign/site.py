"""The site of a campaign: three contracts that pay for seconds, and lines of all groups."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.oracle.nouns import Criterion, Period, Profile
from tests.service.places import VANTAGE, Place

REFERENCES = ("10.64.250.1", "fd64::250:1")
LOSS_WINDOW_S = 10
SLOW_MS = 100

_TERMS = """
id = "{id}"
title = "A campaign's"
effective_from = 2019-01-01
currency = "CNY"
timezone = "Asia/Shanghai"
{tiers}
clock_end = "restored"
interruption_ends = "{ends}"
uncertain_end = "{uncertain}"
complaint_joins_s = 7200
reopen_within_s = {reopen}
blind_joins_s = {joins}
exempt_responsibilities = ["customer"]
combine = "best"
cap_ratio = "1"

[[vat]]
product = "internet_line"
from = 2016-05-01
rate = "0.09"

[maintenance]
notice_hours = 24
channels = ["email"]
"""
_TIERED = """
[sla_fee_ratio]
AAA = "0.30"
A = "0.10"

[[limits]]
category = "interruption"
spans = ["intra_city"]
hours = { AAA = "1/500", A = "1/250" }

[[limits]]
category = "degradation"
spans = ["intra_city"]
hours = { AAA = "1/300", A = "1/200" }

[[compensation]]
rule = "restore_overrun"
basis = "policy"
unit_hours = { interruption = "1/900", degradation = "1/360" }
credit_per_unit = "1/30"
"""
_STEPS = """
[[compensation]]
rule = "step_table"
steps = [
  { from_minutes = 0.125, credit = "1/90" },
  { from_minutes = 0.25, credit = "1/30" },
  { from_minutes = 0.5, credit = "1/10" },
]
"""
_HOURS = """
[[compensation]]
rule = "cumulative_hours"
credit_per_hour = "1/30"
"""
CONTRACTS = {
    "overrun": _TERMS.format(id="overrun", tiers='tiers = ["AAA", "A"]\nspans = ["intra_city"]',
                             ends="normal", uncertain="late", reopen=5, joins=3600) + _TIERED,
    "steps": _TERMS.format(id="steps", tiers="", ends="usable", uncertain="early", reopen=600, joins=3600) + _STEPS,
    "hours": _TERMS.format(id="hours", tiers="", ends="normal", uncertain="late", reopen=0, joins=1) + _HOURS,
}  # fmt: skip


@dataclass(frozen=True)
class Pace:
    """How lines are probed and judged."""

    interval_s: int
    packets: int
    timeout_ms: int = 500
    open_after_s: int = 4
    degraded_open_after_s: int = 8
    close_after_s: int = 6

    @property
    def gap_s(self) -> float:
        return self.interval_s / self.packets

    @property
    def timeout_s(self) -> float:
        return self.timeout_ms / 1000

    @property
    def found_within_s(self) -> float:
        """An outage that lasts longer than this is not missed."""
        return self.open_after_s + 2 * self.interval_s + self.timeout_s

    @property
    def profile(self) -> Profile:
        criteria = (
            Criterion("loss_ratio", Fraction(2, 100), LOSS_WINDOW_S),
            Criterion("rtt_mean_ms", Fraction(SLOW_MS)),
        )
        return Profile(self.open_after_s, self.degraded_open_after_s, self.close_after_s, criteria)

    def config(self) -> str:
        references = ", ".join(f'"{address}"' for address in REFERENCES)
        return f"""
[monitor]
vantage = "{VANTAGE}"
state_dir = "state"
reference = [{references}]

[contracts]
dir = "contracts"

[profiles.default]
interval_s = {self.interval_s}
packets = {self.packets}
timeout_ms = {self.timeout_ms}
open_after_s = {self.open_after_s}
degraded_open_after_s = {self.degraded_open_after_s}
close_after_s = {self.close_after_s}
degraded = [
  {{ metric = "loss_ratio", above = "0.02", window_s = {LOSS_WINDOW_S} }},
  {{ metric = "rtt_mean_ms", above = "{SLOW_MS}" }},
]
"""


@dataclass(frozen=True)
class Subject:
    """A line of a campaign: what will be done to it (`group`), and its terms."""

    number: int
    group: str
    contract: str

    @property
    def line_id(self) -> str:
        return f"{self.group}-{self.number:05d}"

    @property
    def demarc(self) -> str:
        high, low = divmod(self.number, 200)
        return f"fd64::{high + 1}:{low + 1}" if self._speaks_v6 else f"10.64.{high}.{low + 1}"

    @property
    def cpe(self) -> str:
        high, low = divmod(self.number, 200)
        return f"10.65.{high}.{low + 1}" if self.group == "customer" else ""

    @property
    def _speaks_v6(self) -> bool:
        return self.group in {"steady", "mass", "long", "flap", "lossy"} and self.number % 5 == 4

    @property
    def rent(self) -> int:
        return 1000 + 37 * (self.number % 50)

    @property
    def tier(self) -> str:
        return ("AAA", "A")[self.number // 3 % 2] if self.contract == "overrun" else ""

    def row(self) -> str:
        """The line's row of the inventory."""
        span = "intra_city" if self.tier else ""
        return (
            f"{self.line_id},C{self.number % 7},internet_line,{span},{self.tier},{self.rent}.00,{self.contract},"
            f"2026-01-01,{self.demarc},{self.cpe}"
        )

    def period(self) -> Period:
        """The line's only period, in the words of the second judge."""
        span = "intra_city" if self.tier else None
        return Period(dt.date(2026, 1, 1), None, self.tier or None, span, Fraction(self.rent))


# Of 200 lines; the rest is steady. Liars are few however many lines there are: a Python process answers for them.
SHARES = {"mass": 60, "long": 25, "short": 15, "between": 10, "flap": 15, "through": 8, "customer": 3}
FEW = {"lossy": 12, "slow": 5, "late": 5, "forged": 4, "corrupt": 4, "twice": 5}


def subjects(count: int, mass: int) -> list[Subject]:
    """The lines of a campaign, `mass` of which fail at once."""
    names: list[str] = []
    for group, share in {**SHARES, **FEW}.items():
        names += [group] * (mass if group == "mass" else share if group in FEW else share * count // 200)
    names += ["steady"] * (count - len(names))
    kinds = list(CONTRACTS)
    return [Subject(number, group, kinds[number % 3]) for number, group in enumerate(names)]


def lay_out(folder: Path, pace: Pace, lines: list[Subject]) -> Place:
    """Write config, contracts and inventory."""
    made = Place(folder)
    (folder / "contracts").mkdir(parents=True)
    for name, text in CONTRACTS.items():
        (folder / "contracts" / f"{name}.toml").write_text(text, encoding="utf-8")
    made.configure(pace.config())
    made.inventory(*(line.row() for line in lines))
    return made


def contract(name: str) -> dict[str, Any]:
    """A contract as the second judge reads it: shares and hours exact."""
    found = tomllib.loads(CONTRACTS[name])
    for rule in found["compensation"]:
        if "unit_hours" in rule:
            rule["unit_hours"] = {category: Fraction(hours) for category, hours in rule["unit_hours"].items()}
    return found
