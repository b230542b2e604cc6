"""The shape of `slamon.toml`, key by key."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from slamon.config.addresses import address, host_and_port
from slamon.config.channels_file import AlertsTable
from slamon.config.contract_file import Id
from slamon.config.problems import Unfit, quoted
from slamon.config.snmp_file import TrapsTable
from slamon.config.validation import Table, Text, one_of

DEFAULT_STATE_DIR = "/var/lib/slamon"
DEFAULT_LEDGER = "sqlite:///ledger.db"
DEFAULT_LINES = "lines.csv"
DEFAULT_CONTRACTS = "contracts"
DEFAULT_LISTEN = "127.0.0.1:8470"
NO_WEB = "off"
EVERYWHERE = ("0.0.0.0:", "[::]:")

RAW = ("all", "impaired")
STATEMENT_FORMATS = ("json", "csv", "html", "pdf", "xlsx", "memo")
LEAST_SPOOL_BYTES = 1_000_000


def _ledger(value: str) -> str:
    database = value.removeprefix("sqlite:///")
    if database == value:
        raise Unfit(f"{quoted(value.partition(':')[0])} is no ledger of this version", 'such as "sqlite:///ledger.db"')
    if not database.strip() or database == ":memory:" or "?" in database or "#" in database:
        raise Unfit("names no file", 'such as "sqlite:///ledger.db" (four slashes for an absolute path)')
    return value


def _listen(value: str) -> str:
    if value != NO_WEB and not value.startswith(EVERYWHERE):
        host_and_port(value)
    elif value.startswith(EVERYWHERE):
        host_and_port(f"127.0.0.1:{value.rpartition(':')[2]}")
    return value


def _web_host(value: str) -> str:
    if address(value) != value or ":" in value or value[-1:].isdecimal():
        raise Unfit(f"{quoted(value)} is not a host name", "such as slamon.example.net; addresses need not be named")
    return value.lower()


def _http(value: str) -> str:
    if not value.startswith(("http://", "https://")) or "@" in value:
        raise Unfit("is not an http(s) URL without a user", 'such as "http://127.0.0.1:8086"')
    return value


class MonitorTable(Table):
    """``[monitor]``: this measuring point."""

    vantage: Id = "local"
    state_dir: Text = DEFAULT_STATE_DIR
    reference: list[Annotated[str, AfterValidator(address)]] = Field(default_factory=list)


class LedgerTable(Table):
    """``[ledger]``."""

    url: Annotated[Text, AfterValidator(_ledger)] = DEFAULT_LEDGER
    four_eyes: bool = False
    personal_key: str | None = None
    personal_key_file: Text | None = None


class ContractsTable(Table):
    """``[contracts]``."""

    dir: Text | None = None


class InventoryTable(Table):
    """``[inventory]``."""

    lines: Text = DEFAULT_LINES


class InfluxTable(Table):
    """``[influxdb]``; without the section there is no InfluxDB."""

    url: Annotated[Text, AfterValidator(_http)]
    org: Text
    bucket: Text
    token: str | None = None
    token_file: Text | None = None
    ca_file: Text | None = None
    raw: Annotated[str, one_of(*RAW)] = "all"
    rollup_s: Annotated[int, Field(ge=10, le=21_600)] = 300
    spool_bytes: Annotated[int, Field(ge=LEAST_SPOOL_BYTES)] = 2_000_000_000
    batch_points: Annotated[int, Field(ge=1, le=100_000)] = 5_000
    timeout_s: Annotated[int, Field(ge=1, le=300)] = 10
    gzip: bool = False


class HistoryTable(Table):
    """``[history]``: how long rollups are kept; days are made of hours, and a month's report needs its days' hours."""

    hourly_days: Annotated[int, Field(ge=2, le=400)] = 35
    daily_days: Annotated[int, Field(ge=35, le=4000)] = 400


class ReportTable(Table):
    """``[report]``: last month's statements, made by themselves on a day of the month."""

    day: Annotated[int, Field(ge=1, le=28)] = 3
    formats: Annotated[list[Annotated[str, one_of(*STATEMENT_FORMATS)]], Field(min_length=1)] = Field(
        default_factory=lambda: ["json", "csv"]
    )
    lang: Annotated[str, one_of("zh", "en")] = "zh"
    dir: Text = "statements"
    mail: Id | None = None


class WebTable(Table):
    """``[web]``."""

    listen: Annotated[Text, AfterValidator(_listen)] = DEFAULT_LISTEN
    token: str | None = None
    token_file: Text | None = None
    hosts: list[Annotated[str, AfterValidator(_web_host)]] = Field(default_factory=list)


class SettingsTable(Table):
    """The whole file; profiles and credentials are checked one by one, each by its own shape."""

    monitor: MonitorTable = MonitorTable()
    ledger: LedgerTable = LedgerTable()
    contracts: ContractsTable = ContractsTable()
    inventory: InventoryTable = InventoryTable()
    profiles: dict[str, Any] = Field(default_factory=dict)
    snmp: dict[str, Any] = Field(default_factory=dict)
    snmp_traps: TrapsTable | None = None
    influxdb: InfluxTable | None = None
    alerts: AlertsTable | None = None
    history: HistoryTable = HistoryTable()
    report: ReportTable | None = None
    web: WebTable = WebTable()
