"""Gallery files on offer: who can fetch one, for how long, and that nothing stays of it once it has ended."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from filing import CALIBRATION, INTERVAL, TOLD, WHERE, Filing, consenting, enrolled
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from steps import Registry

from registry.domain.accounts import PERMISSIONS, Principal, Role
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState, Modality, SignedAs
from registry.domain.explanations.shipped import shipped_texts
from registry.domain.gallery_files import FileStanding, FileState, stands
from registry.domain.ids import IdPrefix
from registry.errors import (
    BlobStoreError,
    ForbiddenError,
    GalleryFileReplacedError,
    InvalidInputError,
    NotFoundError,
)
from registry.services import (
    consents,
    forgetting,
    gallery_delivery,
    gallery_files,
    gallery_offers,
    holders,
    housekeeping,
    withdrawal,
)
from registry.services.context import Context
from registry.services.housekeeping import UPLOAD_WITHOUT_RECORD_LIVES
from registry.store import enrolments
from registry.store.blobs import BlobStore
from registry.store.consents import Consent
from registry.store.enrolments import Enrolment
from registry.store.gallery_files import GalleryEntry, GalleryFile, dropped_from, entries_of

TERM = timedelta(days=7)
ENDED = [ConsentState.WITHDRAWN, ConsentState.SUPERSEDED]


@pytest.fixture
def filing(registry: Registry, tmp_path: Path) -> Filing:
    return Filing(registry, tmp_path)


@pytest.fixture
def sqlite_filing(sqlite_registry: Registry, tmp_path: Path) -> Filing:
    return Filing(sqlite_registry, tmp_path)


def offer(filing: Filing, ctx: Context | None = None, out: Path | None = None) -> gallery_files.Exported:
    return gallery_files.export_gallery(
        ctx or filing.registry.ctx,
        filing.registry.operator,
        filing.asked(offer=True),
        out,
        where=WHERE,
        calibration=CALIBRATION,
    )


def fetched(filing: Filing, file_id: str) -> bytes:
    content = gallery_offers.fetch_gallery_file(filing.registry.ctx, filing.studio, file_id)
    with content.source as source:
        read = source.read()
    assert len(read) == content.size
    return read


def kept(filing: Filing) -> list[str]:
    return [key for key in filing.registry.ctx.spool.keys() if key.startswith("gal_")]  # noqa: SIM118  (a store)


def listed(filing: Filing) -> list[tuple[str, FileStanding, bool]]:
    found = gallery_offers.list_gallery_files(filing.registry.ctx, filing.studio, after=None, limit=50)
    return [(each.id, each.standing, each.is_offered) for each in found]


# --- fetching one ----------------------------------------------------------------------------------------------------


def test_its_organisation_fetches_the_very_file_and_the_journal_says_once_that_it_did(filing: Filing) -> None:
    enrolled(filing.registry, "Ada")
    out = filing.folder / "one.gallery"
    done = offer(filing, out=out)
    assert done.offered
    file_id = done.manifest.file_id
    assert fetched(filing, file_id) == fetched(filing, file_id) == out.read_bytes()
    assert filing.registry.journal().count("gallery_file.fetched") == 1
    assert listed(filing) == [(file_id, FileStanding.HOLDS, True)]


def test_a_file_that_was_only_handed_over_is_listed_and_cannot_be_fetched(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    file_id = sqlite_filing.export().manifest.file_id
    assert kept(sqlite_filing) == []
    assert listed(sqlite_filing) == [(file_id, FileStanding.HOLDS, False)]
    with pytest.raises(NotFoundError, match="keeps no copy"):
        fetched(sqlite_filing, file_id)


def test_a_file_has_to_go_somewhere(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    with pytest.raises(InvalidInputError, match="say where"):
        gallery_files.export_gallery(
            sqlite_filing.registry.ctx,
            sqlite_filing.registry.operator,
            sqlite_filing.asked(),
            None,
            where=WHERE,
            calibration=CALIBRATION,
        )


def test_nobody_else_knows_of_it_and_nobody_else_gets_it(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    performer_id = enrolled(registry, "Ada")
    file_id = offer(sqlite_filing).manifest.file_id
    other = registry.studio("Southlight")
    assert gallery_offers.list_gallery_files(registry.ctx, other, after=None, limit=50) == []
    for ask in (gallery_offers.get_gallery_file, gallery_offers.fetch_gallery_file):
        with pytest.raises(NotFoundError, match="no such gallery file"):
            ask(registry.ctx, other, file_id)
    performer = Principal("acc", Role.PERFORMER, PERMISSIONS[Role.PERFORMER], None, {performer_id: frozenset()})
    with pytest.raises(ForbiddenError):
        gallery_offers.list_gallery_files(registry.ctx, performer, after=None, limit=50)
    assert gallery_offers.get_gallery_file(registry.ctx, registry.operator, file_id).is_offered
    with pytest.raises(ForbiddenError, match="only whoever"):
        gallery_offers.fetch_gallery_file(registry.ctx, registry.operator, file_id)


def test_the_newest_is_listed_first_and_a_page_goes_on_where_the_last_ended(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    ids = []
    for _ in range(3):
        sqlite_filing.registry.clock.move(seconds=1)
        ids.append(offer(sqlite_filing).manifest.file_id)
    assert [each[0] for each in listed(sqlite_filing)] == ids[::-1]
    rest = gallery_offers.list_gallery_files(sqlite_filing.registry.ctx, sqlite_filing.studio, after=ids[1], limit=50)
    assert [each.id for each in rest] == ids[:1]


# --- how it ends -----------------------------------------------------------------------------------------------------


def _withdraw(registry: Registry, performer_id: str) -> None:
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)


def _say_no(registry: Registry, performer_id: str) -> None:
    consents.sign_consent(
        registry.ctx,
        registry.operator,
        performer_id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        decision=ConsentDecision.REFUSED,
        explanation_ids=[],
        signed_by="Ada Lind",
        signature_method="handwritten",
    )


def _say_yes_again(registry: Registry, performer_id: str) -> None:
    consenting(registry, performer_id, TOLD)


def _forget(registry: Registry, performer_id: str) -> None:
    text = shipped_texts()["forget_me.en.v1"]
    forgetting.forget_performer(
        registry.ctx,
        registry.operator,
        performer_id,
        text_id=text.id,
        text_sha256=text.text_sha256,
        signature_evidence_sha256="c" * 64,
    )


@pytest.mark.parametrize("end", [_withdraw, _say_no, _say_yes_again, _forget])
def test_what_ends_the_file_takes_it_away_before_the_call_returns(
    filing: Filing, end: Callable[[Registry, str], None]
) -> None:
    registry = filing.registry
    ada, _ = enrolled(registry, "Ada"), enrolled(registry, "Bo")
    file_id = offer(filing).manifest.file_id
    assert kept(filing) == [file_id]
    end(registry, ada)
    assert kept(filing) == []
    assert listed(filing) == [(file_id, FileStanding.REPLACED, False)]
    assert registry.journal().count("gallery_file.offer_ended") == 1
    with pytest.raises(GalleryFileReplacedError) as refused:
        fetched(filing, file_id)
    assert refused.value.figures["standing"] == "replaced"


def test_a_consent_that_ends_by_its_term_ends_it_at_that_moment(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    with registry.ctx.database.write() as session:
        (consent,) = session.query(Consent).filter_by(performer_id=ada, purpose=ConsentPurpose.MONITORING)
        consent.expires_at = registry.clock() + timedelta(days=1)
        session.commit()
    file_id = offer(filing).manifest.file_id
    registry.clock.move(days=1)
    with pytest.raises(GalleryFileReplacedError):
        fetched(filing, file_id)
    assert kept(filing) == [file_id]
    withdrawal.expire_due(registry.ctx)
    assert kept(filing) == []


def test_its_own_term_ends_it(filing: Filing) -> None:
    enrolled(filing.registry, "Ada")
    file_id = offer(filing).manifest.file_id
    filing.registry.clock.move(days=6)
    housekeeping.keep_house(filing.registry.ctx)
    assert kept(filing) == [file_id]
    filing.registry.clock.move(days=1)
    with pytest.raises(GalleryFileReplacedError) as refused:
        fetched(filing, file_id)
    assert refused.value.figures["standing"] == "ended"
    housekeeping.keep_house(filing.registry.ctx)
    assert kept(filing) == []
    assert gallery_offers.end_late_offers(filing.registry.ctx) == []


def test_what_could_not_be_deleted_is_given_to_nobody_and_swept(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    file_id = offer(filing).manifest.file_id
    content = registry.ctx.spool.get(file_id)
    _withdraw(registry, ada)
    registry.ctx.spool.put(file_id, content)  # as if the process had died right after its commit
    with pytest.raises(GalleryFileReplacedError):
        fetched(filing, file_id)
    registry.clock.move(seconds=UPLOAD_WITHOUT_RECORD_LIVES.total_seconds())
    assert housekeeping.sweep_spool(registry.ctx) == 1
    assert kept(filing) == []


def test_a_copy_that_was_lost_is_said_to_be(sqlite_filing: Filing) -> None:
    enrolled(sqlite_filing.registry, "Ada")
    file_id = offer(sqlite_filing).manifest.file_id
    sqlite_filing.registry.ctx.spool.delete(file_id)
    with pytest.raises(NotFoundError, match="not there any more"):
        fetched(sqlite_filing, file_id)


# --- what may happen while it is made --------------------------------------------------------------------------------


class _Meanwhile(BlobStore):
    """A store before which something happens when a file is put into it."""

    happens: Callable[[], object]

    def put_file(self, key: str, file: Path) -> None:
        self.happens()
        super().put_file(key, file)


def test_who_withdraws_before_it_is_there_leaves_no_copy(filing: Filing) -> None:
    registry = filing.registry
    ada = enrolled(registry, "Ada")
    spool = _Meanwhile(str(registry.ctx.spool._root))
    spool.happens = lambda: _withdraw(registry, ada)
    done = offer(filing, replace(registry.ctx, spool=spool))
    assert not done.offered
    assert kept(filing) == []
    assert listed(filing) == [(done.manifest.file_id, FileStanding.REPLACED, False)]


def test_a_file_that_cannot_be_kept_is_void_at_once(sqlite_filing: Filing) -> None:
    registry = sqlite_filing.registry
    ada = enrolled(registry, "Ada")
    (sqlite_filing.folder / "full").write_text("in the way")
    out = sqlite_filing.folder / "one.gallery"
    with pytest.raises(BlobStoreError):
        offer(sqlite_filing, replace(registry.ctx, spool=BlobStore(str(sqlite_filing.folder / "full"))), out)
    assert not out.exists()
    ((file_id, standing, _),) = listed(sqlite_filing)
    assert standing is FileStanding.VOID
    with registry.ctx.database.read() as session:
        assert session.get_one(GalleryFile, file_id).offered_bytes is None
        assert holders.gallery_holders_of(session, ada, registry.clock()) == []


def test_a_file_never_said_to_be_there_cannot_be_fetched_and_goes_with_its_record(filing: Filing) -> None:
    registry = filing.registry
    enrolled(registry, "Ada")
    file_id = offer(filing).manifest.file_id
    with registry.ctx.database.write() as session:
        session.get_one(GalleryFile, file_id).state = FileState.PREPARED
        session.commit()
    with pytest.raises(GalleryFileReplacedError):
        fetched(filing, file_id)
    registry.clock.move(seconds=INTERVAL.total_seconds())
    assert gallery_delivery.void_undelivered(registry.ctx) == [file_id]
    assert kept(filing) == []


# --- standing of many ------------------------------------------------------------------------------------------------


def test_who_is_dropped_is_the_same_by_statement_and_by_rule(filing: Filing) -> None:
    """Histories that no verb writes are among them: clocks of two machines that do not agree."""
    registry, draw = filing.registry, random.Random(11)  # noqa: S311  (for a test)
    performers = [enrolled(registry, f"Somebody {number}") for number in range(6)]
    file_id = offer(filing).manifest.file_id
    for performer_id in performers:
        _withdraw(registry, performer_id)
    seen = set()
    for _ in range(25):
        with registry.ctx.database.write() as session:
            for entry in session.query(GalleryEntry):
                _give_history(registry, session, entry, draw)
            session.commit()
        with registry.ctx.database.read() as session:
            entries, signed = entries_of(session, file_id), enrolments.monitoring_decisions(session, performers)
            for days in (-3, 0, 2):
                at = registry.clock() + timedelta(days=days)
                expected = len(stands(FileState.DELIVERED, at + TERM, entries, signed, at).dropped)
                assert dropped_from(session, [file_id], at).get(file_id, 0) == expected
                seen.add(expected)
    assert len(seen) > 3


def _give_history(registry: Registry, session: Session, entry: GalleryEntry, draw: random.Random) -> None:
    """Let an entry rest on a consent of any kind, beside which there may be another."""
    before = select(Enrolment.consent_id).where(Enrolment.performer_id == entry.performer_id)
    entry.consent_id = session.scalars(before).one()
    session.flush()
    made = delete(Consent).where(Consent.performer_id == entry.performer_id, Consent.signed_by == "x")
    session.execute(made)
    rests_on = _drawn_consent(registry, entry, draw.choice([ConsentState.ACTIVE] * 4 + ENDED), draw)
    session.add(rests_on)
    if draw.random() < 0.5:
        states = ENDED if rests_on.state is ConsentState.ACTIVE else [ConsentState.ACTIVE, *ENDED]
        session.add(_drawn_consent(registry, entry, draw.choice(states), draw))
    session.flush()
    entry.consent_id = rests_on.id


def _drawn_consent(registry: Registry, entry: GalleryEntry, state: ConsentState, draw: random.Random) -> Consent:
    now = registry.clock()
    return Consent(
        id=registry.ctx.ids.new(IdPrefix.CONSENT, now),
        performer_id=entry.performer_id,
        purpose=ConsentPurpose.MONITORING,
        modality=Modality.VOICE,
        decision=draw.choice([ConsentDecision.GIVEN] * 4 + [ConsentDecision.REFUSED]),
        state=state,
        explanation_ids=[],
        choices=None,
        signed_by="x",
        signed_as=SignedAs.OPERATOR,
        signature_method="handwritten",
        signed_at=now + timedelta(hours=draw.randrange(-6, 24), microseconds=draw.randrange(2)),
        expires_at=draw.choice([None, None, now + timedelta(days=1)]),
        withdrawn_at=now + timedelta(hours=draw.randrange(-6, 24)) if state is ConsentState.WITHDRAWN else None,
        recorded_by=registry.operator.account_id,
        recorded_at=now,
    )
