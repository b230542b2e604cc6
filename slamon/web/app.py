"""The pages for machines: /metrics, /healthz, /readyz. Whoever adds pages adds them here, behind the same guard."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from slamon.web.guard import Guard

OPEN_PAGES = frozenset({"/healthz"})  # says nothing but that somebody answers


@dataclass(slots=True)
class Pages:
    """Where the pages get what they show; `metrics` may block and runs in a thread, `unready` says why not ready."""

    metrics: Callable[[], bytes]
    metrics_type: str
    unready: Callable[[], str | None]
    requests: Counter[tuple[str, int]] = field(default_factory=Counter)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def show_metrics(self, _: Request) -> Response:
        """Answer with the metrics of this moment."""
        async with self._one_at_a_time:
            text = await asyncio.to_thread(self.metrics)
        return Response(text, headers={"content-type": self.metrics_type})

    async def show_health(self, _: Request) -> Response:
        """Answer that the process is alive: that it answers is all there is to say."""
        return PlainTextResponse("alive\n")

    async def show_readiness(self, _: Request) -> Response:
        """Answer whether lines are polled within their schedule; 503 and the reason where they are not."""
        reason = self.unready()
        return PlainTextResponse("ready\n") if reason is None else PlainTextResponse(f"{reason}\n", 503)


def application(pages: Pages, token: str | None, hosts: Collection[str]) -> Guard:
    """Return the pages behind their guard; with a token, all but /healthz ask for it."""
    routes = [
        Route("/metrics", pages.show_metrics),
        Route("/healthz", pages.show_health),
        Route("/readyz", pages.show_readiness),
    ]
    known = {route.path for route in routes}

    def answered(path: str, code: int) -> None:
        pages.requests[path if path in known else "other", code] += 1

    return Guard(Starlette(routes=routes), token, frozenset(hosts), OPEN_PAGES, answered)
