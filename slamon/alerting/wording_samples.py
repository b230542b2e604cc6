"""One message for each reason, as `slamon alert preview` shows them and as templates are tried on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from slamon.core.alerting.facts import (
    CONDITIONS,
    AlertClock,
    AlertIncident,
    Condition,
    Mute,
    Reason,
    Severity,
    Window,
)
from slamon.core.alerting.telling import Cause, Due, Message, Point
from slamon.core.facts import Category, Responsibility
from slamon.core.incident import State

AT = datetime(2026, 10, 3, 0, 48, 10, tzinfo=UTC)
ONSET = AT - timedelta(minutes=48, seconds=10)
WORK = Mute("M-3", AT - timedelta(hours=2), AT + timedelta(minutes=30))


def samples() -> Iterator[Message]:
    """Yield messages of every reason, and of every shape that a template may meet."""
    for reason in Reason:
        if reason in CONDITIONS:
            yield from _conditions(reason)
        elif reason is Reason.MAINTENANCE_STARTING:
            yield from _windows()
        else:
            yield from _incidents(reason)


def _incidents(reason: Reason) -> Iterator[Message]:
    incident, due = _incident(reason), _due(reason)
    alone = _message(reason, (Point(incident, due),))
    yield alone
    fellow = replace(
        incident, id="sample-2", number=18, line_id="GX-0002", tier="A", customer_name="Example Ltd", clocks=()
    )
    shared = Cause("sample", frozenset({"upstream:OLT-3"}), ONSET, ONSET)
    many = (Point(incident, due), *(Point(replace(fellow, id=f"sample-{i}"), due) for i in range(2, 31)))
    yield replace(alone, points=many, cause=shared, open_count=30, first=False)
    bare = replace(incident, number=None, tier=None, customer_name="", line_name="", clocks=(), hypothesis=None)
    yield replace(alone, points=(Point(bare, due),))
    if reason is Reason.REMINDER:
        yield replace(alone, points=(Point(incident, replace(due, ack_expired=True)),))
    if reason is Reason.LIMIT_USED:
        over = replace(_clock("interruption", 7320, 7200), as_of=AT)
        yield replace(alone, points=(Point(replace(incident, clocks=(over,)), replace(due, share=1.0)),))
        yield replace(alone, points=(Point(incident, replace(due, clock="statutory")),))
    if reason is Reason.DECISION_AWAITED:
        yield replace(alone, points=(Point(replace(incident, awaited="approval"), due),))


def _incident(reason: Reason) -> AlertIncident:
    over = reason in (Reason.RESTORED, Reason.DECISION_AWAITED)
    struck = reason is Reason.WITHDRAWN
    worked = reason in (Reason.MAINTENANCE_ENDING, Reason.MAINTENANCE_OVERRUNNING)
    return AlertIncident(
        id="sample-1",
        line_id="GX-0001",
        tier="AAA",
        category=Category.INTERRUPTION,
        state=State.FALSE_ALARM if struck else State.RESTORED if over else State.OPEN,
        began=ONSET + timedelta(seconds=10),
        onset=ONSET,
        number=17,
        restored=AT if over else None,
        clocks=() if struck else (_clock("interruption", 2880, 7200), _clock("statutory", 1800, 172_800)),
        line_name="某银行南宁分行互联网专线",
        customer_id="C1",
        customer_name="某银行南宁分行",
        upstream="OLT-3",
        site="NN-01",
        responsibility=Responsibility.UNDECIDED if reason is Reason.DECISION_AWAITED else Responsibility.CARRIER,
        evidence=("demarc",),
        hypothesis="端口 GE1/0/3 自 08:00 起关闭 (port down)",
        awaited="responsibility" if reason is Reason.DECISION_AWAITED else None,
        mute=WORK if worked else None,
    )


def _clock(category: str, used_s: int, limit_s: int) -> AlertClock:
    return AlertClock(category, used_s, limit_s, AT)


def _due(reason: Reason) -> Due:
    limited = reason is Reason.LIMIT_USED
    worked = reason in (Reason.MAINTENANCE_ENDING, Reason.MAINTENANCE_OVERRUNNING)
    return Due(
        reason,
        chain="default",
        step=1 if reason is Reason.ESCALATED else 0,
        share=0.5 if limited else None,
        clock="interruption" if limited else None,
        window="M-3" if worked else None,
    )


def _message(reason: Reason, points: tuple[Point, ...]) -> Message:
    return Message(
        key=f"sample-{reason}",
        reason=reason,
        severity=Severity.CRITICAL,
        at=AT,
        receiver="sample",
        cause=Cause("sample-1", frozenset({"upstream:OLT-3", "site:NN-01"}), ONSET, ONSET),
        points=points,
        open_count=sum(point.incident.open for point in points),
        step=points[0].due.step if points else 0,
    )


def _conditions(reason: Reason) -> Iterator[Message]:
    first = Condition(reason, "nanning-1", ONSET, number=12 if reason is Reason.DELIVERY_BACKLOG else None)
    alone = replace(_message(reason, ()), conditions=(first,), cause=Cause(f"monitor:{reason}", frozenset(), AT, AT))
    yield alone
    yield replace(alone, conditions=(replace(first, until=AT),), over=True, severity=Severity.INFO)
    yield replace(alone, conditions=(first, replace(first, subject="10.0.0.7", number=None)))


def _windows() -> Iterator[Message]:
    window = Window("M-3", AT + timedelta(minutes=30), AT + timedelta(hours=4), ("GX-0001", "GX-0002"), "OLT-3")
    alone = replace(
        _message(Reason.MAINTENANCE_STARTING, ()),
        windows=(window,),
        severity=Severity.INFO,
        cause=Cause("maintenance:M-3", frozenset({"maintenance:M-3"}), AT, AT),
    )
    yield alone
    yield replace(alone, windows=(replace(window, in_time=False, upstream=None, line_ids=("GX-0001",)),))
