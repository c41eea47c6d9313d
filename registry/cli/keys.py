"""``likeness keys``: the master keyring."""

from __future__ import annotations

import os

import typer

from registry.bootstrap import build_keyring
from registry.cli.output import print_json
from registry.clock import utc_now
from registry.settings import load_settings
from registry.vault.keys import FileKeyring
from registry.vault.signing import public_jwks

app = typer.Typer(help="The master keyring.", no_args_is_help=True)


@app.command()
def init() -> None:
    """Make the master keyring. One that is there is never overwritten.

    Without it no voiceprint can be opened: keep a copy apart from the database's backups.
    """
    path = load_settings().resolved_keyring
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    FileKeyring.create(path, utc_now(), os.urandom)
    typer.echo(f"made {path}, readable by its owner only; keep a copy apart from the backups of the database")


@app.command()
def public() -> None:
    """Print the public keys that receipts and clearances are signed with, as a JWK set. Anybody may have them."""
    print_json(public_jwks(build_keyring(load_settings())))
