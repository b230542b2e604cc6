"""The heartbeat for a dead-man's switch outside: sent only while polling and delivery are proven healthy.

Whoever watches slamon is alarmed by silence. So silence is what any doubt comes to: no batch lately, no look at the
ledger lately, a letter that waits too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from slamon.alerting.web import Request, Unreached, ask
from slamon.config.secret import Secret

POLLED_WITHIN = timedelta(seconds=60)
LOOKED_WITHIN = timedelta(seconds=60)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of the service's health: when what was seen to work last, since when the oldest letter waits."""

    polled_at: datetime | None = None
    looked_at: datetime | None = None
    oldest: datetime | None = None


def doubt(pulse: Pulse, late_after: timedelta, at: datetime) -> str | None:
    """Return why the heartbeat must not be sent, None where all is proven healthy."""
    if pulse.polled_at is None or at - pulse.polled_at > POLLED_WITHIN:
        return "no batch of readings lately"
    if pulse.looked_at is None or at - pulse.looked_at > LOOKED_WITHIN:
        return "alerting has not looked at the ledger lately"
    if pulse.oldest is not None and at - pulse.oldest > late_after:
        return "a message waits for too long"
    return None


def beat(url: Secret, timeout_s: float = 15) -> bool:
    """Send the heartbeat, blocking; tell whether it was taken."""
    try:
        status = ask(Request(url.reveal(), timeout_s=timeout_s)).status
    except Unreached as error:
        log.warning("heartbeat_not_sent", reason=str(error))
        return False
    if not 200 <= status < 300:
        log.warning("heartbeat_not_sent", reason=f"HTTP {status}")
    return 200 <= status < 300
