"""``likeness keys``: the keys of the house, how they stand, and rotating them while everything goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, Exit, Option, Typer, echo

from registry.bootstrap import build_key_house, build_keyring, build_keyring_file, create_keys
from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_json, print_table
from registry.clock import utc_now
from registry.domain.house_keys import KeyState, Purpose
from registry.services import case_cohorts, house_keys, key_rotation
from registry.services.house_keys import KeyStanding
from registry.services.key_rotation import Rotated
from registry.settings import load_settings
from registry.vault.signing import public_jwks

app = Typer(help="The keys of the house.", no_args_is_help=True)

_FLAGGED = 1
_SOME_LEFT = 3
_BY_DEFAULT = (Purpose.WRAPPING, Purpose.PROTECTION)


@app.command()
def init() -> None:
    """Make the master keyring. One that is there is never overwritten.

    Without it no voiceprint can be opened: keep a copy apart from the database's backups.
    """
    path = create_keys(load_settings(), utc_now(), os.urandom)
    echo(f"made {path}, readable by its owner only; keep a copy apart from the backups of the database")


@app.command()
def public() -> None:
    """Print the public keys that receipts and clearances are signed with, as a JWK set. Anybody may have them."""
    print_json(public_jwks(build_keyring(load_settings())))


@app.command()
def status(*, as_json: AsJson = False, acting: Acting = None) -> None:
    """Show every key of the house, whether it is in use, and how many records open by it only.

    Exit code 1: a rotation is unfinished, or a key is missing that records are under.
    """
    with acting_operator(acting) as (ctx, principal):
        found = house_keys.describe_keys(ctx, principal, build_key_house(load_settings()))
    if as_json:
        print_json([asdict(key) | {"records": key.records} for key in found])
    else:
        _print_standings(found)
    if any(key.state is KeyState.MISSING or (key.state is KeyState.OLD and key.records) for key in found):
        raise Exit(_FLAGGED)


def _print_standings(found: Sequence[KeyStanding]) -> None:
    rows = [(key.id, key.state.value.replace("_", " "), key.in_use_from, key.records, _listed(key)) for key in found]
    print_table(("key", "state", "in use from", "records", "where"), rows, prose="where")
    for key in found:
        if key.state is KeyState.MISSING:
            echo(f"{key.id} is not in this keyring: bring the keyring that has it, or put it back")
        elif key.state is KeyState.STAGED:
            echo(f"{key.id} waits: bring the keyring to every host, then run `likeness keys rotate` again")


def _listed(key: KeyStanding) -> str:
    return ", ".join(f"{table} {count}" for table, count in sorted(key.under.items())) or "-"


@app.command()
def rotate(
    purposes: Annotated[
        list[Purpose] | None, Argument(metavar="[PURPOSE]…", help="wrapping, protection, signing; the first two.")
    ] = None,
    *,
    stage: Annotated[
        bool, Option("--stage", help="Only make the keys: bring the keyring to every host, then rotate without this.")
    ] = False,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Put new keys in use, and move everything to them that is under the old ones. Nothing stops for it.

    Asked again after it was killed, it goes on where it was. Exit code 3: some records could not be moved, and stay
    under the old key.
    """
    done = []
    from rich.console import Console

    with acting_operator(acting) as (ctx, principal), Console(stderr=True).status("rotating") as shown:
        house = build_key_house(load_settings())
        for purpose in purposes or _BY_DEFAULT:
            moved: dict[str, int] = {}

            def tell(table: str, count: int, moved: dict[str, int] = moved) -> None:
                moved[table] = moved.get(table, 0) + count
                shown.update(", ".join(f"{name}: {so_far}" for name, so_far in moved.items()))

            done.append(key_rotation.rotate_key(ctx, principal, house, purpose, stage_only=stage, progress=tell))
    if as_json:
        print_json([_as_json(each) for each in done])
    else:
        for each in done:
            _print_rotated(each)
    if any(each.left for each in done):
        raise Exit(_SOME_LEFT)


def _as_json(done: Rotated) -> dict[str, object]:
    return {
        "purpose": done.purpose.value,
        "key": done.key_id,
        "staged": done.staged,
        "resumed": done.resumed,
        "moved": done.moved,
        "left": [{"record": record, "slug": why.slug, "detail": why.detail} for record, why in done.left.items()],
    }


def _print_rotated(done: Rotated) -> None:
    if done.staged:
        echo(f"{done.key_id} waits: bring the keyring to every host, then run `likeness keys rotate` again")
        return
    moved = ", ".join(f"{table} {count}" for table, count in done.moved.items()) or "nothing had to move"
    how = "an unfinished rotation was gone on with" if done.resumed else "made and put in use"
    echo(f"{done.key_id}: {how}; {moved}")
    for record, why in done.left.items():
        echo(f"left under the old key: {record}: {why.detail}", err=True)


@app.command()
def retire(
    key_id: Annotated[str, Argument(metavar="KEY", help="An old key, such as wrapping-1.")],
    *,
    to: Annotated[
        Path | None, Option(metavar="FILE", help="A new file for it: backups from its time open by it only.")
    ] = None,
    acting: Acting = None,
) -> None:
    """Take an old key out of the keyring, once nothing is under it and its successor has been in use for an hour."""
    with acting_operator(acting) as (ctx, principal):
        house_keys.retire_key(ctx, principal, build_key_house(load_settings()), key_id, to=to)
    kept = f"lies in {to}: keep it for as long as backups from its time may be needed" if to else "is kept by Vault"
    echo(f"{key_id} is retired, and {kept}")


@app.command()
def seal() -> None:
    """Write the keyring anew, each secret sealed by the key service that the settings name. For moving to one."""
    build_keyring_file(load_settings()).rewrite()
    echo("every secret of the keyring is written as LIKENESS_KEY_PROVIDER says")


@app.command("put-back")
def put_back(
    file: Annotated[Path, Argument(metavar="FILE", help="As `likeness keys retire` wrote it.")],
    *,
    acting: Acting = None,
) -> None:
    """Put a retired key back, for a backup from its time; then rotate."""
    with acting_operator(acting) as (ctx, principal):
        key_id = house_keys.put_key_back(ctx, principal, build_key_house(load_settings()), file)
    echo(f"{key_id} is back in the keyring, as an old key")


@app.command()
def cohort(
    case_id: Annotated[str, Argument(metavar="CASE_ID")],
    *,
    reason: Annotated[str, Option(metavar="TEXT", help="Who has asked for it, and why. Its digest is journalled.")],
    acting: Acting = None,
) -> None:
    """Open the key of a case's lists of cohorts, for a court or an expert whom it has named, and print it as hex.

    Whoever has it, and the ids of voiceprints, can tell whether a list is the one whose digest an analysis names.
    """
    with acting_operator(acting) as (ctx, principal):
        echo(case_cohorts.open_cohort_key(ctx, principal, case_id, reason=reason))
