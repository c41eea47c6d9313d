"""The fault table of spoken statements: two rows for each write of each verb, it failed and it persisted.

| what fails | what is found | what the next start and asking again do |
|---|---|---|
| any write up to the commit | everything as it was, and perhaps an upload | the upload is swept; asking does it |
| what follows the commit | everything done, and perhaps an upload | the upload is swept; asking changes nothing |
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from dying import COMMIT, DIED, Subjects, deaths, new_registry
from dying_at_speaking import VERBS
from speaking import spoken, wav
from sqlalchemy import select
from steps import Clock, Registry

from registry.bootstrap import build_context
from registry.clock import utc_now
from registry.domain.consents import ConsentPurpose
from registry.errors import ConflictError
from registry.services import housekeeping, spoken_statements
from registry.services.context import Context
from registry.services.intake import Upload
from registry.settings import Settings
from registry.store.journal import JournalEntry
from registry.store.spoken_statements import SpokenStatement
from registry.store.work import Work

Found = dict[str, Counter[tuple[object, ...]]]


def found_in(ctx: Context) -> Found:
    """Answer what is in a registry, as far as statements touch it, whatever its ids and numbers."""
    with ctx.database.read() as session:
        return {
            "statements": Counter(
                (s.attempt, s.state, s.digits, s.log10_lr, s.spool_key is None, len(s.reasons))
                for s in session.scalars(select(SpokenStatement))
            ),
            "work": Counter((w.kind, w.state) for w in session.scalars(select(Work))),
            "journal": Counter((j.type,) for j in session.scalars(select(JournalEntry))),
        }


def uploads_awaited(ctx: Context) -> int:
    with ctx.database.read() as session:
        return len(session.scalars(select(SpokenStatement).where(SpokenStatement.spool_key.is_not(None))).all())


@dataclass
class House:
    """A registry in a folder that nobody has open: one statement is begun, another was sent and is leased."""

    home: Path
    subjects: Subjects


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("LIKENESS_CONTROLLER_NAME", "Voice Registry")
    settings = new_registry(tmp_path)
    clock = Clock(utc_now())
    with build_context(settings, clock=clock) as ctx:
        registry = Registry(ctx, clock)
        performer_id = registry.enrolled()
        sent_about = registry.sign(performer_id)
        begun_about = registry.sign(performer_id, ConsentPurpose.LICENSING)
        path = tmp_path / "statement.wav"
        ids = [
            spoken_statements.begin_statement(ctx, registry.operator, performer_id, consent.id, language="en").id
            for consent in (sent_about, begun_about)
        ]
        path.write_bytes(wav(spoken("111111")))
        spoken_statements.answer_statement(
            ctx, registry.operator, performer_id, sent_about.id, ids[0], upload=Upload(path, path.name)
        )
        registry.lease()
        path.write_bytes(wav(spoken("222222")))
        ctx.database.scrub()
    subjects = {
        "performer": performer_id,
        "begun_about": begun_about.id,
        "begun": ids[1],
        "waiting": ids[0],
        "recording": str(path),
    }
    return House(settings.home, subjects)


def ask(ctx: Context, verb: str, subjects: Subjects) -> None:
    """Do what was asked for, whether or not it was done before."""
    try:
        VERBS[verb](ctx, subjects)
    except ConflictError:
        assert verb == "answer", "only a number that was spent is refused a second time"


@pytest.mark.parametrize("verb", VERBS)
def test_a_crash_at_any_write_leaves_all_of_it_or_nothing_and_no_upload_stays_that_nobody_waits_for(
    house: House, verb: str
) -> None:
    rows = deaths("dying_at_speaking.py", house.home, verb, house.subjects)
    assert {row.exit_code for row in rows} == {DIED}
    assert rows[-1].what == COMMIT
    with build_context(Settings(home=house.home)) as ctx:
        before = found_in(ctx)
        ask(ctx, verb, house.subjects)
        after = found_in(ctx)
    assert before != after
    for row in rows:
        committed = (row.what, row.when) == (COMMIT, "after")
        later = Clock(utc_now() + timedelta(minutes=16))
        with build_context(Settings(home=Path(row.home))) as ctx:
            assert found_in(ctx) == (after if committed else before), row
            if not (committed and verb == "begin"):  # to begin once more is another attempt
                ask(ctx, verb, house.subjects)
            assert found_in(ctx) == after, row
        with build_context(Settings(home=Path(row.home)), clock=later) as ctx:
            housekeeping.sweep_spool(ctx)
            assert len(list(ctx.spool.keys())) == uploads_awaited(ctx), row
