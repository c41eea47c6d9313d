"""Where Alembic starts. A program hands its connection over; a person at the command line says ``-x url=…``."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from registry.errors import SettingsError
from registry.store import models
from registry.store.database import Database


def migrate(connection: Connection) -> None:
    """Run the migrations that were asked for, in the transaction of the connection."""
    context.configure(
        connection=connection,
        target_metadata=models.metadata,
        compare_type=True,
        render_as_batch=True,  # SQLite changes a table by making a new one
    )
    with context.begin_transaction():
        context.run_migrations()


def migrate_by_hand() -> None:
    """Run from the ``alembic`` command, which has no connection to hand over."""
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise SettingsError("say which database: alembic -x url=sqlite:///registry.sqlite3 …")
    with Database(url).engine.execution_options(likeness_mode="migrate").begin() as connection:
        migrate(connection)


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    migrate_by_hand()
else:
    migrate(handed_over)
