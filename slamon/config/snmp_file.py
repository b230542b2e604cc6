"""The shape of ``[snmp.NAME]`` and ``[snmp_traps]``, key by key."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, Field

from slamon.config.addresses import host_and_port
from slamon.config.contract_file import Id
from slamon.config.problems import Unfit, quoted
from slamon.config.validation import Exact, Number, Table, Text, one_of

AUTH = ("md5", "sha", "sha224", "sha256", "sha384", "sha512")
# Without a suffix the keys of AES-192 and AES-256 are lengthened as net-snmp does it (Blumenthal's draft), with
# -reeder as Cisco and Huawei do it.
PRIV = ("des", "aes", "aes192", "aes256", "aes192-reeder", "aes256-reeder")
_LONGEST_UNIT = 16
INDEXES = ("interface", "entity", "none")

_OID = re.compile(r"\.?\d{1,10}(?:\.\d{1,10}){2,127}", re.ASCII)


def _oid(value: str) -> str:
    if not _OID.fullmatch(value) or any(int(part) >= 2**32 for part in value.strip(".").split(".")):
        raise Unfit(f"{quoted(value)} is not an object's number", 'such as "1.3.6.1.2.1.31.1.1.1.15"')
    return value.strip(".")


def _not_zero(value: Fraction) -> Fraction:
    if value == 0:
        raise Unfit("is zero", "the factor by which the agent's number is multiplied")
    return value


def _short(value: str) -> str:
    if len(value) > _LONGEST_UNIT:
        raise Unfit(f"is longer than {_LONGEST_UNIT} characters", "such as dBm")
    return value


def _listen(value: str) -> str:
    if ":" not in value:
        raise Unfit(f"{quoted(value)} has no port", f"such as {value[:40]}:162")
    if value.startswith(("0.0.0.0:", "[::]:")):
        host_and_port(f"127.0.0.1:{value.rpartition(':')[2]}")
    else:
        host_and_port(value)
    return value


class ExtraTable(Table):
    """One of ``[[snmp.NAME.extra]]``: a further object of each port, or one of the device."""

    name: Id
    oid: Annotated[Text, AfterValidator(_oid)]
    index: Annotated[str, one_of(*INDEXES)] = "interface"
    scale: Annotated[Exact, AfterValidator(_not_zero)] = Fraction(1)
    unit: Annotated[Text, AfterValidator(_short)] | None = None
    above: Number | None = None
    below: Number | None = None
    unknown: list[int] = Field(default_factory=list)


class SnmpTable(Table):
    """One of ``[snmp.NAME]``."""

    version: Annotated[str, one_of("2c", "3")]
    interval_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    slow_interval_s: Annotated[int, Field(ge=1, le=86_400)] = 300
    timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 2000
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    max_objects: Annotated[int, Field(ge=4, le=1000)] = 120
    community: str | None = None
    community_file: Text | None = None
    user: Text | None = None
    auth: Annotated[str, one_of(*AUTH)] | None = None
    auth_key: str | None = None
    auth_key_file: Text | None = None
    priv: Annotated[str, one_of(*PRIV)] | None = None
    priv_key: str | None = None
    priv_key_file: Text | None = None
    context: Text | None = None
    extra: list[ExtraTable] = Field(default_factory=list)


class TrapsTable(Table):
    """``[snmp_traps]``; without the section no trap is listened for."""

    listen: Annotated[Text, AfterValidator(_listen)]
    community: str | None = None
    community_file: Text | None = None
