"""A writer that ships as a fake: it remembers points as a server does, and fails as it is told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from slamon.sinks.delivery_errors import NotDelivered

Refuse = Callable[[bytes], NotDelivered | None]


def take_all(_: bytes) -> NotDelivered | None:
    """Refuse nothing."""
    return None


@dataclass(slots=True)
class ScriptedWriter:
    """Keeps the last field text of each ``(series, instant)``, as a server does, and how often each was written.

    `coming` are errors for the next writes, one each (None: it succeeds); `refuse` may refuse a block by what is in it.
    """

    refuse: Refuse = take_all
    coming: deque[NotDelivered | None] = field(default_factory=deque)
    points: dict[tuple[str, int], str] = field(default_factory=dict)
    written: int = 0
    requests: int = 0
    order: list[tuple[str, int]] = field(default_factory=list)

    def write(self, block: bytes) -> None:
        """Take a block, or raise what is to be raised."""
        self.requests += 1
        error = self.coming.popleft() if self.coming else None
        error = error or self.refuse(block)
        if error is not None:
            raise error
        for series, fields, instant in split_lines(block):
            self.points[series, instant] = fields
            self.order.append((series, instant))
            self.written += 1

    def close(self) -> None:
        """Nothing to let go of."""

    def of(self, measurement: str) -> dict[tuple[str, int], str]:
        """Return the points of a measurement."""
        return {key: value for key, value in self.points.items() if key[0].partition(",")[0] == measurement}


def split_lines(block: bytes) -> Iterable[tuple[str, str, int]]:
    """Yield series, fields and instant of each line; series of ours hold no escaped space."""
    for line in block.decode().splitlines():
        series, _, rest = line.partition(" ")
        fields, _, instant = rest.rpartition(" ")
        yield series, fields, int(instant)
