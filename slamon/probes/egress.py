"""What can be seen past the machine's own links (F1): by which link each packet leaves, and whether that one carries.

While all links carry this costs a question a link and tick. When one loses its carrier, the kernel is asked by which
link the packets to every target leave. To those behind the dead link nothing is sent: that is no data, never loss.
Until a way is known, and for a while after a link came back, packets are sent and an answer counts, but one that does
not come says nothing: the far end of a link has its own start to make.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np

from slamon.probes.lane import DOUBTED, UNSENT, Ints
from slamon.probes.links import Change, Links
from slamon.probes.packet import MS_NS, SECOND_NS
from slamon.probes.routes import BATCH, Routes, Way

SETTLE_NS = 3 * SECOND_NS
NO_LINK = "not sent: no link of this machine carries"
_LOOK_EVERY_NS = SECOND_NS
_AGAIN_EVERY_NS = 50 * MS_NS
_CLEAR: tuple[int, str] = (0, "")


class Ask(Protocol):
    """Knows by which link packets leave (`Routes`)."""

    def links_of(self, ways: Sequence[Way]) -> list[str | None]:
        """Return the link of each way, None where it is not known."""

    def close(self) -> None:
        """Ask no more."""


class ScriptedRoutes:
    """Routes as a test says, by target and source; what is not there has none."""

    def __init__(self, links: Mapping[Way, str] | None = None) -> None:
        self.links = dict(links or {})

    def links_of(self, ways: Sequence[Way]) -> list[str | None]:
        """Return the link of each way."""
        return [self.links.get(way) for way in ways]

    def close(self) -> None:
        """Nothing to close."""


class Egress:
    """Ways by link; `version` changes with anything that `of` says."""

    def __init__(self, links: Links | None = None, routes: Ask | None = None) -> None:
        self._links, self._routes = links or Links(), routes or Routes()
        self._links.look()
        self._looked_ns = self._asked_ns = 0
        self._via: dict[Way, str | None] = {}
        self._todo: deque[Way] = deque()
        self._settling: dict[str, int] = {}
        self._down: frozenset[str] = frozenset()
        self._dead = False
        self.version = 0

    @property
    def active(self) -> bool:
        """Tell whether any link is not as it should be."""
        return bool(self._down or self._settling)

    def look(self, now_ns: int) -> list[Change]:
        """Return the links that lost their carrier or got it back since the last call: at each tick, before expiry."""
        if now_ns - self._looked_ns >= _LOOK_EVERY_NS:
            self._looked_ns = now_ns
            changes = self._links.look()
        else:
            changes = self._links.glance()
        before, self._down, self._dead = self._down, self._links.down, self._links.dead
        for name, carries in changes:
            self._settling.pop(name, None)
            if carries:
                self._settling[name] = now_ns + SETTLE_NS
        settled = [name for name, until_ns in self._settling.items() if until_ns <= now_ns]
        for name in settled:
            del self._settling[name]
        if changes or settled or self._down != before:
            self.version += 1
        if not self.active:
            self._via.clear()
            self._todo.clear()
        return changes

    def close(self) -> None:
        """Ask the kernel no more."""
        self._links.kernel.close()
        self._routes.close()

    def trace(self, ways: Iterable[Way]) -> None:
        """Ask anew by which link these leave, as soon as `work` is given the time."""
        self._via.clear()
        self._todo = deque(dict.fromkeys(ways))
        self.version += 1

    def work(self, now_ns: int, until_ns: int, clock: Callable[[], int]) -> None:
        """Ask the kernel for a while; the dead links' ways again and again: they may be led elsewhere meanwhile."""
        if not self.active:
            return
        if not self._todo and now_ns - self._asked_ns >= _AGAIN_EVERY_NS:
            self._todo.extend([way for way, link in self._via.items() if link in self._down][:BATCH])
        while self._todo:
            ways = [self._todo.popleft() for _ in range(min(BATCH, len(self._todo)))]
            for way, link in zip(ways, self._routes.links_of(ways), strict=True):
                if self._via.pop(way, "") != link:
                    self.version += 1
                self._via[way] = link  # at the end: the others are asked first the next time
            self._asked_ns = now_ns
            if clock() > until_ns:
                return

    def of(self, way: Way) -> tuple[int, str]:
        """Return 0 for a way that can be used, `DOUBTED`, or `UNSENT` with the reason why nothing is sent."""
        if not self.active:
            return _CLEAR
        if self._dead:
            return UNSENT, NO_LINK
        if way not in self._via:
            self._todo.append(way)
            self._via[way] = ""
        link = self._via[way]
        if link in self._down:
            return UNSENT, f"not sent: {link} has lost its carrier"
        return (DOUBTED if link == "" or link in self._settling else 0), ""

    def marks(self, hosts: Sequence[str], source: str | None, reason: Callable[[str], int]) -> Ints | None:
        """Return `of` for many targets as states of their packets; None where all can be used."""
        if not self.active:
            return None
        said = [self.of((host, source)) for host in hosts]
        numbers = {why: reason(why) for state, why in set(said) if state == UNSENT}
        return np.array([state - numbers[why] if state == UNSENT else state for state, why in said], np.int64)
