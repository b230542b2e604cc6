"""The demo's lines and its two configurations: a quick one for watching live, the usual one for a whole month."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from slamon.service import demo_alerts
from slamon.service.demo_net import REFERENCE

CUT, LOSSY, SLOW, PLANNED, SILENT = "GX-1001", "GX-1002", "GX-2001", "GX-3001", "GX-4001"

# Contract and first day of service.
_IL, _DL = "cmcc-internet-line,@since", "cmcc-data-line,@since"
_LINES = f"""\
line_id,name,customer_id,customer_name,account,product,span,tier,monthly_rent,contract,in_service_from,area,demarc,cpe
{CUT},南宁某银行总部互联网专线,C1001,某银行南宁分行,88000001,internet_line,intra_city,AAA,3000.00,{_IL},urban,10.64.0.11,10.64.0.12
{LOSSY},柳州某银行灾备互联网专线,C1001,某银行南宁分行,88000001,internet_line,inter_city,A,2400.00,{_IL},urban,10.64.0.13,10.64.0.14
{SLOW},市人民医院影像云专线,C2001,市人民医院,88000002,internet_line,intra_city,AA,5200.00,{_IL},urban,10.64.0.21,10.64.0.22
{PLANNED},某物流集团南宁至广州电路,C3001,某物流集团,88000003,circuit,,,26000.00,{_DL},urban,10.64.0.31,10.64.0.32
{SILENT},乡镇卫生院互联网专线,C4001,某县卫生健康局,88000004,internet_line,intra_city,standard,600.00,{_IL},rural,,10.64.0.41
GX-5001,第三中学互联网专线,C5001,第三中学,88000005,internet_line,intra_city,standard,900.00,{_IL},urban,10.64.0.51,
"""
ADDRESSES = {CUT: "10.64.0.11", LOSSY: "10.64.0.13"}

_CONFIG = """\
[monitor]
vantage = "demo"
state_dir = "state"
{reference}
[inventory]
lines = "lines.csv"
"""

_QUICK = """
# Everything is quicker than in earnest, where 10 s, 300 s and 60 s open and close an incident.
[profiles.default]
interval_s = {interval_s:g}
packets = {packets}
timeout_ms = 500
open_after_s = {open_after_s:g}
degraded_open_after_s = {degraded_open_after_s:g}
close_after_s = {close_after_s:g}
degraded = [ {{ metric = "loss_ratio", above = "0.05", window_s = {window_s:g} }} ]
"""


@dataclass(frozen=True, slots=True)
class Pace:
    """How quickly lines are judged in the live part, in seconds.

    A degradation opens after an interruption would: a cut line is impaired too, and the alarm should say what it is.
    """

    interval_s: float = 2
    packets: int = 4
    open_after_s: float = 10
    degraded_open_after_s: float = 11
    close_after_s: float = 4
    window_s: float = 8


QUICK = Pace()
QUICKEST = Pace(interval_s=1, packets=2, open_after_s=4, degraded_open_after_s=5, close_after_s=2, window_s=6)


def write_live(folder: Path, since: date, pace: Pace) -> Path:
    """Write the configuration of the live part, lines in service since a day, and return its folder."""
    quick = _QUICK.format(**asdict(pace)) + demo_alerts.CONFIG
    live = _write(folder / "live", since, f'reference = ["{REFERENCE}"]\n', quick)
    demo_alerts.write_oncall(live)
    return live


def write_month(folder: Path, since: date) -> Path:
    """Write the configuration of the month, profiles as shipped, and return its folder."""
    return _write(folder / "month", since, "", "")


def _write(folder: Path, since: date, reference: str, profiles: str) -> Path:
    folder.mkdir()
    (folder / "lines.csv").write_text(_LINES.replace("@since", since.isoformat()), encoding="utf-8")
    (folder / "slamon.toml").write_text(_CONFIG.format(reference=reference) + profiles, encoding="utf-8")
    return folder
