"""One door to the database: reading transactions that cannot write, writing ones that commit only when told to.

SQLite is the embedded default, PostgreSQL the production database. Both give the same two promises: a reading
transaction sees one snapshot and refuses to write; a writing transaction leaves nothing behind unless its verb called
``session.commit()``.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DatabaseError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from registry.errors import DatabaseNotReadyError, DatabaseUnavailableError, SettingsError, StorageFullError
from registry.store.dump import schema_of, unfinished_backup
from registry.store.schema import FIRST_TO_SAY, Standing, serves_code_from

if TYPE_CHECKING:  # it takes long to load, and only migrating needs it
    from alembic.config import Config

BUSY_TIMEOUT_S = 10
"""How long a writer waits for another, and everybody for a connection, before they give up."""

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
"""Beside the package ``registry``, in a checkout as in an installed wheel."""

_MIGRATION_LOCK = 0x6C696B65  # "like": the PostgreSQL advisory lock that lets one process migrate at a time
_ASK_AGAIN_S = 0.2

LOCK_TIMEOUT_S = 4
"""How long a migration waits for a table that is in use, on PostgreSQL: whoever comes after it waits behind it."""

_STATEMENT_S = 60
"""How long one statement may take on PostgreSQL, and how long a transaction may stand idle, before it is ended: nobody
else waits for good for a process that hangs."""

_RECYCLE_S = 1800
"""A connection to PostgreSQL is not used for longer, so that what the server keeps for it is let go now and then."""

_DISK_FULL = "53100"
"""What PostgreSQL calls it (appendix A of its manual)."""

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
            DatabaseUnavailableError: the database cannot be reached.
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
            DatabaseUnavailableError: the database cannot be reached, or another writer held it for `BUSY_TIMEOUT_S`.
            StorageFullError: there is no room for what was to be written.
        """
        with _translated(self), Session(self._writing, expire_on_commit=False) as session:
            session.connection()
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema to ``revision``, making an SQLite file (mode 0600) and its folder when there is none.

        Processes that do this at the same time take turns; the later ones find nothing left to do. On PostgreSQL each
        migration is a transaction of its own, so that tables are held for as short as can be; on SQLite all are one.

        Raises:
            DatabaseNotReadyError: the database cannot be reached; or a table that a migration changes was in use for
                `LOCK_TIMEOUT_S`, and the migrations before it are done; or a newer version's schema does not serve
                this code.
        """
        if self.is_sqlite:
            _make_private_file(Path(str(self._parsed.database)))
        standing = self.standing()
        if standing.newer:
            _require_served(standing)
            return
        from alembic import command

        with self.migrating() as connection:
            command.upgrade(_alembic_config(connection), revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema back to ``revision`` (``base`` for an empty database). What the newer one held is lost.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        from alembic import command

        with self.migrating() as connection:
            command.downgrade(_alembic_config(connection), revision)

    def current_revision(self) -> str | None:
        """Answer the revision the database is at, or None when it was never migrated.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        if self.is_sqlite and not Path(str(self._parsed.database)).exists():
            return None
        with self.read() as session:
            return schema_of(session.connection())

    def head_revision(self) -> str:
        """Answer the revision this code was written for."""
        return max(_revisions())

    def standing(self) -> Standing:
        """Answer how the schema stands to this code.

        Raises:
            DatabaseNotReadyError: the database cannot be reached.
        """
        known = _revisions()
        current, needed = self.current_revision(), max(known)
        newer = current is not None and current not in known
        serves = None
        if newer and needed >= FIRST_TO_SAY:
            with self.read() as session:
                serves = serves_code_from(session, needed)
        return Standing(current, needed, newer, serves)

    def require_current_schema(self) -> None:
        """Refuse to go on with a schema other than this code's, unless a newer one says that it serves it.

        Raises:
            DatabaseNotReadyError: figures ``current`` and ``needed``; or the database cannot be reached.
        """
        _require_served(self.standing())
        with self.read() as session:
            backup_id = unfinished_backup(session.connection())
        if backup_id is not None:
            raise DatabaseNotReadyError(
                f"a restore of the backup {backup_id} has begun in this database and not ended: run it again",
                backup_id=backup_id,
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
    def migrating(self) -> Iterator[Connection]:
        """Open a connection for Alembic, alone among all processes that migrate.

        Raises:
            DatabaseNotReadyError: the database cannot be reached, or a table was in use for too long.
        """
        with _translated(self):
            if self.is_sqlite:
                with self.engine.execution_options(**_MIGRATE).begin() as connection:
                    yield connection
                    _require_intact_references(connection)
                return
            with _own_connection(self._parsed) as connection:
                yield connection


@contextmanager
def _own_connection(url: URL) -> Iterator[Connection]:
    """Connect to PostgreSQL outside of the pool: the lock on migrating, and how long it waits, end with the connection.

    The lock is taken before waiting is bounded: another process may migrate for as long as it takes. It is asked for
    again and again, and not waited for: a statement that waits has a snapshot, and an index that is made online waits
    for every snapshot to end.
    """
    engine = create_engine(
        url, poolclass=NullPool, hide_parameters=True, connect_args={"connect_timeout": BUSY_TIMEOUT_S}
    )
    with engine.connect() as connection:
        while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _MIGRATION_LOCK}):
            connection.rollback()
            time.sleep(_ASK_AGAIN_S)
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"))
        connection.commit()
        try:
            yield connection
        except OperationalError as error:
            if not isinstance(error.orig, _lock_not_available()):
                raise
            raise DatabaseNotReadyError(
                f"a table that the migration changes was in use for {LOCK_TIMEOUT_S} s; the migrations before it are "
                "done, it is not: run `likeness db upgrade` again when less is going on",
                waited_s=LOCK_TIMEOUT_S,
            ) from error


def _lock_not_available() -> type[Exception]:
    from psycopg.errors import LockNotAvailable

    return LockNotAvailable


def _require_served(standing: Standing) -> None:
    if not standing.served:
        raise DatabaseNotReadyError(standing.refusal, current=standing.current, needed=standing.needed)


def _revisions() -> frozenset[str]:
    """Answer every revision that this code knows, from the names of its migrations: ``0001_first.py`` is ``0001``.

    They follow each other in the order of their names. Alembic would answer the same after importing all of them.

    Raises:
        DatabaseNotReadyError: there is none.
    """
    found = frozenset(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))
    if not found:
        raise DatabaseNotReadyError(f"there are no migrations in {MIGRATIONS}: the installation is not whole")
    return found


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
        engine = create_engine(url, **_POOL, hide_parameters=True, connect_args=arguments)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            url,
            **_POOL,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_recycle=_RECYCLE_S,
            connect_args=_postgresql_arguments(url),
        )
    except ImportError as error:
        raise SettingsError("PostgreSQL needs psycopg: pip install 'likeness-registry[postgres]'") from error


def _postgresql_arguments(url: URL) -> dict[str, str | int]:
    """Answer how to connect: what a server, or a network, that has gone silent may take. What the URL says stands."""
    arguments: dict[str, str | int] = {
        "connect_timeout": BUSY_TIMEOUT_S,
        "keepalives_idle": 30,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        "options": (
            f"-c lock_timeout={BUSY_TIMEOUT_S}s -c statement_timeout={_STATEMENT_S}s "
            f"-c idle_in_transaction_session_timeout={_STATEMENT_S}s"
        ),
    }
    return {name: value for name, value in arguments.items() if name not in url.query}


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


def _alembic_config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _translated(database: Database) -> Iterator[None]:
    """Turn what the database is to blame for, and no verb, into our own errors."""
    try:
        yield
    except PoolTimeoutError as error:
        raise DatabaseUnavailableError(f"every connection to the database is in use: {database!r}") from error
    except DBAPIError as error:
        if not _is_of_the_machine(error):
            raise  # a constraint spoke, or our own statement is wrong: that is for the verb
        cause = (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
        if _is_full(error):
            raise StorageFullError(f"the database has no room left ({cause}): {database!r}") from error
        raise DatabaseUnavailableError(f"the database does not answer ({cause}): {database!r}") from error


def _is_of_the_machine(error: DBAPIError) -> bool:
    """Whether it says "cannot connect", "connection lost", "held for too long", "no room" or "not a database"."""
    return error.connection_invalidated or isinstance(error, OperationalError) or type(error) is DatabaseError


def _is_full(error: DBAPIError) -> bool:
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return True
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL
