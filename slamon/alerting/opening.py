"""From what the config says of a channel to the channel itself."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime

from slamon.alerting.channel import Channel
from slamon.alerting.journal import JournalChannel
from slamon.alerting.sms import SmsChannel
from slamon.alerting.smtp import SmtpChannel
from slamon.alerting.terminal import TerminalChannel
from slamon.alerting.webhook import WebhookChannel
from slamon.config import channels as config


def opened(channel: config.Channel, now: Callable[[], datetime]) -> Channel:
    """Return the channel that a config describes."""
    way, timeout_s = channel.way, float(channel.timeout_s)
    match way:
        case config.Apprise():
            # Loading a hundred plugins takes a second; who uses none does not wait for them.
            from slamon.alerting.services import AppriseChannel  # noqa: PLC0415

            return AppriseChannel(way, now, timeout_s)
        case config.Smtp():
            return SmtpChannel(way, now, timeout_s)
        case config.Webhook():
            return WebhookChannel(way, now, timeout_s)
        case config.Sms():
            return SmsChannel(way, timeout_s)
        case config.Journal():
            return JournalChannel(way, timeout_s)
        case config.Terminal():
            return TerminalChannel(sys.stderr, way.path)


def unfit_urls(alerts: config.Alerts) -> list[str]:
    """Return the channels whose URL Apprise does not accept; nothing is sent."""
    ways = {name: spec.way for name, spec in alerts.channels.items() if isinstance(spec.way, config.Apprise)}
    if not ways:
        return []
    from slamon.alerting.services import accepts  # noqa: PLC0415 - as above

    return [name for name, way in ways.items() if not accepts(way)]
