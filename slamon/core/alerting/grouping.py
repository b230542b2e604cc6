"""Which incidents are one cause, and when a cause may be spoken of again.

The first incident of a cause goes out at once. A line that follows within the window and shares a trait that all of
the cause's lines share so far (upstream, device or site) joins it: an update soon, digests after that. Where too many
causes begin at once to be one message each, what follows is one cause too: a storm.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from slamon.core.facts import Category

from .chain import rank
from .facts import AlertIncident, Reason
from .policy import Policy
from .record import Record
from .telling import Cause, Point

STORM = frozenset({"storm"})


def traits(incident: AlertIncident) -> frozenset[str]:
    """Return what an incident may have in common with others; planned work explains it before anything else."""
    mute = incident.mute
    if mute is not None and mute.start <= incident.began < mute.end:
        return frozenset({f"maintenance:{mute.maintenance}"})
    named = (("upstream", incident.upstream), ("device", incident.device), ("site", incident.site))
    return frozenset(f"{kind}:{value}" for kind, value in named if value)


def causes_of(incidents: Iterable[AlertIncident], record: Record, policy: Policy) -> Mapping[str, Cause]:
    """Return the cause of each incident, by incident id: the one it was told under, else one that it joins or begins.

    It depends on what was told and on the incidents' own instants alone, so planning again gives the same causes.
    """
    found: dict[str, Cause] = {}
    untold = []
    for incident in incidents:
        cause = record.cause_of(incident)
        if cause is not None:
            found[incident.id] = cause
        else:
            untold.append(incident)
    live = _joinable(untold, record, policy)
    for incident in sorted(untold, key=lambda one: (one.began, rank(one, policy), one.id)):
        cause = _joined(incident, live.values(), policy) or _begun(incident, live.values(), policy)
        live[cause.id] = cause
        found[incident.id] = cause
    # The last snapshot of a cause is the one that counts: its traits are those that all of its lines share.
    return {each: live.get(cause.id, cause) for each, cause in found.items()}


def _joinable(untold: Sequence[AlertIncident], record: Record, policy: Policy) -> dict[str, Cause]:
    """Return the causes told that any of the incidents may still join; those of long ago are many."""
    if not untold:
        return {}
    since = min(one.began for one in untold) - timedelta(seconds=policy.window_s)
    return {key: cause for key, cause in record.causes.items() if cause.joined >= since or _planned(cause)}


def _planned(cause: Cause) -> bool:
    """Tell whether it is planned work that a cause's lines share: it says by itself how long it lasts."""
    return any(key.startswith("maintenance:") for key in cause.keys)


def _joined(incident: AlertIncident, live: Iterable[Cause], policy: Policy) -> Cause | None:
    own = traits(incident)
    near = [cause for cause in live if own & cause.keys and _near(incident, cause, policy)]
    if not near:
        return None
    cause = max(near, key=lambda cause: (len(own & cause.keys), cause.joined, cause.id))
    return replace(cause, keys=own & cause.keys, joined=max(cause.joined, incident.began))


def _near(incident: AlertIncident, cause: Cause, policy: Policy) -> bool:
    if _planned(cause):
        return True
    window, longest = timedelta(seconds=policy.window_s), timedelta(seconds=policy.cause_s)
    return cause.began - window <= incident.began <= min(cause.joined + window, cause.began + longest)


def _begun(incident: AlertIncident, live: Iterable[Cause], policy: Policy) -> Cause:
    """Return a cause of its own for an incident, or the storm that is going on or begins."""
    known = list(live)
    raging = [cause for cause in known if cause.keys == STORM and _near(incident, cause, policy)]
    if raging:
        storm = max(raging, key=lambda cause: (cause.joined, cause.id))
        return replace(storm, joined=max(storm.joined, incident.began))
    since = incident.began - timedelta(seconds=policy.window_s)
    recent = sum(since <= cause.began <= incident.began and ":" not in cause.id for cause in known)
    keys = STORM if recent >= policy.storm_causes else traits(incident)
    return Cause(incident.id, keys, incident.began, incident.began)


def speak_at(cause: Cause, points: Sequence[Point], record: Record, policy: Policy, at: datetime) -> datetime:
    """Return when what is due of a cause, all for one reason, may go out: at once, as an update, or in a digest."""
    reason = points[0].due.reason
    last = record.last(cause, reason)
    if last is None:
        return at
    soon = last.at + timedelta(seconds=policy.update_s)
    if record.count(cause, reason) == 1 or _greater(cause, points, record, policy):
        return max(soon, at)
    return max(last.at + timedelta(seconds=policy.digest_s), at)


def _greater(cause: Cause, points: Sequence[Point], record: Record, policy: Policy) -> bool:
    """Tell whether the news is greater than anything told of the cause for this reason: no digest may hold it."""
    reason = points[0].due.reason
    told = [one for one in record.by_cause[cause.id] if one.reason is reason]
    return max(weight(point, policy) for point in points) > max(one.weight for one in told)


def weight(point: Point, policy: Policy) -> float:
    """Return how great a piece of news is: by share of a limit where it is about one, else by category and tier."""
    if point.due.reason is Reason.LIMIT_USED:
        return point.due.share or 0
    interrupted = point.incident.category is Category.INTERRUPTION
    return (len(policy.tiers) + 1 if interrupted else 0) + len(policy.tiers) - rank(point.incident, policy)


def restored_at(cause: Cause, points: Sequence[Point], still_open: int, record: Record, policy: Policy) -> datetime:
    """Return when restored lines of a cause are told: all with the last one, or after a while with the rest down."""
    first = min(point.incident.restored or point.incident.began for point in points)
    if not still_open:
        return first
    last = record.last(cause, Reason.RESTORED)
    soon = first + timedelta(seconds=policy.update_s)
    return soon if last is None else max(soon, last.at + timedelta(seconds=policy.digest_s))
