"""A backup with notices: what was served comes back byte for byte, and what was put back since stays back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from backed_up import a_context, counted_bytes
from steps import Clock, Registry
from test_notices_together import RECORDING, Claim

from registry.domain.notices import NoticeState
from registry.domain.stay_down import EntryEnding
from registry.journal.endings import EndingsList
from registry.media.decode import Decoder
from registry.media.speech import SpeechDetector
from registry.services import backups, misuse, notices, restoring, stay_down
from registry.services.journal_export import verify_database
from registry.store.database import Database


@pytest.fixture
def databases(sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """One that is migrated, and one without a schema."""
    shutil.copy(sqlite_template, tmp_path / "registry.sqlite3")
    both = (Database(f"sqlite:///{tmp_path / 'registry.sqlite3'}"), Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}"))
    yield both
    for database in both:
        database.dispose()


def test_notices_come_back_and_what_was_put_back_since_is_looked_for_no_more(
    databases: tuple[Database, Database], tmp_path: Path, clock: Clock, decoder: Decoder, detector: SpeechDetector
) -> None:
    ctx = a_context(tmp_path, databases[0], clock, counted_bytes(), (decoder, detector))
    claim = Claim.of(Registry(ctx, clock))
    operator = claim.registry.operator
    notice = claim.serve(claim.review(claim.complete()))
    backup, _ = backups.make_backup(ctx, operator, tmp_path / "backups")
    clock.move(minutes=5)
    claim.put_back(notice)
    backups.back_keys_up(ctx, operator, tmp_path / "backups")
    shutil.copytree(tmp_path / "endings", tmp_path / "endings-there")
    there = replace(ctx, database=databases[1], endings=EndingsList(tmp_path / "endings-there"))

    done = restoring.restore(there, backup)

    assert (done.ended.done, done.ended.by_hand) == ({"stay_down.ended": 1}, [])
    kept, documents = notices.read_documents(there, operator, notice.id)
    assert kept.state is NoticeState.SERVED, "that it was put back is lost with the database, and is said anew"
    assert documents == notices.read_documents(ctx, operator, notice.id)[1]
    assert [each.step for each in notices.list_notice_steps(there, operator, notice.id)] == [
        *("complete", "review", "serve")
    ]
    (entry,) = stay_down.list_entries(there, operator, notice.id)
    assert (entry.content_sha256, entry.ending, entry.algorithm) == (RECORDING, EntryEnding.PUT_BACK, None)
    assert list(misuse.list_strikes(there, operator, after=None, limit=10)) == []
    assert verify_database(there).holds
