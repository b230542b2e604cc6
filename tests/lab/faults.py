"""An HTTP proxy that makes faults, between a writer and a real server; changed while it runs.

Each fault is one of what a network and a server do: it refuses connections, resets them before or after the server has
got the request, says nothing, is slow, or answers with a status of its own.
"""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.lab.influx import free_port

NONE = "none"
REFUSE = "refuse"  # nobody listens
RESET = "reset"  # before the server has the request
CUT = "cut"  # the server has it, and its answer never arrives
SILENT = "silent"  # nobody answers, the connection stays
SLOW = "slow"  # the answer comes, but late
STATUS = "status"  # an answer that is not the server's
SILENCE_S = 3.0


@dataclass(frozen=True)
class Fault:
    """What happens to each write: its kind, the status of an answer of our own, headers with it, how slow."""

    kind: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b'{"message":"made by the proxy"}'
    late_s: float = 0.2


NO_FAULT = Fault(NONE)


class Proxy:
    """Stands before a server; `fault` says what becomes of writes, `seen` counts what became of them."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream)
        self.port = free_port()
        self.fault = NO_FAULT
        self.seen: Counter[str] = Counter()
        self.authorizations: set[str] = set()
        self._server: ThreadingHTTPServer | None = None
        self._over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def set(self, fault: Fault) -> None:
        """Make another fault from now on."""
        self.fault = fault
        if fault.kind == REFUSE:
            self.close()
        elif self._server is None:
            self.open()

    def open(self) -> None:
        """Listen."""
        self._over.clear()
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", self.port), handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._over.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def wait(self, seconds: float) -> None:
        """Let time go by, as long as the proxy is there."""
        self._over.wait(seconds)


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that ends in the middle is what this is for."""


class _Handler(BaseHTTPRequestHandler):
    proxy: Proxy
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._forward(b"")

    def do_POST(self) -> None:
        fault = self.proxy.fault
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.proxy.authorizations.add(self.headers.get("Authorization", ""))
        self.proxy.seen[f"{fault.kind} {fault.status}" if fault.status else fault.kind] += 1
        if fault.kind in (RESET, REFUSE):  # a connection from before nobody listened is cut
            self._reset()
        elif fault.kind == SILENT:
            self.proxy.wait(SILENCE_S)
            self._reset()
        elif fault.kind == STATUS:
            self._answer(fault.status, fault.headers, fault.body)
        else:
            if fault.kind == SLOW:
                self.proxy.wait(fault.late_s)
            self._forward(body, cut=fault.kind == CUT)

    def _forward(self, body: bytes, *, cut: bool = False) -> None:
        upstream = self.proxy.upstream
        there = http.client.HTTPConnection(upstream.hostname or "", upstream.port, timeout=20)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")}
        try:
            there.request(self.command, self.path, body, headers)
            answer = there.getresponse()
            text = answer.read()
        except OSError:
            self._answer(502, {}, b"bad gateway")
            return
        finally:
            there.close()
        if cut:
            self._reset()
        else:
            kept = {k: v for k, v in answer.getheaders() if k.lower().startswith(("x-influxdb", "retry-after"))}
            self._answer(answer.status, kept, text)

    def _answer(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        with suppress(OSError):
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if status != 204:
                self.wfile.write(body)

    def _reset(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


@contextmanager
def faulty(upstream: str) -> Iterator[Proxy]:
    """Stand before a server, without a fault at first."""
    proxy = Proxy(upstream)
    proxy.open()
    try:
        yield proxy
    finally:
        proxy.close()
