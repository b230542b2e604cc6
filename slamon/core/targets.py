"""Targets of the complaint service: when a complaint should be answered and settled (clause 3.2; no clock of money)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from .contract import Contract
from .facts import Complaint


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised of a complaint: `due` at the latest, done at `done` (None: not yet)."""

    name: str
    due: datetime
    done: datetime | None

    @property
    def met(self) -> bool | None:
        """Tell whether it was kept; None while nobody knows."""
        return None if self.done is None else self.done <= self.due


def targets_of(complaint: Complaint, contract: Contract) -> Iterator[Target]:
    """Yield the targets that the contract sets; hours are counted through, nights and holidays included."""
    for name, done in (("answer", complaint.answered_at), ("settle", complaint.settled_at)):
        hours = contract.targets.get(f"{name}_hours")
        if hours is not None:
            yield Target(name, complaint.at + timedelta(hours=hours), done)
