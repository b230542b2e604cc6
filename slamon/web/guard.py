"""What every request passes before any page sees it: whom it asks for, who asks, how much it sends; and how we answer.

- Host: an IP address, localhost or a name that the configuration knows; a page elsewhere that makes its own name point
  here (DNS rebinding) gets nothing.
- Token: compared in constant time; nothing of it is ever in an answer or in the log.
- No page takes a body yet; one that comes all the same is refused unread.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Callable, Collection, Mapping

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Mapping[str, str] = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}

log = structlog.get_logger()


class Guard:
    """An ASGI application around another; `answered` is told each request's path and status."""

    def __init__(
        self,
        app: ASGIApp,
        token: str | None,
        hosts: Collection[str],
        open_pages: Collection[str],
        answered: Callable[[str, int], None],
    ) -> None:
        self._app = app
        self._token = token
        self._hosts = hosts
        self._open_pages = open_pages
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                MutableHeaders(scope=message).update(HEADERS)
                self._answered(scope["path"], message["status"])
            await send(message)

        refusal = self._refusal(scope["path"], Headers(scope=scope))
        try:
            await (refusal or self._app)(scope, receive, sending)
        except Exception:
            log.exception("web_failed", page=scope["path"])
            if not begun:
                await PlainTextResponse("something went wrong here; the log says more\n", 500)(scope, receive, sending)

    def _refusal(self, path: str, headers: Headers) -> Response | None:
        if not self._known(headers.get("host", "")):
            return PlainTextResponse("this name is not served here; [web] hosts lists those that are\n", 421)
        if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
            return PlainTextResponse("no page takes a body\n", 413, {"connection": "close"})
        if self._token is None or path in self._open_pages or self._right(headers.get("authorization", "")):
            return None
        return PlainTextResponse(
            "say Authorization: Bearer TOKEN\n", 401, {"www-authenticate": 'Bearer realm="slamon"'}
        )

    def _known(self, host: str) -> bool:
        if host.endswith("]"):
            name = host
        else:
            name, colon, port = host.rpartition(":")
            name = name if colon and port.isdecimal() else host
        name = name.lower()
        if name == "localhost" or name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name[1:-1] if name.startswith("[") and name.endswith("]") else name)
        except ValueError:
            return False
        return True

    def _right(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        right = hmac.compare_digest(given.strip().encode("latin-1", "replace"), (self._token or "").encode())
        return right and scheme.lower() == "bearer"
