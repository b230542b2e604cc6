"""docs/configuration.md: every key of slamon.toml with its default and unit, from the models that check the file."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Iterator
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from slamon.config.channels_file import KINDS, AlertsTable, ChannelTable
from slamon.config.contract_file import (
    ComplaintTable,
    ContractTable,
    ExclusionTable,
    LimitTable,
    MaintenanceTable,
    VatTable,
)
from slamon.config.oncall_file import (
    ChainTable,
    ChoiceTable,
    DatesTable,
    OnCallTable,
    PersonTable,
    PolicyTable,
    QuietTable,
    RotaTable,
    ShiftTable,
    StepTable,
    TurnsTable,
)
from slamon.config.profiles import SHIPPED, CriterionTable, ProfileTable
from slamon.config.settings_file import (
    ContractsTable,
    HistoryTable,
    InfluxTable,
    InventoryTable,
    LedgerTable,
    MonitorTable,
    ReportTable,
    SettingsTable,
    WebTable,
)
from slamon.config.snmp_file import ExtraTable, SnmpTable, TrapsTable
from slamon.config.validation import Table
from tests.docs.configuration_words import WORDS

SECTIONS: tuple[tuple[str, type[Table], str], ...] = (
    ("[monitor]", MonitorTable, "This measuring point."),
    ("[ledger]", LedgerTable, "The truth about incidents and money."),
    ("[contracts]", ContractsTable, "Agreements; `slamon check` says which are in force."),
    ("[inventory]", InventoryTable, "The lines; its columns are explained in `configs/lines.example.csv`."),
    ("[profiles.NAME]", ProfileTable, "How lines are probed and judged; every profile inherits from `default`."),
    ("profiles.NAME.degraded", CriterionTable, "One criterion."),
    ("[snmp.NAME]", SnmpTable, "How to ask the devices that the inventory names with `NAME@address`."),
    ("[[snmp.NAME.extra]]", ExtraTable, "A further object; it is degraded where a bound is given."),
    ("[snmp_traps]", TrapsTable, "Without the section no trap is listened for."),
    ("[influxdb]", InfluxTable, "Without the section there is no InfluxDB ([docs](influxdb.md))."),
    ("[alerts]", AlertsTable, "Whom to tell and how ([docs](alerting.md)); without the section nobody is told."),
    *(
        (f'[alerts.channels.NAME] with kind = "{kind}"', table, (table.__doc__ or "").strip())
        for kind, table in KINDS.items()
    ),
    (
        "[report]",
        ReportTable,
        "Without the section no statement makes itself (`slamon report --due`, slamon-report.timer).",
    ),
    ("[history]", HistoryTable, "How long rollups of loss, RTT and IPDV are kept on this machine."),
    ("[web]", WebTable, "Health and metrics ([docs](monitoring.md))."),
)
PEOPLE: tuple[tuple[str, type[Table], str], ...] = (
    ("the file itself", OnCallTable, "`oncall.toml`, named by `[alerts] oncall`."),
    ("[policy]", PolicyTable, "A key that is left out keeps the default of `slamon/core/alerting/policy.py`."),
    ("[people.ID]", PersonTable, "Somebody who can be called."),
    ("[[people.ID.quiet]]", QuietTable, "Quiet hours."),
    ("[rotas.ID]", RotaTable, "Who is on call when."),
    ("rotas.ID.turns", TurnsTable, "People who take turns."),
    ("[[rotas.ID.weekly]]", ShiftTable, "A shift of the week."),
    ("[[rotas.ID.dates]]", DatesTable, "Days of the calendar."),
    ("[chains.ID]", ChainTable, "Who is called after whom."),
    ("[[chains.ID.steps]]", StepTable, "One step."),
    ("[[choose]]", ChoiceTable, "Which chain for what."),
)
AGREEMENTS: tuple[tuple[str, type[Table], str], ...] = (
    ("the file itself", ContractTable, "A contract: `*.toml` in `[contracts] dir`."),
    ("[[vat]]", VatTable, "A rate."),
    ("[[limits]]", LimitTable, "A row of the restore-time table."),
    ("[maintenance]", MaintenanceTable, "Planned work."),
    ("[[exclusions]]", ExclusionTable, "One kind of exclusion."),
    ("[complaints]", ComplaintTable, "Shown when set; no money rests on them."),
)
UNITS = {"_s": "s", "_ms": "ms", "_bytes": "bytes", "_mbps": "Mbit/s", "_hours": "h", "_per_minute": "1/min"}

_PAGE = """# slamon.toml, key by key

Drawn from the models that check the file (`make docs`). A key marked * has no default. Relative paths are relative to
the file; unknown keys are refused. Secrets stand in files that not everybody can read (`*_file`; systemd's credentials
come first), or in the environment (`"${{NAME}}"`).

{sections}
# oncall.toml

[configs/oncall.example.toml](../configs/oncall.example.toml) has all of it at work.

{people}
# Contracts

[configs/contracts](../configs/contracts) has the four that ship.

{agreements}"""


def page() -> str:
    """Return the page."""
    parts = {"sections": SECTIONS, "people": PEOPLE, "agreements": AGREEMENTS}
    return _PAGE.format(**{name: "\n".join(_section(*one) for one in part) for name, part in parts.items()})


def missing() -> set[str]:
    """Return the tables of the settings that no section shows."""
    shown = {table for _, table, _ in SECTIONS}
    inner = {kind for field in SettingsTable.model_fields.values() for kind in _tables(field.annotation)}
    return {table.__name__ for table in inner - shown}


def _tables(annotation: Any) -> Iterator[type[Table]]:
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
    for part in typing.get_args(annotation):
        yield from _tables(part)


def _section(title: str, table: type[Table], about: str) -> str:
    rows = [f"| {_row(table, name, field)} |" for name, field in table.model_fields.items()]
    head = f"## `{title}`\n\n{about}\n\n"
    return head + "| key | default | unit or values | meaning |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"


def _row(table: type[Table], name: str, field: FieldInfo) -> str:
    owner = next(one for one in table.__mro__ if name in one.__annotations__)
    if owner is ChannelTable and table is not ChannelTable:
        words = WORDS["ChannelTable"][name]
    else:
        words = WORDS[owner.__name__][field.alias or name]
    key = field.alias or name
    cells = [f"`{key}`{'*' if field.is_required() else ''}", _default(table, name, field), _values(name, field), words]
    return " | ".join(cell.replace("|", "\\|") for cell in cells)


def _default(table: type[Table], name: str, field: FieldInfo) -> str:
    if field.is_required():
        return ""
    if table is ProfileTable:
        value = getattr(SHIPPED, name)
        return "see the example" if isinstance(value, tuple) else _text(value)
    return _text(field.get_default(call_default_factory=True))


def _text(value: object) -> str:
    if value is None or value == "" or (isinstance(value, list | dict | tuple) and not value):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return f'`"{value}"`'
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _values(name: str, field: FieldInfo) -> str:
    """Return a key's unit and bounds, or the words that it may be."""
    metadata = list(_metadata(field))
    words = [str(word) for one in metadata for word in _choices(one)]
    if words:
        return ", ".join(f"`{word}`" for word in words)
    unit = next((unit for suffix, unit in UNITS.items() if name.endswith(suffix)), "")
    low = next((one.ge for one in metadata if isinstance(one, Ge)), None)
    high = next((one.le for one in metadata if isinstance(one, Le)), None)
    bounds = f"{low} to {high}" if high is not None else f"at least {low}" if low is not None else ""
    return " ".join(part for part in (unit, f"({bounds})" if unit and bounds else bounds) if part)


def _choices(check: object) -> tuple[object, ...]:
    """Return the words that `validation.one_of` was given."""
    function = getattr(check, "func", None)
    if not isinstance(function, types.FunctionType) or not function.__qualname__.startswith("one_of."):
        return ()
    words: tuple[object, ...] = inspect.getclosurevars(function).nonlocals["words"]
    return words


def _metadata(field: FieldInfo) -> Iterator[object]:
    yield from field.metadata
    for part in _parts(field.annotation):
        for one in getattr(part, "__metadata__", ()):
            yield from one.metadata if isinstance(one, FieldInfo) else (one,)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in typing.get_args(annotation):
        yield from _parts(part)
