"""``likeness db``: the database's schema."""

from __future__ import annotations

import typer

from registry.bootstrap import build_database
from registry.settings import load_settings

_NOT_SERVED = 1

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
    """Say which schema the database has, which this version needs, and whether it can go on with the one that is there.

    Exit code 0: it can; 1: it cannot.
    """
    database = build_database(load_settings())
    standing = database.standing()
    database.dispose()
    typer.echo(f"database: {standing.current or 'none'}\nneeded:   {standing.needed}")
    if standing.newer and standing.served:
        typer.echo(f"made by a newer version; it serves code from {standing.serves_code_from} on, this one too")
    if not standing.served:
        typer.echo(standing.refusal)
        raise typer.Exit(_NOT_SERVED)
