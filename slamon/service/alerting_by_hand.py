"""Messages by hand: a test to a person or by a channel, and what would be said of an incident now."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from slamon.alerting.channel import Answer, Parcel, attempt
from slamon.alerting.opening import opened
from slamon.alerting.wording import Worded, Wording
from slamon.config.channels import Alerts, Channel
from slamon.config.problems import did_you_mean, quoted
from slamon.core.alerting.planning import plan
from slamon.core.alerting.telling import Message, Past, Scene
from slamon.service import clock, desk_find
from slamon.service.alerting_attempts import Address
from slamon.service.alerting_letters import addresses
from slamon.service.alerting_views import Names, views
from slamon.service.alerting_words import sms_room
from slamon.service.desk import DeskError, looking
from slamon.service.desk_oncall import people_of, standing_in
from slamon.service.site import Site
from slamon.store.entry import Draft

TESTED = "notification.tested"

TITLE = {"zh": "slamon 测试消息，无需处理", "en": "slamon test message, nothing to do"}
BODY = {
    "zh": "这是一条测试消息：如果您能看到它，说明该通道可以送达。",
    "en": "This is a test: that you read it says that this channel reaches you.",
}


@dataclass(frozen=True, slots=True)
class Tested:
    """What a channel answered to a test."""

    channel: str
    person: str | None
    answer: Answer


def alerts_of(site: Site) -> Alerts:
    """Return what the config says of alerts; raises `DeskError` where it has no channel."""
    alerts = site.loaded.settings.alerts
    if alerts is None or not alerts.channels:
        raise DeskError("there is no channel", "[alerts.channels.NAME] in slamon.toml describes one")
    return alerts


def send_test(site: Site, name: str) -> list[Tested]:
    """Send a test message to a person, by each of the channels, or by a channel; put the answers on record."""
    found = [
        Tested(spec.name, person, _sent(spec, address, language))
        for spec, person, address, language in _ways(site, name)
    ]
    site.ledger.append([_draft(one, clock.now()) for one in found])
    return found


def _ways(site: Site, name: str) -> Iterator[tuple[Channel, str | None, Address, str]]:
    alerts, file = alerts_of(site), site.loaded.oncall
    if file is not None and name in file.oncall.people:
        person, where = file.oncall.people[name], addresses(alerts, file)
        for channel in person.channels:
            yield alerts.channels[channel], name, where(name, channel) or Address(), person.language
    elif name in alerts.channels:
        yield alerts.channels[name], None, Address(), "zh"
    else:
        known = [*alerts.channels, *(() if file is None else file.oncall.people)]
        hint = did_you_mean(name, known, "people and channels") or "see `slamon oncall show`"
        raise DeskError(f"there is neither a person nor a channel {quoted(name)}", hint)


def _sent(spec: Channel, address: Address, language: str) -> Answer:
    title, body = TITLE.get(language, TITLE["en"]), BODY.get(language, BODY["en"])
    parcel = Parcel(
        key=secrets.token_hex(16),
        title=title,
        body=body,
        short=title,
        to=address.to,
        reason="test",
        consent=address.consent,
        urgent=False,
    )
    return attempt(opened(spec, clock.now), parcel)


def _draft(one: Tested, at: datetime) -> Draft:
    payload = {"channel": one.channel, "person": one.person, "answer": one.answer.said, "outcome": one.answer.outcome}
    return Draft(TESTED, at, payload, subject=one.person or one.channel)


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a person would be told."""

    message: Message
    channels: Sequence[str]
    worded: Worded


def preview(site: Site, incident: str, at: datetime) -> list[Previewed]:
    """Return what would be said of an incident now, to whom, if nothing had been said of it yet."""
    file = people_of(site)
    facts = looking(site)
    found = desk_find.incident(facts, incident).incident
    names = Names({})
    seen = [one for _, line in views(site, facts.fleet, names, [found.line_id], at) for one in line]
    about = tuple(one for one in seen if one.id == found.id)
    planned = plan(standing_in(site, file.oncall), Scene(about), Past(), at)
    alerts = site.loaded.settings.alerts or Alerts()
    wording, room = Wording(alerts.templates), sms_room(alerts)
    people = file.oncall.people
    return [
        Previewed(one, people[one.receiver].channels, wording.render(one, people[one.receiver], room))
        for one in planned.messages
    ]
