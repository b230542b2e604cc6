"""What is to be said now, to whom, and when to look again: decisions, causes and people brought together.

`plan` is a function of its arguments: planned again after a crash that lost its result, it gives the same messages
with the same keys. Whoever calls it records `Plan.told` and hands `Plan.messages` on in one transaction.
"""

from __future__ import annotations

from datetime import datetime

from .bundles import Draft, due_now, view_of
from .callees import Callees
from .monitor import words
from .people import OnCall
from .record import Record
from .saying import say, say_word
from .telling import Past, Plan, Scene

# Each round says what the one before made due (an opening, then the limit it had already used up).
MOST_ROUNDS = 8


def plan(oncall: OnCall, scene: Scene, past: Past, at: datetime) -> Plan:
    """Return what is to be said at an instant, and the first later one at which there may be more to say."""
    record = Record.of(past.told, (ack for ack in past.acks if ack.at <= at))
    draft = Draft(oncall, at, record, Callees(oncall, at))
    later: list[datetime] = []
    for _ in range(MOST_ROUNDS):
        view = view_of(scene.incidents, draft)
        due, later = due_now(view, draft)
        said = [say(bundle, view, draft) for bundle in due]
        for word in words(scene.conditions, scene.windows, record, draft.policy, at):
            if word.when <= at:
                said.append(say_word(word, draft))
            else:
                later.append(word.when)
        if not said:
            break
    return Plan(tuple(draft.told), tuple(draft.messages), min((when for when in later if when > at), default=None))
