"""The ICMP prober as the daemon sees it: it starts the process that probes, and reads its batches."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence

from slamon.probes.framing import (
    BATCH,
    ERROR,
    LENGTHS,
    READY,
    STOP,
    Message,
    batch_of,
    change,
    changes_frame,
    frame,
    lines_frame,
    message,
    message_of,
    roster_number,
)
from slamon.probes.protocol import Batch, ProbeError, ProbeLine, next_roster

_START_S = 30.0
_STOP_S = 12.0  # a hundred thousand lines take some seconds to hand on their last windows
_STREAM_BYTES = 4 << 20


class IcmpProber:
    """Probes by ICMP in a process of its own (`Prober`). After it died, `start` begins anew."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._stopping = False
        self._read = False
        self._rosters: dict[int, list[str]] = {0: []}
        self._lines: dict[str, ProbeLine] = {}

    @property
    def pid(self) -> int | None:
        """Return the process id of the prober, None while it does not run."""
        return self._process.pid if self._process is not None else None

    async def start(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Start the process and hand it the lines; raises `ProbeError` where no ICMP socket can be had."""
        await self._end()
        self._stopping = self._read = False
        self._rosters, self._lines = {0: []}, {}
        ours, theirs = socket.socketpair()
        with theirs:
            # -P: no module of the working directory shadows ours. A session of its own: Ctrl-C comes to the daemon.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "slamon.probes.icmp_process",
                str(theirs.fileno()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        self._reader, self._writer = await asyncio.open_connection(sock=ours, limit=_STREAM_BYTES)
        try:
            kind, body, _ = await asyncio.wait_for(self._message(), _START_S)
        except TimeoutError:
            await self._end()
            raise ProbeError(f"the prober process did not come up within {_START_S:g} s") from None
        if kind != READY:
            await self._end()
            raise ProbeError(str(body) if kind == ERROR else f"the prober process said {kind} instead of ready")
        await self.update(lines, references)

    async def update(self, lines: Sequence[ProbeLine], references: Sequence[str] = ()) -> None:
        """Replace lines and references; unchanged lines keep their pace, and do not travel again."""
        wanted = {line.line_id: line for line in lines}
        if self._lines:
            data = changes_frame(self._lines, wanted, references)
            change(self._lines, message_of(data)[1])  # as the process does, so that rows are numbered alike
        else:
            data, self._lines = lines_frame(lines, references), wanted
        number, before = max(self._rosters.items())
        self._rosters[number + 1] = next_roster(before, self._lines.values())
        await self._send(data)

    async def batches(self) -> AsyncIterator[Batch]:
        """Yield batches; ends after `stop`, raises `ProbeError` when the process died."""
        self._read = True
        while True:
            try:
                kind, body, blob = await self._message()
            except ProbeError:
                self._hang_up()
                if self._stopping:
                    return
                raise
            if kind == BATCH:
                number = roster_number(body)
                for old in [key for key in self._rosters if key < number]:
                    del self._rosters[old]
                yield batch_of(body, blob, self._rosters[number])

    async def stop(self) -> None:
        """Let the process hand on what it knows and end."""
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
        if not self._read:  # else whoever reads the batches reads to the end
            self._hang_up()

    def _hang_up(self) -> None:
        if self._writer is not None:
            self._writer.close()

    async def _message(self) -> Message:
        if self._reader is None:
            raise ProbeError("the prober was not started")
        try:
            text_bytes, blob_bytes = LENGTHS.unpack(await self._reader.readexactly(LENGTHS.size))
            return message(await self._reader.readexactly(text_bytes + blob_bytes), text_bytes)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            code = await self._process.wait() if self._process is not None else None
            raise ProbeError(f"the prober process ended by itself (exit status {code})") from error

    async def _send(self, data: bytes) -> None:
        if self._writer is None:
            raise ProbeError("the prober was not started")
        try:
            self._writer.write(data)
            await self._writer.drain()
        except ConnectionError as error:
            raise ProbeError("the prober process is gone") from error

    async def _end(self) -> None:
        """End a process that is still there, without ceremony."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        self._hang_up()
        self._process = self._reader = self._writer = None
