"""The schema that the migrations make is the one that the models describe, on both databases."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.engine import Connection

from registry.errors import DatabaseNotReadyError
from registry.store import models
from registry.store.database import Database

ROOT = Path(__file__).resolve().parents[2]


def table_names(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def migrated_checks(connection: Connection) -> dict[str, set[str | None]]:
    inspector = inspect(connection)
    return {
        table: {check["name"] for check in inspector.get_check_constraints(table)} for table in models.metadata.tables
    }


def modelled_checks() -> dict[str, set[str | None]]:
    """Enums bring their own check, which takes its name when the table is made; so names are compared as rendered."""
    return {
        name: {
            f"ck_{name}_{str(constraint.name).removeprefix(f'ck_{name}_')}"
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for name, table in models.metadata.tables.items()
    }


def test_a_migration_that_leaves_rows_referring_to_nothing_is_undone(sqlite_database: Database) -> None:
    with sqlite_database.engine.execution_options(likeness_mode="migrate").begin() as connection:
        connection.execute(
            text("INSERT INTO journal_openings (seq, salt, details) VALUES (77, :salt, '{}')"), {"salt": b"salt"}
        )
    with pytest.raises(DatabaseNotReadyError, match="journal_openings"):
        sqlite_database.upgrade()


def test_the_migrated_schema_is_the_modelled_one(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, models.metadata) == []


def test_every_check_constraint_of_the_models_is_in_the_database(database: Database) -> None:
    with database.engine.connect() as connection:
        assert migrated_checks(connection) == modelled_checks()


def test_up_down_and_up_again_end_where_they_should(bare_database: Database) -> None:
    bare_database.upgrade()
    assert table_names(bare_database) == set(models.metadata.tables)
    bare_database.downgrade("base")
    assert table_names(bare_database) == set()
    bare_database.upgrade()
    bare_database.require_current_schema()
    assert table_names(bare_database) == set(models.metadata.tables)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    database.upgrade()
    database.require_current_schema()


def test_processes_that_upgrade_at_once_all_succeed(bare_database: Database) -> None:
    program = f"from registry.store.database import Database; Database({bare_database.url!r}).upgrade()"
    processes = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(3)]  # noqa: S603  (our own program)
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    bare_database.require_current_schema()


def test_it_upgrades_from_any_folder(tmp_path: Path) -> None:
    program = "from registry.store.database import Database; Database('sqlite:///here.sqlite3').upgrade()"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, check=True)  # noqa: S603  (our own program)
    Database(f"sqlite:///{tmp_path}/here.sqlite3").require_current_schema()


def test_the_alembic_command_works_for_people_who_write_migrations(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/scratch.sqlite3"
    command = [sys.executable, "-m", "alembic", "-x", f"url={url}"]
    subprocess.run([*command, "upgrade", "head"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603  (our own command)
    subprocess.run([*command, "check"], cwd=ROOT, check=True, capture_output=True)  # noqa: S603  (our own command)
