"""What the service manager is told: that work gets done, and in a line what an operator wants to know.

The watchdog is fed by a batch that the prober measured since the one before and that the judge has taken. A prober
that hangs, a judge that hangs and a loop that hangs all end the feeding; nothing else can keep it up.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from slamon.core.lifecycle import Phase
from slamon.probes.protocol import Health
from slamon.service.judging import Judging
from slamon.service.notify import Notifier

TELL_EVERY = timedelta(seconds=10)


class Vitals:
    """Feeds the watchdog and keeps the status line of one daemon."""

    def __init__(self, notifier: Notifier, judging: Judging, now: Callable[[], datetime]) -> None:
        self._notifier = notifier
        self._judging = judging
        self._now = now
        self._measured_to: datetime | None = None
        self._told_at: datetime | None = None

    def beat(self, health: Health) -> None:
        """Take note of a judged batch; one that measured nothing new is no sign of life."""
        if health.at == self._measured_to:
            return
        self._measured_to = health.at
        self._notifier.send("WATCHDOG=1")
        now = self._now()
        if self._told_at is None or not timedelta(0) <= now - self._told_at < TELL_EVERY:
            self._told_at = now
            self._notifier.send(f"STATUS={self.line(now)}")

    def line(self, now: datetime) -> str:
        """Return the state of things in one line: lines watched, incidents open, how far behind the judging is."""
        lines = len(self._judging.lines)
        said = [f"{lines} line{'' if lines == 1 else 's'} watched"]
        running = self._judging.count(Phase.OPEN)
        said.append(f"{running} incident{'' if running == 1 else 's'} open" if running else "no incident open")
        if self._measured_to is not None:
            said.append(f"judged to {max(0.0, (now - self._measured_to).total_seconds()):.1f} s ago")
        return ", ".join(said)
