"""The prober process: ``python -m slamon.probes.icmp_process FD``, FD being its end of a socket pair.

It ends when told to, and when the other end is gone: it never outlives the daemon. Signals of the terminal are the
daemon's business.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import socket
import sys
from collections import deque

from slamon.probes.framing import (
    CHANGES,
    ERROR,
    LINES,
    READY,
    STOP,
    FrameReader,
    Message,
    batch_frame,
    change,
    frame,
    lines_of,
)
from slamon.probes.icmp_engine import IcmpEngine
from slamon.probes.protocol import Batch, ProbeError, ProbeLine

_RECEIVE_BYTES = 1 << 20
# About an hour of readings of a thousand lines: a daemon that does not read for longer has lost the rest (blind).
_OUTBOX_BYTES = 64 << 20


class DaemonGone(Exception):
    """The other end of the pipe was closed."""


class Pipe:
    """The prober's end: frames out without ever waiting for the daemon, messages in."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._sock.setblocking(False)  # noqa: FBT003 - the socket module's own signature
        self._reader = FrameReader()
        self._outbox: deque[bytes] = deque()
        self._waiting_bytes = 0

    @property
    def backlog(self) -> bool:
        """Tell whether frames wait for the daemon to read."""
        return bool(self._outbox)

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._sock.fileno()

    def put(self, data: bytes) -> None:
        """Queue a frame and send what the daemon takes now; beyond the bound the newest frames are left out."""
        if self._waiting_bytes + len(data) <= _OUTBOX_BYTES:
            self._outbox.append(data)
            self._waiting_bytes += len(data)
        self.push()

    def push(self) -> None:
        """Send what the daemon takes now; raises `DaemonGone`."""
        try:
            while self._outbox:
                taken = self._sock.send(self._outbox[0])
                self._waiting_bytes -= taken
                if taken < len(self._outbox[0]):
                    self._outbox[0] = self._outbox[0][taken:]
                    return
                self._outbox.popleft()
        except BlockingIOError:
            return
        except OSError as error:
            raise DaemonGone from error

    def take(self) -> list[Message]:
        """Return the messages that have come; raises `DaemonGone`."""
        try:
            data = self._sock.recv(_RECEIVE_BYTES)
        except BlockingIOError:
            return []
        except OSError as error:
            raise DaemonGone from error
        if not data:
            raise DaemonGone
        return self._reader.feed(data)

    def flush(self) -> None:
        """Send everything, waiting for the daemon at most a second; raises `DaemonGone`."""
        self._sock.settimeout(1)
        while self._outbox:
            try:
                self._sock.sendall(self._outbox.popleft())
            except OSError as error:
                raise DaemonGone from error


def probe(pipe: Pipe) -> None:
    """Probe until told to stop."""
    rosters = 0
    lines: dict[str, ProbeLine] = {}

    def emit(batch: Batch) -> None:
        pipe.put(batch_frame(batch, rosters))

    try:
        engine = IcmpEngine(emit)
    except ProbeError as error:
        pipe.put(frame(ERROR, str(error)))
        pipe.flush()
        return
    pipe.put(frame(READY))
    _leave_garbage()
    while True:
        # Not on the sockets: a wake-up for each reply would cost more than the reply. They are read every tick.
        readable, writable, _ = select.select([pipe], [pipe] if pipe.backlog else [], [], engine.wait_s())
        if writable:
            pipe.push()
        for kind, body, _ in pipe.take() if readable else []:
            if kind in (LINES, CHANGES):
                engine.hand_on()  # what is known so far is numbered by the old roster
                rosters += 1
                if kind == LINES:
                    found, references = lines_of(body)
                    lines = {line.line_id: line for line in found}
                else:
                    references = change(lines, body)
                engine.set_lines(lines.values(), references)
                _leave_garbage()
            elif kind == STOP:
                engine.stop()
                pipe.flush()
                return
        engine.tick()


def _leave_garbage() -> None:
    """Take what is there by now out of the collector's sight, and stop it: nothing here refers to itself in circles.

    A full collection over a hundred thousand lines stands still for hundreds of milliseconds.
    """
    gc.disable()
    gc.collect()
    gc.freeze()


def main(arguments: list[str]) -> int:
    """Run the process on the descriptor given."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # The lowest free descriptor: a daemon with thousands of files hands over a number that select cannot take.
    descriptor = os.dup(int(arguments[0]))
    os.close(int(arguments[0]))
    with socket.socket(fileno=descriptor) as sock:
        try:
            probe(Pipe(sock))
        except DaemonGone:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
