"""The part of InfluxDB 2's API that `slamon influx setup` talks to, as its documentation has it: a stand-in.

Debian has no InfluxDB 2. What is written goes nowhere; organizations and buckets are kept.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class StandIn:
    """What the server knows, and how it answers to which token."""

    version: str = "v2.7.6"
    token: str = "right"  # noqa: S105 - nobody is kept out by it
    orgs: dict[str, str] = field(default_factory=lambda: {"noc": "0000000000000001"})
    buckets: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


class _Handler(BaseHTTPRequestHandler):
    state: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(asked.query).items()}
        if asked.path == "/ping":
            self._answer(204, None)
        elif not self._admitted():
            self._answer(401, {"code": "unauthorized", "message": "unauthorized access"})
        elif asked.path == "/api/v2/buckets":
            found = [one for one in self.state.buckets if one["name"] == query.get("name", one["name"])]
            self._answer(200, {"buckets": found})
        elif asked.path == "/api/v2/orgs" and query.get("org") in self.state.orgs:
            self._answer(200, {"orgs": [{"id": self.state.orgs[query["org"]], "name": query["org"]}]})
        else:
            self._answer(404, {"code": "not found", "message": f'organization name "{query.get("org")}" not found'})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._admitted():
            self._answer(401, {"code": "unauthorized", "message": "unauthorized access"})
        elif self.path.startswith("/api/v2/buckets"):
            made = {"id": f"{len(self.state.buckets):016}", **json.loads(body)}
            self.state.buckets.append(made)
            self._answer(201, made)
        else:
            name = parse_qs(urlsplit(self.path).query)["bucket"][0]
            there = any(one["name"] == name for one in self.state.buckets)
            self._answer(204 if there else 404, None if there else {"message": f'bucket "{name}" not found'})

    def _admitted(self) -> bool:
        return self.headers.get("Authorization") == f"Token {self.state.token}"

    def _answer(self, status: int, body: dict[str, Any] | None) -> None:
        self.send_response(status)
        self.send_header("X-Influxdb-Version", self.state.version)
        text = b"" if body is None else json.dumps(body).encode()
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if status != 204:
            self.wfile.write(text)


@contextmanager
def influx2(version: str = "v2.7.6") -> Iterator[StandIn]:
    """Run the stand-in on a free port."""
    state = StandIn(version)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
