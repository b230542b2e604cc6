"""Whom the steps of a chain reach at an instant."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .people import OnCall
from .policy import Chain
from .rota import on_call


@dataclass(slots=True)
class Callees:
    """Who answers to the steps of chains at one instant; what was asked once is remembered."""

    oncall: OnCall
    at: datetime
    _known: dict[tuple[str, int, int], tuple[int, tuple[str, ...]]] = field(default_factory=dict)

    def of(self, chain: str, low: int, high: int) -> tuple[int, tuple[str, ...]]:
        """Return who the steps `low` to `high` of a chain call, and the highest step that had to be asked.

        Steps that reach nobody (a rota with a gap) are passed over for the next one; where no step reaches anybody,
        everybody is called: an alarm is never addressed to no one.
        """
        key = (chain, low, high)
        if key not in self._known:
            self._known[key] = self._ask(self.oncall.policy.chains.get(chain), low, high)
        return self._known[key]

    def _ask(self, chain: Chain | None, low: int, high: int) -> tuple[int, tuple[str, ...]]:
        steps = chain.steps if chain is not None else ()
        low = min(low, max(len(steps) - 1, 0))
        for last in range(max(high, low), max(len(steps), high + 1, low + 1)):
            found = [person for step in steps[low : last + 1] for call in step.calls if (person := self._one(call))]
            if found:
                return last, tuple(dict.fromkeys(found))
        return high, tuple(self.oncall.people)

    def _one(self, call: str) -> str | None:
        """Return the person that a call reaches, None where nobody does."""
        kind, _, name = call.partition(":")
        person = name if kind == "person" else None
        if kind == "rota" and name in self.oncall.rotas:
            person = on_call(self.oncall.rotas[name], self.oncall.overrides, self.at)
        return person if person in self.oncall.people else None
