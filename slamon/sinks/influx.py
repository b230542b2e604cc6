"""influxdb-client, wrapped once: a block of lines goes out synchronously, and only a 204 is a success.

Its batching mode loses data silently (a refused batch is logged and forgotten, what waits at the end of the process is
dropped), so nothing of it is used. The service beneath its `write_api` is: it tells the status of the answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

import urllib3
from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from influxdb_client.service.write_service import WriteService

from slamon.config.credentials import InfluxTarget
from slamon.sinks.delivery_errors import Busy, NotDelivered, Unreachable, refusal, retry_after_s, shown

WRITTEN = 204
_Service: Any = WriteService  # the library ships no types


class Writer(Protocol):
    """Takes blocks of lines to a server."""

    def write(self, block: bytes) -> None:
        """Return once the server has confirmed the block; raises `NotDelivered`."""

    def close(self) -> None:
        """Let go of connections."""


class InfluxWriter:
    """Writes to one bucket; belongs to one thread. `now` is asked only where a server names a date to wait for."""

    def __init__(self, target: InfluxTarget, now: Callable[[], datetime]) -> None:
        self._target = target
        self._now = now
        self._client = client_of(target)
        self._service: Any = _Service(self._client.api_client)

    def write(self, block: bytes) -> None:
        """Return once the server has confirmed the block; raises `NotDelivered`."""
        status = told(lambda: self._post(block), self._target, self._now)
        if status != WRITTEN:
            raise refusal(status, "not a 204, so nothing is confirmed", self._target.bucket, self._target.org)

    def _post(self, block: bytes) -> int:
        _, status, _ = self._service.post_write_with_http_info(
            org=self._target.org,
            bucket=self._target.bucket,
            body=block,
            precision=WritePrecision.NS,
            content_type="text/plain; charset=utf-8",
        )
        return int(status)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def client_of(target: InfluxTarget) -> Any:  # noqa: ANN401 - the library ships no types
    """Return a client that never retries by itself and never batches."""
    timeout_ms = target.timeout_s * 1000
    return InfluxDBClient(
        url=target.url,
        token=target.token.reveal(),
        org=target.org,
        timeout=(timeout_ms, timeout_ms),
        enable_gzip=target.gzip,
        ssl_ca_cert=None if target.ca_file is None else str(target.ca_file),
        retries=False,
    )


def told(call: Callable[[], int], target: InfluxTarget, now: Callable[[], datetime]) -> int:
    """Return what a call of the library returns, its errors told in our words; the token is in none of them."""
    try:
        return call()
    except ApiException as error:
        raise _answered(error, target, now) from None
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(_hidden(_why(error, target), target), "is it running, and is url right?") from None
    except (OSError, ValueError) as error:
        raise Unreachable(_hidden(f"{target.url} cannot be asked: {error}", target), "check url and ca_file") from None


def _answered(error: ApiException, target: InfluxTarget, now: Callable[[], datetime]) -> NotDelivered:
    found = refusal(int(error.status or 0), _hidden(message_of(error.body), target), target.bucket, target.org)
    if isinstance(found, Busy):
        headers: Mapping[str, str] = error.headers or {}
        found.wait_s = retry_after_s(headers.get("Retry-After"), now())
    return found


def _why(error: Exception, target: InfluxTarget) -> str:
    cause = shown(str(error.__cause__ or error))
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return f"{target.url} cannot be reached ({cause.rpartition(': ')[2] or cause})"
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return f"{target.url} did not answer within {target.timeout_s} s"
    if isinstance(error, urllib3.exceptions.SSLError):
        return f"{target.url} has no certificate that is trusted here ({cause})"
    return f"{target.url} broke off ({cause})"


def message_of(body: object) -> str:
    """Return the message in a server's answer: ``message`` (2, 3) or ``error`` (1.x) of its JSON, else its text."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else str(body or "")
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    if isinstance(parsed, dict):
        return str(parsed.get("message") or parsed.get("error") or text)
    return text


def _hidden(text: str, target: InfluxTarget) -> str:
    return text.replace(target.token.reveal(), "***")
