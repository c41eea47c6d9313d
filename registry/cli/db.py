"""``likeness db``: the database's schema."""

from __future__ import annotations

import typer

from registry.bootstrap import build_database
from registry.settings import load_settings

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the schema that this version needs. Safe to repeat."""
    database = build_database(load_settings())
    before = database.current_revision()
    database.upgrade()
    after = database.current_revision()
    typer.echo(f"the schema is at {after}" + ("" if before == after else f" (was at {before or 'none'})"))
    database.dispose()


@app.command()
def current() -> None:
    """Say which schema the database has, and which this version needs."""
    database = build_database(load_settings())
    typer.echo(f"database: {database.current_revision() or 'none'}\nneeded:   {database.head_revision()}")
    database.dispose()
