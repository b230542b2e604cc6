"""The schema has one linear history; ledgers of every earlier version come up to date, later ones are refused."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from slamon.store import migrate, sqlite
from slamon.store.errors import NewerSchema, NotALedger, OlderSchema
from slamon.store.ledger import Ledger
from slamon.store.schema import VERSION, metadata
from tests.store.facts import draft, stamp, url

VERSIONS = sorted(file.name[:4] for file in (migrate.SCRIPTS / "versions").glob("[0-9]*.py"))


def version(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


def made_at(path: Path, to: str) -> None:
    with sqlite.made_ready(path):
        engine = sqlite.engine_for(path, read_only=False)
        with sqlite.writing(engine.connect()) as connection, connection.begin():
            migrate.upgrade(connection, to)
        engine.dispose()


def test_the_history_is_linear_and_ends_where_the_code_stands():
    """One base, one head, in the order of their numbers; `schema.VERSION` is the head."""
    config = Config()
    config.set_main_option("script_location", str(migrate.SCRIPTS))
    config.set_main_option("path_separator", "os")
    walked = list(ScriptDirectory.from_config(config).walk_revisions())
    assert [script.revision for script in reversed(walked)] == VERSIONS
    assert VERSIONS[-1] == VERSION
    assert all(not script.is_branch_point for script in walked)


def test_the_migrations_make_the_tables_that_the_code_knows(ledger):
    """Alembic finds no difference between a migrated ledger and `schema.metadata`."""
    with ledger._engine.connect() as connection:  # noqa: SLF001 - the schema is looked at below the API
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


@pytest.mark.parametrize("older", VERSIONS[:-1])
def test_an_older_ledger_comes_up_to_date_with_its_entries(tmp_path, older):
    """A ledger of an earlier version keeps its chain; read-only it is refused, with the way out."""
    path = tmp_path / "ledger.db"
    made_at(path, older)
    with Ledger.open(url(tmp_path / "new.db"), writer="nanning-1", stamp=stamp) as new:
        new.append([draft(1), draft(2)])
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("ATTACH ? AS new", (str(new.path),))
            connection.execute("INSERT INTO entry SELECT * FROM new.entry")
    with pytest.raises(OlderSchema, match="open it once for writing"):
        Ledger.open(url(path), writer="x", stamp=stamp, read_only=True)
    with Ledger.open(url(path), writer="nanning-1", stamp=stamp) as ledger:
        assert ledger.commit([draft(3)], states={"GX-1": "{}"}) == [3]
        assert ledger.verify().sound
    assert version(path) == VERSION


def test_an_empty_file_becomes_a_ledger(tmp_path):
    """A process that died between making the file and its tables leaves nothing that stops the next one."""
    path = tmp_path / "ledger.db"
    path.touch()
    with Ledger.open(url(path), writer="x", stamp=stamp) as ledger:
        assert ledger.append([draft(1)]) == [1]


@pytest.mark.parametrize("options", [{}, {"read_only": True}])
def test_a_later_ledger_is_refused_and_not_touched(tmp_path, options):
    """The message says who wrote it and what to do; the version stays."""
    path = tmp_path / "ledger.db"
    made_at(path, VERSION)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    with pytest.raises(NewerSchema, match="schema 0099, and this slamon knows schemas up to"):
        Ledger.open(url(path), writer="x", stamp=stamp, **options)
    assert version(path) == "0099"


def test_somebody_elses_alembic_database_is_refused(tmp_path):
    """A schema named in another way is not ours."""
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE alembic_version (version_num)")
        connection.execute("INSERT INTO alembic_version VALUES ('1975ea83b712')")
    with pytest.raises(NotALedger, match="its schema is named '1975ea83b712'"):
        Ledger.open(url(path), writer="x", stamp=stamp)


def test_alembic_is_not_loaded_where_nothing_is_to_do(ledger):
    """Every command opens the ledger: the usual case does not pay for migrations.

    Mutant: the imports of `migrate.upgrade` at the top of the module: alembic is loaded.
    """
    program = (
        "import sys; from slamon.store.ledger import Ledger; from tests.store.facts import stamp; "
        f"Ledger.open({url(ledger.path)!r}, writer='x', stamp=stamp).close(); sys.exit('alembic' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=migrate.SCRIPTS.parents[2], check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("older", VERSIONS[:-1])
def test_an_older_ledger_is_copied_before_it_is_migrated(tmp_path, older):
    """The way back lies beside it, as it was; a second migration does not write over it.

    Mutant: no `_put_aside` in `_prepare`: the copy is missing.
    """
    path = tmp_path / "ledger.db"
    made_at(path, older)
    Ledger.open(url(path), writer="x", stamp=stamp).close()
    aside = tmp_path / f"ledger.db.schema-{older}"
    assert (version(aside), version(path)) == (older, VERSION)
    kept = aside.read_bytes()
    path.unlink()
    made_at(path, older)
    Ledger.open(url(path), writer="x", stamp=stamp).close()
    assert aside.read_bytes() == kept
