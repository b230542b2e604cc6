"""A channel that plays a script, for tests and rehearsals: no service is called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator

from slamon.alerting.channel import Answer, Parcel, sent

Reaction = Answer | Callable[[], Answer]


class ScriptedChannel:
    """Answers as scripted, then that everything is sent; remembers what it was given and how many at once."""

    def __init__(self, reactions: Iterable[Reaction] = ()) -> None:
        self._reactions: Iterator[Reaction] = iter(reactions)
        self._lock = threading.Lock()
        self._now = 0
        self.given: list[Parcel] = []
        self.most_at_once = 0

    def send(self, parcel: Parcel) -> Answer:
        """Answer the next line of the script."""
        with self._lock:
            self.given.append(parcel)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
            reaction = next(self._reactions, None)
        try:
            if reaction is None:
                return sent("scripted")
            return reaction if isinstance(reaction, Answer) else reaction()
        finally:
            with self._lock:
                self._now -= 1

    @property
    def keys(self) -> list[str]:
        """The keys of what was given, in order."""
        return [parcel.key for parcel in self.given]
