"""The monitor's own trouble, and planned work ahead: what is said that no single incident brings about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from .facts import Condition, Reason, Severity, Window
from .policy import Policy
from .record import Record
from .telling import Cause, Told

LONGEST_REPEAT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Word:
    """Something to be said about conditions of one kind, or about planned work; due from `when` on."""

    when: datetime
    reason: Reason
    cause: Cause
    severity: Severity
    subjects: tuple[str, ...]
    conditions: tuple[Condition, ...] = ()
    windows: tuple[Window, ...] = ()
    over: bool = False
    step: int = 0


def words(
    conditions: Iterable[Condition], windows: Iterable[Window], record: Record, policy: Policy, at: datetime
) -> Iterator[Word]:
    """Yield what is to be said of the monitor and of planned work, now or later."""
    for kind, alike in groupby(sorted(conditions, key=lambda one: (one.kind, one.subject)), lambda one: one.kind):
        yield from _of_kind(kind, tuple(alike), record, policy, at)
    for window in windows:
        yield from _of_window(window, record, policy, at)


def _of_kind(kind: Reason, alike: Sequence[Condition], record: Record, policy: Policy, at: datetime) -> Iterator[Word]:
    cause = Cause(f"monitor:{kind}", frozenset(), alike[0].since, at)
    going_on = tuple(one for one in alike if one.until is None)
    dues = [_again(one, record.by_subject.get(subject_of(one), ()), policy) for one in going_on]
    if dues:
        due, step = min(dues)
        severity = Severity.WARNING if kind is Reason.AGENT_SILENT else Severity.CRITICAL
        yield _word(_spaced(due, cause, record, policy, at), cause, severity, going_on, over=False, step=step)
    over = tuple(
        one for one in alike if one.until is not None and _said(one, record) and not _said(one, record)[-1].over
    )
    if over:
        yield _word(_spaced(at, cause, record, policy, at), cause, Severity.INFO, over, over=True, step=0)


def _word(
    when: datetime, cause: Cause, severity: Severity, about: tuple[Condition, ...], *, over: bool, step: int
) -> Word:
    subjects = tuple(subject_of(one) for one in about)
    return Word(when, about[0].kind, cause, severity, subjects, conditions=about, over=over, step=step)


def subject_of(condition: Condition) -> str:
    """Return what a condition is called in the record: ``agent_silent:10.0.0.1``."""
    return f"{condition.kind}:{condition.subject}"


def _said(condition: Condition, record: Record) -> list[Told]:
    told = record.by_subject.get(subject_of(condition), ())
    return [one for one in told if one.at >= condition.since]


def _again(condition: Condition, told: Iterable[Told], policy: Policy) -> tuple[datetime, int]:
    """Return when a condition is told (again), and to which step; repeats double, for nobody can acknowledge it."""
    said = [one for one in told if one.at >= condition.since and not one.over]
    if not said:
        return condition.since + timedelta(seconds=policy.condition_after_s), 0
    wait = timedelta(seconds=policy.reminder_s) * 2 ** min(len(said) - 1, 10)
    return said[-1].at + min(wait, LONGEST_REPEAT), len(said)


def _spaced(when: datetime, cause: Cause, record: Record, policy: Policy, at: datetime) -> datetime:
    """Return when it may be said: conditions of one kind that come one after the other share a message."""
    told = record.by_cause.get(cause.id)
    soon = told[-1].at + timedelta(seconds=policy.update_s) if told else at
    return max(when, soon, at)


def _of_window(window: Window, record: Record, policy: Policy, at: datetime) -> Iterator[Word]:
    told = record.by_subject.get(window.id, ())
    if window.cancelled or at >= window.start or any(one.reason is Reason.MAINTENANCE_STARTING for one in told):
        return
    when = max(window.start - timedelta(seconds=policy.maintenance_start_s), at)
    cause = Cause(f"maintenance:{window.id}", frozenset({f"maintenance:{window.id}"}), window.start, window.start)
    yield Word(when, Reason.MAINTENANCE_STARTING, cause, Severity.INFO, (window.id,), windows=(window,))
