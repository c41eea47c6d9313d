"""``likeness journal``: checkpoints, exports, and whether a journal is what was signed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from typer import Argument, BadParameter, Exit, Option, Typer, echo

from registry.cli.operator import acting_operator, opened_registry
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, remark
from registry.cli.reading import content_of
from registry.errors import SignatureInvalidError
from registry.journal.files import JournalFolder, read_checkpoint
from registry.journal.note import VerifierKey
from registry.journal.verify import Verified, verify
from registry.services.journal import describe_journal, sign_current
from registry.services.journal_export import export_journal, verify_database
from registry.services.journal_timestamps import stamp_newest

app = Typer(help="The journal: signed checkpoints, exports, and whether it is what was signed.", no_args_is_help=True)

_FLAGGED = 1
_LARGEST_KEYS = 1 << 20


@app.command()
def keys(*, as_json: AsJson = False) -> None:
    """Print the journal's name and the keys that its checkpoints are checked with. Anybody may have them."""
    with opened_registry() as ctx:
        facts = describe_journal(ctx)
    if as_json:
        print_json({"origin": facts.origin, "keys": [str(key) for key in facts.keys]})
        return
    for key in facts.keys:
        echo(str(key))


@app.command()
def checkpoint() -> None:
    """Sign the journal as it is now, and print the checkpoint. Keep it elsewhere: it tells later what was here."""
    with opened_registry() as ctx:
        echo(sign_current(ctx).note, nl=False)


@app.command()
def timestamp() -> None:
    """Have the newest checkpoint stamped by the authority of the settings (RFC 3161). Workers do so by themselves."""
    with opened_registry() as ctx:
        if ctx.timestamps is None:
            raise BadParameter("set LIKENESS_TIMESTAMPS_URL and LIKENESS_TIMESTAMPS_ROOTS first")
        kept = stamp_newest(ctx)
    echo("there is nothing to stamp" if kept is None else f"{kept.size} leaves, {kept.at:%Y-%m-%d %H:%M:%S} UTC")


@app.command()
def export(
    folder: Annotated[Path, Argument(metavar="DIR", help="A new folder.")],
    *,
    openings: Annotated[
        bool, Option(help="Write what opens the leaves as well: copies that no erasure reaches.")
    ] = False,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Sign the journal as it is now, and write it to a folder that can be checked without the registry."""
    with acting_operator(acting) as (ctx, principal):
        done = export_journal(ctx, principal, folder, with_openings=openings)
    facts = {
        "folder": str(folder),
        "leaves": done.leaves,
        "root_sha256": done.checkpoint.root_sha256,
        "signed_at": done.checkpoint.signed_at,
        "cosigned_by": list(done.checkpoint.witnesses),
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)


@app.command("verify")
def verify_journal(
    folder: Annotated[
        Path | None,
        Argument(
            metavar="[DIR]", help="An exported journal; without it, that of this registry's database.", exists=True
        ),
    ] = None,
    *,
    key: Annotated[
        list[str] | None,
        Option(
            metavar="KEY",
            help="A key of the registry, as `likeness journal keys` prints it, or a file of such lines; repeat for "
            "several. Have it from somewhere else than the folder.",
        ),
    ] = None,
    since: Annotated[
        list[Path] | None,
        Option(metavar="CHECKPOINT", help="An earlier checkpoint, or an earlier export; repeat.", exists=True),
    ] = None,
    witness: Annotated[
        list[str] | None, Option(metavar="KEY", help="A key of a witness whose cosignatures are to count; repeat.")
    ] = None,
    tsa_roots: Annotated[
        Path | None,
        Option(
            metavar="FILE.pem",
            help="Certificates that time stamps must lead to; without it, time stamps in a folder are not looked at.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a journal is what was signed, and name what is not. Exit code 1: something is not.

    With a folder it needs neither a registry nor its settings.
    """
    trusted, witnesses = _keys(key, "--key"), _keys(witness, "--witness")
    earlier = [read_checkpoint(path) for path in since or ()]
    roots = None if tsa_roots is None else content_of(tsa_roots, _LARGEST_KEYS)
    if folder is None:
        with opened_registry() as ctx:
            found = verify_database(ctx, keys=trusted, earlier=earlier, witnesses=witnesses, timestamp_roots=roots)
    elif trusted:
        kept = JournalFolder(folder)
        found = verify(kept, trusted, earlier=earlier, witnesses=witnesses, timestamp_roots=roots)
    else:
        raise BadParameter("say by which key: --key, as `likeness journal keys` prints it", param_hint="--key")
    _show(found, as_json=as_json)
    if not found.holds:
        raise Exit(_FLAGGED)


def _keys(said: list[str] | None, option: str) -> list[VerifierKey]:
    """Read keys, or files of keys."""
    lines: list[str] = []
    for each in said or ():
        path = Path(each)
        is_file = "+" not in each or path.is_file()
        lines += content_of(path, _LARGEST_KEYS).decode(errors="replace").split() if is_file else [each]
    try:
        return [VerifierKey.read(line) for line in lines]
    except SignatureInvalidError as error:
        raise BadParameter(error.detail, param_hint=option) from error


def _show(found: Verified, *, as_json: bool) -> None:
    facts: dict[str, object] = {
        "holds": found.holds,
        "leaves": found.leaves,
        "signed": found.signed,
        "root_sha256": found.root_sha256,
        "checkpoints": found.checkpoints,
        "cosigned_by": list(found.cosigned_by),
        "openings": found.openings,
    }
    if found.timestamps:
        facts["time_stamped"] = [
            f"{size} leaves at {at:%Y-%m-%d %H:%M:%S} UTC" for size, at in found.timestamps.items()
        ]
    if as_json:
        restorations = [asdict(each) | {"root": each.root.hex()} for each in found.restorations]
        print_json(facts | {"restorations": restorations} | {"flaws": [asdict(flaw) for flaw in found.flaws]})
        return
    print_facts(facts)
    for each in found.restorations:
        now = "" if each.origin == each.previous_origin else f", and is called {each.origin} since"
        lost = "" if each.known is None else f"; {each.known[0]} were known to be signed"
        echo(f"restored: leaf {each.seq} says that {each.size} leaves came back from a backup{lost}{now}")
    for flaw in found.flaws:
        echo(f"{flaw.kind.value}: {flaw.detail}")
    if found.signed is not None and found.signed < found.leaves:
        remark(f"{found.leaves - found.signed} leaves came after the last checkpoint; the next one covers them")
