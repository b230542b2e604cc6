"""Brings a ledger's schema up to date, and refuses what is not a ledger of this slamon or an earlier one.

Every command opens the ledger, so the version is read directly; Alembic is imported only when there is work.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect

from slamon.store.errors import NewerSchema, NotALedger
from slamon.store.schema import VERSION

SCRIPTS = Path(__file__).parent / "migrations"


def current_version(connection: Connection, place: str) -> str | None:
    """Return the schema's version, None for an empty database.

    Raises:
        NotALedger: the database holds tables of something else.
        NewerSchema: a later slamon wrote it.
    """
    tables = set(inspect(connection).get_table_names())
    if "alembic_version" not in tables:
        if tables:
            raise NotALedger(f"{place} is a database, but no ledger of slamon: it holds {', '.join(sorted(tables))}")
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if version is None:
        return None
    if not (isinstance(version, str) and version.isdecimal() and len(version) == len(VERSION)):
        raise NotALedger(f"{place} is a database, but no ledger of slamon: its schema is named {version!r}")
    if version > VERSION:
        raise NewerSchema(
            f"{place} has schema {version}, and this slamon knows schemas up to {VERSION}: "
            "a later slamon wrote it; install that one, or restore a backup from before the upgrade"
        )
    return version


def upgrade(connection: Connection, to: str = VERSION) -> None:
    """Run the migrations that are missing, inside the transaction that the connection is in."""
    from alembic import command  # noqa: PLC0415 - slow to import, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, to)
