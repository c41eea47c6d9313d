"""Where Alembic starts. A program hands its connection over; a person at the command line says ``-x url=…``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, delete, insert

from registry.clock import utc_now
from registry.errors import SettingsError
from registry.store import models
from registry.store.database import Database
from registry.store.schema import FIRST_TO_SAY, SchemaRevision


def migrate(connection: Connection) -> None:
    """Run the migrations that were asked for: each in a transaction of its own, or all in that of the connection."""
    context.configure(
        connection=connection,
        target_metadata=models.metadata,
        compare_type=True,
        render_as_batch=True,  # SQLite changes a table by making a new one
        transaction_per_migration=True,
        on_version_apply=note,
    )
    with context.begin_transaction():
        context.run_migrations()


def note(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:  # noqa: ARG001  (signature)
    """Write down which code a migration says that it serves, in its own transaction.

    Raises:
        SettingsError: it does not say so.
    """
    revision = str(step.up_revision_id)
    if step.is_stamp or ctx.connection is None or revision < FIRST_TO_SAY:
        return
    if step.is_upgrade:
        module = getattr(step.revision_map.get_revision(revision), "module", None)
        served = getattr(module, "serves_code_from", None)
        if served is None:
            raise SettingsError(f"migration {revision} does not say which code it serves: `serves_code_from`")
        row = {"revision": revision, "serves_code_from": served, "applied_at": utc_now()}
        ctx.connection.execute(insert(SchemaRevision), row)
    elif revision > FIRST_TO_SAY:  # the first takes the table with it
        ctx.connection.execute(delete(SchemaRevision).where(SchemaRevision.revision == revision))


def migrate_by_hand() -> None:
    """Run from the ``alembic`` command, which has no connection to hand over."""
    url = context.get_x_argument(as_dictionary=True).get("url")
    if url is None:
        raise SettingsError("say which database: alembic -x url=sqlite:///registry.sqlite3 …")
    with Database(url).migrating() as connection:
        migrate(connection)


handed_over = context.config.attributes.get("connection")
if handed_over is None:
    migrate_by_hand()
else:
    migrate(handed_over)
