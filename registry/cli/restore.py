"""``likeness restore``: a backup into an empty database, without what has ended since."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from typer import Option, echo

from registry.bootstrap import build_context
from registry.cli.backup import BackupFolder, KeysFile
from registry.cli.operator import choose_operator
from registry.cli.options import Acting, AsJson
from registry.cli.output import print_facts, print_json, remark
from registry.errors import ConflictError, NotFoundError
from registry.journal.files import read_checkpoint
from registry.services.context import Context
from registry.services.purge import purge
from registry.services.restoring import Restored
from registry.services.restoring import restore as restore_backup
from registry.settings import load_settings


def restore(
    backup: BackupFolder,
    *,
    keys_file: KeysFile = None,
    since: Annotated[
        list[Path] | None,
        Option(metavar="CHECKPOINT", help="A checkpoint of the journal that somebody has; repeat.", exists=True),
    ] = None,
    without_endings: Annotated[
        str | None,
        Option(
            metavar="WHY", help="Restore although the list of endings is lost or too old; it is kept with the words."
        ),
    ] = None,
    as_json: AsJson = False,
    acting: Acting = None,
) -> None:
    """Restore a backup into the empty database that the settings name.

    Whoever withdrew since stays withdrawn, what was revoked stays revoked: the list of endings
    (LIKENESS_ENDINGS) knows. What is past its time by the retention schedule is destroyed at the end.
    """
    notes = [read_checkpoint(path) for path in since or ()]
    with build_context(load_settings()) as ctx:
        done = restore_backup(ctx, backup, keys_file=keys_file, since=notes, without_endings=without_endings)
        purged = _purge(ctx, acting)
    facts = {
        "backup": done.manifest.id,
        "made_at": done.manifest.made_at,
        "rows": done.rows,
        "keys": done.keys,
        "without_key": done.without_key,
        "ended_again": sum(done.ended.done.values()),
        "purged": purged,
        "journal": done.origin,
        "leaves": done.manifest.journal_size,
        "known_before": done.lost_up_to,
    }
    if as_json:
        by_hand = [{"type": kind, "subject_id": subject_id} for kind, subject_id in done.ended.by_hand]
        print_json(facts | {"ended_again": dict(done.ended.done), "by_hand": by_hand})
        return
    print_facts(facts)
    _advise(done, purged)


def _purge(ctx: Context, acting: str | None) -> int | None:
    """Destroy what is past its time; answer how many records, or None where it cannot be told who does it."""
    try:
        operator = choose_operator(ctx, acting)
    except (ConflictError, NotFoundError):
        return None
    return sum(certificate.records for certificate in purge(ctx, operator))


def _advise(done: Restored, purged: int | None) -> None:
    for line in _advice(done, purged):
        remark(line)
    for kind, subject_id in done.ended.by_hand:
        echo(f"decide anew: {kind} {subject_id}")


def _advice(done: Restored, purged: int | None) -> Sequence[str]:
    said = []
    if done.lost_up_to is not None:
        said.append(
            f"{done.lost_up_to - done.manifest.journal_size} leaves that were signed are lost; the journal goes on as "
            f"{done.origin}: publish `likeness journal keys` and tell its witnesses"
        )
    elif done.origin != done.manifest.origin:
        said.append(f"what others have seen is not known, so the journal goes on as {done.origin}: publish its keys")
    if done.without_key:
        said.append(f"the voiceprints of {done.without_key} performers open no more and were deleted: enrol them again")
    if purged is None:
        said.append("run `likeness purge --yes --as ACCOUNT_ID` before serving")
    return said
