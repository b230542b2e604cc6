"""Real servers for InfluxDB's write API, each on free loopback ports, in a folder of its own, and always ended.

`influx1()` is Debian's InfluxDB 1.6 behind nginx, which turns ``/api/v2/write`` into its own ``/write`` (bucket is
``database/policy``) as InfluxDB 1.8 and later do by themselves; it is read back with InfluxQL. `victoria()` is
VictoriaMetrics, which takes ``/api/v2/write`` directly.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IN_CI

DEADLINE_S = 30.0
LOOK_S = 0.05

_INFLUXD = """
reporting-enabled = false
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{folder}/meta"
  logging-enabled = false
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
  index-version = "inmem"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  log-enabled = false
  auth-enabled = {auth}
[logging]
  level = "warn"
"""

_NGINX = """
worker_processes 1; daemon off; pid ./nginx.pid; error_log ./nginx.log;
events {{ worker_connections 512; }}
http {{
  access_log off; client_max_body_size {most_body}; client_body_buffer_size 4m;
  client_body_temp_path ./b; proxy_temp_path ./p; fastcgi_temp_path ./f; uwsgi_temp_path ./u; scgi_temp_path ./s;
  upstream influx1 {{ server 127.0.0.1:{port}; keepalive 16; }}
  map $arg_precision $p1 {{ default n; ns n; us u; ms ms; s s; }}
  map $arg_bucket $db1 {{ default ""; "~^(?<d>[^/%]+)" $d; }}
  map $arg_bucket $rp1 {{ default ""; "~*^[^/%]+(?:/|%2F)(?<r>.+)$" $r; }}
  map $http_authorization $u1 {{ default ""; "~*^Token (?<tu>[^:]+):" $tu; }}
  map $http_authorization $w1 {{ default ""; "~*^Token [^:]+:(?<tp>.+)$" $tp; }}
  server {{
    listen 127.0.0.1:{front};
    location = /api/v2/write {{
      set $args "db=$db1&rp=$rp1&precision=$p1&u=$u1&p=$w1";
      rewrite ^ /write break;
      proxy_set_header Authorization ""; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_pass http://influx1;
    }}
    location ~ ^/(query|ping)$ {{ proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://influx1; }}
    location = /health {{
      default_type application/json;
      return 200 '{{"name":"influxdb","status":"pass","message":"1.x behind nginx","checks":[]}}';
    }}
  }}
}}
"""


def needs(*tools: str) -> None:
    """Skip a test whose server is not installed; in CI it fails."""
    missing = [tool for tool in tools if shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin") is None]
    if missing and IN_CI:
        pytest.fail(f"a test with a real server may not be skipped in CI: {' and '.join(missing)} missing")
    if missing:
        pytest.skip(f"needs {' and '.join(missing)}")


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def get(url: str, form: bytes | None = None) -> Any:
    """Ask a server of ours and return its JSON."""
    with urllib.request.urlopen(url, data=form, timeout=DEADLINE_S) as answer:  # noqa: S310 - loopback
        return json.loads(answer.read() or b"null")


def until(holds: Callable[[], object], what: str, deadline_s: float = DEADLINE_S) -> None:
    """Wait until something holds."""
    end = time.monotonic() + deadline_s
    while True:
        with suppress(OSError, urllib.error.URLError):
            if holds():
                return
        assert time.monotonic() < end, f"{what}: not within {deadline_s:g} s"
        time.sleep(LOOK_S)


@dataclass
class Program:
    """A server's process, which can be killed and started again."""

    command: Sequence[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; a port that was just left may take a moment to be free."""
        log = (self.folder / f"{Path(self.command[0]).name}.out").open("ab")
        environ = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin"}
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdout=log, stderr=log, env=environ, start_new_session=True
        )
        log.close()

    def end(self, number: int = signal.SIGTERM) -> None:
        """End it."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        self.process = None


@dataclass
class Influx1:
    """InfluxDB 1.x behind nginx: `url` takes the v2 write API."""

    port: int
    front: int
    influxd: Program
    nginx: Program
    bucket: str = "slamon/autogen"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.front}"

    def query(self, text: str, database: str = "slamon") -> list[dict[str, Any]]:
        """Run InfluxQL and return the series of its first statement; raises on an error in it."""
        form = urllib.parse.urlencode({"db": database, "q": text, "epoch": "ns", "chunked": "false"}).encode()
        found = get(f"http://127.0.0.1:{self.port}/query", form)["results"][0]
        assert "error" not in found, f"{text}: {found['error']}"
        series: list[dict[str, Any]] = found.get("series", [])
        return series

    def rows(self, measurement: str, database: str = "slamon") -> list[dict[str, Any]]:
        """Return every point of a measurement, tags and fields by name, by time; what is absent is left out."""
        found = self.query(f'SELECT * FROM "{measurement}"', database)  # noqa: S608 - our own name
        return [
            {name: value for name, value in zip(one["columns"], values, strict=True) if value is not None}
            for one in found
            for values in one["values"]
        ]

    def count(self, measurement: str, field: str) -> int:
        """Return how many points of a measurement have a field."""
        found = self.query(f'SELECT count("{field}") FROM "{measurement}"')  # noqa: S608
        return int(found[0]["values"][0][1]) if found else 0

    def ready(self) -> None:
        """Wait until it answers through nginx."""

        def answers() -> bool:
            with urllib.request.urlopen(f"{self.url}/ping", timeout=2) as answer:  # noqa: S310 - loopback
                return int(answer.status) == 204

        until(answers, "influxd behind nginx answers")

    def kill(self) -> None:
        """Kill the database at once, as a loss of power would; nginx stays."""
        self.influxd.end(signal.SIGKILL)

    def start(self) -> None:
        """Start it again."""
        self.influxd.start()
        self.ready()


@contextmanager
def influx1(folder: Path, *, auth: bool = False, most_body: str = "64m") -> Iterator[Influx1]:
    """Run InfluxDB 1.x behind nginx with a database called slamon."""
    needs("influxd", "nginx")
    folder.mkdir(parents=True, exist_ok=True)
    port, rpc, front = free_port(), free_port(), free_port()
    settings = _INFLUXD.format(folder=folder, port=port, rpc=rpc, auth=str(auth).lower())
    (folder / "influxd.conf").write_text(settings, encoding="utf-8")
    nginx_conf = _NGINX.format(port=port, front=front, most_body=most_body)
    (folder / "nginx.conf").write_text(nginx_conf, encoding="utf-8")
    influxd = Program(["influxd", "run", "-config", str(folder / "influxd.conf")], folder)
    nginx = Program(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "n.log")], folder)
    made = Influx1(port, front, influxd, nginx)
    try:
        influxd.start()
        nginx.start()
        made.ready()
        if auth:
            made.query("CREATE USER admin WITH PASSWORD 'secret' WITH ALL PRIVILEGES", "")
        else:
            made.query("CREATE DATABASE slamon", "")
        yield made
    finally:
        nginx.end()
        influxd.end()


@dataclass
class Victoria:
    """VictoriaMetrics, which takes the v2 write API by itself."""

    port: int
    program: Program

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def healthy(self) -> bool:
        """Tell whether it answers."""
        with urllib.request.urlopen(f"{self.url}/health", timeout=2) as answer:  # noqa: S310 - loopback
            return int(answer.status) == 200

    def exported(self, selector: str) -> list[dict[str, Any]]:
        """Return every sample of the series that a selector names."""
        query = urllib.parse.urlencode({"match[]": selector})
        with urllib.request.urlopen(f"{self.url}/internal/force_flush", timeout=DEADLINE_S):  # noqa: S310 - loopback
            pass
        address = f"{self.url}/api/v1/export?{query}"
        with urllib.request.urlopen(address, timeout=DEADLINE_S) as answer:  # noqa: S310 - loopback
            return [json.loads(line) for line in answer.read().splitlines()]


@contextmanager
def victoria(folder: Path) -> Iterator[Victoria]:
    """Run VictoriaMetrics; it keeps everything."""
    needs("victoria-metrics")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [
        "victoria-metrics",
        f"-storageDataPath={folder}/data",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=100y",
        "-influxMeasurementFieldSeparator=_",
        "-loggerLevel=ERROR",
        "-memory.allowedBytes=100000000",
    ]
    made = Victoria(port, Program(command, folder))
    try:
        made.program.start()
        until(made.healthy, "VictoriaMetrics answers")
        yield made
    finally:
        made.program.end()
