"""One HTTP request, for all channels that make any: no redirects, a bounded answer, errors that tell no URL."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path

from slamon import __version__

LONGEST_BYTES = 64 * 1024
_LONGEST_WAIT_S = 3600.0


class Unreached(Exception):
    """There was no answer; the text says why and names nobody."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered; `retry_after_s` is what it asked for."""

    status: int
    body: bytes
    retry_after_s: float | None = None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Request:
    """A request to make; without a body it is a GET."""

    url: str
    body: bytes | None = None
    headers: Mapping[str, str] | None = None
    timeout_s: float = 15
    ca_file: Path | None = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    # What was meant for one server, signed, is not for another.
    def redirect_request(self, *_: object) -> None:
        return None


def ask(request: Request) -> Reply:
    """Make a request; raises `Unreached`."""
    context = ssl.create_default_context(cafile=None if request.ca_file is None else str(request.ca_file))
    opener = urllib.request.build_opener(_NoRedirect(), urllib.request.HTTPSHandler(context=context))
    headers = {"User-Agent": f"slamon/{__version__}", **(request.headers or {})}
    made = urllib.request.Request(request.url, data=request.body, headers=headers)  # noqa: S310 - http(s) by config
    try:
        with opener.open(made, timeout=request.timeout_s) as response:
            return _reply(response.status, response.headers, response.read(LONGEST_BYTES))
    except urllib.error.HTTPError as answered:
        with answered:
            return _reply(answered.code, answered.headers, answered.read(LONGEST_BYTES))
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unreached(why(error)) from None


def _reply(status: int, headers: Message, body: bytes) -> Reply:
    return Reply(status, body, _seconds(headers.get("Retry-After"), headers.get("Date")))


def _seconds(text: str | None, date: str | None) -> float | None:
    """Return how long ``Retry-After`` says: seconds, or a time, which counts from the server's own ``Date``."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return min(float(text), _LONGEST_WAIT_S)
    try:
        then, now = parsedate_to_datetime(text), parsedate_to_datetime(date or "")
        ahead_s = (_aware(then) - _aware(now)).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(ahead_s, 0.0), _LONGEST_WAIT_S)


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def why(error: BaseException) -> str:
    """Return why something was not reached, without address, name or URL."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate was not accepted ({cause.verify_message.split(',')[0]})"
    if isinstance(cause, ssl.SSLError):
        return f"no TLS ({cause.reason or 'protocol error'})"
    if isinstance(cause, TimeoutError):
        return "no answer in time"
    if isinstance(cause, socket.gaierror):
        return "not reached (its name was not resolved)"
    if isinstance(cause, OSError) and cause.errno in errno.errorcode:
        return f"not reached ({os.strerror(cause.errno or 0)})"
    return f"not reached ({type(cause).__name__})"
