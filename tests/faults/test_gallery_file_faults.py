"""The fault table of issuing a gallery file: two rows for each write, for keeping a copy, and for giving it its name.

| what fails | what is found |
|---|---|
| any write before the first commit, or that commit | nothing: no file, no record |
| keeping the copy, naming the file, after that commit | no file, perhaps a copy that nobody is given; a record in |
| | preparation, swept once the file would be stale, and the copy with it |
| what comes after the name, up to the second commit | the file and a record in preparation: its organisation counts |
| | as a holder until nobody may search with the file any more; then the record is void, and so is the file |
| after the second commit | the file, delivered, and the copy, for its organisation to fetch |

There is no file that is not on record, and no record or copy that stays of a file that is not there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from dying import COMMIT, DIED, Death, new_registry
from dying_at_filing import FILE, LINK, issue
from filing import INTERVAL, Filing, enrolled
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.gallery_files import FileState
from registry.errors import GalleryFileReplacedError
from registry.services import gallery_delivery, gallery_offers, housekeeping
from registry.services.context import Context
from registry.services.holders import gallery_holders_of
from registry.settings import Settings
from registry.store.gallery_files import GalleryEntry, GalleryFile
from registry.vault.gallery_seal import public_jwk


def states(ctx: Context) -> list[FileState]:
    with ctx.database.read() as session:
        return list(session.scalars(select(GalleryFile.state)))


def entries(ctx: Context) -> int:
    with ctx.database.read() as session:
        return len(session.scalars(select(GalleryEntry.id)).all())


def holders(ctx: Context, performer_id: str) -> int:
    with ctx.database.read() as session:
        return len(gallery_holders_of(session, performer_id, ctx.clock()))


def fetchable(ctx: Context, subjects: Mapping[str, str]) -> bool:
    """Whether the studio is given its file, if there is one on record."""
    account = Principal("acc", Role.STUDIO_MEMBER, PERMISSIONS[Role.STUDIO_MEMBER], subjects["studio"], {})
    for issued in gallery_offers.list_gallery_files(ctx, account, after=None, limit=5):
        with suppress(GalleryFileReplacedError):
            gallery_offers.fetch_gallery_file(ctx, account, issued.id).source.close()
            return True
    return False


def expected(row: Death, rows: list[Death]) -> tuple[list[FileState], bool]:
    """Answer the records and whether the file is there, by the table."""
    named = next(r.write for r in rows if r.what == LINK)
    first, second = (r.write for r in rows if r.what == COMMIT and r.when == "before")
    done = row.write if row.when == "after" else row.write - 1
    if done < first:
        return [], False
    return [FileState.DELIVERED if done >= second else FileState.PREPARED], done >= named


def test_a_crash_leaves_no_file_without_a_record_and_no_record_for_good(tmp_path: Path) -> None:
    settings = new_registry(tmp_path)
    with build_context(settings) as ctx:
        registry = Registry(ctx, Clock(utc_now() + timedelta(minutes=1)))
        filing = Filing(registry, tmp_path)
        performer_id = enrolled(registry, "Ada")
        ctx.database.scrub()
    subjects = {"studio": filing.organisation_id, "key": json.dumps(public_jwk(filing.key))}
    program = Path(__file__).with_name("dying_at_filing.py")
    done = subprocess.run(  # noqa: S603  (our own program)
        [sys.executable, str(program), str(settings.home), json.dumps(subjects)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rows = [Death(**row) for row in json.loads(done.stdout)]
    assert {row.exit_code for row in rows} == {DIED}
    assert [row.what for row in rows].count(COMMIT) == 4
    for row in rows:
        home = Path(row.home)
        wanted, there = expected(row, rows)
        with build_context(Settings(home=home)) as ctx:
            assert (states(ctx), (home / FILE).exists()) == (wanted, there), row
            assert holders(ctx, performer_id) == entries(ctx) == len(wanted), row
            assert fetchable(ctx, subjects) == (FileState.DELIVERED in wanted), row
            later = replace(ctx, clock=lambda: utc_now() + INTERVAL + timedelta(minutes=1))
            gallery_delivery.void_undelivered(later)
            housekeeping.sweep_spool(later)
            assert len(ctx.spool.keys()) == (1 if FileState.DELIVERED in wanted else 0), row
            assert states(ctx) == [FileState.VOID if s is FileState.PREPARED else s for s in wanted], row
            assert entries(ctx) == (1 if FileState.DELIVERED in wanted else 0), row
            issue(ctx, subjects, home / "again.gallery")
            assert states(ctx)[-1] is FileState.DELIVERED, row
