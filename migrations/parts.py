"""What every migration is written with: types of columns, checks, and changing a table in both databases.

These are frozen as the revisions are: what a revision has made with them, they go on making.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import sqlalchemy as sa
from alembic import op
from alembic.operations import BatchOperations
from sqlalchemy.dialects import postgresql

ID: Final = sa.String(40)
SHA256: Final = sa.String(64)
BYTES: Final = sa.LargeBinary()
MOMENT: Final = sa.DateTime(timezone=True)
JSON: Final = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def on_sqlite() -> bool:
    """Answer whether the database is SQLite; otherwise it is PostgreSQL."""
    return op.get_bind().dialect.name == "sqlite"


def choice(name: str, *values: str) -> sa.Enum:
    """Answer the type of a column that holds text, one of these values, checked by the database."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def one_of(column: str, *values: str) -> str:
    """Answer the condition that a column holds one of these values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    """Answer a check with the name that the models give it."""
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def references(table: str, **columns: str) -> list[sa.ForeignKeyConstraint]:
    """Answer a reference for each column to the id of another table, with the name that the models give it."""
    return [
        sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}_{other}"))
        for column, other in columns.items()
    ]


def differ(*columns: str) -> str:
    """Answer the condition that an update changes any of some columns."""
    differs = "IS NOT" if on_sqlite() else "IS DISTINCT FROM"
    return " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in columns)


def rebuild(
    table: str,
    before: Mapping[str, str],
    after: Mapping[str, str],
    change: Callable[[BatchOperations], object] | None = None,
) -> None:
    """Change a table and its checks. SQLite makes the table anew, and would lose the checks that it is not given.

    Args:
        table: to change.
        before: every check that it has, by name without the table's prefix.
        after: every check that it is to have.
        change: what else is done to it.
    """
    if on_sqlite():
        kept = tuple(check(table, name, condition) for name, condition in after.items())
        with op.batch_alter_table(table, recreate="always", copy_from=_without_checks(table), table_args=kept) as batch:
            if change is not None:
                change(batch)
        return
    for name in (name for name, condition in before.items() if after.get(name) != condition):
        op.drop_constraint(op.f(f"ck_{table}_{name}"), table, type_="check")
    if change is not None:
        with op.batch_alter_table(table) as batch:
            change(batch)
    for name in (name for name, condition in after.items() if before.get(name) != condition):
        op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, after[name])


def index_online(
    name: str, table: str, columns: Sequence[str], *, unique: bool = False, where: str | None = None
) -> None:
    """Make an index on a table that exists, without keeping anybody from writing to it meanwhile.

    PostgreSQL does that outside of a transaction, so it is all that its migration does: what was cut short is begun
    anew when it is run again.

    Args:
        name: of the index.
        table: that it is on.
        columns: of the table.
        unique: whether no two rows have the same.
        where: which rows it has, as SQL; None for all.
    """
    only = None if where is None else sa.text(where)
    if on_sqlite():
        op.create_index(name, table, list(columns), unique=unique, sqlite_where=only)
        return
    with op.get_context().autocommit_block():
        bounded = op.get_bind().scalar(sa.text("SHOW lock_timeout"))
        op.execute("SET lock_timeout = 0")  # it waits for readers that are there, such as a backup, and nobody for it
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)  # cut short, it is there and not valid
        op.create_index(name, table, list(columns), unique=unique, postgresql_concurrently=True, postgresql_where=only)
        op.execute(f"SET lock_timeout = '{bounded}'")


def drop_index_online(name: str, table: str) -> None:
    """Take back what `index_online` made."""
    if on_sqlite():
        op.drop_index(name, table)
        return
    with op.get_context().autocommit_block():
        op.drop_index(name, table, if_exists=True, postgresql_concurrently=True)


def refuse_changes(
    table: str, words: str, *, when: str | None = None, delete: bool = False, unique: Sequence[str] = ("id",)
) -> None:
    """Let the database itself refuse to change rows, and where they are not to be deleted, to empty or replace them.

    SQLite replaces a row (``INSERT OR REPLACE``) without asking triggers on deletion; PostgreSQL empties a table
    (``TRUNCATE``) without asking those on rows.

    Args:
        table: whose rows stay as they are.
        words: what the refusal says.
        when: of which rows, as a condition on ``OLD``; by default of all.
        delete: refuse to delete them as well.
        unique: columns of which each is unique by itself.
    """
    condition = f"WHEN ({when}) " if when else ""
    changes = ("UPDATE", "DELETE") if delete else ("UPDATE",)
    if on_sqlite():
        for each in changes:
            op.execute(
                f"CREATE TRIGGER {table}_kept_at_{each.lower()} BEFORE {each} ON {table} {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        if delete:
            same = " OR ".join(f"{column} = NEW.{column}" for column in unique)
            known = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608  (names of our own)
            op.execute(
                f"CREATE TRIGGER {table}_kept_at_insert BEFORE INSERT ON {table} "
                f"WHEN {known} BEGIN SELECT RAISE(ABORT, '{words}'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION refuse_change_of_{table}() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{words}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE {' OR '.join(changes)} ON {table} FOR EACH ROW {condition}"
        f"EXECUTE FUNCTION refuse_change_of_{table}()"
    )
    if delete:
        op.execute(
            f"CREATE TRIGGER {table}_kept_whole BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            f"EXECUTE FUNCTION refuse_change_of_{table}()"
        )


def drop_refusal(table: str) -> None:
    """Drop what `refuse_changes` left behind when the table was dropped: in PostgreSQL, a function."""
    if not on_sqlite():
        op.execute(f"DROP FUNCTION refuse_change_of_{table}()")


def allow_changes(table: str, *, delete: bool = False) -> None:
    """Take back what `refuse_changes` did to a table that stays; ``delete`` as it was there."""
    if on_sqlite():
        for each in ("update", "delete", "insert") if delete else ("update",):
            op.execute(f"DROP TRIGGER {table}_kept_at_{each}")
        return
    op.execute(f"DROP TRIGGER {table}_kept ON {table}")
    if delete:
        op.execute(f"DROP TRIGGER {table}_kept_whole ON {table}")
    drop_refusal(table)


def _without_checks(table: str) -> sa.Table:
    """Answer a table as it is, but for its checks: some versions of SQLAlchemy read them, and some do not."""
    found = sa.Table(table, sa.MetaData(), autoload_with=op.get_bind(), resolve_fks=False)
    for constraint in [each for each in found.constraints if isinstance(each, sa.CheckConstraint)]:
        found.constraints.discard(constraint)
    return found
