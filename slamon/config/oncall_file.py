"""The shape of ``oncall.toml``, key by key: people, rotas, chains, and when to speak."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from slamon.config.channels_file import mailbox
from slamon.config.contacts import phone
from slamon.config.contract_file import Id
from slamon.config.problems import CONTROL, Unfit, quoted
from slamon.config.profiles import PositiveNumber
from slamon.config.validation import Exact, Table, Text, one_of
from slamon.core.facts import Category

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("zh", "en")

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _clock(value: object) -> time:
    """Return a time of day; a text or TOML's own local time, without seconds."""
    if isinstance(value, time) and not value.second and not value.microsecond:
        return value
    found = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unfit("is not a time of day", 'such as "09:00", up to "23:59"')
    return time(int(found[1]), int(found[2]))


def _zone(value: object) -> ZoneInfo:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder of the database, such as "Asia"
        pass
    raise Unfit(f"{quoted(str(value))} is no time zone", 'such as "Asia/Shanghai"')


def _personal(value: str, parse: Callable[[str], str], what: str, hint: str) -> str:
    try:
        found = parse(value)
    except Unfit:
        found = ""
    if not found or CONTROL.search(found):
        raise Unfit(f"is not {what}", hint)  # what stands there is personal: it is not repeated
    return found


def _mail(value: str) -> str:
    return _personal(value, mailbox, "a mail address", "such as noc@example.com")


def _phone(value: str) -> str:
    return _personal(value, phone, "a telephone number", "digits, with a + before the country's code")


Clock = Annotated[time, PlainValidator(_clock)]
Zone = Annotated[ZoneInfo, PlainValidator(_zone)]
Days = Annotated[list[Annotated[str, one_of(*WEEKDAYS)]], Field(min_length=1)]
People = Annotated[list[Id], Field(min_length=1)]


class QuietTable(Table):
    """Hours in which only what cannot wait is sent."""

    from_: Clock = Field(alias="from")
    to: Clock
    days: Days = Field(default_factory=lambda: list(WEEKDAYS))

    @model_validator(mode="after")
    def _has_length(self) -> QuietTable:
        if self.from_ == self.to:
            raise Unfit("begins when it ends", "quiet hours have two different times")
        return self


class PersonTable(Table):
    """One of ``[people.ID]``."""

    name: Text
    channels: Annotated[list[Id], Field(min_length=1)]
    email: Annotated[str, AfterValidator(_mail)] | None = None
    phone: Annotated[str, AfterValidator(_phone)] | None = None
    sms_consent: bool = False
    language: Annotated[str, one_of(*LANGUAGES)] = "zh"
    timezone: Zone | None = None
    quiet: list[QuietTable] = Field(default_factory=list)


class TurnsTable(Table):
    """People who take turns."""

    people: People
    from_: date = Field(alias="from")
    days: Annotated[int, Field(ge=1, le=366)] = 7


class ShiftTable(Table):
    """One of ``[[rotas.ID.weekly]]``."""

    person: Id
    days: Days = Field(default_factory=lambda: list(WEEKDAYS))
    from_: Clock = Field(alias="from")
    to: Clock


class DatesTable(Table):
    """One of ``[[rotas.ID.dates]]``; `to` is the last day."""

    person: Id
    from_: date = Field(alias="from")
    to: date

    @model_validator(mode="after")
    def _in_order(self) -> DatesTable:
        if self.to < self.from_:
            raise Unfit("ends before it begins", "`to` is the last day, `from` the first")
        return self


class RotaTable(Table):
    """One of ``[rotas.ID]``."""

    timezone: Zone | None = None
    handover: Clock = time(9)
    turns: TurnsTable | None = None
    weekly: list[ShiftTable] = Field(default_factory=list)
    dates: list[DatesTable] = Field(default_factory=list)

    @model_validator(mode="after")
    def _calls_somebody(self) -> RotaTable:
        if self.turns is None and not self.weekly and not self.dates:
            raise Unfit("calls nobody", "give it turns, weekly or dates")
        return self


class StepTable(Table):
    """One step of a chain."""

    call: People
    wait_s: PositiveNumber = 600.0


class ChainTable(Table):
    """One of ``[chains.ID]``."""

    steps: Annotated[list[StepTable], Field(min_length=1)]


class ChoiceTable(Table):
    """One of ``[[choose]]``."""

    chain: Id
    customer: Text | None = None
    tier: Text | None = None
    category: Annotated[str, one_of(*Category)] | None = None


class PolicyTable(Table):
    """``[policy]``: when to speak; None keeps the default of `slamon.core.alerting.policy.Policy`."""

    limit_used: list[Exact] | None = None
    statutory_used: list[Exact] | None = None
    reminder_s: PositiveNumber | None = None
    ack_expires_s: PositiveNumber | None = None
    window_s: PositiveNumber | None = None
    cause_s: PositiveNumber | None = None
    update_s: PositiveNumber | None = None
    digest_s: PositiveNumber | None = None
    storm_causes: Annotated[int, Field(ge=1, le=1000)] | None = None
    settle_s: PositiveNumber | None = None
    decision_after_s: PositiveNumber | None = None
    decision_every_s: PositiveNumber | None = None
    condition_after_s: PositiveNumber | None = None
    maintenance_start_s: PositiveNumber | None = None
    maintenance_end_s: PositiveNumber | None = None
    tiers: list[Text] | None = None
    urgent_tiers: list[Text] | None = None

    @model_validator(mode="after")
    def _sensible(self) -> PolicyTable:
        for name in ("limit_used", "statutory_used"):
            shares = getattr(self, name)
            if shares is not None and (shares != sorted(set(shares)) or any(not 0 < share <= 10 for share in shares)):
                raise Unfit(f"{name} is not a list of rising shares above zero", 'such as ["0.5", "0.8", "1"]')
        return self


class OnCallTable(Table):
    """The whole file."""

    timezone: Zone
    monitor: Id | None = None
    policy: PolicyTable = PolicyTable()
    people: Annotated[dict[Id, PersonTable], Field(min_length=1)]
    rotas: dict[Id, RotaTable] = Field(default_factory=dict)
    chains: dict[Id, ChainTable]
    choose: list[ChoiceTable] = Field(default_factory=list)
