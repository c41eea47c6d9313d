"""What crashes leave behind is found and mended."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select
from steps import TERMS, VOICES, Registry

from registry.domain.checks import CheckState
from registry.domain.consents import ConsentPurpose
from registry.domain.ids import IdPrefix
from registry.errors import (
    ConflictError,
    DatabaseNotReadyError,
    NotFoundError,
    RegistryError,
    SealBrokenError,
    SpeechTooShortError,
)
from registry.services import assessments, checks, housekeeping, intake, licence_endings, licences
from registry.store.work import Work


def test_work_that_kept_failing_is_given_up_and_its_check_says_so(registry: Registry) -> None:
    studio = registry.studio()
    check = registry.submit(studio)
    for _ in range(3):
        registry.lease()
        registry.clock.move(minutes=2)
    housekeeping.keep_house(registry.ctx)
    failed = checks.get_check(registry.ctx, studio, check.id)
    assert failed.state is CheckState.FAILED
    assert failed.problem is not None
    assert failed.problem["slug"] == "worker_failed"
    assert failed.spool_key is None
    assert registry.ctx.spool.keys() == []
    with registry.ctx.database.read() as session:
        assert session.scalars(select(Work.state)).one().value == "dead"


def test_an_upload_whose_record_never_came_is_swept_but_not_at_once(registry: Registry) -> None:
    orphan = registry.ctx.ids.new(IdPrefix.CHECK, registry.clock())
    registry.ctx.spool.put(orphan, b"sealed")
    assert housekeeping.sweep_spool(registry.ctx) == 0
    registry.clock.move(minutes=16)
    assert housekeeping.sweep_spool(registry.ctx) == 1
    assert registry.ctx.spool.keys() == []


def test_an_upload_that_a_check_waits_for_is_never_swept(registry: Registry) -> None:
    check = registry.submit(registry.studio())
    registry.clock.move(days=30)
    assert housekeeping.sweep_spool(registry.ctx) == 0
    assert registry.ctx.spool.keys() == [check.id]


def test_the_upload_of_a_finished_check_that_a_crash_left_is_swept(registry: Registry) -> None:
    studio = registry.studio()
    done = registry.checked(studio)
    registry.ctx.spool.put(done.id, b"sealed")
    registry.clock.move(minutes=16)
    assert housekeeping.sweep_spool(registry.ctx) == 1


@pytest.mark.parametrize(("error", "left"), [(ConflictError, 0), (DatabaseNotReadyError, 1)])
def test_an_upload_is_deleted_with_a_record_that_failed_and_kept_where_it_may_have_persisted(
    registry: Registry, error: type[RegistryError], left: int
) -> None:
    check_id = registry.ctx.ids.new(IdPrefix.CHECK, registry.clock())
    recording = registry.ctx.decoder.decode(VOICES / "submissions" / "slt-advert.flac")

    def fail_to_write_the_record() -> None:
        with intake.spooled(registry.ctx, check_id, [recording]):
            assert registry.ctx.spool.keys() == [check_id]
            raise error("as the test wants it")

    with pytest.raises(error):
        fail_to_write_the_record()
    assert len(registry.ctx.spool.keys()) == left
    registry.clock.move(minutes=16)
    housekeeping.sweep_spool(registry.ctx)
    assert registry.ctx.spool.keys() == []


def test_what_was_spooled_comes_out_sample_for_sample_and_only_for_its_record(registry: Registry) -> None:
    ids = [registry.ctx.ids.new(IdPrefix.CHECK, registry.clock()) for _ in range(2)]
    recording = registry.ctx.decoder.decode(VOICES / "submissions" / "slt-advert.flac")
    with intake.spooled(registry.ctx, ids[0], [recording]) as key:
        found = intake.unspool(registry.ctx, ids[0], key)[0]
        registry.ctx.spool.put(ids[1], registry.ctx.spool.get(ids[0]))
        with pytest.raises(SealBrokenError):
            intake.unspool(registry.ctx, ids[1], key)
    assert (found.samples == recording.samples).all()
    assert (found.content_sha256, found.source) == (recording.content_sha256, recording.source)


def test_a_refused_check_that_is_discarded_is_gone_and_the_journal_says_so(registry: Registry) -> None:
    studio = registry.studio()
    check = registry.submit(studio)
    assessments.refuse_check(registry.ctx, registry.lease(), SpeechTooShortError("too short", speech_s=0.4))
    checks.discard_refused(registry.ctx, studio, check.id)
    with pytest.raises(NotFoundError):
        checks.get_check(registry.ctx, studio, check.id)
    assert registry.journal()[-2:] == ["check.refused", "check.discarded"]


def test_that_the_term_of_a_licence_is_over_is_told_once_however_many_keep_house(registry: Registry) -> None:
    performer_id, studio = registry.performer(), registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio, replace(TERMS, ends_on=registry.clock().date()))
    another = registry.licence(performer_id, registry.studio("Southgate"), replace(TERMS, ends_on=date(2030, 1, 1)))
    licence_endings.tell_ended(registry.ctx)
    assert "licence.ended" not in registry.journal(), "the last day is one of the term"
    registry.clock.move(days=1)
    together = Barrier(3)

    def keep(_: int) -> int:
        together.wait()
        return licence_endings.tell_ended(registry.ctx)

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(keep, range(3))) == [0, 0, 1]
    assert licence_endings.tell_ended(registry.ctx) == 0
    assert registry.journal().count("licence.ended") == 1
    assert licences.get_licence(registry.ctx, studio, licence.id).end_told_at == registry.clock()
    assert licences.get_licence(registry.ctx, registry.operator, another.id).end_told_at is None
