"""The columns of `lines.csv`: what each cell may hold. Parsers remember what they have seen; rows repeat themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from slamon.config.addresses import address, agent
from slamon.config.contract_file import ID, PRODUCTS, identifier
from slamon.config.problems import Unfit, did_you_mean, quoted

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MONEY = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)
_RATE = re.compile(r"0(\.\d{1,6})?|1(\.0{1,6})?", re.ASCII)
_MBPS = re.compile(r"\d{1,7}(\.\d{1,6})?", re.ASCII)
_LONGEST_TEXT = 256
AREAS = ("urban", "rural")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the member of `Period` that it fills, how its text becomes a value and back."""

    name: str
    member: str
    parse: Callable[[str], object]
    text: Callable[[object], str] = str
    required: bool = False


@lru_cache(maxsize=16_384)
def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise Unfit(f"{quoted(text)} is not a date", "write 2026-10-03")
    if not 1970 <= day.year < 3000:
        raise Unfit(f"{text} is out of range", "years 1970 to 2999; in_service_to is empty while in service")
    return day


@lru_cache(maxsize=16_384)
def _money(text: str) -> Decimal:
    if not _MONEY.fullmatch(text):
        raise Unfit(f"{quoted(text)} is not an amount", "zero or more, at most two decimals, such as 3000.00")
    return Decimal(text)


@lru_cache(maxsize=1024)
def _rate(text: str) -> Decimal:
    if not _RATE.fullmatch(text) or Decimal(text) == 1:
        raise Unfit(f"{quoted(text)} is not a VAT rate", "a share below one, such as 0.06 for 6 %")
    return Decimal(text)


@lru_cache(maxsize=4096)
def _mbps(text: str) -> float:
    if not _MBPS.fullmatch(text) or float(text) == 0:
        raise Unfit(f"{quoted(text)} is not a bandwidth", "Mbit/s above zero, such as 100")
    return float(text)


def _word_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in words:
            close = did_you_mean(text, words)
            raise Unfit(f"{quoted(text)} is not known", close or f"write {', '.join(words)}")
        return text

    return parse


def _id(text: str) -> str:
    return text if ID.fullmatch(text) and text.strip(".") else identifier(text)


def _free(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise Unfit(f"is {len(text)} characters long", f"at most {_LONGEST_TEXT}")
    return text


@lru_cache(maxsize=65_536)
def _agent(text: str) -> str:
    agent(text)
    return text


def _number_text(value: object) -> str:
    return f"{Decimal(repr(value)).normalize():f}"


def _plain_decimal(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


# In the order of interfaces.md; `line_id` is the line's, everything else the period's.
COLUMNS = (
    Column("line_id", "line_id", _id, required=True),
    Column("name", "name", _free),
    Column("customer_id", "customer_id", _id, required=True),
    Column("customer_name", "customer_name", _free),
    Column("account", "account", _free),
    Column("product", "product", _word_of(PRODUCTS)),
    Column("span", "span", _free),
    Column("tier", "tier", _free),
    Column("bandwidth_mbps", "bandwidth_mbps", _mbps, _number_text),
    Column("monthly_rent", "monthly_rent", _money, _plain_decimal, required=True),
    Column("sla_fee", "sla_fee", _money, _plain_decimal),
    Column("vat_rate", "vat_rate", _rate, _plain_decimal),
    Column("contract", "contract", _id, required=True),
    Column("in_service_from", "first_day", _day, required=True),
    Column("in_service_to", "last_day", _day),
    Column("area", "area", _word_of(AREAS)),
    Column("demarc", "demarc", address),
    Column("cpe", "cpe", address),
    Column("snmp_agent", "snmp_agent", _agent),
    Column("snmp_interface", "snmp_interface", _free),
    Column("upstream", "upstream", _free),
    Column("profile", "profile", _id),
    Column("oncall", "oncall", _free),
    Column("a_end", "a_end", _free),
    Column("z_end", "z_end", _free),
)
