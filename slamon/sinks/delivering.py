"""One block of lines to a server, split where the server asks for it; and what is put aside.

A block is either delivered in full, with the lines that the server does not take put aside with its reason, or an
error says that it is to be tried again. Whatever was confirmed in between is written again then: points are idempotent.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from slamon.sinks.delivery_errors import BadLines, BeyondRetention, Busy, NotDelivered, Refused, TooLarge
from slamon.sinks.influx import Writer

REQUESTS_AT_MOST = 400  # to find the bad lines of one block; parts not looked at by then are put aside as a whole
QUARANTINE_BYTES = 8 << 20

PutAside = Callable[[bytes, str], None]


@dataclass(slots=True)
class Outcome:
    """What became of a block: how many requests it took, lines put aside, parts with points too old for the server.

    `largest` is the most lines that a too large request was halved to, None where none was; `sure` tells that the
    server took a plain line, so that it is the lines that are wrong.
    """

    requests: int = 0
    aside: int = 0
    too_old: int = 0
    largest: int | None = None
    sure: bool = False


def deliver(writer: Writer, block: bytes, put_aside: PutAside, plain: bytes) -> Outcome:
    """Write a block of whole lines; raises `NotDelivered` where it is to be tried again as it is.

    `plain` is a line without its instant that any server takes. Where even that is refused it is not the lines that
    are wrong, and none of them is put aside.
    """
    outcome = Outcome()
    waiting = [block]
    while waiting:
        part = waiting.pop()
        try:
            outcome.requests += 1
            writer.write(part)
        except BeyondRetention:
            outcome.too_old += 1
        except (BadLines, TooLarge) as error:
            halves = _halved(part)
            if isinstance(error, TooLarge) and halves:
                outcome.largest = halves[0].count(b"\n")
            elif not outcome.sure:
                outcome.sure = True
                _try_plain(writer, plain + part[part.rindex(b" ", 0, part.index(b"\n")) : part.index(b"\n") + 1])
            if halves and (isinstance(error, TooLarge) or outcome.requests < REQUESTS_AT_MOST):
                waiting += reversed(halves)
                continue
            put_aside(part, error.reason)
            outcome.aside += part.count(b"\n")
    return outcome


def _try_plain(writer: Writer, line: bytes) -> None:
    try:
        writer.write(line)
    except (BadLines, TooLarge) as error:
        advice = "look at url, org and bucket, and at what stands between"
        raise Refused(f"the server takes no line at all: {error.reason}", advice) from None
    except BeyondRetention:
        return


def _halved(part: bytes) -> list[bytes]:
    """Return the two halves of a block, nothing where it is one line."""
    count = part.count(b"\n")
    if count < 2:
        return []
    cut = len(part) // 2
    end = part.find(b"\n", cut) + 1
    if end <= 0 or end >= len(part):
        end = part.rfind(b"\n", 0, len(part) - 1) + 1
    return [part[:end], part[end:]]


class Quarantine:
    """A file of lines that a server did not take, each with the reason above it; bounded, the older half goes first.

    It is line protocol with comments: what was corrected in it can be written again by hand.
    """

    def __init__(self, path: Path, limit_bytes: int = QUARANTINE_BYTES) -> None:
        self._path = path
        self._limit = limit_bytes

    def put(self, lines: bytes, reason: str) -> None:
        """Add lines with the reason; raises `NotDelivered` where they cannot be written down, so that they are kept."""
        text = b"# " + reason.replace("\n", " ").encode() + b"\n" + lines
        try:
            if self._path.exists() and self._path.stat().st_size + len(text) > self._limit // 2:
                self._path.replace(self._path.with_name(self._path.name + ".1"))
            handle = os.open(self._path, os.O_APPEND | os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, text[: self._limit // 2])
            finally:
                os.close(handle)
        except OSError as error:
            raise NotDelivered(f"{self._path} cannot be written: {error.strerror}", "make room for it") from None


@dataclass(slots=True)
class Backoff:
    """How long to wait after failures: doubled each time up to a bound, with jitter; a server's own word counts more.

    `chance` returns a number in ``[0, 1)``.
    """

    chance: Callable[[], float]
    first_s: float = 0.5
    most_s: float = 30.0
    failures: int = 0

    def failed(self, error: NotDelivered) -> float:
        """Return how long to wait after one more failure."""
        self.failures += 1
        asked = error.wait_s if isinstance(error, Busy) else None
        bound = min(self.most_s, self.first_s * 2.0 ** min(self.failures - 1, 16))
        wait_s = bound * (0.5 + self.chance() / 2)
        return wait_s if asked is None else asked + self.first_s * self.chance()

    def succeeded(self) -> None:
        """Begin anew."""
        self.failures = 0
