"""SNMP credentials and the InfluxDB target: tables whose secrets have been fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from slamon.config.addresses import is_loopback
from slamon.config.contract_file import identifier
from slamon.config.problems import Problem, Unfit, quoted
from slamon.config.secret import Secret, SecretSources
from slamon.config.settings_file import DEFAULT_LISTEN, NO_WEB, InfluxTable, WebTable
from slamon.config.snmp_file import ExtraTable, SnmpTable, TrapsTable
from slamon.config.validation import key_path, validate

SHORTEST_TOKEN = 16


@dataclass(frozen=True, slots=True)
class Extra:
    """A further object to read.

    What follows `oid` is the port's ifIndex (`index` ``interface``), the entPhysicalIndex that the device's
    entAliasMappingTable gives it (``entity``; RFC 6933), or nothing, for one object of the device (``none``). Values
    are the agent's numbers times `scale`; numbers among `unknown` mean that there is none.
    """

    name: str
    oid: tuple[int, ...]
    index: str = "interface"
    scale: float = 1.0
    unit: str = ""
    above: float | None = None
    below: float | None = None
    unknown: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SnmpCredential:
    """How to ask the devices that the inventory names with ``NAME@address``.

    State and error counters are read each `interval_s`, everything else each `slow_interval_s`.
    """

    name: str
    version: str
    interval_s: int = 60
    community: Secret | None = None
    user: str | None = None
    auth: str | None = None
    auth_key: Secret | None = None
    priv: str | None = None
    priv_key: Secret | None = None
    slow_interval_s: int = 300
    timeout_ms: int = 2000
    retries: int = 1
    max_objects: int = 120
    context: str = ""
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class TrapPort:
    """Where traps are listened for; `community` is taken beside each agent's own."""

    listen: str
    community: Secret | None = None


@dataclass(frozen=True, slots=True)
class InfluxTarget:
    """Where the copy for graphs goes, and how much of it.

    `raw` is ``all``, or ``impaired``: quiet lines are rolled up over `rollup_s`. `spool_bytes` bounds what waits on
    disk, `batch_points` one request, `timeout_s` its answer.
    """

    url: str
    org: str
    bucket: str
    token: Secret
    ca_file: Path | None = None
    raw: str = "all"
    rollup_s: int = 300
    spool_bytes: int = 2_000_000_000
    batch_points: int = 5_000
    timeout_s: int = 10
    gzip: bool = False


@dataclass(frozen=True, slots=True)
class _Table:
    """Fetches the secrets of one table: each stands under its key, or in the file under the key with ``_file``."""

    file: str
    key: str
    sources: SecretSources
    problems: list[Problem]

    def secret(self, name: str, inline: str | None, filed: str | None) -> Secret | None:
        if inline is not None and filed is not None:
            self.refuse(name, f"{name} and {name}_file are both given", "one of them")
            return None
        if not inline and filed is None:
            self.refuse(name, "is missing", f"give {name}_file")
            return None
        try:
            if filed is not None:
                return self.sources.from_file(filed)
            return self.sources.inline(inline or "")
        except Unfit as unfit:
            self.problems.append(unfit.at(self.file, key_path(self.key, name if filed is None else f"{name}_file")))
            return None

    def refuse(self, name: str, reason: str, hint: str) -> None:
        self.problems.append(Problem(self.file, key_path(self.key, name), reason, hint))


def credentials_of(
    tables: Mapping[str, object], file: str, sources: SecretSources
) -> tuple[dict[str, SnmpCredential], list[Problem]]:
    """Return the credentials of ``[snmp.*]`` with everything that is wrong with them."""
    found: dict[str, SnmpCredential] = {}
    problems: list[Problem] = []
    for name, data in tables.items():
        try:
            identifier(name)
        except Unfit as unfit:
            problems.append(unfit.at(file, "snmp"))
            continue
        if not isinstance(data, dict):
            hint = "such as [snmp.edge] with version below it"
            problems.append(Problem(file, f"snmp.{name}", "is not a table", hint))
            continue
        table, wrong = validate(SnmpTable, data, file, f"snmp.{name}")
        if table is not None:
            found[name] = _credential(name, table, _Table(file, f"snmp.{name}", sources, wrong))
        problems += wrong
    return found, problems


def _credential(name: str, table: SnmpTable, at: _Table) -> SnmpCredential:
    _check_extras(table.extra, at)
    made = SnmpCredential(
        name,
        table.version,
        table.interval_s,
        slow_interval_s=max(table.slow_interval_s, table.interval_s),
        timeout_ms=table.timeout_ms,
        retries=table.retries,
        max_objects=table.max_objects,
        extras=tuple(map(_extra, table.extra)),
    )
    return _v2c(made, table, at) if table.version == "2c" else _v3(made, table, at)


def _v2c(made: SnmpCredential, table: SnmpTable, at: _Table) -> SnmpCredential:
    for key in ("user", "auth", "auth_key", "auth_key_file", "priv", "priv_key", "priv_key_file", "context"):
        if getattr(table, key) is not None:
            at.refuse(key, 'has no meaning with version = "2c"', 'remove it, or version = "3"')
    return replace(made, community=at.secret("community", table.community, table.community_file))


def _v3(made: SnmpCredential, table: SnmpTable, at: _Table) -> SnmpCredential:
    for key in ("community", "community_file"):
        if getattr(table, key) is not None:
            at.refuse(key, 'has no meaning with version = "3"', 'remove it, or version = "2c"')
    if table.user is None:
        at.refuse("user", "is missing", "SNMPv3 asks as a user")
    elif len(table.user.encode()) > 32:
        at.refuse("user", "is longer than 32 bytes", "RFC 3414 allows no more")
    if table.priv is not None and table.auth is None:
        at.refuse("auth", "is missing", "SNMPv3 has no privacy without authentication")
    return replace(
        made,
        user=table.user,
        auth=table.auth,
        auth_key=_key_of("auth", table.auth, (table.auth_key, table.auth_key_file), at),
        priv=table.priv,
        priv_key=_key_of("priv", table.priv, (table.priv_key, table.priv_key_file), at),
        context=table.context or "",
    )


def _check_extras(extras: Sequence[ExtraTable], at: _Table) -> None:
    names = [extra.name for extra in extras]
    for number, extra in enumerate(extras):
        if extra.name in names[:number]:
            at.refuse(f"extra[{number}].name", f"{quoted(extra.name)} stands twice", "each value has a name of its own")
        if extra.above is not None and extra.below is not None and extra.below > extra.above:
            hint = "above names the highest good value, below the lowest"
            at.refuse(f"extra[{number}].below", "is greater than above: no value would be good", hint)


def _extra(table: ExtraTable) -> Extra:
    return Extra(
        table.name,
        tuple(map(int, table.oid.split("."))),
        table.index,
        float(table.scale),
        table.unit or "",
        table.above,
        table.below,
        tuple(table.unknown),
    )


def _key_of(name: str, method: str | None, given: tuple[str | None, str | None], at: _Table) -> Secret | None:
    inline, filed = given
    if method is None:
        if inline is not None or filed is not None:
            at.refuse(name, "is missing, but its key is given", f"name the method, or remove {name}_key")
        return None
    secret = at.secret(f"{name}_key", inline, filed)
    if secret is not None and len(secret.reveal()) < 8:
        at.refuse(f"{name}_key", "is shorter than 8 characters", "RFC 3414 asks for at least 8")
    return secret


def influx_of(
    table: InfluxTable | None, file: str, sources: SecretSources
) -> tuple[InfluxTarget | None, list[Problem]]:
    """Return the target of ``[influxdb]``; None where the section is absent or wrong."""
    problems: list[Problem] = []
    if table is None:
        return None, problems
    at = _Table(file, "influxdb", sources, problems)
    token = at.secret("token", table.token, table.token_file)
    ca_file = None if table.ca_file is None else Path(file).parent / table.ca_file
    if ca_file is not None and not ca_file.is_file():
        at.refuse("ca_file", f"there is no file {table.ca_file}", "a PEM file of the authority that signed the server")
    if token is None or problems:
        return None, problems
    return InfluxTarget(
        url=table.url.rstrip("/"),
        org=table.org,
        bucket=table.bucket,
        token=token,
        ca_file=ca_file,
        raw=table.raw,
        rollup_s=table.rollup_s,
        spool_bytes=table.spool_bytes,
        batch_points=table.batch_points,
        timeout_s=table.timeout_s,
        gzip=table.gzip,
    ), problems


def traps_of(table: TrapsTable | None, file: str, sources: SecretSources) -> tuple[TrapPort | None, list[Problem]]:
    """Return the port of ``[snmp_traps]``; None where the section is absent or wrong."""
    problems: list[Problem] = []
    if table is None:
        return None, problems
    community: Secret | None = None
    if table.community is not None or table.community_file is not None:
        at = _Table(file, "snmp_traps", sources, problems)
        community = at.secret("community", table.community, table.community_file)
    return (None if problems else TrapPort(table.listen, community)), problems


def web_token_of(table: WebTable, file: str, sources: SecretSources) -> tuple[Secret | None, list[Problem]]:
    """Return the token that ``[web]`` asks for, and what is wrong; beyond this machine there must be one."""
    problems: list[Problem] = []
    at = _Table(file, "web", sources, problems)
    if table.token is None and table.token_file is None:
        if table.listen != NO_WEB and not is_loopback(table.listen.rpartition(":")[0].strip("[]")):
            reason = f"{table.listen} can be reached from outside, and nothing asks for a password"
            at.refuse("listen", reason, f"give token_file, or {DEFAULT_LISTEN}")
        return None, problems
    token = at.secret("token", table.token, table.token_file)
    if token is not None and len(token.reveal()) < SHORTEST_TOKEN:
        at.refuse("token", f"is shorter than {SHORTEST_TOKEN} characters", "such as what `openssl rand -hex 32` prints")
    return token, problems
