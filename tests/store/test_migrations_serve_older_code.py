"""What a migration may do when it says that older code goes on, and how it is kept from holding a table for long."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import inspect

from registry.store.database import MIGRATIONS, Database, _revisions
from registry.store.schema import FIRST_TO_SAY


@dataclass(frozen=True)
class Schema:
    """A schema as it was read at one moment.

    Attributes:
        columns: of each column of each table, its type, whether it may be empty, whether it has a default.
        rules: every condition on the rows of a table: foreign keys, what is unique, checks with their words.
        indexes: names of the indexes of each table.
    """

    columns: dict[tuple[str, str], tuple[str, bool, bool]]
    rules: set[tuple[str, str]]
    indexes: dict[str, set[str]]


def directory() -> ScriptDirectory:
    """Answer the migrations as Alembic reads them."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return ScriptDirectory.from_config(config)


def scripts() -> list[Script]:
    """Answer the migrations that say which code they serve, oldest first."""
    return [each for each in directory().walk_revisions() if each.revision >= FIRST_TO_SAY][::-1]


def read(database: Database) -> Schema:
    inspector = inspect(database.engine)
    columns = {
        (table, column["name"]): (str(column["type"]), column["nullable"], column["default"] is not None)
        for (_, table), found in inspector.get_multi_columns().items()
        for column in found
    }
    indexes = {table: found for (_, table), found in inspector.get_multi_indexes().items()}
    rules = {
        (table, f"unique {each['column_names']}") for table in indexes for each in indexes[table] if each["unique"]
    }
    for (_, table), keys in inspector.get_multi_foreign_keys().items():
        rules |= {(table, f"{key['constrained_columns']} in {key['referred_table']}") for key in keys}
    for (_, table), found in inspector.get_multi_unique_constraints().items():
        rules |= {(table, f"unique {each['column_names']}") for each in found}
    for (_, table), checks in inspector.get_multi_check_constraints().items():
        rules |= {(table, str(each["sqltext"])) for each in checks}
    return Schema(columns, rules, {table: {str(each["name"]) for each in found} for table, found in indexes.items()})


def what_breaks(before: Schema, after: Schema) -> list[str]:
    """Say what older code would stumble over: what is gone, is of another type, or is newly asked of a row."""
    old, new = before.columns, after.columns
    tables = {table for table, _ in old}
    gone = [f"{table}.{column} is gone" for table, column in sorted(old.keys() - new.keys())]
    both = old.keys() & new.keys()
    typed = [f"{each} was {old[each][0]}, is {new[each][0]}" for each in both if old[each][0] != new[each][0]]
    asked = [
        f"{table}.{column} has to be filled in"
        for (table, column), (_, empty, default) in new.items()
        if table in tables and not empty and not default and old.get((table, column), ("", True, False))[1]
    ]
    stricter = [
        f"{table}: {words}" for table, words in after.rules - before.rules if table in tables and not _widened(words)
    ]
    return gone + typed + asked + stricter


def new_indexes(before: Schema, after: Schema) -> set[str]:
    """Answer the indexes that older tables have got."""
    return {name for table, names in before.indexes.items() for name in after.indexes.get(table, set()) - names}


def _widened(words: str) -> bool:
    """Whether a check is of a list of values, which grow: who adds one says in words who reads it."""
    return re.fullmatch(r"\(?\(?\w+\)?(::\w+)? (IN|= ANY) .*", words) is not None


def upgrades(script: Script) -> ast.FunctionDef:
    tree = ast.parse(Path(script.path).read_text(encoding="utf-8"))
    (found,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    return found


def test_names_of_migrations_say_what_alembic_would(bare_database: Database) -> None:
    found = [each.revision for each in directory().walk_revisions()]
    assert _revisions() == set(found)
    assert bare_database.head_revision() == directory().get_current_head() == found[0]
    assert found == sorted(found, reverse=True)
    for revision in ("0012", "head"):
        bare_database.upgrade(revision)
        with bare_database.engine.connect() as connection:
            told = MigrationContext.configure(connection).get_current_revision()
        assert bare_database.current_revision() == told is not None
    bare_database.downgrade("base")
    assert bare_database.current_revision() is None


def test_every_migration_says_which_code_it_serves() -> None:
    for script in scripts():
        assert re.fullmatch(r"\d{4}", script.revision), script.revision  # compared as text
        served = getattr(script.module, "serves_code_from", None)
        assert served is not None, f"{script.path}: say which code it serves"
        assert FIRST_TO_SAY <= served <= script.revision


def test_a_migration_that_says_that_it_serves_older_code_takes_nothing_from_it_and_keeps_no_table_from_it(
    bare_database: Database,
) -> None:
    bare_database.upgrade(FIRST_TO_SAY)
    broken, held = {}, {}
    after = read(bare_database)
    for script in scripts()[1:]:
        bare_database.upgrade(script.revision)
        before, after = after, read(bare_database)
        if script.module.serves_code_from < script.revision:
            broken[script.revision] = what_breaks(before, after)
        if "index_online" not in ast.unparse(upgrades(script)):
            held[script.revision] = new_indexes(before, after)
    assert {revision: breaks for revision, breaks in broken.items() if breaks} == {}
    assert {revision: indexes for revision, indexes in held.items() if indexes} == {}, "make them by index_online"


def test_an_index_made_online_is_all_that_its_migration_does() -> None:
    online = [script for script in scripts() if "index_online" in ast.unparse(upgrades(script))]
    assert [script.revision for script in online if len(upgrades(script).body) != 1] == []
