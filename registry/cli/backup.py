"""``likeness backup``: copies of everything that can bring nobody's voice back who has withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option, Typer
from typer.core import TyperGroup

from registry.bootstrap import build_keyring
from registry.cli.operator import acting_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, remark
from registry.services import backups
from registry.services.backup_folder import Manifest
from registry.settings import load_settings


class _MakesByDefault(TyperGroup):
    """A group in which a folder in the place of a command means `make`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Answer the command that is meant, and its arguments."""
        return super().resolve_command(ctx, args if args[0] in self.commands else ["make", *args])


app = Typer(
    cls=_MakesByDefault,
    help="Backups. `likeness backup FOLDER` makes one; performers' keys lie in one file beside all of them.",
    no_args_is_help=True,
)

BackupFolder = Annotated[Path, Argument(metavar="BACKUP", help="One backup: a folder bak_…", exists=True)]
KeysFile = Annotated[
    Path | None,
    Option("--keys", metavar="FILE", help="Performers' keys; by default keys.sealed beside it.", exists=True),
]


@app.command()
def make(
    folder: Annotated[Path, Argument(metavar="FOLDER", help="Of backups; made where there is none.")],
    *,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Write everything as it stands now into a folder of backups, while the registry goes on.

    Performers' keys are not in it: the file keys.sealed beside the backups has them as they are now, and is replaced
    each time. Keep old backups as long as you may; keep no old copies of that file.
    """
    with acting_operator(acting) as (ctx, principal):
        where, manifest = backups.make_backup(ctx, principal, folder)
    _tell({"folder": str(where)} | facts_of(manifest), as_json=as_json)


@app.command()
def keys(
    folder: Annotated[Path, Argument(metavar="FOLDER", help="Of backups.", exists=True, file_okay=False)],
    *,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Put performers' keys as they are now in the place of those beside the backups. Cheap: run it every hour."""
    with acting_operator(acting) as (ctx, principal):
        held = backups.back_keys_up(ctx, principal, folder)
    _tell({"keys": held}, as_json=as_json)


@app.command()
def verify(backup: BackupFolder, *, keys_file: KeysFile = None, as_json: AsJson = False) -> None:
    """Read all of a backup, and the keys beside it, as a restore would. It needs the keyring, and no database."""
    looked_at = backups.look_at(build_keyring(load_settings()), backup, keys_file=keys_file)
    _tell({"whole": True} | facts_of(looked_at.manifest) | {"keys": looked_at.keys}, as_json=as_json)
    if looked_at.keys is None and not as_json:
        remark("there is no file of performers' keys beside it: without one it cannot be restored")


def facts_of(manifest: Manifest) -> dict[str, object]:
    """Answer what a backup is, for people and for machines."""
    return {
        "id": manifest.id,
        "made_at": manifest.made_at,
        "software": manifest.software,
        "schema": manifest.schema,
        "tables": len(manifest.parts),
        "rows": sum(part.rows for part in manifest.parts),
        "bytes": sum(part.size for part in manifest.parts),
        "journal_size": manifest.journal_size,
        "journal_root_sha256": manifest.journal_root,
    }


def _tell(facts: dict[str, object], *, as_json: bool) -> None:
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
