"""Loads `slamon.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from slamon.config.channels import Alerts, Smtp, alerts_of, personal_key_of
from slamon.config.credentials import (
    InfluxTarget,
    SnmpCredential,
    TrapPort,
    credentials_of,
    influx_of,
    traps_of,
    web_token_of,
)
from slamon.config.problems import InvalidInput, Problem, did_you_mean, quoted
from slamon.config.profiles import profiles_of
from slamon.config.secret import Secret, SecretSources
from slamon.config.settings_file import DEFAULT_CONTRACTS, DEFAULT_LINES, ReportTable, SettingsTable
from slamon.config.textfile import read_text
from slamon.config.tomlfile import parse_toml
from slamon.config.validation import validate
from slamon.core.quality import Profile

_PLACES = ("slamon.toml", "/etc/slamon/slamon.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the config file says, paths absolute, secrets fetched; see `configs/slamon.example.toml`."""

    path: Path
    vantage: str
    state_dir: Path
    reference: tuple[str, ...]
    ledger_url: str
    four_eyes: bool
    contracts_dir: Path | None
    lines_file: Path
    profiles: Mapping[str, Profile]
    snmp: Mapping[str, SnmpCredential]
    web_listen: str
    influx: InfluxTarget | None = None
    traps: TrapPort | None = None
    alerts: Alerts | None = None
    personal_key: Secret | None = None
    web_token: Secret | None = None
    web_hosts: tuple[str, ...] = ()
    report: ReportPlan | None = None
    hourly_days: int = 35
    daily_days: int = 400


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """When and how last month's statements make themselves; `mail` names the channel that hands them on."""

    day: int
    formats: tuple[str, ...]
    lang: str
    folder: Path
    mail: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """What a config file names, as far as it can be read: enough to look for problems further on.

    `profiles` holds the source address of each profile, None where it has none.
    """

    contracts_dir: Path | None
    lines_file: Path | None
    profiles: Mapping[str, str | None] | None
    credentials: frozenset[str] | None


def find_config(explicit: str | None, environ: Mapping[str, str]) -> Path:
    """Return the config file: the one that was asked for, else $SLAMON_CONFIG, ./slamon.toml, /etc/slamon/slamon.toml.

    Raises `InvalidInput` where there is none.
    """
    asked = explicit or environ.get("SLAMON_CONFIG")
    if asked:
        if _is_file(asked):
            return Path(asked)
        why = "given with --config" if explicit else "named by $SLAMON_CONFIG"
        raise InvalidInput([Problem(asked, "", f"there is no such file ({why})", "write one: slamon.example.toml")])
    for place in _PLACES:
        if _is_file(place):
            return Path(place)
    reason = f"there is no config: neither $SLAMON_CONFIG nor {' nor '.join(_PLACES)}"
    raise InvalidInput([Problem("slamon.toml", "", reason, "name one with --config FILE, or try `slamon demo`")])


def _is_file(place: str) -> bool:
    try:
        return Path(place).is_file()
    except OSError:  # a folder on the way that we may not enter
        return False


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a config file; raises `InvalidInput` with everything that is wrong with it."""
    settings, problems, _ = read_settings(path, environ)
    if settings is None:
        raise InvalidInput(problems)
    return settings


def read_settings(path: Path, environ: Mapping[str, str]) -> tuple[Settings | None, list[Problem], Named]:
    """Return the settings, or everything that is wrong; and what the file names, even where it is wrong."""
    path = path.absolute()
    text, problems = read_text(path)
    if text is None:
        return None, problems, Named(None, None, None, None)
    data, problems = parse_toml(text, str(path))
    if data is None:
        return None, problems, Named(None, None, None, None)
    table, problems = validate(SettingsTable, data, str(path))
    sources = SecretSources(path, environ)
    profiles, wrong = profiles_of(_tables(data, "profiles"), str(path))
    problems += wrong
    snmp, wrong = credentials_of(_tables(data, "snmp"), str(path), sources)
    problems += wrong
    named = replace(_named(data, path), profiles={name: profile.source for name, profile in profiles.items()})
    problems += _missing_folder(data, named, str(path))
    if table is None:
        return None, problems, named
    influx, wrong = influx_of(table.influxdb, str(path), sources)
    problems += wrong
    traps, wrong = traps_of(table.snmp_traps, str(path), sources)
    problems += wrong
    alerts, wrong = alerts_of(table.alerts, path, sources)
    problems += wrong
    personal_key, wrong = personal_key_of(table.ledger, path, sources)
    problems += wrong
    web_token, wrong = web_token_of(table.web, str(path), sources)
    problems += wrong
    state_dir = path.parent / table.monitor.state_dir
    report, wrong = _report_plan(table.report, alerts, str(path), state_dir)
    problems += wrong
    if "?" in str(state_dir):
        problems.append(Problem(str(path), "monitor.state_dir", "holds a question mark", "a URL cannot carry it"))
    settings = Settings(
        path=path,
        vantage=table.monitor.vantage,
        state_dir=state_dir,
        reference=tuple(table.monitor.reference),
        ledger_url=_absolute_url(table.ledger.url, state_dir),
        four_eyes=table.ledger.four_eyes,
        contracts_dir=named.contracts_dir,
        lines_file=path.parent / table.inventory.lines,
        profiles=profiles,
        snmp=snmp,
        web_listen=table.web.listen,
        influx=influx,
        traps=traps,
        alerts=alerts,
        personal_key=personal_key,
        web_token=web_token,
        web_hosts=tuple(table.web.hosts),
        report=report,
        hourly_days=table.history.hourly_days,
        daily_days=table.history.daily_days,
    )
    return (None if problems else settings), problems, named


def _report_plan(
    table: ReportTable | None, alerts: Alerts | None, file: str, state_dir: Path
) -> tuple[ReportPlan | None, list[Problem]]:
    """Return the plan of ``[report]``, None without the section; mail goes by a channel of kind smtp."""
    if table is None:
        return None, []
    plan = ReportPlan(table.day, tuple(table.formats), table.lang, state_dir / table.dir, table.mail)
    mails = {} if alerts is None else {n: c.way for n, c in alerts.channels.items() if isinstance(c.way, Smtp)}
    if table.mail is None:
        return plan, []
    if table.mail not in mails:
        hint = did_you_mean(table.mail, mails, "mail channels") or '[alerts.channels.NAME] with kind = "smtp"'
        return None, [Problem(file, "report.mail", f"there is no mail channel {quoted(table.mail)}", hint)]
    if not mails[table.mail].to:
        return None, [Problem(file, f"alerts.channels.{table.mail}.to", "is empty, and [report] mails to it", "")]
    return plan, []


def _absolute_url(url: str, state_dir: Path) -> str:
    """Return the ledger's URL with the file's absolute path; a relative one is below `state_dir`."""
    return f"sqlite:///{state_dir / url.removeprefix('sqlite:///')}"


def _tables(data: Mapping[str, Any], section: str) -> dict[str, object]:
    tables = data.get(section, {})
    return tables if isinstance(tables, dict) else {}  # any other shape is refused with the file


def _named(data: Mapping[str, Any], path: Path) -> Named:
    folder = _tables(data, "contracts").get("dir")
    lines = _tables(data, "inventory").get("lines", DEFAULT_LINES)
    return Named(
        contracts_dir=_contracts_dir(folder, path),
        lines_file=path.parent / lines if isinstance(lines, str) and "\0" not in lines else None,
        profiles=None,
        credentials=frozenset(_tables(data, "snmp")),
    )


def _contracts_dir(folder: object, path: Path) -> Path | None:
    """Return the folder of the operator's contracts; without a key it is ``contracts``, where that exists."""
    if folder is not None and (not isinstance(folder, str) or "\0" in folder):
        return None
    found = path.parent / (folder or DEFAULT_CONTRACTS)
    return found if found.is_dir() else None


def _missing_folder(data: Mapping[str, Any], named: Named, file: str) -> list[Problem]:
    folder = _tables(data, "contracts").get("dir")
    if not isinstance(folder, str) or not folder.strip() or named.contracts_dir is not None:
        return []
    return [Problem(file, "contracts.dir", f"there is no folder {folder}", "make it, or leave the key out")]
