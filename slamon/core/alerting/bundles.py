"""What is due of each cause now, bundled so that one message tells all of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .callees import Callees
from .chain import CRITICAL_SHARE
from .decision import agenda, stand
from .facts import OPENINGS, AlertIncident, Reason
from .grouping import causes_of, restored_at, speak_at
from .people import OnCall
from .policy import Policy
from .record import Record
from .telling import Cause, Due, Message, Point, Told

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


def view_of(incidents: Sequence[AlertIncident], draft: Draft) -> View:
    """Return the incidents that may be spoken of, by cause; what was over before anybody heard of it is not."""
    relevant = tuple(one for one in incidents if one.open or draft.record.cause_of(one) is not None or one.awaited)
    grouped = [one for one in relevant if one.open or draft.record.cause_of(one) is not None]
    causes = causes_of(grouped, draft.record, draft.policy)
    members: dict[str, list[AlertIncident]] = defaultdict(list)
    for one in grouped:
        members[causes[one.id].id].append(one)
    return View(relevant, causes, members)


def due_now(view: View, draft: Draft) -> tuple[list[Bundle], list[datetime]]:
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
    elif due.reason is Reason.LIMIT_USED:
        kind = breach(due)
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
    if reason is Reason.LIMIT_USED:
        points = (*points, *_nearly(points, view, draft))
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
        if standing.opening is None or standing.acked(draft.at):
            continue
        if due.reason is Reason.REMINDER and standing.used_up:
            found.append(Point(one, Due(due.reason, standing.chain.id, max(standing.reached, 0))))
        elif due.reason is Reason.ESCALATED and standing.chain.id == due.chain and standing.reached < due.step:
            found.append(Point(one, due))
    return found


def _nearly(points: Sequence[Point], view: View, draft: Draft) -> list[Point]:
    """Return the other lines of the cause that come to such a threshold in a moment: one warning tells them too.

    A used-up limit is told a little ahead at most; each line shows what is left of its own.
    """
    at, used_up = draft.at, breach(points[0].due)
    look_s = draft.policy.update_s if used_up else draft.policy.window_s
    until, known = at + timedelta(seconds=look_s), {point.incident.id for point in points}
    found = []
    for one in view.members[view.causes[points[0].incident.id].id]:
        if one.id in known or not one.open or one.muted_at(at):
            continue
        for when, due in agenda(one, draft.record.history(one), draft.policy, at):
            if due.reason is Reason.LIMIT_USED and breach(due) is used_up and when <= until:
                found.append(Point(one, due))
                break
            if due.reason in OPENINGS:
                break  # it is told first
    return found


def breach(due: Due) -> bool:
    """Tell whether a reason is a limit used up."""
    return due.share is not None and due.share >= 1


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
