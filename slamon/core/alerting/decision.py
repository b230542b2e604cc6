"""Whether there is a reason to speak about an incident now, and which: the law of alerting.

* What people believe follows from what they were told; whoever believes something wrong is told what is right:
  opened, worsened, restored, reopened, withdrawn (the incident was struck out).
* The clock speaks for itself: thresholds of a limit are told whoever acknowledged, and planned work does not hide a
  clock that runs in spite of it.
* Whoever is told acknowledges, or the next step of the chain is called; when the chain is used up, reminders follow.
  An acknowledgement stops both until it expires; a worsening voids it, for it spoke of less.
* Planned work mutes what it explains. Shortly before its end, a line still down is told; after it, it overruns.
* A line that flaps: the first restoring is told at once, and so is the first failing after it; from then on it counts
  as down until it has settled, so that nobody is told twice and the clock goes on being told.

`decide` and `next_at` read the same agenda, so neither knows what the other does not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from slamon.core.facts import Category
from slamon.core.incident import State

from .chain import chain_of
from .facts import OPENINGS, AlertClock, AlertIncident, Mute, Reason
from .policy import Chain, Policy
from .telling import Due, History, Told

ENDS = frozenset({Reason.RESTORED, Reason.WITHDRAWN})
CALLS = OPENINGS | {Reason.ESCALATED}
PRESSING = CALLS | {Reason.REMINDER}
# After these, people believe that the line is down.
ALARMING = PRESSING | {Reason.LIMIT_USED, Reason.STATUTORY_MISSED, Reason.MAINTENANCE_ENDING}

Agenda = Iterator[tuple[datetime, Due]]


def decide(incident: AlertIncident, history: History, policy: Policy, at: datetime) -> Due | None:
    """Return why something is to be said about an incident at an instant, or None; the weightiest reason goes first."""
    return next((due for when, due in agenda(incident, history, policy, at) if when <= at), None)


def next_at(incident: AlertIncident, history: History, policy: Policy, at: datetime) -> datetime | None:
    """Return the first instant after `at` at which `decide` may say something else, if nothing happens before."""
    ahead = [when for when, _ in agenda(incident, history, policy, at) if when > at]
    edges = [incident.fresh_until, *(clock.steady_until for clock in incident.clocks)]
    ahead += [edge for edge in edges if edge is not None and edge > at]
    return min(ahead, default=None)


def agenda(incident: AlertIncident, history: History, policy: Policy, at: datetime) -> Agenda:
    """Yield what is to be said and from when on, weightiest first; nothing lies before `at`."""
    standing = stand(incident, history, policy, at)
    if incident.open:
        yield from _while_open(incident, standing, policy, at)
    elif incident.state is State.FALSE_ALARM:
        if standing.alarmed:
            yield at, _due(Reason.WITHDRAWN, standing)
    else:
        yield from _when_over(incident, standing, policy, at)


@dataclass(frozen=True, slots=True)
class Standing:
    """What was said about an incident so far, as far as it matters now.

    `opening` is the last message that called it open, None once its end was told; `alarmed` tells whether anything
    that people heard lets them believe the line down. `reached` is the highest step of `chain` called, -1 for none.
    """

    chain: Chain
    told: tuple[Told, ...]
    opening: Told | None
    alarmed: bool
    flapped: bool
    reached: int
    called: datetime | None
    pressed: datetime | None
    acked_until: datetime | None

    def acked(self, at: datetime) -> bool:
        return self.acked_until is not None and at < self.acked_until

    @property
    def used_up(self) -> bool:
        return self.reached + 1 >= len(self.chain.steps)

    def last(self, reason: Reason) -> Told | None:
        return next((one for one in reversed(self.told) if one.reason is reason), None)


def stand(incident: AlertIncident, history: History, policy: Policy, at: datetime) -> Standing:
    """Return where the telling of an incident stands."""
    chain = chain_of(incident, policy)
    told = history.told
    ended = max((i for i, one in enumerate(told) if one.reason in ENDS), default=-1)
    since = told[ended + 1 :]
    openings = [one for one in since if one.reason in OPENINGS]
    return Standing(
        chain=chain,
        told=told,
        opening=openings[-1] if openings else None,
        alarmed=any(one.reason in ALARMING for one in since),
        flapped=any(one.reason is Reason.REOPENED for one in told),
        reached=max((one.step for one in told if one.reason in CALLS and one.chain == chain.id), default=-1),
        called=_heard(told, CALLS),
        pressed=_heard(told, PRESSING),
        acked_until=_acked_until(history, policy, at),
    )


def _heard(told: tuple[Told, ...], reasons: frozenset[Reason]) -> datetime | None:
    """Return when the last message for one of the reasons is heard.

    The last one counts, not the one heard last: a worsening at night does not wait for what was held until morning.
    """
    return next((one.effective for one in reversed(told) if one.reason in reasons), None)


def _acked_until(history: History, policy: Policy, at: datetime) -> datetime | None:
    """Return when the acknowledgements that hold, or held last, run out."""
    worsened = max((one.at for one in history.told if one.reason is Reason.WORSENED), default=None)
    ends = [
        ack.until or ack.at + timedelta(seconds=policy.ack_expires_s)
        for ack in history.acks
        if ack.at <= at and (worsened is None or ack.at >= worsened)
    ]
    return max(ends, default=None)


def _due(
    reason: Reason,
    standing: Standing,
    marks: tuple[str, ...] = (),
    window: str | None = None,
    *,
    ack_expired: bool = False,
) -> Due:
    """Return a reason that concerns the steps called so far."""
    step = max(standing.reached, 0)
    return Due(reason, standing.chain.id, step, marks, window=window, ack_expired=ack_expired)


def _while_open(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    if standing.opening is None:
        yield from _opening(incident, standing, policy, at)
    elif _worsened(incident, standing):
        marks = tuple(_crossed(incident, policy, at, below=1.0))
        yield _unmuted(incident, at), _due(Reason.WORSENED, standing, marks)
    yield from _thresholds(incident, standing, policy, at)
    yield from _ending(incident, standing, policy, at)
    if standing.opening is not None:
        yield from _pressing(incident, standing, policy, at)


def _opening(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    when, mute = _unmuted(incident, at), incident.mute
    overrun = mute if mute is not None and incident.began < mute.end <= when else None
    if any(one.reason in ENDS for one in standing.told):
        reason = Reason.REOPENED
    else:
        reason = Reason.OPENED if overrun is None else Reason.MAINTENANCE_OVERRUNNING
    # The message shows the clock, so thresholds already passed say nothing new; the limit itself does.
    marks = tuple(_crossed(incident, policy, at, below=1.0))
    yield when, _due(reason, standing, marks, None if overrun is None else overrun.maintenance)


def _worsened(incident: AlertIncident, standing: Standing) -> bool:
    known = [one for one in standing.told if one.reason in OPENINGS]
    called_degradation = bool(known) and any(known[-1].called_degraded(each) for each in incident.ids)
    return incident.category is Category.INTERRUPTION and called_degradation


def _unmuted(incident: AlertIncident, when: datetime) -> datetime:
    """Return the first instant from `when` on that planned work does not mute."""
    return incident.mute.end if incident.mute is not None and incident.muted_at(when) else when


# --- the clock ---


def mark_of(clock: AlertClock, share: float | None) -> str:
    """Return the name of a threshold: ``interruption:0.8``, ``statutory:missed``."""
    return f"{clock.category}:{'missed' if share is None else format(share, 'g')}"


def _shares(clock: AlertClock, policy: Policy) -> tuple[float, ...]:
    return policy.statutory_shares if clock.statutory else policy.limit_shares


def _crossed(incident: AlertIncident, policy: Policy, at: datetime, below: float) -> Iterator[str]:
    """Yield the marks of all thresholds under `below` that are passed."""
    for clock in incident.clocks:
        if clock.limit_s is None:
            continue
        for share in _shares(clock, policy):
            if share < below and clock.used_at(at) >= share * clock.limit_s:
                yield mark_of(clock, share)


def _thresholds(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    said = {mark for one in standing.told for each in incident.ids for mark in one.marks_of(each)}
    found = [one for clock in incident.clocks for one in _of_clock(clock, standing, policy, said, at)]
    yield from sorted(found, key=lambda one: (one[1].reason is not Reason.STATUTORY_MISSED, -(one[1].share or 0)))


def _of_clock(clock: AlertClock, standing: Standing, policy: Policy, said: set[str], at: datetime) -> Agenda:
    """Yield the highest threshold passed and not told (which tells the lower ones too), and those ahead."""
    if clock.limit_s is None:
        return
    to = standing.chain.id, max(standing.reached, 0)
    missed = mark_of(clock, None)
    if clock.statutory and missed not in said:
        # Missed is more than the limit; a whole second more, for clocks are read in whole seconds.
        due = Due(Reason.STATUTORY_MISSED, *to, marks=(missed,), clock=clock.category)
        yield from _crossing(clock, clock.limit_s + 1, due, at)
    ahead = [(share, mark_of(clock, share)) for share in _shares(clock, policy)]
    unsaid = [(share, mark) for share, mark in ahead if mark not in said]
    highest = max((share for share, _ in unsaid if clock.used_at(at) >= share * clock.limit_s), default=None)
    for share, _ in unsaid:
        if highest is None or share >= highest:
            marks = tuple(mark for lower, mark in unsaid if lower <= share)
            due = Due(Reason.LIMIT_USED, *to, marks=marks, share=share, clock=clock.category)
            yield from _crossing(clock, share * clock.limit_s, due, at)


def _crossing(clock: AlertClock, used_s: float, due: Due, at: datetime) -> Agenda:
    if clock.used_at(at) >= used_s:
        yield at, due
    elif (when := clock.uses(used_s)) is not None:
        yield max(when, at), due


# --- planned work ---


def ending_at(mute: Mute, policy: Policy) -> datetime:
    """Return when a line that is still down is told before the end of planned work."""
    lead = min(timedelta(seconds=policy.maintenance_end_s), (mute.end - mute.start) / 4)
    return mute.end - lead


def _ending(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    mute = incident.mute
    if mute is None or at >= mute.end:
        return
    if any(one.reason is Reason.MAINTENANCE_ENDING and one.window == mute.maintenance for one in standing.told):
        return
    yield max(ending_at(mute, policy), at), _due(Reason.MAINTENANCE_ENDING, standing, window=mute.maintenance)


# --- escalation and reminders ---


def _pressing(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    """Yield the next step or the next reminder; while an acknowledgement holds, from its end on."""
    called, pressed, ack_end = standing.called, standing.pressed, standing.acked_until
    if called is None or pressed is None:
        return
    if ack_end is not None and pressed < ack_end:
        when = _unmuted(incident, max(ack_end, at))
        yield when, _due(Reason.REMINDER, standing, ack_expired=True)
        return
    since = called if ack_end is None else max(called, ack_end)
    step = standing.reached + 1
    if not standing.used_up:
        wait_s = standing.chain.steps[step - 1].wait_s if step > 0 else 0
        when = max(since + timedelta(seconds=wait_s), at)
        yield _unmuted(incident, when), Due(Reason.ESCALATED, standing.chain.id, step)
    else:
        when = max(pressed + timedelta(seconds=policy.reminder_s), at)
        yield _unmuted(incident, when), _due(Reason.REMINDER, standing)


# --- the end ---


def _when_over(incident: AlertIncident, standing: Standing, policy: Policy, at: datetime) -> Agenda:
    restored = incident.restored or at
    if standing.alarmed:
        settles = restored + timedelta(seconds=policy.settle_s) if standing.flapped else at
        yield max(settles, at), _due(Reason.RESTORED, standing)
    if incident.awaited is None:
        return
    asked = standing.last(Reason.DECISION_AWAITED)
    if asked is None or asked.at < restored:
        when = restored + timedelta(seconds=policy.decision_after_s)
    else:
        when = asked.at + timedelta(seconds=policy.decision_every_s)
    yield max(when, at), Due(Reason.DECISION_AWAITED, standing.chain.id, 0)
