"""Tables as rows that any database takes: read in one snapshot, and written into a database that is empty.

What tables there are and what is in their columns is read from the database itself, so that a copy made by one version
of the registry, or of one kind of database, can be written by another. A row is a list of JSON values in the order of
its table's columns; what JSON has no form for is text.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.schema import AddConstraint, DropConstraint, ForeignKeyConstraint
from sqlalchemy.types import TypeEngine

from registry.errors import DatabaseNotReadyError
from registry.store.types import Json, UtcDateTime

_REVISION: Final = Table("alembic_version", MetaData(), Column("version_num", Text))
"""Where Alembic keeps the revision of the schema, in one row."""

KEYS: Final = "performer_keys"
"""Never copied with the rest: what opens voiceprints is kept apart."""

SECRETS: Final[Mapping[str, frozenset[str]]] = {KEYS: frozenset({"master_key_id", "wrapped_key"})}
"""Columns that are left out of a table."""

LEFT_OUT: Final = frozenset(
    {
        _REVISION.name,  # a database that was migrated has its own rows
        "schema_revisions",
        "workers",  # signs of life
        "sessions",  # who was signed in signs in again
        "sign_in_links",
        "idempotent_answers",  # kept for a day, and of no use without what they answered
    }
)
"""Tables whose rows are of no use in another database, or would do harm."""

MARKER: Final = "restore_unfinished"
_AT_A_TIME: Final = 1000
_KINDS: Final[Sequence[tuple[type[TypeEngine[Any]], str]]] = (
    (Boolean, "bool"),
    (DateTime, "moment"),
    (Date, "day"),
    (JSON, "json"),
    (LargeBinary, "bytes"),
    (Integer, "int"),
    (Float, "float"),
    (Numeric, "float"),
)
_TYPES: Final[Mapping[str, TypeEngine[Any]]] = {
    "bool": Boolean(),
    "moment": UtcDateTime(),
    "day": Date(),
    "json": Json,
    "bytes": LargeBinary(),
    "int": BigInteger(),
    "float": Float(),
    "text": Text(),
}
_WRITTEN: Final[Mapping[str, Callable[[Any], object]]] = {
    "moment": lambda value: value.astimezone(UTC).isoformat(),
    "day": date.isoformat,
    "bytes": lambda value: b64encode(value).decode("ascii"),
}
_READ: Final[Mapping[str, Callable[[Any], object]]] = {
    "moment": datetime.fromisoformat,
    "day": date.fromisoformat,
    "bytes": b64decode,
}

Row = list[Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """A table, and what kind of value each of its columns holds.

    Attributes:
        table: its name.
        kinds: by name of the column, in their order: ``bool``, ``moment``, ``day``, ``json``, ``bytes``, ``int``,
            ``float`` or ``text``.
        key: the columns of the primary key.
    """

    table: str
    kinds: Mapping[str, str]
    key: Sequence[str] = ()

    def described(self) -> Table:
        """Answer the table as statements name it."""
        return Table(self.table, MetaData(), *(Column(name, _TYPES[kind]) for name, kind in self.kinds.items()))


def schema_of(connection: Connection) -> str | None:
    """Answer the revision of a database's schema; None when it was never migrated."""
    if not inspect(connection).has_table(_REVISION.name):
        return None
    return connection.scalar(select(_REVISION.c.version_num))


# --- reading ---------------------------------------------------------------------------------------------------------


def columns_of_all(connection: Connection) -> Sequence[Columns]:
    """Answer every table that is copied, by name, without the columns that are left out."""
    inspector = inspect(connection)
    return [
        _columns(inspector, name) for name in sorted(inspector.get_table_names()) if name not in LEFT_OUT | {MARKER}
    ]


def _columns(inspector: Any, name: str) -> Columns:
    left_out = SECRETS.get(name, frozenset())
    kinds = {each["name"]: _kind(each["type"]) for each in inspector.get_columns(name) if each["name"] not in left_out}
    return Columns(name, kinds, inspector.get_pk_constraint(name)["constrained_columns"])


def _kind(of: TypeEngine[Any]) -> str:
    return next((kind for known, kind in _KINDS if isinstance(of, known)), "text")


def rows_of(connection: Connection, columns: Columns) -> Iterator[Row]:
    """Yield the rows of a table in the order of its key, some at a time."""
    table = columns.described()
    order = [table.c[name] for name in columns.key]
    writers = [_WRITTEN.get(kind) for kind in columns.kinds.values()]
    found = connection.execute(select(table).order_by(*order), execution_options={"yield_per": _AT_A_TIME})
    for row in found:
        yield [
            value if value is None or write is None else write(value) for value, write in zip(row, writers, strict=True)
        ]


# --- writing ---------------------------------------------------------------------------------------------------------


def write_rows(connection: Connection, columns: Columns, rows: Iterator[Row]) -> int:
    """Write the rows of a table, some at a time; answer how many there were."""
    table, names = columns.described(), list(columns.kinds)
    readers = [_READ.get(kind) for kind in columns.kinds.values()]
    written = 0
    while part := list(islice(rows, _AT_A_TIME)):
        values = [
            {
                name: value if value is None or read is None else read(value)
                for name, value, read in zip(names, row, readers, strict=True)
            }
            for row in part
        ]
        connection.execute(insert(table), values)
        written += len(part)
    return written


def require_same_columns(connection: Connection, wanted: Sequence[Columns]) -> None:
    """Refuse rows of tables or columns that the database has not, or has more of than may be left empty.

    Raises:
        DatabaseNotReadyError: figure ``tables``.
    """
    here = {each.table: set(each.kinds) for each in columns_of_all(connection)}
    other = sorted(each.table for each in wanted if set(each.kinds) != here.get(each.table))
    other += sorted(here.keys() - {each.table for each in wanted})
    if other:
        raise DatabaseNotReadyError(f"the database has other tables or columns: {', '.join(other)}", tables=other)


def is_empty(connection: Connection) -> bool:
    """Whether no table that is copied has a row."""
    inspector = inspect(connection)
    tables = [name for name in inspector.get_table_names() if name not in {_REVISION.name, "schema_revisions"}]
    return not any(
        connection.execute(select(text("1")).select_from(Table(name, MetaData())).limit(1)).first() for name in tables
    )


@contextmanager
def references_checked_at_the_end(connection: Connection) -> Iterator[None]:
    """Let rows come in any order: what refers to what is checked once all are there.

    On PostgreSQL the foreign keys are dropped for the block and made anew; on SQLite the caller's connection checks
    none, and checks all of them before it commits.

    Raises:
        sqlalchemy.exc.IntegrityError: a row refers to nothing.
    """
    if connection.dialect.name == "sqlite":
        yield
        return
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    found = MetaData()
    found.reflect(connection)
    keys = [
        each for table in found.sorted_tables for each in table.constraints if isinstance(each, ForeignKeyConstraint)
    ]
    for key in keys:
        connection.execute(DropConstraint(key))
    yield
    for key in keys:
        connection.execute(AddConstraint(key))


def continue_sequences(connection: Connection) -> None:
    """Let numbers that PostgreSQL gives begin behind those that were written; SQLite sees to it by itself."""
    if connection.dialect.name == "sqlite":
        return
    for columns in columns_of_all(connection):
        for name in columns.key:
            asked = {"table": columns.table, "name": name}
            sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:table, :name)"), asked)
            if sequence is not None:
                last = connection.scalar(select(func.max(columns.described().c[name])))
                if last is not None:
                    connection.execute(text("SELECT setval(:sequence, :last)"), {"sequence": sequence, "last": last})


# --- between the beginning and the end of a restore ------------------------------------------------------------------


def mark_unfinished(connection: Connection, backup_id: str) -> None:
    """Note in the database that rows of a backup are in it, and that it may not be used yet."""
    connection.execute(text(f"CREATE TABLE {MARKER} (backup_id VARCHAR(40) NOT NULL)"))
    connection.execute(text(f"INSERT INTO {MARKER} VALUES (:id)"), {"id": backup_id})  # noqa: S608  (a name of our own)


def unfinished_backup(connection: Connection) -> str | None:
    """Answer the backup whose restore has begun in this database and not ended."""
    if not inspect(connection).has_table(MARKER):
        return None
    found: str = connection.execute(text(f"SELECT backup_id FROM {MARKER}")).scalar_one()  # noqa: S608  (as above)
    return found


def mark_finished(connection: Connection) -> None:
    """Take the note back, in the transaction that ends the restore."""
    connection.execute(text(f"DROP TABLE {MARKER}"))
