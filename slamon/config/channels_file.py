"""The shape of ``[alerts]`` and ``[alerts.channels.NAME]``, key by key; one shape for each kind of channel."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from slamon.config.addresses import address
from slamon.config.problems import Unfit, quoted
from slamon.config.validation import Table, Text, one_of

TLS = ("starttls", "implicit", "none")
PLACEHOLDERS = ("phone", "text", "key", "secret")

_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
_MAILBOX = re.compile(r"[^@\s<>\"(),:;\\]{1,64}@[A-Za-z0-9.-]{1,253}")


def mailbox(value: str) -> str:
    """Return a mail address as it is; raises `Unfit`."""
    if not _MAILBOX.fullmatch(value):
        raise Unfit(f"{quoted(value)} is not a mail address", "such as noc@example.com")
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise Unfit(f"{quoted(value)} is not a regular expression: {error}") from None
    return value


def _balance(value: str) -> str:
    if re.compile(_pattern(value)).groups != 1:
        raise Unfit("has not exactly one group", 'the group is the number, such as "balance=([0-9.]+)"')
    return value


def _field(value: str) -> str:
    for name in _PLACEHOLDER.findall(value):
        if name not in PLACEHOLDERS:
            raise Unfit(f"{{{name}}} is no placeholder", "write {phone}, {text}, {key} or {secret}")
    return value


def _signature(value: str) -> str:
    if not (value.startswith("【") and value.endswith("】") and len(value) > 2):
        raise Unfit(f"{quoted(value)} is not a signature", "such as 【某某科技】")
    return value


def _amount(value: object) -> Decimal:
    try:
        found = Decimal(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite() or found < 0:
        raise Unfit("is not an amount", 'a text of zero or more, such as "0.045"')
    return found


Amount = Annotated[Any, AfterValidator(_amount)]
Pattern = Annotated[Text, AfterValidator(_pattern)]


class ChannelTable(Table):
    """What every channel has."""

    kind: Text
    rate_per_minute: Annotated[int, Field(ge=1, le=6000)] | None = None
    burst: Annotated[int, Field(ge=1, le=1000)] | None = None
    timeout_s: Annotated[int, Field(ge=1, le=120)] = 15


class AppriseTable(ChannelTable):
    """A service that Apprise knows, by its URL."""

    url: str | None = None
    url_file: Text | None = None


class SmtpTable(ChannelTable):
    """Mail."""

    host: Annotated[Text, AfterValidator(address)]
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    tls: Annotated[str, one_of(*TLS)] = "starttls"
    ca_file: Text | None = None
    sender: Annotated[Text, AfterValidator(mailbox)]
    to: list[Annotated[str, AfterValidator(mailbox)]] = Field(default_factory=list)
    user: Text | None = None
    password: str | None = None
    password_file: Text | None = None


class WebhookTable(ChannelTable):
    """A signed POST to somebody's own receiver."""

    url: str | None = None
    url_file: Text | None = None
    secret: str | None = None
    secret_file: Text | None = None
    ca_file: Text | None = None


class SmsTable(ChannelTable):
    """An SMS gateway that takes an HTTP form."""

    url: str | None = None
    url_file: Text | None = None
    secret: str | None = None
    secret_file: Text | None = None
    ca_file: Text | None = None
    fields: dict[str, Annotated[str, AfterValidator(_field)]]
    success: Pattern
    later: Pattern | None = None
    balance: Annotated[Text, AfterValidator(_balance)] | None = None
    balance_below: Amount = None
    signature: Annotated[Text, AfterValidator(_signature)] | None = None
    price_per_segment: Amount = Decimal(0)


class JournalTable(ChannelTable):
    """journald, or the socket of something that speaks as it does."""

    socket: Text = "/run/systemd/journal/socket"


class TerminalTable(ChannelTable):
    """The daemon's own output, or the terminal or file that `path` names."""

    path: Text | None = None


KINDS: dict[str, type[ChannelTable]] = {
    "apprise": AppriseTable,
    "smtp": SmtpTable,
    "webhook": WebhookTable,
    "sms": SmsTable,
    "journal": JournalTable,
    "terminal": TerminalTable,
}


class AlertsTable(Table):
    """``[alerts]``; the channels are checked one by one, each by the shape of its kind."""

    oncall: Text | None = None
    contacts: Text | None = None
    templates: Text | None = None
    heartbeat_url: str | None = None
    heartbeat_url_file: Text | None = None
    heartbeat_interval_s: Annotated[int, Field(ge=10, le=86_400)] = 60
    give_up_s: Annotated[int, Field(ge=60, le=86_400)] = 3600
    late_after_s: Annotated[int, Field(ge=10, le=86_400)] = 300
    channels: dict[str, Any] = Field(default_factory=dict)
