"""The line of the tests, and times as the customer's clock on the wall shows them (Asia/Shanghai)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from slamon.core.calendar import parse_time

LINE = "GX-0001"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """Return the instant of ``10-03 08:00`` (of 2026), ``10-03 08:00:30`` or ``2025-10-03 08:00``."""
    return parse_time(text if text[4:5] == "-" else f"2026-{text}", zone)


def shown(instant: datetime | None) -> str | None:
    """Return an instant as `local` reads it."""
    if instant is None:
        return None
    text = instant.astimezone(SHANGHAI).isoformat(sep=" ")[:-6]
    return text.removeprefix("2026-").removesuffix(":00") if instant.second == 0 else text.removeprefix("2026-")
