"""What is to be said now, to whom, and when to look again: decisions, causes and people brought together.

`plan` is a function of its arguments: planned again after a crash that lost its result, it gives the same messages
with the same keys. Whoever calls it records `Plan.told` and hands `Plan.messages` on in one transaction.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from slamon.core.facts import Category
from slamon.core.timespan import iso

from .callees import Callees
from .chain import CRITICAL_SHARE, monitor_chain, passes_quiet_hours, rank, severity
from .decision import agenda, stand
from .facts import (
    OPENINGS,
    AlertIncident,
    Cause,
    Due,
    Message,
    Past,
    Plan,
    Point,
    Policy,
    Reason,
    Scene,
    Severity,
    Told,
)
from .grouping import causes_of, restored_at, speak_at, weight
from .monitor import Word, words
from .people import OnCall
from .record import Record
from .rota import awake_at

# Each round says what the one before made due (an opening, then the limit it had already used up).
MOST_ROUNDS = 8

# Those who heard of it are told that it is otherwise, whoever is on call by now.
CORRECTING = frozenset({Reason.RESTORED, Reason.WITHDRAWN, Reason.WORSENED, Reason.REOPENED})
ENDING = frozenset({Reason.RESTORED, Reason.WITHDRAWN})
TO_EVERY_STEP = frozenset({Reason.STATUTORY_MISSED})
AT_ONCE = frozenset({Reason.ESCALATED, Reason.REMINDER, Reason.DECISION_AWAITED})

Key = tuple[str, Reason, object]


@dataclass(slots=True)
class Draft:
    """A plan in the making."""

    oncall: OnCall
    at: datetime
    record: Record
    callees: Callees
    told: list[Told] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return self.oncall.policy


@dataclass(frozen=True, slots=True)
class Bundle:
    """What is due of one cause for one reason, from `when` on."""

    when: datetime
    cause: Cause
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class View:
    """Everything that can be spoken of, and the causes it has; incidents by cause."""

    incidents: tuple[AlertIncident, ...]
    causes: Mapping[str, Cause]
    members: Mapping[str, Sequence[AlertIncident]]


def plan(oncall: OnCall, scene: Scene, past: Past, at: datetime) -> Plan:
    """Return what is to be said at an instant, and the first later one at which there may be more to say."""
    record = Record.of(past.told, (ack for ack in past.acks if ack.at <= at))
    draft = Draft(oncall, at, record, Callees(oncall, at))
    later: list[datetime] = []
    for _ in range(MOST_ROUNDS):
        view = _view(scene.incidents, draft)
        due, later = _due_now(view, draft)
        said = [_say(bundle, view, draft) for bundle in due]
        for word in words(scene.conditions, scene.windows, record, draft.policy, at):
            if word.when <= at:
                said.append(_say_word(word, draft))
            else:
                later.append(word.when)
        if not said:
            break
    return Plan(tuple(draft.told), tuple(draft.messages), min((when for when in later if when > at), default=None))


def _view(incidents: Sequence[AlertIncident], draft: Draft) -> View:
    relevant = tuple(one for one in incidents if one.open or draft.record.cause_of(one) is not None or one.awaited)
    grouped = [one for one in relevant if one.open or draft.record.cause_of(one) is not None]
    causes = causes_of(grouped, draft.record, draft.policy)
    members: dict[str, list[AlertIncident]] = defaultdict(list)
    for one in grouped:
        members[causes[one.id].id].append(one)
    return View(relevant, causes, members)


# --- what is due ---


def _due_now(view: View, draft: Draft) -> tuple[list[Bundle], list[datetime]]:
    """Return the bundles that may go out now, and the instants at which there may be more."""
    later: list[datetime] = []
    first: dict[Key, list[Point]] = defaultdict(list)
    clock: dict[str, list[Point]] = defaultdict(list)
    for incident in view.incidents:
        now, ahead = _dues(incident, draft)
        later += ahead
        if now:
            first[_key(now[0], incident, view)].append(Point(incident, now[0]))
            clock[incident.id] = [Point(incident, due) for due in now[1:] if _cannot_wait(due)]
    ready, held = _sorted_out(first, view, draft)
    later += [bundle.when for bundle in held]
    # A line whose news waits for a digest does not wait with its clock.
    pressing: dict[Key, list[Point]] = defaultdict(list)
    for bundle in held:
        for point in bundle.points:
            for other in clock[point.incident.id]:
                pressing[_key(other.due, other.incident, view)].append(other)
    more, waiting = _sorted_out(pressing, view, draft)
    return ready + more, later + [bundle.when for bundle in waiting]


def _dues(incident: AlertIncident, draft: Draft) -> tuple[list[Due], list[datetime]]:
    history = draft.record.history(incident)
    items = list(agenda(incident, history, draft.policy, draft.at))
    edges = [incident.fresh_until, *(clock.steady_until for clock in incident.clocks)]
    ahead = [when for when, _ in items if when > draft.at] + [edge for edge in edges if edge is not None]
    return [due for when, due in items if when <= draft.at], ahead


def _cannot_wait(due: Due) -> bool:
    return due.reason is Reason.STATUTORY_MISSED or (due.share is not None and due.share >= CRITICAL_SHARE)


def _key(due: Due, incident: AlertIncident, view: View) -> Key:
    """Return what a reason shares a message with: its cause, and whoever else is told for the same reason."""
    if due.reason is Reason.DECISION_AWAITED:
        return f"decision:{due.chain}", due.reason, due.chain
    kind: object = None
    if due.reason is Reason.ESCALATED:
        kind = (due.chain, due.step)
    elif due.reason is Reason.REMINDER:
        kind = due.chain
    elif due.reason is Reason.LIMIT_USED:
        kind = due.share is not None and due.share >= 1
    elif due.reason in (Reason.MAINTENANCE_ENDING, Reason.MAINTENANCE_OVERRUNNING):
        kind = due.window
    return view.causes[incident.id].id, due.reason, kind


def _sorted_out(found: Mapping[Key, Sequence[Point]], view: View, draft: Draft) -> tuple[list[Bundle], list[Bundle]]:
    bundles = [_bundle(key, points, view, draft) for key, points in found.items()]
    ready = [bundle for bundle in bundles if bundle.when <= draft.at]
    return ready, [bundle for bundle in bundles if bundle.when > draft.at]


def _bundle(key: Key, points: Sequence[Point], view: View, draft: Draft) -> Bundle:
    reason, at = key[1], draft.at
    if reason is Reason.DECISION_AWAITED:
        cause = Cause(key[0], frozenset(), at, at)
        return Bundle(at, cause, (*points, *_undecided(points, view, draft)))
    cause = view.causes[points[0].incident.id]
    if reason in (Reason.ESCALATED, Reason.REMINDER):
        return Bundle(at, cause, (*points, *_fellows(points, view, draft)))
    if reason is Reason.RESTORED:
        down = sum(one.open for one in view.members[cause.id])
        return Bundle(restored_at(cause, points, down, draft.record, draft.policy), cause, tuple(points))
    return Bundle(speak_at(cause, points, draft.record, draft.policy, at), cause, tuple(points))


def _fellows(points: Sequence[Point], view: View, draft: Draft) -> list[Point]:
    """Return the other lines of the cause that nobody acknowledged either: they take the step together."""
    due, cause = points[0].due, view.causes[points[0].incident.id]
    known = {point.incident.id for point in points}
    found = []
    for one in view.members[cause.id]:
        if one.id in known or not one.open or one.muted_at(draft.at):
            continue
        standing = stand(one, draft.record.history(one), draft.policy, draft.at)
        if standing.opening is None or standing.chain.id != due.chain or standing.acked(draft.at):
            continue
        if due.reason is Reason.REMINDER or standing.reached < due.step:
            found.append(Point(one, due))
    return found


def _undecided(points: Sequence[Point], view: View, draft: Draft) -> list[Point]:
    """Return the other incidents of the chain that wait for a decision: one list, not a message each."""
    due = points[0].due
    known = {point.incident.id for point in points}
    found = []
    for one in view.incidents:
        if one.id in known or one.open or one.awaited is None:
            continue
        standing = stand(one, draft.record.history(one), draft.policy, draft.at)
        if standing.chain.id == due.chain:
            found.append(Point(one, due))
    return found


# --- what is said ---


def _say(bundle: Bundle, view: View, draft: Draft) -> Told:
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
    due, record = point.due, draft.record
    low, high = (due.step, due.step) if due.reason is Reason.ESCALATED else (0, due.step)
    if due.reason in TO_EVERY_STEP or (due.share is not None and due.share >= 1):
        high = max(high, len(draft.policy.chains[due.chain].steps) - 1) if due.chain in draft.policy.chains else high
    step, persons = draft.callees.of(due.chain, low, high)
    if due.reason in CORRECTING:
        told = tuple(person for person in draft.oncall.people if person in record.persons(point.incident))
        persons = told if told and due.reason in ENDING else tuple(dict.fromkeys((*persons, *told)))
    if due.reason in OPENINGS or due.reason is Reason.ESCALATED:
        point = replace(point, due=replace(due, step=step))
    return point, persons


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
        cause, reason, max(point.due.step for point in points), person, draft.record.last(cause, reason), subjects
    )


def key_of(cause: Cause, reason: Reason, step: int, person: str, last: Told | None, subjects: Iterable[str]) -> str:
    """Return the idempotency key of a message: the same for the same news to the same person, told after the same."""
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


def _say_word(word: Word, draft: Draft) -> Told:
    chain = monitor_chain(draft.policy)
    step, persons = draft.callees.of(chain.id, 0, word.step)
    last = draft.record.last(word.cause, word.reason)
    heard = []
    for person in persons:
        waits = word.severity is not Severity.CRITICAL
        when = awake_at(draft.oncall.people[person], draft.at) if waits else draft.at
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
