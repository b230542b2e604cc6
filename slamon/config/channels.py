"""``[alerts]``: the channels by which people are told, their secrets fetched."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from slamon.config.channels_file import (
    KINDS,
    AlertsTable,
    AppriseTable,
    ChannelTable,
    JournalTable,
    SmsTable,
    SmtpTable,
    TerminalTable,
    WebhookTable,
)
from slamon.config.contract_file import identifier
from slamon.config.problems import Problem, Unfit, did_you_mean
from slamon.config.secret import Secret, SecretSources
from slamon.config.settings_file import LedgerTable
from slamon.config.validation import key_path, validate

CREDENTIAL = "personal-key"  # systemd's, looked for where the config names no key

_PORTS = {"starttls": 587, "implicit": 465, "none": 25}
# Per minute and at once. The robots of WeCom and DingTalk take 20 a minute; what a kind may cost or annoy is lower.
_RATES = {"apprise": (20, 5), "sms": (30, 5), "smtp": (60, 10), "webhook": (60, 10)}


@dataclass(frozen=True, slots=True)
class Apprise:
    """A service that Apprise knows."""

    url: Secret


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server; `to` are who gets what has no receiver of its own."""

    host: str
    port: int
    tls: str
    sender: str
    to: tuple[str, ...] = ()
    ca_file: Path | None = None
    user: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver that checks our signature."""

    url: Secret
    secret: Secret
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Sms:
    """An SMS gateway: what its form is filled with, and how its answers read."""

    url: Secret
    fields: Mapping[str, str]
    success: re.Pattern[str]
    secret: Secret | None = None
    later: re.Pattern[str] | None = None
    balance: re.Pattern[str] | None = None
    balance_below: Decimal | None = None
    signature: str = ""
    price_per_segment: Decimal = Decimal(0)
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """journald's native socket."""

    socket: Path


@dataclass(frozen=True, slots=True)
class Terminal:
    """The daemon's own output, or a terminal or file."""

    path: Path | None = None


Way = Apprise | Smtp | Webhook | Sms | Journal | Terminal


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel: how messages go, how many a minute (and at once), and how long one may take."""

    name: str
    way: Way
    rate_per_minute: int = 600
    burst: int = 50
    timeout_s: int = 15

    @property
    def kind(self) -> str:
        return type(self.way).__name__.lower()


@dataclass(frozen=True, slots=True)
class Alerts:
    """What ``[alerts]`` says: where people and contacts stand, what they are told by, and when to be alarmed."""

    channels: Mapping[str, Channel] = field(default_factory=dict)
    oncall: Path | None = None
    contacts: Path | None = None
    templates: Path | None = None
    heartbeat: Secret | None = None
    heartbeat_interval_s: int = 60
    give_up_s: int = 3600
    late_after_s: int = 300


@dataclass(frozen=True, slots=True)
class _At:
    """Where in which file we are, and what was found wrong so far."""

    file: Path
    key: str
    sources: SecretSources
    problems: list[Problem]

    def refuse(self, name: str, reason: str, hint: str = "") -> None:
        self.problems.append(Problem(str(self.file), key_path(self.key, name), reason, hint))

    def secret(self, table: object, name: str) -> Secret | None:
        """Return the secret under a key, or in the file under the key with ``_file``; None where neither is given."""
        inline, filed = getattr(table, name), getattr(table, f"{name}_file")
        if inline is not None and filed is not None:
            self.refuse(name, f"{name} and {name}_file are both given", "one of them")
            return None
        if inline is None and filed is None:
            return None
        try:
            return self.sources.from_file(filed) if filed is not None else self.sources.inline(inline)
        except Unfit as unfit:
            where = name if filed is None else f"{name}_file"
            self.problems.append(unfit.at(str(self.file), key_path(self.key, where)))
            return None

    def needed(self, table: object, name: str) -> Secret:
        """Return a secret that must be there."""
        found = self.secret(table, name)
        if found is None and getattr(table, name) is None and getattr(table, f"{name}_file") is None:
            self.refuse(name, "is missing", f"give {name}_file")
        return found or Secret("")

    def url(self, table: object) -> Secret:
        """Return a secret http(s) URL."""
        found = self.needed(table, "url")
        parts = urlsplit(found.reveal())
        if found.reveal() and (parts.scheme not in ("http", "https") or not parts.hostname):
            self.refuse("url", "is not an http(s) URL")
        return found

    def path(self, name: str, value: str | None) -> Path | None:
        """Return a file that must be there."""
        if value is None:
            return None
        found = self.file.parent / value
        if not found.exists():
            self.refuse(name, f"there is no {found}")
        return found


def alerts_of(table: AlertsTable | None, file: Path, sources: SecretSources) -> tuple[Alerts | None, list[Problem]]:
    """Return what ``[alerts]`` says, with everything that is wrong with it; None where nobody is to be told."""
    problems: list[Problem] = []
    if table is None or (not table.channels and table.oncall is None and table.contacts is None):
        return None, problems
    at = _At(file, "alerts", sources, problems)
    heartbeat = None if table.heartbeat_url is None and table.heartbeat_url_file is None else _heartbeat(table, at)
    alerts = Alerts(
        channels=_channels(table.channels, file, sources, problems),
        oncall=at.path("oncall", table.oncall),
        contacts=at.path("contacts", table.contacts),
        templates=at.path("templates", table.templates),
        heartbeat=heartbeat,
        heartbeat_interval_s=table.heartbeat_interval_s,
        give_up_s=table.give_up_s,
        late_after_s=table.late_after_s,
    )
    if alerts.oncall is not None and not table.channels:
        at.refuse("channels", "are missing: nobody can be told anything", "such as [alerts.channels.mail]")
    return alerts, problems


def _heartbeat(table: AlertsTable, at: _At) -> Secret | None:
    found = at.secret(table, "heartbeat_url")
    if found is not None and not found.reveal().startswith(("http://", "https://")):
        at.refuse("heartbeat_url", "is not an http(s) URL")
    return found


def _channels(
    tables: Mapping[str, object], file: Path, sources: SecretSources, problems: list[Problem]
) -> dict[str, Channel]:
    found: dict[str, Channel] = {}
    for name, data in tables.items():
        key = f"alerts.channels.{name}"
        try:
            identifier(name)
        except Unfit as unfit:
            problems.append(unfit.at(str(file), "alerts.channels"))
            continue
        kind = data.get("kind") if isinstance(data, dict) else None
        model = KINDS.get(kind) if isinstance(kind, str) else None
        if model is None:
            hint = did_you_mean(str(kind), KINDS, "kinds") if kind is not None else f"kinds are {', '.join(KINDS)}"
            reason = f"{kind!r} is no kind of channel" if kind is not None else "is missing"
            problems.append(Problem(str(file), f"{key}.kind", reason, hint))
            continue
        table, wrong = validate(model, data, str(file), key)
        problems += wrong
        if table is not None:
            found[name] = _channel(name, table, _At(file, key, sources, problems))
    return found


def _channel(name: str, table: ChannelTable, at: _At) -> Channel:
    rate, burst = _RATES.get(table.kind, (600, 50))
    rate = table.rate_per_minute or rate
    return Channel(name, _way(table, at), rate, table.burst or min(burst, rate), table.timeout_s)


def _way(table: ChannelTable, at: _At) -> Way:
    if isinstance(table, AppriseTable):
        return _apprise(table, at)
    if isinstance(table, SmtpTable):
        return _smtp(table, at)
    if isinstance(table, WebhookTable):
        return Webhook(at.url(table), at.needed(table, "secret"), at.path("ca_file", table.ca_file))
    if isinstance(table, SmsTable):
        return _sms(table, at)
    if isinstance(table, TerminalTable):
        return Terminal(None if table.path is None else at.file.parent / table.path)
    return Journal(Path(table.socket)) if isinstance(table, JournalTable) else Terminal()


def _apprise(table: AppriseTable, at: _At) -> Apprise:
    url = at.needed(table, "url")
    if url.reveal() and "://" not in url.reveal():
        at.refuse("url", "is not a URL of Apprise", "such as wecombot://KEY")
    return Apprise(url)


def _smtp(table: SmtpTable, at: _At) -> Smtp:
    password = at.secret(table, "password")
    if (table.user is None) != (table.password is None and table.password_file is None):
        at.refuse("user", "goes with a password", "give user and password_file, or neither")
    if table.user is not None and table.tls == "none":
        at.refuse("tls", "would send the password for everybody to read", 'write "starttls" or "implicit"')
    port = table.port or _PORTS[table.tls]
    ca_file = at.path("ca_file", table.ca_file)
    return Smtp(table.host, port, table.tls, table.sender, tuple(table.to), ca_file, table.user, password)


def _sms(table: SmsTable, at: _At) -> Sms:
    wants_secret = any("{secret}" in value for value in table.fields.values())
    secret = at.needed(table, "secret") if wants_secret else at.secret(table, "secret")
    for name in ("phone", "text"):
        if not any(f"{{{name}}}" in value for value in table.fields.values()):
            at.refuse("fields", f"no field holds {{{name}}}", 'such as mobile = "{phone}" and content = "{text}"')
    if (table.balance is None) != (table.balance_below is None):
        at.refuse("balance_below", "goes with balance", "a warning needs both")
    return Sms(
        url=at.url(table),
        fields=dict(table.fields),
        success=re.compile(table.success),
        secret=secret,
        later=None if table.later is None else re.compile(table.later),
        balance=None if table.balance is None else re.compile(table.balance),
        balance_below=table.balance_below,
        signature=table.signature or "",
        price_per_segment=table.price_per_segment,
        ca_file=at.path("ca_file", table.ca_file),
    )


def personal_key_of(table: LedgerTable, file: Path, sources: SecretSources) -> tuple[Secret | None, list[Problem]]:
    """Return the key of ``[ledger]`` that seals personal texts, 32 bytes in base64; None where none is given."""
    problems: list[Problem] = []
    at = _At(file, "ledger", sources, problems)
    given = Path(sources.environ.get("CREDENTIALS_DIRECTORY") or "/nonexistent") / CREDENTIAL
    if table.personal_key is None and table.personal_key_file is None and given.exists():
        table = LedgerTable(personal_key_file=CREDENTIAL)
    found = at.secret(table, "personal_key")
    if found is not None and not _is_key(found.reveal()):
        hint = "make one: openssl rand -base64 32 > personal-key && chmod 600 personal-key"
        at.refuse("personal_key_file" if table.personal_key is None else "personal_key", "is no key", hint)
    return found, problems


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)) == 32
    except ValueError:
        return False
