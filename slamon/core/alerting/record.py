"""What was said so far, by incident and by cause."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from .facts import AlertIncident, Reason
from .telling import Ack, Cause, History, Told

# A list of decisions that are awaited gathers many causes and is none itself.
ABOUT_CAUSES = frozenset(Reason) - {Reason.DECISION_AWAITED}


@dataclass(slots=True)
class Record:
    """Everything that was told, indexed; `add` goes on with it while a plan is made."""

    by_subject: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    by_cause: dict[str, list[Told]] = field(default_factory=lambda: defaultdict(list))
    causes: dict[str, Cause] = field(default_factory=dict)
    acks: dict[str, list[Ack]] = field(default_factory=lambda: defaultdict(list))
    _by_cause_acked: dict[str, list[Ack]] | None = None

    @classmethod
    def of(cls, told: Iterable[Told], acks: Iterable[Ack]) -> Record:
        """Return the record of what was told and acknowledged, whatever the order it comes in."""
        record = cls()
        for one in sorted(told, key=lambda one: one.at):
            record.add(one)
        for ack in sorted(acks, key=lambda ack: ack.at):
            record.acks[ack.incident_id].append(ack)
        return record

    def add(self, told: Told) -> None:
        """Take note of one more message."""
        self.by_cause[told.cause.id].append(told)
        self.causes[told.cause.id] = told.cause
        self._by_cause_acked = None
        for subject in told.subjects:
            self.by_subject[subject].append(told)

    def cause_of(self, incident: AlertIncident) -> Cause | None:
        """Return the cause under which an incident was told last; what asks for decisions is none."""
        for each in incident.ids:
            for told in reversed(self.by_subject.get(each, ())):
                if told.reason in ABOUT_CAUSES:
                    return self.causes[told.cause.id]
        return None

    def history(self, incident: AlertIncident) -> History:
        """Return what was said about an incident, and the acknowledgements that speak for it.

        An acknowledgement speaks for every incident of its cause that had been told by then: whoever answers a
        message has seen all it lists, and nobody types a thousand numbers.
        """
        told = self._told(incident)
        if not self.acks:
            return History(told)
        own = [ack for each in incident.ids for ack in self.acks.get(each, ())]
        return History(told, tuple(own + self._of_cause(incident, told)))

    def _told(self, incident: AlertIncident) -> tuple[Told, ...]:
        lists = [self.by_subject[each] for each in incident.ids if each in self.by_subject]
        if len(lists) == 1:
            return tuple(lists[0])
        return tuple(sorted({id(one): one for each in lists for one in each}.values(), key=lambda one: one.at))

    def _of_cause(self, incident: AlertIncident, told: tuple[Told, ...]) -> list[Ack]:
        cause = self.cause_of(incident)
        if cause is None:
            return []
        since = min(one.at for one in told)
        return [ack for ack in self._acks_by_cause().get(cause.id, ()) if ack.at >= since]

    def _acks_by_cause(self) -> dict[str, list[Ack]]:
        if self._by_cause_acked is None:
            self._by_cause_acked = {}
            for each, acks in self.acks.items():
                causes = {one.cause.id for one in self.by_subject.get(each, ()) if one.reason in ABOUT_CAUSES}
                for cause in causes:
                    self._by_cause_acked.setdefault(cause, []).extend(acks)
        return self._by_cause_acked

    def last(self, cause: Cause, reason: Reason, before: datetime | None = None) -> Told | None:
        """Return the last message of a cause for a reason, before an instant where one is given."""
        told = reversed(self.by_cause.get(cause.id, ()))
        return next((one for one in told if one.reason is reason and (before is None or one.at < before)), None)

    def count(self, cause: Cause, reason: Reason) -> int:
        """Return at how many instants a cause was told for a reason."""
        return len({one.at for one in self.by_cause.get(cause.id, ()) if one.reason is reason})

    def reached(self, cause: Cause, chain: str) -> int:
        """Return the highest step of a chain that a cause called, 0 where none."""
        return max((one.step for one in self.by_cause.get(cause.id, ()) if one.chain == chain), default=0)

    def persons(self, incident: AlertIncident) -> set[str]:
        """Return everybody who was told of an incident."""
        return {person for one in self._told(incident) for person in one.persons}
