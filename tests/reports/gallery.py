"""A customer's October with something of everything, its cents worked out by hand.

GX-0001 (AAA, 3000.00 + 900.00): 30 h down; the complaint came an hour in. Force majeure without evidence is refused,
two hours of waiting for the customer count: 107990 - 7200 = 100790 s of restore time, 93590 s over 2 h, 26 started
hours of 130.00: 3380.00. Neither piece of the outage (5 h, 23 h) reaches 24 h, so there are no free days.

GX-0002 (A, 12400.00 + 1240.00): degraded for 26 h of 48; then 15 minutes down in planned work that was announced 23 h
ahead: 13640.00 x 900 / 2678400 = 4.583..., 4.58. Down again from 30 October: pending.

GX-0003 (standard, 3000.00): only the CPE is watched; 9 h - 10 s over a limit of 8 h, one started hour of 100.00,
awaiting a decision. GX-0004: nothing. GX-0005: a false alarm, and an outage whose end the monitor did not see.

3380.00 + 4.58 = 3384.58; / 1.09 = 3105.12 (3105.1192...), tax 279.46.
"""

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import sin

from slamon.core.customers import CustomerStatement, customers
from slamon.core.facts import Category, Complaint, Correction, Exclusion, LineFacts, Maintenance
from slamon.core.incident import Notice
from slamon.core.quality import Verdict
from slamon.core.rollup import Rollup
from slamon.core.statement import LineStatement
from slamon.reports.printed import Extras, Hypothesis
from tests.reports.month import HEADER, ONSET, PERIOD, episode, statement

HOUR = timedelta(hours=1)
LATER = datetime(2026, 10, 12, tzinfo=UTC)
FULL_HEADER = dataclasses.replace(HEADER, ledger_heads={"nanning-1": "sha256:" + "ab12" * 16})
CREDIT = Decimal("3384.58")


def lines() -> list[LineStatement]:
    """Return the five lines."""
    return [_cut(), _slow(), _silent(), _calm(), _struck()]


def customer() -> CustomerStatement:
    """Return the one customer."""
    (found,) = customers(lines())
    return found


def _cut() -> LineStatement:
    cut = episode().id
    storm = Exclusion(2, cut, "force_majeure", ONSET, ONSET + 2 * HOUR, "台风“山竹”")
    key = Exclusion(3, cut, "awaiting_customer", ONSET + 5 * HOUR, ONSET + 7 * HOUR, "机房钥匙不在现场")
    call = Complaint(4, "GX-0001", ONSET + HOUR, Category.INTERRUPTION, "T-1", "hotline", answered_at=ONSET + 2 * HOUR)
    return statement(episode(), filed=LineFacts(complaints=(call,), exclusions=(storm, key)))


def _slow() -> LineStatement:
    name = "GX-0002"
    work_at = LATER + timedelta(days=5)
    faults = (
        episode(LATER, LATER + 26 * HOUR, verdict=Verdict.DEGRADED, line_id=name),
        episode(work_at, work_at + timedelta(minutes=15), line_id=name),
        episode(LATER + timedelta(days=18), None, line_id=name),
    )
    told = work_at - 24 * HOUR
    work = Maintenance(9, work_at - HOUR, work_at + 3 * HOUR, frozenset([name]), None, told, "sms", "割接")
    period = dataclasses.replace(
        PERIOD,
        tier="A",
        span="inter_city",
        monthly_rent=Decimal("12400.00"),
        name="柳州灾备中心—南宁总部第二路由（备用）",
    )
    return statement(*faults, filed=LineFacts(maintenance=(work,)), line_id=name, period=period)


def _silent() -> LineStatement:
    fault = episode(LATER + timedelta(days=2), LATER + timedelta(days=2, hours=9), line_id="GX-0003", source="cpe")
    period = dataclasses.replace(PERIOD, tier="standard", name="桂林营业厅")
    aside = Notice("GX-0003", LATER, LATER + 3 * HOUR)
    return statement(fault, line_id="GX-0003", period=period, notices=[aside])


def _calm() -> LineStatement:
    return statement(line_id="GX-0004", period=dataclasses.replace(PERIOD, name=""))


def _struck() -> LineStatement:
    false = episode(LATER, LATER + HOUR, line_id="GX-0005")
    true = episode(LATER + timedelta(days=1), LATER + timedelta(days=1, hours=1), line_id="GX-0005")
    true = dataclasses.replace(true, restored_earliest=LATER + timedelta(days=1, minutes=30))
    struck = Correction(5, false.id, false_alarm=True, reason="测试割接", by="zhang")
    return statement(
        false,
        true,
        filed=LineFacts(corrections=(struck,)),
        line_id="GX-0005",
        period=dataclasses.replace(PERIOD, name=""),
    )


def extras() -> Extras:
    """Return three days of hourly figures of two lines, with a gap, and one hypothesis."""
    start = datetime(2026, 9, 30, 16, tzinfo=UTC)
    figures = {name: [_hour(name, start, n) for n in range(96) if not 40 < n < 50] for name in ("GX-0001", "GX-0002")}
    reasons = ("运营商侧末端设备及端口同时失联",)
    return Extras(figures, {episode().id: Hypothesis("carrier_access", reasons)})


def _hour(line_id: str, start: datetime, number: int) -> Rollup:
    at = start + number * HOUR
    sent = 0 if number in {20, 21} else 1800
    lost = line_id == "GX-0001" and at >= ONSET
    received = 0 if lost else max(0, sent - number % 7 * 3)
    mean = round(8 + 3 * sin(number / 4), 3)
    return Rollup(
        line_id=line_id,
        target="demarc",
        start=at,
        seconds=3600,
        sent=sent,
        received=received,
        rtt_min_ms=mean - 2 if received else None,
        rtt_mean_ms=mean if received else None,
        rtt_max_ms=mean + 5 if received else None,
        ipdv_ms=0.5 if received else None,
        blind_s=0 if sent else 3600,
    )
