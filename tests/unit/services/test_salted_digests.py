"""Nobody knows a recording under seal by its digest; its own side shows with a salt of which file it is."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Callable
from typing import Any

import pytest
from disputed import Disputed
from sqlalchemy import select, update
from steps import VOICES, Registry

from registry.domain.case_analyses import AnalysisState
from registry.domain.comparison import Role as Voice
from registry.domain.conclusions import Conclusion
from registry.domain.salting import SALT_BYTES, salted_digest, told_size
from registry.errors import DuplicateError, InvalidInputError
from registry.services import case_papers, case_recordings, housekeeping
from registry.store import models
from registry.store.case_analyses import CaseAnalysis, CaseRecording
from registry.store.cases import CasePaper
from registry.store.database import MIGRATIONS

SOURCE = "enrolment/slt-1.flac"
PLAIN = hashlib.sha256((VOICES / SOURCE).read_bytes()).hexdigest()


@pytest.fixture
def disputed(registry: Registry) -> Disputed:
    """On both databases; nobody hears anything here."""
    return Disputed(registry, engine=None)  # type: ignore[arg-type]


@pytest.fixture
def one(sqlite_registry: Registry) -> Disputed:
    return Disputed(sqlite_registry, engine=None)  # type: ignore[arg-type]


def everything(registry: Registry) -> str:
    """Answer everything that is stored, and everything that was journalled."""
    with registry.ctx.database.read() as session:
        tables = models.metadata.tables.values()
        return "\n".join(repr(tuple(row)) for table in tables for row in session.execute(select(table)))


def sealed(disputed: Disputed) -> CasePaper:
    return disputed.files(disputed.studio, SOURCE, Voice.SOURCE, under_seal=True)


def told(disputed: Disputed, paper_id: str) -> str:
    papers = case_papers.list_papers(disputed.registry.ctx, disputed.complainant, disputed.case_id)
    return next(each.sha256 for each in papers if each.id == paper_id)


def shown_by_its_side(disputed: Disputed, paper_id: str) -> str:
    salts = case_recordings.salts_in(disputed.registry.ctx, disputed.studio, disputed.case_id)
    return salted_digest(bytes.fromhex(salts[paper_id]), PLAIN)


def test_a_salt_and_a_digest_of_other_lengths_are_refused() -> None:
    for salt, digest in ((b"", PLAIN), (bytes(31), PLAIN), (bytes(32), PLAIN[2:])):
        with pytest.raises(ValueError, match="a salt has 32 bytes"):
            salted_digest(salt, digest)
    by_hand = hashlib.sha256(bytes(range(32)) + bytes.fromhex(PLAIN)).hexdigest()
    assert salted_digest(bytes(range(32)), PLAIN) == by_hand


def test_nobody_knows_it_by_its_digest_and_its_side_shows_which_it_is(disputed: Disputed) -> None:
    paper, ctx = sealed(disputed), disputed.registry.ctx
    assert PLAIN not in everything(disputed.registry)
    assert told(disputed, paper.id) == paper.sha256 == shown_by_its_side(disputed, paper.id)
    for other in (disputed.complainant, disputed.registry.operator):
        assert case_recordings.salts_in(ctx, other, disputed.case_id) == {}
    _, content = case_papers.read_document(ctx, disputed.studio, disputed.case_id, paper.id)
    assert hashlib.sha256(content).hexdigest() == PLAIN


def test_nobody_knows_it_by_its_size(one: Disputed) -> None:
    paper, size = sealed(one), (VOICES / SOURCE).stat().st_size
    assert paper.size_bytes == told_size(size) == told_size(1) == 2**20
    assert (told_size(2**20), told_size(2**20 + 1)) == (2**20, 2**21)
    with one.registry.ctx.database.write() as session:
        session.get_one(CaseRecording, paper.id).salt = None  # as an older process files it
        session.get_one(CasePaper, paper.id).sha256, session.get_one(CasePaper, paper.id).size_bytes = PLAIN, size
        session.commit()
    assert case_recordings.salt_late(one.registry.ctx) == 1
    (told_of,) = (
        each for each in case_papers.list_papers(one.registry.ctx, one.complainant, one.case_id) if each.id == paper.id
    )
    assert told_of.size_bytes == 2**20


def test_the_same_is_filed_once_under_seal_or_open(one: Disputed) -> None:
    paper = sealed(one)
    for under_seal in (True, False):
        with pytest.raises(DuplicateError) as twice:
            one.files(one.studio, SOURCE, Voice.SOURCE, under_seal=under_seal)
        assert twice.value.figures == {"paper_id": paper.id}
    one.files(one.complainant, SOURCE, Voice.PERFORMER)  # of another side: whether both have it, nobody is told by that
    with pytest.raises(InvalidInputError, match="the same bytes"):
        one.ask()


def as_before(disputed: Disputed, paper: CasePaper, analysis_id: str) -> bytes:
    """Bring back what there was before digests were salted: plain, also in an analysis that was made."""
    content = b'{"inputs":{"parties":{"source":[{"sha256":"' + PLAIN.encode() + b'"}]}}}\n'
    with disputed.registry.ctx.database.write() as session:
        session.execute(update(CasePaper).where(CasePaper.id == paper.id).values(sha256=PLAIN))
        session.execute(update(CaseRecording).where(CaseRecording.paper_id == paper.id).values(salt=None))
        session.execute(
            update(CaseAnalysis)
            .where(CaseAnalysis.id == analysis_id)
            .values(
                state=AnalysisState.DONE,
                ended_at=disputed.registry.clock(),
                content=content,
                content_sha256=hashlib.sha256(content).hexdigest(),
                conclusion=Conclusion.INCONCLUSIVE,
            )
        )
        session.commit()
    return content


def migration() -> Callable[[Any], None]:
    (path,) = (MIGRATIONS / "versions").glob("0023_*.py")
    spec = importlib.util.spec_from_file_location("salted_digests", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    salts: Callable[[Any], None] = module.salt_what_is_plain
    return salts


def test_what_was_filed_before_is_salted_by_the_migration_and_sealed_by_a_worker(disputed: Disputed) -> None:
    paper = sealed(disputed)
    disputed.files(disputed.complainant, "enrolment/rms-1.flac", Voice.PERFORMER)
    before = as_before(disputed, paper, disputed.ask().id)
    ctx = disputed.registry.ctx
    with ctx.database.write() as session:
        migration()(session.connection())
        session.commit()
    after = told(disputed, paper.id)
    assert after == shown_by_its_side(disputed, paper.id) != PLAIN
    (analysis,) = (each for each in [disputed.read(_only_analysis(disputed))])
    assert analysis.content == before.replace(PLAIN.encode(), after.encode())
    assert analysis.content_sha256 == hashlib.sha256(analysis.content or b"").hexdigest()
    assert PLAIN not in everything(disputed.registry)
    salt = case_recordings.salts_in(ctx, disputed.studio, disputed.case_id)[paper.id]
    assert case_recordings.salt_late(ctx) == 1
    assert case_recordings.salts_in(ctx, disputed.studio, disputed.case_id)[paper.id] == salt
    assert (_kept_salt(disputed, paper.id) == bytes.fromhex(salt)) is False, "it lies sealed now"
    assert case_recordings.salt_late(ctx) == 0
    assert disputed.registry.journal().count("case.digest_salted") == 1


def _only_analysis(disputed: Disputed) -> str:
    with disputed.registry.ctx.database.read() as session:
        return session.scalars(select(CaseAnalysis.id)).one()


def _kept_salt(disputed: Disputed, paper_id: str) -> bytes | None:
    with disputed.registry.ctx.database.read() as session:
        return session.scalars(select(CaseRecording.salt).where(CaseRecording.paper_id == paper_id)).one()


def test_what_an_older_process_files_meanwhile_is_salted_by_the_next_round_of_housekeeping(one: Disputed) -> None:
    paper = sealed(one)
    with one.registry.ctx.database.write() as session:
        session.execute(update(CasePaper).where(CasePaper.id == paper.id).values(sha256=PLAIN))
        session.execute(update(CaseRecording).where(CaseRecording.paper_id == paper.id).values(salt=None))
        session.commit()
    housekeeping.keep_house(one.registry.ctx)
    assert told(one, paper.id) == shown_by_its_side(one, paper.id)
    assert len(_kept_salt(one, paper.id) or b"") > SALT_BYTES
    assert one.registry.journal().count("case.digest_salted") == 1
