"""Messages become letters: in the words of their receivers' languages, by the channels that they prefer."""

from __future__ import annotations

from slamon.alerting.wording import SMS_UNITS, Wording
from slamon.config.channels import Alerts, Sms
from slamon.core.alerting.telling import Message
from slamon.service.alerting_letters import letter_of
from slamon.service.alerting_watch import Writing
from slamon.service.site import Site
from slamon.store.outbox import Letter


def writing(site: Site, alerts: Alerts) -> Writing:
    """Return what makes the letter of a message, as the configuration has it now."""
    people = {} if site.loaded.oncall is None else site.loaded.oncall.oncall.people
    wording = Wording(alerts.templates)
    room = sms_room(alerts)

    def write(message: Message) -> Letter | None:
        person = people.get(message.receiver)
        route = () if person is None else tuple(name for name in person.channels if name in alerts.channels)
        if person is None or not route:
            return None
        worded = wording.render(message, person, room)
        return letter_of(message, {"title": worded.title, "body": worded.body, "short": worded.sms}, route)

    return write


def sms_room(alerts: Alerts) -> int:
    """Return how much of a segment the longest signature of the SMS channels leaves."""
    ways = [spec.way for spec in alerts.channels.values()]
    return SMS_UNITS - max((len(way.signature) for way in ways if isinstance(way, Sms)), default=0)
