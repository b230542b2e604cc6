"""Who hears what is due, and the record of it: bundles and words become messages and decisions told."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from slamon.core.facts import Category
from slamon.core.timespan import iso

from .bundles import Bundle, Draft, View, breach
from .chain import NOBODY, monitor_chain, passes_quiet_hours, rank, severity
from .facts import OPENINGS, Reason
from .grouping import weight
from .monitor import Word
from .policy import Policy
from .rota import awake_at
from .telling import Cause, Due, Message, Point, Told

# Those who heard of it are told that it is otherwise, whoever is on call by now.
CORRECTING = frozenset({Reason.RESTORED, Reason.WITHDRAWN, Reason.WORSENED, Reason.REOPENED})
ENDING = frozenset({Reason.RESTORED, Reason.WITHDRAWN})
# What is said of the monitor and of planned work, and may wait for the end of quiet hours.
CAN_WAIT = frozenset({Reason.AGENT_SILENT, Reason.MAINTENANCE_STARTING})


def say(bundle: Bundle, view: View, draft: Draft) -> Told:
    """Add the messages of a bundle to the draft, one a person, and the record of what they say."""
    points = [_stepped(point, bundle.cause, draft) for point in bundle.points]
    by_person: dict[str, list[Point]] = defaultdict(list)
    addressed: dict[tuple[str, int, str | None], list[Point]] = defaultdict(list)
    reached: dict[str, tuple[str, ...]] = {}
    for point, persons in (_addressed(point, draft) for point in points):
        addressed[point.due.chain, point.due.step, point.due.window].append(point)
        reached[point.incident.id] = persons
        for person in persons:
            by_person[person].append(point)
    heard = {}
    for person, theirs in by_person.items():
        message = _message(person, theirs, bundle.cause, view, draft)
        draft.messages.append(message)
        heard[person] = message.not_before or draft.at
    told = [_told(key, group, bundle.cause, reached, heard, draft) for key, group in addressed.items()]
    for one in told:
        draft.record.add(one)
    draft.told += told
    return told[0]


def _stepped(point: Point, cause: Cause, draft: Draft) -> Point:
    """Return the point addressed to every step that its cause has called: who was woken for it hears the rest."""
    if point.due.reason not in OPENINGS:
        return point
    step = max(point.due.step, draft.record.reached(cause, point.due.chain))
    return replace(point, due=replace(point.due, step=step))


def _addressed(point: Point, draft: Draft) -> tuple[Point, tuple[str, ...]]:
    """Return who hears a point, and the point with the step that was really reached."""
    due, known = point.due, draft.record.persons(point.incident)
    if due.reason is Reason.ESCALATED:
        step, persons = _next_called(due, known, draft)
    else:
        step, persons = draft.callees.of(due.chain, 0, _highest(due, draft))
    if due.reason in CORRECTING:
        told = tuple(person for person in draft.oncall.people if person in known)
        persons = told if told and due.reason in ENDING else tuple(dict.fromkeys((*persons, *told)))
    if due.reason in OPENINGS or due.reason is Reason.ESCALATED:
        point = replace(point, due=replace(due, step=step))
    return point, persons


def _highest(due: Due, draft: Draft) -> int:
    """Return the highest step that hears it: that a limit is used up concerns the whole chain."""
    chain = draft.policy.chains.get(due.chain, NOBODY)
    to_all = due.reason is Reason.STATUTORY_MISSED or breach(due)
    return max(due.step, len(chain.steps) - 1) if to_all else due.step


def _next_called(due: Due, known: set[str], draft: Draft) -> tuple[int, tuple[str, ...]]:
    """Return the next step that reaches somebody who was not called yet; where none does, the next one all the same.

    Who is on call twice over has not answered: calling them again would only cost time.
    """
    chain = draft.policy.chains.get(due.chain, NOBODY)
    reached = [draft.callees.of(due.chain, step, step) for step in range(due.step, max(len(chain.steps), due.step + 1))]
    return next((one for one in reached if not known.issuperset(one[1])), reached[0])


def _message(person: str, points: Sequence[Point], cause: Cause, view: View, draft: Draft) -> Message:
    policy, at = draft.policy, draft.at
    ordered = tuple(sorted(points, key=lambda point: _place(point, policy, at)))
    passes = any(passes_quiet_hours(point.incident, point.due, policy) for point in ordered)
    not_before = at if passes else awake_at(draft.oncall.people[person], at)
    reason = ordered[0].due.reason
    return Message(
        key=_message_key(cause, reason, ordered, person, draft),
        reason=reason,
        severity=max(severity(point.incident, point.due, policy) for point in ordered),
        at=at,
        receiver=person,
        cause=cause,
        points=ordered,
        open_count=sum(one.open for one in view.members.get(cause.id, ())),
        first=cause.id not in draft.record.by_cause,
        step=max(point.due.step for point in ordered),
        not_before=not_before if not_before > at else None,
    )


def _place(point: Point, policy: Policy, at: datetime) -> tuple[object, ...]:
    incident = point.incident
    remaining_s = incident.remaining_at(at)
    return rank(incident, policy), remaining_s is None, remaining_s or 0, incident.began, incident.id


def _message_key(cause: Cause, reason: Reason, points: Sequence[Point], person: str, draft: Draft) -> str:
    subjects = sorted(f"{point.incident.id}{point.due.marks}" for point in points)
    return key_of(
        cause,
        reason,
        max(point.due.step for point in points),
        person,
        draft.record.last(cause, reason, draft.at),
        subjects,
    )


def key_of(cause: Cause, reason: Reason, step: int, person: str, last: Told | None, subjects: Iterable[str]) -> str:
    """Return the idempotency key of a message: the same for the same news to the same person, told after the same.

    `last` is the last message of the cause for that reason before this instant: it tells repetitions apart.
    """
    before = "" if last is None else iso(last.at)
    text = "\n".join((cause.id, reason, str(step), person, before, *subjects))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _told(
    key: tuple[str, int, str | None],
    points: Sequence[Point],
    cause: Cause,
    reached: Mapping[str, tuple[str, ...]],
    heard: Mapping[str, datetime],
    draft: Draft,
) -> Told:
    chain, step, window = key
    persons = tuple(dict.fromkeys(person for point in points for person in reached[point.incident.id]))
    return Told(
        reason=points[0].due.reason,
        at=draft.at,
        subjects=tuple(point.incident.id for point in points),
        cause=cause,
        chain=chain,
        step=step,
        persons=persons,
        effective=min((heard[person] for person in persons), default=draft.at),
        degraded=tuple(p.incident.id for p in points if p.incident.category is Category.DEGRADATION),
        marks=tuple((point.incident.id, mark) for point in points for mark in point.due.marks),
        window=window,
        weight=max(weight(point, draft.policy) for point in points),
    )


def say_word(word: Word, draft: Draft) -> Told:
    """Add the messages about the monitor or about planned work to the draft, and the record of them."""
    chain = monitor_chain(draft.policy)
    step, persons = draft.callees.of(chain.id, 0, word.step)
    if word.over:
        heard_of = {
            person for subject in word.subjects for one in draft.record.by_subject[subject] for person in one.persons
        }
        persons = tuple(person for person in draft.oncall.people if person in heard_of) or persons
    last = draft.record.last(word.cause, word.reason, draft.at)
    heard = []
    for person in persons:
        when = awake_at(draft.oncall.people[person], draft.at) if word.reason in CAN_WAIT else draft.at
        heard.append(when)
        draft.messages.append(
            Message(
                key=key_of(word.cause, word.reason, step, person, last, (*word.subjects, str(word.over))),
                reason=word.reason,
                severity=word.severity,
                at=draft.at,
                receiver=person,
                cause=word.cause,
                conditions=word.conditions,
                over=word.over,
                windows=word.windows,
                first=last is None,
                step=step,
                not_before=when if when > draft.at else None,
            )
        )
    told = Told(
        reason=word.reason,
        at=draft.at,
        subjects=word.subjects,
        cause=word.cause,
        chain=chain.id,
        step=step,
        persons=persons,
        effective=min(heard, default=draft.at),
        over=word.over,
    )
    draft.record.add(told)
    draft.told.append(told)
    return told
