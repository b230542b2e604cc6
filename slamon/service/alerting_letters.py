"""From a message to the letter that carries it: its words, its way, and where its receiver is reached."""

from __future__ import annotations

from slamon.config import channels as config
from slamon.config.channels import Alerts
from slamon.config.oncall import OnCallFile
from slamon.core.alerting.facts import Severity
from slamon.core.alerting.telling import Message
from slamon.service.alerting_attempts import Address, Addresses
from slamon.store.outbox import Letter

_LINES_NAMED = 200


def addresses(alerts: Alerts, oncall: OnCallFile | None) -> Addresses:
    """Return where people are reached, by person and channel; who is in the file no more is reached by none."""

    def found(person: str, channel: str) -> Address | None:
        reach = None if oncall is None else oncall.reach.get(person)
        spec = alerts.channels.get(channel)
        if reach is None or spec is None:
            return None
        if isinstance(spec.way, config.Smtp):
            return Address(reach.email)
        if isinstance(spec.way, config.Sms):
            return Address(reach.phone, reach.sms_consent)
        if isinstance(spec.way, config.Apprise):
            return Address(reach.phone or reach.email)
        return Address()

    return found


def letter_of(message: Message, text: dict[str, str], route: tuple[str, ...]) -> Letter:
    """Return the letter of a message in its receiver's words; in its head stand ids alone."""
    subjects = [point.incident.id for point in message.points] or [c.subject for c in message.conditions]
    subjects = subjects or [window.id for window in message.windows]
    lines = list(dict.fromkeys(point.incident.line_id for point in message.points))
    head = {
        "reason": message.reason.value,
        "person": message.receiver,
        "subject": subjects[0] if subjects else message.cause.id,
        "cause": message.cause.id,
        "lines": lines[:_LINES_NAMED],
        "urgent": message.severity is Severity.CRITICAL,
    }
    return Letter(
        key=message.key,
        sequence=f"{message.receiver}|{message.cause.id}",
        route=route,
        head=head,
        text=text,
        rank=int(message.severity),
        held_until=message.not_before,
    )
