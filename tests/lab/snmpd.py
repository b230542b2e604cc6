"""net-snmp's real agent and its snmptrap, on loopback or inside a namespace: started by tests, always ended."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.service.runs import until

COMMUNITY = "public"
USER, AUTH_KEY, PRIV_KEY = "mon", "authpass1", "privpass1"
ENGINE_ID = "8000000001020304"
# How long snmpd keeps its table of interfaces (nsCacheTimeout); 15 s where nobody says otherwise.
_IF_TABLE_CACHE = ".1.3.6.1.4.1.8072.1.5.3.1.2.1.3.6.1.2.1.2.2"

_CONFIG = """
agentaddress udp:{host}:{port}
rwcommunity {community}
engineIDType 3
exactEngineID 0x{engine}
createUser {user} SHA-256 {auth} AES-256 {priv}
createUser shaaes SHA {auth} AES {priv}
createUser md5des MD5 {auth} DES {priv}
createUser sha512aes192 SHA-512 {auth} AES-192 {priv}
createUser sha384 SHA-384 {auth}
createUser open
rouser {user} priv
rouser shaaes priv
rouser md5des priv
rouser sha512aes192 priv
rouser sha384 auth
rouser open noauth
"""


def free_port() -> int:
    """A UDP port of loopback that nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Snmpd:
    """A running agent."""

    folder: Path
    host: str
    port: int
    inside: Sequence[str] = ()
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        # No configuration, state or MIB files but our own.
        own = {"SNMPCONFPATH": str(self.folder), "SNMP_PERSISTENT_DIR": str(self.folder / "state"), "MIBS": ""}
        self.environ = {**os.environ, **own}

    def start(self) -> None:
        """Start it and wait until it answers."""
        config = self.folder / "agent.conf"
        config.write_text(
            _CONFIG.format(host=self.host, port=self.port, community=COMMUNITY, engine=ENGINE_ID, user=USER,
                           auth=AUTH_KEY, priv=PRIV_KEY), encoding="ascii")  # fmt: skip
        command = ["snmpd", "-f", "-C", "-c", str(config), "-Lf", str(self.folder / "agent.log"), "-I", "-smux"]
        self.process = subprocess.Popen(
            [*self.inside, *command], env=self.environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until(lambda: self.tool("snmpget", "1.3.6.1.2.1.1.3.0").returncode == 0, "snmpd answers")

    def quick(self) -> None:
        """Have it look at its interfaces anew each second."""
        done = self.tool("snmpset", _IF_TABLE_CACHE, "i", "1")
        assert done.returncode == 0, done.stderr

    def tool(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a tool of net-snmp against it."""
        command = [name, "-v2c", "-c", COMMUNITY, "-t", "1", "-r", "0", f"{self.host}:{self.port}", *arguments]
        return subprocess.run(
            [*self.inside, *command], env=self.environ, capture_output=True, text=True, check=False, timeout=10
        )

    def trap(self, *arguments: str) -> None:
        """Run snmptrap."""
        done = subprocess.run(
            [*self.inside, "snmptrap", *arguments],
            env=self.environ, capture_output=True, text=True, check=False, timeout=10)  # fmt: skip
        assert done.returncode == 0, done.stderr

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def snmpd(
    folder: Path, host: str = "127.0.0.1", port: int | None = None, inside: Sequence[str] = ()
) -> Iterator[Snmpd]:
    """A real agent; it is ended come what may."""
    assert shutil.which("snmpd") is not None, "snmpd is not installed (make test-tools)"
    folder.mkdir(parents=True, exist_ok=True)
    agent = Snmpd(folder, host, port or free_port(), inside)
    try:
        agent.start()
        yield agent
    finally:
        agent.stop()
