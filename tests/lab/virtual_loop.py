"""An event loop whose time is virtual: it jumps to the next timer as soon as nothing else is to be done.

For code that waits by asyncio alone (no sockets, threads or processes): an hour takes what its work takes.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class _Jumping(selectors.SelectSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready now, and let the time that would be waited pass at once."""
        found = super().select(0)
        if not found and timeout is not None and timeout > 0:
            self.now_s += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `time` is virtual seconds."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual time."""
        return self._jumping.now_s


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
