"""The daemon's log: one event a line on stderr, stable names, text or JSON, bounded in a storm.

What happens is in the ledger; the log is for whoever watches a service. An event of one name is told at most
`BURST` times in `PERIOD_S`; the first that comes afterwards says how many were left out (`left_out`).
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from structlog.typing import EventDict, WrappedLogger

from slamon.service import clock

LEVELS = ("debug", "info", "warning", "error")
BURST = 100
PERIOD_S = 10.0
# A name is a word of ours; should one ever be made of data, the memory of names stays small all the same.
NAMES_AT_MOST = 1000


@dataclass(slots=True)
class _Told:
    since_s: float
    count: int = 0
    left_out: int = 0


@dataclass(slots=True)
class Bound:
    """Drops what goes beyond the burst of its name; a processor of structlog's."""

    steady_s: Callable[[], float]
    burst: int = BURST
    period_s: float = PERIOD_S
    _told: dict[str, _Told] = field(default_factory=dict)

    def __call__(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """Return the event, with what was left out before it; raises `structlog.DropEvent`."""
        now_s, name = self.steady_s(), str(event.get("event"))
        told = self._told.get(name)
        if told is None:
            if len(self._told) >= NAMES_AT_MOST:
                self._told.clear()
            told = self._told[name] = _Told(now_s)
        if now_s - told.since_s >= self.period_s:
            if told.left_out:
                event["left_out"] = told.left_out
            told.since_s, told.count, told.left_out = now_s, 0, 0
        told.count += 1
        if told.count > self.burst:
            told.left_out += 1
            raise structlog.DropEvent
        return event


def set_up(level: str = "info", form: str = "text") -> None:
    """Send log events of a level and above to stderr, as text for people or as JSON Lines."""
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            Bound(clock.steady_s),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
