"""SQLite that does not wait for the disk at each commit: nothing here has to live through a power cut."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event

from registry.store.database import Database


def unflushed(database: Database) -> Database:
    """Answer the database, none of whose connections, from now on, waits until a commit is on the disk."""

    def prepare(connection: Any, _: object) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    event.listen(database.engine, "connect", prepare)
    return database
