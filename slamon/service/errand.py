"""A command run for a member of the ``slamon`` group by the service's own user, through a socket of systemd's.

The ledger lies where only root and the service's user get (``/var/lib/private``). Whoever may write to the socket
sends a command's words and its own standard streams; at the other end systemd starts a process of the service's user
for each connection, which runs the command on these streams and answers with its exit code. Who asked is what the
kernel says (``SO_PEERCRED``), and stands in every entry. Files of the caller are not opened: what a command reads or
writes besides the ledger goes through the streams.
"""

from __future__ import annotations

import array
import json
import os
import socket
import struct
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOCKET = Path("/run/slamon.socket")
CONFIG = Path("/etc/slamon/slamon.toml")
LONGEST_BYTES = 64 << 10
_STREAMS = 3
_HANDED = ("TERM", "COLUMNS", "LINES", "NO_COLOR", "LANG", "LC_ALL", "LC_TIME")
_ANSWER = struct.Struct("=i")
_PEER = struct.Struct("=3i")  # pid, uid, gid (unix(7))
GONE = 130


class NoErrand(Exception):
    """What came by the connection is no errand; the text says why."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be run, and for whom; `streams` are the caller's standard input, output and error."""

    words: tuple[str, ...]
    environ: Mapping[str, str]
    uid: int
    streams: tuple[int, int, int]


def sent_elsewhere(config: str | None, environ: Mapping[str, str], place: Path = SOCKET) -> bool:
    """Tell whether a command is to be an errand: no config of the caller's own, not root, and a socket to write to."""
    own = config is not None or "SLAMON_CONFIG" in environ or Path("slamon.toml").exists()
    return not own and os.geteuid() != 0 and os.access(place, os.W_OK)


def send(
    words: Sequence[str], environ: Mapping[str, str], place: Path = SOCKET, streams: tuple[int, int, int] = (0, 1, 2)
) -> int:
    """Have a command run with these standard streams, and return its exit code; raises `OSError`."""
    request = {"words": list(words), "environ": {key: environ[key] for key in _HANDED if key in environ}}
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as talk:
        talk.connect(str(place))
        data = json.dumps(request).encode()
        socket.send_fds(talk, [len(data).to_bytes(4, "big")], list(streams))
        talk.sendall(data)
        answer = talk.recv(_ANSWER.size, socket.MSG_WAITALL)
    if len(answer) < _ANSWER.size:
        raise ConnectionError("the service ended before it answered; journalctl -u 'slamon-admin@*' says why")
    code: int = _ANSWER.unpack(answer)[0]
    return code


def receive(talk: socket.socket) -> Errand:
    """Return the errand that a connection brings; raises `NoErrand`."""
    head, streams = _head(talk)
    size = int.from_bytes(head, "big")
    if len(head) < 4 or len(streams) != _STREAMS or not 0 < size <= LONGEST_BYTES:
        raise NoErrand("it does not begin with a length and three streams")
    data = talk.recv(size, socket.MSG_WAITALL)
    try:
        request = json.loads(data)
        words, environ = tuple(request["words"]), dict(request["environ"])
    except (ValueError, KeyError, TypeError):
        raise NoErrand("it is not what `slamon` sends") from None
    if not all(isinstance(text, str) for text in (*words, *environ, *environ.values())):
        raise NoErrand("it is not what `slamon` sends")
    _, uid, _ = _PEER.unpack(talk.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    handed = {key: value for key, value in environ.items() if key in _HANDED}
    return Errand(words, handed, uid, (streams[0], streams[1], streams[2]))


def _head(talk: socket.socket) -> tuple[bytes, list[int]]:
    """Return the first four bytes and the descriptors that came with them; those of too many are closed."""
    head, ancillary, _, _ = talk.recvmsg(4, socket.CMSG_SPACE(4 * 16))
    streams = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            streams.frombytes(data[: len(data) - len(data) % streams.itemsize])
    if len(streams) != _STREAMS:
        for stream in streams:
            os.close(stream)
        return head, []
    return head, streams.tolist()


def answer(talk: socket.socket, code: int) -> None:
    """Tell the caller how it ended."""
    talk.sendall(_ANSWER.pack(code))


def take_streams(errand: Errand) -> None:
    """Make the caller's streams ours."""
    for ours, theirs in enumerate(errand.streams):
        os.dup2(theirs, ours)
        os.close(theirs)


def watch(talk: socket.socket, gone: Callable[[], None]) -> None:
    """Call `gone` when the caller hangs up: Ctrl-C at the other end ends what was asked here."""

    def wait() -> None:
        if not talk.recv(1):
            gone()

    threading.Thread(target=wait, daemon=True).start()
