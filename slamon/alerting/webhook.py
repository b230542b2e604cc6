"""A signed POST to a receiver of one's own.

The body is a JSON object: ``key``, ``title``, ``body``, ``reason``, ``lines``, ``urgent``, and ``to`` where the
receiver of the message has an address on this channel. Headers: ``Idempotency-Key`` (the same for the same message),
``X-Slamon-Timestamp`` (seconds since the epoch) and ``X-Slamon-Signature``: ``v1=`` and the hex HMAC-SHA256, under the
shared secret, of the timestamp's digits, a full stop, and the bytes of the body. A receiver that checks it compares
in constant time, and refuses old timestamps. Any status of the 200s means taken.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from slamon.alerting.channel import Answer, Parcel, later, never, sent
from slamon.alerting.web import Reply, Request, Unreached, ask
from slamon.config.channels import Webhook


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what stands in ``X-Slamon-Signature``."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


class WebhookChannel:
    """Posts to a receiver that checks our signature."""

    def __init__(self, way: Webhook, now: Callable[[], datetime], timeout_s: float) -> None:
        self._way = way
        self._now = now
        self._timeout_s = timeout_s

    def send(self, parcel: Parcel) -> Answer:
        """Post a message."""
        body = json.dumps(_object(parcel), ensure_ascii=False).encode()
        timestamp = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": parcel.key,
            "X-Slamon-Timestamp": timestamp,
            "X-Slamon-Signature": signature(self._way.secret.reveal(), timestamp, body),
        }
        try:
            reply = ask(Request(self._way.url.reveal(), body, headers, self._timeout_s, self._way.ca_file))
        except Unreached as error:
            return later(str(error))
        return by_status(reply)


def by_status(reply: Reply) -> Answer:
    """Return what a plain HTTP status means for a message."""
    said = f"HTTP {reply.status}"
    if 200 <= reply.status < 300:
        return sent(said)
    if reply.status in (408, 425, 429) or reply.status >= 500:
        return later(said, reply.retry_after_s)
    return never(said)


def _object(parcel: Parcel) -> dict[str, object]:
    said = {
        "key": parcel.key,
        "title": parcel.title,
        "body": parcel.body,
        "reason": parcel.reason,
        "lines": list(parcel.lines),
        "urgent": parcel.urgent,
    }
    return said if parcel.to is None else {**said, "to": parcel.to}
