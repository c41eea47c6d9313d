"""A migrated database without running the migrations again: they take most of a second."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from registry.settings import Settings
from registry.store.database import Database


def migrate(settings: Settings) -> None:
    """Put a migrated, empty SQLite database where a registry looks for its own."""
    path = Path(settings.resolved_database_url.removeprefix("sqlite:///"))
    path.touch(mode=0o600)
    path.write_bytes(_migrated())


@cache
def _migrated() -> bytes:
    """Run every migration, once for each process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.sqlite3"
        database = Database(f"sqlite:///{path}")
        database.upgrade()
        database.dispose()
        return path.read_bytes()
