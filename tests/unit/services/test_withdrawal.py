"""Withdrawal: one call, and nothing is left to use."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from steps import Registry, candidate, drawn_voiceprints, evidence_on

from registry.domain.checks import EnrolmentState
from registry.domain.consents import ConsentDecision, ConsentPurpose, ConsentState
from registry.domain.licences import LicenceState
from registry.domain.verdicts import Verdict
from registry.errors import (
    ConflictError,
    ConsentMissingError,
    KeyDestroyedError,
    LeaseLostError,
    NotFoundError,
    StaleVersionError,
)
from registry.services import (
    assessments,
    checks,
    consents,
    enrolment_work,
    enrolments,
    gallery,
    licences,
    withdrawal,
)
from registry.services.gallery import SearchedIn
from registry.services.holders import STOP_WITHIN, HeldKind
from registry.store import workers
from registry.store.enrolments import SealedVoiceprint, gallery_seq, voiceprints_of
from registry.store.performers import KeyDestruction, PerformerKey
from registry.vault import voiceprints as vault


def _sealed(registry: Registry, performer_id: str) -> list[SealedVoiceprint]:
    with registry.ctx.database.read() as session:
        return list(voiceprints_of(session, performer_id))


def test_nothing_to_withdraw_is_said_not_ignored(registry: Registry) -> None:
    performer_id = registry.performer()
    with pytest.raises(ConflictError):
        consents.withdraw_all(registry.ctx, registry.operator, performer_id)


def test_a_second_withdrawal_changes_nothing_and_says_the_same(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    consent = registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    first = consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id)
    before = registry.journal()
    registry.clock.move(hours=1)
    again = consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id, if_version=1)
    assert (first.already, again.already) == (False, True)
    assert [one.version for one in again.consents] == [first.consents[0].version]
    assert [holder.id for holder in again.holders] == [holder.id for holder in first.holders] == [licence.id]
    assert again.holders[0].stop_by == first.holders[0].stop_by
    assert registry.journal() == before
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    assert consents.withdraw_all(registry.ctx, registry.operator, performer_id).already


def test_who_may_use_the_performer_is_listed_with_when_they_must_stop(registry: Registry) -> None:
    performer_id, studio = registry.performer(), registry.studio()
    consent = registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    done = consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id)
    (holder,) = done.holders
    assert (holder.kind, holder.id, holder.organisation_name) == (HeldKind.LICENCE, licence.id, "Northlight")
    assert done.at < holder.stop_by <= done.at + STOP_WITHIN


def test_a_stale_version_withdraws_nothing(registry: Registry) -> None:
    performer_id = registry.enrolled()
    consent = consents.list_consents(registry.ctx, registry.operator, performer_id)[0]
    with pytest.raises(StaleVersionError):
        consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id, if_version=7)
    assert _sealed(registry, performer_id)


def test_a_studio_cannot_withdraw_a_performers_consent(registry: Registry) -> None:
    performer_id = registry.enrolled()
    with pytest.raises(Exception, match="scope"):
        consents.withdraw_all(registry.ctx, registry.studio(), performer_id)
    assert _sealed(registry, performer_id)


def test_somebody_elses_consent_does_not_exist(registry: Registry) -> None:
    one, other = registry.performer("One"), registry.performer("Other")
    consent = registry.sign(one)
    with pytest.raises(NotFoundError):
        consents.withdraw_consent(registry.ctx, registry.operator, other, consent.id)


def test_withdrawing_monitoring_destroys_the_key_and_the_voiceprints(registry: Registry) -> None:
    performer_id = registry.enrolled()
    row = _sealed(registry, performer_id)[0]
    kept_copy = vault.SealedVoiceprint(row.id, f"{row.encoder}", row.epoch, row.dimension, row.sealed)
    done = consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    assert (done.keys_destroyed, done.voiceprints_erased) == (1, 2)
    with registry.ctx.database.read() as session:
        assert session.get(PerformerKey, (performer_id, "voice")) is None
        destruction = session.scalars(select(KeyDestruction)).one()
    assert _sealed(registry, performer_id) == []
    assert destruction.voiceprints == 2
    with pytest.raises(KeyDestroyedError):
        registry.ctx.vault.open(kept_copy, None)


@pytest.mark.parametrize("how", ["withdrawn", "refused"])
def test_nothing_of_a_destroyed_key_is_left_in_the_sqlite_files(sqlite_registry: Registry, how: str) -> None:
    registry = sqlite_registry
    performer_id = registry.enrolled()
    with registry.ctx.database.read() as session:
        wrapped = session.get_one(PerformerKey, (performer_id, "voice")).wrapped_key
    sealed = _sealed(registry, performer_id)[0].sealed
    registry.ctx.database.scrub()  # what was written is in the file itself, as it is after a while
    if how == "withdrawn":
        consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    else:
        registry.sign(performer_id, decision=ConsentDecision.REFUSED)
    path = registry.ctx.database.url.removeprefix("sqlite:///")
    for suffix in ("", "-wal"):
        try:
            with open(path + suffix, "rb") as file:  # noqa: PTH123  (a suffix, not a path of its own)
                stored = file.read()
        except FileNotFoundError:
            continue
        assert wrapped not in stored
        assert sealed not in stored


def test_the_gallery_step_tells_workers_to_drop_the_voice(registry: Registry) -> None:
    performer_id = registry.enrolled()
    with registry.ctx.database.read() as session:
        seq = gallery_seq(session)
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    steps = gallery.steps_after(registry.ctx, seq, SearchedIn({}, {}))
    assert steps.seq > seq
    assert (steps.gone, [list(shelves.performer_ids) for shelves in steps.shelves]) == ([performer_id], [[]])


def test_a_check_in_hand_does_not_store_evidence_on_who_has_withdrawn(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    check = registry.submit(studio)
    held = registry.lease()
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    assessments.complete_check(registry.ctx, held, evidence_on(candidate(performer_id)))
    done = checks.get_check(registry.ctx, studio, check.id)
    assert done.verdict is Verdict.NO_MATCH
    assert done.findings == []


def test_an_enrolment_that_waits_is_closed_and_its_upload_deleted(registry: Registry) -> None:
    performer_id = registry.performer()
    registry.sign(performer_id)
    enrolment = registry.offer_recordings(performer_id)
    held = registry.lease()
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    closed = enrolments.get_enrolment(registry.ctx, registry.operator, performer_id, enrolment.id)
    assert closed.state is EnrolmentState.ERASED
    assert closed.spool_key is None
    assert registry.ctx.spool.keys() == []
    with pytest.raises((LeaseLostError, ConsentMissingError)):
        enrolment_work.complete_enrolment(registry.ctx, held, drawn_voiceprints("late"))
    assert _sealed(registry, performer_id) == []


def test_withdrawing_licensing_suspends_licences_and_keeps_the_voiceprints(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    consent = registry.sign(performer_id, ConsentPurpose.LICENSING)
    licence = registry.licence(performer_id, studio)
    done = consents.withdraw_consent(registry.ctx, registry.operator, performer_id, consent.id)
    assert done.licences_suspended == [licence.id]
    assert licences.get_licence(registry.ctx, studio, licence.id).state is LicenceState.SUSPENDED
    assert len(_sealed(registry, performer_id)) == 2
    assert registry.checked(studio, candidate(performer_id)).verdict is Verdict.CONSENT_WITHDRAWN


def test_a_signed_no_has_every_effect_of_a_withdrawal(registry: Registry) -> None:
    performer_id = registry.enrolled()
    refusal = registry.sign(performer_id, decision=ConsentDecision.REFUSED)
    assert _sealed(registry, performer_id) == []
    states = {c.id: c.state for c in consents.list_consents(registry.ctx, registry.operator, performer_id)}
    assert states.pop(refusal.id) is ConsentState.ACTIVE
    assert list(states.values()) == [ConsentState.SUPERSEDED]
    with pytest.raises(ConsentMissingError):
        registry.offer_recordings(performer_id)


def test_a_consent_that_ends_by_itself_erases_as_well(registry: Registry) -> None:
    performer_id = registry.performer()
    registry.clock.move(days=0)
    registry.sign(performer_id, expires_at=registry.clock.now.replace(year=2027))
    registry.offer_recordings(performer_id)
    enrolment_work.complete_enrolment(registry.ctx, registry.lease(), drawn_voiceprints(performer_id))
    registry.clock.move(days=400)
    assert len(withdrawal.expire_due(registry.ctx)) == 1
    assert _sealed(registry, performer_id) == []
    assert withdrawal.expire_due(registry.ctx) == []


def test_withdrawal_waits_for_live_workers_and_says_who_has_not_confirmed(registry: Registry) -> None:
    performer_id = registry.enrolled()
    with registry.ctx.database.write() as session:
        for worker_id, seq in (("wkr_quick", 10**6), ("wkr_slow", 0)):
            workers.beat(
                session,
                worker_id=worker_id,
                pid=1,
                device="cpu",
                engine_version="1",
                ready=True,
                gallery_seq=seq,
                now=registry.clock(),
            )
        session.commit()
    done = consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    assert (done.workers_live, done.workers_confirmed) == (2, 1)


def test_every_step_of_a_withdrawal_is_in_the_journal(registry: Registry) -> None:
    performer_id, studio = registry.enrolled(), registry.studio()
    registry.sign(performer_id, ConsentPurpose.LICENSING)
    registry.licence(performer_id, studio)
    before = len(registry.journal())
    consents.withdraw_all(registry.ctx, registry.operator, performer_id)
    assert sorted(registry.journal()[before:]) == [
        "consent.withdrawn",
        "consent.withdrawn",
        "licence.suspended",
        "voiceprint_key.destroyed",
    ]
