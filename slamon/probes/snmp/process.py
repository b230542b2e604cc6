"""The SNMP process: ``python -m slamon.probes.snmp.process FD``, FD being its end of a socket pair.

It ends when told to, and when the other end is gone: it never outlives the daemon. Nothing is logged here; what is
worth a word goes to the daemon.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
import time
from dataclasses import replace

from slamon.config.addresses import host_and_port
from slamon.config.credentials import TrapPort
from slamon.probes.framing import LENGTHS, Message, frame, message
from slamon.probes.snmp.edge import PysnmpAsker
from slamon.probes.snmp.news import News
from slamon.probes.snmp.pacing import Poller
from slamon.probes.snmp.trapping import TrapEar
from slamon.probes.snmp.wire import CONFIRM, DEVICES, ERROR, READY, STOP, Watch, news_frame, watch_of

HEALTH_S = 2.0
# A daemon that does not read for so long has lost the rest: a port's state expires by itself.
_OUTBOX_BYTES = 32 << 20
_TRAP_BUFFER_BYTES = 4 << 20


class SnmpProcess:
    """Polls what the daemon names and tells it what it saw."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._asker = PysnmpAsker()
        self._poller = Poller(self._asker, self._tell, time.monotonic)
        self._traps: tuple[TrapPort, asyncio.DatagramTransport, TrapEar] | None = None

    async def run(self) -> None:
        """Work until told to stop, or until the daemon is gone."""
        self._put(frame(READY))
        works = [asyncio.create_task(self._poller.run()), asyncio.create_task(self._say_health())]
        taking = asyncio.create_task(self._take())
        try:
            done, _ = await asyncio.wait([taking, *works], return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                error = task.exception()
                if error is not None:  # a defect of ours: the daemon says so, and starts the process again
                    self._put(frame(ERROR, f"polling failed: {type(error).__name__}: {error}"))
        finally:
            for task in (taking, *works):
                task.cancel()
            await asyncio.gather(taking, *works, return_exceptions=True)
            await self._listen(None)
            await self._asker.close()
            self._writer.close()

    async def _take(self) -> None:
        while True:
            try:
                kind, body, _ = await self._message()
            except (asyncio.IncompleteReadError, OSError):
                return
            if kind == DEVICES:
                await self._adopt(watch_of(body))
            elif kind == CONFIRM:
                self._poller.confirm_lines(body)
            elif kind == STOP:
                return

    async def _message(self) -> Message:
        text_bytes, blob_bytes = LENGTHS.unpack(await self._reader.readexactly(LENGTHS.size))
        return message(await self._reader.readexactly(text_bytes + blob_bytes), text_bytes)

    async def _adopt(self, watch: Watch) -> None:
        self._poller.adopt(watch.devices)
        try:
            await self._listen(watch.traps)
        except OSError as error:
            reason = error.strerror or str(error)
            self._put(
                frame(ERROR, f"no traps can be received at {watch.traps.listen if watch.traps else ''}: {reason}")
            )

    async def _listen(self, port: TrapPort | None) -> None:
        """Listen for traps there from now on, or nowhere."""
        if self._traps is not None:
            if self._traps[0] == port:
                return
            self._traps[1].close()
            self._traps = None
        if port is None:
            return
        ear = TrapEar(
            self._asker, lambda: self._poller.agents, self._poller.confirm_agent, time.monotonic, port.community
        )
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: ear, sock=_bound(port.listen))
        self._traps = port, transport, ear

    async def _say_health(self) -> None:
        while True:
            await asyncio.sleep(HEALTH_S)
            health = replace(self._poller.health(), strangers=self._asker.strangers)
            if self._traps is not None:
                counts = self._traps[2].counts
                health = replace(health, traps=counts.links, traps_unknown=counts.unknown, traps_dropped=counts.dropped)
            self._tell(health)

    def _tell(self, news: News) -> None:
        self._put(news_frame(news))

    def _put(self, data: bytes) -> None:
        if self._writer.transport.get_write_buffer_size() + len(data) <= _OUTBOX_BYTES:
            self._writer.write(data)


def _bound(listen: str) -> socket.socket:
    """Return a socket bound to where traps come; raises `OSError`."""
    host, port = listen.rpartition(":")[0].strip("[]"), int(listen.rpartition(":")[2])
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - whoever writes it means it: traps come from outside
        host, port = host_and_port(listen)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    sock = socket.socket(found[0], socket.SOCK_DGRAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _TRAP_BUFFER_BYTES)
        sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        sock.bind(found[4])
    except OSError:
        sock.close()
        raise
    return sock


async def _run(descriptor: int) -> None:
    with contextlib.closing(socket.socket(fileno=descriptor)) as sock:
        reader, writer = await asyncio.open_connection(sock=sock, limit=64 << 20)
        await SnmpProcess(reader, writer).run()


def main(arguments: list[str]) -> int:
    """Run the process on the descriptor given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(_run(int(arguments[0])))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
