"""Who we are to an agent: credentials entered into pysnmp's tables once each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pysnmp.entity import config as lcd
from pysnmp.entity.engine import SnmpEngine
from pysnmp.hlapi.v3arch.asyncio import auth

from slamon.config.credentials import SnmpCredential
from slamon.config.secret import Secret

_AUTH = {
    None: auth.USM_AUTH_NONE,
    "md5": auth.USM_AUTH_HMAC96_MD5,
    "sha": auth.USM_AUTH_HMAC96_SHA,
    "sha224": auth.USM_AUTH_HMAC128_SHA224,
    "sha256": auth.USM_AUTH_HMAC192_SHA256,
    "sha384": auth.USM_AUTH_HMAC256_SHA384,
    "sha512": auth.USM_AUTH_HMAC384_SHA512,
}
_PRIV = {
    None: auth.USM_PRIV_NONE,
    "des": auth.USM_PRIV_CBC56_DES,
    "aes": auth.USM_PRIV_CFB128_AES,
    "aes192": auth.USM_PRIV_CFB192_AES_BLUMENTHAL,
    "aes256": auth.USM_PRIV_CFB256_AES_BLUMENTHAL,
    "aes192-reeder": auth.USM_PRIV_CFB192_AES,
    "aes256-reeder": auth.USM_PRIV_CFB256_AES,
}
_V2C = (1, 2)  # message and security model (RFC 3411)
_V3 = (3, 3)


@dataclass(frozen=True, slots=True)
class Identity:
    """One credential as an engine knows it; `level` is noAuthNoPriv 1, authNoPriv 2, authPriv 3."""

    engine: SnmpEngine
    message_model: int
    security_model: int
    security_name: Any  # SnmpAdminString, as the engine compares it
    level: int
    context: Any


@dataclass(slots=True)
class _Tables:
    """What stands in one engine's tables: communities by their text, users by their name."""

    engine: SnmpEngine
    communities: dict[Secret, str] = field(default_factory=dict)
    users: dict[str, SnmpCredential] = field(default_factory=dict)


class Identities:
    """All credentials in one engine; only a user that has two sets of keys needs a second one."""

    def __init__(self, new_engine: Callable[[], SnmpEngine]) -> None:
        self._new_engine = new_engine
        self._tables: list[_Tables] = []
        self._known: dict[SnmpCredential, Identity] = {}

    @property
    def engines(self) -> list[SnmpEngine]:
        """Return the engines that were made."""
        return [tables.engine for tables in self._tables]

    def of(self, credential: SnmpCredential) -> Identity:
        """Return who we are with a credential."""
        found = self._known.get(credential)
        if found is None:
            found = self._v2c(credential) if credential.version == "2c" else self._v3(credential)
            self._known[credential] = found
        return found

    def _first(self) -> _Tables:
        if not self._tables:
            self._tables.append(_Tables(self._new_engine()))
        return self._tables[0]

    def _v2c(self, credential: SnmpCredential) -> Identity:
        # An engine knows a community by one name: a second name for it would make its answers strangers'.
        tables, community = self._first(), credential.community or Secret("")
        name = tables.communities.get(community)
        if name is None:
            name = tables.communities[community] = f"community-{len(tables.communities)}"
            lcd.add_v1_system(tables.engine, name, community.reveal(), securityName=name)
        return Identity(tables.engine, *_V2C, _admin_string(tables.engine, name), 1, _admin_string(tables.engine, ""))

    def _v3(self, credential: SnmpCredential) -> Identity:
        user = credential.user or ""
        tables = self._tables_for(user, credential)
        if user not in tables.users:
            tables.users[user] = credential
            lcd.add_v3_user(
                tables.engine,
                user,
                _AUTH[credential.auth],
                _revealed(credential.auth_key),
                _PRIV[credential.priv],
                _revealed(credential.priv_key),
                securityName=user,
            )
        level = 1 if credential.auth is None else 2 if credential.priv is None else 3
        name, context = _admin_string(tables.engine, user), _admin_string(tables.engine, credential.context)
        return Identity(tables.engine, *_V3, name, level, context)

    def _tables_for(self, user: str, credential: SnmpCredential) -> _Tables:
        self._first()
        for tables in self._tables:
            if user not in tables.users or _keys(tables.users[user]) == _keys(credential):
                return tables
        self._tables.append(_Tables(self._new_engine()))
        return self._tables[-1]


def _keys(credential: SnmpCredential) -> tuple[Any, ...]:
    return (credential.auth, credential.auth_key, credential.priv, credential.priv_key)


def _admin_string(engine: SnmpEngine, text: str) -> Any:  # noqa: ANN401 - pysnmp has no types
    (kind,) = engine.get_mib_builder().import_symbols("SNMP-FRAMEWORK-MIB", "SnmpAdminString")
    return kind(text)


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
