"""What a server can say to a write, in words for the person who runs slamon. Nothing here loses data.

Two questions decide what happens next: is it the server, so that the same bytes may be accepted later, or the bytes?
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from math import isnan

from slamon.config.problems import printable

LONGEST_WAIT_S = 3600.0
_SHOWN = 300


class NotDelivered(Exception):
    """A write was not confirmed; `reason` says what is wrong, `advice` what would be right.

    `state` is one word for logs and metrics.
    """

    state = "failed"

    def __init__(self, reason: str, advice: str = "") -> None:
        super().__init__(f"{reason}; {advice}" if advice else reason)
        self.reason = reason
        self.advice = advice


class Unreachable(NotDelivered):
    """No answer: refused, reset, timed out, not resolved, or no certificate to trust."""

    state = "unreachable"


class Busy(NotDelivered):
    """The server cannot now (429, 500, 502, 503, 504); `wait_s` is how long it asked to be left alone."""

    state = "busy"

    def __init__(self, reason: str, wait_s: float | None = None) -> None:
        super().__init__(reason, "nothing to do here: it is tried again")
        self.wait_s = wait_s


class Refused(NotDelivered):
    """A person has to change something: token, permission, bucket, URL; `status` is what the server answered."""

    state = "refused"

    def __init__(self, reason: str, advice: str = "", status: int | None = None) -> None:
        super().__init__(reason, advice)
        self.status = status


class BadLines(NotDelivered):
    """The server does not take these lines (400, 422); others may be fine."""

    state = "bad_lines"


class TooLarge(NotDelivered):
    """The request is too large (413)."""

    state = "too_large"


class BeyondRetention(NotDelivered):
    """The server left out points that are older than it keeps, and wrote the others."""

    state = "beyond_retention"


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Return how long a ``Retry-After`` asks to wait: seconds or an HTTP date (RFC 9110, 10.2.3)."""
    if not text:
        return None
    try:
        wait_s = float(text)
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError):
            return None
    return None if isnan(wait_s) else min(max(wait_s, 0.0), LONGEST_WAIT_S)


def shown(text: str) -> str:
    """Return what a server said, fit for a log: one line, printable, not too long."""
    return printable(" ".join(text.split()))[:_SHOWN]


def refusal(status: int, said: str, bucket: str, org: str) -> NotDelivered:
    """Return what a status that is no success means; `said` is the server's own word."""
    told = f"the server answered {status}" + (f" ({shown(said)})" if said else "")
    low = said.lower()
    if status == 401:
        return Refused(
            told, "the token is wrong or has expired: put a valid one into token_file, and reload (SIGHUP)", 401
        )
    if status == 403:
        return Refused(told, f"the token may not write to bucket {bucket!r}: give it write permission", 403)
    if status == 404:
        return Refused(told, _what_is_missing(low, bucket, org), 404)
    if status == 413:
        return TooLarge(told, "requests are made smaller; batch_points says how large they may be")
    if status in (400, 422):
        if "beyond retention policy" in low or "outside retention" in low:
            return BeyondRetention(told, f"keep data for longer in bucket {bucket!r}, if it is wanted there")
        return BadLines(told, "the lines in question are put aside in quarantine.lp")
    if status in (429, 500, 502, 503, 504):
        return Busy(told)
    if 300 <= status < 400:
        return Refused(told, "the URL is redirected: write the one it leads to into url", status)
    return Refused(told, "that is no answer of InfluxDB's write API: check url", status)


def _what_is_missing(said: str, bucket: str, org: str) -> str:
    if "organization" in said or "org " in said:
        return f"there is no organization {org!r}: correct org"
    if "bucket" in said or "database" in said or "retention policy" in said:
        return f"there is no bucket {bucket!r}: make it (`slamon influx setup`) or correct bucket"
    return "nothing at that URL takes /api/v2/write: check url; InfluxDB before 1.8 cannot"
