"""uvicorn within a loop that is not its own: no signal handlers, no log of its own, no exit of the process."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp
from uvicorn import Config, Server
from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_HEADER_BYTES = 16 << 10
MOST_CONNECTIONS = 64
KEEP_ALIVE_S = 5
CONNECTION_S = 30.0  # a connection that has asked nothing by then, or goes on asking, is closed


class _Prompt(H11Protocol):
    """A connection that ends after a while: who sends a header byte by byte must not keep others out."""

    lasts_s = CONNECTION_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._over = self.loop.call_later(self.lasts_s, self.shutdown)

    def connection_lost(self, exc: Exception | None) -> None:
        self._over.cancel()
        super().connection_lost(exc)


class _Guest(Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the daemon."""
        yield


def bound(host: str, port: int) -> socket.socket:
    """Return a socket that listens at an address of this machine; raises `OSError`, with the address in its words."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen(MOST_CONNECTIONS)
        except BaseException:
            made.close()
            raise
    except OSError as error:
        raise OSError(error.errno, f"{host} port {port}: {error.strerror or error}") from error
    return made


async def serve(app: ASGIApp, sock: socket.socket, connection_s: float = CONNECTION_S) -> None:
    """Answer requests on a bound socket, for ever; cancelled at the end, which takes a second at most."""

    class Prompt(_Prompt):
        lasts_s = connection_s

    config = Config(
        app,
        http=Prompt,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",  # who sends nonsense gets a 400; the log is for operators
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=MOST_HEADER_BYTES,
    )
    server = _Guest(config)
    try:
        await server.serve(sockets=[sock])
    finally:
        if server.started:
            await asyncio.shield(server.shutdown([sock]))
        sock.close()
