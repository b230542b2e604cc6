"""What a judging hands out to be recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from slamon.store.entry import Draft, TailBatch


@dataclass(slots=True)
class Pending:
    """What is to be committed in one transaction."""

    drafts: list[Draft] = field(default_factory=list)
    states: dict[str, str | None] = field(default_factory=dict)
    checkpoint: bytes | None = None
    at: datetime | None = None
    tail: list[TailBatch] = field(default_factory=list)
    prune_before: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.drafts or self.states or self.checkpoint is not None or self.tail)

    def followed_by(self, later: Pending) -> Pending:
        """Return both as one, in order: what could not be written yet loses nothing."""
        return Pending(
            drafts=[*self.drafts, *later.drafts],
            states={**self.states, **later.states},
            checkpoint=later.checkpoint if later.checkpoint is not None else self.checkpoint,
            at=later.at if later.checkpoint is not None else self.at,
            tail=[*self.tail, *later.tail],
            prune_before=later.prune_before or self.prune_before,
        )
