"""One door to the database: reading transactions that cannot write, writing ones that commit only when told to.

SQLite is the embedded default, PostgreSQL the production database. Both give the same two promises: a reading
transaction sees one snapshot and refuses to write; a writing transaction leaves nothing behind unless its verb called
``session.commit()``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from registry.errors import DatabaseNotReadyError, SettingsError

BUSY_TIMEOUT_S = 10
"""How long a writer waits for another, and everybody for a connection, before they give up."""

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
"""Beside the package ``registry``, in a checkout as in an installed wheel."""

_MIGRATION_LOCK = 0x6C696B65  # "like": the PostgreSQL advisory lock that lets one process migrate at a time

_POOL: dict[str, Any] = {"pool_size": 5, "max_overflow": 35, "pool_timeout": BUSY_TIMEOUT_S}
"""Few connections are kept; as many more as there are threads may be opened, each for one short transaction."""

_READ = {"likeness_mode": "read"}
_WRITE = {"likeness_mode": "write"}
_MIGRATE = {"likeness_mode": "migrate"}
_POSTGRESQL_READ: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Database:
    """A registry database. Connections are opened when first needed; make one of these after forking, not before.

    Args:
        url: ``sqlite:///relative.sqlite3``, ``sqlite:////absolute.sqlite3`` or ``postgresql://user@host/name``.

    Raises:
        SettingsError: the URL is malformed, of another database, of an in-memory SQLite, or psycopg is missing.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._parsed = _accept(url)
        self.engine = _make_engine(self._parsed)
        self._reading = self.engine.execution_options(**_READ, **({} if self.is_sqlite else _POSTGRESQL_READ))
        self._writing = self.engine.execution_options(**_WRITE)

    def __repr__(self) -> str:
        return f"Database({self._parsed.render_as_string(hide_password=True)})"

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded database."""
        return self._parsed.get_backend_name() == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a reading transaction: one snapshot, and a write inside it fails.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        with _translated(self), Session(self._reading, expire_on_commit=False) as session:
            session.connection()
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a writing transaction. It is rolled back at the end unless ``session.commit()`` was called.

        On SQLite writers take turns from the first statement on (``BEGIN IMMEDIATE``), so two of them never dead-lock
        while turning a read lock into a write lock. On PostgreSQL the isolation is READ COMMITTED: a verb that decides
        from a row and then changes it reads that row ``FOR UPDATE``.

        Raises:
            DatabaseNotReadyError: the database cannot be reached, or another writer held it for `BUSY_TIMEOUT_S`.
        """
        with _translated(self), Session(self._writing, expire_on_commit=False) as session:
            session.connection()
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema to ``revision``, making an SQLite file (mode 0600) and its folder when there is none.

        Processes that do this at the same time take turns; the later ones find nothing left to do.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        if self.is_sqlite:
            _make_private_file(Path(str(self._parsed.database)))
        with self._migrating() as config:
            command.upgrade(config, revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to ``revision`` (``base`` for an empty database). What the newer one held is lost.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        with self._migrating() as config:
            command.downgrade(config, revision)

    def current_revision(self) -> str | None:
        """Answer the revision the database is at, or None when it was never migrated.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        if self.is_sqlite and not Path(str(self._parsed.database)).exists():
            return None
        with self.read() as session:
            return MigrationContext.configure(session.connection()).get_current_revision()

    def head_revision(self) -> str | None:
        """Answer the revision this code needs."""
        return ScriptDirectory.from_config(_alembic_config()).get_current_head()

    def require_current_schema(self) -> None:
        """Refuse to go on with a schema of another version.

        Raises:
            DatabaseNotReadyError: figures ``current`` and ``needed``; or the database cannot be reached.
        """
        current, needed = self.current_revision(), self.head_revision()
        if current != needed:
            raise DatabaseNotReadyError(
                f"the schema is {current or 'none'}, this version needs {needed}: run `likeness db upgrade`",
                current=current,
                needed=needed,
            )

    def scrub(self) -> None:
        """Let what was deleted leave the write-ahead log as well. Best effort: a reader that is busy puts it off.

        SQLite only; what PostgreSQL keeps until it vacuums is the operator's to know.
        """
        if not self.is_sqlite:
            return
        with _translated(self):
            connection = self.engine.raw_connection()  # a checkpoint cannot run inside a transaction
            try:
                connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.close()

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()

    @contextmanager
    def _migrating(self) -> Iterator[Config]:
        """Open one transaction for Alembic, alone among all processes that migrate."""
        engine = self.engine.execution_options(**_MIGRATE)
        with _translated(self), engine.begin() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            yield _alembic_config(connection)
            if self.is_sqlite:
                _require_intact_references(connection)


def _accept(url: str) -> URL:
    """Parse a URL and refuse what the registry cannot stand on."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsError("the database URL cannot be read; it looks like sqlite:///registry.sqlite3") from error
    if parsed.drivername in {"postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise SettingsError(f"the database is sqlite:// or postgresql://, not {parsed.drivername}://")
    if parsed.database in {None, "", ":memory:"}:
        raise SettingsError("an SQLite database needs a file, such as sqlite:///registry.sqlite3: memory is not shared")
    return parsed


def _make_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        # isolation_level None: the driver begins nothing by itself, `_begin_sqlite` does.
        arguments = {"timeout": BUSY_TIMEOUT_S, "isolation_level": None, "check_same_thread": False}
        engine = create_engine(url, **_POOL, connect_args=arguments)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        arguments = {"connect_timeout": BUSY_TIMEOUT_S}
        return create_engine(url, **_POOL, pool_pre_ping=True, connect_args=arguments)
    except ImportError as error:
        raise SettingsError("PostgreSQL needs psycopg: pip install 'likeness-registry[postgres]'") from error


def _prepare_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001  (signature of the event)
    """Set what SQLite forgets with each connection.

    ``synchronous=FULL``: in WAL mode NORMAL may lose the last commits when the power fails, and a withdrawal that was
    confirmed must not come undone; one flush a commit is the price. ``secure_delete``: a destroyed key is overwritten
    in the file, not only unlinked from it.
    """
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin what the mode asks for; an engine without a mode reads.

    Migrations rebuild tables, which with foreign keys on would delete what refers to them; they check afterwards.
    """
    mode = connection.get_execution_options().get("likeness_mode", "read")
    connection.exec_driver_sql(f"PRAGMA foreign_keys={'OFF' if mode == 'migrate' else 'ON'}")
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if mode == 'read' else 'OFF'}")
    connection.exec_driver_sql("BEGIN" if mode == "read" else "BEGIN IMMEDIATE")


def _require_intact_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if broken:
        tables = sorted({str(row[0]) for row in broken})
        raise DatabaseNotReadyError(
            f"the migration would leave {len(broken)} rows that refer to nothing, in {', '.join(tables)}; undone",
            rows=len(broken),
            tables=tables,
        )


def _make_private_file(path: Path) -> None:
    """Make the file before SQLite does, which would leave wrapped keys readable to everyone under a common umask."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise DatabaseNotReadyError(f"the database file {path} cannot be made: {error.strerror}") from error


def _alembic_config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _translated(database: Database) -> Iterator[None]:
    """Turn "cannot connect", "connection lost", "locked for too long" and "not a database" into our own error."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseNotReadyError(f"every connection to the database is in use: {database!r}") from error
    except DatabaseError as error:
        if type(error) is not DatabaseError and not isinstance(error, OperationalError):
            raise  # a constraint spoke, or our own statement is wrong: that is for the verb
        cause = str(error.orig).strip().splitlines()[0]
        raise DatabaseNotReadyError(f"the database does not answer ({cause}): {database!r}") from error
