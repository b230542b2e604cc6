"""SNMP polling as the daemon sees it: it starts the process that polls, and reads what it says."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from slamon.probes.framing import LENGTHS, Message, frame, message
from slamon.probes.protocol import ProbeError
from slamon.probes.snmp.news import News
from slamon.probes.snmp.wire import ERROR, READY, STOP, Watch, confirm_frame, news_of, watch_frame

_START_S = 30.0
_STOP_S = 5.0
_STREAM_BYTES = 64 << 20


class PortProber(Protocol):
    """Polls ports at their own pace and hands on what they show."""

    async def start(self, watch: Watch) -> None:
        """Begin to poll; raises `ProbeError` where that is not possible."""

    async def update(self, watch: Watch) -> None:
        """Poll these devices from now on; raises `ProbeError`."""

    async def confirm(self, line_ids: Iterable[str]) -> None:
        """Ask for the ports of lines out of turn; raises `ProbeError`."""

    def news(self) -> AsyncIterator[News | str]:
        """Yield what is seen, and complaints as texts, until `stop`; raises `ProbeError` when polling died."""

    async def stop(self) -> None:
        """Stop; stopping twice is harmless."""


class SnmpProber:
    """Polls by SNMP in a process of its own (`PortProber`). After it died, `start` begins anew."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stopping = False

    @property
    def pid(self) -> int | None:
        """Return the process id, None while it does not run."""
        return self._process.pid if self._process is not None else None

    async def start(self, watch: Watch) -> None:
        """Start the process and hand it the devices; raises `ProbeError`."""
        await self._end()
        self._stopping = False
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: no module of the working directory shadows ours. A session of its own: Ctrl-C comes to the daemon.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "slamon.probes.snmp.process",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=_STREAM_BYTES)
        try:
            kind, _, _ = await asyncio.wait_for(self._message(), _START_S)
        except TimeoutError:
            await self._end()
            raise ProbeError(f"the SNMP process did not come up within {_START_S:g} s") from None
        if kind != READY:
            await self._end()
            raise ProbeError(f"the SNMP process said {kind} instead of ready")
        await self.update(watch)

    async def update(self, watch: Watch) -> None:
        """Poll these devices from now on; raises `ProbeError`."""
        await self._send(watch_frame(watch))

    async def confirm(self, line_ids: Iterable[str]) -> None:
        """Ask for the ports of lines out of turn; raises `ProbeError`."""
        await self._send(confirm_frame(line_ids))

    async def news(self) -> AsyncIterator[News | str]:
        """Yield what is seen, and complaints as texts; ends after `stop`, raises `ProbeError` when the process died."""
        while True:
            try:
                kind, body, _ = await self._message()
            except ProbeError:
                self._hang_up()
                if self._stopping:
                    return
                raise
            if kind == ERROR:
                yield str(body)
            elif (found := news_of(kind, body)) is not None:
                yield found

    async def stop(self) -> None:
        """Let the process end."""
        self._stopping = True
        process = self._process
        if process is None:
            return
        with contextlib.suppress(ProbeError):
            await self._send(frame(STOP))
        try:
            await asyncio.wait_for(process.wait(), _STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _message(self) -> Message:
        if self._reader is None:
            raise ProbeError("the SNMP process was not started")
        try:
            text_bytes, blob_bytes = LENGTHS.unpack(await self._reader.readexactly(LENGTHS.size))
            return message(await self._reader.readexactly(text_bytes + blob_bytes), text_bytes)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await self._process.wait() if self._process is not None else None
            raise ProbeError(f"the SNMP process ended by itself (exit status {code})") from error

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise ProbeError("the SNMP process was not started")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError as error:
            raise ProbeError("the SNMP process is gone") from error

    async def _end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._hang_up()
        self._process = self._reader = self._writer = None
